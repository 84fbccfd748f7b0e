//! Misfortunes that can be ordered from the sandbox: each strikes at the next request it fits, and orders that never
//! struck can be asked for. What a misfortune looks like on the wire is never decided here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Something that goes wrong at Entra or at Dataverse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The next refresh finds its token too old: `invalid_grant`, AADSTS700082. The token stays dead.
    RefreshTokenExpired,
    /// At the next refresh all sessions of that user have been revoked: `invalid_grant`, AADSTS50173.
    SessionsRevoked,
    /// At the next refresh the user's consent is gone: `invalid_grant`, AADSTS65001, suberror `consent_required`. A
    /// sign-in that accepts the consent page gives it back.
    ConsentRemoved,
    /// The next client secret presented is past its date: `invalid_client`, AADSTS7000222.
    SecretExpired,
    /// The next authorize request meets a page with AADSTS50011.
    RedirectNotRegistered,
    /// The next sign-in ends on a page that asks for an administrator's approval, AADSTS90094.
    AdminApprovalNeeded,
    /// The next sign-in ends on a page of conditional access, AADSTS53003.
    BlockedByPolicy,
    /// At the next poll of a device code nobody has signed in yet: `authorization_pending`, AADSTS70016.
    DevicePending,
    /// The next poll of a device code came too fast: `slow_down`.
    DeviceTooFast,
    /// The next poll of a device code is refused by conditional access: `invalid_grant` with this AADSTS number, 53003 or
    /// 530036.
    DeviceForbidden {
        /// The number.
        number: u32,
    },
    /// The next ID token of a browser sign-in carries a nonce that nobody sent.
    WrongNonce,
    /// The next token answer has `expires_in` and `ext_expires_in` as strings.
    NumbersAsStrings,
    /// The next access token lives this short.
    ShortLivedToken {
        /// Its life in seconds.
        seconds: u32,
    },
    /// The next user's token answer has no refresh token.
    NoRefreshToken,
    /// The next token request is answered 429.
    TokenThrottled {
        /// Seconds in `Retry-After`.
        retry_after: u32,
    },
    /// The next token request is not answered, and the connection stays open.
    TokenSilent,
    /// The next token request is answered 503 with HTML.
    TokenUnavailable,
    /// The next token request is answered 307.
    TokenRedirects {
        /// The address in `Location`.
        to: String,
    },
    /// The next request to the identity endpoint of a machine that names no identity finds several.
    SeveralMachineIdentities,
    /// The next request to the identity endpoint of a machine finds no such identity, or none at all.
    MachineIdentityUnknown,
    /// The next request to the identity endpoint of a machine is answered 429.
    MachineThrottled {
        /// Seconds in `Retry-After`; 0 for none.
        retry_after: u32,
    },
    /// The next request to the identity endpoint of a machine fails with this status.
    MachineFails {
        /// The status: 410 while IMDS is being replaced, 404 and 5xx when it is out of order.
        status: u16,
    },
    /// The next challenge of the identity endpoint of Azure Arc names this file as the one that holds its key.
    ArcKeyElsewhere {
        /// The path in `realm`.
        file: String,
    },
    /// The next 401 challenge of Dataverse names this authority.
    ChallengeNames {
        /// The value of `authorization_uri`.
        authorization_uri: String,
    },
    /// The next 401 challenge of Dataverse names this resource.
    ChallengeResource {
        /// The value of `resource_id`.
        resource_id: String,
    },
    /// From the next refresh on, a refresh token works once; using it again kills every token descended from the same
    /// sign-in. Entra doesn't do this (RFC 9700 §4.14.2 describes it): it shows clients that refresh twice at once.
    ReuseDetection,
    /// From the next answer on, the `Date` header runs ahead of the sandbox's clock, and assertions are judged by it.
    ClockAhead {
        /// By how much.
        by: Duration,
    },
    /// The next assertion of a provider has this claim instead of its own.
    AssertionSays {
        /// Its name.
        claim: &'static str,
        /// Its value.
        value: String,
    },
    /// The next assertion of a provider has a signature of nobody's.
    AssertionForged,
    /// The next job that asks its provider for its identity is declined.
    ProviderDeclines {
        /// The status.
        status: u16,
    },
    /// The next authenticated Dataverse request is answered 429, `0x80072322`.
    DataverseThrottled {
        /// Seconds in `Retry-After`.
        retry_after: u32,
    },
    /// The next authenticated Dataverse request is refused, and the message repeats its headers, the bearer among them, in
    /// the clear and encoded.
    DataverseReflects {
        /// The status.
        status: u16,
    },
    /// The next token request is refused, and the description repeats its body.
    TokenReflects {
        /// Whether the grant is called dead (AADSTS50173) or only the request wrong (AADSTS90100).
        is_dead: bool,
    },
    /// The next authenticated Dataverse request is answered 503 with HTML.
    DataverseUnavailable,
    /// The next authenticated Dataverse request is answered 200 with an HTML page, as captive portals do.
    DataverseHtml,
    /// The next valid bearer is answered 401 all the same.
    TokenRejected,
    /// From the next authenticated Dataverse request of a client that understands it on, a bearer is answered 401
    /// `insufficient_claims` until one comes that was asked for with these claims; later ones are good again.
    ClaimsDemanded {
        /// The claims, a JSON object.
        claims: String,
    },
    /// The next refresh that carries a demand is refused: `interaction_required`, AADSTS50076. The token stays alive.
    StepUpNeeded,
    /// The next page of rows that has a next link has this one instead.
    NextLinkTo {
        /// The address put into `@odata.nextLink`.
        url: String,
    },
    /// From the next query with `$expand` on, expanded collections come in pages of so many records, each but the last with
    /// a link that holds `$skiptoken`. Without this order the service and the sandbox page them only where an `$expand` is
    /// nested and `odata.maxpagesize` is sent.
    InnerPages {
        /// The records of one page.
        size: usize,
    },
    /// The next authenticated Dataverse request is answered 403, `0x80072560`.
    NotAMember,
    /// The next request that needs this privilege is answered 403, `0x80040220`.
    PrivilegeDenied {
        /// Name of the privilege, such as `prvDeleteAccount`.
        name: String,
    },
    /// The next Dataverse answer with a body breaks off in the middle of it.
    CutConnection,
    /// The next answer that holds bytes of a file breaks off in the middle of it.
    CutDownload,
    /// The next piece of a file that follows another one is answered 503 with HTML, and not taken.
    PieceUnavailable,
    /// The next piece of a file that follows another one is taken, and the connection closes without an answer.
    LosePiece,
    /// The next writing Dataverse request is carried out, and the connection closes without an answer.
    LoseAnswer,
}

