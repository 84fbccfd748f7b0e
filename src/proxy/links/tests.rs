//! Bodies before and after, cut at every place.

use proptest::prelude::*;

use super::*;

const ORIGIN: &str = "https://contoso.crm4.dynamics.com";
const PREFIX: &str = "http://127.0.0.1:4711/SECRET";

/// Passes `body` in pieces of every size from one byte to all of it, and asks that it is the same each time.
fn outward(body: &str, has_lines: bool) -> String {
    let pass = |size: usize| {
        let mut links = Outward::new(ORIGIN, PREFIX, has_lines);
        let mut out = Vec::new();
        for piece in body.as_bytes().chunks(size) {
            out.extend(links.pass(piece));
        }
        out.extend(links.end());
        String::from_utf8(out).unwrap()
    };
    let whole = pass(body.len().max(1));
    for size in 1..body.len() {
        assert_eq!(pass(size), whole, "in pieces of {size}");
    }
    whole
}

#[test]
fn links_lead_through_the_proxy() {
    for (link, expected) in [
        (
            r#"{"@odata.nextLink":"https://contoso.crm4.dynamics.com/api/data/v9.2/accounts?$skiptoken=%3C","value":[]}"#,
            r#"{"@odata.nextLink":"http://127.0.0.1:4711/SECRET/api/data/v9.2/accounts?$skiptoken=%3C","value":[]}"#,
        ),
        (
            "{\"@odata.deltaLink\"\r\n\t : \"https://contoso.crm4.dynamics.com/x\"}",
            "{\"@odata.deltaLink\"\r\n\t : \"http://127.0.0.1:4711/SECRET/x\"}",
        ),
        (
            r#"{"contact_customer_accounts@odata.nextLink":"https://CONTOSO.crm4.dynamics.com/x"}"#,
            r#"{"contact_customer_accounts@odata.nextLink":"http://127.0.0.1:4711/SECRET/x"}"#,
        ),
        (
            r#"{"@odata.nextLink":"https:\/\/contoso.crm4.dynamics.com\/api\/x"}"#,
            r#"{"@odata.nextLink":"http://127.0.0.1:4711/SECRET\/api\/x"}"#,
        ),
        (r#"{"@odata.nextLink":"/api/data/x"}"#, r#"{"@odata.nextLink":"http://127.0.0.1:4711/SECRET/api/data/x"}"#),
        (
            r#"[{"@odata.nextLink":"https://contoso.crm4.dynamics.com/1"},{"@odata.nextLink":"https://contoso.crm4.dynamics.com/2"}]"#,
            r#"[{"@odata.nextLink":"http://127.0.0.1:4711/SECRET/1"},{"@odata.nextLink":"http://127.0.0.1:4711/SECRET/2"}]"#,
        ),
    ] {
        assert_eq!(outward(link, false), expected);
    }
}

#[test]
fn everything_else_passes_byte_for_byte() {
    let blanks = format!("{{\"@odata.nextLink\":{}\"https://contoso.crm4.dynamics.com/x\"}}", " ".repeat(100));
    for body in [
        "",
        "{}",
        r#"{"@odata.context":"https://contoso.crm4.dynamics.com/api/data/v9.2/$metadata#accounts"}"#,
        r#"{"websiteurl":"https://contoso.crm4.dynamics.com/x"}"#,
        r#"{"description":"\"@odata.nextLink\":\"https://contoso.crm4.dynamics.com/x\""}"#,
        r#"{"description":"@odata.nextLink","x":"https://contoso.crm4.dynamics.com/x"}"#,
        r#"{"@odata.nextLink":"https://contoso.crm4.dynamics.com.evil.example/x"}"#,
        r#"{"@odata.nextLink":"https://contoso.crm4.dynamics.com@evil.example/x"}"#,
        r#"{"@odata.nextLink":"https://contoso.crm4.dynamics.com:8443/x"}"#,
        r#"{"@odata.nextLink":"https://evil.example/x"}"#,
        r#"{"@odata.nextLink":"http://contoso.crm4.dynamics.com/x"}"#,
        r#"{"@odata.nextLink":"//contoso.crm4.dynamics.com/x"}"#,
        r#"{"@odata.nextLink":"\/\/contoso.crm4.dynamics.com/x"}"#,
        r#"{"@odata.nextLink":null}"#,
        r#"{"@odata.nextLink":""}"#,
        r#"{"@odata.nextLink"#,
        r#"{"@odata.nextLink":"https://contoso.crm4.dynamics.com"#,
        r#"{"e":"a@b.example","@odata.etag":"W/\"1\"","@":"@@@odata."}"#,
        "{\"x\":\"ü@odata.nextLinkü\"}\nLocation: https://contoso.crm4.dynamics.com/x",
        &blanks,
    ] {
        assert_eq!(outward(body, false), body);
    }
}

#[test]
fn the_parts_of_a_batch_have_their_links_and_their_addresses() {
    let body = "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\n\
        OData-EntityId: https://contoso.crm4.dynamics.com/api/data/v9.2/accounts(1)\r\n\
        location:https://contoso.crm4.dynamics.com/x\r\nX-Location: https://contoso.crm4.dynamics.com/x\r\n\r\n\
        {\"@odata.nextLink\":\"https://contoso.crm4.dynamics.com/next\"}\r\n--b--\r\n";
    let expected = body
        .replace("OData-EntityId: https://contoso.crm4.dynamics.com/", "OData-EntityId: http://127.0.0.1:4711/SECRET/")
        .replace("location:https://contoso.crm4.dynamics.com/", "location:http://127.0.0.1:4711/SECRET/")
        .replace("\"https://contoso.crm4.dynamics.com/next", "\"http://127.0.0.1:4711/SECRET/next");
    assert!(expected.contains("X-Location: https://contoso.crm4.dynamics.com/"));
    assert_eq!(outward(body, true), expected);
}

fn inward(body: &str, size: usize) -> String {
    let mut links = Inward::new(PREFIX, ORIGIN);
    let mut out = Vec::new();
    for piece in body.as_bytes().chunks(size) {
        out.extend(links.pass(piece));
    }
    out.extend(links.end());
    String::from_utf8(out).unwrap()
}

#[test]
fn own_addresses_in_a_request_become_the_organisation_s() {
    let body = format!(
        "{{\"@odata.id\":\"{PREFIX}/api/data/v9.2/contacts(1)\",\"a\":\"{PREFIX}{PREFIX}\",\"b\":\"http://127.0.0.1:4711/SECRE\"}}"
    );
    let expected = body.replace(PREFIX, ORIGIN);
    for size in 1..=body.len() {
        assert_eq!(inward(&body, size), expected, "in pieces of {size}");
    }
}

proptest! {
    #[test]
    fn cutting_a_body_changes_nothing(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("@odata.nextLink\":\""), Just("@odata.nextLink\""), Just("https://contoso.crm4.dynamics.com"),
                Just("/x"), Just("\\/"), Just("\""), Just(" "), Just("@"), Just("\nLocation: "), Just("http://127.0.0.1:4711/SECRET"),
            ],
            0..12,
        ),
        size in 1usize..40,
        has_lines: bool,
    ) {
        let body = parts.concat();
        let pass = |size: usize| {
            let mut links = Outward::new(ORIGIN, PREFIX, has_lines);
            let mut out: Vec<u8> = body.as_bytes().chunks(size).flat_map(|piece| links.pass(piece)).collect();
            out.extend(links.end());
            out
        };
        prop_assert_eq!(pass(size), pass(body.len().max(1)));
        prop_assert_eq!(inward(&body, size), body.replace(PREFIX, ORIGIN));
    }
}
