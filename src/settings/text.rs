//! Text from a file that the user names, or from standard input: UTF-8, or UTF-16 where its first bytes say so, as editors and
//! PowerShell on Windows write it. Nothing is guessed; what looks like another encoding is called so.

use crate::settings::SettingsError;

/// So many bytes are looked at to tell UTF-16 that does not say so.
const LOOKED_AT: usize = 512;

/// The text of `bytes`, which came from `origin`.
///
/// # Errors
/// [`SettingsError::OtherEncoding`].
pub fn text_of(bytes: Vec<u8>, origin: &str) -> Result<String, SettingsError> {
    let other = |encoding: &'static str| SettingsError::OtherEncoding { origin: origin.to_owned(), encoding };
    let units = |pair: fn([u8; 2]) -> u16, name: &'static str| {
        let (pairs, rest) = bytes[2..].as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|bytes| pair(*bytes)).collect();
        String::from_utf16(&units).ok().filter(|_| rest.is_empty()).ok_or_else(|| other(name))
    };
    match bytes.as_slice() {
        [0xFF, 0xFE, ..] => units(u16::from_le_bytes, "UTF-16 that is damaged"),
        [0xFE, 0xFF, ..] => units(u16::from_be_bytes, "UTF-16 that is damaged"),
        _ if looks_like_utf16(&bytes) => Err(other("UTF-16 without a byte order mark")),
        _ => String::from_utf8(bytes).map_err(|_| other("Latin-1, Windows-1252 or another encoding of single bytes")),
    }
}

/// Whether every other byte is zero, as in letters of two bytes.
fn looks_like_utf16(bytes: &[u8]) -> bool {
    let (pairs, _) = bytes[..bytes.len().min(LOOKED_AT)].as_chunks::<2>();
    let zeros = |place: usize| pairs.iter().filter(|pair| pair[place] == 0 && pair[1 - place] != 0).count();
    !pairs.is_empty() && (zeros(0) * 2 > pairs.len() || zeros(1) * 2 > pairs.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Diagnose as _;

    #[test]
    fn what_windows_writes_is_read_and_what_can_not_be_read_is_called_by_its_name() {
        let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        let text = "{\"name\":\"Größe 😀\"}";
        let marked = format!("\u{feff}{text}");
        for (bytes, expected) in [
            (text.as_bytes().to_vec(), text),
            (marked.as_bytes().to_vec(), marked.as_str()),
            (wide(&marked, u16::to_le_bytes), text),
            (wide(&marked, u16::to_be_bytes), text),
            (Vec::new(), ""),
        ] {
            assert_eq!(text_of(bytes, "f").unwrap(), expected);
        }
        for (bytes, encoding) in [
            (wide(text, u16::to_le_bytes), "UTF-16 without"),
            (wide(text, u16::to_be_bytes), "UTF-16 without"),
            (b"{\"name\":\"Gr\xf6\xdfe\"}".to_vec(), "Latin-1"),
            (b"\xff\xfe{".to_vec(), "damaged"),
            (b"\xff\xfe\x00\xd8".to_vec(), "damaged"),
        ] {
            let error = text_of(bytes, "f.json").unwrap_err();
            assert!(error.to_string().contains(encoding), "{error}");
            assert_eq!(error.phrase().code, "settings/other-encoding");
            assert!(!error.phrase().meaning.contains("secret"));
        }
    }
}
