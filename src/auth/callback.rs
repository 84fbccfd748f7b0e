//! Judges one request that reached the loopback listener: the browser's answer, or something else. Pure: it neither
//! listens nor answers, and what it lets through it has compared with what was sent out.

use crate::auth::Authority;
use crate::secret::Secret;

/// Where the browser is sent after an answer by query, so that the code does not stay in its address bar.
pub(super) const RECEIVED_PATH: &str = "/d365conn/received";

/// The parameters that may stand only once.
const SINGLE: [&str; 9] =
    ["state", "code", "error", "error_description", "error_subcode", "iss", "admin_consent", "tenant", "scope"];

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// The code of a sign-in.
    Code,
    /// The consent of an administrator.
    AdminConsent,
}

/// One complete HTTP request, as it was read.
#[derive(Debug, Clone, Copy)]
pub struct CallbackRequest<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// The request target: path and query.
    pub target: &'a str,
    /// Header names as sent, and values.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body; empty when there is none.
    pub body: &'a [u8],
}

/// What the answer must fit.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The exact path of the redirect URI.
    pub path: &'a str,
    /// The port that is listened on.
    pub port: u16,
    /// The state that was sent out.
    pub state: &'a Secret,
    /// Where the user was sent.
    pub authority: &'a Authority,
    /// For what.
    pub awaited: Awaited,
}

/// An authorization code: single use, about ten minutes.
#[derive(Debug, Clone)]
pub struct Code(Secret);

impl Code {
    /// Takes a code in.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Secret::new(text))
    }

    /// The code itself, for the token request.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

/// What a request turned out to be.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Not the answer: reply with this status and keep waiting.
    Ignore(u16),
    /// The browser, after it was sent away from the address with the code.
    Received,
    /// The answer: a code.
    Accepted(Code),
    /// The answer: an administrator consented for everybody. What stands here is for people to read and proves nothing.
    Consented {
        /// `tenant`.
        tenant: String,
        /// `scope`, as granted.
        scope: String,
    },
    /// The answer: no.
    Refused {
        /// `error`.
        error: String,
        /// `error_description`.
        description: Option<String>,
        /// `error_subcode`; `cancel` when the user pressed Cancel.
        subcode: Option<String>,
    },
}

/// Judges one request. State is compared before anything else in it is believed (RFC 9700 §4.7), so that no web page can
/// end a sign-in with a made-up error.
#[must_use]
pub fn judge(request: CallbackRequest<'_>, expected: Expected<'_>) -> Outcome {
    match parameters(request, expected) {
        Err(outcome) => outcome,
        Ok(found) => read(&found, expected),
    }
}

