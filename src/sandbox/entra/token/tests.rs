//! Behaviours of the token endpoint, grant by grant. Sockets are tested elsewhere.

use serde_json::{Value, json};

use super::super::testing::*;
use super::*;
use crate::sandbox::{DAEMON, INES, MANAGED_APP, OWN_DESKTOP_APP, OWN_WEB_APP, SINGLE_PAGE_APP, STRANGER, TENANT_ID};

fn says(status: u16, error: &str, number: u64) -> (u16, String, u64) {
    (status, error.to_owned(), number)
}

fn bearer_works(bench: &Bench, answer: &Value) -> bool {
    bench.entra.bearer(ORIGIN, bench.now, answer["access_token"].as_str().unwrap()).is_some()
}

#[test]
fn a_code_gives_tokens_in_the_shape_of_entra() {
    let mut bench = Bench::new();
    let answer = bench.connect(&OWN_WEB_APP, BOTH);
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!((&answer["expires_in"], &answer["ext_expires_in"]), (&json!(4611), &json!(4611)));
    assert_eq!(answer["scope"], format!("{ORIGIN}/user_impersonation {ORIGIN}/.default"));
    assert!(answer["refresh_token"].as_str().unwrap().len() > 1000);
    let id = jwt::payload_of(answer["id_token"].as_str().unwrap()).unwrap();
    assert_eq!((&id["aud"], &id["nonce"]), (&json!(OWN_WEB_APP.client_id), &json!("once")));
    assert_eq!((&id["tid"], &id["oid"]), (&json!(TENANT_ID), &json!(INES.object_id)));
    assert_eq!((&id["iss"], &id["name"]), (&json!(format!("{ORIGIN}/{TENANT_ID}/v2.0")), &json!("Inès Moreau")));
    let access = jwt::payload_of(answer["access_token"].as_str().unwrap()).unwrap();
    assert_eq!((&access["aud"], &access["ver"]), (&json!(ORIGIN), &json!("1.0")));
    assert_eq!((&access["scp"], &access["appid"]), (&json!("user_impersonation"), &json!(OWN_WEB_APP.client_id)));
    assert_eq!(access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap(), 4611);
    assert!(bearer_works(&bench, &answer));
    bench.pass(4611);
    assert!(!bearer_works(&bench, &answer));
}

#[test]
fn token_answers_and_refusals_are_not_stored_and_echo_the_correlation_id() {
    let mut bench = Bench::new();
    let code = bench.code(&MANAGED_APP, ONE);
    let good = bench.redeem(&MANAGED_APP, &code, &[]);
    let bad = bench.redeem(&MANAGED_APP, &code, &[]);
    for answer in [&good, &bad] {
        assert_eq!(header(answer, "cache-control"), Some("no-store"));
    }
    let id = "5b0c1d2e-0000-4000-8000-000000000001";
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("client-request-id", id)];
    let answer = bench.ask("POST", "/~/oauth2/v2.0/token", "", "grant_type=magic", &headers);
    let body = json(&answer);
    assert_eq!((body["correlation_id"].as_str(), header(&answer, "client-request-id")), (Some(id), Some(id)));
    assert_eq!(body["error"], "unsupported_grant_type");
    assert_eq!(body["timestamp"], "2026-11-23 19:20:31Z");
    let description = body["error_description"].as_str().unwrap();
    assert_eq!(description.matches("\r\n").count(), 3, "{description}");
}

