//! Cells that a spreadsheet would run as a formula (CWE-1236), and the prefix that disarms them. Never touches a number.

use std::borrow::Cow;

/// Whether a spreadsheet would take `text` as a formula: it begins with `=`, `+`, `-`, `@`, a tab or a carriage return,
/// or with the full-width form of one of the signs.
#[must_use]
pub fn is_formula_like(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}

/// `text` with `'` in front where a spreadsheet would run it. Text that already wears such a prefix gets another, so that
/// [`unguarded`] gives back exactly what was there.
#[must_use]
pub fn guarded(text: &str) -> Cow<'_, str> {
    if is_formula_like(text.trim_start_matches('\'')) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// What [`guarded`] was given.
#[must_use]
pub fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula_like(rest.trim_start_matches('\'')) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn formulas_are_disarmed_and_other_text_is_left_alone() {
        for (text, safe) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+44 20", "'+44 20"),
            ("-1+2", "'-1+2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("'=1", "''=1"),
            ("'quoted'", "'quoted'"),
            ("Contoso", "Contoso"),
            ("", ""),
        ] {
            assert_eq!(guarded(text), safe);
        }
    }

    proptest! {
        #[test]
        fn what_was_guarded_comes_back(text in "['=+@a＝\t-]{0,6}") {
            let safe = guarded(&text);
            prop_assert!(!is_formula_like(&safe));
            prop_assert_eq!(unguarded(&safe), text.as_str());
        }
    }
}
