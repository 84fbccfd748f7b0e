//! One connection on its way to another machine: its entry and its secrets, sealed under a passphrase into one line of
//! text. Nothing here touches a file, asks for a passphrase or knows which secrets should travel.
//!
//! ```text
//! magic "d365bndl" · version u16 · recipe · length u32                                                         (the header)
//! nonce 24 bytes · sealed content, `length` bytes, with the header as associated data
//! SHA-256 of everything before
//! ```
//! The content is two lines of JSON: the entry as `connections.toml` has it, and the secrets as a vault keeps them. The
//! whole is written as base64 (RFC 4648 §4) on one line; line breaks and blanks that a letter or a pipeline put in are
//! passed over.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::connection::Connection;
use crate::secret::Secret;
use crate::store::sealing::{
    Broken, MARK_BYTES, Mark, NONCE_BYTES, RECIPE_BYTES, Recipe, SHORT, SHORTEST_PASSPHRASE, SUM_BYTES, TAG_BYTES,
    Unable, add_sum, check_sum, is_long_enough, take,
};
use crate::store::written::Entry;
use crate::store::{BundleError, Secrets, StoreError};

/// What every bundle begins with, and its seal is bound to.
const MARK: Mark = Mark { magic: b"d365bndl", version: 1 };
const HEADER_BYTES: usize = MARK_BYTES + RECIPE_BYTES + 4;

/// Reads as far as a cut text goes; what it reads is only ever used to say that the text was cut.
const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A connection with those of its secrets that travel with it.
#[derive(Debug)]
pub struct Bundle {
    /// The connection as it is saved where it comes from.
    pub connection: Connection,
    /// Its secrets.
    pub secrets: Secrets,
}

/// A bundle in order as far as can be told without its passphrase.
#[derive(Debug)]
pub struct SealedBundle {
    bytes: Vec<u8>,
    origin: String,
}

impl Bundle {
    /// The bundle as one line of text, without a line break at its end.
    ///
    /// # Errors
    /// [`StoreError::ShortPassphrase`]; [`StoreError::StoreFailed`] when there is no randomness, or no memory for the key.
    pub fn seal(&self, passphrase: &Secret) -> Result<String, StoreError> {
        if !is_long_enough(passphrase) {
            return Err(StoreError::ShortPassphrase { least: SHORTEST_PASSPHRASE });
        }
        let unable = |Unable| StoreError::StoreFailed {
            detail: "there was not enough memory or no randomness to encrypt with".to_owned(),
        };
        let bytes = Recipe::fresh().and_then(|recipe| self.to_bytes(recipe, passphrase)).map_err(unable)?;
        Ok(STANDARD.encode(bytes))
    }

    fn to_bytes(&self, recipe: Recipe, passphrase: &Secret) -> Result<Vec<u8>, Unable> {
        let entry = serde_json::to_vec(&Entry::from(&self.connection)).map_err(|_| Unable)?;
        let secrets = self.secrets.to_bytes();
        let mut content = Zeroizing::new(Vec::with_capacity(entry.len() + 1 + secrets.len()));
        content.extend_from_slice(&entry);
        content.push(b'\n');
        content.extend_from_slice(&secrets);
        let mut bytes = MARK.to_bytes();
        recipe.write_to(&mut bytes);
        let length = u32::try_from(content.len() + TAG_BYTES).map_err(|_| Unable)?;
        bytes.extend_from_slice(&length.to_le_bytes());
        let (nonce, sealed) = recipe.key(passphrase)?.seal(&content, &bytes)?;
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        add_sum(&mut bytes);
        Ok(bytes)
    }

    fn of_content(content: &[u8], origin: &str) -> Result<Self, BundleError> {
        let damaged = |reason| BundleError::Damaged { origin: origin.to_owned(), reason };
        // JSON on one line has no line break of its own.
        let middle = content.iter().position(|byte| *byte == b'\n').ok_or_else(|| damaged("half of it is missing"))?;
        let entry: Entry = serde_json::from_slice(&content[..middle])
            .map_err(|_| damaged("what it says of the connection can't be read"))?;
        let connection =
            entry.into_connection().map_err(|_| damaged("what it says of the connection can't be read"))?;
        let secrets =
            Secrets::from_bytes(&content[middle + 1..]).map_err(|_| damaged("the secrets in it can't be read"))?;
        Ok(Self { connection, secrets })
    }
}

