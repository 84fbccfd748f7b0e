//! What the list of connections says of one of them, whenever it is asked. The list is read again when its file may have
//! changed.

use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Clock;
use crate::connection::{Connection, Look, Standing};
use crate::paths::Stamp;
use crate::store::Registry;

/// Looks at `connection` in the list; it is another one by now unless `is_same` holds for what is saved. While the list can't
/// be read, what it said last holds.
pub fn look_at(
    registry: Registry,
    clock: Clock,
    connection: &Connection,
    is_same: impl Fn(&Connection) -> bool + Send + Sync + 'static,
) -> Look {
    let id = connection.id.clone();
    let before = if connection.read_only { Standing::ReadOnly } else { Standing::Open };
    let last = Mutex::new((None::<Stamp>, before));
    Arc::new(move || {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the reading: what changes meanwhile is seen the next time.
        let (stamp, now) = (registry.stamp(), clock.now());
        if stamp.is_some() && stamp == last.0 {
            return last.1;
        }
        last.0 = None;
        if let Ok(connections) = registry.read() {
            let saved = connections.iter().find(|saved| saved.id == id);
            let standing = match saved.filter(|saved| is_same(saved)) {
                Some(saved) if saved.read_only => Standing::ReadOnly,
                Some(_) => Standing::Open,
                None => Standing::Gone,
            };
            *last = (stamp.filter(|stamp| stamp.is_settled(now)), standing);
        }
        last.1
    })
}
