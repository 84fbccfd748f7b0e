//! The whole way to a token of the machine, against a server that answers as prepared.

use std::time::Duration;

use crate::auth::stand_in::{StandIn, answer, http, json};
use crate::auth::{AuthError, IdentityEndpoint, TokenSet};
use crate::clock::Clock;
use crate::connection::ManagedIdentity;
use crate::environment::Environment;
use crate::paths::write_given;
use crate::problem::{Diagnose as _, Exit};
use crate::tenant::TenantUrl;

use super::ask;

const TOKEN: &str = r#"{"access_token":"t0ken","expires_in":"3600","token_type":"Bearer"}"#;

/// Asks a stand-in of Azure Arc whose keys are in `keys`, or one of IMDS.
async fn asked<const N: usize>(
    answers: [String; N],
    arc_keys: Option<&std::path::Path>,
) -> (Result<TokenSet, AuthError>, Vec<String>, Duration) {
    let stand_in = StandIn::answering(|_| answers).await;
    let address = stand_in.tenant_url.to_string();
    let address = address.trim_end_matches('/');
    let environment = match arc_keys {
        Some(_) => Environment::of([
            ("IDENTITY_ENDPOINT", format!("{address}/metadata/identity/oauth2/token")),
            ("IMDS_ENDPOINT", address.to_owned()),
        ]),
        None => Environment::of([("AZURE_POD_IDENTITY_AUTHORITY_HOST", address)]),
    };
    let endpoint = IdentityEndpoint::of(&environment).unwrap();
    let organisation = TenantUrl::parse("https://adventure.crm4.dynamics.com").unwrap().url;
    let start = "2026-11-23T19:20:31Z".parse().unwrap();
    let clock = Clock::set_at(start);
    let keys = arc_keys.unwrap_or_else(|| std::path::Path::new("/nonexistent"));
    let result = ask(&http(), &clock, &endpoint, &ManagedIdentity::System, &organisation, keys).await;
    (result, stand_in.asked(), Duration::try_from(clock.now().duration_since(start)).unwrap())
}

fn code(result: &Result<TokenSet, AuthError>) -> (&'static str, Exit) {
    let phrase = result.as_ref().unwrap_err().phrase();
    (phrase.code, phrase.exit)
}

#[tokio::test]
async fn imds_is_asked_for_the_organisation_with_its_header_and_no_credential() {
    let (tokens, asked, waited) = asked([json(200, TOKEN)], None).await;
    assert_eq!(tokens.unwrap().access_token.expose(), "t0ken");
    assert_eq!((asked.len(), waited), (1, Duration::ZERO));
    let request = asked[0].to_ascii_lowercase();
    assert!(request.starts_with("get /metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3a%2f%2fadventure.crm4.dynamics.com http"), "{request}");
    assert!(request.contains("metadata: true") && !request.contains("authorization:"), "{request}");
}

#[tokio::test]
async fn imds_is_waited_for_while_it_is_replaced_and_given_up_in_the_end() {
    let busy = json(429, r#"{"error":"x","error_description":"Too many requests"}"#);
    let (tokens, asked_for, waited) = asked([json(410, "{}"), busy.clone(), json(200, TOKEN)], None).await;
    assert!(tokens.is_ok());
    assert_eq!((asked_for.len(), waited), (3, Duration::from_secs(12)));
    let (tokens, asked_for, waited) = asked([busy], None).await;
    assert_eq!(code(&tokens), ("auth/throttled", Exit::Busy));
    assert_eq!((asked_for.len(), waited), (4, Duration::from_secs(7)));
    let (tokens, ..) = asked([json(503, "{}")], None).await;
    assert_eq!(code(&tokens), ("auth/identity-out-of-order", Exit::Unreachable));
}

#[tokio::test]
async fn what_is_no_machine_of_azures_is_told_so() {
    for page in [answer(403, "", "connecting to 169.254.169.254:80: host is unreachable"), answer(404, "", "<html>")] {
        let (tokens, ..) = asked([page.clone()], None).await;
        let expected = if page.contains(" 403 ") { "auth/identity-absent" } else { "auth/identity-out-of-order" };
        assert_eq!(code(&tokens), (expected, Exit::Unreachable), "{page}");
    }
    let (tokens, asked_for, _) = asked([answer(302, "Location: http://evil.example/\r\n", "")], None).await;
    assert_eq!(code(&tokens), ("auth/identity-refused", Exit::SignIn));
    assert_eq!(asked_for.len(), 1, "nothing is followed");
    let (tokens, ..) = asked([answer(200, "", "<html>")], None).await;
    assert_eq!(code(&tokens).0, "auth/odd-token");
}

#[tokio::test]
async fn arc_is_shown_the_key_it_names_and_nothing_else_is_read() {
    let keys = tempfile::tempdir().unwrap();
    let place = keys.path().display().to_string();
    let challenge = |file: &str| answer(401, &format!("WWW-Authenticate: Basic realm={file}\r\n"), "");
    let file = keys.path().join("a1.key");
    write_given(&file, b"arc-k3y-of-the-agent\n", false).unwrap();
    let answers = [challenge(&format!("{place}/a1.key")), json(200, TOKEN)];
    let (tokens, asked_for, _) = asked(answers, Some(keys.path())).await;
    assert!(tokens.is_ok());
    assert!(!asked_for[0].to_ascii_lowercase().contains("authorization:"), "{}", asked_for[0]);
    assert!(asked_for[1].contains("authorization: Basic arc-k3y-of-the-agent\r\n"), "{}", asked_for[1]);

    write_given(&keys.path().join("large.key"), &[b'x'; 4097], false).unwrap();
    write_given(&keys.path().join("lines.key"), b"a\r\nb", false).unwrap();
    for (realm, expected) in [
        ("/etc/passwd".to_owned(), ("auth/arc-challenge", Exit::Failed)),
        (format!("{place}/../a1.key"), ("auth/arc-challenge", Exit::Failed)),
        (format!("{place}/lines.key"), ("auth/arc-challenge", Exit::Failed)),
        (format!("{place}/large.key"), ("auth/arc-key", Exit::SignIn)),
        (format!("{place}/lost.key"), ("auth/arc-key", Exit::SignIn)),
    ] {
        let (tokens, asked_for, _) = asked([challenge(&realm)], Some(keys.path())).await;
        assert_eq!(code(&tokens), expected, "{realm}");
        assert_eq!(asked_for.len(), 1, "{realm}");
    }
    // A key that is not accepted is shown once.
    let (tokens, asked_for, _) = asked([challenge(&format!("{place}/a1.key"))], Some(keys.path())).await;
    assert_eq!((code(&tokens).0, asked_for.len()), ("auth/identity-header-refused", 2));
    assert!(!format!("{:?}", tokens.unwrap_err()).contains("arc-k3y"));
}