/// The order book. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    book: Arc<Mutex<Book>>,
}

#[derive(Debug, Default)]
struct Book {
    waiting: Vec<(Fault, u32)>,
    standing: Vec<Fault>,
}

impl Faults {
    /// Orders `fault` once.
    pub fn order(&self, fault: Fault) {
        self.order_times(fault, 1);
    }

    /// Orders `fault` for the next `times` occasions. Nothing happens for 0.
    pub fn order_times(&self, fault: Fault, times: u32) {
        if times > 0 {
            self.book().waiting.push((fault, times));
        }
    }

    /// Orders that have not struck as often as they should have, one entry for each order.
    #[must_use]
    pub fn pending(&self) -> Vec<Fault> {
        self.book().waiting.iter().map(|(fault, _)| fault.clone()).collect()
    }

    /// Whether `fault` was ordered; if so it strikes now.
    pub(super) fn strikes(&self, fault: &Fault) -> bool {
        self.strikes_as(|ordered| (ordered == fault).then_some(())).is_some()
    }

    /// The first ordered fault that `pick` recognises; it strikes now.
    pub(super) fn strikes_as<T>(&self, pick: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let mut book = self.book();
        let (place, picked) = book
            .waiting
            .iter()
            .enumerate()
            .find_map(|(place, (fault, _))| pick(fault).map(|picked| (place, picked)))?;
        if let Some((_, times)) = book.waiting.get_mut(place) {
            *times -= 1;
            if *times == 0 {
                book.waiting.remove(place);
            }
        }
        Some(picked)
    }

    /// The fault that `pick` recognises, for faults that stay once they have struck.
    pub(super) fn stands<T>(&self, pick: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let struck = self.strikes_as(|fault| pick(fault).map(|_| fault.clone()));
        let mut book = self.book();
        book.standing.extend(struck);
        book.standing.iter().rev().find_map(pick)
    }

    /// By how much the clock that is shown runs ahead.
    pub(super) fn clock_ahead(&self) -> Duration {
        let ahead = self.stands(|fault| match fault {
            Fault::ClockAhead { by } => Some(*by),
            _ => None,
        });
        ahead.unwrap_or_default()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_strikes_as_often_as_ordered_and_then_is_no_longer_pending() {
        let faults = Faults::default();
        faults.order_times(Fault::TokenRejected, 2);
        faults.order_times(Fault::DataverseHtml, 0);
        assert!(!faults.strikes(&Fault::DataverseHtml));
        assert!(faults.strikes(&Fault::TokenRejected));
        assert_eq!(faults.pending(), [Fault::TokenRejected]);
        assert!(faults.strikes(&Fault::TokenRejected));
        assert!(!faults.strikes(&Fault::TokenRejected));
        assert_eq!(faults.pending(), []);
    }

    #[test]
    fn orders_of_one_kind_strike_in_the_order_they_came() {
        let faults = Faults::default();
        let wait = |fault: &Fault| match fault {
            Fault::TokenThrottled { retry_after } => Some(*retry_after),
            _ => None,
        };
        faults.order(Fault::TokenThrottled { retry_after: 1 });
        faults.order(Fault::TokenThrottled { retry_after: 2 });
        assert_eq!(
            [faults.strikes_as(wait), faults.strikes_as(wait), faults.strikes_as(wait)],
            [Some(1), Some(2), None]
        );
    }

    #[test]
    fn a_standing_fault_is_pending_until_it_first_strikes_and_stays_afterwards() {
        let faults = Faults::default();
        let is_on = |fault: &Fault| (*fault == Fault::ReuseDetection).then_some(());
        assert!(faults.stands(is_on).is_none());
        faults.order(Fault::ReuseDetection);
        assert_eq!(faults.pending(), [Fault::ReuseDetection]);
        assert!(faults.stands(is_on).is_some());
        assert_eq!(faults.pending(), []);
        assert!(faults.stands(is_on).is_some());
    }

    #[test]
    fn clones_share_one_book() {
        let faults = Faults::default();
        faults.clone().order(Fault::LoseAnswer);
        assert!(faults.strikes(&Fault::LoseAnswer));
    }
}
