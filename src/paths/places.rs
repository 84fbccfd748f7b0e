//! Where d365conn's own files live on each platform: pure judging of the environment. Nothing here touches a file.

use std::path::PathBuf;

use crate::environment::{self, Environment, Variable};
use crate::paths::PathError;

/// The two directories that d365conn owns. Naming them touches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// `connections.toml`: what a user may want to back up.
    pub config: PathBuf,
    /// Locks, health and the encrypted secret file: what belongs to this machine.
    pub state: PathBuf,
}

/// How a platform names the directories of programs. A value, so that every platform is judged on every platform.
#[derive(Debug, Clone, Copy)]
enum Platform {
    /// The XDG Base Directory Specification: Linux and the BSDs.
    Xdg,
    Mac,
    Windows,
}

impl Platform {
    const HERE: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::Mac
    } else {
        Self::Xdg
    };
}

impl Places {
    /// The directories that `environment` leads to: `D365CONN_CONFIG_DIR` and `D365CONN_STATE_DIR`, else the platform's.
    ///
    /// # Errors
    /// [`PathError::Relative`] when one of ours is not absolute, [`PathError::NoHome`] when the platform's can't be told.
    pub fn of(environment: &Environment) -> Result<Self, PathError> {
        Self::on(Platform::HERE, environment)
    }

    /// Where locks on what the user's keyring keeps lie, the best first.
    ///
    /// A user has one keyring, whatever directories a process was given: so their lock must not depend on
    /// `D365CONN_STATE_DIR` or `XDG_STATE_HOME`. It lies in the state directory that follows from the user's home alone;
    /// a runtime directory would be missing where there is no session, as in a cron job. `self.state` is for homes that
    /// take no writes, and for processes without one.
    #[must_use]
    pub fn keyring_locks(&self, environment: &Environment) -> Vec<PathBuf> {
        self.keyring_locks_on(Platform::HERE, environment)
    }

