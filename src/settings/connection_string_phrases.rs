//! What a connection string that can't be used means, and what to do instead. Nothing here reads one.

use crate::problem::{Exit, Phrase, Who};

/// The phrases of connection strings.
pub const CONNECTION_STRING_PHRASES: &[&Phrase] = &[
    &EMPTY,
    &UNREADABLE,
    &UNKNOWN_PART,
    &TWICE,
    &INCOMPLETE,
    &UNKNOWN_AUTH_TYPE,
    &UNKNOWN_LOGIN_PROMPT,
    &PASSWORD,
    &CERTIFICATE,
];

const INSTEAD: &str =
    "leave the string out and name what it says: `d365conn connect --tenant-url https://ORG.crm.dynamics.com`";

const fn own(code: &'static str, meaning: &'static str, remedy: &'static [&'static str]) -> Phrase {
    Phrase { code, exit: Exit::Usage, who: Who::You, meaning, remedy }
}

pub(super) static EMPTY: Phrase = own(
    "settings/connection-string-empty",
    "one was expected on standard input",
    &["send it there from the file that holds it: `d365conn connections import --from connection-string < FILE`"],
);

pub(super) static UNREADABLE: Phrase = own(
    "settings/connection-string-unreadable",
    "it is written `Name=value;Name=value`, without quotation marks around the whole; its text is not shown, because it may hold a password",
    &["mend part {part}: a value with a `;` in it stands in quotation marks", INSTEAD],
);

pub(super) static UNKNOWN_PART: Phrase = own(
    "settings/connection-string-unknown-part",
    "the name is none that XRM tooling knows; it is not shown, because it may be the rest of a password",
    &[
        "correct the name of part {part}: Url, AuthType, ClientId, ClientSecret, RedirectUri, Username and LoginPrompt are the usual ones",
        "if a value before it has a `;` in it, put that value in quotation marks",
        INSTEAD,
    ],
);

pub(super) static TWICE: Phrase = own(
    "settings/connection-string-twice",
    "only one of them can be meant; Url, Server and ServiceUri are one, and so are ClientId, AppId and ApplicationId",
    &["take one `{name}` out"],
);

pub(super) static INCOMPLETE: Phrase = own(
    "settings/connection-string-incomplete",
    "the sign-in it describes can't do without",
    &["add `{name}=…` to the string", INSTEAD],
);

pub(super) static UNKNOWN_AUTH_TYPE: Phrase = own(
    "settings/connection-string-auth-type",
    "the kinds that XRM tooling knows are OAuth, ClientSecret, Certificate, and the retired Office365, AD and IFD",
    &["write `AuthType=OAuth` for a user who signs in in the browser", INSTEAD],
);

pub(super) static UNKNOWN_LOGIN_PROMPT: Phrase = own(
    "settings/connection-string-login-prompt",
    "the values that XRM tooling knows are Auto, Always, Never and SelectAccount",
    &["take `LoginPrompt` out of the string, and say what to ask with `--prompt login` or `--prompt select-account`"],
);

pub(super) static PASSWORD: Phrase = own(
    "settings/connection-string-password",
    "d365conn takes no user's password: a password sent by a program passes by multi-factor sign-in, Entra refuses that wherever security defaults or Conditional Access ask for more, and Dynamics 365 has retired the WS-Trust sign-in of these strings; nothing was sent",
    &[
        "sign in in the browser: `d365conn connect --tenant-url {tenant_url}`",
        "where nobody can sign in, use an application: set D365CONN_TENANT_URL={tenant_url}, D365CONN_CLIENT_ID and D365CONN_CLIENT_SECRET_FILE, then run `d365conn whoami`; an app of type Web with users takes `--client-secret-stdin`",
        "change the password if the string was shared or stood in a file that others read",
    ],
);

pub(super) static CERTIFICATE: Phrase = own(
    "settings/connection-string-certificate",
    "its thumbprint names a certificate in a store that d365conn doesn't open; nothing was saved or sent",
    &[
        "make a client secret for the app (Entra admin center → App registrations → app {client_id} → Certificates & secrets), set D365CONN_TENANT_URL={tenant_url}, D365CONN_CLIENT_ID={client_id} and D365CONN_CLIENT_SECRET_FILE, then run `d365conn whoami`",
        "for a user who signs in in the browser, run `d365conn connect --tenant-url {tenant_url}`",
    ],
);
