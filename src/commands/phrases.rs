//! What failures of the commands themselves mean and what to do.

use crate::problem::{Exit, Phrase, Who};

/// The phrases of this room.
pub const PHRASES: &[&Phrase] = &[
    &UNKNOWN_CODE,
    &NO_CODE_FOUND,
    &UNKNOWN_COMMAND,
    &USAGE,
    &NOBODY_AT_THE_BROWSER,
    &NOBODY_AT_THE_APP,
    &SANDBOX_NOT_STARTED,
    &DEMO_STOPPED,
    &NOBODY_TO_ENTER_THE_CODE,
    &FLAG_OF_ANOTHER_FLOW,
    &CLIENT_ID_NEEDED,
    &NOTHING_TO_REGISTER,
    &CERTIFICATE_NEEDED,
    &NOBODY_VOUCHES,
    &SECRET_OF_NOBODY,
    &SECRETS_LEFT,
    &PASTE_NEEDS_THE_ADDRESS,
    &WHICH_TO_FORGET,
    &NO_VALUE,
    &EMPTY_COLUMN,
    &UNKNOWN_CHECK,
    &NOTHING_TO_SET,
    &BUG,
];

/// Every phrase of every room, for `explain` and for the tests that walk them.
#[must_use]
pub fn phrasebook() -> Vec<&'static Phrase> {
    [
        crate::environment::PHRASES,
        crate::paths::PHRASES,
        crate::paths::GIVEN_PHRASES,
        crate::connection::PHRASES,
        crate::tenant::PHRASES,
        crate::settings::PHRASES,
        crate::settings::CONNECTION_STRING_PHRASES,
        crate::net::PHRASES,
        crate::output::PHRASES,
        crate::store::PHRASES,
        crate::store::BUNDLE_PHRASES,
        crate::auth::PHRASES,
        crate::dataverse::PHRASES,
        crate::dataverse::VALUE_PHRASES,
        crate::dataverse::BATCH_PHRASES,
        crate::dataverse::FILE_PHRASES,
        crate::commands::records::MANY_PHRASES,
        crate::commands::records::WHICH_PHRASES,
        crate::session::PHRASES,
        crate::doctor::PHRASES,
        crate::child::PHRASES,
        crate::commands::serving::PHRASES,
        crate::proxy::PHRASES,
        crate::session::SHARING_PHRASES,
        crate::commands::organisations::ORGANISATIONS_PHRASES,
        crate::commands::admin_consent::CONSENT_PHRASES,
        crate::commands::api::API_PHRASES,
        crate::commands::app::APP_PHRASES,
        PHRASES,
        crate::commands::empty_argument::PHRASES,
        crate::commands::naming::PHRASES,
        crate::commands::connections::PHRASES,
        crate::commands::moving_phrases::MOVING_PHRASES,
    ]
    .concat()
}

pub(super) static USAGE: Phrase = Phrase {
    code: "commands/usage",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "it is not how this command is written",
    remedy: &["run it with `--help` to see its flags and examples"],
};

pub(super) static NOBODY_AT_THE_BROWSER: Phrase = Phrase {
    code: "commands/nobody-at-the-browser",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "there is no terminal here, or `--no-input` or `CI` forbids it",
    remedy: &[
        "run it with `--no-browser` and open the printed address yourself; without `--no-input` and CI, `--auth device` shows a code to enter on another device",
        "in a script set D365CONN_TENANT_URL with D365CONN_CLIENT_ID and D365CONN_CLIENT_SECRET: no sign-in is needed then",
    ],
};

pub(super) static NOBODY_AT_THE_APP: Phrase = Phrase {
    code: "commands/nobody-at-the-app",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "there is no terminal here, or `--no-input` or `CI` forbids it",
    remedy: &["run the same `d365conn` command without `--browser`: it prints the address"],
};

pub(super) static UNKNOWN_CODE: Phrase = Phrase {
    code: "commands/unknown-code",
    exit: Exit::NotFound,
    who: Who::You,
    meaning: "it is no AADSTS number, no Dataverse code or name, and none of ours",
    remedy: &[
        "run `d365conn explain {nearest}`, which is the nearest",
        "copy the code as it was shown: `AADSTS65001`, `0x80072560`, `DuplicateRecord`, `auth/secret-required`",
        "look an AADSTS number up at https://login.microsoftonline.com/error",
    ],
};

pub(super) static NO_CODE_FOUND: Phrase = Phrase {
    code: "commands/no-code-found",
    exit: Exit::NotFound,
    who: Who::You,
    meaning: "codes look like AADSTS65001, 0x80072560 or -2147015902",
    remedy: &["copy the whole message, with its code, and run `d365conn explain -` again"],
};

pub(super) static UNKNOWN_COMMAND: Phrase = Phrase {
    code: "commands/unknown-command",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a manual page exists for the commands of d365conn only",
    remedy: &["run `d365conn --help` for the list of commands"],
};

pub(super) static SANDBOX_NOT_STARTED: Phrase = Phrase {
    code: "commands/sandbox-not-started",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "another program holds that port, or this computer allows no listening",
    remedy: &["run `d365conn sandbox` without `--port` to take a free one"],
};

pub(super) static DEMO_STOPPED: Phrase = Phrase {
    code: "commands/demo-stopped",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "a step of the demo did not end as it should; what it said stands above",
    remedy: &["run `d365conn demo -vv` to see every request of it"],
};