#[test]
fn codes_are_judged() {
    fn check(changes: Changes, expected: (u16, &str, u64)) {
        let mut bench = Bench::new();
        let code = bench.code(&OWN_DESKTOP_APP, BOTH);
        let answer = bench.redeem(&OWN_DESKTOP_APP, &code, changes);
        assert_eq!(verdict(&answer), says(expected.0, expected.1, expected.2), "{changes:?}");
    }
    check(&[("code", None)], (400, "invalid_request", 900_144));
    check(&[("code", Some("1.Amade-up"))], (400, "invalid_grant", 70000));
    check(&[("client_id", None)], (400, "invalid_request", 900_144));
    check(&[("client_id", Some("nobody"))], (400, "unauthorized_client", 700_016));
    check(&[("client_id", Some(MANAGED_APP.client_id))], (400, "invalid_grant", 70000));
    check(&[("redirect_uri", None)], (400, "invalid_request", 900_144));
    check(&[("redirect_uri", Some("http://localhost:53682/"))], (400, "invalid_grant", 500_112));
    check(&[("code_verifier", None)], (400, "invalid_request", 900_144));
    check(&[("code_verifier", Some("short"))], (400, "invalid_grant", 501_491));
    let wrong = "x".repeat(43);
    check(&[("code_verifier", Some(&wrong))], (400, "invalid_grant", 501_481));
    check(&[("scope", Some(BOTH))], (400, "invalid_request", 28000));
    check(&[("scope", None)], (400, "invalid_request", 28003));
    check(&[("scope", Some("openid offline_access"))], (400, "invalid_request", 28003));
    check(&[("scope", Some("@/nonsense"))], (400, "invalid_scope", 70011));
    check(&[("client_secret", Some("anything"))], (401, "invalid_client", 700_025));
}

#[test]
fn a_code_is_redeemed_once_within_ten_minutes_and_under_its_tenant() {
    let mut bench = Bench::new();
    let code = bench.code(&MANAGED_APP, ONE);
    let body = format!(
        "grant_type=authorization_code&client_id={}&code={code}&redirect_uri=http://localhost:53682&code_verifier={VERIFIER}",
        MANAGED_APP.client_id
    );
    let elsewhere = bench.post("/organizations/oauth2/v2.0/token", &body);
    assert_eq!(verdict(&elsewhere), says(400, "invalid_grant", 700_005));
    // A sign-in for one resource needs no scope at the token endpoint.
    assert_eq!(bench.post("/~/oauth2/v2.0/token", &body).status, 200);
    assert_eq!(verdict(&bench.redeem(&MANAGED_APP, &code, &[])), says(400, "invalid_grant", 54005));
    let code = bench.code(&MANAGED_APP, ONE);
    bench.pass(600);
    assert_eq!(verdict(&bench.redeem(&MANAGED_APP, &code, &[])), says(400, "invalid_grant", 70008));
}

#[test]
fn the_platform_decides_about_the_secret() {
    fn check(client: &Registration, changes: Changes, expected: (u16, &str, u64)) {
        let mut bench = Bench::new();
        let code = bench.code(client, ONE);
        assert_eq!(verdict(&bench.redeem(client, &code, changes)), says(expected.0, expected.1, expected.2));
    }
    check(&OWN_WEB_APP, &[("client_secret", None)], (401, "invalid_client", 7_000_218));
    check(&OWN_WEB_APP, &[("client_secret", Some("wrong"))], (401, "invalid_client", 7_000_215));
    check(&OWN_WEB_APP, &[("client_secret", Some(TENANT_ID))], (401, "invalid_client", 7_000_215));
    check(&MANAGED_APP, &[("client_secret", Some("x"))], (401, "invalid_client", 700_025));
    check(&SINGLE_PAGE_APP, &[], (400, "invalid_request", 9_002_327));
}

#[test]
fn a_secret_may_come_in_the_authorization_header() {
    use base64::Engine;
    let mut bench = Bench::new();
    let mut ask = |id: &str, secret: &str, body: &str| {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("authorization", &format!("Basic {pair}"))];
        let body = format!("grant_type=client_credentials&scope={ORIGIN}/.default{body}");
        bench.ask("POST", "/~/oauth2/v2.0/token", "", &body, &headers)
    };
    // RFC 6749 §2.3.1: both halves are form-encoded first.
    assert_eq!(ask(DAEMON.client_id, "sandbox~daemon%2Bsecret%262", "").status, 200);
    let unencoded = ask(DAEMON.client_id, "sandbox~daemon+secret&2", "");
    assert_eq!(verdict(&unencoded), says(401, "invalid_client", 7_000_215));
    let other = ask(DAEMON.client_id, "x", &format!("&client_id={}", STRANGER.client_id));
    assert_eq!(verdict(&other), says(400, "invalid_request", 90023));
}

