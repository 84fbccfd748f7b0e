//! What a keyring's complaint means: absent, locked, denied or something else. Pure judging of its words; nothing here
//! calls a keyring.

use std::time::Duration;

use crate::store::StoreError;

/// What sort of complaint it was, as far as the keyring's own error tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Complaint {
    /// There is a store, and it doesn't let us in.
    NoAccess,
    /// Anything else: the reason is in the words only.
    Platform,
}

/// What the Secret Service says when its question was turned away: by a person, or at once because nobody can be asked.
const DISMISSED: &str = "prompt dismissed";
/// No person reads a question and turns it away sooner.
const FASTEST_PERSON: Duration = Duration::from_millis(1200);

/// Words of the Secret Service's, D-Bus', the Keychain's and Windows' messages, lower case.
const LOCKED: &[&str] = &["object locked", "islocked", "prompt dismissed", "interaction is not allowed", "-25308"];
const DENIED: &[&str] = &[
    "accessdenied",
    "access denied",
    "access is denied",
    "permission denied",
    "not authorized",
    "auth failed",
    "cancel",
    "-25293",
    "-128",
];
const ABSENT: &[&str] = &[
    "no secret service provider",
    "failed to connect",
    "serviceunknown",
    "not provided by any",
    "namehasnoowner",
    "address error",
    "i/o error",
    "handshake failed",
    "dbus.error.spawn",
    "noserver",
    "noreply",
    "disconnected",
    "connection closed",
    "no such logon session",
    "logon session does not exist",
];

/// The failure that a keyring's complaint amounts to. `detail` holds the keyring's own words.
pub(super) fn judge(complaint: Complaint, detail: String) -> StoreError {
    let words = detail.to_ascii_lowercase();
    let says = |list: &[&str]| list.iter().any(|word| words.contains(word));
    if says(ABSENT) {
        StoreError::StoreAbsent { detail }
    } else if says(LOCKED) {
        StoreError::StoreLocked { detail }
    } else if says(DENIED) {
        StoreError::StoreDenied { detail }
    } else if complaint == Complaint::NoAccess {
        StoreError::StoreLocked { detail }
    } else {
        StoreError::StoreFailed { detail }
    }
}

/// The same failure, now that it is known how long the call `waited`: a question that stood for a while and was turned
/// away then was answered with no, and unlocking by other means is not what the user wants to hear of.
pub(super) fn judge_again(error: StoreError, waited: Duration) -> StoreError {
    match error {
        StoreError::StoreLocked { detail }
            if waited >= FASTEST_PERSON && detail.to_ascii_lowercase().contains(DISMISSED) =>
        {
            StoreError::StoreDenied { detail }
        }
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use crate::problem::Diagnose as _;

    use super::*;

    #[test]
    fn every_complaint_that_was_ever_met_is_told_apart() {
        use Complaint::{NoAccess, Platform};
        let check = |complaint, words: &str, code: &str| {
            assert_eq!(judge(complaint, words.to_owned()).phrase().code, code, "{words}");
        };
        check(
            Platform,
            "zbus error: Failed to connect to address `unix:path=/run/user/0/bus`: No such file or directory (os error 2)",
            "store/keyring-absent",
        );
        check(
            Platform,
            "zbus error: org.freedesktop.DBus.Error.ServiceUnknown: The name org.freedesktop.secrets was not provided by any .service files",
            "store/keyring-absent",
        );
        check(
            Platform,
            "zbus error: org.freedesktop.DBus.Error.NoReply: Message recipient disconnected from message bus without replying",
            "store/keyring-absent",
        );
        check(Platform, "no secret service provider or dbus session found", "store/keyring-absent");
        check(NoAccess, "SS error: connection closed before prompt completed", "store/keyring-absent");
        check(NoAccess, "SS error: prompt dismissed", "store/keyring-locked");
        check(NoAccess, "SS error: result not returned from SS API", "store/keyring-locked");
        check(NoAccess, "SS Error: object locked", "store/keyring-locked");
        check(
            Platform,
            "zbus error: org.freedesktop.Secret.Error.IsLocked: Cannot create an item in a locked collection",
            "store/keyring-locked",
        );
        check(Platform, "User interaction is not allowed.", "store/keyring-locked");
        check(
            Platform,
            "zbus error: org.freedesktop.DBus.Error.AccessDenied: An SELinux policy prevents this sender from sending this message",
            "store/keyring-denied",
        );
        check(NoAccess, "User canceled the operation.", "store/keyring-denied");
        check(
            NoAccess,
            "Windows ERROR_NO_SUCH_LOGON_SESSION: A specified logon session does not exist.",
            "store/keyring-absent",
        );
        check(Platform, "Crypto error: bad padding", "store/failed");
    }

    #[test]
    fn a_question_turned_away_by_a_person_is_a_no_and_one_that_nobody_saw_is_a_lock() {
        let code = |detail: &str, waited: u64| {
            let first = judge(Complaint::NoAccess, detail.to_owned());
            judge_again(first, Duration::from_millis(waited)).phrase().code
        };
        assert_eq!(code("SS error: prompt dismissed", 300), "store/keyring-locked");
        assert_eq!(code("SS error: prompt dismissed", 2500), "store/keyring-denied");
        assert_eq!(code("SS error: object locked", 2500), "store/keyring-locked");
    }
}
