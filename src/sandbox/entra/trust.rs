//! What the directory knows of assertions: certificates that are registered with apps, federated credentials, and whether
//! a signature is theirs. Who may ask for what is judged elsewhere.

use std::sync::OnceLock;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::jwt;
use super::refusal::Refusal;
use super::visit::Visit;
use crate::sandbox::{Provider, Registration};

/// Seconds by which the clocks of both sides may differ.
const SKEW: i64 = 300;
/// `aud` of a federated assertion.
pub(super) const EXCHANGE: &str = "api://AzureADTokenExchange";

/// Certificates of apps.
#[derive(Debug, Default)]
pub(super) struct Trust {
    certificates: Vec<Registered>,
}

/// One of them: what Entra keeps of a certificate that was uploaded.
#[derive(Debug)]
struct Registered {
    client_id: String,
    thumbprint: [String; 2],
    public_key: Vec<u8>,
}

impl Trust {
    /// Takes the first certificate in `file`, PEM or DER, as one of the app `client_id`; `false` where there is none.
    pub(super) fn register(&mut self, client_id: &str, file: &[u8]) -> bool {
        let Some(der) = certificate_in(file) else { return false };
        let Ok((_, read)) = x509_parser::parse_x509_certificate(&der) else { return false };
        self.certificates.push(Registered {
            client_id: client_id.to_owned(),
            thumbprint: [
                jwt::base64url(digest(&SHA256, &der)),
                jwt::base64url(digest(&SHA1_FOR_LEGACY_USE_ONLY, &der)),
            ],
            public_key: read.public_key().subject_public_key.data.to_vec(),
        });
        true
    }

    /// Whether `assertion` proves that `client` asks: signed with the key of a certificate of its own, or by a provider that
    /// one of its federated credentials names.
    ///
    /// # Errors
    /// AADSTS50027 when it is no assertion or for another endpoint, 700024 outside of its time; 700027 and 50048 for a
    /// certificate; 700211, 700213 and 700212 for issuer, subject and audience of a provider's, 50013 for its signature.
    pub(super) fn judge(&self, client: &Registration, assertion: &str, visit: &Visit) -> Result<(), Refusal> {
        let read = || Some((jwt::header_of(assertion)?, jwt::payload_of(assertion)?));
        let (header, payload) =
            read().ok_or_else(|| Refusal::client(50027, "The client assertion isn't a token with three parts."))?;
        judge_time(&payload, visit)?;
        if header.get("x5t#S256").or_else(|| header.get("x5t")).is_some() {
            self.judge_certificate(client, assertion, &header, &payload, visit)
        } else {
            judge_provider(client, assertion, &payload, visit)
        }
    }

    fn judge_certificate(
        &self,
        client: &Registration,
        assertion: &str,
        header: &Value,
        payload: &Value,
        visit: &Visit,
    ) -> Result<(), Refusal> {
        let expected = format!("{}/{}/oauth2/v2.0/token", visit.origin, visit.tenant);
        if text(payload, "aud") != expected {
            return Err(Refusal::client(50027, format!("The audience of the client assertion isn't '{expected}'.")));
        }
        if text(payload, "iss") != text(payload, "sub") {
            return Err(Refusal::client(50048, "The subject of the client assertion doesn't match its issuer."));
        }
        let (algorithm, named, place) = match (text(header, "alg"), header.get("x5t#S256").and_then(Value::as_str)) {
            ("PS256", Some(thumbprint)) => (&RSA_PSS_2048_8192_SHA256, thumbprint, 0),
            ("RS256", _) => (&RSA_PKCS1_2048_8192_SHA256, text(header, "x5t"), 1),
            _ => return Err(Refusal::client(50027, "The algorithm of the client assertion isn't PS256 or RS256.")),
        };
        let is_its = |known: &&Registered| known.client_id == client.client_id && known.thumbprint[place] == named;
        let refuse = |reason: &str| {
            let text = format!(
                "The certificate behind the client assertion isn't registered for this app. [Reason - {reason}]"
            );
            Refusal::client(700_027, text)
        };
        if text(payload, "iss") != client.client_id {
            return Err(refuse("The issuer is another app."));
        }
        let known = self.certificates.iter().find(is_its).ok_or_else(|| refuse("The key was not found."))?;
        let key = UnparsedPublicKey::new(algorithm, &known.public_key);
        match signed_parts(assertion) {
            Some((signed, signature)) if key.verify(signed, &signature).is_ok() => Ok(()),
            _ => Err(refuse("The key was found, but the signature isn't its.")),
        }
    }
}

