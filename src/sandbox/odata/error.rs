//! What is wrong with the text of a query. It never says what the service answers: that is `dataverse`'s.

/// A query that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// The text does not follow the grammar.
    Syntax(String),
    /// The grammar knows it, the service does not offer it.
    Unsupported(String),
    /// The service has it and the sandbox has not; the text names it.
    NotBuilt(String),
    /// More conditions than the service takes.
    TooManyConditions,
}

impl Malformed {
    pub(super) fn syntax(message: impl Into<String>) -> Self {
        Self::Syntax(message.into())
    }

    pub(super) fn not_built(feature: impl Into<String>) -> Self {
        Self::NotBuilt(feature.into())
    }

    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Self::Unsupported(message.into())
    }
}
