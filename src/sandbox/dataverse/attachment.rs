//! Files inside notes: whether the organisation takes them. It never stores one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::sandbox::data::Table;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::world::{Changes, Value};

/// `organization.maxuploadfilesize` in bytes: the default.
const LARGEST: usize = 5_242_880;
/// Some of `organization.blockedattachments`.
const BLOCKED: [&str; 10] = ["bat", "cmd", "com", "exe", "hta", "js", "jse", "msi", "scr", "vbs"];

/// Asks that the file of a note is base64, of a size and of a kind that is taken.
pub(super) fn check(table: &Table, changes: &Changes) -> Result<(), Refusal> {
    let text = |column: &str| {
        let place = table.place(column)?;
        changes.iter().find(|(at, _)| *at == place).and_then(|(_, value)| value.as_ref()).and_then(Value::as_text)
    };
    if let Some(name) = text("filename").filter(|_| table.place("documentbody").is_some()) {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default();
        if BLOCKED.contains(&extension.as_str()) {
            let message = format!("Attachment blocked: '{name}' is not a valid file type.");
            return Err(Refusal::new(400, "0x80043E09", message));
        }
    }
    let Some(body) = text("documentbody") else { return Ok(()) };
    let bytes = STANDARD.decode(body).map_err(|_| Refusal::payload(table, "'documentbody' is no base64."))?;
    if bytes.len() > LARGEST {
        let message = format!("Attachment file size is too big: {} bytes, and {LARGEST} are allowed.", bytes.len());
        return Err(Refusal::new(400, "0x80044a02", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::dataverse::trial::Trial;

    #[test]
    fn a_file_that_is_too_big_blocked_or_garbled_is_refused() {
        let mut trial = Trial::new();
        let big = STANDARD.encode(vec![7_u8; LARGEST + 1]);
        for (name, body, code) in
            [("a.txt", big.as_str(), "0x80044a02"), ("a.EXE", "aGk=", "0x80043E09"), ("a.txt", "a", "0x80048d19")]
        {
            let note = format!("{{\"filename\":\"{name}\",\"documentbody\":\"{body}\"}}");
            let refused = trial.ask("POST", "annotations").body(&note).answer().error();
            assert_eq!((refused.0, refused.1.as_str()), (400, code), "{name}");
        }
        let whole = format!("{{\"filename\":\"a.txt\",\"documentbody\":\"{}\"}}", STANDARD.encode(vec![7_u8; LARGEST]));
        assert_eq!(trial.ask("POST", "annotations").body(&whole).answer().status, 204);
    }
}
