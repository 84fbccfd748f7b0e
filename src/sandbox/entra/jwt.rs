//! Tokens in the shape of Entra's: JSON web tokens with a signature that is only noise, and opaque strings. Nothing here
//! remembers what it made.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

/// Base64url without padding (RFC 4648 §5).
pub(super) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Base64url without padding, decoded.
pub(super) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// A random string of `16 × blocks` bytes, behind `1.A` as Entra's codes and refresh tokens are.
pub(super) fn opaque(blocks: usize) -> String {
    format!("1.A{}", noise(blocks))
}

/// A random string of 16 bytes.
pub(super) fn ticket() -> String {
    noise(1)
}

/// A token with `payload`; the signature is as long as one of RS256, and noise.
pub(super) fn signed(payload: &Value) -> String {
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": "sandbox-1"});
    format!("{}.{}.{}", base64url(header.to_string()), base64url(payload.to_string()), noise(16))
}

/// The payload of a token, without a look at its signature.
pub(super) fn payload_of(token: &str) -> Option<Value> {
    part_of(token, 1)
}

/// The header of a token.
pub(super) fn header_of(token: &str) -> Option<Value> {
    part_of(token, 0)
}

fn part_of(token: &str, place: usize) -> Option<Value> {
    let parts: Vec<&str> = token.split('.').collect();
    let part = parts.get(place).filter(|_| parts.len() == 3)?;
    serde_json::from_slice(&from_base64url(part)?).ok()
}

fn noise(blocks: usize) -> String {
    base64url((0..blocks).flat_map(|_| Uuid::new_v4().into_bytes()).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_two_are_never_alike() {
        let payload = json!({"name": "Inès"});
        let token = signed(&payload);
        assert_eq!(payload_of(&token), Some(payload.clone()));
        assert_ne!(token, signed(&payload));
        assert_eq!(payload_of("a.b"), None);
        assert_eq!(payload_of("1.Aopaque.x.y"), None);
        assert!(opaque(64).len() > 1300);
    }
}
