//! What came of a request that changes something: it was sent, or it was shown because nothing is to change. Both are values,
//! so a command goes on after a request that was shown, and every one of its requests is seen.

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum SentOrShown<T> {
    /// It was sent, and this was answered.
    Sent(T),
    /// It was shown and not sent.
    Shown,
}

impl<T> SentOrShown<T> {
    /// The answer, if there is one.
    #[must_use]
    pub fn answer(self) -> Option<T> {
        match self {
            Self::Sent(answer) => Some(answer),
            Self::Shown => None,
        }
    }

    /// The same with what `of` makes of the answer.
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> SentOrShown<U> {
        match self {
            Self::Sent(answer) => SentOrShown::Sent(of(answer)),
            Self::Shown => SentOrShown::Shown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shown_has_no_answer() {
        assert_eq!((SentOrShown::Sent(1).answer(), SentOrShown::<u8>::Shown.answer()), (Some(1), None));
        assert_eq!(SentOrShown::Sent(1).map(|it| it + 1), SentOrShown::Sent(2));
    }
}