impl SealedBundle {
    /// Takes `text`, which came from `origin`, as a bundle.
    ///
    /// # Errors
    /// [`BundleError::NotBase64`], [`BundleError::Cut`], [`BundleError::Damaged`], [`BundleError::Newer`].
    pub fn parse(text: &str, origin: &str) -> Result<Self, BundleError> {
        let line: String = text.trim_start_matches('\u{feff}').split_ascii_whitespace().collect();
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        if !line.trim_end_matches('=').bytes().all(is_base64) {
            return Err(BundleError::NotBase64 { origin: origin.to_owned() });
        }
        let told = |broken| BundleError::of(broken, origin);
        if let Ok(bytes) = STANDARD.decode(&line) {
            Parts::of(&bytes).map_err(told)?;
            return Ok(Self { bytes, origin: origin.to_owned() });
        }
        // A text that ends in the middle of a group is no bundle, however well it reads so far.
        let digits = line.trim_end_matches('=');
        let whole = digits.len() - usize::from(digits.len() % 4 == 1);
        let bytes = TOLERANT.decode(&digits[..whole]).unwrap_or_default();
        Err(told(Parts::of(&bytes).err().unwrap_or(Broken::Damaged { reason: "its last letters are wrong" })))
    }

    /// The bundle, opened.
    ///
    /// # Errors
    /// [`BundleError::WrongPassphrase`]; [`BundleError::Damaged`] when its content is none; [`BundleError::NoMemory`].
    pub fn open(&self, passphrase: &Secret) -> Result<Bundle, BundleError> {
        let told = |broken| BundleError::of(broken, &self.origin);
        let parts = Parts::of(&self.bytes).map_err(told)?;
        let key =
            parts.recipe.key(passphrase).map_err(|Unable| BundleError::NoMemory { origin: self.origin.clone() })?;
        let content = key.open(&parts.nonce, parts.sealed, parts.header).ok_or(Broken::WrongKey).map_err(told)?;
        Bundle::of_content(&content, &self.origin)
    }
}

/// A bundle's bytes, each piece found and the last sum checked.
struct Parts<'a> {
    recipe: Recipe,
    header: &'a [u8],
    nonce: [u8; NONCE_BYTES],
    sealed: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, Broken> {
        let mut rest = bytes;
        MARK.take_from(&mut rest)?;
        let recipe = Recipe::take_from(&mut rest)?;
        let length = usize::try_from(u32::from_le_bytes(take(&mut rest)?)).map_err(|_| SHORT)?;
        let nonce = take(&mut rest)?;
        // The length says what should be there, so that a cut bundle is told from one that was changed.
        let (sealed, after) = rest.split_at_checked(length).ok_or(SHORT)?;
        if after.len() < SUM_BYTES {
            return Err(SHORT);
        }
        if after.len() > SUM_BYTES {
            return Err(Broken::Damaged { reason: "something was added to it" });
        }
        check_sum(bytes)?;
        Ok(Self { recipe, header: &bytes[..HEADER_BYTES], nonce, sealed })
    }
}