/// Judges the address at which a browser ended that could not come here, as if it had come with it.
#[must_use]
pub fn judge_address(address: &str, expected: Expected<'_>) -> Outcome {
    let address = address.trim();
    // Some browsers leave the scheme out of what they show.
    let rest = address.strip_prefix("http://").unwrap_or(address);
    let (host, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let target = target.split('#').next().unwrap_or_default();
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    let headers = [("host", host.as_bytes())];
    judge(CallbackRequest { method: "GET", target: &target, headers: &headers, body: &[] }, expected)
}

type Found = [Option<String>; SINGLE.len()];

/// The parameters of a request that comes from where it should; otherwise what to do with it.
fn parameters(request: CallbackRequest<'_>, expected: Expected<'_>) -> Result<Found, Outcome> {
    let ignore = |status| Err(Outcome::Ignore(status));
    if !request.target.starts_with('/') {
        return ignore(400);
    }
    match single_header(request, "host") {
        Err(()) | Ok(None) => return ignore(400),
        Ok(Some(host)) if !is_own_host(host, expected.port) => return ignore(421),
        Ok(Some(_)) => {}
    }
    let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
    if path != expected.path {
        let is_return = path == RECEIVED_PATH && request.method == "GET";
        return Err(if is_return { Outcome::Received } else { Outcome::Ignore(404) });
    }
    if !["GET", "POST"].contains(&request.method) {
        return ignore(405);
    }
    match single_header(request, "origin") {
        Err(()) => return ignore(400),
        Ok(Some(origin)) if origin != "null" && !expected.authority.is_own_origin(origin) => return ignore(403),
        Ok(_) => {}
    }
    // A page's script, image or frame is never the user's own navigation. Old browsers send neither header.
    for (name, wanted) in [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")] {
        match single_header(request, name) {
            Ok(None) => {}
            Ok(Some(value)) if value == wanted => {}
            _ => return ignore(403),
        }
    }
    let form = match (request.method, query) {
        ("GET", query) if request.body.is_empty() => query.as_bytes(),
        ("POST", "") => match single_header(request, "content-type") {
            Ok(Some(kind)) if is_form(kind) => request.body,
            _ => return ignore(415),
        },
        _ => return ignore(400),
    };
    let mut found = Found::default();
    for (name, value) in url::form_urlencoded::parse(form) {
        let Some(slot) = SINGLE.iter().position(|single| *single == name) else { continue };
        if found[slot].replace(value.into_owned()).is_some() {
            return ignore(400);
        }
    }
    Ok(found)
}

fn read(found: &Found, expected: Expected<'_>) -> Outcome {
    let [state, code, error, description, subcode, issuer, consented, tenant, scope] = found;
    let is_ours = state.as_ref().is_some_and(|state| expected.state.is_text(state));
    let is_from_there = expected.authority.is_answering_issuer(issuer.as_deref());
    if !is_ours || !is_from_there {
        return Outcome::Ignore(400);
    }
    match (code, error) {
        (Some(code), None) if !code.is_empty() && expected.awaited == Awaited::Code => {
            Outcome::Accepted(Code::new(code.as_str()))
        }
        (None, None) if expected.awaited == Awaited::AdminConsent && is_true(consented.as_deref()) => {
            Outcome::Consented { tenant: tenant.clone().unwrap_or_default(), scope: scope.clone().unwrap_or_default() }
        }
        (None, Some(error)) if !error.is_empty() => {
            Outcome::Refused { error: error.clone(), description: description.clone(), subcode: subcode.clone() }
        }
        _ => Outcome::Ignore(400),
    }
}

/// Entra writes `True`.
fn is_true(value: Option<&str>) -> bool {
    value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The one value of a header; `Err` when it stands twice or is not text.
fn single_header<'a>(request: CallbackRequest<'a>, name: &str) -> Result<Option<&'a str>, ()> {
    let mut values = request.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some((_, value)), None) => std::str::from_utf8(value).map(|value| Some(value.trim())).map_err(|_| ()),
        (Some(_), Some(_)) => Err(()),
    }
}

/// Exact, because a name that merely resolves to this computer is how a stranger's page gets in (DNS rebinding).
fn is_own_host(host: &str, port: u16) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().filter_map(|name| host.strip_prefix(name)).any(|rest| {
        // A client leaves the scheme's own port out (RFC 9110 §4.2.3).
        let is_usual = rest.is_empty() && port == 80;
        is_usual || rest.strip_prefix(':').is_some_and(|given| given == port.to_string())
    })
}

