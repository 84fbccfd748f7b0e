//! The encrypted secret file as bytes: version 2, taken apart, put together and checked. Nothing here touches a file or asks
//! for a passphrase.
//!
//! ```text
//! magic "d365conn" · version u16 · Argon2id memory in KiB u32 · passes u32 · lanes u32 · salt 16 bytes · generation u64
//! · number of records u32                                                                                      (the header)
//! per record, ordered by id:  id 36 bytes · generation u64 · what it says of itself · its secrets
//! each of the two:            nonce 24 bytes · length u32 · sealed text
//! seal of the whole:          nonce 24 bytes · sealed SHA-256 of all records, with the header as associated data
//! SHA-256 of everything before
//! ```
//! Numbers are little-endian; the key, the cipher and the sum are those of `sealing.rs`. The associated data of what a record
//! says of itself, which is what its secrets were made for and whose they are, are the mark of this form, its generation
//! and its id; those of its secrets are the same and what it says of itself. In version 1 a record had no such half; it is
//! sealed anew as one that says nothing when the file is opened. The last sum tells damage from a wrong passphrase without any key; the
//! seal of the whole tells a wrong passphrase from a file that somebody put together from pieces of older ones. A whole
//! older file put back is not noticed: nothing outside the file says that it is old.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::store::sealing::{
    Broken, Key, MARK_BYTES, Mark, NONCE_BYTES, RECIPE_BYTES, Recipe, SHORT, SUM_BYTES, TAG_BYTES, Unable, add_sum,
    check_sum, take,
};

/// What every file begins with, and every seal in it is bound to.
const MARK: Mark = Mark { magic: b"d365conn", version: 2 };
/// What the first releases wrote.
const FIRST: Mark = Mark { magic: b"d365conn", version: 1 };
const ID_BYTES: usize = 36;
const HEADER_BYTES: usize = MARK_BYTES + RECIPE_BYTES + 8 + 4;

/// A file taken apart, its sums checked, its seals not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    pub recipe: Recipe,
    generation: u64,
    records: BTreeMap<String, Sealed>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Sealed {
    generation: u64,
    about: Text,
    secrets: Text,
}

/// What is sealed by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Text {
    nonce: [u8; NONCE_BYTES],
    sealed: Vec<u8>,
}

/// A record, opened: what it says of itself, and its secrets.
pub(super) type Opened = (Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>);

const CLOSED: Broken = Broken::Damaged { reason: "one of its records can't be opened" };

impl Envelope {
    /// An empty one.
    pub(super) fn new(recipe: Recipe) -> Self {
        Self { recipe, generation: 0, records: BTreeMap::new() }
    }

    /// The recipe of a file, after everything that can be checked without a key.
    pub(super) fn recipe_of(bytes: &[u8]) -> Result<Recipe, Broken> {
        Parts::of(bytes).map(|parts| parts.envelope.recipe)
    }

    /// Takes a file apart and checks that this `key` made it what it is.
    pub(super) fn open(bytes: &[u8], key: &Key) -> Result<Self, Broken> {
        let parts = Parts::of(bytes)?;
        let sum = key.open(&parts.nonce, parts.seal, parts.header).ok_or(Broken::WrongKey)?;
        if *sum != Sha256::digest(parts.body).as_slice() {
            return Err(Broken::Damaged { reason: "its records are not the ones it was sealed with" });
        }
        if parts.version == MARK.version { Ok(parts.envelope) } else { parts.envelope.renewed(key) }
    }

    /// The records of the first version, sealed as those of this one.
    fn renewed(mut self, key: &Key) -> Result<Self, Broken> {
        for (id, record) in &mut self.records {
            let bound_to = bound_to(FIRST, id, record.generation, b"");
            let text = record.secrets.open(key, &bound_to).ok_or(CLOSED)?;
            *record = Sealed::of(id, record.generation, b"", &text, key).map_err(|Unable| CLOSED)?;
        }
        Ok(self)
    }

