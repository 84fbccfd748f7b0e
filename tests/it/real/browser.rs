//! Signing in with a real browser: the sandbox's pages filled in by hand, and the page on which the browser ends up. The
//! robot that plays a browser elsewhere is never used here.

use d365conn::sandbox::{INES, OWN_WEB_APP, Sandbox};

use super::home::Home;
use super::person::{grants, sandbox, secrets_sent};
use super::started::Started;
use super::webdriver::Chromium;

fn start(home: &Home, sandbox: &Sandbox, more: &str) -> Started {
    home.start(&format!("connect --no-browser --store file --tenant-url {} {more}", sandbox.address()))
}

fn sign_in(browser: &Chromium, address: &str) {
    browser.open(address);
    browser.type_into("user_name", INES.user_name);
    browser.type_into("password", INES.password);
    browser.press("accept");
}

/// The browser has come back to the listener, and neither page nor address bar shows what it brought.
#[track_caller]
fn is_back(browser: &Chromium, sandbox: &Sandbox) {
    let page = browser.shows("Return to the terminal");
    let code = sandbox.requests().iter().find_map(|request| request.field("code").map(str::to_owned));
    let address = browser.address();
    assert!(address.starts_with("http://localhost:"), "{address}");
    for text in [&page, &address] {
        assert!(!text.contains("code=") && !text.contains("state="), "{text}");
        assert!(code.as_ref().is_none_or(|code| !text.contains(code.as_str())), "{text}");
    }
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn a_user_signs_in_through_a_browser_with_the_managed_app() {
    let (home, sandbox) = (Home::with_passphrase(), sandbox());
    let browser = Chromium::start(&home);
    let connect = start(&home, &sandbox, "");
    sign_in(&browser, &connect.address());
    is_back(&browser, &sandbox);
    connect.finish().succeeds();
    goes_on_until_it_is_forgotten(&home, &sandbox, &browser);
    assert!(secrets_sent(&sandbox).iter().all(|secret| Some(secret.as_str()) != OWN_WEB_APP.secret));
}

/// What is saved of the connection, but for its days, which begin anew with every sign-in.
#[track_caller]
fn shown(home: &Home) -> serde_json::Value {
    let mut shown: serde_json::Value = serde_json::from_str(&home.run("connections show -o json").succeeds()).unwrap();
    shown.as_object_mut().unwrap().retain(|key, _| !key.starts_with("refresh_token_") && key != "days_left");
    shown
}

/// A connection that was just made: rows in one process after another, a second sign-in in place, and its end.
#[track_caller]
fn goes_on_until_it_is_forgotten(home: &Home, sandbox: &Sandbox, browser: &Chromium) {
    let first = home.run("accounts list --top 3 -o json").succeeds();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&first).unwrap().as_array().unwrap().len(), 3, "{first}");
    assert_eq!(home.run("accounts list --top 3 -o json").succeeds(), first);
    assert_eq!(grants(sandbox, "authorization_code"), 1, "one sign-in for all processes");
    let before = shown(home);

    // The page knows already who it is about.
    let again = home.start("reconnect --no-browser");
    browser.open(&again.address());
    browser.type_into("password", INES.password);
    browser.press("accept");
    is_back(browser, sandbox);
    again.finish().succeeds();
    assert_eq!(grants(sandbox, "authorization_code"), 2);
    assert_eq!(shown(home), before);
    assert_eq!(home.run("accounts list --top 3 -o json").succeeds(), first);

    home.run("disconnect --yes").succeeds();
    assert_eq!(home.run("connections list -o json").succeeds().trim(), "[]");
    let _ = home.run("accounts list").fails(4, "store/no-connection");
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn a_user_consents_to_an_own_web_app_in_a_browser() {
    let (home, sandbox) = (Home::with_passphrase(), sandbox());
    let browser = Chromium::start(&home);
    let path = home.path("client-secret");
    std::fs::write(&path, OWN_WEB_APP.secret.unwrap()).unwrap();
    let app = format!("--client-id {} --client-secret-file {}", OWN_WEB_APP.client_id, path.display());
    let connect = start(&home, &sandbox, &app);
    sign_in(&browser, &connect.address());
    let wishes = browser.shows("Permissions requested");
    assert!(wishes.contains(OWN_WEB_APP.name), "{wishes}");
    browser.press("accept");
    is_back(&browser, &sandbox);
    connect.finish().succeeds();
    // The secret is kept with the others: neither a renewal nor a second sign-in asks for it.
    std::fs::remove_file(&path).unwrap();
    goes_on_until_it_is_forgotten(&home, &sandbox, &browser);
    assert!(secrets_sent(&sandbox).iter().filter(|secret| Some(secret.as_str()) == OWN_WEB_APP.secret).count() >= 2);
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn an_answer_in_the_address_leaves_the_address_bar_at_once() {
    let (home, sandbox) = (Home::with_passphrase(), sandbox());
    let browser = Chromium::start(&home);
    let connect = start(&home, &sandbox, "--response-mode query");
    sign_in(&browser, &connect.address());
    is_back(&browser, &sandbox);
    connect.finish().succeeds();
    home.run("accounts list --top 1 -o json").succeeds();
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn a_user_who_cancels_in_the_browser_ends_connect_and_nothing_is_saved() {
    let (home, sandbox) = (Home::with_passphrase(), sandbox());
    let browser = Chromium::start(&home);
    let connect = start(&home, &sandbox, "");
    browser.open(&connect.address());
    browser.press("cancel");
    is_back(&browser, &sandbox);
    connect.finish().fails(4, "auth/cancelled");
    assert_eq!(home.run("connections list -o json").succeeds().trim(), "[]");
}
