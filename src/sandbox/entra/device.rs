//! The device code grant (RFC 8628): a code for the device, a page where the user types the shorter one, and the polls in
//! between.

use serde_json::json;
use std::time::Duration;

use super::authorize::open;
use super::claims::Claims;
use super::credentials::Presented;
use super::directory::{Entra, check_tenant, registration};
use super::form::Form;
use super::issue::{self, Issue};
use super::jwt;
use super::ledger::{DEVICE_CODE_LIFE, Device, DeviceState, Errand, Holder, later};
use super::pages;
use super::refusal::Refusal;
use super::scopes::{Resource, Scopes};
use super::token::{give_refresh, require_consent};
use super::visit::Visit;
use crate::sandbox::faults::{Fault, Faults};
use crate::sandbox::{Incoming, Outgoing};

/// The `grant_type` of a poll.
pub(super) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Seconds between two polls.
const INTERVAL: u64 = 5;
/// Letters that nobody confuses, as Entra's codes have.
const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// `POST /{tenant}/oauth2/v2.0/devicecode`.
pub(super) fn begin(entra: &mut Entra, visit: &Visit, form: &Form) -> Outgoing {
    let judged = check_tenant(&visit.tenant).and_then(|()| registration(form.first("client_id"))).and_then(|client| {
        let scopes = Scopes::read(form.first("scope").ok_or_else(|| Refusal::missing("scope"))?, &visit.origin)?;
        scopes.only_resource()?;
        Ok((client, scopes))
    });
    let (client, scopes) = match judged {
        Ok(judged) => judged,
        Err(refusal) => return refusal.to_json(visit),
    };
    let device_code = entra.ledger.marked(jwt::opaque(12));
    let user_code = user_code();
    let address = format!("{}/devicelogin", visit.origin);
    let body = json!({
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": address,
        "expires_in": DEVICE_CODE_LIFE.as_secs(),
        "interval": INTERVAL,
        "message": format!("To sign in, open {address} in a web browser and type the code {user_code}."),
    });
    let expires = later(visit.now, DEVICE_CODE_LIFE);
    let device = Device { client, user_code, scopes, state: DeviceState::Pending, polled: None, expires };
    entra.ledger.devices.retain(|_, old| later(old.expires, DEVICE_CODE_LIFE) > visit.now);
    entra.ledger.devices.insert(device_code, device);
    Outgoing::with_body(200, "application/json; charset=utf-8", body.to_string()).header("cache-control", "no-store")
}

/// `/devicelogin`: the page for the code, and the step after it.
pub(super) fn page(entra: &mut Entra, visit: &Visit, request: &Incoming, form: &Form) -> Outgoing {
    let typed = form.first("user_code").unwrap_or_default().trim().to_ascii_uppercase();
    if request.method != "POST" {
        return pages::device("", None);
    }
    let waiting = entra.ledger.devices.iter().find(|(_, device)| {
        device.user_code == typed && device.expires > visit.now && matches!(device.state, DeviceState::Pending)
    });
    let Some((device_code, device)) = waiting else {
        return pages::device(&typed, Some("That code didn't work. Check it, or start again on the device."));
    };
    let (client, scopes) = (device.client, device.scopes.clone());
    let errand = Errand::Device { device_code: device_code.clone() };
    open(entra, visit, &Form::default(), client, scopes, false, errand)
}

/// A poll at the token endpoint.
///
/// # Errors
/// `authorization_pending` (AADSTS70016), `slow_down`, `authorization_declined`, `expired_token` (70020),
/// `bad_verification_code` (70018), and those of the app's credentials.
pub(super) fn poll(entra: &mut Entra, visit: &Visit, request: &Incoming, form: &Form) -> Result<Outgoing, Refusal> {
    let presented = Presented::read(request, form)?;
    presented.check(None, visit, entra)?;
    let text = form.first("device_code").ok_or_else(|| Refusal::missing("device_code"))?;
    let unknown = || Refusal::new("bad_verification_code", 70018, "The device code isn't known.");
    let device = entra.ledger.devices.get_mut(text).ok_or_else(unknown)?;
    if device.client.client_id != presented.client.client_id {
        return Err(unknown());
    }
    if device.expires <= visit.now {
        return Err(Refusal::new("expired_token", 70020, "The device code has expired."));
    }
    ill_fated(&entra.faults)?;
    let is_hasty = device.polled.is_some_and(|polled| later(polled, Duration::from_secs(INTERVAL)) > visit.now);
    device.polled = Some(visit.now);
    let person = match device.state {
        DeviceState::Pending if is_hasty => return Err(Refusal::new("slow_down", 70016, "Poll less often.")),
        DeviceState::Pending => {
            return Err(Refusal::new("authorization_pending", 70016, "Nobody has typed the code yet; keep polling."));
        }
        DeviceState::Declined => {
            return Err(Refusal::new("authorization_declined", 65004, "The user didn't let the device in."));
        }
        DeviceState::Approved(person) => person,
    };
    let (client, scopes) = (device.client, device.scopes.clone());
    let resource = scopes.only_resource()?.unwrap_or(Resource::Graph);
    require_consent(entra, &person, &client, resource)?;
    entra.ledger.devices.remove(text);
    let refresh_token =
        if scopes.offline_access { give_refresh(entra, visit, &client, &person, None, None) } else { None };
    let issue = Issue {
        holder: Holder::Person(person),
        client,
        resource,
        openid: scopes.openid,
        nonce: None,
        client_info: form.first("client_info") == Some("1"),
        refresh_token,
        claims: Claims::read(form)?,
    };
    Ok(issue::tokens(entra, visit, issue))
}