#[test]
fn an_origin_header_is_for_single_page_applications() {
    let mut bench = Bench::new();
    let body = |client: &Registration, code: &str| {
        format!(
            "grant_type=authorization_code&client_id={}&code={code}&redirect_uri=http://localhost:53682&code_verifier={VERIFIER}",
            client.client_id
        )
    };
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", "http://localhost:53682")];
    let code = bench.code(&MANAGED_APP, ONE);
    let answer = bench.ask("POST", "/~/oauth2/v2.0/token", "", &body(&MANAGED_APP, &code), &headers);
    assert_eq!(verdict(&answer), says(400, "invalid_request", 9_002_326));
    let code = bench.code(&SINGLE_PAGE_APP, ONE);
    let answer = bench.ask("POST", "/~/oauth2/v2.0/token", "", &body(&SINGLE_PAGE_APP, &code), &headers);
    assert_eq!(answer.status, 200);
}

#[test]
fn a_refresh_gives_a_new_token_and_the_old_one_stays_good() {
    let mut bench = Bench::new();
    let first = bench.connect(&OWN_WEB_APP, BOTH);
    let second = json(&bench.refresh(&OWN_WEB_APP, &first["refresh_token"], &[]));
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert!(bearer_works(&bench, &second));
    let id = jwt::payload_of(second["id_token"].as_str().unwrap()).unwrap();
    assert_eq!(id["nonce"], Value::Null);
    for token in [&first["refresh_token"], &second["refresh_token"]] {
        assert_eq!(bench.refresh(&OWN_WEB_APP, token, &[]).status, 200);
    }
}

#[test]
fn a_refresh_may_be_for_another_resource_the_user_let_the_app_use() {
    let mut bench = Bench::new();
    let own = bench.connect(&OWN_WEB_APP, BOTH);
    let graph: Changes = &[("scope", Some("https://graph.microsoft.com/User.Read openid"))];
    let answer = json(&bench.refresh(&OWN_WEB_APP, &own["refresh_token"], graph));
    let access = jwt::payload_of(answer["access_token"].as_str().unwrap()).unwrap();
    assert_eq!((&access["aud"], &access["scp"]), (&json!("https://graph.microsoft.com"), &json!("User.Read")));
    let both: Changes = &[("scope", Some(BOTH))];
    let refused = bench.refresh(&OWN_WEB_APP, &own["refresh_token"], both);
    assert_eq!(verdict(&refused), says(400, "invalid_request", 28000));

    let managed = bench.connect(&MANAGED_APP, ONE);
    let refused = bench.refresh(&MANAGED_APP, &managed["refresh_token"], graph);
    assert_eq!(verdict(&refused), says(400, "invalid_grant", 65001));
    assert_eq!(json(&refused)["suberror"], "consent_required");
}

#[test]
fn refresh_tokens_are_bound_to_their_app_and_its_secret() {
    let mut bench = Bench::new();
    let answer = bench.connect(&OWN_WEB_APP, BOTH);
    let token = &answer["refresh_token"];
    let refused = bench.refresh(&OWN_DESKTOP_APP, token, &[]);
    assert_eq!(verdict(&refused), says(400, "invalid_grant", 70000));
    assert_eq!(json(&refused)["suberror"], "client_mismatch");
    let refused = bench.refresh(&OWN_WEB_APP, token, &[("client_secret", None)]);
    assert_eq!(verdict(&refused), says(401, "invalid_client", 7_000_218));
    let refused = bench.refresh(&OWN_WEB_APP, &json!("1.Amade-up"), &[]);
    assert_eq!(verdict(&refused), says(400, "invalid_grant", 70000));
}

#[test]
fn a_refresh_token_dies_after_ninety_days_without_use() {
    let mut bench = Bench::new();
    let answer = bench.connect(&MANAGED_APP, ONE);
    bench.pass(89 * 24 * 3600);
    let next = json(&bench.refresh(&MANAGED_APP, &answer["refresh_token"], &[]));
    bench.pass(89 * 24 * 3600);
    assert_eq!(bench.refresh(&MANAGED_APP, &next["refresh_token"], &[]).status, 200);
    bench.pass(90 * 24 * 3600);
    let refused = bench.refresh(&MANAGED_APP, &next["refresh_token"], &[]);
    assert_eq!(verdict(&refused), says(400, "invalid_grant", 700_082));
}

