//! The watch over secrets: fingerprints of their pieces, and the search for these in a text. It keeps no secret's text, and
//! it is never asked about the user's data.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::sync::{Arc, Weak};

use zeroize::Zeroizing;

use crate::secret::{MASK, views};

/// How long a piece is by which a secret is known. A shorter secret is known as a whole.
const PIECE: usize = 12;
/// Shorter secrets are not watched: they would be found in words.
pub(super) const SHORTEST: usize = 8;
/// How much of one secret is watched, in bytes: more than any token or key has.
const LONGEST: usize = 16 * 1024;
/// Fingerprints kept before the oldest of the secrets that are gone are forgotten: those of some forty tokens.
const MOST: usize = 64 * 1024;

/// Fingerprints of the secrets made so far. The oldest that are gone are forgotten when there are too many.
pub(super) struct Watch {
    keys: Option<[u64; 2]>,
    watched: VecDeque<Watched>,
    count: usize,
    /// The fingerprints of the first `known` secrets, in order.
    sorted: Vec<u64>,
    known: usize,
}

struct Watched {
    fingerprints: Box<[u64]>,
    piece: usize,
    holder: Weak<Zeroizing<String>>,
}

impl Watch {
    pub(super) const fn new() -> Self {
        Self { keys: None, watched: VecDeque::new(), count: 0, sorted: Vec::new(), known: 0 }
    }

    /// Watches `text` from now on, and beyond the life of `holder`: messages are shown at the very end.
    pub(super) fn add(&mut self, text: &str, holder: &Arc<Zeroizing<String>>) {
        for bytes in watchable(text) {
            let (fingerprints, piece) = self.fingerprints(bytes);
            // The same secret is read from its store again and again.
            if let Some(same) = self.watched.iter_mut().find(|watched| watched.fingerprints == fingerprints) {
                same.holder = Arc::downgrade(holder);
                continue;
            }
            self.count += fingerprints.len();
            self.watched.push_back(Watched { fingerprints, piece, holder: Arc::downgrade(holder) });
        }
        if self.count > MOST {
            while self.count > MOST / 4 * 3 && self.forget_the_oldest() {}
        }
    }

    /// Watches `text` no more.
    pub(super) fn remove(&mut self, text: &str) {
        for bytes in watchable(text) {
            let (fingerprints, _) = self.fingerprints(bytes);
            if let Some(at) = self.watched.iter().position(|watched| watched.fingerprints == fingerprints) {
                self.forget(at);
            }
        }
    }

    fn fingerprints(&mut self, bytes: &[u8]) -> (Box<[u64]>, usize) {
        let piece = bytes.len().min(PIECE);
        (fingerprints(self.keys(), bytes, piece).collect(), piece)
    }

    fn forget_the_oldest(&mut self) -> bool {
        let oldest = self.watched.iter().position(|watched| watched.holder.strong_count() == 0);
        oldest.is_some_and(|oldest| self.forget(oldest))
    }

    fn forget(&mut self, at: usize) -> bool {
        let Some(forgotten) = self.watched.remove(at) else { return false };
        self.count -= forgotten.fingerprints.len();
        self.sorted.clear();
        self.known = 0;
        true
    }

    /// Puts the fingerprints of new secrets among the others: only once somebody has something to say.
    fn know_all(&mut self) {
        if self.known < self.watched.len() {
            let mut new: Vec<u64> =
                self.watched.range(self.known..).flat_map(|it| it.fingerprints.iter().copied()).collect();
            new.sort_unstable();
            self.sorted.append(&mut new);
            #[expect(
                clippy::stable_sort_primitive,
                reason = "two runs in order, which only this sort merges in one pass"
            )]
            self.sorted.sort();
            self.known = self.watched.len();
        }
    }

    fn keys(&mut self) -> [u64; 2] {
        *self.keys.get_or_insert_with(|| [(); 2].map(|()| RandomState::new().hash_one(0) | 1))
    }

    /// `text` with every piece of a watched secret and every token replaced.
    pub(super) fn mask<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        let mut hidden = tokens(text);
        if !self.watched.is_empty() {
            self.find(text, &mut hidden);
        }
        if hidden.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(replace(text, hidden))
    }

    /// Adds the places in `text` that hold a piece of a secret, in whichever way it is written.
    fn find(&mut self, text: &str, hidden: &mut Vec<Range<usize>>) {
        let keys = self.keys();
        self.know_all();
        let sorted = &self.sorted;
        let mut pieces: Vec<usize> = self.watched.iter().map(|watched| watched.piece).collect();
        pieces.sort_unstable();
        pieces.dedup();
        let mut search = |view: &[u8], place: &dyn Fn(Range<usize>) -> Range<usize>| {
            for piece in &pieces {
                for (at, fingerprint) in fingerprints(keys, view, *piece).enumerate() {
                    if sorted.binary_search(&fingerprint).is_ok() {
                        hidden.push(place(at..at + piece));
                    }
                }
            }
        };
        search(text.as_bytes(), &|found| found);
        views::of(text, &mut search);
    }
}

