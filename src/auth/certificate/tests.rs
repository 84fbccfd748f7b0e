//! Every form of file that is read, made here; those that OpenSSL makes are read in `tests/it/real/certificates.rs`.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use p12_keystore::{EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKeyChain};
use pkcs8::der::Encode as _;
use rcgen::{CertificateParams, PKCS_RSA_SHA256};
use serde_json::Value;

use super::*;
use crate::problem::Diagnose as _;

const PASSWORD: &str = "pässwörd 日本";

/// A key and its certificate, DER.
struct Made {
    key: Vec<u8>,
    certificate: Vec<u8>,
}

fn made() -> &'static Made {
    static MADE: std::sync::OnceLock<Made> = std::sync::OnceLock::new();
    MADE.get_or_init(|| {
        let pair = rcgen::KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        (parameters.not_before, parameters.not_after) =
            (rcgen::date_time_ymd(2026, 1, 1), rcgen::date_time_ymd(2027, 1, 1));
        let certificate = parameters.self_signed(&pair).unwrap();
        Made { key: pair.serialize_der(), certificate: certificate.der().to_vec() }
    })
}

fn elliptic() -> (Vec<u8>, Vec<u8>) {
    let pair = rcgen::KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&pair).unwrap();
    (pair.serialize_der(), certificate.der().to_vec())
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::engine::general_purpose::STANDARD;
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn pfx(algorithm: EncryptionAlgorithm, mac: MacAlgorithm, password: &str) -> Vec<u8> {
    let key = p12_keystore::PrivateKey::from_der(&made().key).unwrap();
    let certificate = p12_keystore::Certificate::from_der(&made().certificate).unwrap();
    let mut store = KeyStore::new();
    store.add_entry("it", KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new("1", key, [certificate])));
    store.writer(password).encryption_algorithm(algorithm).mac_algorithm(mac).write().unwrap()
}

fn sealed() -> Vec<u8> {
    let parameters =
        pkcs8::pkcs5::pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(2048, b"saltsalt", [7; 16]).unwrap();
    let scheme = pkcs8::pkcs5::EncryptionScheme::from(parameters);
    let encrypted_data = scheme.encrypt(PASSWORD, &made().key).unwrap();
    pkcs8::EncryptedPrivateKeyInfoRef {
        encryption_algorithm: scheme,
        encrypted_data: pkcs8::der::asn1::OctetStringRef::new(&encrypted_data).unwrap(),
    }
    .to_der()
    .unwrap()
}

fn read(bytes: &[u8], password: Option<&str>) -> Result<Certificate, CertificateError> {
    Certificate::read(bytes, password.map(Secret::new).as_ref(), "it")
}

#[test]
fn every_form_is_read() {
    let Made { key, certificate } = made();
    let inner = PrivateKeyInfoRef::try_from(key.as_slice()).unwrap().private_key.as_bytes().to_vec();
    let (modern, other) = (pem("PRIVATE KEY", key), pem("CERTIFICATE", &elliptic().1));
    let own = pem("CERTIFICATE", certificate);
    let aes = EncryptionAlgorithm::PbeWithHmacSha256AndAes256;
    let des = EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc;
    let rc2 = EncryptionAlgorithm::PbeWithShaAnd40BitRc4Cbc;
    let open = pfx(aes, MacAlgorithm::HmacSha256, "");
    for (form, bytes, password) in [
        ("key, certificate", format!("{modern}{own}").into_bytes(), None),
        ("certificate, key", format!("{own}{modern}").into_bytes(), None),
        ("a chain, and words", format!("Bag Attributes\n{other}subject=x\n{own}{modern}").into_bytes(), None),
        ("CRLF behind a mark", format!("\u{feff}{own}{modern}").replace('\n', "\r\n").into_bytes(), None),
        ("PKCS#1", format!("{own}{}", pem("RSA PRIVATE KEY", &inner)).into_bytes(), None),
        ("an unneeded password", format!("{own}{modern}").into_bytes(), Some("x")),
        ("encrypted PKCS#8", format!("{own}{}", pem("ENCRYPTED PRIVATE KEY", &sealed())).into_bytes(), Some(PASSWORD)),
        ("PFX", pfx(aes, MacAlgorithm::HmacSha256, PASSWORD), Some(PASSWORD)),
        ("PFX of old", pfx(des, MacAlgorithm::HmacSha1, PASSWORD), Some(PASSWORD)),
        ("PFX of very old", pfx(rc2, MacAlgorithm::HmacSha1, PASSWORD), Some(PASSWORD)),
        ("open PFX", open.clone(), None),
        ("PFX as text", base64::engine::general_purpose::STANDARD.encode(open).into_bytes(), None),
    ] {
        let read = read(&bytes, password).unwrap_or_else(|error| panic!("{form}: {error}"));
        assert_eq!(read.thumbprint_sha256(), hexadecimal(digest(&SHA256, certificate).as_ref()), "{form}");
    }
}