#[test]
fn an_ordered_death_lasts_until_the_user_signs_in_again() {
    for (fault, number) in
        [(Fault::RefreshTokenExpired, 700_082), (Fault::SessionsRevoked, 50173), (Fault::ConsentRemoved, 65001)]
    {
        let mut bench = Bench::new();
        let answer = bench.connect(&MANAGED_APP, ONE);
        bench.entra.faults.order(fault.clone());
        for _ in 0..2 {
            let refused = bench.refresh(&MANAGED_APP, &answer["refresh_token"], &[]);
            assert_eq!(verdict(&refused), says(400, "invalid_grant", number), "{fault:?}");
        }
        let again = bench.connect(&MANAGED_APP, ONE);
        assert_eq!(bench.refresh(&MANAGED_APP, &again["refresh_token"], &[]).status, 200, "{fault:?}");
    }
}

#[test]
fn revoking_all_sessions_spares_access_tokens() {
    let mut bench = Bench::new();
    let answer = bench.connect(&MANAGED_APP, ONE);
    bench.entra.revoke_all();
    assert!(bearer_works(&bench, &answer));
    let refused = bench.refresh(&MANAGED_APP, &answer["refresh_token"], &[]);
    assert_eq!(verdict(&refused), says(400, "invalid_grant", 50173));
}

#[test]
fn reuse_under_detection_kills_the_whole_family() {
    let mut bench = Bench::new();
    let first = bench.connect(&MANAGED_APP, ONE);
    let other = bench.connect(&MANAGED_APP, ONE);
    bench.entra.faults.order(Fault::ReuseDetection);
    let second = json(&bench.refresh(&MANAGED_APP, &first["refresh_token"], &[]));
    assert_eq!(bench.entra.faults.pending(), []);
    for token in [&first["refresh_token"], &second["refresh_token"]] {
        assert_eq!(verdict(&bench.refresh(&MANAGED_APP, token, &[])), says(400, "invalid_grant", 50173));
    }
    assert_eq!(bench.refresh(&MANAGED_APP, &other["refresh_token"], &[]).status, 200);
}

#[test]
fn odd_answers_come_to_order() {
    let mut bench = Bench::suffering(Fault::NumbersAsStrings);
    assert_eq!(bench.connect(&MANAGED_APP, ONE)["expires_in"], json!("4611"));
    bench.entra.faults.order(Fault::NoRefreshToken);
    assert_eq!(bench.connect(&MANAGED_APP, ONE)["refresh_token"], Value::Null);
    bench.entra.faults.order(Fault::WrongNonce);
    let id = jwt::payload_of(bench.connect(&MANAGED_APP, ONE)["id_token"].as_str().unwrap()).unwrap();
    assert_ne!(id["nonce"], "once");
    assert_eq!(bench.entra.faults.pending(), []);
    let plain = bench.connect(&MANAGED_APP, "@/user_impersonation");
    assert_eq!((&plain["refresh_token"], &plain["id_token"]), (&Value::Null, &Value::Null));
}

#[test]
fn outages_come_to_order() {
    let mut bench = Bench::suffering(Fault::TokenThrottled { retry_after: 17 });
    let ask = |bench: &mut Bench| bench.post("/~/oauth2/v2.0/token", "grant_type=x");
    let answer = ask(&mut bench);
    assert_eq!((answer.status, header(&answer, "retry-after")), (429, Some("17")));
    bench.entra.faults.order(Fault::TokenUnavailable);
    let answer = ask(&mut bench);
    assert_eq!((answer.status, text(&answer).starts_with("<!doctype html>")), (503, true));
    bench.entra.faults.order(Fault::TokenRedirects { to: "http://127.0.0.1:9/".to_owned() });
    let answer = ask(&mut bench);
    assert_eq!((answer.status, header(&answer, "location")), (307, Some("http://127.0.0.1:9/")));
    assert_eq!(ask(&mut bench).status, 400);
}

