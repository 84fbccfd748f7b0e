//! What the failures of this room mean and what to do about them. Nothing here decides which one happened.

use crate::problem::{Exit, Phrase, Who};

/// The phrases of this room.
pub const PHRASES: &[&Phrase] = &[
    &UNKNOWN_CONNECTION,
    &NAME_TAKEN,
    &NO_CONNECTION,
    &NO_DEFAULT,
    &REGISTRY_DAMAGED,
    &REGISTRY_NEWER,
    &LOCK_TIMEOUT,
    &LOCK_UNUSABLE,
    &KEYRING_ABSENT,
    &LIVES_IN_KEYRING,
    &KEYRING_LOCKED,
    &KEYRING_TIMEOUT,
    &KEYRING_DENIED,
    &FAILED,
    &SECRETS_DAMAGED,
    &SECRETS_NEWER,
    &MADE_FOR_ANOTHER,
    &WRONG_PASSPHRASE,
    &EMPTY_PASSPHRASE,
    &SHORT_PASSPHRASE,
    &FILE_DAMAGED,
    &FILE_NEWER,
    &FILE_VANISHED,
];

const CHOOSE_FILE: &str = "keep secrets in a passphrase-encrypted file instead: `d365conn connect --store file --tenant-url https://ORG.crm.dynamics.com`";
const CHOOSE_ENVIRONMENT: &str = "in CI, keep nothing: set `D365CONN_TENANT_URL`, `D365CONN_CLIENT_ID` and `D365CONN_CLIENT_SECRET`, and run the command without `--connection`";

const fn own(code: &'static str, exit: Exit, meaning: &'static str, remedy: &'static [&'static str]) -> Phrase {
    Phrase { code, exit, who: Who::You, meaning, remedy }
}

pub(super) static UNKNOWN_CONNECTION: Phrase = own(
    "store/unknown-connection",
    Exit::Usage,
    "connections are found by the exact name they were saved under",
    &[
        "if `{nearest}` was meant, run the command again with `{nearest}` in place of `{name}`",
        "these are saved: {known} (`d365conn connections list` shows more of each)",
        "to make one of this name, run `d365conn connect --name {name} --tenant-url https://ORG.crm.dynamics.com`",
    ],
);

pub(super) static NAME_TAKEN: Phrase = own(
    "store/name-taken",
    Exit::Usage,
    "two connections can't have one name, and nothing was changed",
    &[
        "choose another name: `d365conn connections list` shows those in use",
        "remove the one for {tenant_url} first, if it is no longer needed: `d365conn disconnect {name}`",
    ],
);

pub(super) static NO_CONNECTION: Phrase = own(
    "store/no-connection",
    Exit::SignIn,
    "there is nothing to sign in with yet",
    &[
        "run `d365conn connect --tenant-url https://ORG.crm.dynamics.com`, with your organisation's name for ORG",
        "in CI, set `D365CONN_TENANT_URL`, `D365CONN_CLIENT_ID` and `D365CONN_CLIENT_SECRET`",
        "run `d365conn demo` to try it without an organisation",
    ],
);

pub(super) static NO_DEFAULT: Phrase = own(
    "store/no-default",
    Exit::Usage,
    "d365conn doesn't guess which organisation is meant",
    &[
        "run the command again with `-c NAME`, where NAME is one of: {known}",
        "choose one for all commands: `d365conn connections use NAME`",
    ],
);

pub(super) static REGISTRY_DAMAGED: Phrase = own(
    "store/registry-damaged",
    Exit::Store,
    "the list of saved connections can't be read, so it was left as it is; the secrets are kept elsewhere and are untouched",
    &[
        "open `{path}` in an editor and mend line {line}",
        "put a backup of `{path}` back",
        "move it away with `mv '{path}' '{path}.bad'`, and connect again: `d365conn connect --tenant-url https://ORG.crm.dynamics.com`",
    ],
);

pub(super) static REGISTRY_NEWER: Phrase = own(
    "store/registry-newer",
    Exit::Store,
    "a later release of d365conn wrote the list of saved connections; it was left as it is",
    &[
        "use that later release: `d365conn version` shows which one this is",
        "keep this release's connections apart: set `D365CONN_CONFIG_DIR` and `D365CONN_STATE_DIR` to new directories",
    ],
);

