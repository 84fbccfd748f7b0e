//! What keeps the memory of this process to itself: no core file, no other process of the same user that looks in. What is
//! in the memory is not known here. And whether the system leaves the process room to work.

/// Whether this process may open `count` files and connections more. Nothing stays open.
///
/// # Errors
/// The system's own, where the limit on open files is reached before.
pub fn can_open(count: usize) -> std::io::Result<()> {
    #[cfg(unix)]
    unix::open(count)?;
    #[cfg(not(unix))]
    let _ = count;
    Ok(())
}

#[cfg(unix)]
mod unix {
    use std::sync::{Mutex, PoisonError};

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    /// The limit on core files with which the process began, once it was lowered.
    static FOUND: Mutex<Option<Rlimit>> = Mutex::new(None);

    pub(in crate::guard) fn raise() {
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        if found.is_none() {
            let before = getrlimit(Resource::Core);
            // The hard limit stays: a child gets its own back.
            if setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: before.maximum }).is_ok() {
                *found = Some(before);
            }
        }
        // Core files that are piped to a program ignore the limit, and this stops them too.
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{DumpableBehavior, set_dumpable_behavior};
            // A kernel that refuses leaves things as they are everywhere else.
            let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
        }
    }

    pub(in crate::guard) fn open(count: usize) -> std::io::Result<()> {
        let opened: Result<Vec<_>, _> = (0..count).map(|_| rustix::io::dup(rustix::stdio::stderr())).collect();
        match opened {
            Err(error) if matches!(error, rustix::io::Errno::MFILE | rustix::io::Errno::NFILE) => Err(error.into()),
            // A standard error that is closed says nothing about others.
            _ => Ok(()),
        }
    }

    pub(in crate::guard) fn around<T>(start: impl FnOnce() -> T) -> T {
        let found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(before) = *found else { return start() };
        // Whoever had a limit may have it again; a refusal only leaves the child without core files.
        let _ = setrlimit(Resource::Core, before);
        let started = start();
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: before.maximum });
        started
    }
}

/// Forbids core files of this process, on Linux also tracing and reading it by others than root. To be called once, before
/// there is any secret. Costs three system calls.
pub fn raise() {
    #[cfg(unix)]
    unix::raise();
}

/// Runs `start`, which starts another program or becomes it, under the limit on core files that this process was given: the
/// other program's core files are not ours to forbid. That it can't be traced is forgotten by itself when a program starts.
pub fn for_child<T>(start: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    return unix::around(start);
    #[cfg(not(unix))]
    start()
}
