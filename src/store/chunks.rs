//! One value of any size over entries that hold little each. Nothing here knows what keeps the entries.
//!
//! A value is cut into parts, filed as `NAME.a.0`, `NAME.a.1` … or `NAME.b.0` …; the entry `NAME` is its head, which says
//! in which of the two slots the value is, how long it is and what its SHA-256 is. A new value goes into the slot that the
//! head doesn't name; writing the head last makes it the value, in one step. So whatever stops a writer, the old value or
//! the new one is whole, and with only two slots nothing is ever lost sight of: parts that a dead writer left are found
//! under their fixed names. In each slot the parts that exist are always the first ones without a gap.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::store::StoreError;

/// Bytes in a part. Windows takes 2560 at most (`CRED_MAX_CREDENTIAL_BLOB_SIZE`); the same size is used everywhere, so
/// that every platform walks the same path.
pub(super) const PART_BYTES: usize = 2400;

/// No value has more parts than this: some 2.4 MB.
const MOST_PARTS: usize = 1024;

/// How often a reader begins anew because a writer was faster.
const READINGS: usize = 8;

const VERSION: u32 = 1;

/// A place for small entries under names.
pub(super) trait Blobs {
    /// The entry, `None` when there is none.
    fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError>;
    /// Writes the entry, whole or not at all.
    fn set(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError>;
    /// Removes the entry; that there is none is fine.
    fn delete(&self, name: &str) -> Result<(), StoreError>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Slot {
    A,
    B,
}

impl Slot {
    const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    fn part(self, name: &str, number: usize) -> String {
        let slot = match self {
            Self::A => 'a',
            Self::B => 'b',
        };
        format!("{name}.{slot}.{number}")
    }
}

#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    slot: Slot,
    generation: u64,
    bytes: usize,
    sha256: String,
}

impl Head {
    /// How many parts its value has; no more than any value may have, whatever it says.
    fn parts(&self) -> usize {
        self.bytes.div_ceil(PART_BYTES).min(MOST_PARTS)
    }
}

/// What the head entry holds, if there is one.
enum Found {
    Head(Head),
    Newer(u32),
    /// Something that no release wrote.
    Foreign,
}

impl Found {
    fn parse(bytes: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct OnlyVersion {
            version: u32,
        }
        match serde_json::from_slice::<OnlyVersion>(bytes) {
            Ok(OnlyVersion { version }) if version > VERSION => Self::Newer(version),
            Ok(OnlyVersion { version: VERSION }) => serde_json::from_slice(bytes).map_or(Self::Foreign, Self::Head),
            _ => Self::Foreign,
        }
    }
}

/// The value of that name, `None` when there is none.
///
/// A writer may be at work meanwhile: then the old or the new value is returned.
///
/// # Errors
/// [`StoreError::SecretsDamaged`] when a part is missing or is not what the head says: never a piece of a value.
pub(super) fn read(blobs: &impl Blobs, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let mut last = None;
    for _ in 0..READINGS {
        let Some(bytes) = blobs.get(name)? else { return Ok(None) };
        match Found::parse(&bytes) {
            Found::Newer(version) => return Err(StoreError::SecretsNewer { version }),
            Found::Foreign => {
                return Err(StoreError::SecretsDamaged { reason: "its entry was not written by d365conn" });
            }
            Found::Head(head) => {
                if let Some(value) = assemble(blobs, name, &head)? {
                    return Ok(Some(value));
                }
            }
        }
        // A head that stayed the same was no writer's doing.
        if last.as_ref() == Some(&bytes) {
            break;
        }
        last = Some(bytes);
    }
    Err(StoreError::SecretsDamaged { reason: "a part of them is missing" })
}

/// The value that `head` describes, or `None` when it is not there as described.
fn assemble(blobs: &impl Blobs, name: &str, head: &Head) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    if head.bytes > MOST_PARTS * PART_BYTES {
        return Ok(None);
    }
    let mut value = Zeroizing::new(Vec::with_capacity(head.bytes));
    for number in 0..head.bytes.div_ceil(PART_BYTES) {
        match blobs.get(&head.slot.part(name, number))? {
            Some(part) if part.len() == PART_BYTES.min(head.bytes - value.len()) => value.extend_from_slice(&part),
            _ => return Ok(None),
        }
    }
    Ok((digest(&value) == head.sha256).then_some(value))
}

