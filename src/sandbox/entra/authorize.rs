//! The beginning of a sign-in: judges an authorize request and shows the sign-in page. Passwords, consent and codes come
//! later, and elsewhere.

use super::claims::Claims;
use super::directory::{Entra, check_tenant, registration};
use super::form::{Form, encode};
use super::ledger::{CODE_LIFE, CodeErrand, Errand, Mode, SignIn, later};
use super::pages;
use super::redirects;
use super::refusal::Refusal;
use super::scopes::{Resource, Scopes};
use super::visit::Visit;
use crate::sandbox::faults::Fault;
use crate::sandbox::{MANAGED_APP, Outgoing, Platform, Registration};

/// `GET` or `POST /{tenant}/oauth2/v2.0/authorize`
/// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow>).
///
/// What is wrong with the tenant, the app or the redirect URI is a page; everything after that goes to the app.
pub(super) fn begin(entra: &mut Entra, visit: &Visit, query: &Form) -> Outgoing {
    let (client, redirect_uri, platform) = match judge_app(entra, visit, query) {
        Ok(judged) => judged,
        Err(refusal) => return refusal.to_page(visit, "Sorry, but we're having trouble signing you in"),
    };
    let state = query.first("state").map(str::to_owned);
    let mode = match query.first("response_mode") {
        None | Some("query") => Ok(Mode::Query),
        Some("form_post") => Ok(Mode::FormPost),
        Some(other) => Err(Refusal::new(
            "unsupported_response_mode",
            70007,
            format!("The response mode '{other}' isn't supported."),
        )),
    };
    let delivery = mode.as_ref().map_or(Mode::Query, |mode| *mode);
    let judged = mode.and_then(|mode| judge_request(visit, query, &client).map(|judged| (mode, judged)));
    let (mode, (scopes, challenge, claims)) = match judged {
        Ok(judged) => judged,
        Err(refusal) => return deliver(&redirect_uri, delivery, state, refusal.to_parameters(visit)),
    };
    let errand = CodeErrand {
        tenant: visit.tenant.to_ascii_lowercase(),
        redirect_uri,
        platform,
        mode,
        state,
        nonce: query.first("nonce").map(str::to_owned),
        challenge,
        client_info: query.first("client_info") == Some("1"),
        claims,
    };
    let always_ask = query.first("prompt") == Some("consent");
    open(entra, visit, query, client, scopes, always_ask, Errand::Code(errand))
}

/// `GET /{tenant}/v2.0/adminconsent` (<https://learn.microsoft.com/entra/identity-platform/v2-admin-consent>). Everybody
/// in the sandbox is an administrator.
pub(super) fn begin_admin_consent(entra: &mut Entra, visit: &Visit, query: &Form) -> Outgoing {
    let judged = judge_app(entra, visit, query).and_then(|(client, redirect_uri, _)| {
        let scopes = Scopes::read(query.first("scope").ok_or_else(|| Refusal::missing("scope"))?, &visit.origin)?;
        Ok((client, redirect_uri, scopes))
    });
    match judged {
        Ok((client, redirect_uri, scopes)) => {
            let errand = Errand::AdminConsent { redirect_uri, state: query.first("state").map(str::to_owned) };
            open(entra, visit, query, client, scopes, true, errand)
        }
        Err(refusal) => refusal.to_page(visit, "Sorry, but we're having trouble signing you in"),
    }
}

/// Starts a sign-in and shows its first page.
pub(super) fn open(
    entra: &mut Entra,
    visit: &Visit,
    query: &Form,
    client: Registration,
    scopes: Scopes,
    always_ask: bool,
    errand: Errand,
) -> Outgoing {
    let sign_in = SignIn { client, scopes, always_ask, errand, person: None, expires: later(visit.now, CODE_LIFE) };
    let ticket = entra.ledger.begin(sign_in.clone(), visit.now);
    pages::sign_in(&ticket, &sign_in, query.first("login_hint").unwrap_or_default(), None)
}

