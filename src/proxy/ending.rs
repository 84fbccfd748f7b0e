//! How somebody outside says that the proxy should end: Ctrl-C, or the system's polite request. What ends then is not
//! decided here.

use std::io;

use crate::problem::Exit;

/// Watches for the word to end. While it does, the word by itself ends nothing.
#[derive(Debug)]
pub struct Ending(Signals);

impl Ending {
    /// Begins to watch; `None` where no signal can be watched for, and the system's own way of ending a program stays.
    #[must_use]
    pub fn watch() -> Option<Self> {
        Signals::watch().ok().map(Self)
    }

    /// Waits for the word, and gives the status that a shell expects after it.
    pub async fn told(&mut self) -> Exit {
        self.0.next().await
    }
}

#[cfg(unix)]
#[derive(Debug)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn watch() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? };
        crate::signals::leave_ends_to_another();
        Ok(signals)
    }

    async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }
}

#[cfg(windows)]
#[derive(Debug)]
struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
}

#[cfg(windows)]
impl Signals {
    fn watch() -> io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    async fn next(&mut self) -> Exit {
        self.interrupt.recv().await;
        Exit::Interrupted
    }
}
