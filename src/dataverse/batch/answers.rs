//! What a batch was answered with, one answer for each operation. Pure, and patient with how the message is written. What
//! an answer means is judged elsewhere.

use crate::dataverse::batch::mime;

/// The answer to one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::dataverse) struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        mime::header(&self.headers, name)
    }
}

/// One part of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    One(Answer),
    Set(Vec<(Option<String>, Answer)>),
}

/// The answers to `ids`, in their order: as many as there are. `None` when the message can't be read at all.
pub(super) fn read(content_type: &str, body: &[u8], ids: &[&str], atomic: bool) -> Option<Vec<Answer>> {
    let mut items = mime::split(mime::boundary(content_type)?, body).into_iter().map(item);
    if !atomic {
        let answers: Vec<Answer> =
            items.map_while(|item| if let Some(Item::One(answer)) = item { Some(answer) } else { None }).collect();
        return (!answers.is_empty() && answers.len() <= ids.len()).then_some(answers);
    }
    match items.next()?? {
        // One refusal speaks for all of a change set.
        Item::One(answer) => (answer.status >= 400).then(|| vec![answer; ids.len()]),
        Item::Set(members) => {
            if let Some((_, refusal)) = members.iter().find(|(_, answer)| answer.status >= 400) {
                return Some(vec![refusal.clone(); ids.len()]);
            }
            let named = |id: &str| members.iter().find(|(name, _)| name.as_deref() == Some(id));
            let in_order = |place: usize| members.get(place).filter(|(name, _)| name.is_none());
            let found =
                |(place, id): (usize, &&str)| named(id).or_else(|| in_order(place)).map(|(_, answer)| answer.clone());
            ids.iter().enumerate().map(found).collect()
        }
    }
}

fn item(part: &[u8]) -> Option<Item> {
    let (headers, content) = mime::headers(part);
    if let Some(boundary) = mime::header(&headers, "content-type").and_then(mime::boundary) {
        let member = |part| {
            let (headers, content) = mime::headers(part);
            Some((mime::header(&headers, "content-id").map(str::to_owned), answer(content)?))
        };
        return mime::split(boundary, content).into_iter().map(member).collect::<Option<_>>().map(Item::Set);
    }
    answer(content).map(Item::One)
}

