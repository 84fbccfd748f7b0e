//! Sign-in by device code: what is shown, how often Entra is asked, and every way in which it can end.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use d365conn::output::{Stdio, Terminals};
use d365conn::sandbox::{DAEMON, Fault, INES, OWN_DESKTOP_APP, Robot};

use crate::world::{Outcome, World};

const LINE: &str = "connect --tenant-url {org} --store file --auth device";

/// Somebody who watches what is said, and does with the code what `robot` does before anything else is said.
struct Onlooker {
    paper: Box<dyn Write + Send>,
    read: String,
    robot: Option<Robot>,
    pages: Arc<Mutex<Vec<String>>>,
}

impl Write for Onlooker {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.paper.write_all(bytes)?;
        self.read.push_str(&String::from_utf8_lossy(bytes));
        let is_code = |line: &&str| line.len() == 9 && line.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let code = self.read.lines().find(is_code);
        let address = self.read.lines().find(|line| line.trim_start().starts_with("http")).map(str::trim);
        if let (Some(code), Some(address)) = (code, address)
            && let Some(robot) = self.robot.take()
        {
            let (robot, address) = (robot.with_user_code(code), address.to_owned());
            let report = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(robot.sign_in(&address)).unwrap()
            });
            *self.pages.lock().unwrap() = report.join().unwrap().pages;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.paper.flush()
    }
}

/// Runs `line` while `robot` sits at another device.
pub(super) fn run_beside(world: &World, line: &str, robot: Option<Robot>, is_terminal: bool) -> Outcome {
    let words = shell_words::split(&line.replace("{org}", &world.sandbox.address())).unwrap();
    let (mut streams, captured) = Stdio::captured();
    streams.terminals = Terminals { stdin: is_terminal, stdout: false, stderr: is_terminal, width: Some(100) };
    let paper = std::mem::replace(&mut streams.stderr, Box::new(std::io::sink()));
    streams.stderr = Box::new(Onlooker { paper, read: String::new(), robot, pages: Arc::default() });
    let exit = world.run_on(&words, streams, &[]);
    Outcome { exit, stdout: captured.stdout(), stderr: captured.stderr() }
}

fn connect(world: &World) -> Outcome {
    run_beside(world, LINE, Some(Robot::new(INES)), true)
}

fn polls(world: &World) -> usize {
    let is_poll = |form: &str| form.ends_with("device_code");
    let requests = world.sandbox.requests();
    requests.iter().filter(|request| request.field("grant_type").is_some_and(is_poll)).count()
}

fn seconds_since_the_beginning(world: &World) -> i64 {
    let beginning: jiff::Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
    world.clock.now().as_second() - beginning.as_second()
}

#[test]
fn a_code_typed_elsewhere_connects() {
    let world = World::new();
    let outcome = connect(&world);
    let (said, address) = (outcome.stderr.clone(), world.sandbox.address());
    outcome.succeeds();
    assert!(said.contains(&format!("\n  {address}/devicelogin\n")), "{said}");
    assert!(said.contains("good until 09:15") && said.contains("started this yourself"), "{said}");
    assert!(
        said.contains("51f81489-12ee-4a9e-aaae-a2591f45987d") && said.contains(d365conn::sandbox::TENANT_ID),
        "{said}"
    );
    assert!(said.contains("connected to") && said.contains(INES.user_name), "{said}");
    assert_eq!((polls(&world), seconds_since_the_beginning(&world)), (1, 5));
    let list = world.run("connections list -o json").succeeds();
    assert!(list.contains("\"auth\":\"device\""), "{list}");
    for secret in world.sandbox.issued_secrets() {
        assert!(!said.contains(&secret), "{said}");
    }
}

#[test]
fn it_is_a_person_s_connection_like_the_browser_s() {
    let world = World::new();
    connect(&world).succeeds();
    world.pass(Duration::from_secs(2 * 3600));
    assert!(world.run("whoami -o json").succeeds().contains("\"kind\":\"user\""));
    world.run("connections check").succeeds();
    world.run("doctor").succeeds();
    run_beside(&world, "reconnect", Some(Robot::new(INES)), true).succeeds();
    world.run("reconnect --prompt login").fails(2, "commands/flag-of-another-flow");
    world.run("disconnect sandbox").succeeds();
}

#[test]
fn a_connection_that_borrows_its_sign_in_is_renewed_by_a_code_too() {
    let world = World::new();
    connect(&world).succeeds();
    world.run("connect --tenant-url {org} --from sandbox --name second").succeeds();
    world.sandbox.revoke_all();
    run_beside(&world, "reconnect second", Some(Robot::new(INES)), true).succeeds();
    assert!(!world.run("connections list -o json").succeeds().contains("\"auth\":\"browser\""));
}

