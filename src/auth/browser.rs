//! DOOR (other programs): opens the sign-in page in the user's browser. It starts a program by its absolute path, without
//! a shell and without our secrets; it never waits for it and never runs anything from the working directory.

#![expect(clippy::disallowed_methods, reason = "this is the door to other programs")]

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::auth::AuthError;
use crate::child::{self, is_program};
use crate::environment::{self, Environment};
use crate::guard::for_child;

/// What opens the sign-in page.
#[derive(Clone)]
pub enum Browser {
    /// The user's own browser: `$BROWSER`, else the system's opener.
    System(Environment),
    /// Nothing: the address is only printed.
    Nobody,
    /// A hand that does what a user would, for the demo and for tests.
    StandIn(Arc<dyn Fn(&str) + Send + Sync>),
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::System(_) => "System",
            Self::Nobody => "Nobody",
            Self::StandIn(_) => "StandIn",
        })
    }
}

impl Browser {
    /// Opens `url`. An error means that the user has to open the printed address.
    ///
    /// # Errors
    /// [`AuthError::NoBrowser`] when nothing was found or started; [`AuthError::UnfitAddress`] for anything but https or
    /// this computer's own address.
    pub fn open(&self, url: &str) -> Result<(), AuthError> {
        if !is_fit(url) {
            return Err(AuthError::UnfitAddress);
        }
        match self {
            Self::Nobody => Ok(()),
            Self::StandIn(hand) => {
                hand(url);
                Ok(())
            }
            Self::System(environment) => {
                let candidates = candidates(environment, url);
                let started = candidates
                    .iter()
                    .filter_map(|candidate| candidate.resolve(environment))
                    .any(|program| start(&program, environment));
                let tried: Vec<&str> = candidates.iter().map(|candidate| candidate.name.as_str()).collect();
                if started { Ok(()) } else { Err(AuthError::NoBrowser { tried: tried.join(", ") }) }
            }
        }
    }
}

/// Only a sign-in address: https, or plain http on a loopback literal. No control character, no blank, no leading dash.
fn is_fit(url: &str) -> bool {
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain
        && (url.starts_with("https://")
            || ["http://127.0.0.1:", "http://[::1]:"].iter().any(|own| url.starts_with(own)))
}

/// A program that might do, not yet looked for.
struct Candidate {
    name: String,
    arguments: Vec<OsString>,
}

/// A program that exists, with its arguments.
#[derive(Debug, PartialEq, Eq)]
struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
}

impl Candidate {
    fn new(name: &str, arguments: &[&str]) -> Self {
        Self { name: name.to_owned(), arguments: arguments.iter().map(OsString::from).collect() }
    }

    /// One entry of `$BROWSER`: a program and its arguments; `%s` stands for the address, which comes last without it.
    fn of_entry(entry: &str, url: &str) -> Option<Self> {
        let mut words = entry.split_whitespace();
        let name = words.next()?.to_owned();
        let mut arguments: Vec<OsString> = words.map(|word| word.replace("%s", url).into()).collect();
        if !entry.contains("%s") {
            arguments.push(url.into());
        }
        Some(Self { name, arguments })
    }

    fn resolve(&self, environment: &Environment) -> Option<Program> {
        let path = find(&self.name, environment.raw(environment::PATH))?;
        Some(Program { path, arguments: self.arguments.clone() })
    }
}

/// What might open `url`, in the order in which it is tried.
fn candidates(environment: &Environment, url: &str) -> Vec<Candidate> {
    let named = environment.raw(environment::BROWSER).and_then(OsStr::to_str).unwrap_or_default();
    // On Windows a colon belongs to the drive.
    let entries: Vec<&str> = if cfg!(windows) { vec![named] } else { named.split(':').collect() };
    let chosen: Vec<Candidate> = entries.iter().filter_map(|entry| Candidate::of_entry(entry, url)).collect();
    if !chosen.is_empty() {
        return chosen;
    }
    if cfg!(target_os = "macos") {
        vec![Candidate::new("/usr/bin/open", &[url])]
    } else if cfg!(windows) {
        vec![Candidate::new("rundll32.exe", &["url.dll,FileProtocolHandler", url])]
    } else {
        vec![Candidate::new("xdg-open", &[url]), Candidate::new("wslview", &[url])]
    }
}

/// Finds a program by its absolute path, or by its name in the absolute entries of the PATH.
fn find(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    let direct = Path::new(name);
    if direct.components().count() > 1 {
        return (direct.is_absolute() && is_program(direct)).then(|| direct.to_owned());
    }
    child::places(OsStr::new(name), path).find(|place| is_program(place))
}

