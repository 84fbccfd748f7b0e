//! Requests and what becomes of them, as one table. The limits behind `/api/data/` have their own beside `scope.rs`.

use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn rules(scope: Scope) -> Rules {
    Rules { port: 4711, secret: Secret::new(SECRET), scope, origin: "https://contoso.crm4.dynamics.com".to_owned() }
}

/// Judges `METHOD /…` with header lines; `S` in the target stands for the secret. A host is added unless one is given or
/// the lines say `no host`.
fn judged(line: &str, lines: &[&str]) -> Result<Order, Refusal> {
    judged_by(&rules(Scope::default()), line, lines)
}

fn judged_by(rules: &Rules, line: &str, lines: &[&str]) -> Result<Order, Refusal> {
    let (method, target) = line.split_once(' ').unwrap();
    let target = target.replacen("/S", &format!("/{SECRET}"), 1);
    let mut headers: Vec<(String, &[u8])> = Vec::new();
    if !lines.iter().any(|line| line.starts_with("Host:") || *line == "no host") {
        headers.push(("host".to_owned(), b"127.0.0.1:4711"));
    }
    let given = lines.iter().filter_map(|line| line.split_once(": "));
    headers.extend(given.map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes())));
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    judge(Asked { method, target: &target, headers: &headers }, rules)
}

#[test]
fn what_is_asked_plainly_leaves_for_the_organisation() {
    for (line, lines, path) in [
        ("GET /S/api/data/v9.2/accounts", &[][..], "/api/data/v9.2/accounts"),
        ("GET /S/api/data/v9.2", &[], "/api/data/v9.2"),
        ("GET /S/api/data/v9.2/", &[], "/api/data/v9.2/"),
        ("GET /S/api/data/v8.1/accounts", &[], "/api/data/v8.1/accounts"),
        ("HEAD /S/api/data/v9.2/accounts", &[], "/api/data/v9.2/accounts"),
        ("POST /S/api/data/v9.2/accounts", &[], "/api/data/v9.2/accounts"),
        ("PATCH /S/api/data/v9.2/accounts(1)", &[], "/api/data/v9.2/accounts(1)"),
        ("PUT /S/api/data/v9.2/accounts(1)/name", &[], "/api/data/v9.2/accounts(1)/name"),
        ("DELETE /S/api/data/v9.2/accounts(1)", &[], "/api/data/v9.2/accounts(1)"),
        ("POST /S/api/data/v9.2/$batch", &[], "/api/data/v9.2/$batch"),
        ("GET /S/api/data/v9.2/accounts?$filter=a/../b", &[], "/api/data/v9.2/accounts?$filter=a/../b"),
        ("GET /S/api/data/v9.2/accounts?$top=1?x", &[], "/api/data/v9.2/accounts?$top=1?x"),
        ("GET /S/api/data/v9.2/accounts(n='a%20b%C3%BC')", &[], "/api/data/v9.2/accounts(n='a%20b%C3%BC')"),
        ("GET /S/api/data/v9.2/accounts(n='..')", &[], "/api/data/v9.2/accounts(n='..')"),
        ("GET /S/api/data/v9.2/accounts", &["Sec-Fetch-Site: none"], "/api/data/v9.2/accounts"),
        ("GET /S/api/data/v9.2/accounts", &["Sec-Fetch-Mode: cors"], "/api/data/v9.2/accounts"),
        ("GET /S/api/data/v9.2/accounts", &["Upgrade: h2c", "Connection: upgrade"], "/api/data/v9.2/accounts"),
    ] {
        let order = judged(line, lines).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
        assert_eq!(order.path, path, "{line}");
        assert_eq!(order.method.as_str(), line.split(' ').next().unwrap(), "{line}");
    }
}