    fn keyring_locks_on(&self, platform: Platform, environment: &Environment) -> Vec<PathBuf> {
        let (variable, rest) = match platform {
            Platform::Xdg => (environment::HOME, ".local/state/d365conn"),
            Platform::Mac => (environment::HOME, "Library/Application Support/d365conn/state"),
            Platform::Windows => (environment::LOCALAPPDATA, "d365conn"),
        };
        let home = environment.raw(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        let mut places: Vec<PathBuf> = home.map(|home| home.join(rest).join("locks")).into_iter().collect();
        let other = self.state.join("locks");
        if !places.contains(&other) {
            places.push(other);
        }
        places
    }

    fn on(platform: Platform, environment: &Environment) -> Result<Self, PathError> {
        use environment::{APPDATA, CONFIG_DIR, HOME, LOCALAPPDATA, STATE_DIR, XDG_CONFIG_HOME, XDG_STATE_HOME};
        // A relative directory would make the place of a secret depend on where the command was typed.
        let absolute =
            |variable: Variable| environment.raw(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        let own = |variable: Variable| match environment.raw(variable).map(PathBuf::from) {
            Some(path) if !path.is_absolute() => Err(PathError::Relative { variable: variable.name, path }),
            chosen => Ok(chosen),
        };
        let beside_home = |variable: Variable, rest: &str, ours: Variable| {
            absolute(variable)
                .or_else(|| absolute(HOME).map(|home| home.join(rest)))
                .map(|base| base.join("d365conn"))
                .ok_or(PathError::NoHome { missing: HOME.name, variable: ours.name })
        };
        let plain = |variable: Variable, rest: &str, ours: Variable| {
            absolute(variable)
                .map(|base| base.join(rest))
                .ok_or(PathError::NoHome { missing: variable.name, variable: ours.name })
        };
        let config = match (own(CONFIG_DIR)?, platform) {
            (Some(chosen), _) => chosen,
            (None, Platform::Xdg) => beside_home(XDG_CONFIG_HOME, ".config", CONFIG_DIR)?,
            (None, Platform::Mac) => plain(HOME, "Library/Application Support/d365conn", CONFIG_DIR)?,
            (None, Platform::Windows) => plain(APPDATA, "d365conn", CONFIG_DIR)?,
        };
        let state = match (own(STATE_DIR)?, platform) {
            (Some(chosen), _) => chosen,
            (None, Platform::Xdg) => beside_home(XDG_STATE_HOME, ".local/state", STATE_DIR)?,
            (None, Platform::Mac) => plain(HOME, "Library/Application Support/d365conn/state", STATE_DIR)?,
            (None, Platform::Windows) => plain(LOCALAPPDATA, "d365conn", STATE_DIR)?,
        };
        Ok(Self { config, state })
    }
}

#[cfg(test)]
mod tests {
    use crate::problem::Diagnose as _;

    use super::*;

    fn places(platform: Platform, pairs: &[(&str, &str)]) -> Result<(String, String), String> {
        let environment = Environment::of(pairs.iter().copied());
        Places::on(platform, &environment)
            .map(|places| (places.config.display().to_string(), places.state.display().to_string()))
            .map_err(|error| error.phrase().code.to_owned())
    }

    #[test]
    fn places_follow_the_platform_unless_told_otherwise() {
        let both = |config: &str, state: &str| Ok((config.to_owned(), state.to_owned()));
        let check = |platform, pairs: &[(&str, &str)], expected: Result<(String, String), String>| {
            assert_eq!(places(platform, pairs), expected, "{platform:?} {pairs:?}");
        };
        check(Platform::Xdg, &[("HOME", "/h")], both("/h/.config/d365conn", "/h/.local/state/d365conn"));
        check(
            Platform::Xdg,
            &[("HOME", "/h"), ("XDG_CONFIG_HOME", "/c"), ("XDG_STATE_HOME", "/s")],
            both("/c/d365conn", "/s/d365conn"),
        );
        check(
            Platform::Xdg,
            &[("HOME", "/h"), ("XDG_CONFIG_HOME", "c"), ("XDG_STATE_HOME", "")],
            both("/h/.config/d365conn", "/h/.local/state/d365conn"),
        );
        check(Platform::Xdg, &[("D365CONN_CONFIG_DIR", "/c"), ("D365CONN_STATE_DIR", "/s")], both("/c", "/s"));
        check(Platform::Xdg, &[("HOME", "/")], both("/.config/d365conn", "/.local/state/d365conn"));
        check(Platform::Xdg, &[("D365CONN_CONFIG_DIR", "/c")], Err("paths/no-home".to_owned()));
        check(Platform::Xdg, &[("HOME", "h")], Err("paths/no-home".to_owned()));
        check(Platform::Xdg, &[], Err("paths/no-home".to_owned()));
        check(
            Platform::Xdg,
            &[("HOME", "/h"), ("D365CONN_STATE_DIR", "state")],
            Err("paths/relative-directory".to_owned()),
        );
        check(
            Platform::Mac,
            &[("HOME", "/h")],
            both("/h/Library/Application Support/d365conn", "/h/Library/Application Support/d365conn/state"),
        );
        check(
            Platform::Windows,
            &[("APPDATA", "/roaming"), ("LOCALAPPDATA", "/local")],
            both("/roaming/d365conn", "/local/d365conn"),
        );
        check(Platform::Windows, &[("HOME", "/h")], Err("paths/no-home".to_owned()));
    }

    #[test]
    fn the_lock_of_a_keyring_record_follows_the_user_and_not_the_state_directory() {
        let places = Places { config: PathBuf::from("/c"), state: PathBuf::from("/s") };
        let check = |platform, pairs: &[(&str, &str)], expected: &[&str]| {
            let found = places.keyring_locks_on(platform, &Environment::of(pairs.iter().copied()));
            assert_eq!(found, expected.iter().map(PathBuf::from).collect::<Vec<_>>(), "{platform:?} {pairs:?}");
        };
        check(Platform::Xdg, &[("HOME", "/h")], &["/h/.local/state/d365conn/locks", "/s/locks"]);
        check(
            Platform::Xdg,
            &[("HOME", "/h"), ("XDG_STATE_HOME", "/x"), ("D365CONN_STATE_DIR", "/s")],
            &["/h/.local/state/d365conn/locks", "/s/locks"],
        );
        check(Platform::Xdg, &[("HOME", "h")], &["/s/locks"]);
        check(Platform::Windows, &[("LOCALAPPDATA", "/local"), ("HOME", "/h")], &["/local/d365conn/locks", "/s/locks"]);
        let usual = Places { config: PathBuf::from("/c"), state: PathBuf::from("/h/.local/state/d365conn") };
        let once = usual.keyring_locks_on(Platform::Xdg, &Environment::of([("HOME", "/h")]));
        assert_eq!(once, [PathBuf::from("/h/.local/state/d365conn/locks")]);
    }
}
