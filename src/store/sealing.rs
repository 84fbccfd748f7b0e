//! How this room seals: a key made of a passphrase, the mark that says what a sealed text is and of which version, and the
//! sum that tells damage from a wrong passphrase. What is sealed, and how its pieces are laid out, is not known here.
//!
//! ```text
//! magic 8 bytes · version u16                                                                                    (the mark)
//! Argon2id memory in KiB u32 · passes u32 · lanes u32 · salt 16 bytes                                          (the recipe)
//! … whatever the form lays out, sealed with XChaCha20-Poly1305 …
//! SHA-256 of everything before
//! ```
//! Numbers are little-endian. The mark is part of the associated data of every seal, so that nothing made for one purpose
//! opens as something else.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead as _, Generate as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::secret::Secret;

pub(super) const NONCE_BYTES: usize = 24;
pub(super) const TAG_BYTES: usize = 16;
pub(super) const SUM_BYTES: usize = 32;
pub(super) const SALT_BYTES: usize = 16;
const MAGIC_BYTES: usize = 8;
pub(super) const MARK_BYTES: usize = MAGIC_BYTES + 2;
pub(super) const RECIPE_BYTES: usize = 4 + 4 + 4 + SALT_BYTES;

/// What a text may ask of this machine before its seal is checked: 64 MiB, 10 passes, 4 lanes. Anybody can write these
/// numbers into a file; no release writes more than a third of the memory.
const MOST: Cost = Cost { memory: 1 << 16, passes: 10, lanes: 4 };

/// A passphrase that is chosen has so many characters at least: what a seal is worth depends on it alone.
pub(super) const SHORTEST_PASSPHRASE: usize = 8;

/// Whether a passphrase is long enough to be chosen. One that was chosen before is used as it is.
pub(super) fn is_long_enough(passphrase: &Secret) -> bool {
    passphrase.expose().chars().count() >= SHORTEST_PASSPHRASE
}

/// What was cut off.
pub(super) const SHORT: Broken = Broken::Damaged { reason: "its end is missing" };

/// What something is sealed for, and in which version of its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub magic: &'static [u8; MAGIC_BYTES],
    pub version: u16,
}

/// How hard a passphrase is made to guess. Source: RFC 9106 (Argon2), OWASP Password Storage Cheat Sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    /// KiB.
    pub memory: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Cost {
    /// What new files are made with: 19 MiB, two passes, one lane.
    pub(super) const NOW: Self = Self { memory: 19_456, passes: 2, lanes: 1 };
}

/// From what, besides the passphrase, a key is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recipe {
    pub cost: Cost,
    pub salt: [u8; SALT_BYTES],
}

/// The key that a passphrase makes.
pub(super) struct Key(Zeroizing<[u8; 32]>);

/// A failure of the random source, or of the memory that a derivation takes.
#[derive(Debug)]
pub(super) struct Unable;

/// Why bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// Written by a later release.
    Newer { version: u16 },
    /// Not as any release left it.
    Damaged { reason: &'static str },
    /// In order, but the key doesn't fit.
    WrongKey,
}

impl Mark {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = self.magic.to_vec();
        bytes.extend_from_slice(&self.version.to_le_bytes());
        bytes
    }

    /// Takes this mark, or that of an earlier version, off the beginning of `rest`, and says which version it is.
    pub(super) fn take_from(self, rest: &mut &[u8]) -> Result<u16, Broken> {
        if take::<MAGIC_BYTES>(rest)? != *self.magic {
            return Err(Broken::Damaged { reason: "it doesn't begin as such a file does" });
        }
        match u16::from_le_bytes(take(rest)?) {
            version if (1..=self.version).contains(&version) => Ok(version),
            version if version > self.version => Err(Broken::Newer { version }),
            _ => Err(Broken::Damaged { reason: "no release wrote its version" }),
        }
    }
}

impl Recipe {
    /// One for a new file.
    pub(super) fn fresh() -> Result<Self, Unable> {
        Ok(Self { cost: Cost::NOW, salt: <[u8; SALT_BYTES]>::try_generate().map_err(|_| Unable)? })
    }

    /// The key that `passphrase` makes. Takes a noticeable time by design.
    pub(super) fn key(&self, passphrase: &Secret) -> Result<Key, Unable> {
        let Cost { memory, passes, lanes } = self.cost;
        let parameters = Params::new(memory, passes, lanes, Some(32)).map_err(|_| Unable)?;
        let mut key = Key(Zeroizing::new([0; 32]));
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into(passphrase.expose().as_bytes(), &self.salt, &mut *key.0)
            .map_err(|_| Unable)?;
        Ok(key)
    }

    pub(super) fn write_to(&self, bytes: &mut Vec<u8>) {
        let Self { cost: Cost { memory, passes, lanes }, salt } = self;
        for number in [memory, passes, lanes] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(salt);
    }