#[test]
fn an_own_app_signs_in_so_too_and_asks_for_dataverse_alone() {
    let world = World::new();
    let line = format!("{LINE} --client-id {}", OWN_DESKTOP_APP.client_id);
    run_beside(&world, &line, Some(Robot::new(INES)), true).succeeds();
    let requests = world.sandbox.requests();
    let began = requests.iter().find(|request| request.path.ends_with("/devicecode")).unwrap();
    let expected = format!("{}/user_impersonation openid profile offline_access", world.sandbox.address());
    assert_eq!(began.field("scope"), Some(expected.as_str()));
}

#[test]
fn it_works_without_a_terminal_and_quietly_because_it_was_asked_for() {
    let world = World::new();
    run_beside(&world, &format!("{LINE} --quiet"), Some(Robot::new(INES)), false).succeeds();
}

#[test]
fn where_nobody_may_be_asked_no_code_is_asked_for() {
    let mut world = World::new();
    world.run(&format!("{LINE} --no-input")).fails(2, "commands/nobody-to-enter-the-code");
    world.set("CI", "true");
    world.run(LINE).fails(2, "commands/nobody-to-enter-the-code");
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn entra_is_asked_as_often_as_it_says_and_less_often_when_it_complains() {
    let world = World::new();
    let faults = world.sandbox.faults();
    faults.order(Fault::DevicePending);
    faults.order_times(Fault::DeviceTooFast, 2);
    connect(&world).succeeds();
    // Every complaint makes the pause five seconds longer, for good.
    assert_eq!((polls(&world), seconds_since_the_beginning(&world)), (4, 5 + 5 + 10 + 15));
}

#[test]
fn trouble_at_entra_is_waited_out() {
    let world = World::new();
    world.sandbox.faults().order_times(Fault::DevicePending, 1);
    world.sandbox.faults().order_times(Fault::TokenUnavailable, 4);
    connect(&world).succeeds();
}

#[test]
fn nobody_comes_within_the_time_that_is_given() {
    let world = World::new();
    let said = run_beside(&world, &format!("{LINE} --wait 1m"), None, true).fails(4, "auth/nobody-came");
    assert!(said.contains("within 1m") && said.contains("--wait 15m"), "{said}");
    assert_eq!(seconds_since_the_beginning(&world), 60);
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
fn a_code_that_expires_is_told_as_such() {
    let world = World::new();
    let said = run_beside(&world, &format!("{LINE} --wait 1h"), None, true).fails(4, "auth/device-code");
    assert!(said.contains("--auth device"), "{said}");
    assert_eq!(seconds_since_the_beginning(&world), 900);
}

#[test]
fn whoever_declines_is_believed_at_once() {
    let world = World::new();
    let said = run_beside(&world, LINE, Some(Robot::new(INES).cancelling()), true).fails(4, "auth/cancelled");
    assert!(said.contains("AADSTS65004"), "{said}");
    assert_eq!(polls(&world), 1);
}

#[test]
fn where_a_policy_forbids_codes_the_browser_is_named() {
    for number in [53003, 530_036] {
        let world = World::new();
        world.sandbox.faults().order(Fault::DeviceForbidden { number });
        let said = run_beside(&world, LINE, Some(Robot::new(INES)), true).fails(4, "auth/device-forbidden");
        assert!(said.contains(&format!("AADSTS{number}")), "{said}");
        assert!(said.contains(&format!("d365conn connect --tenant-url {}`", world.sandbox.address())), "{said}");
    }
}

#[test]
fn an_app_that_needs_a_secret_gets_no_code() {
    let world = World::new();
    let line = format!("{LINE} --client-id {}", DAEMON.client_id);
    let said = run_beside(&world, &line, Some(Robot::new(INES)), true).fails(4, "auth/device-not-public");
    assert!(said.contains("Allow public client flows"), "{said}");
}

#[test]
fn flags_of_the_browser_and_of_apps_are_refused_before_any_network() {
    let world = World::new();
    for flag in ["--no-browser", "--prompt login", "--client-secret-stdin", "--redirect-uri http://localhost:8400"] {
        let said = world.run(&format!("{LINE} {flag}")).fails(2, "commands/flag-of-another-flow");
        assert!(said.contains("`device`") && said.contains(flag.split(' ').next().unwrap()), "{said}");
    }
    world.run("connect --auth device").fails(2, "commands/tenant-url-needed");
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn a_connection_by_code_is_not_told_to_ask_for_what_no_code_can() {
    let world = World::new();
    world.sandbox.faults().order(Fault::NoRefreshToken);
    connect(&world).succeeds();
    world.pass(Duration::from_secs(2 * 3600));
    let said = world.run("accounts list").fails(4, "session/no-refresh-token");
    assert!(said.contains("d365conn reconnect ") && !said.contains("--prompt"), "{said}");
}