/// Makes `value` the value of that name.
///
/// # Errors
/// Those of the place. The old value is then still whole, unless the failure came after the last step, which only clears
/// up: such a failure is not told.
pub(super) fn write(blobs: &impl Blobs, name: &str, value: &[u8]) -> Result<(), StoreError> {
    if value.len() > MOST_PARTS * PART_BYTES {
        return Err(StoreError::StoreFailed { detail: format!("{} bytes are too many for it", value.len()) });
    }
    let old = match blobs.get(name)?.as_deref().map(|bytes| Found::parse(bytes)) {
        Some(Found::Newer(version)) => return Err(StoreError::SecretsNewer { version }),
        Some(Found::Head(head)) => Some(head),
        Some(Found::Foreign) | None => None,
    };
    let (slot, generation, old_count) =
        old.as_ref().map_or((Slot::A, 1, 0), |head| (head.slot.other(), head.generation.wrapping_add(1), head.parts()));
    let parts = value.chunks(PART_BYTES);
    let count = parts.len();
    for (number, part) in parts.enumerate() {
        blobs.set(&slot.part(name, number), part)?;
    }
    let head = Head { version: VERSION, slot, generation, bytes: value.len(), sha256: digest(value) };
    // Numbers and plain text: JSON refuses none of them.
    blobs.set(name, &serde_json::to_vec(&head).unwrap_or_default())?;
    let _ = clear(blobs, name, slot, count..count).and_then(|()| clear(blobs, name, slot.other(), 0..old_count));
    Ok(())
}

/// Removes the value of that name and everything that dead writers left of others, whatever state it is in.
///
/// # Errors
/// Those of the place; what is left is found the next time.
pub(super) fn remove(blobs: &impl Blobs, name: &str) -> Result<(), StoreError> {
    let head = match blobs.get(name)?.as_deref().map(|bytes| Found::parse(bytes)) {
        Some(Found::Head(head)) => Some(head),
        _ => None,
    };
    blobs.delete(name)?;
    for slot in [Slot::A, Slot::B] {
        let known = head.as_ref().filter(|head| head.slot == slot).map_or(0, Head::parts);
        clear(blobs, name, slot, 0..known)?;
    }
    Ok(())
}

/// The entries that hold the beginning of a value of that name, whichever slot it is in and whether or not it was finished.
pub(super) fn first_parts(name: &str) -> [String; 2] {
    [Slot::A, Slot::B].map(|slot| slot.part(name, 0))
}

/// Removes the parts of a slot: the `known` ones and whatever follows them, the last one first, so that no gap ever hides a
/// part.
fn clear(blobs: &impl Blobs, name: &str, slot: Slot, known: Range<usize>) -> Result<(), StoreError> {
    let Range { start, mut end } = known;
    while end < MOST_PARTS && blobs.get(&slot.part(name, end))?.is_some() {
        end += 1;
    }
    (start..end).rev().try_for_each(|number| blobs.delete(&slot.part(name, number)))
}