#[test]
fn an_app_signs_in_by_itself() {
    fn check(tenant: &str, changes: Changes, expected: (u16, &str, u64)) {
        let pairs = vec![
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", DAEMON.client_id.to_owned()),
            ("client_secret", DAEMON.secret.unwrap().to_owned()),
            ("scope", format!("{ORIGIN}/.default")),
        ];
        let body = changed(pairs, changes);
        let answer = Bench::new().post(&format!("/{tenant}/oauth2/v2.0/token"), &body);
        if expected.0 == 200 {
            let body = json(&answer);
            let mut keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
            keys.sort_unstable();
            assert_eq!(keys, ["access_token", "expires_in", "ext_expires_in", "token_type"]);
        } else {
            assert_eq!(verdict(&answer), says(expected.0, expected.1, expected.2), "{changes:?}");
        }
    }
    check("~", &[], (200, "", 0));
    check("~", &[("scope", Some("@//.default"))], (200, "", 0));
    check("~", &[("scope", Some("https://graph.microsoft.com/.default"))], (200, "", 0));
    check("~", &[("client_secret", None)], (401, "invalid_client", 7_000_218));
    check("~", &[("client_secret", Some("sandbox~daemon secret"))], (401, "invalid_client", 7_000_215));
    check("~", &[("client_secret", Some(TENANT_ID))], (401, "invalid_client", 7_000_215));
    check("~", &[("client_id", Some(MANAGED_APP.client_id))], (401, "invalid_client", 7_000_215));
    check("~", &[("scope", None)], (400, "invalid_request", 900_144));
    check("~", &[("scope", Some("@/user_impersonation"))], (400, "invalid_scope", 70011));
    check("~", &[("scope", Some("https://contoso.crm.dynamics.com/.default"))], (400, "invalid_resource", 500_011));
    check("organizations", &[], (400, "invalid_request", 9_001_023));
    check("contoso.example", &[], (400, "invalid_tenant", 90002));
}

#[test]
fn an_expired_secret_comes_to_order() {
    let mut bench = Bench::suffering(Fault::SecretExpired);
    let code = bench.code(&OWN_WEB_APP, BOTH);
    let refused = bench.redeem(&OWN_WEB_APP, &code, &[]);
    assert_eq!(verdict(&refused), says(401, "invalid_client", 7_000_222));
    assert_eq!(bench.redeem(&OWN_WEB_APP, &code, &[]).status, 200);
}

/// The verdict about an assertion of the daemon, in an Entra that knows `certificate`.
fn judged(assertion: &str, certificate: Option<&[u8]>) -> Option<u64> {
    let body = format!(
        "grant_type=client_credentials&client_id={}&scope={ORIGIN}/.default&client_assertion={assertion}\
         &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer",
        DAEMON.client_id
    );
    let mut bench = Bench::new();
    if let Some(certificate) = certificate {
        assert!(bench.entra.register_certificate(DAEMON.client_id, certificate));
    }
    let answer = bench.post("/~/oauth2/v2.0/token", &body);
    let read: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(answer.status, if read["error"].is_null() { 200 } else { 401 }, "{read}");
    read["error_codes"][0].as_u64()
}

