//! A home for one test, with nothing in it and nothing of this machine around it, in which the built binary runs as a
//! process. What a process that runs looks like is not known here, and nothing is asserted.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::started::{Finished, Started};

/// The passphrase of the file store in every home.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// The binary under test: CI names the one that would be released.
pub fn binary() -> PathBuf {
    std::env::var_os("D365CONN_TEST_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_d365conn").into(), PathBuf::from)
}

pub struct Home {
    directory: tempfile::TempDir,
    variables: BTreeMap<String, String>,
}

impl Home {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut home = Self { directory, variables: BTreeMap::new() };
        for (variable, name) in [("HOME", "home"), ("XDG_RUNTIME_DIR", "run"), ("TMPDIR", "tmp")] {
            let path = home.path(name);
            std::fs::create_dir(&path).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
            home.set(variable, path.to_str().unwrap());
        }
        home.set("PATH", &std::env::var("PATH").unwrap());
        home.set("LC_ALL", "C.UTF-8");
        home
    }

    /// The same, with the passphrase of the file store in a file.
    pub fn with_passphrase() -> Self {
        let mut home = Self::new();
        home.set_passphrase(PASSPHRASE);
        home
    }

    /// The same, and an empty secret file whose key costs next to nothing, for tests of many processes.
    pub fn with_light_secrets() -> Self {
        let home = Self::with_passphrase();
        let file = home.path("home/.local/state/d365conn/secrets.d365");
        d365conn::paths::write_own(&file, include_bytes!("../../data/secrets-light.d365")).unwrap();
        home
    }

    pub fn set_passphrase(&mut self, passphrase: &str) {
        let path = self.path("passphrase");
        std::fs::write(&path, format!("{passphrase}\n")).unwrap();
        self.set("D365CONN_STORE_PASSPHRASE_FILE", path.to_str().unwrap());
    }

    /// Another variable from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// One variable less from now on.
    pub fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// A place in this home's folder, beside what the binary calls its home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Any program, in this home's environment and no other.
    pub fn program(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.variables).current_dir(self.directory.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// `d365conn LINE`, split at blanks.
    pub fn command(&self, line: &str) -> Command {
        let mut command = self.program(binary());
        command.args(line.split_whitespace());
        command
    }

    /// The same under strace, which writes the calls in `filter` of all its threads and children to the file that
    /// [`Home::calls`] reads.
    pub fn traced(&self, filter: &str, line: &str) -> Command {
        let mut command = self.program("strace");
        command.args(["-f", "-qq", "-s", "300", "-e", filter, "-o"]).arg(self.path("calls")).arg(binary());
        command.args(line.split_whitespace());
        command
    }

    /// What strace saw, one call a line, without the number of the thread in front.
    pub fn calls(&self) -> Vec<String> {
        let text = std::fs::read(self.path("calls")).unwrap();
        let text = String::from_utf8_lossy(&text);
        text.lines().map(|line| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').to_owned()).collect()
    }

    pub fn start(&self, line: &str) -> Started {
        Started::of(self.command(line))
    }

    pub fn run(&self, line: &str) -> Finished {
        self.start(line).finish()
    }

    /// Every file below what the binary calls its home, with its bytes.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        collect(&self.path("home"), &mut found);
        found
    }

    /// The files in which one of `secrets` can be read, as it is or as percent-encoded text.
    pub fn files_with(&self, secrets: &[&str]) -> Vec<PathBuf> {
        let written = |secret: &str| url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
        let needles: Vec<Vec<u8>> =
            secrets.iter().flat_map(|secret| [secret.as_bytes().to_vec(), written(secret).into_bytes()]).collect();
        assert!(needles.iter().all(|needle| needle.len() >= 7), "too short to be looked for");
        let holds = |content: &[u8]| needles.iter().any(|needle| memchr::memmem::find(content, needle).is_some());
        self.files().into_iter().filter(|(_, content)| holds(content)).map(|(path, _)| path).collect()
    }
}

fn collect(directory: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            collect(&path, found);
        } else if path.is_file() {
            let content = std::fs::read(&path).unwrap();
            found.push((path, content));
        }
    }
}
