//! A world for one test: its own home, sandbox, clock and user, and commands run in it as a person would type them. It
//! asserts nothing itself, but a fault that was ordered and never happened fails the test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use d365conn::Surroundings;
use d365conn::auth::Browser;
use d365conn::clock::Clock;
use d365conn::environment::Environment;
use d365conn::output::{Stdio, Terminals};
use d365conn::sandbox::{INES, Options, Robot, Sandbox};

/// An empty secret file whose key costs next to nothing; a key of a real one takes longer than most commands.
const LIGHT_SECRETS: &[u8] = include_bytes!("../data/secrets-light.d365");

/// The moment at which every world begins.
const BEGINNING: &str = "2026-11-23T09:00:00Z";

/// A sandbox that is going to be closed: nobody else gets its port then, because whoever asks for any free one is given one
/// from 32768 on.
pub fn sandbox_to_close(options: &Options) -> Sandbox {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    let start = || {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        Sandbox::start_in_background(Options { port, ..options.clone() }).ok()
    };
    std::iter::repeat_with(start).take(1_000).flatten().next().unwrap()
}

pub struct World {
    home: tempfile::TempDir,
    pub sandbox: Sandbox,
    pub clock: Clock,
    browser: Browser,
    variables: Vec<(String, String)>,
    is_terminal: bool,
}

/// How a command ended. Whoever runs one has to look.
#[must_use]
#[derive(Debug)]
pub struct Outcome {
    pub exit: u8,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    /// A home with nothing in it but an empty secret file, a sandbox of its own, a user who signs in when a browser opens.
    pub fn new() -> Self {
        Self::at(Clock::set_at(BEGINNING.parse().unwrap()))
    }

    /// The same with another clock: real time for worlds in which processes of their own run.
    pub fn at(clock: Clock) -> Self {
        let world = Self::bare(clock);
        d365conn::paths::write_own(&world.path("state/secrets.d365"), LIGHT_SECRETS).unwrap();
        world
    }

    /// The same with nothing at all in the home: the first command that keeps a secret makes the file, as heavy as it gets.
    pub fn untouched() -> Self {
        Self::bare(Clock::set_at(BEGINNING.parse().unwrap()))
    }

    fn bare(clock: Clock) -> Self {
        let sandbox = Sandbox::start_in_background(Options { clock: clock.clone(), ..Options::default() }).unwrap();
        let home = home();
        std::fs::write(home.path().join("passphrase"), "correct horse battery staple\n").unwrap();
        Self {
            home,
            sandbox,
            clock,
            browser: Browser::StandIn(Arc::new(Robot::new(INES).in_background())),
            variables: Vec::new(),
            is_terminal: true,
        }
    }

    /// A world with a saved default connection called `sandbox`, secrets in the encrypted file.
    pub fn connected() -> Self {
        let world = Self::new();
        world.connect();
        world
    }

    /// Connects as the demo user.
    pub fn connect(&self) {
        self.run(&format!("connect --tenant-url {} --store file", self.sandbox.address())).succeeds();
    }

    /// From now on a user who does something else sits at the browser.
    pub fn seat(&mut self, robot: Robot) {
        self.browser = Browser::StandIn(Arc::new(robot.in_background()));
    }

    /// From now on this hand opens the browser; the user who signs in is the demo user.
    pub fn seat_hand(&mut self, hand: impl Fn(&str) + Send + Sync + 'static) {
        let user = Robot::new(INES).in_background();
        self.browser = Browser::StandIn(Arc::new(move |url: &str| {
            hand(url);
            user(url);
        }));
    }

    /// The same, and no user sits there.
    pub fn seat_alone(&mut self, hand: impl Fn(&str) + Send + Sync + 'static) {
        self.browser = Browser::StandIn(Arc::new(hand));
    }

    /// From now on nothing is a terminal, as in a script.
    pub fn without_terminal(mut self) -> Self {
        self.is_terminal = false;
        self
    }

    /// From now on somebody is at the terminal again.
    pub fn with_terminal(mut self) -> Self {
        self.is_terminal = true;
        self
    }

    /// Another environment variable from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// From now on commands run on a machine of Azure's whose identities the sandbox gives out.
    pub fn move_to_azure(&mut self) {
        let address = self.sandbox.address();
        self.set("AZURE_POD_IDENTITY_AUTHORITY_HOST", &address);
    }

    /// From now on there is an Azure CLI: a program that writes down what it is given, and prints what it is told to.
    #[cfg(unix)]
    pub fn install_azure_cli(&mut self) -> AzureCli {
        let directory = self.path("azure-cli");
        std::fs::create_dir_all(&directory).unwrap();
        let azure_cli = AzureCli::install(&directory);
        self.set("PATH", directory.to_str().unwrap());
        azure_cli
    }

