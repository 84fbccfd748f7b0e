//! The token endpoint: judges each kind of grant. How the tokens look is decided elsewhere.

use sha2::{Digest, Sha256};

use super::claims::Claims;
use super::credentials::Presented;
use super::directory::{Entra, check_tenant, sessions_revoked, stands_for_any};
use super::form::Form;
use super::issue::{self, Issue};
use super::jwt;
use super::ledger::{Code, Holder, REFRESH_LIFE, RefreshToken, Vitality, later};
use super::refusal::Refusal;
use super::scopes::{Resource, Scopes};
use super::visit::Visit;
use super::{device, pages};
use crate::sandbox::faults::Fault;
use crate::sandbox::{Incoming, Outgoing, Person, Platform, Registration};

/// `POST /{tenant}/oauth2/v2.0/token`.
pub(super) fn answer(entra: &mut Entra, visit: &Visit, request: &Incoming, form: &Form) -> Outgoing {
    // An assertion is judged by the clock that the `Date` header shows.
    let is_judged = form.first("client_assertion").is_some();
    let visit = &if is_judged { visit.ahead_by(entra.faults.clock_ahead()) } else { visit.clone() };
    if let Some(outage) = outage(entra, visit) {
        return outage;
    }
    let reflected = entra.faults.strikes_as(|fault| match fault {
        Fault::TokenReflects { is_dead } => Some(*is_dead),
        _ => None,
    });
    if let Some(is_dead) = reflected {
        let text = format!("The request was: {}", String::from_utf8_lossy(&request.body));
        let refusal = if is_dead { Refusal::grant(50173, text) } else { Refusal::request(90100, text) };
        return refusal.to_json(visit);
    }
    judge(entra, visit, request, form).unwrap_or_else(|refusal| refusal.to_json(visit))
}

fn outage(entra: &Entra, visit: &Visit) -> Option<Outgoing> {
    let throttled = entra.faults.strikes_as(|fault| match fault {
        Fault::TokenThrottled { retry_after } => Some(*retry_after),
        _ => None,
    });
    if let Some(retry_after) = throttled {
        let refusal = Refusal::new("temporarily_unavailable", 90055, "Too many requests; try again later.");
        let answer = Outgoing { status: 429, ..refusal.to_json(visit) };
        return Some(answer.header("retry-after", retry_after.to_string()));
    }
    if entra.faults.strikes(&Fault::TokenUnavailable) {
        return Some(pages::page(503, "Service unavailable", &pages::paragraph("Try again in a moment.")));
    }
    let to = entra.faults.strikes_as(|fault| match fault {
        Fault::TokenRedirects { to } => Some(to.clone()),
        _ => None,
    })?;
    Some(Outgoing::empty(307).header("location", to))
}

fn judge(entra: &mut Entra, visit: &Visit, request: &Incoming, form: &Form) -> Result<Outgoing, Refusal> {
    check_tenant(&visit.tenant)?;
    let content_type = request.header("content-type").unwrap_or_default();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return Err(Refusal::missing("grant_type"));
    }
    match form.first("grant_type").ok_or_else(|| Refusal::missing("grant_type"))? {
        "authorization_code" => redeem(entra, visit, request, form),
        "refresh_token" => refresh(entra, visit, request, form),
        "client_credentials" => by_itself(entra, visit, request, form),
        device::GRANT => device::poll(entra, visit, request, form),
        other => {
            Err(Refusal::new("unsupported_grant_type", 70003, format!("The grant type '{other}' isn't supported.")))
        }
    }
}

fn redeem(entra: &mut Entra, visit: &Visit, request: &Incoming, form: &Form) -> Result<Outgoing, Refusal> {
    let presented = Presented::read(request, form)?;
    let text = form.first("code").ok_or_else(|| Refusal::missing("code"))?;
    let code = entra.ledger.codes.get(text).cloned();
    let code = code.ok_or_else(|| Refusal::grant(70000, "The code is malformed or was never given out."))?;
    judge_code(&code, &presented, visit, form)?;
    presented.check(Some(code.errand.platform), visit, entra)?;
    judge_verifier(form.first("code_verifier"), &code.errand.challenge)?;
    Claims::read(form)?;
    let resource = code_resource(&code, visit, form)?;
    require_consent(entra, &code.person, &code.client, resource)?;
    if let Some(code) = entra.ledger.codes.get_mut(text) {
        code.is_spent = true;
    }
    let refresh_token = code
        .scopes
        .offline_access
        .then(|| give_refresh(entra, visit, &code.client, &code.person, Some(code.errand.platform), None));
    let issue = Issue {
        holder: Holder::Person(code.person),
        client: code.client,
        resource,
        openid: code.scopes.openid,
        nonce: code.errand.nonce,
        client_info: code.errand.client_info || form.first("client_info") == Some("1"),
        refresh_token: refresh_token.flatten(),
        // What a user had to do was done at the sign-in, or not at all.
        claims: code.errand.claims,
    };
    Ok(issue::tokens(entra, visit, issue))
}

