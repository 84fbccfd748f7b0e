//! Text that must not be seen: tokens, client secrets, passphrases, and the watch that keeps them out of messages. Nothing
//! here prints, logs, compares in the open or serialises it.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use crate::secret::watch::Watch;

mod views;
mod watch;

/// What stands in a message where a secret stood.
pub const MASK: &str = "***";

/// Every secret that this process holds or held.
static WATCH: Mutex<Watch> = Mutex::new(Watch::new());

/// A secret text: stars in `Debug`, wiped when its last clone is dropped, without `Display` and without `Serialize`.
///
/// The only way to the text is [`Secret::expose`], so every place that uses it can be found by that word. From the moment
/// it is made it is watched: [`masked`] takes it out of whatever somebody else puts it into.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Takes `text` in, to be seen by nobody.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let secret = Self::unwatched(text);
        watch().add(&secret.0, &secret.0);
        secret
    }

    /// Takes in what travels with secrets and is meant to be seen in its place, such as the `state` in a sign-in address
    /// or the moment at which a token ends. It is kept like a secret, but [`masked`] lets it through.
    #[must_use]
    pub fn unwatched(text: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(text.into())))
    }

    /// The same, watched no more: what was taken in whole turned out to hold more than secrets, as a connection string
    /// does, and those are to be taken out of it one by one.
    #[must_use]
    pub fn into_unwatched(self) -> Self {
        watch().remove(&self.0);
        self
    }

    /// Takes in an address that may hold a password, as a proxy's does: user and password are watched, the host is not.
    #[must_use]
    pub fn of_address(address: impl Into<String>) -> Self {
        let secret = Self::unwatched(address);
        // Up to the last `@`, because a password may hold any sign.
        let authority = secret.0.split_once("://").map_or(secret.0.as_str(), |(_, rest)| rest);
        if let Some((credentials, _)) = authority.rsplit_once('@') {
            let mut watch = watch();
            watch.add(credentials, &secret.0);
            if let Some((_, password)) = credentials.split_once(':') {
                watch.add(password, &secret.0);
            }
        }
        secret
    }

    /// The text itself: for the wire, for the store, and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both hold the same text; takes the same time wherever they differ.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.is_text(&other.0)
    }

    /// Whether this is its text, for what came from outside and has yet to be trusted; takes the same time wherever they
    /// differ.
    #[must_use]
    pub fn is_text(&self, text: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), text.as_bytes());
        ours.len() == theirs.len() && ours.iter().zip(theirs).fold(0, |different, (a, b)| different | (a ^ b)) == 0
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    /// Out of an answer that holds one: it is watched from here on.
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::new)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// `text` without any secret that this process holds or held, and without anything in the shape of a JSON web token: each
/// is replaced by [`MASK`]. For messages, errors and traces, wherever they go; never for the user's data.
///
/// A secret is found in pieces from twelve bytes on, as it is and percent-encoded, escaped for JSON or HTML, in base64 or
/// in hexadecimal digits. Secrets of fewer than eight bytes are too much like words and numbers and are let through. Takes
/// time in proportion to the text.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    watch().mask(text)
}

/// A watch whose keeper panicked is still a watch.
fn watch() -> MutexGuard<'static, Watch> {
    WATCH.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_stars() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2"))), "Some(***)");
    }

    /// Two rows for one type are ambiguous: this compiles only as long as a secret has neither `Display` nor `Serialize`.
    trait Row<Number> {
        fn is_alone() -> bool {
            true
        }
    }
    impl<T: ?Sized> Row<()> for T {}
    impl<T: ?Sized + fmt::Display> Row<u8> for T {}
    impl<T: ?Sized + serde::Serialize> Row<u16> for T {}

    #[test]
    fn a_secret_can_be_neither_displayed_nor_serialised() {
        assert!(<Secret as Row<_>>::is_alone());
        assert_eq!(format!("{:?}", (Secret::new("hunter2"), Secret::unwatched("hunter3"))), "(***, ***)");
    }

    #[test]
    fn secrets_are_compared_whole() {
        assert!(Secret::new("abc").is_same_as(&Secret::new("abc")));
        assert!(!Secret::new("abc").is_same_as(&Secret::new("abd")));
        assert!(!Secret::new("abc").is_same_as(&Secret::new("abcd")));
        assert!(Secret::new("abc").is_text("abc") && !Secret::new("abc").is_text("abC"));
    }

    #[test]
    fn a_secret_is_masked_while_it_lives_and_afterwards() {
        let said = "sent n0b0dy-sh0uld-see-th1s along";
        assert_eq!(masked(said), said);
        let secret = Secret::new("n0b0dy-sh0uld-see-th1s");
        assert_eq!(masked(said), "sent *** along");
        drop(secret.clone());
        drop(secret);
        assert_eq!(masked(said), "sent *** along");
    }

    #[test]
    fn what_is_meant_to_be_seen_is_seen() {
        let state = Secret::unwatched("st4te-1n-the-address");
        assert_eq!(masked("?state=st4te-1n-the-address"), "?state=st4te-1n-the-address");
        assert!(state.is_text("st4te-1n-the-address"));
        let text = Secret::new("Url=https://w4tch.example;Secret=x").into_unwatched();
        assert_eq!(masked(text.expose()), text.expose());
    }

    #[test]
    fn of_a_proxy_s_address_the_password_is_masked_and_the_host_is_not() {
        let _address = Secret::of_address("http://kim:sw0rdfish-42@proxy.w4tch.example:3128/");
        assert_eq!(masked("kim:sw0rdfish-42@proxy.w4tch.example:3128"), "***@proxy.w4tch.example:3128");
        assert_eq!(masked("the password sw0rdfish-42 is wrong"), "the password *** is wrong");
        let _bare = Secret::of_address("proxy.other-w4tch.example:3128");
        assert_eq!(masked("no proxy.other-w4tch.example:3128"), "no proxy.other-w4tch.example:3128");
    }
}
