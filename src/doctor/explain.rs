//! What a code means: AADSTS numbers, Dataverse codes and names, and our own, from the tables that errors use. Offline.

use crate::auth::{AADSTS, find as find_aadsts};
use crate::dataverse::codes;
use crate::problem::{Phrase, Who};

/// What is known of a code.
#[derive(Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The code, in its usual spelling.
    pub code: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// What it means.
    pub meaning: String,
    /// Who can mend it.
    pub who: Who,
    /// What to do.
    pub remedy: Vec<String>,
    /// Where its owner documents it.
    pub link: Option<String>,
}

/// Explains one code: `AADSTS65001` or `65001`, `0x80072560` or `-2147015328` or `UserNotMemberOfOrg`, `auth/secret-required`.
///
/// # Errors
/// The nearest code that is known, if any resembles it.
pub fn explain(code: &str, phrasebook: &[&'static Phrase]) -> Result<Explanation, Option<String>> {
    let code = code.trim();
    aadsts_number(code)
        .and_then(of_aadsts)
        .or_else(|| codes::parse(code).or_else(|| codes::find_by_name(code)).and_then(codes::find).map(of_dataverse))
        .or_else(|| {
            phrasebook.iter().find(|phrase| phrase.code.eq_ignore_ascii_case(code)).map(|phrase| of_phrase(phrase))
        })
        .ok_or_else(|| nearest(code, phrasebook))
}

/// Explains every code in a text, each once, in the order of the text.
#[must_use]
pub fn explain_all(text: &str, phrasebook: &[&'static Phrase]) -> Vec<Explanation> {
    let mut found: Vec<Explanation> = Vec::new();
    let is_part_of_code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '/');
    for word in text.split(|c: char| !is_part_of_code(c)) {
        // In running text a bare number or an ordinary word is no code.
        let is_code = word.len() > 6
            && (word.to_ascii_uppercase().starts_with("AADSTS")
                || word.to_ascii_lowercase().starts_with("0x8")
                || word.starts_with("-214")
                || word.contains('/'));
        if let (true, Ok(explanation)) = (is_code, explain(word, phrasebook))
            && !found.contains(&explanation)
        {
            found.push(explanation);
        }
    }
    found
}

fn aadsts_number(code: &str) -> Option<u32> {
    let digits = match code.get(..6) {
        Some(prefix) if prefix.eq_ignore_ascii_case("AADSTS") => &code[6..],
        _ => code,
    };
    let is_number = (4..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}

fn of_aadsts(number: u32) -> Option<Explanation> {
    let entry = find_aadsts(number)?;
    Some(Explanation {
        code: format!("AADSTS{number}"),
        name: None,
        meaning: entry.title.to_owned(),
        who: entry.who,
        remedy: entry.phrase.remedy_in_general(),
        link: Some(format!("https://login.microsoftonline.com/error?code={number}")),
    })
}

fn of_dataverse(code: codes::Code) -> Explanation {
    Explanation {
        code: format!("0x{:08X}", code.number),
        name: code.name.map(str::to_owned),
        meaning: code.title.to_owned(),
        who: code.phrase.who,
        remedy: code.phrase.remedy_in_general(),
        link: Some(
            "https://learn.microsoft.com/power-apps/developer/data-platform/reference/web-service-error-codes"
                .to_owned(),
        ),
    }
}

fn of_phrase(phrase: &'static Phrase) -> Explanation {
    Explanation {
        code: phrase.code.to_owned(),
        name: None,
        meaning: phrase.meaning.to_owned(),
        who: phrase.who,
        remedy: phrase.remedy_in_general(),
        link: None,
    }
}

/// For an AADSTS number the longest known number that begins alike; for one of ours the code in the same room that
/// shares most of its beginning.
fn nearest(code: &str, phrasebook: &[&'static Phrase]) -> Option<String> {
    if let Some(number) = aadsts_number(code) {
        let digits = number.to_string();
        return (3..digits.len())
            .rev()
            .find_map(|length| AADSTS.iter().find(|entry| entry.number.to_string().starts_with(&digits[..length])))
            .map(|entry| format!("AADSTS{}", entry.number));
    }
    let shared =
        |phrase: &Phrase| phrase.code.bytes().zip(code.bytes()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    let best = phrasebook.iter().max_by_key(|phrase| shared(phrase))?;
    (shared(best) >= 4).then(|| best.code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_recognised_however_it_is_spelled() {
        for (spelling, code) in [
            ("AADSTS65001", "AADSTS65001"),
            ("aadsts65001", "AADSTS65001"),
            ("65001", "AADSTS65001"),
            ("0x80072560", "0x80072560"),
            ("0X80072560", "0x80072560"),
            ("-2147015328", "0x80072560"),
            ("DuplicateRecord", "0x80040237"),
        ] {
            assert_eq!(explain(spelling, &[]).map(|it| it.code).as_deref(), Ok(code), "{spelling}");
        }
    }

    #[test]
    fn every_code_in_a_text_is_explained_once() {
        let text = "error AADSTS50011: bad URI. (AADSTS50011) then {\"code\":\"0x80040220\"}, -2147015902; 12345678";
        let codes: Vec<String> = explain_all(text, &[]).into_iter().map(|it| it.code).collect();
        assert_eq!(codes, ["AADSTS50011", "0x80040220", "0x80072322"]);
    }

    #[test]
    fn an_unknown_code_points_at_its_family() {
        let nearest = explain("AADSTS7000299", &[]).err().flatten();
        assert!(nearest.as_deref().is_some_and(|code| code.starts_with("AADSTS70002")), "{nearest:?}");
        assert_eq!(explain("no such thing at all", &[]), Err(None));
    }
}
