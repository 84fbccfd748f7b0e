//! Choosing an organisation at a real terminal: the list is shown, the question is asked, keys are pressed. The terminal is
//! made by script(1); what a sign-in consists of is not known here.

use std::io::{PipeWriter, Write as _};
use std::process::Stdio;

use d365conn::sandbox::{INES, Options, Robot, Sandbox};
use serde_json::Value;

use super::home::{Home, binary};
use super::person::{grants, sandbox};
use super::started::{Finished, Started};

/// A program at a terminal, and the keyboard.
pub(super) struct AtTerminal {
    started: Started,
    keyboard: PipeWriter,
}

impl AtTerminal {
    pub(super) fn of(home: &Home, line: &str) -> Self {
        let mut command = home.program("/usr/bin/script");
        command.args(["-qefc", &format!("{} {line}", binary().display()), "/dev/null"]);
        let (reader, keyboard) = std::io::pipe().unwrap();
        command.stdin(reader).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { started: Started::of(command), keyboard }
    }

    /// Waits until `text` is on the screen for the `times`th time.
    pub(super) fn sees(&self, text: &str, times: usize) {
        self.started.hears(text, |screen| (screen.matches(text).count() >= times).then_some(()));
    }

    /// Signs in at the address that is on the screen for the `time`th time, counted from 1.
    pub(super) fn signs_in(&self, time: usize) {
        let address = self.started.hears("sign-in address", |screen| {
            let (whole, _) = screen.rsplit_once('\n')?;
            let mut words =
                whole.split_whitespace().filter(|word| word.contains("/oauth2/v2.0/authorize?") && !word.contains('…'));
            words.nth(time - 1).map(str::to_owned)
        });
        Robot::new(INES).in_background()(&address);
    }

    /// Enters the code that is on the screen at `page`.
    pub(super) fn enters_the_code(&self, page: &str, robot: Robot) {
        let is_code = |line: &&str| line.len() == 9 && line.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let code = self.started.hears("code to enter", |screen| {
            let (whole, _) = screen.rsplit_once('\n')?;
            whole.lines().map(str::trim).find(is_code).map(str::to_owned)
        });
        robot.with_user_code(&code).in_background()(page);
    }

    pub(super) fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    pub(super) fn finish(self) -> Finished {
        // Our end of the pipe stays open until the program has ended: its closing would be a hang-up.
        let finished = self.started.finish();
        drop(self.keyboard);
        finished
    }
}

fn connections(home: &Home) -> Vec<Value> {
    serde_json::from_str(&home.run("connections list -o json").succeeds()).unwrap()
}

#[test]
#[ignore = "needs script(1)"]
fn whoever_knows_no_address_signs_in_and_chooses() {
    let home = Home::with_passphrase();
    let sandbox = sandbox();
    let line = format!("connect --cloud {} --store file --no-browser", sandbox.address());
    let mut terminal = AtTerminal::of(&home, &line);
    terminal.signs_in(1);
    terminal.sees("Which organisation? [1-1]", 1);
    terminal.sees("  1  Northlight ", 1);
    terminal.sees("  -  Northlight Archive", 1);
    terminal.types("2\r");
    terminal.sees("Which organisation? [1-1]", 2);
    terminal.types("1\r");
    let screen = terminal.finish().succeeds();
    assert!(screen.contains("saved as `sandbox`"), "{screen}");
    assert_eq!(connections(&home)[0]["tenant_url"], sandbox.address());
    assert_eq!((grants(&sandbox, "authorization_code"), grants(&sandbox, "refresh_token")), (1, 1));
    home.run("accounts list --top 1 -o id").succeeds();
}

#[test]
#[ignore = "needs script(1)"]
fn a_choice_can_be_left_open_and_broken_off() {
    let home = Home::with_passphrase();
    let sandbox = sandbox();
    let line = format!("connect --cloud {} --store file --no-browser", sandbox.address());
    for (keys, exit, says) in [("\r", 1, "commands/none-chosen"), ("\u{3}", 130, "")] {
        let mut terminal = AtTerminal::of(&home, &line);
        terminal.signs_in(1);
        terminal.sees("Which organisation?", 1);
        terminal.types(keys);
        let finished = terminal.finish();
        assert_eq!(finished.status.code(), Some(exit), "{}", finished.stdout);
        assert!(finished.stdout.contains(says), "{}", finished.stdout);
        assert!(connections(&home).is_empty());
    }
}

#[test]
#[ignore = "needs script(1)"]
fn a_listed_organisation_is_connected_to_by_its_number() {
    let home = Home::with_passphrase();
    let another = sandbox();
    let beside = vec![another.address()];
    let sandbox = Sandbox::start_in_background(Options { beside, ..Options::default() }).unwrap();
    super::person::connect(&home, &sandbox, "--store file --name first").succeeds();

    let mut terminal = AtTerminal::of(&home, "connections discover --no-browser");
    terminal.sees("connected as first", 1);
    terminal.sees("Which one to connect to? Enter for none [1-2]", 1);
    terminal.types("1\r");
    let screen = terminal.finish().succeeds();
    assert!(screen.contains("`first` is connected to it already"), "{screen}");

    // The other one has an Entra of its own, to which the first one's sign-in is not shown: the browser is asked.
    let mut terminal = AtTerminal::of(&home, "connections discover --no-browser");
    terminal.sees("[1-2]", 1);
    terminal.types("2\r");
    terminal.sees("the browser can ask for it", 1);
    terminal.signs_in(1);
    let screen = terminal.finish().succeeds();
    assert!(screen.contains("saved as `sandbox`"), "{screen}");
    let saved = connections(&home);
    assert_eq!((&saved[1]["tenant_url"], &saved[1]["store"]), (&another.address().into(), &"file".into()));
    assert_eq!(saved[0]["default"], true, "a further connection does not take the default's place");
    assert_eq!((grants(&sandbox, "authorization_code"), grants(&another, "refresh_token")), (1, 0));
    home.run("-c sandbox accounts list --top 1 -o id").succeeds();
}
