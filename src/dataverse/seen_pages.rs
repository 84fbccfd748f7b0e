//! The pages that were read of one question: a link back to one of them would never end. Nothing is sent here.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};

use crate::dataverse::DataverseError;

/// Digests, because links are long and pages may be many.
pub(super) struct SeenPages(HashSet<[u8; 32]>);

impl SeenPages {
    /// Before the first page, which is at `path`.
    pub fn from(path: &str) -> Self {
        Self(HashSet::from([digest(path)]))
    }

    /// Goes on to the page at `path`.
    ///
    /// # Errors
    /// [`DataverseError::CyclicLink`] when it was read already.
    pub fn go_on_to(&mut self, path: &str) -> Result<(), DataverseError> {
        let page = self.0.len();
        if self.0.insert(digest(path)) { Ok(()) } else { Err(DataverseError::CyclicLink { page }) }
    }
}

fn digest(path: &str) -> [u8; 32] {
    Sha256::digest(path).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_back_is_told_with_the_page_that_it_stands_on() {
        let mut seen = SeenPages::from("a");
        assert!(seen.go_on_to("b").is_ok() && seen.go_on_to("c").is_ok());
        for back in ["a", "b", "c"] {
            assert!(matches!(seen.go_on_to(back), Err(DataverseError::CyclicLink { page: 3 })), "{back}");
        }
    }
}