/// Times of an assertion of either kind.
fn judge_time(payload: &Value, visit: &Visit) -> Result<(), Refusal> {
    let number = |claim: &str| payload.get(claim).and_then(Value::as_i64);
    let now = visit.now.as_second();
    let is_over = number("exp").is_none_or(|exp| exp + SKEW < now);
    let is_early = number("nbf").is_some_and(|nbf| nbf - SKEW > now);
    if is_over || is_early {
        let text = format!("The client assertion isn't within its valid time range; it is {} here.", visit.stamp());
        return Err(Refusal::client(700_024, text));
    }
    Ok(())
}

/// The federated credentials are those of [`Provider`], for every app that has a secret: such apps sign in by themselves.
fn judge_provider(client: &Registration, assertion: &str, payload: &Value, visit: &Visit) -> Result<(), Refusal> {
    let known = Provider::ALL.into_iter().filter(|_| client.secret.is_some());
    let issued_by = |provider: &Provider| provider.issuer(&visit.origin) == text(payload, "iss");
    let refuse = |number, what: &str, value: &str| {
        Refusal::client(
            number,
            format!("No federated identity record matches the presented assertion's {what} '{value}'."),
        )
    };
    let provider = known.into_iter().find(issued_by).ok_or_else(|| refuse(700_211, "issuer", text(payload, "iss")))?;
    if text(payload, "sub") != provider.subject() {
        return Err(refuse(700_213, "subject", text(payload, "sub")));
    }
    if text(payload, "aud") != EXCHANGE {
        return Err(refuse(700_212, "audience", text(payload, "aud")));
    }
    let is_signed = issuer_key().is_some_and(|key| {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref());
        signed_parts(assertion).is_some_and(|(signed, signature)| key.verify(signed, &signature).is_ok())
    });
    if is_signed {
        Ok(())
    } else {
        Err(Refusal::client(50013, "The assertion failed the validation of its signature."))
    }
}

/// `payload` as the providers of the sandbox sign it: RS256.
pub(in crate::sandbox) fn signed_by_provider(payload: &Value) -> Option<String> {
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": "sandbox-provider-1"});
    let signed = format!("{}.{}", jwt::base64url(header.to_string()), jwt::base64url(payload.to_string()));
    let key = issuer_key()?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
    Some(format!("{signed}.{}", jwt::base64url(signature)))
}

/// The key of every provider of the sandbox, made when it is first needed.
fn issuer_key() -> Option<&'static KeyPair> {
    static KEY: OnceLock<Option<KeyPair>> = OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).ok()).as_ref()
}

fn signed_parts(assertion: &str) -> Option<(&[u8], Vec<u8>)> {
    let (signed, signature) = assertion.rsplit_once('.')?;
    Some((signed.as_bytes(), jwt::from_base64url(signature)?))
}

fn text<'a>(value: &'a Value, claim: &str) -> &'a str {
    value.get(claim).and_then(Value::as_str).unwrap_or_default()
}

fn certificate_in(file: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(file);
    let Some((_, rest)) = text.split_once("-----BEGIN CERTIFICATE-----") else { return Some(file.to_vec()) };
    let (body, _) = rest.split_once("-----END")?;
    STANDARD.decode(body.split_whitespace().collect::<String>()).ok()
}
