//! Certificates as OpenSSL writes them, in every form that is read, and assertions that OpenSSL and another library verify.
//! The files are made anew by every run; no key outlives it.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use d365conn::auth::Certificate;
use d365conn::clock::Clock;
use d365conn::problem::Diagnose as _;
use d365conn::sandbox::DAEMON;
use d365conn::secret::Secret;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use crate::world::World;

const PASSWORD: &str = "pässwörd 日本 & \"quotes\"";
const AUDIENCE: &str = "https://login.microsoftonline.com/3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711/oauth2/v2.0/token";

/// A directory in which OpenSSL works.
struct Desk(tempfile::TempDir);

impl Desk {
    /// A key of that many bits, its certificate, that of an authority beside it, and two passwords.
    fn with_pair(bits: usize) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        std::fs::write(desk.path("password"), PASSWORD).unwrap();
        std::fs::write(desk.path("wrong"), "something else").unwrap();
        desk.run(&format!("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:{bits} -out key.pem"));
        desk.run("req -x509 -new -key key.pem -days 30 -subj /CN=nightly -out certificate.pem");
        desk.run("req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=authority -keyout other.pem -out authority.pem");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// `openssl LINE`; what it prints.
    fn run(&self, line: &str) -> String {
        let output =
            Command::new("openssl").args(shell_words::split(line).unwrap()).current_dir(self.0.path()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The files one after the other.
    fn join(&self, name: &str, files: &[&str]) {
        let all: Vec<u8> = files.iter().flat_map(|file| self.read(file)).collect();
        std::fs::write(self.path(name), all).unwrap();
    }

    fn open(&self, name: &str, password: Option<&str>) -> Result<Certificate, String> {
        let password = password.map(Secret::new);
        let read = Certificate::read(&self.read(name), password.as_ref(), name);
        read.map_err(|error| error.phrase().code.trim_start_matches("auth/certificate-").to_owned())
    }
}

/// Every form, as `(file, whether it is closed)`.
fn write_every_form(desk: &Desk) -> Vec<(&'static str, bool)> {
    desk.join("key-first.pem", &["key.pem", "certificate.pem"]);
    desk.join("certificate-first.pem", &["certificate.pem", "key.pem"]);
    desk.join("chain.pem", &["authority.pem", "certificate.pem", "key.pem"]);
    desk.run("rsa -in key.pem -traditional -out pkcs1.key");
    desk.join("pkcs1.pem", &["certificate.pem", "pkcs1.key"]);
    for (name, how) in [("aes256", "-v2 aes-256-cbc"), ("aes128", "-v2 aes-128-cbc"), ("scrypt", "-scrypt")] {
        desk.run(&format!("pkcs8 -topk8 {how} -in key.pem -passout file:password -out {name}.key"));
        desk.join(&format!("{name}.pem"), &[&format!("{name}.key"), "certificate.pem"]);
    }
    let export = "pkcs12 -export -inkey key.pem -in certificate.pem";
    desk.run(&format!("{export} -passout file:password -out modern.pfx"));
    desk.run(&format!("{export} -passout file:password -certfile authority.pem -name nightly -out chain.pfx"));
    desk.run(&format!("{export} -passout file:password -legacy -out legacy.pfx"));
    desk.run(&format!("{export} -passout file:password -legacy -descert -out legacy-3des.pfx"));
    desk.run(&format!("{export} -passout pass: -out open.pfx"));
    desk.run("pkcs12 -in modern.pfx -passin file:password -nodes -out bags.pem");
    desk.run("base64 -in open.pfx -out open.txt");
    vec![
        ("key-first.pem", false),
        ("certificate-first.pem", false),
        ("chain.pem", false),
        ("pkcs1.pem", false),
        ("aes256.pem", true),
        ("aes128.pem", true),
        ("scrypt.pem", true),
        ("modern.pfx", true),
        ("chain.pfx", true),
        ("legacy.pfx", true),
        ("legacy-3des.pfx", true),
        ("open.pfx", false),
        ("bags.pem", false),
        ("open.txt", false),
    ]
}

/// What OpenSSL says of the certificate.
fn fingerprint(desk: &Desk, digest: &str) -> String {
    let said = desk.run(&format!("x509 -in certificate.pem -noout -fingerprint -{digest}"));
    said.trim().split_once('=').unwrap().1.replace(':', "")
}

/// OpenSSL and another library have to take the assertion.
fn verify(desk: &Desk, assertion: &str, name: &str) {
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    std::fs::write(desk.path("signed"), signed).unwrap();
    std::fs::write(desk.path("signature"), URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    std::fs::write(desk.path("public.pem"), desk.run("x509 -in certificate.pem -noout -pubkey")).unwrap();
    let said = desk.run(
        "dgst -sha256 -verify public.pem -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -signature signature signed",
    );
    assert_eq!(said.trim(), "Verified OK", "{name}");

    let mut validation = Validation::new(Algorithm::PS256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[DAEMON.client_id]);
    validation.validate_nbf = true;
    let key = DecodingKey::from_rsa_pem(&desk.read("public.pem")).unwrap();
    let read = jsonwebtoken::decode::<Value>(assertion, &key, &validation).unwrap();
    assert_eq!(read.claims["sub"], DAEMON.client_id, "{name}");
    let seconds = |claim: &str| read.claims[claim].as_i64().unwrap();
    assert_eq!((seconds("exp") - seconds("nbf"), seconds("iat") - seconds("nbf")), (600, 0), "{name}");
    assert_eq!(read.claims["jti"].as_str().unwrap().len(), 36, "{name}");
    let thumbprint = URL_SAFE_NO_PAD.decode(read.header.x5t_s256.unwrap()).unwrap();
    let thumbprint: Vec<String> = thumbprint.iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(thumbprint.concat(), fingerprint(desk, "sha256"), "{name}");
}

#[test]
#[ignore = "needs openssl"]
fn every_form_that_openssl_writes_is_read_and_what_its_key_signs_is_verified() {
    for bits in [2048, 3072, 4096] {
        let desk = Desk::with_pair(bits);
        for (name, is_closed) in write_every_form(&desk) {
            let name_of = format!("{name} of {bits} bits");
            let certificate =
                desk.open(name, is_closed.then_some(PASSWORD)).unwrap_or_else(|code| panic!("{name_of}: {code}"));
            assert_eq!(certificate.thumbprint(), fingerprint(&desk, "sha1"), "{name_of}");
            assert_eq!(certificate.thumbprint_sha256(), fingerprint(&desk, "sha256"), "{name_of}");
            assert_eq!(certificate.subject(), "CN=nightly", "{name_of}");
            let now = Clock::system().now();
            certificate.check_time(now).unwrap();
            let days = (certificate.ends().as_second() - now.as_second()) / 86400;
            assert!((28..=30).contains(&days), "{name_of}: {days}");
            let assertion = certificate.assertion(AUDIENCE, DAEMON.client_id, now).unwrap();
            verify(&desk, assertion.expose(), &name_of);
            if is_closed {
                assert_eq!(desk.open(name, Some("something else")).unwrap_err(), "password-wrong", "{name_of}");
                assert_eq!(desk.open(name, None).unwrap_err(), "password-needed", "{name_of}");
            } else {
                assert!(desk.open(name, None).is_ok(), "{name_of}");
            }
        }
    }
}

#[test]
#[ignore = "needs openssl"]
fn what_openssl_writes_and_entra_does_not_take_is_told_apart() {
    let desk = Desk::with_pair(2048);
    desk.run("rsa -in key.pem -traditional -aes256 -passout file:password -out old.key");
    desk.run("pkcs8 -topk8 -v1 PBE-SHA1-3DES -in key.pem -passout file:password -out v1.key");
    desk.run("ecparam -name prime256v1 -genkey -noout -out sec1.key");
    desk.run("pkcs8 -topk8 -nocrypt -in sec1.key -out elliptic.key");
    desk.run("req -x509 -new -key sec1.key -days 30 -subj /CN=nightly -out elliptic.crt");
    desk.run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out short.key");
    desk.run("req -x509 -new -key short.key -days 30 -subj /CN=nightly -out short.crt");
    desk.run("pkcs12 -export -nokeys -in certificate.pem -passout file:password -out no-key.pfx");
    desk.run("x509 -in certificate.pem -outform DER -out certificate.cer");
    std::fs::write(desk.path("cut.pfx"), &{
        desk.run("pkcs12 -export -inkey key.pem -in certificate.pem -passout file:password -out whole.pfx");
        desk.read("whole.pfx")[..900].to_vec()
    })
    .unwrap();
    for (name, files, code) in [
        ("old.pem", vec!["old.key", "certificate.pem"], "encryption"),
        ("v1.pem", vec!["v1.key", "certificate.pem"], "encryption"),
        ("sec1.pem", vec!["sec1.key", "elliptic.crt"], "key-unfit"),
        ("elliptic.pem", vec!["elliptic.key", "elliptic.crt"], "key-unfit"),
        ("short.pem", vec!["short.key", "short.crt"], "key-unfit"),
        ("strangers.pem", vec!["other.pem", "certificate.pem"], "key-mismatch"),
        ("alone.pem", vec!["certificate.pem"], "key-missing"),
        ("alone.cer", vec!["certificate.cer"], "key-missing"),
        ("alone.pfx", vec!["no-key.pfx"], "key-missing"),
        ("alone.key", vec!["key.pem"], "missing"),
        ("half.pfx", vec!["cut.pfx"], "unreadable"),
    ] {
        desk.join(name, &files);
        assert_eq!(desk.open(name, Some(PASSWORD)).unwrap_err(), code, "{name}");
    }
}

/// Connects with `file`, and lists.
fn connects(world: &World, file: &Path, more: &str) {
    let line = format!(
        "connect --tenant-url {{org}} --store file --auth certificate --client-id {} --certificate '{}' {more}",
        DAEMON.client_id,
        file.display()
    );
    world.run(&line).succeeds();
    world.run("accounts list --top 1").succeeds();
}

#[test]
#[ignore = "needs openssl"]
fn what_openssl_wrote_connects_with_the_password_in_a_file() {
    let desk = Desk::with_pair(3072);
    let forms = write_every_form(&desk);
    let world = World::at(Clock::system()).without_terminal();
    assert!(world.sandbox.register_certificate(DAEMON.client_id, &desk.read("certificate.pem")));
    for (name, is_closed) in forms {
        let password = format!("--certificate-password-file '{}'", desk.path("password").display());
        connects(&world, &desk.path(name), if is_closed { &password } else { "" });
        // The password is kept with the secrets.
        world.run("reconnect").succeeds();
    }
    let wrong = format!("reconnect --certificate '{}'", desk.path("legacy.pfx").display());
    let wrong = format!("{wrong} --certificate-password-file '{}'", desk.path("wrong").display());
    let said = world.run(&wrong).fails(2, "auth/certificate-password-wrong");
    assert!(!said.contains(PASSWORD) && !said.contains("something else"), "{said}");
}
