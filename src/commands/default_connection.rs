//! Which connection becomes the default, and what is said when that changes. Every command that saves a connection has
//! these two flags; nothing becomes the default in silence.

use clap::Args;

use crate::connection::ConnectionName;
use crate::store::{Connections, DefaultWish};

/// The flags that decide about the default connection.
#[derive(Debug, Clone, Copy, Args)]
pub struct DefaultFlags {
    /// Make it the default connection
    #[arg(long, conflicts_with = "no_default")]
    default: bool,
    /// Leave the default connection as it is, even if this is the first
    #[arg(long)]
    no_default: bool,
}

impl DefaultFlags {
    /// What was wished.
    pub(super) const fn wish(self) -> DefaultWish {
        match (self.default, self.no_default) {
            (true, _) => DefaultWish::Always,
            (_, true) => DefaultWish::Never,
            _ => DefaultWish::IfFirst,
        }
    }
}

/// The name of the default connection.
pub(super) fn default_name(connections: &Connections) -> Option<ConnectionName> {
    connections.default().map(|connection| connection.name.clone())
}

/// What is said of the default after `saved` was kept: what changed, and where nothing did and nobody said so, how it is
/// changed.
pub(super) fn default_words(
    before: Option<&ConnectionName>,
    after: Option<&ConnectionName>,
    saved: &ConnectionName,
    wish: DefaultWish,
) -> Option<String> {
    match (before, after) {
        (before, Some(after)) if before != Some(after) => {
            let instead = before.map_or_else(String::new, |before| format!(", instead of `{before}`"));
            Some(format!("`{after}` is the default connection now{instead}"))
        }
        (_, Some(after)) if after != saved && wish == DefaultWish::IfFirst => Some(format!(
            "the default connection is still `{after}`; `d365conn connections use {saved}` makes it this one"
        )),
        (_, None) if wish == DefaultWish::IfFirst => {
            Some(format!("there is no default connection; `d365conn connections use {saved}` makes it this one"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_the_default_is_said() {
        let name = |text: &str| ConnectionName::parse(text).unwrap();
        let (one, two) = (name("one"), name("two"));
        let said = |before: Option<&ConnectionName>, after: Option<&ConnectionName>, wish| {
            default_words(before, after, &two, wish).unwrap_or_default()
        };
        assert_eq!(said(None, Some(&two), DefaultWish::IfFirst), "`two` is the default connection now");
        assert_eq!(
            said(Some(&one), Some(&two), DefaultWish::Always),
            "`two` is the default connection now, instead of `one`"
        );
        assert!(said(Some(&one), Some(&one), DefaultWish::IfFirst).contains("is still `one`"));
        assert_eq!(said(Some(&one), Some(&one), DefaultWish::Never), "");
        assert!(said(None, None, DefaultWish::IfFirst).contains("connections use two"));
        assert_eq!(said(Some(&two), Some(&two), DefaultWish::IfFirst), "", "nothing changed");
    }
}