/// What is watched of a secret.
fn watchable(text: &str) -> impl Iterator<Item = &[u8]> {
    // The armour of a key or certificate is no secret, and its lines may be broken elsewhere when it is shown.
    let is_armoured = text.contains("-----BEGIN ");
    text.split(move |c: char| is_armoured && matches!(c, '\r' | '\n'))
        .filter(move |line| !(is_armoured && line.starts_with("-----")))
        .map(|line| &line.as_bytes()[..line.len().min(LONGEST)])
        .filter(|bytes| bytes.len() >= SHORTEST && !is_moment(bytes))
}

/// The fingerprint of every piece of `bytes`. They are made with keys that only this process knows.
fn fingerprints(keys: [u64; 2], bytes: &[u8], piece: usize) -> impl Iterator<Item = u64> {
    let mask = (1_u128 << (8 * piece)) - 1;
    // Pieces of different lengths that begin alike are different pieces.
    let length = u64::try_from(piece).unwrap_or_default();
    let mut window = 0_u128;
    bytes.iter().enumerate().filter_map(move |(at, byte)| {
        window = ((window << 8) | u128::from(*byte)) & mask;
        (at + 1 >= piece).then(|| {
            let (low, high) = (lower_half(window), lower_half(window >> 64) | (length << 40));
            let product = u128::from(low ^ keys[0]) * u128::from(high ^ keys[1]);
            lower_half(product ^ (product >> 64))
        })
    })
}

fn lower_half(number: u128) -> u64 {
    u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default()
}

/// Whether this is a date or a time, as the end of a token's life is.
fn is_moment(bytes: &[u8]) -> bool {
    bytes.starts_with(b"20") && bytes.contains(&b'T') && bytes.iter().all(|byte| b"0123456789-+:.TZ".contains(byte))
}

/// The places of what looks like a JSON web token: two or more parts of base64url, the first of which begins as an object
/// does (RFC 7519 §3). A token that was cut is still one.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(step) = memchr::memmem::find(&bytes[at..], b"eyJ") {
        let begin = at + step;
        let length = |from: usize| bytes[from..].iter().take_while(|byte| is_part(**byte)).count();
        let mut end = begin + length(begin);
        let mut is_token = false;
        while end - begin >= 12 && bytes.get(end) == Some(&b'.') && length(end + 1) >= if is_token { 1 } else { 8 } {
            is_token = true;
            end += 1 + length(end + 1);
        }
        if is_token {
            found.push(begin..end);
        }
        at = end;
    }
    found
}

