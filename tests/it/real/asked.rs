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
