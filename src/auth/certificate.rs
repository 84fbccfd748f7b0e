//! Signs an app in by a certificate: the key and the certificate that belong together, and the assertion that the key
//! signs. Nothing here opens a file or sends anything.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PSS_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use pkcs8::PrivateKeyInfoRef;
use serde_json::json;

use crate::auth::CertificateError;
use crate::auth::certificate_file::{Key, Trouble, contents};
use crate::secret::Secret;

/// How long an assertion may be shown, in seconds (Microsoft Learn, "Microsoft identity platform application authentication
/// certificate credentials": five to ten minutes).
const LIFE: i64 = 600;
/// The algorithm of an RSA key (RFC 8017, appendix A.1).
const RSA: &str = "1.2.840.113549.1.1.1";
/// The longest key that every part of Entra takes, in bits.
const LONGEST_KEY: usize = 4096;
/// The shortest that is worth something.
const SHORTEST_KEY: usize = 2048;

/// A certificate with its key. Clones share it; what is shown of it is public.
#[derive(Clone)]
pub struct Certificate(Arc<Pair>);

struct Pair {
    key: KeyPair,
    der: Vec<u8>,
    subject: String,
    begins: Timestamp,
    ends: Timestamp,
    origin: String,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("origin", &self.0.origin).finish_non_exhaustive()
    }
}

impl Certificate {
    /// The certificate in `bytes` (PEM or PFX) with the key that belongs to it; other certificates may stand beside it.
    /// `origin` is what messages call the file.
    ///
    /// # Errors
    /// All of [`CertificateError`] but those of time.
    pub fn read(bytes: &[u8], password: Option<&Secret>, origin: &str) -> Result<Self, CertificateError> {
        let file = || origin.to_owned();
        let found = contents(bytes, password).map_err(|trouble| match trouble {
            Trouble::Garbage => CertificateError::Garbage { file: file() },
            Trouble::PasswordNeeded => CertificateError::PasswordNeeded { file: file() },
            Trouble::WrongPassword => CertificateError::WrongPassword { file: file() },
            Trouble::OldEncryption => CertificateError::OldEncryption { file: file() },
        })?;
        if found.certificates.is_empty() {
            let is_anything = !found.keys.is_empty();
            return Err(if is_anything {
                CertificateError::NoCertificate { file: file() }
            } else {
                CertificateError::Garbage { file: file() }
            });
        }
        if found.keys.is_empty() {
            return Err(CertificateError::NoKey { file: file() });
        }
        let mut unfit = None;
        for key in &found.keys {
            match usable(key) {
                Ok(key) => {
                    if let Some(pair) = matched(key, &found.certificates, origin) {
                        return Ok(Self(Arc::new(pair)));
                    }
                }
                Err(why) => unfit = Some(why),
            }
        }
        Err(match unfit {
            Some(why) => CertificateError::UnfitKey { file: file(), why },
            None => CertificateError::KeyMismatch { file: file() },
        })
    }

    /// Whether it is valid at `now`.
    ///
    /// # Errors
    /// [`CertificateError::Ended`] and [`CertificateError::NotYet`].
    pub fn check_time(&self, now: Timestamp) -> Result<(), CertificateError> {
        let file = || self.0.origin.clone();
        if self.0.ends < now {
            return Err(CertificateError::Ended { file: file(), ended: day(self.0.ends) });
        }
        if now < self.0.begins {
            return Err(CertificateError::NotYet { file: file(), begins: day(self.0.begins) });
        }
        Ok(())
    }

    /// When it ends.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        self.0.ends
    }

    /// Whose it is, as it says itself.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// What the portal calls its thumbprint: the SHA-1 of its DER, in capital hexadecimal digits.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        hexadecimal(digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.0.der).as_ref())
    }

    /// The SHA-256 of its DER, in capital hexadecimal digits.
    #[must_use]
    pub fn thumbprint_sha256(&self) -> String {
        hexadecimal(digest(&SHA256, &self.0.der).as_ref())
    }

    /// What says to `audience`, the token endpoint of a tenant, that this is the app `client_id` (RFC 7523 §3): signed with
    /// PS256, good from `now` for ten minutes, and told apart from every other by a random id.
    ///
    /// # Errors
    /// [`CertificateError::UnfitKey`] when the key signs nothing.
    pub fn assertion(&self, audience: &str, client_id: &str, now: Timestamp) -> Result<Secret, CertificateError> {
        let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, &self.0.der).as_ref());
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint });
        let moment = now.as_second();
        let payload = json!({
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "jti": uuid::Uuid::new_v4().to_string(),
            "nbf": moment,
            "iat": moment,
            "exp": moment.saturating_add(LIFE),
        });
        let encoded = |part: serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encoded(header), encoded(payload));
        let mut signature = vec![0; self.0.key.public_modulus_len()];
        self.0
            .key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| CertificateError::UnfitKey { file: self.0.origin.clone(), why: "signs nothing" })?;
        Ok(Secret::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }

    /// What can be compared with the app's registration, and with Entra's clock.
    pub(super) fn shown(&self, now: Timestamp) -> Vec<(&'static str, String)> {
        vec![
            ("certificate_file", self.0.origin.clone()),
            ("certificate_subject", self.0.subject.clone()),
            ("thumbprint", self.thumbprint()),
            ("long_thumbprint", self.thumbprint_sha256()),
            ("our_time", now.to_string()),
        ]
    }
}

/// The key, or why it can't be used.
fn usable(key: &Key) -> Result<KeyPair, &'static str> {
    let pair = match key {
        Key::Sec1 => return Err("is not an RSA key, and Entra takes no other"),
        Key::Pkcs1(der) => KeyPair::from_der(der),
        Key::Pkcs8(der) => {
            let read = PrivateKeyInfoRef::try_from(der.as_slice()).map_err(|_| "is damaged")?;
            if read.algorithm.oid.to_string() != RSA {
                return Err("is not an RSA key, and Entra takes no other");
            }
            KeyPair::from_pkcs8(der)
        }
    };
    let (short, long) = ("has fewer than 2048 bits", "has more than 4096 bits");
    let pair = pair.map_err(|refused| match refused.to_string().as_str() {
        "TooSmall" => short,
        "TooLarge" => long,
        _ => "is damaged",
    })?;
    match pair.public_modulus_len() * 8 {
        ..SHORTEST_KEY => Err(short),
        SHORTEST_KEY..=LONGEST_KEY => Ok(pair),
        _ => Err(long),
    }
}

/// The key with the first of `certificates` that has its public half.
fn matched(key: KeyPair, certificates: &[Vec<u8>], origin: &str) -> Option<Pair> {
    certificates
        .iter()
        .find_map(|der| {
            let (_, read) = x509_parser::parse_x509_certificate(der).ok()?;
            let is_its_own = read.public_key().subject_public_key.data.as_ref() == key.public_key().as_ref();
            let validity = read.validity();
            let moment = |at: i64, otherwise| Timestamp::from_second(at).unwrap_or(otherwise);
            is_its_own.then(|| {
                (
                    der.clone(),
                    read.subject().to_string(),
                    moment(validity.not_before.timestamp(), Timestamp::MIN),
                    moment(validity.not_after.timestamp(), Timestamp::MAX),
                )
            })
        })
        .map(|(der, subject, begins, ends)| Pair { key, der, subject, begins, ends, origin: origin.to_owned() })
}

fn day(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d").to_string()
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text never fails.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

#[cfg(test)]
mod tests;