fn judge_code(code: &Code, presented: &Presented, visit: &Visit, form: &Form) -> Result<(), Refusal> {
    if code.client.client_id != presented.client.client_id {
        return Err(Refusal::grant(70000, "The code was given to another app."));
    }
    if code.is_spent {
        return Err(Refusal::grant(54005, "The code has been redeemed before; begin a new sign-in."));
    }
    if code.expires <= visit.now {
        return Err(Refusal::grant(70008, "The code has expired; it lives for ten minutes."));
    }
    if code.errand.tenant != visit.tenant.to_ascii_lowercase() {
        return Err(Refusal::grant(700_005, "The code was given out under another tenant's address."));
    }
    let redirect_uri = form.first("redirect_uri").ok_or_else(|| Refusal::missing("redirect_uri"))?;
    if redirect_uri != code.errand.redirect_uri {
        let text = format!(
            "The redirect URI '{redirect_uri}' isn't the one the code was asked for with, '{}'.",
            code.errand.redirect_uri
        );
        return Err(Refusal::grant(500_112, text));
    }
    Ok(())
}

/// RFC 7636 §4.6.
fn judge_verifier(verifier: Option<&str>, challenge: &str) -> Result<(), Refusal> {
    let verifier = verifier.ok_or_else(|| Refusal::missing("code_verifier"))?;
    if !(43..=128).contains(&verifier.len()) {
        return Err(Refusal::grant(501_491, "The code verifier must have 43 to 128 characters."));
    }
    if jwt::base64url(Sha256::digest(verifier)) == challenge {
        Ok(())
    } else {
        Err(Refusal::grant(501_481, "The code verifier doesn't match the code challenge of the sign-in."))
    }
}

fn code_resource(code: &Code, visit: &Visit, form: &Form) -> Result<Resource, Refusal> {
    let asked = Scopes::read(form.first("scope").unwrap_or_default(), &visit.origin)?;
    match (asked.only_resource()?, code.scopes.resources.as_slice()) {
        (Some(resource), _) => Ok(resource),
        (None, [only]) => Ok(*only),
        // A sign-in for OpenID scopes alone is one for Graph.
        (None, []) => Ok(Resource::Graph),
        (None, _) => {
            let text = "The scope is empty, and the sign-in named several resources; say which one the token is for.";
            Err(Refusal::request(28003, text))
        }
    }
}

fn refresh(entra: &mut Entra, visit: &Visit, request: &Incoming, form: &Form) -> Result<Outgoing, Refusal> {
    let presented = Presented::read(request, form)?;
    let text = form.first("refresh_token").ok_or_else(|| Refusal::missing("refresh_token"))?;
    let unknown =
        || Refusal::grant(70000, "The refresh token is malformed or was never given out.").because("bad_token");
    let mangled = || Refusal::request(9_002_313, "Invalid request. Request is malformed or invalid.");
    let missing = || if text.starts_with("1.A") { unknown() } else { mangled() };
    let token = entra.ledger.refresh_tokens.get(text).cloned().ok_or_else(missing)?;
    if token.client.client_id != presented.client.client_id {
        return Err(Refusal::grant(70000, "The refresh token was given to another app.").because("client_mismatch"));
    }
    presented.check(token.platform, visit, entra)?;
    suffer(entra, &token);
    let asked = Scopes::read(form.first("scope").unwrap_or_default(), &visit.origin)?;
    let resource = asked.only_resource()?.unwrap_or(Resource::Dataverse);
    check_vitality(entra, visit, text)?;
    let claims = Claims::read(form)?;
    if claims.has_demand() && entra.faults.strikes(&Fault::StepUpNeeded) {
        let text = "A policy changed, and a second factor is needed now; only the user can give it.";
        return Err(Refusal::new("interaction_required", 50076, text).because("basic_action"));
    }
    require_consent(entra, &token.person, &token.client, resource)?;
    let next = give_refresh(entra, visit, &token.client, &token.person, token.platform, Some(&token.family));
    if let Some(old) = entra.ledger.refresh_tokens.get_mut(text) {
        old.used = visit.now;
        if next.is_some() {
            old.vitality = Vitality::Spent;
        }
    }
    let issue = Issue {
        holder: Holder::Person(token.person),
        client: token.client,
        resource,
        openid: asked.openid,
        nonce: None,
        client_info: form.first("client_info") == Some("1"),
        refresh_token: next,
        claims,
    };
    Ok(issue::tokens(entra, visit, issue))
}