fn is_form(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::tenant::TenantUrl;

    const STATE: &str = "Zk3qAbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_A";
    const PORT: u16 = 53_682;

    #[derive(Deserialize)]
    struct Table {
        case: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        why: String,
        #[serde(default = "get")]
        method: String,
        target: String,
        #[serde(default)]
        headers: Vec<(String, String)>,
        #[serde(default)]
        without_host: bool,
        #[serde(default)]
        body: String,
        #[serde(default = "root")]
        path: String,
        #[serde(default)]
        awaits_consent: bool,
        verdict: String,
    }

    fn get() -> String {
        "GET".to_owned()
    }

    fn root() -> String {
        "/".to_owned()
    }

    fn authority() -> Authority {
        let tenant_url = TenantUrl::parse("https://adventure.crm4.dynamics.com").unwrap().url;
        Authority::for_tenant(&tenant_url, "3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711").unwrap()
    }

    fn expected<'a>(state: &'a Secret, authority: &'a Authority) -> Expected<'a> {
        Expected { path: "/", port: PORT, state, authority, awaited: Awaited::Code }
    }

    fn verdict(outcome: &Outcome) -> String {
        match outcome {
            Outcome::Ignore(status) => format!("ignore {status}"),
            Outcome::Received => "received".to_owned(),
            Outcome::Accepted(code) => format!("code {}", code.secret().expose()),
            Outcome::Consented { tenant, scope } => format!("consent {tenant} {scope}").trim().to_owned(),
            Outcome::Refused { error, subcode, .. } => {
                format!("refused {error} {}", subcode.as_deref().unwrap_or_default()).trim().to_owned()
            }
        }
    }

    fn check(case: &Case) {
        let fill = |text: &str| text.replace("STATE", STATE).replace("PORT", &PORT.to_string());
        let (target, body) = (fill(&case.target), fill(&case.body));
        let mut headers: Vec<(&str, String)> =
            case.headers.iter().map(|(name, value)| (name.as_str(), fill(value))).collect();
        if !case.without_host {
            headers.push(("Host", format!("localhost:{PORT}")));
        }
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let request =
            CallbackRequest { method: &case.method, target: &target, headers: &headers, body: body.as_bytes() };
        let (state, authority) = (Secret::new(STATE), authority());
        let awaited = if case.awaits_consent { Awaited::AdminConsent } else { Awaited::Code };
        let expected = Expected { path: &case.path, port: PORT, state: &state, authority: &authority, awaited };
        assert_eq!(verdict(&judge(request, expected)), case.verdict, "{}", case.why);
    }

    #[test]
    fn every_callback_of_the_table_is_judged_rightly() {
        let table: Table = toml::from_str(include_str!("../../tests/data/callbacks.toml")).unwrap();
        assert!(table.case.len() >= 40, "{}", table.case.len());
        table.case.iter().for_each(check);
    }

    proptest! {
        #[test]
        fn no_request_makes_the_judge_panic_or_yields_a_code_without_the_state(
            method in "GET|POST|[A-Z]{0,7}",
            target in "/?[a-z?&=%0-9]{0,60}",
            host in "localhost:53682|127\\.0\\.0\\.1:53682|.{0,20}",
            body in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let headers: [(&str, &[u8]); 2] =
                [("host", host.as_bytes()), ("content-type", b"application/x-www-form-urlencoded")];
            let request = CallbackRequest { method: &method, target: &target, headers: &headers, body: &body };
            let (state, authority) = (Secret::new(STATE), authority());
            let outcome = judge(request, expected(&state, &authority));
            prop_assert!(matches!(outcome, Outcome::Ignore(_) | Outcome::Received));
        }

        #[test]
        fn a_code_comes_with_the_right_state_once_or_not_at_all(
            pairs in proptest::collection::vec(proptest::sample::select(vec![
                ("code", "one"), ("code", "two"), ("code", ""), ("state", STATE), ("state", "wrong"), ("state", ""),
                ("error", "access_denied"), ("iss", "https://evil.example/v2.0"), ("session_state", "x"), ("State", STATE),
                ("c%6fde", "three"), ("st%61te", STATE), ("admin_consent", "True"),
            ]), 0..6),
            by_form in any::<bool>(),
        ) {
            let form = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
            let target = if by_form { "/".to_owned() } else { format!("/?{form}") };
            let headers: [(&str, &[u8]); 2] =
                [("host", b"localhost:53682"), ("content-type", b"application/x-www-form-urlencoded")];
            let request = CallbackRequest {
                method: if by_form { "POST" } else { "GET" },
                target: &target,
                headers: &headers,
                body: if by_form { form.as_bytes() } else { b"" },
            };
            let (state, authority) = (Secret::new(STATE), authority());
            let outcome = judge(request, expected(&state, &authority));
            let values = |of: &str| {
                let is_named = |name: &str| name == of || name.replace("%6f", "o").replace("%61", "a") == of;
                pairs.iter().filter(|(name, _)| is_named(name)).map(|(_, value)| *value).collect::<Vec<_>>()
            };
            let (codes, refusals) = (values("code"), values("error"));
            let is_ours = values("state") == [STATE] && values("iss").is_empty();
            let is_code = is_ours && codes.len() == 1 && !codes[0].is_empty() && refusals.is_empty();
            prop_assert_eq!(matches!(outcome, Outcome::Accepted(_)), is_code && values("admin_consent").len() < 2, "{}", form);
            let is_refusal = is_ours && codes.is_empty() && refusals.len() == 1;
            prop_assert_eq!(matches!(outcome, Outcome::Refused { .. }), is_refusal && values("admin_consent").len() < 2, "{}", form);
        }

        #[test]
        fn the_right_answer_is_understood_however_it_is_encoded(code in "[!-~]{1,80}", by_form in any::<bool>()) {
            let form = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("code", &code)
                .append_pair("state", STATE)
                .finish();
            let target = if by_form { "/".to_owned() } else { format!("/?{form}") };
            let headers: [(&str, &[u8]); 2] =
                [("Host", b"127.0.0.1:53682"), ("Content-Type", b"application/x-www-form-urlencoded; charset=utf-8")];
            let request = CallbackRequest {
                method: if by_form { "POST" } else { "GET" },
                target: &target,
                headers: &headers,
                body: if by_form { form.as_bytes() } else { b"" },
            };
            let (state, authority) = (Secret::new(STATE), authority());
            let outcome = judge(request, expected(&state, &authority));
            prop_assert_eq!(verdict(&outcome), format!("code {code}"));
        }
    }

    #[test]
    fn a_client_may_leave_out_the_port_that_its_scheme_has_anyway() {
        for name in ["localhost", "127.0.0.1", "[::1]"] {
            assert!(is_own_host(name, 80) && is_own_host(&format!("{name}:80"), 80), "{name}");
            assert!(!is_own_host(name, 8080), "{name}");
        }
        for foreign in ["", "localhost.", "localhost.evil.example", "evil.example", "localhost:", "localhost:8"] {
            assert!(!is_own_host(foreign, 80), "{foreign}");
        }
    }

    #[test]
    fn a_pasted_address_is_judged_as_the_listener_judges_one() {
        let (state, authority) = (Secret::new(STATE), authority());
        let expected = Expected { path: "/", port: PORT, state: &state, authority: &authority, awaited: Awaited::Code };
        let verdict = |address: &str| match judge_address(address, expected) {
            Outcome::Accepted(code) => code.secret().expose().to_owned(),
            Outcome::Refused { error, .. } => error,
            Outcome::Ignore(status) => status.to_string(),
            _ => "else".to_owned(),
        };
        for (address, right) in [
            (format!("http://localhost:{PORT}/?code=abc&state={STATE}"), "abc"),
            (format!("  localhost:{PORT}/?code=abc&state={STATE}#\n"), "abc"),
            (format!("http://localhost:{PORT}?code=abc&state={STATE}"), "abc"),
            (format!("http://localhost:{PORT}/?error=access_denied&state={STATE}"), "access_denied"),
            (format!("http://localhost:{PORT}/?error=access_denied"), "400"),
            (format!("http://localhost:{PORT}/?code=abc&state={STATE}x"), "400"),
            (format!("http://localhost:{PORT}/?code=abc&code=abd&state={STATE}"), "400"),
            (format!("http://localhost:{PORT}/other?code=abc&state={STATE}"), "404"),
            (format!("http://localhost:1/?code=abc&state={STATE}"), "421"),
            (format!("http://evil.example:{PORT}/?code=abc&state={STATE}"), "421"),
            (format!("https://localhost:{PORT}/?code=abc&state={STATE}"), "421"),
            (format!("x-{PORT}.app.github.dev/?code=abc&state={STATE}"), "421"),
            (String::new(), "421"),
        ] {
            assert_eq!(verdict(&address), right, "{address}");
        }
    }
}
