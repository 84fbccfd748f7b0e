//! A process at a terminal of its own, with a person's hands on its keys: a pseudo-terminal by script(1). What is typed and
//! what should be seen is not known here.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::home::{Home, binary};
use super::started::{Finished, Started, sign_in_address, signal, wait_for};

/// Ctrl-C.
pub const CTRL_C: &str = "\u{3}";

pub struct AtTerminal {
    started: Started,
}

impl AtTerminal {
    /// Runs `d365conn LINE` and then `stty -a` at one terminal, and waits for nothing.
    pub fn start(home: &Home, line: &str) -> Self {
        let own = "'trap : INT; \"$D365CONN\" LINE; echo \"ended with $?\"; stty -a'".replace("LINE", line);
        let mut command = home.program("script");
        command.args(["--quiet", "--flush", "--return", "--command"]).arg(format!("exec sh -c {own}")).arg("/dev/null");
        command.env("D365CONN", binary()).env("TERM", "xterm").stdin(Stdio::piped());
        Self { started: Started::of(command) }
    }

    /// Waits until something is on the screen.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        self.started.hears(&format!("`{text}`"), |screen| screen.contains(text).then_some(()));
    }

    /// Waits for the sign-in address, and reads it off the screen.
    #[track_caller]
    pub fn address(&self) -> String {
        self.started.hears("sign-in address", sign_in_address)
    }

    /// Whether the terminal shows what is typed at this moment, as somebody sees it who asks from outside.
    pub fn echoes(&self) -> bool {
        let terminal = format!("/proc/{}/fd/0", self.program());
        let mut command = std::process::Command::new("stty");
        let asked = command.args(["-a", "-F"]).arg(std::fs::read_link(terminal).unwrap()).output().unwrap();
        String::from_utf8(asked.stdout).unwrap().split_whitespace().any(|setting| setting == "echo")
    }

    /// How many bytes the program has read so far, keys among them.
    pub fn bytes_read(&self) -> usize {
        let counts = std::fs::read_to_string(format!("/proc/{}/io", self.program())).unwrap();
        counts.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
    }

    /// Sends a signal to the program, and to nobody else at the terminal.
    pub fn signal(&self, name: &str) {
        signal(self.program(), name);
    }

    /// The number of the program: a child of the shell that script(1) runs.
    fn program(&self) -> u32 {
        let children = |of: u32| -> Vec<u32> {
            let text = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
            text.split_whitespace().map(|number| number.parse().unwrap()).collect()
        };
        wait_for("the program", || {
            let shells = children(self.started.id());
            shells.into_iter().flat_map(children).next()
        })
    }

    /// Presses keys.
    pub fn types(&mut self, keys: &str) {
        self.started.types(keys);
    }

    /// Presses Ctrl-C; the program ends at once, and as shells expect it of whom that ended. Gives back the whole screen.
    #[track_caller]
    pub fn interrupts(mut self) -> String {
        let pressed = Instant::now();
        self.types(CTRL_C);
        self.sees("ended with");
        let took = pressed.elapsed();
        assert!(took < Duration::from_secs(3), "Ctrl-C took {took:?}");
        let screen = self.ends();
        assert!(screen.contains("ended with 130"), "{screen}");
        screen
    }

    /// Waits for the end. The terminal is then as it was: it echoes, edits lines and knows Ctrl-C.
    #[track_caller]
    pub fn ends(self) -> String {
        let finished: Finished = self.started.finish();
        let screen = finished.succeeds();
        let settings: Vec<&str> =
            screen.rsplit_once("ended with").map_or("", |(_, after)| after).split_whitespace().collect();
        for setting in ["echo", "icanon", "isig"] {
            assert!(settings.contains(&setting), "no {setting}: {screen}");
        }
        assert!(!screen.contains("panicked"), "{screen}");
        screen
    }
}
