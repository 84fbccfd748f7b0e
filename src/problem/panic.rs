//! What a panic may tell: the place in our source, and nothing of the values that were in reach. What is shown of one that
//! was caught is not decided here.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    /// On a thread that is inside [`catch_panic`]: the place of the last panic, once there was one.
    static PLACE: RefCell<Option<Place>> = const { RefCell::new(None) };
}

type Place = Option<String>;

/// Whether every thread of this process is ours.
static IS_ALL_OURS: AtomicBool = AtomicBool::new(false);

/// Whether a thread of ours panicked on which nobody catches it.
static IS_STRAY: AtomicBool = AtomicBool::new(false);

/// Runs `work`; a panic in it ends with its place, as `file:line`, and is told to nobody. So does one that somebody else
/// caught on this thread, as the runtime does with its tasks: what `work` returned can't be trusted then.
///
/// # Errors
/// The place of the panic, if it is known.
pub fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, Option<String>> {
    install();
    // One run may be played inside another, as the demo does.
    let around = PLACE.replace(Some(None));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    let place = PLACE.replace(around).flatten();
    match (outcome, place) {
        (Ok(value), None) => Ok(value),
        (_, place) => Err(place),
    }
}

/// Takes charge of the panics on every thread of this process: one that [`catch_panic`] doesn't catch is told through
/// `notice` by its place alone, whatever `RUST_BACKTRACE` says. For a program of which no thread is somebody else's; `notice`
/// must not panic.
pub fn take_charge_of_panics(notice: fn(&str)) {
    let _ = NOTICE.set(notice);
    install();
    IS_ALL_OURS.store(true, Ordering::SeqCst);
}

/// Whether a thread panicked on which nobody caught it, so that the whole run can't be trusted.
#[must_use]
pub fn has_stray_panic() -> bool {
    IS_STRAY.load(Ordering::SeqCst)
}

static NOTICE: std::sync::OnceLock<fn(&str)> = std::sync::OnceLock::new();

/// The message of a panic may hold a secret. In a process that is not all ours, other threads keep the hook they had.
fn install() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            let place = place_of(panic);
            let is_caught = PLACE
                .try_with(|caught| caught.borrow_mut().as_mut().map(|caught| caught.clone_from(&place)).is_some())
                .unwrap_or(false);
            if is_caught {
                return;
            }
            if !IS_ALL_OURS.load(Ordering::SeqCst) {
                return before(panic);
            }
            IS_STRAY.store(true, Ordering::SeqCst);
            if let Some(notice) = NOTICE.get() {
                notice(place.as_deref().unwrap_or("an unknown place"));
            }
        }));
    });
}

fn place_of(panic: &PanicHookInfo<'_>) -> Place {
    panic.location().map(|location| format!("{}:{}", location.file(), location.line()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_with_its_place() {
        assert_eq!(catch_panic(|| 7), Ok(7));
        let place = catch_panic(|| panic!("a secret")).unwrap_err().unwrap();
        assert!(place.starts_with("src/problem/panic.rs:"), "{place}");
        let caught = catch_panic(|| catch_unwind(|| panic!("a secret")).is_err());
        assert!(caught.is_err(), "a panic that was caught on the way is a bug all the same");
    }
}
