//! What came of a request that changes something: it was carried out, or it was shown because nothing is to change. The
//! commands go on either way, so that every request of a command is shown.

use crate::dataverse::DataverseError;

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Answered<T> {
    /// It was carried out, and this was answered.
    Done(T),
    /// It was shown and not sent.
    Shown,
}

impl<T> Answered<T> {
    /// Takes the sign that a request was shown out of the errors.
    ///
    /// # Errors
    /// Every other error.
    pub fn of(result: Result<T, DataverseError>) -> Result<Self, DataverseError> {
        match result {
            Ok(answer) => Ok(Self::Done(answer)),
            Err(error) if error.is_rehearsal() => Ok(Self::Shown),
            Err(error) => Err(error),
        }
    }

    /// The answer, or what stands for it in the requests behind one that was shown.
    pub fn or(self, stand_in: T) -> T {
        match self {
            Self::Done(answer) => answer,
            Self::Shown => stand_in,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_was_shown_is_no_error() {
        assert_eq!(Answered::of(Ok(1)).unwrap(), Answered::Done(1));
        assert_eq!(Answered::<u8>::of(Err(DataverseError::Rehearsed)).unwrap(), Answered::Shown);
        assert!(Answered::<u8>::of(Err(DataverseError::StreamLost)).is_err());
        assert_eq!((Answered::Done(1).or(2), Answered::Shown.or(2)), (1, 2));
    }
}
