//! Where a saved connection's name may be typed, and that it is not typed twice differently. Names are not looked up here.

use clap::ArgMatches;
use clap::parser::ValueSource;

use crate::problem::{Diagnose, Exit, Phrase, Problem, Who};

/// The id of `-c/--connection`.
pub(super) const FLAG: &str = "connection";

/// The arguments beside `-c` that name a saved connection: the command, and the argument's id.
pub(super) const PLACES: &[(&[&str], &str)] = &[
    (&["reconnect"], "name"),
    (&["disconnect"], "name"),
    (&["doctor"], "name"),
    (&["connections", "show"], "name"),
    (&["connections", "use"], "name"),
    (&["connections", "set"], "name"),
    (&["connections", "rename"], "old"),
    (&["connections", "check"], "name"),
    (&["connections", "export"], "names"),
];

/// What else says what a command is about, so that `-c` would be passed over.
struct Rival {
    command: &'static [&'static str],
    /// The argument's id; without one the command itself leaves no room.
    id: Option<&'static str>,
    typed: &'static str,
    does: &'static str,
}

const RIVALS: &[Rival] = &[
    Rival { command: &["connect"], id: None, typed: "connect", does: "makes a new one" },
    Rival { command: &["disconnect"], id: Some("all"), typed: "--all", does: "means every one" },
    Rival { command: &["doctor"], id: Some("tenant_url"), typed: "--tenant-url", does: "means an address" },
    Rival { command: &["connections", "import"], id: None, typed: "import", does: "makes a new one" },
    Rival { command: &["connections", "check"], id: Some("all"), typed: "--all", does: "means every one" },
];

/// `-c`, and something that says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum NamingError {
    /// Two different names.
    #[error("`-c {flag}` names one connection and `{typed}` another", flag = flag.escape_debug(), typed = typed.escape_debug())]
    TwoNames {
        /// After `-c`.
        flag: String,
        /// In its own place.
        typed: String,
    },
    /// A name, and something that leaves no room for one.
    #[error("`-c {flag}` picks one saved connection, and `{typed}` {does}", flag = flag.escape_debug())]
    NoRoom {
        /// After `-c`.
        flag: String,
        /// What is typed besides.
        typed: &'static str,
        /// What that says.
        does: &'static str,
    },
}

/// The phrases of this file.
pub(super) const PHRASES: &[&Phrase] = &[&TWO_NAMES, &NO_ROOM];

static TWO_NAMES: Phrase = Phrase {
    code: "commands/two-names",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "only one of them can be meant, and nothing was done to either",
    remedy: &["leave one of them out; `d365conn connections list` shows what is saved"],
};

static NO_ROOM: Phrase = Phrase {
    code: "commands/no-room-for-a-name",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "only one of them can be meant, and nothing was done",
    remedy: &[
        "leave one of them out; `d365conn connections list` shows what is saved",
        "to sign in again with a saved connection, run `d365conn reconnect {flag}`; to call a new one so, `d365conn connect --name {flag}`",
    ],
};

impl Diagnose for NamingError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::TwoNames { .. } => &TWO_NAMES,
            Self::NoRoom { .. } => &NO_ROOM,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::TwoNames { flag, typed } => vec![("flag", flag.clone()), ("typed", typed.clone())],
            Self::NoRoom { flag, typed, .. } => vec![("flag", flag.clone()), ("typed", (*typed).to_owned())],
        }
    }
}

/// Sees to it that `-c` and whatever else was typed mean the same connection. `D365CONN_CONNECTION` is no rival: it is for a
/// whole shell, and every name that is typed wins over it.
///
/// # Errors
/// [`NamingError`].
pub fn agree(root: &ArgMatches) -> Result<(), Problem> {
    let Some(flag) = root.try_get_one::<String>(FLAG).ok().flatten() else { return Ok(()) };
    let (mut path, mut leaf) = (Vec::new(), root);
    while let Some((word, below)) = leaf.subcommand() {
        path.push(word);
        leaf = below;
    }
    let is_here = |place: &[&str]| place == path.as_slice();
    for (_, id) in PLACES.iter().filter(|(place, _)| is_here(place)) {
        let typed = leaf.try_get_many::<String>(id).ok().flatten().into_iter().flatten();
        if let Some(other) = typed.into_iter().find(|typed| *typed != flag) {
            return Err(NamingError::TwoNames { flag: flag.clone(), typed: other.clone() }.into());
        }
    }
    let is_typed = |id: &str| {
        leaf.try_get_raw(id).is_ok_and(|values| values.is_some())
            && leaf.value_source(id) == Some(ValueSource::CommandLine)
    };
    let rivals = RIVALS.iter().filter(|rival| is_here(rival.command));
    if let Some(Rival { typed, does, .. }) = rivals.into_iter().find(|rival| rival.id.is_none_or(is_typed)) {
        return Err(NamingError::NoRoom { flag: flag.clone(), typed, does }.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction, Command};

    use super::*;

    fn code(line: &str) -> Option<&'static str> {
        let name = || Arg::new("name");
        let root = Command::new("d365conn")
            .arg(Arg::new(FLAG).short('c').global(true))
            .subcommand(Command::new("whoami"))
            .subcommand(Command::new("reconnect").arg(name()))
            .subcommand(
                Command::new("disconnect").arg(name()).arg(Arg::new("all").long("all").action(ArgAction::SetTrue)),
            )
            .subcommand(Command::new("connect").arg(Arg::new("tenant_url").long("tenant-url")))
            .subcommand(
                Command::new("connections")
                    .subcommand(Command::new("list"))
                    .subcommand(Command::new("use").arg(name()))
                    .subcommand(Command::new("rename").arg(Arg::new("old")).arg(Arg::new("new"))),
            );
        let matches = root.try_get_matches_from(line.split(' ')).unwrap();
        agree(&matches).err().map(|problem| problem.phrase().code)
    }

    #[test]
    fn two_names_that_differ_are_refused_and_one_name_twice_is_not() {
        for line in [
            "d365conn -c a reconnect b",
            "d365conn reconnect b -c a",
            "d365conn -c a connections use b",
            "d365conn connections -c a use b",
            "d365conn connections rename b a -c a",
        ] {
            assert_eq!(code(line), Some("commands/two-names"), "{line}");
        }
        for line in ["d365conn -c a disconnect --all", "d365conn connect --tenant-url x -c a"] {
            assert_eq!(code(line), Some("commands/no-room-for-a-name"), "{line}");
        }
        for line in [
            "d365conn reconnect b",
            "d365conn -c a reconnect",
            "d365conn -c a reconnect a",
            "d365conn -c a disconnect",
            "d365conn -c a connections list",
            "d365conn -c a connections rename a b",
            "d365conn -c a whoami",
            "d365conn disconnect --all",
        ] {
            assert_eq!(code(line), None, "{line}");
        }
    }
}