/// `HTTP/1.1 204 No Content`, headers, body.
fn answer(text: &[u8]) -> Option<Answer> {
    let text = text.trim_ascii_start();
    let end = text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| end + 1);
    let line = std::str::from_utf8(&text[..end]).ok()?;
    // Three digits, or the line was cut in the middle of them: 4 of a 404 is no success.
    let status =
        line.strip_prefix("HTTP/")?.split_whitespace().nth(1).filter(|digits| digits.len() == 3)?.parse().ok()?;
    let (headers, body) = mime::headers(&text[end..]);
    Some(Answer { status, headers, body: body.trim_ascii_end().to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = "multipart/mixed; boundary=b";

    fn part(status: u16, id: Option<&str>, body: &str) -> String {
        let id = id.map(|id| format!("Content-ID: {id}\r\n")).unwrap_or_default();
        format!(
            "Content-Type: application/http\r\n{id}\r\nHTTP/1.1 {status} Word\r\nOData-Version: 4.0\r\n\r\n{body}\r\n"
        )
    }

    fn message(boundary: &str, parts: &[String]) -> String {
        let parts = parts.iter().map(|part| format!("--{boundary}\r\n{part}\r\n")).collect::<Vec<_>>().concat();
        format!("{parts}--{boundary}--\r\n")
    }

    fn set(parts: &[String]) -> String {
        format!("Content-Type: multipart/mixed; boundary=\"c\"\r\n\r\n{}", message("c", parts))
    }

    fn statuses(body: &str, ids: &[&str], atomic: bool) -> Option<Vec<u16>> {
        let crlf = read(KIND, body.as_bytes(), ids, atomic);
        let lf = read(KIND, body.replace("\r\n", "\n").as_bytes(), ids, atomic);
        assert_eq!(crlf, lf, "line ends matter: {body}");
        Some(crlf?.iter().map(|answer| answer.status).collect())
    }

    #[test]
    fn answers_come_in_order_and_perhaps_fewer() {
        let body = message("b", &[part(200, None, "{\"a\":1.10}"), part(404, None, "{}")]);
        assert_eq!(statuses(&body, &["1", "2"], false), Some(vec![200, 404]));
        assert_eq!(statuses(&body, &["1", "2", "3"], false), Some(vec![200, 404]));
        let answers = read(KIND, body.as_bytes(), &["1", "2"], false).expect("answers");
        assert_eq!(
            (answers[0].body.as_slice(), answers[0].header("odata-version")),
            (&b"{\"a\":1.10}"[..], Some("4.0"))
        );
    }

    #[test]
    fn more_answers_than_questions_are_no_answer() {
        let body = message("b", &[part(200, None, ""), part(200, None, "")]);
        assert_eq!(statuses(&body, &["1"], false), None);
        assert_eq!(statuses("hello", &["1"], false), None);
        assert_eq!(read("text/html", body.as_bytes(), &["1", "2"], false), None);
    }

    #[test]
    fn a_change_set_is_matched_by_content_id() {
        let swapped = message("b", &[set(&[part(204, Some("2"), ""), part(201, Some("1"), "")])]);
        assert_eq!(statuses(&swapped, &["1", "2"], true), Some(vec![201, 204]));
        let nameless = message("b", &[set(&[part(204, None, ""), part(201, None, "")])]);
        assert_eq!(statuses(&nameless, &["1", "2"], true), Some(vec![204, 201]));
        let short = message("b", &[set(&[part(204, Some("1"), "")])]);
        assert_eq!(statuses(&short, &["1", "2"], true), None);
    }

    #[test]
    fn one_refusal_speaks_for_a_whole_change_set() {
        let bare = message("b", &[part(412, None, "{}")]);
        assert_eq!(statuses(&bare, &["1", "2"], true), Some(vec![412, 412]));
        let nested = message("b", &[set(&[part(204, Some("1"), ""), part(400, Some("2"), "{}")])]);
        assert_eq!(statuses(&nested, &["1", "2"], true), Some(vec![400, 400]));
    }

    proptest::proptest! {
        /// Whatever comes in whatever order: never more answers than operations, and those of a change set are all or none.
        #[test]
        fn no_operation_is_answered_twice_or_for_another(
            kinds in proptest::collection::vec(0_u8..6, 0..8),
            count in 1_usize..6,
            atomic in proptest::prelude::any::<bool>(),
            cut in proptest::prelude::any::<proptest::sample::Index>(),
        ) {
            let ids: Vec<String> = (1..=count).map(|id| id.to_string()).collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let parts: Vec<String> = kinds
                .iter()
                .enumerate()
                .map(|(place, kind)| match kind {
                    0 | 1 => part(200 + u16::try_from(place).unwrap(), Some(&(place + 1).to_string()), "{}"),
                    2 => part(404, None, "{\"error\":{}}"),
                    3 => set(&[part(204, Some("1"), ""), part(204, Some("1"), "")]),
                    4 => "rubbish".to_owned(),
                    _ => set(&ids.iter().rev().map(|id| part(204, Some(id), "")).collect::<Vec<_>>()),
                })
                .collect();
            let body = message("b", &parts);
            let body = &body.as_bytes()[..cut.index(body.len() + 1)];
            if let Some(answers) = read(KIND, body, &ids, atomic) {
                proptest::prop_assert!(!answers.is_empty() && answers.len() <= count);
                proptest::prop_assert!(!atomic || answers.len() == count);
                if !atomic {
                    // Its own place, or none: the status says which part it was.
                    for (place, answer) in answers.iter().enumerate() {
                        let expected = match kinds[place] { 0 | 1 => 200 + u16::try_from(place).unwrap(), _ => 404 };
                        proptest::prop_assert_eq!(answer.status, expected);
                    }
                }
            }
        }

        #[test]
        fn no_bytes_make_the_reader_of_answers_stumble(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), atomic in proptest::prelude::any::<bool>()) {
            let body = [b"--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n".as_slice(), &bytes, b"\r\n--b--\r\n"].concat();
            let answers = read(KIND, &body, &["1", "2", "3"], atomic);
            proptest::prop_assert!(answers.is_none_or(|answers| answers.len() <= 3));
        }
    }
}