/// What was ordered to go wrong with a poll.
fn ill_fated(faults: &Faults) -> Result<(), Refusal> {
    if faults.strikes(&Fault::DevicePending) {
        return Err(Refusal::new("authorization_pending", 70016, "Nobody has typed the code yet; keep polling."));
    }
    if faults.strikes(&Fault::DeviceTooFast) {
        return Err(Refusal::new("slow_down", 70016, "Poll less often."));
    }
    let number = faults.strikes_as(|fault| match fault {
        Fault::DeviceForbidden { number } => Some(*number),
        _ => None,
    });
    number
        .map_or(Ok(()), |number| Err(Refusal::grant(number, "Access has been blocked by Conditional Access policies.")))
}

fn user_code() -> String {
    let bytes = uuid::Uuid::new_v4().into_bytes();
    // Bytes 6 and 8 of such an id hold its version and variant; the rest is random.
    let random = bytes.iter().enumerate().filter(|(place, _)| *place != 6 && *place != 8).map(|(_, byte)| *byte);
    random
        .take(9)
        .filter_map(|byte| LETTERS.get(usize::from(byte) % LETTERS.len()))
        .map(|letter| char::from(*letter))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Bench, ONE, ORIGIN, json, text, ticket, title, verdict};
    use super::*;
    use crate::sandbox::{MANAGED_APP, OWN_WEB_APP};

    fn start(bench: &mut Bench, client_id: &str) -> serde_json::Value {
        let body = format!("client_id={client_id}&scope={}", ONE.replace('@', ORIGIN));
        json(&bench.post("/~/oauth2/v2.0/devicecode", &body))
    }

    fn ask(bench: &mut Bench, client_id: &str, started: &serde_json::Value) -> Outgoing {
        let device_code = started["device_code"].as_str().unwrap_or("unknown");
        let body = format!("grant_type={GRANT}&client_id={client_id}&device_code={device_code}");
        bench.post("/~/oauth2/v2.0/token", &body)
    }

    #[test]
    fn a_device_waits_until_the_user_has_signed_in() {
        let mut bench = Bench::new();
        let id = MANAGED_APP.client_id;
        let started = start(&mut bench, id);
        assert_eq!((started["interval"].as_u64(), started["expires_in"].as_u64()), (Some(5), Some(900)));
        assert_eq!(started["verification_uri"], format!("{ORIGIN}/devicelogin"));
        assert_eq!(json(&ask(&mut bench, id, &started))["error"], "authorization_pending");
        assert_eq!(json(&ask(&mut bench, id, &started))["error"], "slow_down");
        bench.pass(5);
        assert_eq!(verdict(&ask(&mut bench, id, &started)).1, "authorization_pending");

        assert_eq!(title(&bench.get("/devicelogin", "")), "Enter code");
        assert!(text(&bench.post("/devicelogin", "user_code=nonsense")).contains("role=\"alert\""));
        let code = started["user_code"].as_str().unwrap().to_lowercase();
        let page = bench.post("/devicelogin", &format!("user_code=+{code}"));
        assert_eq!(title(&bench.go_on(&page)), "You are signed in");
        let answer = json(&ask(&mut bench, id, &started));
        assert!(answer["refresh_token"].is_string() && answer["id_token"].is_string());
        assert_eq!(bench.refresh(&MANAGED_APP, &answer["refresh_token"], &[]).status, 200);
        assert_eq!(verdict(&ask(&mut bench, id, &started)).2, 70018);
    }

    #[test]
    fn declined_expired_and_confidential_ends() {
        let mut bench = Bench::new();
        let id = MANAGED_APP.client_id;
        let started = start(&mut bench, id);
        let page = bench.post("/devicelogin", &format!("user_code={}", started["user_code"].as_str().unwrap()));
        bench.post("/~/login", &format!("ticket={}&decision=cancel", ticket(&page)));
        assert_eq!(verdict(&ask(&mut bench, id, &started)).1, "authorization_declined");

        let started = start(&mut bench, id);
        bench.pass(900);
        assert_eq!(verdict(&ask(&mut bench, id, &started)).1, "expired_token");

        let started = start(&mut bench, OWN_WEB_APP.client_id);
        assert_eq!(verdict(&ask(&mut bench, OWN_WEB_APP.client_id, &started)).2, 7_000_218);
    }
}