/// `text` with each of `hidden` replaced, those that touch or overlap as one.
fn replace(text: &str, mut hidden: Vec<Range<usize>>) -> String {
    hidden.sort_unstable_by_key(|range| range.start);
    let mut result = String::with_capacity(text.len());
    let mut shown = 0;
    let mut hidden = hidden.into_iter().peekable();
    while let Some(Range { start, mut end }) = hidden.next() {
        while let Some(next) = hidden.next_if(|next| next.start <= end) {
            end = end.max(next.end);
        }
        // A piece may begin or end within a character.
        let is_boundary = |at: &usize| text.is_char_boundary(*at);
        let start = (0..=start).rev().find(is_boundary).unwrap_or(0).max(shown);
        let end = (end..text.len()).find(is_boundary).unwrap_or(text.len());
        result.push_str(&text[shown..start]);
        result.push_str(MASK);
        shown = end;
    }
    result.push_str(&text[shown..]);
    result
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    /// A watch over `secrets`, all of them alive.
    fn watch(secrets: &[&str]) -> (Watch, Vec<Arc<Zeroizing<String>>>) {
        let mut watch = Watch::new();
        let holders = secrets.iter().map(|secret| {
            let holder = Arc::new(Zeroizing::new((*secret).to_owned()));
            watch.add(secret, &holder);
            holder
        });
        let holders = holders.collect();
        (watch, holders)
    }

    fn check(secret: &str, text: &str, expected: &str) {
        assert_eq!(watch(&[secret]).0.mask(text), expected, "{text}");
    }

    #[test]
    fn a_secret_is_found_however_it_is_written() {
        let secret = "s3cret~w1th+a&\"quote\" \u{e9}nd";
        let percent: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let json = serde_json::to_string(secret).unwrap();
        let unicode: String = secret.chars().map(|c| format!("\\u{:04X}", u32::from(c))).collect::<Vec<_>>().concat();
        let html = secret.replace('&', "&amp;").replace('"', "&quot;").replace('+', "&#43;").replace('~', "&#x7E;");
        let hex: String = secret.bytes().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat();
        for written in [secret.to_owned(), percent, form, unicode, html, hex] {
            check(secret, &format!("it was {written}, they say"), "it was ***, they say");
        }
        check(secret, &format!("it was {json}, they say"), "it was \"***\", they say");
        for before in ["", "x", "xy", "id:"] {
            for encoded in
                [STANDARD.encode(format!("{before}{secret}")), URL_SAFE_NO_PAD.encode(format!("{before}{secret}"))]
            {
                let (mut watch, _holders) = watch(&[secret]);
                let text = format!("Basic {encoded} was sent");
                let masked = watch.mask(&text);
                // What is before the secret, and the characters that hold bits of both, may stay.
                let left = masked.strip_prefix("Basic ").unwrap().strip_suffix(" was sent").unwrap();
                assert!(left.contains(MASK) && left.len() <= 4 + MASK.len() + 4, "{text}: {masked}");
            }
        }
    }

    #[test]
    fn a_piece_of_a_secret_is_found_and_a_shorter_one_is_not() {
        let secret = "abcdefghijklmnopqrstuvwxyz";
        check(secret, "cut off: ...defghijklmnop", "cut off: ...***");
        check(secret, "cut off: ...defghijklmn", "cut off: ...defghijklmn");
        check(secret, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "***");
        check(secret, "abcdefghijklmnopqrstuvwxyz and abcdefghijklmnopqrstuvwxyz", "*** and ***");
    }

    #[test]
    fn a_short_secret_is_found_as_a_whole_and_a_very_short_one_never() {
        check("p4ssw0rd!", "is p4ssw0rd! right", "is *** right");
        check("p4ssw0rd!", "is p4ssw0rd right", "is p4ssw0rd right");
        check("wrong", "the wrong passphrase", "the wrong passphrase");
        check("", "nothing", "nothing");
    }

    #[test]
    fn what_every_key_and_every_clock_says_is_no_secret() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqG\nSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----\n";
        check(key, "no -----BEGIN PRIVATE KEY----- in it", "no -----BEGIN PRIVATE KEY----- in it");
        check(key, "MIGHAgEAMBMGByqGSM49AgEGCCqG SM49AwEHBG0wawIBAQQg", "*** ***");
        check("2026-11-23T10:16:51Z", "at 2026-11-23T10:16:51Z", "at 2026-11-23T10:16:51Z");
    }

    #[test]
    fn what_looks_like_a_token_is_masked_though_nobody_holds_it() {
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2NvbnRvc28ifQ.c2lnbmF0dXJl-_A";
        check("", &format!("Bearer {token}."), "Bearer ***.");
        check("", &format!("bearer_{token}\n{token}"), "bearer_***\n***");
        check("", &token[..60], "***");
        check(
            "",
            "eyJ is how it begins, eyJhbGciOiJub25lIn0 is a part",
            "eyJ is how it begins, eyJhbGciOiJub25lIn0 is a part",
        );
        check("", "keyJoin.example.org", "keyJoin.example.org");
    }

    #[test]
    fn the_oldest_secrets_that_are_gone_are_forgotten_when_there_are_too_many() {
        let mut watch = Watch::new();
        let alive = Arc::new(Zeroizing::new("alive-from-the-beginning".to_owned()));
        watch.add(&alive, &alive);
        let long = |nth: usize| format!("{nth:08}").repeat(2000);
        for nth in 0..40 {
            let text = long(nth);
            watch.add(&text, &Arc::new(Zeroizing::new(text.clone())));
        }
        assert!(watch.count <= MOST, "{}", watch.count);
        assert_eq!(watch.mask("00000039000000390000"), "***");
        assert_eq!(watch.mask("00000000000000000000"), "00000000000000000000");
        assert_eq!(watch.mask("alive-from-the-beginning"), "***");
    }

    #[test]
    fn the_same_secret_again_takes_no_more_room() {
        let (watch, _holders) = watch(&["the very same secret", "the very same secret"]);
        assert_eq!(watch.watched.len(), 1);
    }

    proptest! {
        #[test]
        fn no_piece_of_a_secret_is_left(
            secret in "[ -)+-~\u{a1}-\u{17f}]{12,60}",
            before in "\\PC{0,40}",
            after in "\\PC{0,40}",
            cut in any::<prop::sample::Index>(),
        ) {
            prop_assume!(secret.len() <= LONGEST);
            let (mut watch, _holders) = watch(&[&secret]);
            let cut: String = secret.chars().skip(cut.index(secret.chars().count() / 2)).collect();
            let text = format!("{before}{cut}{after}{secret}{before}");
            let masked = watch.mask(&text).into_owned();
            let left = secret.as_bytes().windows(PIECE).any(|piece| memchr::memmem::find(masked.as_bytes(), piece).is_some());
            prop_assert!(!left, "{text:?} -> {masked:?}");
        }

        #[test]
        fn a_text_that_holds_nothing_stays_as_it_is(text in "\\PC{0,200}") {
            // No piece of this secret can be in a text without control characters, nor in what it encodes but by chance.
            let (mut watch, _holders) = watch(&["\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{1}\u{2}\u{3}\u{4}\u{5}"]);
            prop_assume!(tokens(&text).is_empty());
            prop_assert_eq!(watch.mask(&text), text.as_str());
        }

        #[test]
        fn nothing_makes_the_search_stumble(text in "([%\\\\&#;+eyJ.a-f0-9\u{e9}]|&#x?[0-9]{0,9};|\\\\u[0-9a-f]{0,4}){0,200}") {
            let (mut watch, _holders) = watch(&["abcdefabcdefabcdef"]);
            let _ = watch.mask(&text);
        }
    }
}
