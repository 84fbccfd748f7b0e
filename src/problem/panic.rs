//! What a panic may tell: the place in our source, and nothing of the values that were in reach. What is shown is not
//! decided here.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// On a thread that is inside [`catch_panic`]: the place of the last panic, once there was one.
    static PLACE: RefCell<Option<Place>> = const { RefCell::new(None) };
}

type Place = Option<String>;

/// Runs `work`; a panic in it ends with its place, as `file:line`, and is told to nobody.
///
/// # Errors
/// The place of the panic, if it is known.
pub fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, Option<String>> {
    static HOOK: Once = Once::new();
    HOOK.call_once(silence);
    // One run may be played inside another, as the demo does.
    let around = PLACE.replace(Some(None));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    let place = PLACE.replace(around).flatten();
    outcome.map_err(|_| place)
}

/// The message of a panic may hold a secret. Threads that are none of ours keep the hook they had.
fn silence() {
    let before = take_hook();
    set_hook(Box::new(move |panic| {
        let is_ours = PLACE.with_borrow_mut(|place| {
            let location = panic.location().map(|location| format!("{}:{}", location.file(), location.line()));
            place.as_mut().map(|place| *place = location).is_some()
        });
        if !is_ours {
            before(panic);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_with_its_place() {
        assert_eq!(catch_panic(|| 7), Ok(7));
        let place = catch_panic(|| panic!("a secret")).unwrap_err().unwrap();
        assert!(place.starts_with("src/problem/panic.rs:"), "{place}");
    }
}