/// Sends `parameters` and the state to the app.
pub(super) fn deliver(
    redirect_uri: &str,
    mode: Mode,
    state: Option<String>,
    mut parameters: Vec<(&'static str, String)>,
) -> Outgoing {
    parameters.extend(state.map(|state| ("state", state)));
    // Entra adds the slash to an address without a path.
    let has_path = redirect_uri.trim_start_matches("http://").contains('/');
    let target = if has_path { redirect_uri.to_owned() } else { format!("{redirect_uri}/") };
    match mode {
        Mode::FormPost => pages::form_post(&target, &parameters),
        Mode::Query => Outgoing::empty(302)
            .header("location", format!("{target}?{}", encode(&parameters)))
            .header("cache-control", "no-store"),
    }
}

fn judge_app(entra: &Entra, visit: &Visit, query: &Form) -> Result<(Registration, String, Platform), Refusal> {
    check_tenant(&visit.tenant)?;
    let client = registration(query.first("client_id"))?;
    let missing = || Refusal::request(900_971, "The request has no redirect URI.");
    let redirect_uri = query.first("redirect_uri").ok_or_else(missing)?;
    let platform = redirects::platform_of(&client, redirect_uri)?;
    if entra.faults.strikes(&Fault::RedirectNotRegistered) {
        return Err(redirects::not_registered(&client, redirect_uri));
    }
    Ok((client, redirect_uri.to_owned(), platform))
}

fn judge_request(visit: &Visit, query: &Form, client: &Registration) -> Result<(Scopes, String, Claims), Refusal> {
    match query.first("response_type") {
        Some("code") => {}
        None => return Err(Refusal::missing("response_type")),
        Some(other) => {
            let text = format!("The response type '{other}' isn't enabled for this app.");
            return Err(Refusal::new("unsupported_response_type", 700_054, text));
        }
    }
    match query.first("prompt") {
        None | Some("login" | "select_account" | "consent") => {}
        Some("none") => {
            return Err(Refusal::new(
                "login_required",
                50058,
                "A silent sign-in was asked for, and nobody is signed in.",
            ));
        }
        Some(other) => return Err(Refusal::request(90023, format!("The prompt '{other}' isn't supported."))),
    }
    // Entra lets Web and desktop apps go without PKCE. The sandbox doesn't: an app that forgets it should hear of it here.
    let challenge = query.first("code_challenge").ok_or_else(|| Refusal::missing("code_challenge"))?;
    if query.first("code_challenge_method") != Some("S256") || challenge.len() != 43 {
        return Err(Refusal::request(50147, "The code challenge isn't one of S256, 43 characters long."));
    }
    let scope = query.first("scope").ok_or_else(|| Refusal::missing("scope"))?;
    let scopes = Scopes::read(scope, &visit.origin)?;
    if client.client_id == MANAGED_APP.client_id && scopes.resources.contains(&Resource::Graph) {
        let text =
            "This app of Microsoft's has no leave to use Microsoft Graph; use a registration of your own for that.";
        return Err(Refusal::request(65002, text));
    }
    Ok((scopes, challenge.to_owned(), Claims::read(query)?))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BOTH, Bench, Changes, ONE, between, header, location, text, ticket, title};
    use super::*;
    use crate::sandbox::{DAEMON, INES, OWN_DESKTOP_APP, OWN_WEB_APP};

    #[test]
    fn what_is_wrong_with_tenant_app_or_redirect_uri_is_a_page() {
        fn check(client: &Registration, changes: Changes, number: u32) {
            let page = Bench::new().authorize(client, ONE, changes);
            assert_eq!(page.status, 400, "{changes:?}");
            assert!(text(&page).contains(&format!("AADSTS{number}:")), "{changes:?}: {}", text(&page));
            assert_eq!(header(&page, "location"), None);
        }
        check(&MANAGED_APP, &[("client_id", None)], 900_144);
        check(&MANAGED_APP, &[("client_id", Some("<script>"))], 700_016);
        check(&MANAGED_APP, &[("redirect_uri", None)], 900_971);
        check(&MANAGED_APP, &[("redirect_uri", Some("http://localhost/x"))], 50011);
        check(&DAEMON, &[], 500_113);
        let other = "/9a8b7c6d-0000-4000-8000-1234567890ab/oauth2/v2.0/authorize";
        assert!(text(&Bench::new().get(other, "")).contains("AADSTS90002:"));
    }

    #[test]
    fn what_is_wrong_with_the_rest_goes_to_the_app_with_its_state() {
        fn check(changes: Changes, error: &str, number: u32) {
            let answer = Bench::new().authorize(&MANAGED_APP, ONE, changes);
            let told = location(&answer);
            assert_eq!(told.first("error"), Some(error), "{changes:?}");
            assert_eq!(told.first("state"), Some("st&te"), "{changes:?}");
            let description = told.first("error_description").unwrap();
            assert!(description.starts_with(&format!("AADSTS{number}: ")), "{changes:?}: {description}");
            assert!(description.contains("\r\nCorrelation ID: "), "{description}");
        }
        check(&[("response_type", Some("token"))], "unsupported_response_type", 700_054);
        check(&[("response_type", None)], "invalid_request", 900_144);
        check(&[("response_mode", Some("fragment"))], "unsupported_response_mode", 70007);
        check(&[("prompt", Some("none"))], "login_required", 50058);
        check(&[("prompt", Some("please"))], "invalid_request", 90023);
        check(&[("code_challenge", None)], "invalid_request", 900_144);
        check(&[("code_challenge_method", None)], "invalid_request", 50147);
        check(&[("code_challenge", Some("short"))], "invalid_request", 50147);
        check(&[("scope", None)], "invalid_request", 900_144);
        check(&[("scope", Some("user_impersonation"))], "invalid_scope", 70011);
        check(&[("scope", Some("https://x.crm.dynamics.com/user_impersonation"))], "invalid_resource", 500_011);
        check(&[("scope", Some("@/user_impersonation User.Read"))], "invalid_request", 65002);
    }

    #[test]
    fn a_hint_fills_in_the_user_name_and_is_escaped() {
        let mut bench = Bench::new();
        let page = bench.authorize(&MANAGED_APP, ONE, &[("login_hint", Some("a\"><script>"))]);
        assert_eq!((page.status, title(&page)), (200, "Sign in"));
        assert!(text(&page).contains("value=\"a&quot;&gt;&lt;script&gt;\""));
        assert!(!text(&page).contains("<script>"));
        assert!(header(&page, "content-security-policy").unwrap().starts_with("default-src 'none'"));
    }

    #[test]
    fn a_form_post_carries_the_code_the_state_and_who_the_user_is() {
        let mut bench = Bench::new();
        let changes: Changes = &[("response_mode", Some("form_post")), ("client_info", Some("1"))];
        let page = bench.authorize(&OWN_WEB_APP, BOTH, changes);
        let answer = bench.go_on(&page);
        assert_eq!(answer.status, 200);
        let html = text(&answer);
        assert!(html.contains("<form method=\"post\" action=\"http://localhost:53682/\">"), "{html}");
        assert!(html.contains("name=\"state\" value=\"st&amp;te\""), "{html}");
        assert!(html.contains("name=\"code\" value=\"1.A"), "{html}");
        assert!(html.contains("<button>Continue</button>"), "{html}");
        let client_info = between(html, "name=\"client_info\" value=\"", "\"").unwrap();
        let client_info = super::super::jwt::from_base64url(client_info).unwrap();
        assert!(String::from_utf8(client_info).unwrap().contains(INES.object_id));
    }

    #[test]
    fn refusals_under_form_post_are_posted_too() {
        let mut bench = Bench::new();
        let changes: Changes = &[("response_mode", Some("form_post")), ("scope", Some("nonsense"))];
        let page = bench.authorize(&OWN_DESKTOP_APP, ONE, changes);
        assert!(text(&page).contains("name=\"error\" value=\"invalid_scope\""));
    }

    #[test]
    fn an_administrator_accepts_for_everybody() {
        let mut bench = Bench::new();
        let query =
            format!("client_id={}&redirect_uri=http://localhost:53682&state=s&scope={BOTH}", OWN_WEB_APP.client_id)
                .replace('@', super::super::testing::ORIGIN);
        let page = bench.get("/~/v2.0/adminconsent", &query);
        let told = location(&bench.go_on(&page));
        assert_eq!((told.first("admin_consent"), told.first("state")), (Some("True"), Some("s")));
        // Nobody is asked after that.
        let page = bench.authorize(&OWN_WEB_APP, BOTH, &[]);
        let login = format!("ticket={}&user_name={}&password=sandbox", ticket(&page), INES.user_name);
        assert_eq!(bench.post("/~/login", &login).status, 302);
    }

    #[test]
    fn an_ordered_50011_strikes_once() {
        let mut bench = Bench::suffering(Fault::RedirectNotRegistered);
        assert!(text(&bench.authorize(&MANAGED_APP, ONE, &[])).contains("AADSTS50011:"));
        assert_eq!(title(&bench.authorize(&MANAGED_APP, ONE, &[])), "Sign in");
    }
}
