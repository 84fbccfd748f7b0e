//! Text that must not be seen: tokens, client secrets, passphrases. Nothing here prints, logs, compares in the open or serialises it.

use std::fmt;

use zeroize::Zeroizing;

/// A secret text: stars in `Debug`, wiped when dropped, without `Display` and without `Serialize`.
///
/// The only way to the text is [`Secret::expose`], so every place that uses it can be found by that word.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes `text` in.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
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
        let (ours, theirs) = (self.0.as_bytes(), other.0.as_bytes());
        ours.len() == theirs.len() && ours.iter().zip(theirs).fold(0, |different, (a, b)| different | (a ^ b)) == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_stars() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2"))), "Some(***)");
    }

    #[test]
    fn secrets_are_compared_whole() {
        assert!(Secret::new("abc").is_same_as(&Secret::new("abc")));
        assert!(!Secret::new("abc").is_same_as(&Secret::new("abd")));
        assert!(!Secret::new("abc").is_same_as(&Secret::new("abcd")));
    }
}
