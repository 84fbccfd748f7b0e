//! The steps between the sign-in page and its end: password, consent, and the answer to whoever sent the user. Tokens
//! are made elsewhere.

use uuid::Uuid;

use super::authorize::deliver;
use super::directory::Entra;
use super::form::Form;
use super::jwt;
use super::ledger::{CODE_LIFE, Code, DeviceState, Errand, Mode, SignIn, later};
use super::pages;
use super::refusal::Refusal;
use super::scopes::Resource;
use super::visit::Visit;
use crate::sandbox::faults::Fault;
use crate::sandbox::{Outgoing, PEOPLE, Person, TENANT_ID};

/// `POST /{tenant}/login`: a user name and a password.
pub(super) fn password(entra: &mut Entra, visit: &Visit, form: &Form) -> Outgoing {
    let Some((ticket, sign_in)) = resume(entra, visit, form) else { return stale() };
    if form.first("decision") == Some("cancel") {
        return cancel(entra, visit, &ticket, sign_in);
    }
    let user_name = form.first("user_name").unwrap_or_default().trim();
    let person = match check_password(user_name, form.first("password").unwrap_or_default()) {
        Ok(person) => person,
        Err(refusal) => return pages::sign_in(&ticket, &sign_in, user_name, Some(&refusal)),
    };
    if entra.faults.strikes(&Fault::BlockedByPolicy) {
        let text = "A conditional access policy of your organisation doesn't allow this sign-in.";
        return Refusal::new("access_denied", 53003, text).to_page(visit, "You cannot access this right now");
    }
    if entra.faults.strikes(&Fault::AdminApprovalNeeded) {
        let text = format!("An administrator has to allow the app '{}' before you can use it.", sign_in.client.name);
        return Refusal::new("consent_required", 90094, text).to_page(visit, "Need admin approval");
    }
    let for_everybody = matches!(sign_in.errand, Errand::AdminConsent { .. });
    let mut resources = sign_in.scopes.resources.iter();
    let is_missing = resources.any(|resource| !entra.ledger.has_consent(&person, &sign_in.client, *resource));
    if sign_in.always_ask || is_missing {
        let page = pages::consent(&ticket, &sign_in, &person, for_everybody);
        entra.ledger.sign_ins.insert(ticket, SignIn { person: Some(person), ..sign_in });
        return page;
    }
    finish(entra, visit, &ticket, sign_in, person)
}

/// `POST /{tenant}/consent`: Accept or Cancel.
pub(super) fn consent(entra: &mut Entra, visit: &Visit, form: &Form) -> Outgoing {
    let Some((ticket, sign_in)) = resume(entra, visit, form) else { return stale() };
    let Some(person) = sign_in.person else { return stale() };
    if form.first("decision") != Some("accept") {
        return cancel(entra, visit, &ticket, sign_in);
    }
    let resources = &sign_in.scopes.resources;
    if matches!(sign_in.errand, Errand::AdminConsent { .. }) {
        entra.ledger.consent_for_everybody(&sign_in.client, resources);
    } else {
        entra.ledger.consent(&person, &sign_in.client, resources);
    }
    finish(entra, visit, &ticket, sign_in, person)
}

fn resume(entra: &Entra, visit: &Visit, form: &Form) -> Option<(String, SignIn)> {
    let ticket = form.first("ticket")?;
    let sign_in = entra.ledger.sign_ins.get(ticket).filter(|sign_in| sign_in.expires > visit.now)?;
    Some((ticket.to_owned(), sign_in.clone()))
}

fn stale() -> Outgoing {
    let text = "It was finished before, or it has waited for more than ten minutes. Begin again from the app.";
    pages::page(400, "This sign-in is over", &pages::paragraph(text))
}

fn check_password(user_name: &str, password: &str) -> Result<Person, Refusal> {
    let known = PEOPLE.iter().find(|person| person.user_name.eq_ignore_ascii_case(user_name));
    let person = known.ok_or_else(|| Refusal::grant(50034, "There is no user of that name in this tenant."))?;
    if person.password == password {
        Ok(*person)
    } else {
        Err(Refusal::grant(50126, "The user name or the password is wrong."))
    }
}