fn start(program: &Program, environment: &Environment) -> bool {
    let mut command = Command::new(&program.path);
    command.args(&program.arguments).env_clear().envs(environment.without_secrets());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = for_child(|| command.spawn());
    // Somebody must take note of its end, or it stays behind as a zombie for as long as we wait for the answer.
    child.map(|mut child| std::thread::spawn(move || child.wait())).is_ok()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Mutex;
    use std::time::{Duration, Instant};

    use super::*;

    const URL: &str = "https://login.microsoftonline.com/x/oauth2/v2.0/authorize?a=b&c=d%20e;f='g'";

    /// A directory with programs that write down what they were given.
    fn directory(programs: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for name in programs {
            let path = directory.path().join(name);
            let script = format!(
                "#!/bin/sh\n{{ for a in \"$@\"; do echo \"arg $a\"; done; env; }} > '{0}.part'\nmv '{0}.part' '{0}.out'\n",
                path.display()
            );
            std::fs::write(&path, script).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        directory
    }

    fn output(directory: &tempfile::TempDir, name: &str) -> String {
        let path = directory.path().join(format!("{name}.out"));
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) {
            if let Ok(text) = std::fs::read_to_string(&path) {
                return text;
            }
            std::thread::yield_now();
        }
        panic!("{name} was not started")
    }

    fn environment(directory: &tempfile::TempDir, browser: &str) -> Environment {
        let path = format!("{}:/usr/bin:/bin", directory.path().display());
        Environment::of([("PATH", path.as_str()), ("BROWSER", browser), ("D365CONN_CLIENT_SECRET", "hunter2")])
    }

    #[test]
    fn the_address_is_one_argument_and_no_secret_is_inherited() {
        let directory = directory(&["stub"]);
        Browser::System(environment(&directory, "stub --new-window")).open(URL).unwrap();
        let seen = output(&directory, "stub");
        assert!(seen.starts_with(&format!("arg --new-window\narg {URL}\n")), "{seen}");
        assert!(!seen.contains("hunter2") && !seen.contains("D365CONN_CLIENT_SECRET"));
    }

    #[test]
    fn a_placeholder_takes_the_address_and_missing_programs_are_passed_over() {
        let directory = directory(&["stub"]);
        Browser::System(environment(&directory, "no-such-browser:stub --app=%s -x")).open(URL).unwrap();
        assert!(output(&directory, "stub").starts_with(&format!("arg --app={URL}\narg -x\n")));
    }

    #[test]
    fn the_system_s_opener_is_found_on_absolute_path_entries_only() {
        let directory = directory(&["xdg-open"]);
        let path = |text: &str| find("xdg-open", Some(OsStr::new(text)));
        assert_eq!(path(&directory.path().display().to_string()), Some(directory.path().join("xdg-open")));
        for relative in ["", ".", "bin", "./bin:..:"] {
            assert_eq!(path(relative), None, "{relative}");
        }
        assert_eq!(find("./xdg-open", Some(directory.path().as_os_str())), None);
        assert_eq!(find("sub/xdg-open", Some(directory.path().as_os_str())), None);
        assert_eq!(find("xdg-open", None), None);
    }

    #[test]
    fn a_file_that_can_t_be_run_is_no_program() {
        let directory = directory(&["stub"]);
        let path = directory.path().join("stub");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(find("stub", Some(directory.path().as_os_str())), None);
    }

    #[test]
    fn without_a_browser_the_error_says_what_was_tried() {
        let directory = directory(&[]);
        let alone = Environment::of([("PATH", directory.path().to_str().unwrap())]);
        let error = Browser::System(alone).open(URL).unwrap_err();
        assert!(matches!(&error, AuthError::NoBrowser { tried } if !tried.is_empty()), "{error:?}");
    }

    #[test]
    fn only_sign_in_addresses_are_opened() {
        let opened = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&opened);
        let browser = Browser::StandIn(Arc::new(move |url: &str| seen.lock().unwrap().push(url.to_owned())));
        browser.open(URL).unwrap();
        browser.open("http://127.0.0.1:8080/x").unwrap();
        browser.open("http://[::1]:8080/x").unwrap();
        for unfit in [
            "http://login.microsoftonline.com/",
            "http://127.0.0.1.evil.example/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "--version",
            "https://x/ --flag",
            "https://x/\n",
            "",
        ] {
            assert!(matches!(browser.open(unfit), Err(AuthError::UnfitAddress)), "{unfit}");
        }
        assert_eq!(opened.lock().unwrap().len(), 3);
        Browser::Nobody.open(URL).unwrap();
    }
}