#[test]
fn everything_else_stays_here() {
    use Refusal::{
        Compressed, ForeignHost, FromAWebPage, MethodOverride, NoSecret, OddMethod, OddPath, OutsideTheApi, Upgrade,
    };
    let fine = "GET /S/api/data/v9.2/accounts";
    for (line, lines, refusal) in [
        // Whom it is for.
        (fine, &["no host"][..], ForeignHost),
        (fine, &["Host: evil.example:4711"], ForeignHost),
        (fine, &["Host: localhost:4711"], ForeignHost),
        (fine, &["Host: [::1]:4711"], ForeignHost),
        (fine, &["Host: 127.0.0.1"], ForeignHost),
        (fine, &["Host: 127.0.0.1:4712"], ForeignHost),
        (fine, &["Host: 127.1:4711"], ForeignHost),
        (fine, &["Host: 127.0.0.1:4711 "], ForeignHost),
        (fine, &["Host: 127.0.0.1:4711", "Host: 127.0.0.1:4711"], ForeignHost),
        (fine, &["Host: 127.0.0.1:4711", "Host: evil.example"], ForeignHost),
        (fine, &["Host: contoso.crm4.dynamics.com"], ForeignHost),
        ("GET http://127.0.0.1:4711/S/api/data/v9.2/accounts", &[], ForeignHost),
        ("GET https://contoso.crm4.dynamics.com/api/data/v9.2/accounts", &[], ForeignHost),
        ("CONNECT contoso.crm4.dynamics.com:443", &[], ForeignHost),
        ("OPTIONS *", &[], ForeignHost),
        // Whom it is from.
        (fine, &["Origin: https://evil.example"], FromAWebPage),
        (fine, &["Origin: null"], FromAWebPage),
        (fine, &["Origin: http://127.0.0.1:4711"], FromAWebPage),
        (fine, &["Sec-Fetch-Site: cross-site"], FromAWebPage),
        (fine, &["Sec-Fetch-Site: same-site"], FromAWebPage),
        (fine, &["Sec-Fetch-Site: same-origin"], FromAWebPage),
        (fine, &["Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site"], FromAWebPage),
        // The secret.
        ("GET /", &[], NoSecret),
        ("GET /api/data/v9.2/accounts", &[], NoSecret),
        ("GET //S/api/data/v9.2/accounts", &[], NoSecret),
        ("GET /SX/api/data/v9.2/accounts", &[], NoSecret),
        ("GET /0123456789abcdef0123456789abcdeF/api/data/v9.2/accounts", &[], NoSecret),
        ("GET /0123456789abcdef0123456789abcde/api/data/v9.2/accounts", &[], NoSecret),
        ("GET /%300123456789abcdef0123456789abcdef/api/data/v9.2/accounts", &[], NoSecret),
        ("GET /./S/api/data/v9.2/accounts", &[], NoSecret),
        ("GET /x/../S/api/data/v9.2/accounts", &[], NoSecret),
        ("GET /api/data/v9.2/accounts?secret=S", &[], NoSecret),
        ("TRACE /", &[], NoSecret),
        // The method.
        ("TRACE /S/api/data/v9.2/accounts", &[], OddMethod),
        ("OPTIONS /S/api/data/v9.2/accounts", &[], OddMethod),
        ("CONNECT /S/api/data/v9.2/accounts", &[], OddMethod),
        ("MERGE /S/api/data/v9.2/accounts(1)", &[], OddMethod),
        ("get /S/api/data/v9.2/accounts", &[], OddMethod),
        ("POST /S/api/data/v9.2/accounts(1)", &["X-HTTP-Method-Override: DELETE"], MethodOverride),
        ("POST /S/api/data/v9.2/accounts(1)", &["X-HTTP-Method: MERGE"], MethodOverride),
        ("GET /S/api/data/v9.2/accounts(1)", &["X-Method-Override: PATCH"], MethodOverride),
        ("POST /S/api/data/v9.2/accounts(1)", &["X_HTTP_Method_Override: DELETE"], MethodOverride),
        (fine, &["Upgrade: websocket", "Connection: Upgrade"], Upgrade),
        (fine, &["Upgrade: h2c", "Upgrade: websocket"], Upgrade),
        ("POST /S/api/data/v9.2/accounts", &["Content-Encoding: gzip"], Compressed),
        // The path.
        ("GET /S", &[], OutsideTheApi),
        ("GET /S/", &[], OutsideTheApi),
        ("GET /S?x=/api/data/v9.2/accounts", &[], OutsideTheApi),
        ("GET /S/api/data", &[], OutsideTheApi),
        ("GET /S/api/data/", &[], OutsideTheApi),
        ("GET /S/api/data/accounts", &[], OutsideTheApi),
        ("GET /S/api/data/v9.2accounts", &[], OutsideTheApi),
        ("GET /S/api/data/v9/accounts", &[], OutsideTheApi),
        ("GET /S/api/data/v9.2.1/accounts", &[], OutsideTheApi),
        ("GET /S/API/data/v9.2/accounts", &[], OutsideTheApi),
        ("GET /S/XRMServices/2011/Organization.svc/web", &[], OutsideTheApi),
        ("GET /S/%61pi/data/v9.2/accounts", &[], OutsideTheApi),
        ("GET /S/main.aspx", &[], OutsideTheApi),
        ("GET /S/api/data/v9.2/../../../main.aspx", &[], OddPath),
        ("GET /S/api/data/v9.2/%2e%2e/main.aspx", &[], OddPath),
        ("GET /S/api/data/v9.2/.%2E/main.aspx", &[], OddPath),
        ("GET /S/api/data/v9.2/./accounts", &[], OddPath),
        ("GET /S/api/data/v9.2/..;/main.aspx", &[], OddPath),
        ("GET /S/api/data/v9.2/..%20/main.aspx", &[], OddPath),
        ("GET /S/api/data/v9.2/x/..", &[], OddPath),
        ("GET /S//api/data/v9.2/accounts", &[], OddPath),
        ("GET /S/api/data/v9.2//accounts", &[], OddPath),
        ("GET /S//evil.example/api/data/v9.2/accounts", &[], OddPath),
        ("GET /S/api/data/v9.2/..%2f..%2fmain.aspx", &[], OddPath),
        ("GET /S/api/data/v9.2/a%2Fb", &[], OddPath),
        ("GET /S/api/data/v9.2/a%5Cb", &[], OddPath),
        ("GET /S/api/data/v9.2/a\\..\\b", &[], OddPath),
        ("GET /S/api/data/v9.2/%252e%252e/x", &[], OddPath),
        ("GET /S/api/data/v9.2/a%00b", &[], OddPath),
        ("GET /S/api/data/v9.2/a%0d%0aX:y", &[], OddPath),
        ("GET /S/api/data/v9.2/a%zz", &[], OddPath),
        ("GET /S/api/data/v9.2/a%2", &[], OddPath),
        ("GET /S/api/data/v9.2/a%", &[], OddPath),
    ] {
        assert_eq!(judged(line, lines).map(|order| order.path).unwrap_err(), refusal, "{line} {lines:?}");
    }
}