fn finish(entra: &mut Entra, visit: &Visit, ticket: &str, sign_in: SignIn, person: Person) -> Outgoing {
    entra.ledger.sign_ins.remove(ticket);
    match sign_in.errand {
        Errand::Code(errand) => {
            let (redirect_uri, mode, state) = (errand.redirect_uri.clone(), errand.mode, errand.state.clone());
            let client_info = errand.client_info.then(|| ("client_info", client_info(&person)));
            let expires = later(visit.now, CODE_LIFE);
            let code =
                Code { client: sign_in.client, person, scopes: sign_in.scopes, errand, expires, is_spent: false };
            let mut parameters = vec![("code", entra.ledger.remember_code(code, visit.now))];
            parameters.extend(client_info);
            parameters.push(("session_state", Uuid::new_v4().to_string()));
            deliver(&redirect_uri, mode, state, parameters)
        }
        Errand::Device { device_code } => {
            settle_device(entra, &device_code, DeviceState::Approved(person));
            pages::page(
                200,
                "You are signed in",
                &pages::paragraph("Go back to your device; you can close this window."),
            )
        }
        Errand::AdminConsent { redirect_uri, state } => {
            let parameters = vec![
                ("admin_consent", "True".to_owned()),
                ("tenant", TENANT_ID.to_owned()),
                ("scope", granted(&sign_in.scopes.resources, &visit.origin)),
            ];
            deliver(&redirect_uri, Mode::Query, state, parameters)
        }
    }
}

fn cancel(entra: &mut Entra, visit: &Visit, ticket: &str, sign_in: SignIn) -> Outgoing {
    entra.ledger.sign_ins.remove(ticket);
    let refusal = Refusal::cancelled();
    match sign_in.errand {
        Errand::Code(errand) => deliver(&errand.redirect_uri, errand.mode, errand.state, refusal.to_parameters(visit)),
        Errand::Device { device_code } => {
            settle_device(entra, &device_code, DeviceState::Declined);
            pages::page(200, "You declined", &pages::paragraph("The device wasn't let in; you can close this window."))
        }
        Errand::AdminConsent { redirect_uri, state } => {
            let refusal = Refusal { error: "consent_required", ..refusal };
            let mut parameters = vec![("admin_consent", "True".to_owned())];
            parameters.extend(refusal.to_parameters(visit));
            deliver(&redirect_uri, Mode::Query, state, parameters)
        }
    }
}

fn settle_device(entra: &mut Entra, device_code: &str, state: DeviceState) {
    if let Some(device) = entra.ledger.devices.get_mut(device_code) {
        device.state = state;
    }
}

fn granted(resources: &[Resource], origin: &str) -> String {
    resources.iter().map(|resource| resource.granted(origin)).collect::<Vec<_>>().join(" ")
}

