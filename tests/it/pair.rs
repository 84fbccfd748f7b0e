//! Certificates with their keys, made for one run of the tests and registered nowhere else. It judges nothing.

use std::path::PathBuf;
use std::sync::OnceLock;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256};

use crate::world::World;

/// A certificate and its key, PEM.
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

impl Pair {
    /// One that is valid in the year in which every world begins, and the next.
    pub fn new() -> Self {
        Self::of_years(2026, 2028)
    }

    /// One that is valid from the first day of one year to the first day of another. Making a key takes a while: all of
    /// them share one.
    pub fn of_years(from: i32, to: i32) -> Self {
        static KEY: OnceLock<String> = OnceLock::new();
        let key = KEY.get_or_init(|| KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap().serialize_pem());
        Self::with_key(&KeyPair::from_pem_and_sign_algo(key, &PKCS_RSA_SHA256).unwrap(), from, to)
    }

    /// One with a key of its own.
    pub fn another() -> Self {
        Self::with_key(&KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap(), 2026, 2028)
    }

    fn with_key(key: &KeyPair, from: i32, to: i32) -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, "nightly");
        parameters.distinguished_name = name;
        parameters.not_before = rcgen::date_time_ymd(from, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(to, 1, 1);
        Self { certificate: parameters.self_signed(key).unwrap().pem(), key: key.serialize_pem() }
    }

    /// Both as a PFX that `password` opens.
    pub fn pfx(&self, password: &str) -> Vec<u8> {
        use rustls::pki_types::pem::PemObject as _;
        use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

        let key = PrivatePkcs8KeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap();
        let key = p12_keystore::PrivateKey::from_der(key.secret_pkcs8_der()).unwrap();
        let certificate = p12_keystore::Certificate::from_der(&certificate).unwrap();
        let chain = p12_keystore::PrivateKeyChain::new("1", key, [certificate]);
        let mut store = p12_keystore::KeyStore::new();
        store.add_entry("nightly", p12_keystore::KeyStoreEntry::PrivateKeyChain(chain));
        store.writer(password).write().unwrap()
    }

    /// Both in one file of `world`.
    pub fn both_in(&self, world: &World, name: &str) -> PathBuf {
        write(world, name, format!("{}{}", self.certificate, self.key))
    }
}

/// A file of `world`.
pub fn write(world: &World, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = world.path(name);
    std::fs::write(&path, text).unwrap();
    path
}
