//! The exit statuses that scripts may rely on. No status is ever spelled as a number anywhere else.

/// How a run ended, as the calling shell sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exit {
    /// 0: done. An empty result and a closed pipe are success too.
    Done,
    /// 1: failed in a way that no other status describes.
    Failed,
    /// 2: wrong flags, address, connection, table or column name.
    Usage,
    /// 3: the record is not there.
    NotFound,
    /// 4: sign-in is needed, was refused, cancelled or timed out.
    SignIn,
    /// 5: signed in, but not allowed.
    Forbidden,
    /// 6: unreachable: DNS, proxy, TLS, time-out, or something that is not Dataverse answered.
    Unreachable,
    /// 7: conflict: the record changed meanwhile, or exists already.
    Conflict,
    /// 8: throttled for longer than `--max-wait`.
    Busy,
    /// 9: some rows failed; the rest is done.
    Partly,
    /// 10: `doctor` or `check` found faults.
    Unwell,
    /// 11: the secret store or our own files are absent, locked, timed out or denied.
    Store,
    /// 70: a bug in d365conn.
    Bug,
    /// 126: `exec` found the program and could not run it, as shells say it.
    NotRunnable,
    /// 127: `exec` found no such program, as shells say it.
    NoProgram,
    /// 130: interrupted from the keyboard.
    Interrupted,
    /// 143: ended by SIGTERM, after what was under way came to its end.
    Terminated,
}

impl Exit {
    /// Every status, for tables and for the tests that walk them.
    pub const ALL: [Self; 17] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::NotFound,
        Self::SignIn,
        Self::Forbidden,
        Self::Unreachable,
        Self::Conflict,
        Self::Busy,
        Self::Partly,
        Self::Unwell,
        Self::Store,
        Self::Bug,
        Self::NotRunnable,
        Self::NoProgram,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number handed to the operating system.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::SignIn => 4,
            Self::Forbidden => 5,
            Self::Unreachable => 6,
            Self::Conflict => 7,
            Self::Busy => 8,
            Self::Partly => 9,
            Self::Unwell => 10,
            Self::Store => 11,
            Self::Bug => 70,
            Self::NotRunnable => 126,
            Self::NoProgram => 127,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