/// `client_info`: who the user is at home, `uid` and `utid` in base64url JSON.
pub(super) fn client_info(person: &Person) -> String {
    jwt::base64url(format!(r#"{{"uid":"{}","utid":"{TENANT_ID}"}}"#, person.object_id))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BOTH, Bench, Changes, ONE, location, text, ticket, title};
    use super::*;
    use crate::sandbox::{INES, MANAGED_APP, OWN_WEB_APP};

    fn log_in(bench: &mut Bench, page: &Outgoing, more: &str) -> Outgoing {
        let ticket = ticket(page);
        bench.post("/~/login", &format!("ticket={ticket}&{more}"))
    }

    fn ines() -> String {
        format!("user_name={}&password={}", INES.user_name, INES.password)
    }

    #[test]
    fn a_wrong_name_or_password_shows_the_page_again() {
        let mut bench = Bench::new();
        let page = bench.authorize(&MANAGED_APP, ONE, &[]);
        for (typed, number) in [
            ("user_name=nobody@northlight.example&password=sandbox", 50034),
            ("user_name=INES.moreau@northlight.example&password=Sandbox", 50126),
            ("password=sandbox", 50034),
            ("", 50034),
        ] {
            let again = log_in(&mut bench, &page, typed);
            assert_eq!((again.status, title(&again)), (200, "Sign in"), "{typed}");
            assert!(text(&again).contains(&format!("AADSTS{number}")), "{typed}");
        }
        assert_eq!(log_in(&mut bench, &page, &ines()).status, 302);
    }

    #[test]
    fn consent_is_asked_for_once_by_own_apps_and_never_by_the_managed_one() {
        let mut bench = Bench::new();
        let page = bench.authorize(&MANAGED_APP, ONE, &[]);
        assert_eq!(log_in(&mut bench, &page, &ines()).status, 302);

        let page = bench.authorize(&OWN_WEB_APP, BOTH, &[]);
        let question = log_in(&mut bench, &page, &ines());
        assert_eq!(title(&question), "Permissions requested");
        assert!(text(&question).contains("read your profile"));
        let accept = format!("ticket={}&decision=accept", ticket(&question));
        assert!(location(&bench.post("/~/consent", &accept)).first("code").is_some());

        let page = bench.authorize(&OWN_WEB_APP, BOTH, &[]);
        assert_eq!(log_in(&mut bench, &page, &ines()).status, 302);
        for client in [&OWN_WEB_APP, &MANAGED_APP] {
            let page = bench.authorize(client, ONE, &[("prompt", Some("consent"))]);
            assert_eq!(title(&log_in(&mut bench, &page, &ines())), "Permissions requested");
        }
    }

    #[test]
    fn cancelling_tells_the_app_so() {
        fn check(told: &Form) {
            assert_eq!(told.first("error"), Some("access_denied"));
            assert_eq!(told.first("error_subcode"), Some("cancel"));
            assert!(told.first("error_description").unwrap().starts_with("AADSTS65004: "));
            assert_eq!((told.first("state"), told.first("code")), (Some("st&te"), None));
        }
        let mut bench = Bench::new();
        let page = bench.authorize(&MANAGED_APP, ONE, &[]);
        check(&location(&log_in(&mut bench, &page, "decision=cancel")));
        let page = bench.authorize(&OWN_WEB_APP, BOTH, &[]);
        let question = log_in(&mut bench, &page, &ines());
        let cancel = format!("ticket={}&decision=cancel", ticket(&question));
        check(&location(&bench.post("/~/consent", &cancel)));
    }

    #[test]
    fn a_sign_in_ends_once_and_after_ten_minutes() {
        let mut bench = Bench::new();
        let page = bench.authorize(&MANAGED_APP, ONE, &[]);
        assert_eq!(log_in(&mut bench, &page, &ines()).status, 302);
        assert_eq!(log_in(&mut bench, &page, &ines()).status, 400);
        let page = bench.authorize(&MANAGED_APP, ONE, &[]);
        bench.pass(600);
        assert_eq!(title(&log_in(&mut bench, &page, &ines())), "This sign-in is over");
        assert_eq!(bench.post("/~/consent", "ticket=unknown&decision=accept").status, 400);
    }

    #[test]
    fn consent_without_a_password_is_refused() {
        let mut bench = Bench::new();
        let page = bench.authorize(&OWN_WEB_APP, BOTH, &[]);
        let accept = format!("ticket={}&decision=accept", ticket(&page));
        assert_eq!(bench.post("/~/consent", &accept).status, 400);
    }

    #[test]
    fn policies_and_approvals_end_on_a_page() {
        for (fault, number) in [(Fault::BlockedByPolicy, 53003), (Fault::AdminApprovalNeeded, 90094)] {
            let mut bench = Bench::suffering(fault);
            let changes: Changes = &[];
            let page = bench.authorize(&OWN_WEB_APP, BOTH, changes);
            let refused = log_in(&mut bench, &page, &ines());
            assert_eq!(refused.status, 400);
            assert!(text(&refused).contains(&format!("AADSTS{number}:")));
            assert_eq!(bench.entra.faults.pending(), []);
        }
    }
}