    /// The whole as bytes, sealed anew.
    pub(super) fn to_bytes(&self, key: &Key) -> Result<Vec<u8>, Unable> {
        let mut bytes = MARK.to_bytes();
        self.recipe.write_to(&mut bytes);
        bytes.extend_from_slice(&self.generation.to_le_bytes());
        bytes.extend_from_slice(&u32::try_from(self.records.len()).map_err(|_| Unable)?.to_le_bytes());
        for (id, record) in &self.records {
            bytes.extend_from_slice(id.as_bytes());
            bytes.extend_from_slice(&record.generation.to_le_bytes());
            for text in [&record.about, &record.secrets] {
                bytes.extend_from_slice(&text.nonce);
                bytes.extend_from_slice(&u32::try_from(text.sealed.len()).map_err(|_| Unable)?.to_le_bytes());
                bytes.extend_from_slice(&text.sealed);
            }
        }
        let (header, body) = bytes.split_at(HEADER_BYTES);
        let (nonce, seal) = key.seal(&Sha256::digest(body), header)?;
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&seal);
        add_sum(&mut bytes);
        Ok(bytes)
    }

    /// The record under `id`, `None` when there is none.
    pub(super) fn find(&self, id: &str, key: &Key) -> Result<Option<Opened>, Broken> {
        let Some(record) = self.records.get(id) else { return Ok(None) };
        let about = self.about(id, key)?;
        let bound_to = bound_to(MARK, id, record.generation, &about);
        let secrets = record.secrets.open(key, &bound_to).ok_or(CLOSED)?;
        Ok(Some((about, secrets)))
    }

    /// What the record under `id` says of itself; nothing where there is none.
    pub(super) fn about(&self, id: &str, key: &Key) -> Result<Zeroizing<Vec<u8>>, Broken> {
        let Some(record) = self.records.get(id) else { return Ok(Zeroizing::default()) };
        record.about.open(key, &bound_to(MARK, id, record.generation, b"")).ok_or(CLOSED)
    }

    /// What the records are filed under.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.records.keys().map(String::as_str)
    }

    /// Puts secrets under `id`, with what is to be said of them, in a new generation.
    pub(super) fn insert(&mut self, id: &str, about: &[u8], secrets: &[u8], key: &Key) -> Result<(), Unable> {
        if id.len() != ID_BYTES {
            return Err(Unable);
        }
        let generation = self.generation.wrapping_add(1);
        let record = Sealed::of(id, generation, about, secrets, key)?;
        self.generation = generation;
        self.records.insert(id.to_owned(), record);
        Ok(())
    }

    /// Removes the secrets under `id`, and says whether there were any.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let found = self.records.remove(id).is_some();
        self.generation = self.generation.wrapping_add(u64::from(found));
        found
    }
}

impl Sealed {
    fn of(id: &str, generation: u64, about: &[u8], secrets: &[u8], key: &Key) -> Result<Self, Unable> {
        Ok(Self {
            generation,
            about: Text::of(about, key, &bound_to(MARK, id, generation, b""))?,
            secrets: Text::of(secrets, key, &bound_to(MARK, id, generation, about))?,
        })
    }
}

impl Text {
    fn of(text: &[u8], key: &Key, bound_to: &[u8]) -> Result<Self, Unable> {
        let (nonce, sealed) = key.seal(text, bound_to)?;
        Ok(Self { nonce, sealed })
    }

    fn open(&self, key: &Key, bound_to: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        key.open(&self.nonce, &self.sealed, bound_to)
    }

    fn take_from(rest: &mut &[u8]) -> Result<Self, Broken> {
        let nonce = take(rest)?;
        let length = usize::try_from(u32::from_le_bytes(take(rest)?)).map_err(|_| SHORT)?;
        let (sealed, after) = rest.split_at_checked(length).ok_or(SHORT)?;
        *rest = after;
        Ok(Self { nonce, sealed: sealed.to_vec() })
    }
}

/// A record's associated data: it opens under its own id, in its own generation, in a file of one version only, and its
/// secrets only beside what it says of them. What stands before that has one length, so nothing can be shifted.
fn bound_to(mark: Mark, id: &str, generation: u64, about: &[u8]) -> Vec<u8> {
    let mut bytes = mark.to_bytes();
    bytes.extend_from_slice(&generation.to_le_bytes());
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(about);
    bytes
}

/// A file's bytes, each piece found and the last sum checked.
struct Parts<'a> {
    version: u16,
    envelope: Envelope,
    header: &'a [u8],
    body: &'a [u8],
    nonce: [u8; NONCE_BYTES],
    seal: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, Broken> {
        let mut rest = bytes;
        let version = MARK.take_from(&mut rest)?;
        check_sum(bytes)?;
        let recipe = Recipe::take_from(&mut rest)?;
        let generation = u64::from_le_bytes(take(&mut rest)?);
        let count = u32::from_le_bytes(take(&mut rest)?);
        let mut records = BTreeMap::new();
        for _ in 0..count {
            let (id, record) = take_record(&mut rest, version)?;
            if records.last_key_value().is_some_and(|(last, _)| *last >= id) {
                return Err(Broken::Damaged { reason: "its records are out of order" });
            }
            records.insert(id, record);
        }
        let body_ends = bytes.len() - rest.len();
        let nonce = take(&mut rest)?;
        let seal = rest.get(..SUM_BYTES + TAG_BYTES).ok_or(SHORT)?;
        if rest.len() != seal.len() + SUM_BYTES {
            return Err(Broken::Damaged { reason: "something was added to it" });
        }
        Ok(Self {
            version,
            envelope: Envelope { recipe, generation, records },
            header: &bytes[..HEADER_BYTES],
            body: &bytes[HEADER_BYTES..body_ends],
            nonce,
            seal,
        })
    }
}

