//! Why a request did not end in a success: the service's refusal, with what is known of earlier tries, or anything else.

use crate::dataverse::DataverseError;
use crate::dataverse::error::Sending;
use crate::dataverse::refusal::Refusal;
use crate::net::NetError;

/// No success.
pub(super) enum NotSent {
    /// The service said no.
    Refused {
        refusal: Box<Refusal>,
        /// Whether an earlier try may have been carried out although its answer was lost.
        may_have_happened: bool,
        /// How it was sent.
        sending: Sending,
    },
    /// Everything else.
    Failed(DataverseError),
}

impl NotSent {
    /// A refusal of something that `is_change` says more than reads.
    pub(super) fn refused(refusal: Refusal, is_change: bool, may_have_happened: bool, sending: Sending) -> Self {
        let refusal = Box::new(refusal);
        // A 503 after a try whose answer was lost says as little about that try.
        let is_open = matches!(refusal.status, 502 | 504) || (refusal.status == 503 && may_have_happened);
        if is_change && is_open {
            DataverseError::unknown_after(refusal, sending).into()
        } else {
            Self::Refused { refusal, may_have_happened, sending }
        }
    }
}

impl From<NotSent> for DataverseError {
    fn from(not_sent: NotSent) -> Self {
        match not_sent {
            NotSent::Refused { refusal, .. } => DataverseError::Refused(refusal),
            NotSent::Failed(error) => error,
        }
    }
}

impl From<DataverseError> for NotSent {
    fn from(error: DataverseError) -> Self {
        Self::Failed(error)
    }
}

impl From<NetError> for NotSent {
    fn from(error: NetError) -> Self {
        Self::Failed(error.into())
    }
}