    /// Takes a recipe off the beginning of `rest`, one that this machine can be asked for.
    pub(super) fn take_from(rest: &mut &[u8]) -> Result<Self, Broken> {
        let mut number = || take(rest).map(u32::from_le_bytes);
        let cost = Cost { memory: number()?, passes: number()?, lanes: number()? };
        if cost.memory > MOST.memory || cost.passes > MOST.passes || cost.lanes > MOST.lanes {
            return Err(Broken::Damaged { reason: "it asks for more memory or time than any release would" });
        }
        Ok(Self { cost, salt: take(rest)? })
    }
}

impl Key {
    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }

    pub(super) fn seal(&self, text: &[u8], bound_to: &[u8]) -> Result<([u8; NONCE_BYTES], Vec<u8>), Unable> {
        let nonce = <[u8; NONCE_BYTES]>::try_generate().map_err(|_| Unable)?;
        let sealed =
            self.cipher().encrypt(&XNonce::from(nonce), Payload { msg: text, aad: bound_to }).map_err(|_| Unable)?;
        Ok((nonce, sealed))
    }

    pub(super) fn open(&self, nonce: &[u8; NONCE_BYTES], sealed: &[u8], bound_to: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let payload = Payload { msg: sealed, aad: bound_to };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
    }
}

/// Takes the next `N` bytes off the beginning of `rest`.
pub(super) fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Broken> {
    let (taken, after) = rest.split_first_chunk().ok_or(SHORT)?;
    *rest = after;
    Ok(*taken)
}

/// Puts the sum of everything so far at the end.
pub(super) fn add_sum(bytes: &mut Vec<u8>) {
    let sum = Sha256::digest(&*bytes);
    bytes.extend_from_slice(&sum);
}

/// Checks the sum at the end.
pub(super) fn check_sum(bytes: &[u8]) -> Result<(), Broken> {
    let (summed, sum) = bytes.split_last_chunk::<SUM_BYTES>().ok_or(SHORT)?;
    if Sha256::digest(summed).as_slice() == sum { Ok(()) } else { Err(Broken::Damaged { reason: "its sum is wrong" }) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// As cheap as Argon2id allows: for tests about bytes, not about guessing.
    pub(in crate::store) fn light_recipe() -> Recipe {
        Recipe { cost: Cost { memory: 8, passes: 1, lanes: 1 }, salt: *b"0123456789abcdef" }
    }

    /// Gives bytes the sum that a forger would give them.
    pub(in crate::store) fn summed(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.truncate(bytes.len().saturating_sub(SUM_BYTES));
        add_sum(&mut bytes);
        bytes
    }

    #[test]
    fn argon2id_makes_the_key_that_the_reference_implementation_makes() {
        // `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32` of the reference implementation's test suite.
        let parameters = Params::new(1 << 16, 2, 1, Some(32)).unwrap();
        let mut key = [0; 32];
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
        argon.hash_password_into(b"password", b"somesalt", &mut key).unwrap();
        let expected = "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7";
        let bytes = (0..64).step_by(2).map(|at| u8::from_str_radix(&expected[at..at + 2], 16).unwrap());
        assert!(bytes.eq(key));
    }

    #[test]
    fn what_a_key_may_cost_is_bounded_before_anything_is_computed() {
        let read = |memory, passes, lanes| {
            let mut bytes = Vec::new();
            Recipe { cost: Cost { memory, passes, lanes }, salt: [7; SALT_BYTES] }.write_to(&mut bytes);
            Recipe::take_from(&mut &bytes[..]).map(|recipe| recipe.cost)
        };
        for (memory, passes, lanes) in [(19_456, 2, 1), (65_536, 10, 4), (8, 1, 1)] {
            assert_eq!(read(memory, passes, lanes), Ok(Cost { memory, passes, lanes }));
        }
        let too_much = [(65_537, 1, 1), (8, 11, 1), (8, 1, 5), (1 << 20, 64, 1), (u32::MAX, u32::MAX, u32::MAX)];
        for (memory, passes, lanes) in too_much {
            assert!(matches!(read(memory, passes, lanes), Err(Broken::Damaged { .. })), "{memory} {passes} {lanes}");
        }
    }

    #[test]
    fn eight_characters_are_long_enough_whatever_they_take_in_bytes() {
        assert!(is_long_enough(&Secret::new("12345678")) && is_long_enough(&Secret::new("éééééééé")));
        assert!(!is_long_enough(&Secret::new("1234567")) && !is_long_enough(&Secret::new("éééé")));
    }

    #[test]
    fn a_seal_opens_for_its_own_purpose_only() {
        let key = light_recipe().key(&Secret::new("p")).unwrap();
        let marks =
            [(b"d365conn", 1), (b"d365bndl", 1), (b"d365conn", 2)].map(|(magic, version)| Mark { magic, version });
        for made_for in marks {
            let (nonce, sealed) = key.seal(b"text", &made_for.to_bytes()).unwrap();
            for opened_for in marks {
                let opened = key.open(&nonce, &sealed, &opened_for.to_bytes());
                assert_eq!(opened.is_some(), made_for == opened_for, "{made_for:?} {opened_for:?}");
            }
        }
    }
}