pub(super) static NOBODY_TO_ENTER_THE_CODE: Phrase = Phrase {
    code: "commands/nobody-to-enter-the-code",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "`--no-input`, D365CONN_NO_INPUT or CI says that nobody is to be asked anything, and a code in a log is good for whoever reads it",
    remedy: &[
        "sign an app in instead: `d365conn connect --auth secret --client-id ID`, or set D365CONN_TENANT_URL with D365CONN_CLIENT_ID and D365CONN_CLIENT_SECRET",
        "if somebody is there, unset CI and D365CONN_NO_INPUT, and leave `--no-input` out",
    ],
};

pub(super) static FLAG_OF_ANOTHER_FLOW: Phrase = Phrase {
    code: "commands/flag-of-another-flow",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "it would mean nothing there, and what was meant is not guessed",
    remedy: &[
        "leave `{flag}` out",
        "sign in the way that `{flag}` belongs to: `d365conn connect --help` shows what goes with each `--auth`",
    ],
};

pub(super) static CLIENT_ID_NEEDED: Phrase = Phrase {
    code: "commands/client-id-needed",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "only an app that an administrator made an application user for can be connected without a person",
    remedy: &[
        "name it: `--client-id ID`, from Entra admin center → App registrations → the app → Overview → Application (client) ID",
        "run `d365conn app setup --client-credentials` to see how such an app is registered",
    ],
};

pub(super) static NOTHING_TO_REGISTER: Phrase = Phrase {
    code: "commands/nothing-to-register",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the public part of a certificate is registered, in PEM or DER form, as it is uploaded in the portal",
    remedy: &[
        "name such a file: `d365conn sandbox --register-certificate FILE`; a PFX is turned into one with `openssl pkcs12 -nokeys -in FILE -out FILE.pem`",
    ],
};

pub(super) static CERTIFICATE_NEEDED: Phrase = Phrase {
    code: "commands/certificate-needed",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the app proves itself with the private key of a certificate that is registered with it",
    remedy: &[
        "name the file with both, PEM or PFX: `--certificate FILE`, or set D365CONN_CERTIFICATE_FILE",
        "to make one: `openssl req -x509 -newkey rsa:3072 -nodes -days 365 -subj /CN=d365conn -keyout both.pem -out both.crt`, then `cat both.crt >> both.pem`, and upload `both.crt` in Entra admin center → App registrations → the app → Certificates & secrets → Certificates",
    ],
};

pub(super) static NOBODY_VOUCHES: Phrase = Phrase {
    code: "commands/nobody-vouches",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "this is no job of GitHub Actions or Azure Pipelines, and no file with another provider's token is named",
    remedy: &[
        "name the file: `--federated-token-file FILE`, or set D365CONN_FEDERATED_TOKEN_FILE",
        "in GitHub Actions, give the job the line `id-token: write` under `permissions:`; in Azure Pipelines, map `SYSTEM_ACCESSTOKEN: $(System.AccessToken)` under `env:`",
    ],
};

pub(super) static SECRET_OF_NOBODY: Phrase = Phrase {
    code: "commands/secret-of-nobody",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "only an app of your own has a client secret; the managed app signs in without one",
    remedy: &[
        "name the app it belongs to: `d365conn connect --client-id ID --client-secret-stdin`",
        "leave the client secret out",
    ],
};

pub(super) static SECRETS_LEFT: Phrase = Phrase {
    code: "commands/secrets-left",
    exit: Exit::Store,
    who: Who::You,
    meaning: "no command uses them any more; whoever can open the {place} could",
    remedy: &[
        "end what they are good for: sign out everywhere at https://myaccount.microsoft.com, or have an administrator revoke the user's sessions",
        "delete every entry of the service `d365conn` whose name begins with {id}, in the program that shows the keyring (Seahorse, Keychain Access, Credential Manager)",
    ],
};

pub(super) static PASTE_NEEDS_THE_ADDRESS: Phrase = Phrase {
    code: "commands/paste-needs-the-address",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "only `--response-mode query` puts the answer where it can be copied; `--paste` chooses it by itself",
    remedy: &["leave `--response-mode` out", "leave `--paste` out, where the browser runs on this computer"],
};

pub(super) static WHICH_TO_FORGET: Phrase = Phrase {
    code: "commands/which-to-forget",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the default connection is the one that other commands use; it is not forgotten for that",
    remedy: &[
        "name it: `d365conn disconnect NAME`, where NAME is one of: {known}",
        "to forget all of them, run `d365conn disconnect --all`",
    ],
};

pub(super) static NO_VALUE: Phrase = Phrase {
    code: "commands/no-value",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a record is written from its values",
    remedy: &[
        "give at least one: `column=text`, `column:=JSON`, or all of them with `--data`",
        "for a record without any value say so, with an empty JSON object behind `--data`",
    ],
};

pub(super) static EMPTY_COLUMN: Phrase = Phrase {
    code: "commands/empty-column",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "columns are given by name, with one comma between two of them",
    remedy: &["name the columns, such as `--select name,accountnumber`, or leave `--select` out for those that matter"],
};

pub(super) static UNKNOWN_CHECK: Phrase = Phrase {
    code: "commands/unknown-check",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the checks are {checks}",
    remedy: &["name some of them, such as `d365conn doctor --only store,token`, or leave `--only` out for all"],
};

pub(super) static NOTHING_TO_SET: Phrase = Phrase {
    code: "commands/nothing-to-set",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the command changes what it is given a flag for, and it was given none",
    remedy: &["run `d365conn connections set --help` to see what can be set"],
};

pub(super) static BUG: Phrase = Phrase {
    code: "commands/bug",
    exit: Exit::Bug,
    who: Who::You,
    meaning: "this is a mistake in d365conn, not in what you typed",
    remedy: &["report it with the command you ran and the output of `d365conn version`"],
};