#[test]
fn the_headers_of_a_client_are_not_its_own_credentials() {
    let order = judged(
        "POST /S/api/data/v9.2/accounts",
        &[
            "Authorization: Bearer stolen",
            "Cookie: a=b",
            "Proxy-Authorization: x",
            "Connection: keep-alive, Prefer",
            "Keep-Alive: timeout=5",
            "TE: trailers",
            "Transfer-Encoding: chunked",
            "X-Forwarded-For: 1.2.3.4",
            "Accept-Encoding: gzip",
            "Prefer: return=representation",
            "Content-Type: application/json; charset=utf-8",
            "If-None-Match: null",
            "MSCRM.SuppressDuplicateDetection: true",
        ],
    );
    let order = order.unwrap();
    let names: Vec<&str> = order.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["content-type", "if-none-match", "mscrm.suppressduplicatedetection"]);
    assert_eq!(order.kind, Kind::Json);
}

#[test]
fn own_addresses_in_a_query_become_the_organisation_s() {
    let own = format!("http://127.0.0.1:4711/{SECRET}");
    let encoded = own.replace(':', "%3A").replace('/', "%2F");
    for (typed, sent) in [
        (format!("{own}/api/data/v9.2/contacts(1)"), "https://contoso.crm4.dynamics.com/api/data/v9.2/contacts(1)"),
        (format!("{encoded}%2Fapi"), "https%3A%2F%2Fcontoso.crm4.dynamics.com%2Fapi"),
    ] {
        let line = format!("DELETE /S/api/data/v9.2/accounts(1)/contact_customer_accounts/$ref?$id={typed}");
        let path = judged(&line, &[]).unwrap().path;
        assert_eq!(path.split_once("$id=").unwrap().1, sent);
        assert!(!path.contains(SECRET), "{path}");
    }
}