    /// Where this world's own files are.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Lets time pass.
    pub fn pass(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    /// Runs `d365conn LINE`, split as a shell would. `{org}` stands for the sandbox's address.
    pub fn run(&self, line: &str) -> Outcome {
        self.run_with_stdin(line, "")
    }

    /// The same with something on stdin.
    pub fn run_with_stdin(&self, line: &str, input: &str) -> Outcome {
        let line = line.replace("{org}", &self.sandbox.address());
        let words = shell_words::split(&line).unwrap();
        let is_terminal = self.is_terminal;
        // Data is checked as a script would see it; the person is at stderr.
        let terminals =
            Terminals { stdin: is_terminal && input.is_empty(), stdout: false, stderr: is_terminal, width: Some(100) };
        let (streams, captured) = Stdio::captured();
        let mut streams = streams.with_input(input);
        streams.terminals = terminals;
        let exit = self.run_on(&words, streams, &[]);
        Outcome { exit, stdout: captured.stdout(), stderr: captured.stderr() }
    }

    /// The same as a person sees it who sits in front of all three streams.
    pub fn run_on_terminal(&self, line: &str) -> Outcome {
        let words = shell_words::split(&line.replace("{org}", &self.sandbox.address())).unwrap();
        let (streams, captured) = Stdio::captured();
        let exit = self.run_on(&words, streams.with_terminal(100), &[]);
        Outcome { exit, stdout: captured.stdout(), stderr: captured.stderr() }
    }

    /// Runs `d365conn WORDS` on streams of the caller's making, with `variables` beside the world's own.
    pub fn run_on(&self, words: &[String], streams: Stdio, variables: &[(String, String)]) -> u8 {
        let surroundings = Surroundings {
            environment: self.environment(variables),
            stdio: streams,
            clock: self.clock.clone(),
            browser: self.browser.clone(),
        };
        let arguments = std::iter::once("d365conn".into()).chain(words.iter().map(Into::into));
        d365conn::run(arguments, surroundings).code()
    }

    /// `d365conn LINE` as a process of its own, the built binary in this world, with `path` for its PATH. Its time is real.
    pub fn process(&self, line: &str, path: &Path) -> Command {
        let line = line.replace("{org}", &self.sandbox.address());
        self.process_on(&shell_words::split(&line).unwrap(), path, &[])
    }

    /// The same for `d365conn WORDS`, with `variables` beside the world's own.
    pub fn process_on(&self, words: &[String], path: &Path, variables: &[(String, String)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_d365conn"));
        command
            .args(words)
            .env_clear()
            .envs(self.environment(variables).pairs())
            .env("PATH", path)
            .stdin(std::process::Stdio::null());
        // Windows programs don't even start without it.
        command.envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
        command
    }

    fn environment(&self, variables: &[(String, String)]) -> Environment {
        let own = [
            ("D365CONN_CONFIG_DIR", self.path("config")),
            ("D365CONN_STATE_DIR", self.path("state")),
            ("D365CONN_STORE_PASSPHRASE_FILE", self.path("passphrase")),
            ("HOME", self.path("home")),
            ("NO_COLOR", PathBuf::from("1")),
        ]
        .map(|(name, path)| (name.to_owned(), path.display().to_string()));
        Environment::of(own.into_iter().chain(self.variables.iter().chain(variables).cloned()))
    }

    /// Every file below this world's directories, with its bytes.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        collect(self.home.path(), &mut found);
        found
    }
}

/// A directory for one world. Commands wait until the disk has what they save; where there is one in memory, tests don't.
fn home() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn collect(directory: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let pending = self.sandbox.faults().pending();
            assert!(pending.is_empty(), "ordered, but never happened: {pending:?}");
        }
    }
}

/// A stand-in of the Azure CLI.
#[cfg(unix)]
pub struct AzureCli(PathBuf);

#[cfg(unix)]
impl AzureCli {
    /// Puts it into `directory`. Nobody is signed in to it.
    pub fn install(directory: &Path) -> Self {
        use std::os::unix::fs::PermissionsExt as _;

        let azure_cli = Self(directory.to_owned());
        let place = directory.display();
        // It knows nothing of the PATH that it is found on.
        let script = format!(
            "#!/bin/sh\nprintf '%s\\n' \"$*\" >> {place}/asked\n/usr/bin/env > {place}/inherited\n/bin/cat {place}/complaint >&2\n\
             test -s {place}/answer || exit 1\nexec /bin/cat {place}/answer\n"
        );
        std::fs::write(directory.join("az"), script).unwrap();
        std::fs::set_permissions(directory.join("az"), std::fs::Permissions::from_mode(0o755)).unwrap();
        azure_cli.complains("ERROR: Please run 'az login' to setup account.\n");
        azure_cli
    }

    /// From now on it prints this.
    pub fn answers(&self, text: &str) {
        self.write("complaint", "");
        self.write("answer", text);
    }

    /// From now on it says this to its standard error, and fails.
    pub fn complains(&self, text: &str) {
        self.write("answer", "");
        self.write("complaint", text);
    }

    /// The words that it was given, one line for each time.
    pub fn asked(&self) -> Vec<String> {
        let asked = std::fs::read_to_string(self.0.join("asked")).unwrap_or_default();
        asked.lines().map(str::to_owned).collect()
    }

    /// The environment that it was given last.
    pub fn inherited(&self) -> String {
        std::fs::read_to_string(self.0.join("inherited")).unwrap_or_default()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }
}

impl Outcome {
    /// It ended with 0; gives back stdout.
    #[track_caller]
    pub fn succeeds(self) -> String {
        assert_eq!(self.exit, 0, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self.stdout
    }

    /// It ended with `exit` and the phrase `code`, and wrote no data; gives back stderr.
    #[track_caller]
    pub fn fails(self, exit: u8, code: &str) -> String {
        assert_eq!(self.exit, exit, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        assert!(self.stderr.contains(code), "no {code} in: {}", self.stderr);
        assert_eq!(self.stdout, "", "data beside an error: {}", self.stderr);
        self.stderr
    }
}

/// Bytes that are the same in every run and repeat themselves nowhere near a block.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(length).collect()
}
