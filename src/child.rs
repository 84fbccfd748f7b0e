//! DOOR (child programs): finds a program as a shell would, and lets it take this process's place, or answer a question
//! within a time, with exactly the environment it is given. What that environment holds is not decided here, and no shell is
//! ever in between.

#![expect(clippy::disallowed_methods, reason = "this is the door to child programs")]

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::guard::for_child;

mod error;

pub use error::{ChildError, PHRASES};

/// What Windows adds to a name that has no ending, in its own order; a shell reads them from `PATHEXT`.
const ENDINGS: &[&str] = if cfg!(windows) { &["com", "exe", "bat", "cmd"] } else { &[] };

/// More than a program has to say that was asked one thing, in bytes.
const MOST_SAID: u64 = 256 * 1024;

/// How a program ended that was asked something.
#[derive(Debug)]
pub struct Answer {
    /// Whether it ended with 0.
    pub is_success: bool,
    /// What it wrote to its standard output: it may be a secret.
    pub output: Zeroizing<Vec<u8>>,
    /// What it wrote to its standard error.
    pub complaint: Vec<u8>,
}

/// A program that can be run.
#[derive(Debug, PartialEq, Eq)]
pub struct Program {
    /// As it was typed: what the program sees as its own name.
    name: OsString,
    path: PathBuf,
}