#[test]
fn limits_are_asked_and_bodies_are_judged_where_tables_are_limited() {
    let reading = rules(Scope { is_read_only: true, tables: None });
    assert_eq!(judged_by(&reading, "POST /S/api/data/v9.2/accounts", &[]).unwrap_err(), Refusal::ReadOnly);
    assert!(!judged_by(&reading, "GET /S/api/data/v9.2/accounts", &[]).unwrap().must_be_flat);
    let limited = rules(Scope { is_read_only: false, tables: Some(vec!["accounts".into()]) });
    assert!(judged_by(&limited, "POST /S/api/data/v9.2/accounts", &[]).unwrap().must_be_flat);
    assert_eq!(judged_by(&limited, "GET /S/api/data/v9.2/contacts", &[]).unwrap_err(), Refusal::OtherTable);
    assert!(!judged("POST /S/api/data/v9.2/accounts", &[]).unwrap().must_be_flat);
    // A body that could say something else to the service is no JSON here.
    for (lines, kind) in [
        (&["Content-Type: application/json; charset=utf-8"][..], Kind::Json),
        (&["Content-Type: application/json; charset=utf-7"], Kind::Other),
        (&["Content-Type: application/json", "Content-Type: application/json; charset=utf-7"], Kind::Other),
        (&[], Kind::Other),
    ] {
        assert_eq!(judged_by(&limited, "POST /S/api/data/v9.2/accounts", lines).unwrap().kind, kind, "{lines:?}");
    }
}

#[test]
fn what_is_told_of_a_request_holds_no_secret_and_no_value() {
    let order = judged("GET /S/api/data/v9.2/accounts?$filter=name eq 'x'&$top=1", &[]).unwrap();
    assert_eq!(order.told(), "GET /api/data/v9.2/accounts?$filter=…&$top=…");
    let rules = rules(Scope::default());
    assert!(!format!("{rules:?}").contains(SECRET));
    let target = format!("/{SECRET}/api/data/v9.2//{SECRET}?a=b");
    let asked = Asked { method: "GET", target: &target, headers: &[] };
    assert_eq!(told_of(asked, Refusal::OddPath, &rules), "GET /api/data/v9.2//…?a=…");
    assert_eq!(told_of(asked, Refusal::FromAWebPage, &rules), "a stranger's request");
}

#[test]
fn a_connection_that_became_read_only_lets_reads_through() {
    for (line, is_open) in [
        ("GET /S/api/data/v9.2/accounts?$top=1", true),
        ("HEAD /S/api/data/v9.2/accounts", true),
        ("POST /S/api/data/v9.2/accounts", false),
        ("DELETE /S/api/data/v9.2/accounts(1)", false),
        ("POST /S/api/data/v9.2/$batch", false),
        ("GET /S/api/data/v9.2/%24batch", false),
    ] {
        assert_eq!(judge_as_read(&judged(line, &[]).unwrap()).is_ok(), is_open, "{line}");
    }
}