impl BundleError {
    fn of(broken: Broken, origin: &str) -> Self {
        let origin = origin.to_owned();
        match broken {
            SHORT => Self::Cut { origin },
            Broken::Damaged { reason } => Self::Damaged { origin, reason },
            Broken::Newer { version } => Self::Newer { origin, version },
            Broken::WrongKey => Self::WrongPassphrase { origin },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::problem::Diagnose as _;
    use crate::store::connections::tests::connection;
    use crate::store::envelope::Envelope;
    use crate::store::sealing::Cost;
    use crate::store::sealing::tests::{light_recipe, summed};
    use crate::store::secrets::tests::secrets;

    use super::*;

    const PASSPHRASE: &str = "correct horse";

    fn bundle() -> Bundle {
        Bundle {
            connection: Connection {
                label: Some("Größe\n\"x\"".to_owned()), read_only: true, ..connection("contoso")
            },
            secrets: secrets(&[("refresh_token", "0.AXoA-hunter2"), ("client_secret", "s~\n")]),
        }
    }

    fn bytes() -> Vec<u8> {
        bundle().to_bytes(light_recipe(), &Secret::new(PASSPHRASE)).unwrap()
    }

    fn opened(text: &str, passphrase: &str) -> Result<Bundle, BundleError> {
        SealedBundle::parse(text, "it")?.open(&Secret::new(passphrase))
    }

    fn code(text: &str, passphrase: &str) -> &'static str {
        opened(text, passphrase).map_or_else(|error| error.phrase().code, |_| "opened")
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        let sent = bundle();
        let text = STANDARD.encode(bytes());
        let got = opened(&text, PASSPHRASE).unwrap();
        assert!(got.secrets.is_same_as(&sent.secrets));
        assert_eq!(Connection { id: got.connection.id.clone(), ..sent.connection }, got.connection);
        assert!(!text.contains(['\n', ' ']));
        for secret in [&b"hunter2"[..], b"contoso", PASSPHRASE.as_bytes()] {
            assert!(!bytes().windows(secret.len()).any(|window| window == secret));
        }
    }

    #[test]
    fn a_bundle_is_as_hard_to_guess_as_the_secret_file_and_never_the_same_twice() {
        let seal = || STANDARD.decode(bundle().seal(&Secret::new(PASSPHRASE)).unwrap()).unwrap();
        let (one, two) = (seal(), seal());
        assert_eq!(Parts::of(&one).unwrap().recipe.cost, Cost::NOW);
        assert_ne!(Parts::of(&one).unwrap().recipe.salt, Parts::of(&two).unwrap().recipe.salt);
        assert_eq!(code(&STANDARD.encode(one), PASSPHRASE), "opened");
    }

    #[test]
    fn a_letter_may_have_folded_the_line() {
        let text = STANDARD.encode(bytes());
        let folded: String =
            text.as_bytes().chunks(64).flat_map(|line| [line, b"\r\n"].concat()).map(char::from).collect();
        assert_eq!(code(&format!("\u{feff}  {folded}\n"), PASSPHRASE), "opened");
    }

    #[test]
    fn what_is_wrong_is_told_apart() {
        let text = STANDARD.encode(bytes());
        let changed = |at: usize, byte: u8| {
            let mut bytes = bytes();
            bytes[at] = byte;
            STANDARD.encode(bytes)
        };
        assert_eq!(code(&text, "correct horsf"), "store/bundle-wrong-passphrase");
        assert_eq!(code("not a bundle at all!", PASSPHRASE), "store/bundle-not-base64");
        assert_eq!(code("{\"name\":\"contoso\"}", PASSPHRASE), "store/bundle-not-base64");
        assert_eq!(code("bm90IGEgYnVuZGxlIGF0IGFsbA==", PASSPHRASE), "store/bundle-damaged");
        assert_eq!(code(&changed(8, 2), PASSPHRASE), "store/bundle-newer");
        assert_eq!(code(&changed(70, 7), PASSPHRASE), "store/bundle-damaged");
        assert_eq!(code("", PASSPHRASE), "store/bundle-cut");
        for end in 1..text.len() {
            let code = code(&text[..end], PASSPHRASE);
            // Without the padding alone nothing is missing, and yet it is not what was written.
            let expected =
                if text[end..].bytes().all(|byte| byte == b'=') { "store/bundle-damaged" } else { "store/bundle-cut" };
            assert_eq!(code, expected, "{end} of {}", text.len());
        }
    }

    #[test]
    fn the_secret_file_is_no_bundle_and_a_bundle_no_secret_file() {
        let key = light_recipe().key(&Secret::new(PASSPHRASE)).unwrap();
        let mut vault = Envelope::new(light_recipe());
        vault.insert("11111111-1111-4111-8111-111111111111", b"", b"{}", &key).unwrap();
        let mut vault = vault.to_bytes(&key).unwrap();
        assert_eq!(code(&STANDARD.encode(&vault), PASSPHRASE), "store/bundle-damaged");
        assert!(Envelope::open(&bytes(), &key).is_err());
        // Not even where somebody writes the other's first letters over its own.
        vault[..MARK_BYTES].copy_from_slice(&MARK.to_bytes());
        assert_ne!(code(&STANDARD.encode(summed(vault)), PASSPHRASE), "opened");
        let mut bundle = bytes();
        bundle[..8].copy_from_slice(b"d365conn");
        assert!(Envelope::open(&summed(bundle), &key).is_err());
    }

    #[test]
    fn the_oldest_bundle_is_still_opened() {
        let text = include_str!("../../tests/data/bundle-v1.txt");
        let bundle = opened(text, "correct horse battery staple").unwrap();
        assert_eq!(bundle.connection.name.as_str(), "contoso");
        assert_eq!(bundle.connection.tenant_url.as_str(), "https://contoso.crm4.dynamics.com");
        assert!(bundle.secrets.is_same_as(&secrets(&[("refresh_token", "not a real one")])));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

        #[test]
        fn a_changed_byte_is_refused_even_with_the_right_sum(at: prop::sample::Index, change in 1_u8..) {
            let mut bytes = bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= change;
            prop_assert_ne!(code(&STANDARD.encode(&bytes), PASSPHRASE), "opened");
            if at < bytes.len() - SUM_BYTES {
                prop_assert_ne!(code(&STANDARD.encode(summed(bytes)), PASSPHRASE), "opened");
            }
        }

        #[test]
        fn a_changed_letter_is_refused(at: prop::sample::Index, letter in "[ -~\n]") {
            let text = STANDARD.encode(bytes());
            let at = at.index(text.len());
            prop_assume!(text[at..=at] != letter);
            let changed = format!("{}{letter}{}", &text[..at], &text[at + 1..]);
            prop_assert_ne!(code(&changed, PASSPHRASE), "opened");
        }

        #[test]
        fn nothing_makes_the_reader_stumble(more: Vec<u8>, valid_start in 0_usize..250, text in "\\PC{0,40}") {
            let mut start = bytes();
            start.truncate(valid_start);
            start.extend_from_slice(&more);
            prop_assert_ne!(code(&STANDARD.encode(&start), PASSPHRASE), "opened");
            prop_assert_ne!(code(&STANDARD.encode(summed(start)), PASSPHRASE), "opened");
            prop_assert_ne!(code(&text, PASSPHRASE), "opened");
        }
    }
}