impl Program {
    /// Finds the program that `name` means: a bare name in the absolute directories of `path`, the value of PATH, and
    /// nowhere else; a name with a separator in it is the path of a file, from the working directory when it is relative.
    ///
    /// # Errors
    /// [`ChildError::Missing`], or [`ChildError::NotRunnable`] when all there is can't be run.
    pub fn find(name: &OsStr, path: Option<&OsStr>) -> Result<Self, ChildError> {
        let is_path = Path::new(name).components().count() > 1 || has_separator(name);
        let places = if is_path { vec![PathBuf::from(name)] } else { places(name, path).collect() };
        let mut unfit = None;
        for place in places.into_iter().flat_map(with_endings) {
            if is_program(&place) {
                return Ok(Self { name: name.to_owned(), path: place });
            }
            // A directory of that name on the PATH means nothing; one that was named outright was meant.
            if unfit.is_none() && (place.is_file() || (is_path && place.exists())) {
                unfit = Some(place);
            }
        }
        let program = name.to_string_lossy().into_owned();
        Err(match unfit {
            Some(path) => ChildError::NotRunnable { program: path.display().to_string(), source: None },
            None if is_path => ChildError::NoFile { program },
            None => ChildError::Missing { program },
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs the program beside us, with nothing on its standard input and nothing of ours open, until it ends. It is stopped,
    /// with whatever it started in its own group, when `limit` has passed, and when nobody waits for it any more.
    ///
    /// # Errors
    /// [`ChildError::NotRunnable`], [`ChildError::TooSlow`].
    pub async fn ask(
        &self,
        arguments: &[OsString],
        environment: &[(OsString, OsString)],
        limit: Duration,
    ) -> Result<Answer, ChildError> {
        let program = || self.path.display().to_string();
        let failed = |source| ChildError::NotRunnable { program: program(), source: Some(source) };
        let mut command = tokio::process::Command::new(&self.path);
        command.args(arguments).env_clear().kill_on_drop(true);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        command.arg0(&self.name).process_group(0);
        let mut child = for_child(|| command.spawn()).map_err(failed)?;
        let mut group = Group(child.id());
        let (output, complaint) = (child.stdout.take(), child.stderr.take());
        let whole = async {
            let (output, complaint) = tokio::join!(all_of(output), all_of(complaint));
            Ok::<_, io::Error>((child.wait().await?, output?, complaint?))
        };
        let too_slow = |_| ChildError::TooSlow { program: program(), limit };
        let (status, output, complaint) = timeout(limit, whole).await.map_err(too_slow)?.map_err(failed)?;
        // What it left behind on purpose goes on, and its number may soon be somebody else's.
        group.0 = None;
        Ok(Answer { is_success: status.success(), output, complaint: complaint.to_vec() })
    }

    /// Puts the program in this process's place; it comes back only with the reason why that failed.
    ///
    /// The three streams are inherited as they are. Everything else that this process has open closes: Rust opens all with
    /// `O_CLOEXEC`. The signal mask and SIGPIPE, which Rust's runtime ignores, are set back to what programs expect.
    #[must_use]
    pub fn take_over(self, arguments: &[OsString], environment: &[(OsString, OsString)]) -> ChildError {
        let mut command = Command::new(&self.path);
        command.args(arguments).env_clear();
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let source = replace(command, &self.name);
        ChildError::NotRunnable { program: self.path.display().to_string(), source: Some(source) }
    }
}

/// A program and all that it started, to be stopped together: a script's interpreter outlives the script otherwise.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(group) = self.0.and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
            // It may have ended this very moment.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// What comes out of a pipe until it is closed; what is too much is an error, and the writer is not waited for.
async fn all_of(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(16 * 1024));
    if let Some(pipe) = pipe {
        pipe.take(MOST_SAID + 1).read_to_end(&mut bytes).await?;
    }
    if bytes.len() as u64 > MOST_SAID { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// With exec(2) there is nobody in between: a signal sent to us is sent to the program, a terminal's job control sees one
/// process, its end is our end, and our memory with the other secrets in it is gone. A parent that stays would have to pass
/// on each of these, and can't pass on SIGKILL or SIGSTOP.
#[cfg(unix)]
fn replace(mut command: Command, name: &OsStr) -> io::Error {
    use std::os::unix::process::CommandExt as _;

    for_child(|| command.arg0(name).exec())
}

/// Windows has no such call: the program runs beside us, and we end with all 32 bits of its status. Until then Ctrl-C and
/// Ctrl-Break, which the console sends to both, are the program's to answer.
#[cfg(windows)]
#[expect(clippy::exit, reason = "this is as near as Windows comes to exec(2), which does not come back either")]
fn replace(mut command: Command, _: &OsStr) -> io::Error {
    let deaf = (tokio::signal::windows::ctrl_c(), tokio::signal::windows::ctrl_break());
    let ended = command.spawn().and_then(|mut child| child.wait());
    drop(deaf);
    match ended {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

/// Where a program called `name` may be: in the absolute directories of `path`. A relative one, or an empty one, would be
/// wherever the user happens to work.
pub fn places(name: &OsStr, path: Option<&OsStr>) -> impl Iterator<Item = PathBuf> {
    let directories = path.map(|path| std::env::split_paths(path).collect::<Vec<_>>()).unwrap_or_default();
    directories.into_iter().filter(|directory| directory.is_absolute()).map(move |directory| directory.join(name))
}

/// Whether a path is a file that may be run.
#[cfg(unix)]
#[must_use]
pub fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// Whether a path is a file that may be run.
#[cfg(not(unix))]
#[must_use]
pub fn is_program(path: &Path) -> bool {
    path.is_file()
}

fn has_separator(name: &OsStr) -> bool {
    name.as_encoded_bytes().iter().any(|byte| std::path::is_separator(char::from(*byte)))
}

/// The path, and where the system adds endings, before it the path with each of them.
fn with_endings(path: PathBuf) -> impl Iterator<Item = PathBuf> {
    let is_ended = path.extension().is_some_and(|own| ENDINGS.iter().any(|ending| own.eq_ignore_ascii_case(ending)));
    let ended = |ending: &&str| {
        let mut path = path.clone().into_os_string();
        path.push(".");
        path.push(ending);
        PathBuf::from(path)
    };
    let ended: Vec<PathBuf> = ENDINGS.iter().filter(|_| !is_ended).map(ended).collect();
    ended.into_iter().chain([path])
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::problem::Diagnose as _;

    fn file(directory: &Path, name: &str, mode: u32) -> PathBuf {
        let path = directory.join(name);
        std::fs::write(&path, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn find(name: impl AsRef<OsStr>, path: &str) -> Result<PathBuf, &'static str> {
        let found = Program::find(name.as_ref(), Some(OsStr::new(path)));
        found.map(|program| program.path).map_err(|error| error.phrase().code)
    }

    #[test]
    fn a_bare_name_is_looked_up_in_absolute_directories_only() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().to_str().unwrap();
        let tool = file(directory.path(), "tool", 0o755);
        assert_eq!(find("tool", &format!("relative::/no/such:{place}")), Ok(tool));
        // `Cargo.toml` lies in the directory in which tests run.
        for path in ["", ".", ":", "./", "src/.."] {
            assert_eq!(find("Cargo.toml", path), Err("child/missing"), "{path}");
        }
        assert!(Program::find(OsStr::new("tool"), None).is_err());
        assert_eq!(find("", place), Err("child/missing"));
    }

    #[test]
    fn what_can_t_be_run_is_passed_over_as_long_as_something_else_can() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = format!("{}:{}", first.path().display(), second.path().display());
        std::fs::create_dir(first.path().join("folder")).unwrap();
        file(first.path(), "tool", 0o644);
        assert_eq!(find("tool", &path), Err("child/not-runnable"));
        assert_eq!(find("folder", &path), Err("child/missing"));
        let tool = file(second.path(), "tool", 0o755);
        assert_eq!(find("tool", &path), Ok(tool));
    }

    #[test]
    fn a_path_is_taken_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let tool = file(directory.path(), "tool", 0o755);
        let note = file(directory.path(), "note", 0o600);
        assert_eq!(find(&tool, ""), Ok(tool.clone()));
        assert_eq!(find(&note, ""), Err("child/not-runnable"));
        assert_eq!(find(directory.path(), ""), Err("child/not-runnable"));
        assert_eq!(find(directory.path().join("lost"), ""), Err("child/no-file"));
        assert_eq!(find("./tool", directory.path().to_str().unwrap()), Err("child/no-file"));
    }

    fn script(directory: &Path, text: &str) -> Program {
        let path = directory.join("tool");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Program::find(path.as_os_str(), None).unwrap()
    }

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_program_is_asked_with_exactly_its_words_and_its_environment() {
        let directory = tempfile::tempdir().unwrap();
        let tool = script(directory.path(), "echo \"$#:$1:$HOME:$ONLY\"; read line || echo none; echo no >&2; exit 3");
        let environment = [(OsString::from("ONLY"), OsString::from("this"))];
        let answer = tool.ask(&["a b;$HOME".into()], &environment, LONG).await.unwrap();
        assert!(!answer.is_success);
        assert_eq!(String::from_utf8_lossy(&answer.output), "1:a b;$HOME::this\nnone\n");
        assert_eq!(answer.complaint, b"no\n");
    }

    #[tokio::test]
    async fn a_program_that_does_not_end_is_stopped_with_what_it_started() {
        let directory = tempfile::tempdir().unwrap();
        let note = directory.path().join("id");
        let tool = script(directory.path(), &format!("/bin/sleep 600 & echo $! > {}; wait", note.display()));
        let error = tool.ask(&[], &[], Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(error.phrase().code, "child/too-slow");
        let sleeper = std::fs::read_to_string(note).unwrap();
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", sleeper.trim())).unwrap_or_default();
        // Whoever inherits it may be slow to take note of its end.
        for _ in 0..200 {
            if state().is_empty() || state().contains(") Z ") {
                return;
            }
            tokio::task::yield_now().await;
            crate::clock::real_pause(Duration::from_millis(20)).await;
        }
        panic!("{}", state());
    }

    #[tokio::test]
    async fn more_than_an_answer_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let tool = script(directory.path(), "/usr/bin/head -c 300000 /dev/zero");
        assert_eq!(tool.ask(&[], &[], LONG).await.unwrap_err().phrase().code, "child/not-runnable");
    }
}
