//! Behaviours of the robot against a running sandbox and a listener such as an app's. Pages are read in tests elsewhere.

use std::sync::mpsc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::sandbox::{INES, MANAGED_APP, OWN_WEB_APP, Options, Registration, Sandbox, TENANT_ID};

fn sandbox() -> Sandbox {
    Sandbox::start_in_background(Options::default()).unwrap()
}

fn authorize(sandbox: &Sandbox, client: &Registration, mode: &str, port: u16) -> String {
    let origin = sandbox.address();
    format!(
        "{origin}/{TENANT_ID}/oauth2/v2.0/authorize?client_id={}&response_type=code&response_mode={mode}\
         &redirect_uri=http%3A%2F%2Flocalhost%3A{port}&scope={origin}/user_impersonation%20offline_access\
         &state=s&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
        client.client_id
    )
}

/// Answers one request and returns it.
async fn listen(listener: TcpListener) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece).await.unwrap();
        request.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let length: usize = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        if text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= length) {
            let page = "<title>Return to the terminal</title>";
            let answer =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}", page.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
            return text;
        }
    }
}

async fn run(robot: Robot, client: &Registration, mode: &str) -> (RobotReport, String, Sandbox) {
    let sandbox = sandbox();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = authorize(&sandbox, client, mode, listener.local_addr().unwrap().port());
    let (report, heard) = tokio::join!(robot.sign_in(&url), listen(listener));
    (report.unwrap(), heard, sandbox)
}

#[tokio::test]
async fn a_form_is_posted_to_the_app_with_the_origin_of_the_sandbox() {
    let (report, heard, sandbox) = run(Robot::new(INES), &MANAGED_APP, "form_post").await;
    assert_eq!(report.pages, ["Sign in", "Working", "Return to the terminal"]);
    assert_eq!(report.last_status, 200);
    assert!(heard.starts_with("POST / HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains(&format!("origin: {}\r\n", sandbox.address())), "{heard}");
    assert!(heard.contains("code=1.A") && heard.contains("&state=s"), "{heard}");
}

#[tokio::test]
async fn a_redirect_is_followed_to_the_app_after_consent() {
    let (report, heard, _sandbox) = run(Robot::new(INES), &OWN_WEB_APP, "query").await;
    assert_eq!(report.pages, ["Sign in", "Permissions requested", "Return to the terminal"]);
    assert!(heard.starts_with("GET /?code=1.A"), "{heard}");
    assert!(!heard.contains("origin: "), "{heard}");
}

#[tokio::test]
async fn a_cancelled_sign_in_and_a_declined_consent_reach_the_app() {
    for (robot, pages) in [(Robot::new(INES).cancelling(), 2), (Robot::new(INES).declining(), 3)] {
        let (report, heard, _sandbox) = run(robot, &OWN_WEB_APP, "query").await;
        assert_eq!(report.pages.len(), pages, "{report:?}");
        assert!(heard.starts_with("GET /?error=access_denied&"), "{heard}");
        assert!(heard.contains("error_subcode=cancel"), "{heard}");
    }
}

#[tokio::test]
async fn a_silent_robot_a_wrong_password_and_a_refusal_end_on_their_page() {
    let sandbox = sandbox();
    let url = authorize(&sandbox, &MANAGED_APP, "query", 9);
    let silent = Robot::new(INES).silent().sign_in(&url).await.unwrap();
    assert_eq!(silent.pages, ["Sign in"]);
    let wrong = Robot::new(INES).with_password("no").sign_in(&url).await.unwrap();
    assert_eq!(wrong.pages, ["Sign in", "Sign in"]);
    assert!(wrong.last_body.contains("AADSTS50126"));
    let refused = Robot::new(INES).sign_in(&url.replace("localhost%3A9", "localhost%3A9%2Fx")).await.unwrap();
    assert_eq!(refused.last_status, 400);
    assert!(refused.last_body.contains("AADSTS50011"));
}

#[tokio::test]
async fn a_device_is_let_in_by_its_code() {
    let sandbox = sandbox();
    let origin = sandbox.address();
    let page = format!("{origin}/devicelogin");
    let wrong = Robot::new(INES).with_user_code("WRONG").sign_in(&page).await.unwrap();
    assert_eq!(wrong.pages, ["Enter code", "Enter code"]);

    let url = parse(&format!("{origin}/{TENANT_ID}/oauth2/v2.0/devicecode")).unwrap();
    let form = format!("client_id={}&scope={origin}/user_impersonation", MANAGED_APP.client_id);
    let started = exchange(&url, Some(form), None).await.unwrap();
    let started: serde_json::Value = serde_json::from_str(&started.body).unwrap();
    let robot = Robot::new(INES).with_user_code(started["user_code"].as_str().unwrap());
    assert_eq!(robot.sign_in(&page).await.unwrap().pages, ["Enter code", "Sign in", "You are signed in"]);
}

#[tokio::test]
async fn a_robot_goes_nowhere_but_to_loopback() {
    for url in ["https://127.0.0.1:1/", "http://192.0.2.1/", "http://example.com/", "http://localhost.evil.example/"] {
        let error = Robot::new(INES).sign_in(url).await.unwrap_err();
        assert!(matches!(error, RobotError::NotLoopback { .. }), "{url}: {error}");
    }
    let error = Robot::new(INES).sign_in("nonsense").await.unwrap_err();
    assert!(matches!(error, RobotError::NotAnAddress { .. }), "{error}");
}

#[test]
fn a_robot_stands_in_for_a_browser() {
    let sandbox = sandbox();
    let (tell, told) = mpsc::channel();
    let browser = Robot::new(INES).in_background_telling(move |report| tell.send(report).unwrap());
    browser(&sandbox.address());
    let report = told.recv_timeout(Duration::from_secs(20)).unwrap().unwrap();
    assert_eq!(report.pages, ["The sandbox is running"]);
}