fn take_record(rest: &mut &[u8], version: u16) -> Result<(String, Sealed), Broken> {
    let id = String::from_utf8(take::<ID_BYTES>(rest)?.to_vec())
        .map_err(|_| Broken::Damaged { reason: "an id is no text" })?;
    let generation = u64::from_le_bytes(take(rest)?);
    let about = if version == FIRST.version { Text::default() } else { Text::take_from(rest)? };
    Ok((id, Sealed { generation, about, secrets: Text::take_from(rest)? }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::secret::Secret;
    use crate::store::sealing::Cost;
    use crate::store::sealing::tests::{light_recipe as recipe, summed};

    use super::*;

    const ONE: &str = "11111111-1111-4111-8111-111111111111";
    const TWO: &str = "22222222-2222-4222-8222-222222222222";

    fn key() -> Key {
        recipe().key(&Secret::new("correct horse")).unwrap()
    }

    fn file() -> Vec<u8> {
        let mut envelope = Envelope::new(recipe());
        envelope.insert(ONE, b"made for one", b"first secret", &key()).unwrap();
        envelope.insert(TWO, b"", b"second secret", &key()).unwrap();
        envelope.to_bytes(&key()).unwrap()
    }

    /// Whether `bytes` give back both secrets as they were kept.
    fn is_whole(bytes: &[u8]) -> bool {
        Envelope::open(bytes, &key()).is_ok_and(|envelope| {
            let text =
                |id| envelope.find(id, &key()).ok().flatten().map(|(about, text)| [&about[..], b"|", &text].concat());
            text(ONE).as_deref() == Some(b"made for one|first secret")
                && text(TWO).as_deref() == Some(b"|second secret")
        })
    }

    #[test]
    fn the_oldest_file_is_still_opened() {
        let bytes = include_bytes!("../../tests/data/secrets-v1.d365");
        let recipe = Envelope::recipe_of(bytes).unwrap();
        assert_eq!(recipe.cost, Cost::NOW);
        let key = recipe.key(&Secret::new("correct horse battery staple")).unwrap();
        let envelope = Envelope::open(bytes, &key).unwrap();
        let id = "2f6b3c1e-8a4d-4b0f-9e57-6d1c0a9b8e73";
        let expected = br#"{"version":1,"secrets":{"refresh-token":"not a real one"}}"#;
        let (about, text) = envelope.find(id, &key).unwrap().unwrap();
        assert_eq!((about.as_slice(), text.as_slice()), (&b""[..], &expected[..]));
        // And so is what this release makes of it.
        let bytes = envelope.to_bytes(&key).unwrap();
        assert_eq!(bytes[8], 2);
        let (about, text) = Envelope::open(&bytes, &key).unwrap().find(id, &key).unwrap().unwrap();
        assert_eq!((about.as_slice(), text.as_slice()), (&b""[..], &expected[..]));
    }

    #[test]
    fn secrets_open_only_beside_what_is_said_of_them() {
        let mut envelope = Envelope::open(&file(), &key()).unwrap();
        let mut other = envelope.clone();
        other.generation -= 2;
        other.insert(ONE, b"made for another", b"first secret", &key()).unwrap();
        let record = envelope.records.get_mut(ONE).unwrap();
        assert_eq!(record.generation, other.records[ONE].generation);
        record.about = other.records[ONE].about.clone();
        assert_eq!(envelope.about(ONE, &key()).unwrap().as_slice(), b"made for another");
        assert_eq!(envelope.find(ONE, &key()), Err(CLOSED));
    }

    /// The feature tests run hundreds of commands, each a process of its own that has to make the key again.
    #[test]
    fn the_file_that_the_feature_tests_begin_with_is_empty_and_light() {
        let bytes = include_bytes!("../../tests/data/secrets-light.d365");
        let recipe = Envelope::recipe_of(bytes).unwrap();
        assert_eq!(recipe.cost, Cost { memory: 8, passes: 1, lanes: 1 });
        let key = recipe.key(&Secret::new("correct horse battery staple")).unwrap();
        assert!(Envelope::open(bytes, &key).unwrap().records.is_empty());
    }

    #[test]
    fn what_is_sealed_is_opened_with_the_same_passphrase_only() {
        let bytes = file();
        assert!(is_whole(&bytes));
        let wrong = recipe().key(&Secret::new("correct horsf")).unwrap();
        assert_eq!(Envelope::open(&bytes, &wrong), Err(Broken::WrongKey));
        for secret in [&b"first secret"[..], b"second secret", b"correct horse"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }

    #[test]
    fn no_two_files_are_alike_and_removal_leaves_the_rest() {
        assert_ne!(file(), file(), "a nonce was used twice");
        let mut envelope = Envelope::open(&file(), &key()).unwrap();
        assert!(envelope.remove(ONE));
        assert!(!envelope.remove(ONE));
        let envelope = Envelope::open(&envelope.to_bytes(&key()).unwrap(), &key()).unwrap();
        assert_eq!(envelope.find(ONE, &key()), Ok(None));
        assert_eq!(envelope.find(TWO, &key()).unwrap().unwrap().1.as_slice(), b"second secret");
        assert_eq!(envelope.ids().collect::<Vec<_>>(), [TWO]);
        assert_eq!(envelope.generation, 3);
    }

    #[test]
    fn a_later_version_is_no_damage() {
        let mut bytes = file();
        bytes[8] = 3;
        assert_eq!(Envelope::recipe_of(&bytes), Err(Broken::Newer { version: 3 }));
        assert_eq!(Envelope::recipe_of(&bytes[..10]), Err(Broken::Newer { version: 3 }));
    }

    #[test]
    fn an_older_record_put_back_with_the_right_sum_is_noticed() {
        let older = Envelope::open(&file(), &key()).unwrap();
        let mut newer = older.clone();
        newer.insert(ONE, b"made for one", b"rotated", &key()).unwrap();
        let sealed = newer.to_bytes(&key()).unwrap();
        // The forger keeps the header and the seal of the newer file and puts the older record into its body.
        let mut forged = newer.clone();
        forged.records.insert(ONE.to_owned(), older.records[ONE].clone());
        let body = forged.to_bytes(&key()).unwrap();
        let tail = NONCE_BYTES + SUM_BYTES + TAG_BYTES + SUM_BYTES;
        let mut bytes = body[..body.len() - tail].to_vec();
        bytes.extend_from_slice(&sealed[sealed.len() - tail..]);
        assert!(matches!(Envelope::open(&summed(bytes), &key()), Err(Broken::Damaged { .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

        #[test]
        fn a_changed_byte_is_noticed_even_with_the_right_sum(at: prop::sample::Index, change in 1_u8..) {
            let mut bytes = file();
            let at = at.index(bytes.len());
            bytes[at] ^= change;
            prop_assert!(!is_whole(&bytes));
            if at < bytes.len() - SUM_BYTES {
                prop_assert!(!is_whole(&summed(bytes)));
            }
        }

        #[test]
        fn a_shortened_or_lengthened_file_is_noticed(at: prop::sample::Index, more in prop::collection::vec(any::<u8>(), 1..80)) {
            let bytes = file();
            let short = &bytes[..at.index(bytes.len())];
            prop_assert!(!is_whole(short));
            prop_assert!(short.len() <= SUM_BYTES || !is_whole(&summed(short.to_vec())));
            let long = [&bytes[..], &more].concat();
            prop_assert!(!is_whole(&long));
            prop_assert!(!is_whole(&summed(long)));
        }

        #[test]
        fn records_under_each_others_ids_are_noticed(ids_only: bool) {
            let mut envelope = Envelope::open(&file(), &key()).unwrap();
            let (one, two) = (envelope.records[ONE].clone(), envelope.records[TWO].clone());
            if ids_only {
                let generations = (one.generation, two.generation);
                envelope.records.insert(ONE.to_owned(), Sealed { generation: generations.0, ..two });
                envelope.records.insert(TWO.to_owned(), Sealed { generation: generations.1, ..one });
            } else {
                envelope.records.insert(ONE.to_owned(), two);
                envelope.records.insert(TWO.to_owned(), one);
            }
            // Even somebody who has the key can't make one record pass for the other.
            prop_assert!(!is_whole(&envelope.to_bytes(&key()).unwrap()));
        }

        #[test]
        fn nothing_makes_the_reader_stumble(bytes: Vec<u8>, valid_start in 0_usize..250) {
            let mut start = file();
            start.truncate(valid_start);
            start.extend_from_slice(&bytes);
            prop_assert!(!is_whole(&start));
            if start.len() > SUM_BYTES {
                prop_assert!(!is_whole(&summed(start)));
            }
        }
    }
}