#[test]
fn an_assertion_of_a_certificate_is_judged_by_audience_subject_time_and_signature() {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256};

    let made = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&made).unwrap();
    let key = aws_lc_rs::rsa::KeyPair::from_pkcs8(&made.serialize_der()).unwrap();
    let der: &[u8] = certificate.der();
    let (long, short) = (
        jwt::base64url(Sha256::digest(der)),
        jwt::base64url(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, der)),
    );
    let sign = |header: &Value, payload: &Value| {
        let signed = format!("{}.{}", jwt::base64url(header.to_string()), jwt::base64url(payload.to_string()));
        let mut signature = vec![0; key.public_modulus_len()];
        let random = SystemRandom::new();
        match header["alg"].as_str() {
            Some("RS256") => key.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap(),
            _ => key.sign(&RSA_PSS_SHA256, &random, signed.as_bytes(), &mut signature).unwrap(),
        }
        format!("{signed}.{}", jwt::base64url(signature))
    };
    let now = Bench::new().now.as_second();
    let endpoint = format!("{ORIGIN}/{TENANT_ID}/oauth2/v2.0/token");
    let id = DAEMON.client_id;
    let modern = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": long});
    let payload = |aud: &str, iss: &str, sub: &str, nbf: i64, exp: i64| json!({"aud": aud, "iss": iss, "sub": sub, "nbf": nbf, "exp": exp});
    let good = payload(&endpoint, id, id, now, now + 600);
    for (header, payload, expected) in [
        (modern.clone(), good.clone(), None),
        (json!({"alg": "RS256", "x5t": short}), good.clone(), None),
        (json!({"alg": "none", "x5t#S256": long}), good.clone(), Some(50027)),
        (json!({"alg": "PS256", "x5t#S256": short}), good.clone(), Some(700_027)),
        (modern.clone(), payload(&endpoint, id, id, now - 1200, now - 600), Some(700_024)),
        (modern.clone(), payload(&endpoint, id, id, now + 600, now + 1200), Some(700_024)),
        (modern.clone(), payload(&endpoint, id, "x", now, now + 600), Some(50048)),
        (modern.clone(), payload(&endpoint, "x", "x", now, now + 600), Some(700_027)),
        (modern.clone(), payload("http://127.0.0.1:1/t/oauth2/v2.0/token", id, id, now, now + 600), Some(50027)),
    ] {
        assert_eq!(judged(&sign(&header, &payload), Some(der)), expected, "{header} {payload}");
    }
    let assertion = sign(&modern, &good);
    assert_eq!(judged(&assertion, None), Some(700_027), "not registered");
    let (signed, _) = assertion.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", jwt::base64url([7; 256]));
    assert_eq!(judged(&forged, Some(der)), Some(700_027), "signed by somebody else");
    assert_eq!(judged(&assertion, Some(certificate.pem().as_bytes())), None, "registered as PEM");
    assert!(!Bench::new().entra.register_certificate(id, b"no certificate"));
}

#[test]
fn an_assertion_of_a_provider_is_judged_by_issuer_subject_audience_time_and_signature() {
    use super::super::trust::signed_by_provider;
    use crate::sandbox::Provider;

    let now = Bench::new().now.as_second();
    let issuer = Provider::Github.issuer(ORIGIN);
    let subject = Provider::Github.subject();
    let exchange = "api://AzureADTokenExchange";
    let payload = |aud: &str, iss: &str, sub: &str, exp: i64| json!({"aud": aud, "iss": iss, "sub": sub, "exp": exp});
    for (payload, expected) in [
        (payload(exchange, &issuer, subject, now + 300), None),
        (payload(exchange, "https://ci.example", subject, now + 300), Some(700_211)),
        (payload(exchange, &issuer, Provider::Cluster.subject(), now + 300), Some(700_213)),
        (payload("api://azureadtokenexchange", &issuer, subject, now + 300), Some(700_212)),
        (payload(exchange, &issuer, subject, now - 600), Some(700_024)),
    ] {
        assert_eq!(judged(&signed_by_provider(&payload).unwrap(), None), expected, "{payload}");
    }
    let forged = jwt::signed(&payload(exchange, &issuer, subject, now + 300));
    assert_eq!(judged(&forged, None), Some(50013));
    assert_eq!(judged("no.token", None), Some(50027));
}

#[test]
fn the_endpoint_takes_posted_forms_only() {
    let mut bench = Bench::new();
    let answer = bench.get("/~/oauth2/v2.0/token", "grant_type=refresh_token");
    assert_eq!(verdict(&answer), says(400, "invalid_request", 900_561));
    let headers = [("content-type", "application/json")];
    let answer = bench.ask("POST", "/~/oauth2/v2.0/token", "", "grant_type=refresh_token", &headers);
    assert_eq!(verdict(&answer), says(400, "invalid_request", 900_144));
}