fn digest(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Windows' limit.
    const CAP: usize = 2560;

    /// Entries in memory that fail from a chosen step on, as a process that dies there would.
    #[derive(Default)]
    struct Entries {
        kept: RefCell<BTreeMap<String, Vec<u8>>>,
        steps_left: Cell<Option<usize>>,
    }

    impl Entries {
        fn step(&self) -> Result<(), StoreError> {
            match self.steps_left.get() {
                Some(0) => Err(StoreError::StoreTimeout { seconds: 8 }),
                left => {
                    self.steps_left.set(left.map(|left| left - 1));
                    Ok(())
                }
            }
        }

        fn value(&self) -> Option<Vec<u8>> {
            read(self, "x").unwrap().map(|value| value.to_vec())
        }
    }

    impl Blobs for Entries {
        fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
            self.step()?;
            Ok(self.kept.borrow().get(name).cloned().map(Zeroizing::new))
        }

        fn set(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
            self.step()?;
            assert!(bytes.len() <= CAP, "Windows takes no {} bytes", bytes.len());
            self.kept.borrow_mut().insert(name.to_owned(), bytes.to_vec());
            Ok(())
        }

        fn delete(&self, name: &str) -> Result<(), StoreError> {
            self.step()?;
            self.kept.borrow_mut().remove(name);
            Ok(())
        }
    }

    #[test]
    fn values_of_every_size_come_back_whole() {
        let entries = Entries::default();
        for size in [0, 1, 1279, 2399, 2400, 2401, 2560, 4096, 4800, 65_536] {
            let value: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
            write(&entries, "x", &value).unwrap();
            assert_eq!(entries.value(), Some(value), "{size}");
            let expected = 1 + usize::div_ceil(size, PART_BYTES);
            assert_eq!(entries.kept.borrow().len(), expected, "{size}: parts of an older value are left");
        }
        remove(&entries, "x").unwrap();
        assert_eq!(entries.value(), None);
        assert!(entries.kept.borrow().is_empty());
    }

    type Damage = fn(&mut BTreeMap<String, Vec<u8>>);

    #[test]
    fn a_missing_shortened_or_foreign_part_is_damage_and_never_a_shorter_value() {
        let damage: [Damage; 5] = [
            |kept| drop(kept.remove("x.a.1")),
            |kept| kept.get_mut("x.a.1").unwrap().truncate(10),
            |kept| kept.get_mut("x.a.0").unwrap()[7] ^= 1,
            |kept| drop(kept.insert("x".to_owned(), b"someone else's".to_vec())),
            |kept| drop(kept.insert("x".to_owned(), br#"{"version":1,"slot":"a"}"#.to_vec())),
        ];
        for (number, hurt) in damage.into_iter().enumerate() {
            let entries = Entries::default();
            write(&entries, "x", &[7; 5000]).unwrap();
            hurt(&mut entries.kept.borrow_mut());
            assert!(matches!(read(&entries, "x"), Err(StoreError::SecretsDamaged { .. })), "{number}");
            write(&entries, "x", b"mended").unwrap();
            assert_eq!(entries.value().as_deref(), Some(&b"mended"[..]), "{number}");
            hurt_and_remove(&entries);
        }
    }

    fn hurt_and_remove(entries: &Entries) {
        entries.kept.borrow_mut().insert("x".to_owned(), vec![0xff]);
        remove(entries, "x").unwrap();
        assert!(entries.kept.borrow().is_empty());
    }

    #[test]
    fn what_a_later_release_wrote_is_neither_read_nor_overwritten_but_can_be_removed() {
        let entries = Entries::default();
        let newer = br#"{"version":2,"anything":1}"#.to_vec();
        entries.kept.borrow_mut().insert("x".to_owned(), newer.clone());
        assert!(matches!(read(&entries, "x"), Err(StoreError::SecretsNewer { version: 2 })));
        assert!(matches!(write(&entries, "x", b"y"), Err(StoreError::SecretsNewer { version: 2 })));
        assert_eq!(entries.kept.borrow().get("x"), Some(&newer));
        remove(&entries, "x").unwrap();
        assert!(entries.kept.borrow().is_empty());
    }

    #[test]
    fn a_head_that_asks_for_the_moon_allocates_nothing() {
        let entries = Entries::default();
        let head = format!(r#"{{"version":1,"slot":"a","generation":1,"bytes":{},"sha256":""}}"#, usize::MAX);
        entries.kept.borrow_mut().insert("x".to_owned(), head.into_bytes());
        assert!(matches!(read(&entries, "x"), Err(StoreError::SecretsDamaged { .. })));
    }

    /// Between two steps of a reader, a writer finishes its work.
    struct Overtaken<'a> {
        entries: &'a Entries,
        writes: RefCell<Vec<(usize, Vec<u8>)>>,
        step: Cell<usize>,
    }

    impl Blobs for Overtaken<'_> {
        fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
            self.step.set(self.step.get() + 1);
            for (_, value) in self.writes.borrow_mut().extract_if(.., |(at, _)| *at == self.step.get()) {
                write(self.entries, "x", &value)?;
            }
            self.entries.get(name)
        }

        fn set(&self, _: &str, _: &[u8]) -> Result<(), StoreError> {
            unreachable!("readers write nothing")
        }

        fn delete(&self, _: &str) -> Result<(), StoreError> {
            unreachable!("readers remove nothing")
        }
    }

    proptest! {
        #[test]
        fn a_writer_that_dies_anywhere_leaves_the_old_value_or_the_new_one(
            sizes in prop::collection::vec(0_usize..9000, 1..5),
            dies_after in prop::collection::vec(0_usize..24, 5),
        ) {
            let entries = Entries::default();
            let mut current: Option<Vec<u8>> = None;
            for (turn, (size, steps)) in sizes.into_iter().zip(dies_after).enumerate() {
                let new = vec![u8::try_from(turn).unwrap(); size];
                entries.steps_left.set(Some(steps));
                let outcome = write(&entries, "x", &new);
                entries.steps_left.set(None);
                let seen = entries.value();
                if outcome.is_ok() {
                    prop_assert_eq!(seen.as_ref(), Some(&new));
                } else {
                    prop_assert_eq!(&seen, &current);
                }
                current = seen;
            }
            write(&entries, "x", b"last").unwrap();
            prop_assert_eq!(entries.kept.borrow().len(), 2, "remains of dead writers");
            remove(&entries, "x").unwrap();
            prop_assert!(entries.kept.borrow().is_empty());
        }

        #[test]
        fn a_removal_that_dies_anywhere_leaves_all_or_nothing_and_can_be_finished(size in 0_usize..9000, steps in 0_usize..16) {
            let entries = Entries::default();
            let value = vec![1; size];
            write(&entries, "x", &value).unwrap();
            entries.steps_left.set(Some(steps));
            let _ = remove(&entries, "x");
            entries.steps_left.set(None);
            let seen = entries.value();
            prop_assert!(seen.is_none() || seen == Some(value));
            remove(&entries, "x").unwrap();
            prop_assert!(entries.kept.borrow().is_empty());
        }

        #[test]
        fn a_reader_overtaken_by_writers_sees_one_of_the_values_whole(
            first in 0_usize..9000,
            later in prop::collection::vec((1_usize..12, 0_usize..9000), 0..4),
        ) {
            let entries = Entries::default();
            write(&entries, "x", &vec![0; first]).unwrap();
            let later: Vec<_> = later.into_iter().map(|(at, size)| (at, vec![u8::try_from(at).unwrap(); size])).collect();
            let mut all: Vec<_> = later.iter().map(|(_, value)| value.clone()).collect();
            all.push(vec![0; first]);
            let reader = Overtaken { entries: &entries, writes: RefCell::new(later), step: Cell::new(0) };
            let seen = read(&reader, "x").unwrap().unwrap().to_vec();
            prop_assert!(all.contains(&seen));
        }
    }
}
