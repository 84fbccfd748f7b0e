//! A process that runs, and one that has ended: what it has said so far, its signals, its end. Every wait has a deadline; no
//! process outlives its value. Which program it is, is not known here.

use std::io::{Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// No single wait takes longer, on however slow a machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `look` finds something.
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// What a process has written to one of its streams so far, and whether there can be more.
#[derive(Clone, Default)]
struct Said(Arc<Hearing>);

/// The bytes, whether they are all, and a bell for news.
type Hearing = (Mutex<(Vec<u8>, bool)>, Condvar);

impl Said {
    fn by(stream: Option<impl Read + Send + 'static>) -> Self {
        let said = Self::default();
        let Some(mut stream) = stream else {
            said.0.0.lock().unwrap().1 = true;
            return said;
        };
        let hearing = said.clone();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            loop {
                let read = stream.read(&mut piece).unwrap_or(0);
                let mut heard = hearing.0.0.lock().unwrap();
                heard.0.extend_from_slice(&piece[..read]);
                heard.1 = read == 0;
                hearing.0.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        said
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.0.lock().unwrap().0).into_owned()
    }

    /// Waits until `look` finds something in what was said, or the stream ends.
    fn wait<T>(&self, look: impl Fn(&str) -> Option<T>) -> Option<T> {
        let begin = Instant::now();
        let mut heard = self.0.0.lock().unwrap();
        loop {
            if let Some(found) = look(&String::from_utf8_lossy(&heard.0)) {
                return Some(found);
            }
            let left = PATIENCE.saturating_sub(begin.elapsed());
            if heard.1 || left.is_zero() {
                return None;
            }
            heard = self.0.1.wait_timeout(heard, left).unwrap().0;
        }
    }
}

/// The sign-in address in what `connect` has said so far.
pub fn sign_in_address(text: &str) -> Option<String> {
    // Only a line that is complete, and none of the trace, which shows addresses without their values.
    let (text, _) = text.rsplit_once('\n')?;
    text.split_whitespace()
        .find(|word| word.contains("/oauth2/v2.0/authorize?") && !word.contains('…'))
        .map(str::to_owned)
}

pub struct Started {
    child: Child,
    stdout: Said,
    stderr: Said,
    begin: Instant,
    name: String,
}

impl Started {
    pub fn of(mut command: Command) -> Self {
        let name = format!("{command:?}").rsplit('/').next().unwrap_or_default().to_owned();
        let spawned = command.spawn();
        assert!(spawned.is_ok(), "{name} can't be started: {spawned:?}");
        let mut child = spawned.unwrap();
        let stdout = Said::by(child.stdout.take());
        let stderr = Said::by(child.stderr.take());
        Self { child, stdout, stderr, begin: Instant::now(), name }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for something on stdout.
    #[track_caller]
    pub fn hears<T>(&self, what: &str, look: impl Fn(&str) -> Option<T>) -> T {
        let found = self.stdout.wait(look);
        assert!(found.is_some(), "{}: no {what} on stdout: {}\n{}", self.name, self.stdout.text(), self.stderr.text());
        found.unwrap()
    }

    /// Waits for the sign-in address of `connect --no-browser`.
    #[track_caller]
    pub fn address(&self) -> String {
        let address = self.address_or_end();
        assert!(address.is_some(), "{}: no sign-in address: {}", self.name, self.stderr.text());
        address.unwrap()
    }

    /// The same, or nothing if it ends before.
    pub fn address_or_end(&self) -> Option<String> {
        self.stderr.wait(sign_in_address)
    }

    /// Writes to its stdin, which has to be a pipe.
    pub fn types(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        // Whoever has ended reads nothing more; that shows elsewhere.
        let _ = stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush());
    }

    /// Sends a signal, such as `INT`.
    pub fn signal(&self, name: &str) {
        signal(self.id(), name);
    }

    /// Kills it and whoever it started, where it was given a process group of its own.
    pub fn end_group(&mut self) {
        // Both may have gone by themselves.
        let _ = Command::new("sh").args(["-c", &format!("kill -KILL -{}", self.id())]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }

    /// Its end, if it has come.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn finish(mut self) -> Finished {
        let name = self.name.clone();
        let status = wait_for(&format!("the end of {name}"), || self.child.try_wait().unwrap());
        let took = self.begin.elapsed();
        for said in [&self.stdout, &self.stderr] {
            let _ = said.wait(|_| None::<()>);
        }
        Finished { status, stdout: self.stdout.text(), stderr: self.stderr.text(), took, name }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if !self.has_ended() {
            // One that was stopped is killed all the same.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

pub fn signal(id: u32, name: &str) {
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status().unwrap();
    assert!(status.success(), "kill -{name} {id}");
}

/// How a process ended. Whoever runs one has to look.
#[must_use]
#[derive(Debug)]
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
    name: String,
}

impl Finished {
    /// It ended with 0; gives back stdout.
    #[track_caller]
    pub fn succeeds(self) -> String {
        assert_eq!(self.status.code(), Some(0), "{}: {}\n{}", self.name, self.stdout, self.stderr);
        self.stdout
    }

    /// It ended with `exit`, naming `code`, and wrote no data; gives back stderr.
    #[track_caller]
    pub fn fails(self, exit: i32, code: &str) -> String {
        assert_eq!(self.status.code(), Some(exit), "{}: {}\n{}", self.name, self.stdout, self.stderr);
        assert!(self.stderr.contains(code), "{}: no {code} in: {}", self.name, self.stderr);
        assert_eq!(self.stdout, "", "{}: data beside an error: {}", self.name, self.stderr);
        self.stderr
    }

    /// It was interrupted: by the signal itself, or by ending as shells expect it of whom a signal ended.
    #[track_caller]
    pub fn was_interrupted(&self) {
        let by_signal = self.status.signal() == Some(2) || self.status.code() == Some(130);
        assert!(by_signal, "{}: {:?}: {}", self.name, self.status, self.stderr);
    }
}
