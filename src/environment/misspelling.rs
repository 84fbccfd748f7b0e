//! Slips in how variables are set: a value that some other program should have filled in and did not, and a name that is
//! nearly one of ours. Pure.

/// Whether the whole of `text` is still the place of a variable of a pipeline or a shell: `$(X)`, `${{ X }}`, `${X}`, `%X%`.
#[must_use]
pub fn is_unfilled(text: &str) -> bool {
    let text = text.trim();
    let is_name = |inner: &str| {
        let inner = inner.trim();
        !inner.is_empty() && inner.chars().all(|c| c.is_alphanumeric() || "._- []'\"".contains(c))
    };
    let between = |begin: &str, end: &str| text.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end));
    between("$(", ")").or_else(|| between("${{", "}}")).or_else(|| between("${", "}")).is_some_and(is_name)
        || between("%", "%").is_some_and(|inner| is_name(inner) && !inner.contains(' '))
}

/// The name among `known` that is one or two letters away from `given`.
#[must_use]
pub fn nearly(given: &str, known: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    let near = known.into_iter().map(|name| (letters_between(given, name), name));
    near.filter(|(letters, _)| (1..=2).contains(letters)).min_by_key(|(letters, _)| *letters).map(|(_, name)| name)
}

/// How many letters must be added, removed or replaced to make one from the other.
fn letters_between(one: &str, other: &str) -> usize {
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.bytes().enumerate() {
        let mut here = vec![row + 1];
        for (column, wanted) in other.bytes().enumerate() {
            let replaced = above[column] + usize::from(letter != wanted);
            here.push(replaced.min(above[column + 1] + 1).min(here[column] + 1));
        }
        above = here;
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_was_not_filled_in_is_known_by_its_whole() {
        for unfilled in
            ["$(MySecret)", "$(Env.Url)", "${{ secrets.URL }}", "${{secrets['URL']}}", "${URL}", "%URL%", " $(X)\n"]
        {
            assert!(is_unfilled(unfilled), "{unfilled}");
        }
        for filled in [
            "",
            "$",
            "$()",
            "%%",
            "%",
            "100%",
            "https://$(Org).crm.dynamics.com",
            "$(a)$(b)",
            "a$(X)",
            "$X",
            "50% of 100%",
            "%a%b%",
            "Qx8~$(x",
        ] {
            assert!(!is_unfilled(filled), "{filled}");
        }
    }

    #[test]
    fn a_name_within_two_letters_is_near() {
        let known = ["D365CONN_TENANT_URL", "D365CONN_CLIENT_ID"];
        for (given, near) in [
            ("D365CONN_TENANT_ULR", Some("D365CONN_TENANT_URL")),
            ("D365CONN_TENANTURL", Some("D365CONN_TENANT_URL")),
            ("D365CONN_CLIENTID", Some("D365CONN_CLIENT_ID")),
            ("D365CONN_CLIENT_ID", None),
            ("D365CONN_FLAVOUR", None),
        ] {
            assert_eq!(nearly(given, known), near, "{given}");
        }
    }
}
