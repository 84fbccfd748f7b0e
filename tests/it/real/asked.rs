//! The other way to sign in, offered at a real terminal where the wanted one is closed. The terminal is made by script(1).

use d365conn::sandbox::{Fault, INES, Robot};

use super::choosing::AtTerminal;
use super::home::Home;
use super::person::{grants, sandbox};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A home in which no program opens an address.
fn home_without_browser() -> Home {
    let mut home = Home::with_passphrase();
    home.set("BROWSER", "/no/such/browser");
    home.set("PATH", "/no/such/directory");
    home
}

#[test]
#[ignore = "needs script(1)"]
fn where_no_browser_opens_a_code_is_offered_and_taken_only_on_yes() {
    let (home, sandbox) = (home_without_browser(), sandbox());
    let line = format!("connect --tenant-url {} --store file", sandbox.address());
    let mut terminal = AtTerminal::of(&home, &line);
    terminal.sees("No browser could be opened here.", 1);
    assert_eq!(grants(&sandbox, DEVICE), 0);
    terminal.types("y\r");
    terminal.enters_the_code(&format!("{}/devicelogin", sandbox.address()), Robot::new(INES));
    let screen = terminal.finish().succeeds();
    assert!(screen.contains("saved as `sandbox`"), "{screen}");
    assert!(home.run("connections list -o json").succeeds().contains("\"auth\":\"device\""));

    let mut terminal = AtTerminal::of(&home, &line);
    terminal.sees("No browser could be opened here.", 1);
    terminal.types("n\r");
    terminal.sees("open the address above by hand", 1);
    terminal.signs_in(1);
    terminal.finish().succeeds();
    assert!(home.run("connections list -o json").succeeds().contains("\"auth\":\"browser\""));
}

#[test]
#[ignore = "needs script(1)"]
fn where_a_policy_forbids_codes_the_browser_is_offered() {
    let (home, sandbox) = (home_without_browser(), sandbox());
    sandbox.faults().order(Fault::DeviceForbidden { number: 53003 });
    let line = format!("connect --tenant-url {} --store file --auth device", sandbox.address());
    let mut terminal = AtTerminal::of(&home, &line);
    terminal.enters_the_code(&format!("{}/devicelogin", sandbox.address()), Robot::new(INES));
    terminal.sees("Sign in in the browser of this computer instead?", 1);
    terminal.types("y\r");
    terminal.signs_in(1);
    let screen = terminal.finish().succeeds();
    assert!(screen.contains("saved as `sandbox`"), "{screen}");
    assert!(home.run("connections list -o json").succeeds().contains("\"auth\":\"browser\""));
}

#[test]
#[ignore = "needs script(1)"]
fn an_answer_of_the_browser_ends_the_question_that_stands_and_the_terminal_is_as_it_was() {
    let (home, sandbox) = (home_without_browser(), sandbox());
    let line = format!("connect --tenant-url {} --store file", sandbox.address());
    let terminal = AtTerminal::of(&home, &line);
    terminal.sees("No browser could be opened here.", 1);
    terminal.signs_in(1);
    let screen = terminal.finish().succeeds();
    assert!(screen.contains("saved as `sandbox`"), "{screen}");
    assert_eq!(grants(&sandbox, DEVICE), 0);
}

#[test]
#[ignore = "needs script(1)"]
fn a_wait_that_was_typed_bounds_the_questions_too() {
    let (home, sandbox) = (home_without_browser(), sandbox());
    let line = format!("connect --tenant-url {} --store file --wait 3s", sandbox.address());
    let finished = AtTerminal::of(&home, &line).finish();
    assert!(finished.took < std::time::Duration::from_secs(10), "{:?}", finished.took);
    let screen = ended(&finished, 4);
    assert!(screen.contains("[auth/timed-out]"), "{screen}");
    assert!(screen.contains("No browser could be opened here."), "{screen}");
    let line = format!("{line} --client-id {}", d365conn::sandbox::OWN_DESKTOP_APP.client_id);
    let finished = AtTerminal::of(&home, &line).finish();
    assert!(finished.took < std::time::Duration::from_secs(10), "{:?}", finished.took);
    let screen = ended(&finished, 4);
    assert!(screen.contains("Press Enter to open the browser") && screen.contains("--admin-consent"), "{screen}");
}

#[test]
#[ignore = "needs script(1)"]
fn the_address_at_which_the_browser_ended_can_be_pasted() {
    let (home, sandbox) = (home_without_browser(), sandbox());
    let line = format!("connect --tenant-url {} --store file --paste", sandbox.address());
    let mut terminal = AtTerminal::of(&home, &line);
    terminal.sees("Paste the address at which the browser ended", 1);
    terminal.types("http://localhost:1/?code=abc&state=def\r");
    terminal.sees("addressed to another host", 1);
    terminal.sees("Paste the address at which the browser ended", 2);
    terminal.types("\u{3}");
    ended(&terminal.finish(), 130);
}

/// The whole screen of a command that ended so.
fn ended(finished: &super::started::Finished, code: i32) -> String {
    assert_eq!(finished.status.code(), Some(code), "{}", finished.stdout);
    finished.stdout.clone()
}
