//! DOOR (signals): what the system's signals do while something must be put in order before they act. Who may hold them,
//! and what is put in order, is not known here.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGSTOP, SIGTERM, SIGTSTP};
use signal_hook::{flag, low_level};

/// A signal that can be held. A handler can't be taken off again, so what the system would have done is done by ours
/// whenever nobody holds the signal.
#[derive(Debug)]
struct Holdable {
    number: i32,
    has_come: AtomicBool,
    acts_at_once: AtomicBool,
    is_answered: AtomicBool,
}

impl Holdable {
    const fn new(number: i32) -> Self {
        Self {
            number,
            has_come: AtomicBool::new(false),
            acts_at_once: AtomicBool::new(true),
            is_answered: AtomicBool::new(false),
        }
    }

    fn register(&'static self) -> io::Result<()> {
        flag::register(self.number, &self.has_come)?;
        flag::register_conditional_default(self.number, &self.acts_at_once)?;
        Ok(())
    }

    fn has_come(&self) -> bool {
        self.has_come.load(Ordering::SeqCst)
    }
}

/// All signals that can be held.
#[derive(Debug)]
struct Signals {
    /// Those that end the program.
    ending: [Holdable; 4],
    /// The one that stops the program until it is told to go on.
    stopping: Holdable,
    /// Whether the program was told to go on.
    goes_on: AtomicBool,
    /// Whether there are handlers. A program that never holds a signal has none.
    has_handlers: OnceLock<bool>,
}

/// A handler is the process's own, so there is one set of them.
static SIGNALS: Signals = Signals {
    ending: [Holdable::new(SIGHUP), Holdable::new(SIGINT), Holdable::new(SIGQUIT), Holdable::new(SIGTERM)],
    stopping: Holdable::new(SIGTSTP),
    goes_on: AtomicBool::new(false),
    has_handlers: OnceLock::new(),
};

impl Signals {
    fn every(&'static self) -> impl Iterator<Item = &'static Holdable> {
        self.ending.iter().chain([&self.stopping])
    }

    fn register(&'static self) -> io::Result<()> {
        self.every().try_for_each(Holdable::register)?;
        flag::register(SIGCONT, &self.goes_on).map(drop)
    }
}

/// As long as it lives, signals are noted and do nothing else. What has come by its end acts then, as if it came only now.
#[derive(Debug)]
pub struct Held(&'static Signals);

/// Holds the signals; `None` where the system lets nobody, and they act at once as ever.
#[must_use]
pub fn hold() -> Option<Held> {
    // Those that have come by now are somebody else's, or this program would have ended.
    SIGNALS.every().for_each(|signal| signal.has_come.store(false, Ordering::SeqCst));
    SIGNALS.goes_on.store(false, Ordering::SeqCst);
    if !*SIGNALS.has_handlers.get_or_init(|| SIGNALS.register().is_ok()) {
        return None;
    }
    SIGNALS.every().for_each(|signal| signal.acts_at_once.store(false, Ordering::SeqCst));
    Some(Held(&SIGNALS))
}

impl Held {
    /// Whether the program should end.
    #[must_use]
    pub fn ends(&self) -> bool {
        self.0.ending.iter().any(Holdable::has_come)
    }

    /// Whether the program should stop for a while; asked once for each time.
    #[must_use]
    pub fn stops(&self) -> bool {
        self.0.stopping.has_come.swap(false, Ordering::SeqCst)
    }

    /// Whether the program was stopped and goes on; asked once for each time.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.0.goes_on.swap(false, Ordering::SeqCst)
    }

    /// Stops the program until it is told to go on.
    ///
    /// # Errors
    /// The system's, where it refuses.
    pub fn stop(&self) -> io::Result<()> {
        // A second one that came meanwhile asks for the same.
        self.0.stopping.has_come.store(false, Ordering::SeqCst);
        low_level::raise(SIGSTOP)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        for signal in self.0.every().filter(|signal| !signal.is_answered.load(Ordering::SeqCst)) {
            signal.acts_at_once.store(true, Ordering::SeqCst);
            if signal.has_come.swap(false, Ordering::SeqCst) {
                // It ends the program, by this very signal, so that whoever started it sees which it was.
                let _ = low_level::emulate_default_handler(signal.number);
            }
        }
    }
}

/// Leaves the signals that ask politely for an end, Ctrl-C and the system's, to somebody who answers them from now on.
pub fn leave_ends_to_another() {
    for signal in SIGNALS.ending.iter().filter(|signal| matches!(signal.number, SIGINT | SIGTERM)) {
        signal.is_answered.store(true, Ordering::SeqCst);
        signal.acts_at_once.store(false, Ordering::SeqCst);
    }
}