pub(super) static LOCK_TIMEOUT: Phrase = own(
    "store/lock-timeout",
    Exit::Store,
    "one process at a time may renew a sign-in or change what is saved, and another one neither finished nor let go",
    &[
        "see what it is doing with `ps -o pid,stat,etime,args -p {pid}`; if it is stopped (stat T), let it go on with `kill -CONT {pid}`, or end it with `kill -9 {pid}`",
        "when no other d365conn command is running any more, run this command again: `d365conn doctor --only store` tells whether all is well",
    ],
);

pub(super) static LOCK_UNUSABLE: Phrase = own(
    "store/lock-unusable",
    Exit::Store,
    "without locks, two commands at once could destroy a sign-in, so d365conn doesn't go on; network drives often have none",
    &["set `D365CONN_STATE_DIR` to a directory on a local disk"],
);

pub(super) static KEYRING_ABSENT: Phrase = own(
    "store/keyring-absent",
    Exit::Store,
    "secrets are kept in the system's keyring, and this session has none; nothing was written anywhere else",
    &[
        "sign in to a desktop session, or start one for this command: `dbus-run-session -- d365conn …` with a keyring such as gnome-keyring installed",
        CHOOSE_FILE,
        CHOOSE_ENVIRONMENT,
    ],
);

pub(super) static LIVES_IN_KEYRING: Phrase = own(
    "store/lives-in-keyring",
    Exit::Store,
    "a connection keeps its store: nothing was looked for elsewhere, and nothing was written",
    &[
        "run the command in the session in which you connected, such as the desktop; over SSH `dbus-run-session -- d365conn …` starts another, empty keyring",
        "move the secrets where they can be reached from everywhere: in a session that has the keyring, run `d365conn connections set {connection} --store file`",
        "sign in again and keep the new secrets in the encrypted file: `d365conn connect --name {connection} --store file --tenant-url {tenant_url}`",
        "in CI, keep nothing: set `D365CONN_TENANT_URL`, `D365CONN_CLIENT_ID` and `D365CONN_CLIENT_SECRET`, and run the command without `--connection`",
    ],
);

pub(super) static KEYRING_LOCKED: Phrase = own(
    "store/keyring-locked",
    Exit::Store,
    "the keyring runs, but has to be unlocked before it gives or takes a secret; nothing was written anywhere else",
    &[
        "unlock it: sign in to the desktop, or run `gnome-keyring-daemon --unlock` and type its password (`security unlock-keychain` on a Mac); then run the command again",
        CHOOSE_FILE,
        CHOOSE_ENVIRONMENT,
    ],
);

pub(super) static KEYRING_TIMEOUT: Phrase = own(
    "store/keyring-timeout",
    Exit::Store,
    "the keyring's process takes calls but doesn't answer them: it is stopped, overloaded or broken",
    &[
        "restart it: `systemctl --user restart gnome-keyring-daemon`, or sign out of the desktop and in again; then run the command again",
        CHOOSE_FILE,
        CHOOSE_ENVIRONMENT,
    ],
);

pub(super) static KEYRING_DENIED: Phrase = own(
    "store/keyring-denied",
    Exit::Store,
    "the keyring, or a policy in front of it, doesn't let this program in, or the question whether it may was answered with no",
    &[
        "run the command again and allow d365conn when the system asks, or have the policy (SELinux, AppArmor, Flatpak, Keychain access) allow it: `d365conn doctor --only store` tells whether it worked",
        CHOOSE_FILE,
        CHOOSE_ENVIRONMENT,
    ],
);

pub(super) static FAILED: Phrase = own(
    "store/failed",
    Exit::Store,
    "the place for secrets failed in a way that d365conn doesn't know",
    &["run `d365conn doctor --only store` to see whether it fails again", CHOOSE_FILE, CHOOSE_ENVIRONMENT],
);

pub(super) static SECRETS_DAMAGED: Phrase = own(
    "store/secrets-damaged",
    Exit::Store,
    "something is kept for this connection, but not all that was written; no piece of it is used",
    &["run `d365conn reconnect NAME` to sign in again and keep new secrets in place of the damaged ones"],
);

