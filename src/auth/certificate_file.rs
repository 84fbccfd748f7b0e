//! What a file with a certificate holds, in whichever form it was written: PEM or PFX, in the open or encrypted. Which key
//! belongs to which certificate is judged elsewhere; nothing here opens a file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p12_keystore::Pkcs12Archive;
use pkcs8::EncryptedPrivateKeyInfoRef;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Keys and certificates of one file, in the order in which they stand there.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) keys: Vec<Key>,
    /// DER.
    pub(super) certificates: Vec<Vec<u8>>,
}

/// A private key, DER.
pub(super) enum Key {
    /// RFC 5958: of any kind.
    Pkcs8(Zeroizing<Vec<u8>>),
    /// RFC 8017: RSA.
    Pkcs1(Zeroizing<Vec<u8>>),
    /// RFC 5915: elliptic curves.
    Sec1,
}

/// Why nothing can be had of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is none of these forms.
    Garbage,
    /// It is encrypted.
    PasswordNeeded,
    /// It is encrypted with another password.
    WrongPassword,
    /// It is encrypted in a way that is not read here.
    OldEncryption,
}

/// Reads `bytes`.
pub(super) fn contents(bytes: &[u8], password: Option<&Secret>) -> Result<Contents, Trouble> {
    let text = String::from_utf8_lossy(bytes);
    if text.contains("-----BEGIN ") {
        return of_pem(&text, password);
    }
    // A vault hands a PFX out as text.
    let compact: Zeroizing<String> = Zeroizing::new(text.chars().filter(|letter| !letter.is_whitespace()).collect());
    match STANDARD.decode(compact.as_bytes()) {
        Ok(decoded) if decoded.first() == Some(&SEQUENCE) => of_der(&Zeroizing::new(decoded), password),
        _ => of_der(bytes, password),
    }
}

/// What every structure here begins with (X.690 §8.9).
const SEQUENCE: u8 = 0x30;

fn of_der(bytes: &[u8], password: Option<&Secret>) -> Result<Contents, Trouble> {
    if x509_parser::parse_x509_certificate(bytes).is_ok() {
        return Ok(Contents { certificates: vec![bytes.to_vec()], ..Contents::default() });
    }
    let archive = Pkcs12Archive::from_pkcs12(bytes, password.map_or("", Secret::expose)).map_err(|error| {
        use p12_keystore::error::Error;
        match error {
            // Without a check sum over all, a wrong password shows where something is decrypted.
            Error::MacError(_) | Error::Pkcs5Error(_) | Error::UnpadError => refused(password),
            Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => Trouble::OldEncryption,
            _ => Trouble::Garbage,
        }
    })?;
    Ok(Contents {
        keys: archive.keys.iter().map(|bag| Key::Pkcs8(Zeroizing::new(bag.key.as_der().to_vec()))).collect(),
        certificates: archive.certs.iter().map(|bag| bag.cert.as_der().to_vec()).collect(),
    })
}

/// A password that does not fit, or none at all.
fn refused(password: Option<&Secret>) -> Trouble {
    if password.is_none_or(Secret::is_empty) { Trouble::PasswordNeeded } else { Trouble::WrongPassword }
}

/// RFC 7468; what stands between the sections is for people.
fn of_pem(text: &str, password: Option<&Secret>) -> Result<Contents, Trouble> {
    let mut contents = Contents::default();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let (label, after) = after.split_once("-----").ok_or(Trouble::Garbage)?;
        let (body, after) = after.split_once(&format!("-----END {label}-----")).ok_or(Trouble::Garbage)?;
        rest = after;
        if body.contains("Proc-Type:") {
            // The way of OpenSSL before PKCS#8: its key is made with MD5.
            return Err(Trouble::OldEncryption);
        }
        let base64: Zeroizing<String> = Zeroizing::new(body.chars().filter(|letter| !letter.is_whitespace()).collect());
        let der = Zeroizing::new(STANDARD.decode(base64.as_bytes()).map_err(|_| Trouble::Garbage)?);
        match label {
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => contents.certificates.push(der.to_vec()),
            "PRIVATE KEY" => contents.keys.push(Key::Pkcs8(der)),
            "RSA PRIVATE KEY" => contents.keys.push(Key::Pkcs1(der)),
            "EC PRIVATE KEY" => contents.keys.push(Key::Sec1),
            "ENCRYPTED PRIVATE KEY" => contents.keys.push(Key::Pkcs8(decrypted(&der, password)?)),
            _ => {}
        }
    }
    Ok(contents)
}

/// The key inside RFC 5958 §3.
fn decrypted(der: &[u8], password: Option<&Secret>) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let sealed = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| Trouble::OldEncryption)?;
    let Some(password) = password.filter(|password| !password.is_empty()) else { return Err(Trouble::PasswordNeeded) };
    let opened = sealed.decrypt(password.expose()).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(
            pkcs8::pkcs5::Error::NoPbes1CryptSupport | pkcs8::pkcs5::Error::UnsupportedAlgorithm { .. },
        ) => Trouble::OldEncryption,
        // What a wrong password brings may even be as long as it should be.
        _ => Trouble::WrongPassword,
    })?;
    Ok(Zeroizing::new(opened.as_bytes().to_vec()))
}
