//! Whether an app proves who it is, by the rules of the platform its redirect URI is registered under. What an assertion
//! is worth is judged elsewhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::directory::{Entra, registration};
use super::form::Form;
use super::refusal::Refusal;
use super::visit::Visit;
use crate::sandbox::faults::Fault;
use crate::sandbox::{Incoming, Platform, Registration};

/// What came with a token request to say which app it is.
#[derive(Debug, Clone)]
pub(super) struct Presented {
    /// The app named.
    pub client: Registration,
    secret: Option<String>,
    assertion: Option<String>,
    has_origin: bool,
}

impl Presented {
    /// Reads the body and the `Authorization: Basic` header (RFC 6749 §2.3.1).
    ///
    /// # Errors
    /// AADSTS900144 and 700016 for the app, 90023 when header and body disagree.
    pub(super) fn read(request: &Incoming, form: &Form) -> Result<Self, Refusal> {
        let basic = request.header("authorization").and_then(read_basic);
        let (named, secret) = match &basic {
            Some(basic) => (basic.first("id"), basic.first("secret")),
            None => (None, None),
        };
        let in_body = form.first("client_id");
        if named.is_some() && in_body.is_some() && named != in_body {
            return Err(Refusal::request(90023, "The Authorization header and the body name different apps."));
        }
        Ok(Self {
            client: registration(named.or(in_body))?,
            secret: secret.or_else(|| form.first("client_secret")).map(str::to_owned),
            assertion: form.first("client_assertion").map(str::to_owned),
            has_origin: request.header("origin").is_some(),
        })
    }

    /// Judges it for a grant that began at a redirect URI of `platform`; `None` for a device code.
    ///
    /// # Errors
    /// AADSTS7000218 without a credential where one is due, 700025 with one where none may be, 9002327 for the
    /// single-page platform, 9002326 for an `Origin` header elsewhere, and those of [`Presented::prove`].
    pub(super) fn check(&self, platform: Option<Platform>, visit: &Visit, entra: &Entra) -> Result<(), Refusal> {
        if platform == Some(Platform::SinglePage) {
            if self.has_origin {
                return Ok(());
            }
            let text = "Codes for a single-page application are redeemed by cross-origin requests only.";
            return Err(Refusal::request(9_002_327, text));
        }
        if self.has_origin {
            let text = "Cross-origin redemption is for single-page applications only.";
            return Err(Refusal::request(9_002_326, text));
        }
        let is_desktop = |(_, platform): &(&str, Platform)| *platform == Platform::Desktop;
        let is_public = match platform {
            Some(platform) => platform == Platform::Desktop,
            None => self.client.redirect_uris.iter().any(is_desktop),
        };
        match (is_public, self.has_credential()) {
            (true, false) => Ok(()),
            (true, true) => {
                let text = format!("'{}' is a public app; it may present no credential.", self.client.client_id);
                Err(Refusal::client(700_025, text))
            }
            (false, _) => self.prove(visit, entra),
        }
    }

    /// Judges the credential of an app that must have one.
    ///
    /// # Errors
    /// AADSTS7000218 without one, 7000215 for a wrong secret, 7000222 for an expired one; those of
    /// [`Trust::judge`](super::trust::Trust::judge) for an assertion.
    pub(super) fn prove(&self, visit: &Visit, entra: &Entra) -> Result<(), Refusal> {
        if let Some(secret) = &self.secret {
            if entra.faults.strikes(&Fault::SecretExpired) {
                let text = format!("The secrets of the app '{}' have expired; make a new one.", self.client.client_id);
                return Err(Refusal::client(7_000_222, text));
            }
            if self.client.secret == Some(secret.as_str()) {
                return Ok(());
            }
            let text = format!(
                "The secret sent for the app '{}' is wrong. Send the value of the secret, not its id.",
                self.client.client_id
            );
            return Err(Refusal::client(7_000_215, text));
        }
        if let Some(assertion) = &self.assertion {
            return entra.trust.judge(&self.client, assertion, visit);
        }
        let text = "The request must hold 'client_assertion' or 'client_secret'.";
        Err(Refusal::client(7_000_218, text))
    }

    fn has_credential(&self) -> bool {
        self.secret.is_some() || self.assertion.is_some()
    }
}

fn read_basic(header: &str) -> Option<Form> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    // Both halves are form-encoded before they are joined (RFC 6749 §2.3.1).
    Some(Form::parse(format!("id={id}&secret={secret}").as_bytes()))
}
