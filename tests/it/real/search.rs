//! The search for secrets in whatever a process left behind: pieces of twelve bytes, plain and encoded. Which secrets there
//! are, and where they were looked for, is known elsewhere.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

const PIECE: usize = 12;

/// Pieces of secrets in every spelling.
#[derive(Default)]
pub struct Search {
    pieces: HashSet<[u8; PIECE]>,
}

impl Search {
    pub fn add(&mut self, secret: &str) {
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let json = serde_json::to_string(secret).unwrap();
        self.take(secret.as_bytes());
        self.take(form.as_bytes());
        self.take(with_small_digits(&form).as_bytes());
        self.take(json.trim_matches('"').as_bytes());
        let digits = secret.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        self.take(digits.as_bytes());
        self.take(digits.to_uppercase().as_bytes());
        for before in 0..3 {
            // What stands before it decides how it is cut into groups; the groups it shares are left out.
            let padded = format!("{}{secret}", "\0".repeat(before));
            for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
                let whole = encoded.len() - (encoded.len() % 4).min(encoded.len());
                self.take(&encoded.as_bytes()[if before == 0 { 0 } else { 4 }..whole]);
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.pieces.extend(bytes.windows(PIECE).filter_map(|piece| <[u8; PIECE]>::try_from(piece).ok()));
    }

    pub fn hears(&self, content: &[u8]) -> bool {
        self.place(content).is_some()
    }

    fn place(&self, content: &[u8]) -> Option<usize> {
        content
            .windows(PIECE)
            .position(|piece| <[u8; PIECE]>::try_from(piece).is_ok_and(|it| self.pieces.contains(&it)))
    }

    #[track_caller]
    pub fn passes(&self, name: &str, content: &[u8]) {
        if let Some(at) = self.place(content) {
            let around = &content[at.saturating_sub(80)..content.len().min(at + 120)];
            panic!("a secret in {name}: …{}…", String::from_utf8_lossy(around));
        }
    }
}

/// Percent-encoded text with its digits in lower case.
fn with_small_digits(form: &str) -> String {
    let mut pieces = form.split('%');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        let (digits, rest) = piece.split_at(2);
        format!("{text}%{}{rest}", digits.to_lowercase())
    })
}