pub(super) static SECRETS_NEWER: Phrase = own(
    "store/secrets-newer",
    Exit::Store,
    "a later release of d365conn wrote the secrets of this connection; they were left as they are",
    &[
        "use that later release: `d365conn version` shows which one this is",
        "forget the connection with `d365conn disconnect NAME`, and connect again with this release",
    ],
);

pub(super) static MADE_FOR_ANOTHER: Phrase = own(
    "store/made-for-another",
    Exit::Store,
    "secrets are sent to nobody but those they were made for, whatever the list of connections says by now: it was changed by something else than d365conn, and nothing was sent",
    &[
        "if you didn't mean that change, undo it: in `{path}`, `{connection}` had `{key} = \"{made_for}\"`; `{path}.previous` is the list before its last change by d365conn",
        "if {listed} is right, sign in for it anew: `d365conn reconnect {connection}` uses none of the secrets that are kept; an app's own secret is given with `--client-secret-stdin`, a certificate with `--certificate`",
        "let it go with its secrets: `d365conn disconnect {connection}`",
    ],
);

pub(super) static WRONG_PASSPHRASE: Phrase = own(
    "store/wrong-passphrase",
    Exit::Store,
    "the file is in order, so the passphrase is another one than it was made with",
    &[
        "run the command again with the right passphrase: at the prompt, or in the file that `D365CONN_STORE_PASSPHRASE_FILE` names",
        "if it is lost, so are the secrets: move the file away with `mv '{path}' '{path}.lost'`, then run `d365conn reconnect NAME` for each connection kept in it",
    ],
);

pub(super) static EMPTY_PASSPHRASE: Phrase = own(
    "store/empty-passphrase",
    Exit::Usage,
    "an empty passphrase would protect nothing",
    &[
        "write the passphrase into the file that `D365CONN_STORE_PASSPHRASE_FILE` names, or unset that variable and type it at the prompt",
    ],
);

pub(super) static SHORT_PASSPHRASE: Phrase = own(
    "store/short-passphrase",
    Exit::Usage,
    "what is encrypted is worth no more than its passphrase, and one so short is found by trying; nothing was written",
    &[
        "choose one of {least} characters or more: at the prompt, or in the file that `--passphrase-file` or `D365CONN_STORE_PASSPHRASE_FILE` names",
    ],
);

pub(super) static FILE_DAMAGED: Phrase = own(
    "store/file-damaged",
    Exit::Store,
    "the encrypted secret file was changed or cut off by something else than d365conn; nothing in it is used, and it was left as it is",
    &[
        "put a backup of `{path}` back",
        "move it away with `mv '{path}' '{path}.bad'`, then run `d365conn reconnect NAME` for each connection kept in it",
    ],
);

pub(super) static FILE_NEWER: Phrase = own(
    "store/file-newer",
    Exit::Store,
    "a later release of d365conn wrote the encrypted secret file; it was left as it is",
    &[
        "use that later release: `d365conn version` shows which one this is",
        "keep this release's secrets apart: set `D365CONN_CONFIG_DIR` and `D365CONN_STATE_DIR` to new directories",
    ],
);

pub(super) static FILE_VANISHED: Phrase = own(
    "store/file-vanished",
    Exit::Store,
    "this connection's secrets were kept in that file, and it was moved or removed; or `D365CONN_STATE_DIR` now names another directory",
    &[
        "put the file back at `{path}`, or set `D365CONN_STATE_DIR` to the directory that holds it",
        "run `d365conn reconnect NAME` to sign in again and make a new one",
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_is_complete() {
        for phrase in PHRASES.iter().chain(crate::paths::PHRASES) {
            let code = phrase.code;
            assert_eq!(PHRASES.iter().filter(|other| other.code == code).count().max(1), 1, "{code} twice");
            assert!(!phrase.remedy.is_empty(), "{code}");
            assert!(phrase.remedy.iter().all(|line| line.matches('`').count() >= 2), "{code}: a line names no command");
            assert!(!phrase.meaning.ends_with('.') && phrase.meaning.starts_with(char::is_lowercase), "{code}");
        }
    }
}
