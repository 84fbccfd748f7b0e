//! A name that the service gave to a file, made safe to write under: it stays in its directory, hides nothing, and every
//! system takes it. Pure.

/// The longest name in bytes: file systems take 255, and a suffix may follow.
const LONGEST: usize = 200;
/// The longest ending that is kept when a name is cut.
const LONGEST_ENDING: usize = 16;
/// What a file is called when nothing is left of its name.
const NAMELESS: &str = "download";
/// Names that Windows keeps for devices, whatever follows their first dot.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// The last part of `given`, without what separates directories, what can't be seen, what turns text around, and what some
/// system takes for something else.
#[must_use]
pub fn safe_file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().filter(|character| !is_invisible(*character)).map(plain).collect();
    let trimmed = seen.trim_matches(|character: char| character == '.' || character.is_whitespace());
    // What begins with a hyphen is a flag to most programs.
    let is_taken = is_device(trimmed) || trimmed.starts_with('-');
    let cut = cut(&if is_taken { format!("_{trimmed}") } else { trimmed.to_owned() });
    let name = cut.trim_end_matches(|character: char| character == '.' || character.is_whitespace());
    if name.is_empty() { NAMELESS.to_owned() } else { name.to_owned() }
}

/// Controls, marks without a width, and marks that turn the direction of text.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn plain(character: char) -> char {
    match character {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        other if other.is_whitespace() => ' ',
        other => other,
    }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = |word: &str| {
        let rest = stem.strip_prefix(word)?;
        let mut digits = rest.chars();
        let is_one = matches!(digits.next()?, '0'..='9' | '¹' | '²' | '³') && digits.next().is_none();
        Some(is_one)
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") == Some(true) || numbered("lpt") == Some(true)
}

/// The name cut to its longest, with its ending kept.
fn cut(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let ending =
        name.rfind('.').map(|at| &name[at..]).filter(|ending| ending.len() <= LONGEST_ENDING).unwrap_or_default();
    let mut end = LONGEST - ending.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_names_become_harmless_ones() {
        for (given, safe) in [
            ("contract.pdf", "contract.pdf"),
            ("Årsrapport 2026 (søm).xlsx", "Årsrapport 2026 (søm).xlsx"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\windows\\system32\\evil.dll", "evil.dll"),
            ("/etc/shadow", "shadow"),
            ("C:\\a.txt", "a.txt"),
            ("C:a.txt", "C_a.txt"),
            ("..", "download"),
            (".", "download"),
            ("", "download"),
            ("a/", "download"),
            (" . . ", "download"),
            (".bashrc", "bashrc"),
            ("a.txt.", "a.txt"),
            ("a.txt . .", "a.txt"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("com1.tar.gz", "_com1.tar.gz"),
            ("LPT³", "_LPT³"),
            ("com10", "com10"),
            ("console.log", "console.log"),
            ("aux .txt", "_aux .txt"),
            ("-rf", "_-rf"),
            ("a\u{0}b\nc\u{1b}[31m.txt", "abc[31m.txt"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("a\u{200b}\u{feff}.txt", "a.txt"),
            ("a:b*c?d\"e<f>g|h.txt", "a_b_c_d_e_f_g_h.txt"),
            ("a\u{a0}\u{3000}b", "a  b"),
            ("a.txt:stream", "a.txt_stream"),
        ] {
            assert_eq!(safe_file_name(given), safe, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = safe_file_name(&format!("{}.pdf", "é".repeat(300)));
        assert!(name.len() <= LONGEST && name.len() > LONGEST - 4 && name.ends_with("é.pdf"), "{name}");
        assert!(safe_file_name(&format!("a.{}", "b".repeat(400))).len() <= LONGEST);
    }

    proptest! {
        #[test]
        fn no_name_leaves_its_directory(given in any::<String>()) {
            let name = safe_file_name(&given);
            let mut parts = std::path::Path::new(&name).components();
            prop_assert!(matches!(parts.next(), Some(std::path::Component::Normal(_))));
            prop_assert!(parts.next().is_none());
            prop_assert!(name.len() <= LONGEST && !name.ends_with(['.', ' ']) && !name.starts_with(['.', '-', ' ']));
            prop_assert_eq!(safe_file_name(&name), name);
        }
    }
}