#[test]
fn what_can_t_be_used_is_told_apart() {
    let Made { key, certificate } = made();
    let (modern, own) = (pem("PRIVATE KEY", key), pem("CERTIFICATE", certificate));
    let (ec_key, ec_certificate) = elliptic();
    let closed = pem("ENCRYPTED PRIVATE KEY", &sealed());
    let new = pfx(EncryptionAlgorithm::PbeWithHmacSha256AndAes256, MacAlgorithm::HmacSha256, PASSWORD);
    for (bytes, password, code) in [
        (Vec::new(), None, "unreadable"),
        (b"\x30\x82\x01\x02".to_vec(), None, "unreadable"),
        (b"-----BEGIN CERTIFICATE-----".to_vec(), None, "unreadable"),
        (own.replace('M', "!").into_bytes(), None, "unreadable"),
        (pem("PUBLIC KEY", b"x").into_bytes(), None, "unreadable"),
        (own.clone().into_bytes(), None, "key-missing"),
        (certificate.clone(), None, "key-missing"),
        (modern.clone().into_bytes(), None, "missing"),
        (format!("{modern}{}", pem("CERTIFICATE", &ec_certificate)).into_bytes(), None, "key-mismatch"),
        (
            format!("{}{}", pem("PRIVATE KEY", &ec_key), pem("CERTIFICATE", &ec_certificate)).into_bytes(),
            None,
            "key-unfit",
        ),
        (format!("{own}{}", pem("EC PRIVATE KEY", b"x")).into_bytes(), None, "key-unfit"),
        (format!("{own}{}", pem("PRIVATE KEY", b"x")).into_bytes(), None, "key-unfit"),
        (format!("{own}{closed}").into_bytes(), None, "password-needed"),
        (format!("{own}{closed}").into_bytes(), Some(""), "password-needed"),
        (format!("{own}{closed}").into_bytes(), Some("x"), "password-wrong"),
        (new.clone(), None, "password-needed"),
        (new.clone(), Some("x"), "password-wrong"),
        (new[..new.len() - 40].to_vec(), Some(PASSWORD), "unreadable"),
        (
            format!(
                "{own}-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"
            )
            .into_bytes(),
            Some("x"),
            "encryption",
        ),
    ] {
        let error = read(&bytes, password).unwrap_err();
        assert_eq!(error.phrase().code, format!("auth/certificate-{code}"), "{error}");
        let shown = format!("{error} {error:?} {:?}", error.facts());
        assert!(!shown.contains(PASSWORD) && !shown.contains("MII"), "{shown}");
    }
}

#[test]
fn another_library_verifies_what_the_key_signs() {
    let Made { key, certificate } = made();
    let bytes = format!("{}{}", pem("PRIVATE KEY", key), pem("CERTIFICATE", certificate));
    let read = read(bytes.as_bytes(), None).unwrap();
    let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
    let assertion = read.assertion("https://login.example/t/oauth2/v2.0/token", "the-app", now).unwrap();
    let mut validation = Validation::new(Algorithm::PS256);
    validation.set_audience(&["https://login.example/t/oauth2/v2.0/token"]);
    validation.set_issuer(&["the-app"]);
    validation.validate_exp = false;
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).unwrap();
    let public = DecodingKey::from_rsa_der(&parsed.public_key().subject_public_key.data);
    let verified = jsonwebtoken::decode::<Value>(assertion.expose(), &public, &validation).unwrap();
    assert_eq!(verified.claims["sub"], "the-app");
    assert_eq!(verified.claims["nbf"], now.as_second());
    assert_eq!(verified.claims["iat"], now.as_second());
    assert_eq!(verified.claims["exp"], now.as_second() + 600);
    let expected = URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate).as_ref());
    assert_eq!(verified.header.x5t_s256.as_deref(), Some(expected.as_str()));
    assert_eq!(verified.header.x5t, None);
    // Two are never the same, and neither shows anything.
    assert!(!assertion.is_same_as(&read.assertion("a", "the-app", now).unwrap()));
    assert_eq!(format!("{read:?}"), r#"Certificate { origin: "it", .. }"#);
}

#[test]
fn it_is_valid_from_its_first_second_to_its_last() {
    let Made { key, certificate } = made();
    let bytes = format!("{}{}", pem("PRIVATE KEY", key), pem("CERTIFICATE", certificate));
    let read = read(bytes.as_bytes(), None).unwrap();
    for (at, code) in [
        ("2025-12-31T23:59:59Z", Some("auth/certificate-not-yet")),
        ("2026-01-01T00:00:00Z", None),
        ("2027-01-01T00:00:00Z", None),
        ("2027-01-01T00:00:01Z", Some("auth/certificate-ended")),
    ] {
        let judged = read.check_time(at.parse().unwrap()).err().map(|error| error.phrase().code);
        assert_eq!(judged, code, "{at}");
    }
}
