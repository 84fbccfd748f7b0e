//! Signals that come while a question stands at a real terminal: the terminal is put back, and then they do what they would
//! have done. The terminal is made by script(1).

use super::home::{Home, PASSPHRASE};
use super::person::{connect, sandbox};
use super::started::wait_for;
use super::terminal::AtTerminal;

/// What the shell says of a program that a signal ended, and the status that it makes of it. Of a program that only ended
/// with such a status it says nothing.
const ENDS: [(&str, &str, &str); 4] = [
    ("TERM", "Terminated", "ended with 143"),
    ("HUP", "Hangup", "ended with 129"),
    ("QUIT", "Quit", "ended with 131"),
    ("INT", "", "ended with 130"),
];

const HALF_TYPED: &str = "half-a-secret-4711";

const IMPORT: &str = "connections import --from connection-string --store file";

fn asked(home: &Home) -> AtTerminal {
    let mut terminal = AtTerminal::start(home, IMPORT);
    terminal.sees("Connection string: ");
    assert!(!terminal.echoes());
    // What is still on its way when the program ends is for the next reader, and shown.
    let before = terminal.bytes_read();
    terminal.types(HALF_TYPED);
    let after = before + HALF_TYPED.len();
    wait_for("the keys to be read", || (terminal.bytes_read() >= after).then_some(()));
    terminal
}

#[test]
#[ignore = "needs script(1) and stty"]
fn a_signal_at_a_hidden_question_leaves_a_terminal_that_echoes_and_ends_the_program_by_itself() {
    let home = Home::new();
    for (signal, told, status) in ENDS {
        let terminal = asked(&home);
        terminal.signal(signal);
        // The settings that are looked at in the end are those that the program left.
        let screen = terminal.ends();
        assert!(screen.contains(told) && screen.contains(status), "{signal}: {screen}");
        assert!(!screen.contains(HALF_TYPED), "{signal}: {screen}");
    }
}

#[test]
#[ignore = "needs script(1) and stty"]
fn a_question_that_was_stopped_lends_the_terminal_and_is_asked_anew_in_silence() {
    let home = Home::new();
    let mut terminal = asked(&home);
    terminal.signal("TSTP");
    wait_for("echo while it is stopped", || terminal.echoes().then_some(()));
    terminal.signal("CONT");
    wait_for("silence after it goes on", || (!terminal.echoes()).then_some(()));
    terminal.types("AuthType=nonsense\r");
    let screen = terminal.ends();
    assert_eq!(screen.matches("Connection string: ").count(), 2, "{screen}");
    assert!(!screen.contains(HALF_TYPED) && !screen.contains("nonsense\r"), "{screen}");
}

#[test]
#[ignore = "needs script(1) and stty"]
fn after_a_question_was_answered_a_signal_ends_the_program_as_ever() {
    let sandbox = sandbox();
    for (signal, told, status) in ENDS {
        let home = Home::new();
        let line = format!("connect --no-browser --store file --tenant-url {}", sandbox.address());
        let mut terminal = AtTerminal::start(&home, &line);
        terminal.sees("New passphrase for the secret file: ");
        terminal.types(&format!("{PASSPHRASE}\r"));
        terminal.sees("the same again: ");
        terminal.types(&format!("{PASSPHRASE}\r"));
        terminal.address();
        terminal.signal(signal);
        let screen = terminal.ends();
        assert!(screen.contains(told) && screen.contains(status), "{signal}: {screen}");
    }
}

#[test]
#[ignore = "needs script(1) and stty"]
fn a_proxy_that_asked_for_a_passphrase_still_ends_in_good_order() {
    let (mut home, sandbox) = (Home::with_passphrase(), sandbox());
    connect(&home, &sandbox, "--store file").succeeds();
    home.unset("D365CONN_STORE_PASSPHRASE_FILE");
    let mut terminal = AtTerminal::start(&home, "proxy");
    terminal.sees("Passphrase of the secret file: ");
    terminal.types(&format!("{PASSPHRASE}\r"));
    terminal.sees("http://127.0.0.1");
    terminal.signal("TERM");
    let screen = terminal.ends();
    assert!(screen.contains("ended with 143") && !screen.contains("Terminated"), "{screen}");
}
