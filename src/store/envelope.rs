//! The encrypted secret file as bytes: version 1, taken apart, put together and checked. Nothing here touches a file or asks
//! for a passphrase.
//!
//! ```text
//! magic "d365conn" · version u16 · Argon2id memory in KiB u32 · passes u32 · lanes u32 · salt 16 bytes · generation u64
//! · number of records u32                                                                                      (the header)
//! per record, ordered by id:  id 36 bytes · generation u64 · nonce 24 bytes · length u32 · sealed secrets
//! seal of the whole:          nonce 24 bytes · sealed SHA-256 of all records, with the header as associated data
//! SHA-256 of everything before
//! ```
//! Numbers are little-endian; the key, the cipher and the sum are those of `sealing.rs`. A record's associated data are the
//! mark of this form, its id and its generation. The last sum tells damage from a wrong passphrase without any key; the
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
const MARK: Mark = Mark { magic: b"d365conn", version: 1 };
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
    nonce: [u8; NONCE_BYTES],
    text: Vec<u8>,
}

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
        if *sum == Sha256::digest(parts.body).as_slice() {
            Ok(parts.envelope)
        } else {
            Err(Broken::Damaged { reason: "its records are not the ones it was sealed with" })
        }
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
            bytes.extend_from_slice(&record.nonce);
            bytes.extend_from_slice(&u32::try_from(record.text.len()).map_err(|_| Unable)?.to_le_bytes());
            bytes.extend_from_slice(&record.text);
        }
        let (header, body) = bytes.split_at(HEADER_BYTES);
        let (nonce, seal) = key.seal(&Sha256::digest(body), header)?;
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&seal);
        add_sum(&mut bytes);
        Ok(bytes)
    }

    /// The secrets under `id`, `None` when there are none.
    pub(super) fn find(&self, id: &str, key: &Key) -> Result<Option<Zeroizing<Vec<u8>>>, Broken> {
        let Some(record) = self.records.get(id) else { return Ok(None) };
        let text = key.open(&record.nonce, &record.text, &bound_to(id, record.generation));
        text.map(Some).ok_or(Broken::Damaged { reason: "one of its records can't be opened" })
    }

    /// Puts secrets under `id`, in a new generation.
    pub(super) fn insert(&mut self, id: &str, text: &[u8], key: &Key) -> Result<(), Unable> {
        if id.len() != ID_BYTES {
            return Err(Unable);
        }
        let generation = self.generation.wrapping_add(1);
        let (nonce, text) = key.seal(text, &bound_to(id, generation))?;
        self.generation = generation;
        self.records.insert(id.to_owned(), Sealed { generation, nonce, text });
        Ok(())
    }

    /// Removes the secrets under `id`, and says whether there were any.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let found = self.records.remove(id).is_some();
        self.generation = self.generation.wrapping_add(u64::from(found));
        found
    }
}

/// A record's associated data: it opens under its own id, in its own generation, in a file of this version only.
fn bound_to(id: &str, generation: u64) -> Vec<u8> {
    let mut bytes = MARK.to_bytes();
    bytes.extend_from_slice(&generation.to_le_bytes());
    bytes.extend_from_slice(id.as_bytes());
    bytes
}

/// A file's bytes, each piece found and the last sum checked.
struct Parts<'a> {
    envelope: Envelope,
    header: &'a [u8],
    body: &'a [u8],
    nonce: [u8; NONCE_BYTES],
    seal: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, Broken> {
        let mut rest = bytes;
        MARK.take_from(&mut rest)?;
        check_sum(bytes)?;
        let recipe = Recipe::take_from(&mut rest)?;
        let generation = u64::from_le_bytes(take(&mut rest)?);
        let count = u32::from_le_bytes(take(&mut rest)?);
        let mut records = BTreeMap::new();
        for _ in 0..count {
            let (id, record) = take_record(&mut rest)?;
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
            envelope: Envelope { recipe, generation, records },
            header: &bytes[..HEADER_BYTES],
            body: &bytes[HEADER_BYTES..body_ends],
            nonce,
            seal,
        })
    }
}

fn take_record(rest: &mut &[u8]) -> Result<(String, Sealed), Broken> {
    let id = String::from_utf8(take::<ID_BYTES>(rest)?.to_vec())
        .map_err(|_| Broken::Damaged { reason: "an id is no text" })?;
    let generation = u64::from_le_bytes(take(rest)?);
    let nonce = take(rest)?;
    let length = usize::try_from(u32::from_le_bytes(take(rest)?)).map_err(|_| SHORT)?;
    let (text, after) = rest.split_at_checked(length).ok_or(SHORT)?;
    *rest = after;
    Ok((id, Sealed { generation, nonce, text: text.to_vec() }))
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
        envelope.insert(ONE, b"first secret", &key()).unwrap();
        envelope.insert(TWO, b"second secret", &key()).unwrap();
        envelope.to_bytes(&key()).unwrap()
    }

    /// Whether `bytes` give back both secrets as they were kept.
    fn is_whole(bytes: &[u8]) -> bool {
        Envelope::open(bytes, &key()).is_ok_and(|envelope| {
            let text = |id| envelope.find(id, &key()).ok().flatten().map(|text| text.to_vec());
            text(ONE).as_deref() == Some(b"first secret") && text(TWO).as_deref() == Some(b"second secret")
        })
    }

    #[test]
    fn the_oldest_file_is_still_opened() {
        let bytes = include_bytes!("../../tests/data/secrets-v1.d365");
        let recipe = Envelope::recipe_of(bytes).unwrap();
        assert_eq!(recipe.cost, Cost::NOW);
        let key = recipe.key(&Secret::new("correct horse battery staple")).unwrap();
        let envelope = Envelope::open(bytes, &key).unwrap();
        let text = envelope.find("2f6b3c1e-8a4d-4b0f-9e57-6d1c0a9b8e73", &key).unwrap().unwrap();
        assert_eq!(text.as_slice(), br#"{"version":1,"secrets":{"refresh-token":"not a real one"}}"#);
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
        assert_eq!(envelope.find(TWO, &key()).unwrap().unwrap().as_slice(), b"second secret");
        assert_eq!(envelope.generation, 3);
    }

    #[test]
    fn a_later_version_is_no_damage() {
        let mut bytes = file();
        bytes[8] = 2;
        assert_eq!(Envelope::recipe_of(&bytes), Err(Broken::Newer { version: 2 }));
        assert_eq!(Envelope::recipe_of(&bytes[..10]), Err(Broken::Newer { version: 2 }));
    }

    #[test]
    fn an_older_record_put_back_with_the_right_sum_is_noticed() {
        let older = Envelope::open(&file(), &key()).unwrap();
        let mut newer = older.clone();
        newer.insert(ONE, b"rotated", &key()).unwrap();
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