/// Lets the misfortunes of refresh tokens strike.
fn suffer(entra: &mut Entra, token: &RefreshToken) {
    if entra.faults.strikes(&Fault::RefreshTokenExpired) {
        entra.ledger.kill(&expired(token), |other| other.family == token.family);
    }
    if entra.faults.strikes(&Fault::SessionsRevoked) {
        entra.ledger.kill(&sessions_revoked(), |other| other.person.object_id == token.person.object_id);
    }
    if entra.faults.strikes(&Fault::ConsentRemoved) {
        entra.ledger.withdraw(&token.person, &token.client);
    }
}

fn check_vitality(entra: &mut Entra, visit: &Visit, text: &str) -> Result<(), Refusal> {
    let is_reuse = |fault: &Fault| (*fault == Fault::ReuseDetection).then_some(());
    let detects_reuse = entra.faults.stands(is_reuse).is_some();
    let Some(token) = entra.ledger.refresh_tokens.get(text).cloned() else { return Ok(()) };
    match &token.vitality {
        Vitality::Dead(refusal) => Err(refusal.clone()),
        Vitality::Spent if detects_reuse => {
            entra.ledger.kill(&sessions_revoked(), |other| other.family == token.family);
            Err(sessions_revoked())
        }
        Vitality::Live | Vitality::Spent if later(token.used, REFRESH_LIFE) <= visit.now => Err(expired(&token)),
        Vitality::Live | Vitality::Spent => Ok(()),
    }
}

/// AADSTS700082.
fn expired(token: &RefreshToken) -> Refusal {
    let text = format!("The refresh token, made at {}, was unused for too long.", token.issued);
    Refusal::grant(700_082, text).because("bad_token")
}

fn by_itself(entra: &mut Entra, visit: &Visit, request: &Incoming, form: &Form) -> Result<Outgoing, Refusal> {
    if stands_for_any(&visit.tenant) {
        let text = format!("An app by itself can't sign in under '{}'; name the tenant.", visit.tenant);
        return Err(Refusal::request(9_001_023, text));
    }
    let presented = Presented::read(request, form)?;
    presented.prove(visit, entra)?;
    let scope = form.first("scope").ok_or_else(|| Refusal::missing("scope"))?;
    let scopes = Scopes::read(scope, &visit.origin)?;
    let Some(resource) = scopes.only_resource()?.filter(|_| scopes.has_default) else {
        let text = format!("The scope '{scope}' isn't one resource followed by '/.default'.");
        return Err(Refusal::new("invalid_scope", 70011, text));
    };
    let issue = Issue {
        holder: Holder::App(presented.client),
        client: presented.client,
        resource,
        openid: false,
        nonce: None,
        client_info: false,
        refresh_token: None,
        claims: Claims::read(form)?,
    };
    Ok(issue::tokens(entra, visit, issue))
}

/// AADSTS65001 when `person` hasn't let `client` use `resource`.
pub(super) fn require_consent(
    entra: &Entra,
    person: &Person,
    client: &Registration,
    resource: Resource,
) -> Result<(), Refusal> {
    if entra.ledger.has_consent(person, client, resource) {
        return Ok(());
    }
    let text = format!("Neither the user nor an administrator has let the app '{}' in.", client.client_id);
    Err(Refusal::grant(65001, text).because("consent_required"))
}

/// A new refresh token, in `family` or as the first of a new one; `None` when that goes wrong to order.
pub(super) fn give_refresh(
    entra: &mut Entra,
    visit: &Visit,
    client: &Registration,
    person: &Person,
    platform: Option<Platform>,
    family: Option<&str>,
) -> Option<String> {
    if entra.faults.strikes(&Fault::NoRefreshToken) {
        return None;
    }
    let token = RefreshToken {
        client: *client,
        person: *person,
        platform,
        family: family.map_or_else(jwt::ticket, str::to_owned),
        issued: visit.now,
        used: visit.now,
        vitality: Vitality::Live,
    };
    Some(entra.ledger.remember_refresh(token, visit.now))
}

#[cfg(test)]
mod tests;
