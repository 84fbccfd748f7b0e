//! What Entra's refusals mean here and what to do about them: the entries that the table of AADSTS codes points at.
//! Failures of our own side have theirs in `phrases.rs`.

use crate::problem::{Exit, Phrase, Who};

pub(super) static REDIRECT_URI_MISMATCH: Phrase = Phrase {
    code: "auth/redirect-uri-mismatch",
    exit: Exit::SignIn,
    who: Who::AppOwner,
    meaning: "Entra sends its answer only to addresses that the app's registration lists, letter for letter; for localhost any port will do",
    remedy: &[
        "in Entra admin center → App registrations → app {client_id} → Authentication → Add a platform → Mobile and desktop applications, add `http://localhost` exactly: no port, no final slash, no path (under Web instead, if the app has a client secret)",
        "use what is registered already: `d365conn connect --redirect-uri http://localhost:8400/callback` with that very text",
        "if it was registered or changed within the last minutes, give Entra some more, then run the same `d365conn connect` again",
    ],
};

pub(super) static SECRET_REQUIRED: Phrase = Phrase {
    code: "auth/secret-required",
    exit: Exit::SignIn,
    who: Who::AppOwner,
    meaning: "the redirect URI is registered under Web, where an app must prove itself with its secret, and none was sent",
    remedy: &[
        "run `d365conn connect --tenant-url {tenant_url} --client-id {client_id} --client-secret-stdin` and give the secret's Value",
        "without a secret: Entra admin center → App registrations → app {client_id} → Authentication, remove `http://localhost` from Web and add it under Mobile and desktop applications",
    ],
};

pub(super) static SECRET_UNWANTED: Phrase = Phrase {
    code: "auth/secret-unwanted",
    exit: Exit::SignIn,
    who: Who::AppOwner,
    meaning: "the redirect URI is registered under Mobile and desktop applications, where no secret may be sent, and one was",
    remedy: &[
        "run `d365conn connect --tenant-url {tenant_url} --client-id {client_id}` again without a client secret",
        "to keep the secret: Entra admin center → App registrations → app {client_id} → Authentication, remove `http://localhost` from Mobile and desktop applications and add it under Web",
    ],
};

pub(super) static SINGLE_PAGE_APP: Phrase = Phrase {
    code: "auth/single-page-app",
    exit: Exit::SignIn,
    who: Who::AppOwner,
    meaning: "the tokens of such a registration are for scripts inside a web page, and last a day",
    remedy: &[
        "in Entra admin center → App registrations → app {client_id} → Authentication, remove `http://localhost` from Single-page application and add it under Mobile and desktop applications; then run `d365conn connect --tenant-url {tenant_url} --client-id {client_id}` again",
    ],
};

pub(super) static APP_UNKNOWN: Phrase = Phrase {
    code: "auth/app-unknown",
    exit: Exit::SignIn,
    who: Who::EntraAdmin,
    meaning: "the tenant that owns the organisation does not know this client id: a typing slip, an app registered in another tenant, or one no administrator has let in yet",
    remedy: &[
        "compare it with Entra admin center → App registrations → the app → Application (client) ID, in the tenant that owns the organisation, and run `d365conn connect --client-id ID`",
        "if the app belongs to another tenant, an administrator lets it in by opening {admin_consent_url}",
        "an administrator runs `az ad sp create --id {client_id}` in the tenant that owns the organisation",
        "if it was registered or changed within the last minutes, give Entra some more, then run the same `d365conn connect` again",
    ],
};

pub(super) static APP_DISABLED: Phrase = Phrase {
    code: "auth/app-disabled",
    exit: Exit::SignIn,
    who: Who::EntraAdmin,
    meaning: "an administrator, or Microsoft, has switched the app off in this tenant",
    remedy: &[
        "have an administrator open Entra admin center → Enterprise applications → the app → Properties → Enabled for users to sign in → Yes",
        "until then, use another app: `d365conn connect --client-id ID`",
    ],
};

pub(super) static TENANT_UNKNOWN: Phrase = Phrase {
    code: "auth/tenant-unknown",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "there is no tenant {tenant} at {login_host}: its name is misspelt, it was deleted, or it lives in another cloud",
    remedy: &[
        "leave `--tenant` out: `d365conn connect` learns the tenant from the organisation",
        "copy it from Entra admin center → Overview → Tenant ID",
        "a government or China organisation has its own address ending; check it in Power Platform admin center → Manage → Environments",
    ],
};

pub(super) static TENANT_NEEDED: Phrase = Phrase {
    code: "auth/tenant-needed",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "this sign-in works for one named tenant only, and none was named",
    remedy: &["run `d365conn connect --tenant GUID`, with the Tenant ID from Entra admin center → Overview"],
};

pub(super) static OTHER_CLOUD: Phrase = Phrase {
    code: "auth/other-cloud",
    exit: Exit::SignIn,
    who: Who::EntraAdmin,
    meaning: "the tenant, the app and the organisation do not live in the same cloud; commercial, US government and China are kept apart",
    remedy: &[
        "check the organisation's address in Power Platform admin center → Manage → Environments; its ending decides the cloud",
        "register the app in the cloud of the organisation, at portal.azure.us or portal.azure.cn for the national ones, and run `d365conn connect --client-id ID` with it",
    ],
};

pub(super) static WRONG_ACCOUNT: Phrase = Phrase {
    code: "auth/wrong-account",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the account that signed in does not exist in the tenant that owns the organisation",
    remedy: &[
        "run `d365conn connect --prompt select-account` and choose the account of that tenant, in a private window if the browser keeps choosing another",
        "run `d365conn reconnect {connection}` to do so for the saved connection",
        "have an administrator invite the account: Entra admin center → Users → New user → Invite external user",
    ],
};

pub(super) static INVITATION_OPEN: Phrase = Phrase {
    code: "auth/invitation-open",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the account was invited to the tenant as a guest, and the invitation has not been accepted",
    remedy: &[
        "open the invitation mail and accept it, then run `d365conn connect` again",
        "have an administrator send it once more: Entra admin center → Users → the user → B2B collaboration → Resend invitation",
    ],
};

pub(super) static WORK_ACCOUNT_NEEDED: Phrase = Phrase {
    code: "auth/work-account-needed",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "a personal Microsoft account was used where only work or school accounts are let in",
    remedy: &["run `d365conn connect --prompt select-account` and choose the work or school account"],
};

pub(super) static NOT_ASSIGNED: Phrase = Phrase {
    code: "auth/not-assigned",
    exit: Exit::SignIn,
    who: Who::EntraAdmin,
    meaning: "the app admits only users it is assigned to, and this user is not among them",
    remedy: &[
        "have an administrator open Entra admin center → Enterprise applications → app {client_id} → Users and groups → Add user/group",
        "switch the assignment off: Entra admin center → Enterprise applications → app {client_id} → Properties → Assignment required → No; then run `d365conn connect` again",
    ],
};

pub(super) static USER_DISABLED: Phrase = Phrase {
    code: "auth/user-disabled",
    exit: Exit::SignIn,
    who: Who::EntraAdmin,
    meaning: "an administrator has switched the user off or deleted the account",
    remedy: &[
        "have an administrator look at Entra admin center → Users → the user → Account status",
        "sign in as somebody else: `d365conn connect --prompt select-account`",
    ],
};

pub(super) static PASSWORD: Phrase = Phrase {
    code: "auth/password",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the password is wrong, has expired, must be changed, or the account is locked for a while",
    remedy: &[
        "sign in at https://myaccount.microsoft.com, do what it asks, then run `d365conn connect` again",
        "run `d365conn reconnect {connection}` for the saved connection",
    ],
};

pub(super) static FINISH_IN_BROWSER: Phrase = Phrase {
    code: "auth/finish-in-browser",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "Entra has a question that only the user can answer in the browser",
    remedy: &[
        "run `d365conn connect` again and follow the browser to its end, in a private window if it goes in circles",
        "run `d365conn reconnect {connection}` for the saved connection",
    ],
};

pub(super) static FEDERATION: Phrase = Phrase {
    code: "auth/federation",
    exit: Exit::SignIn,
    who: Who::EntraAdmin,
    meaning: "the company's own sign-in server, to which Entra passed the user on, failed or said no",
    remedy: &[
        "sign in at https://myaccount.microsoft.com with the same account: the same failure there is for the company's help desk, with the correlation id",
        "when it works there, run `d365conn connect` again",
    ],
};

pub(super) static CANCELLED: Phrase = Phrase {
    code: "auth/cancelled",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the request was declined in the browser; nothing was saved",
    remedy: &[
        "run `d365conn connect` again and accept, if it was by mistake",
        "if the list of permissions was too long, leave Microsoft Graph out: `d365conn connect --no-graph`",
        "run `d365conn reconnect {connection}` for the saved connection",
    ],
};

pub(super) static SECOND_FACTOR: Phrase = Phrase {
    code: "auth/second-factor",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the tenant now asks this user for a second factor, which no saved token can give",
    remedy: &[
        "run `d365conn reconnect {connection}` and finish in the browser",
        "run `d365conn connect` and finish in the browser",
        "for unattended work, sign an app in instead, which has no second factor: set D365CONN_TENANT_URL, D365CONN_CLIENT_ID and D365CONN_CLIENT_SECRET, then run `d365conn whoami`",
    ],
};

pub(super) static DEVICE: Phrase = Phrase {
    code: "auth/device",
    exit: Exit::SignIn,
    who: Who::EntraAdmin,
    meaning: "a policy of the tenant admits only computers it manages or finds healthy, and Entra could not see that this one is",
    remedy: &[
        "run `d365conn connect` on an enrolled computer, with a browser that is signed in to the work profile (Microsoft Edge shows the device to Entra)",
        "have an administrator look the correlation id up in Entra admin center → Sign-in logs → Conditional Access",
    ],
};

pub(super) static BLOCKED_BY_POLICY: Phrase = Phrase {
    code: "auth/blocked-by-policy",
    exit: Exit::SignIn,
    who: Who::EntraAdmin,
    meaning: "a Conditional Access policy or a risk rule of the tenant forbids this sign-in: the app, the place, the kind of sign-in or the user's risk",
    remedy: &[
        "have an administrator look the correlation id up in Entra admin center → Sign-in logs → Conditional Access: it names the policy",
        "sign in from a place and a computer that the policy admits: `d365conn connect`",
    ],
};

pub(super) static TENANT_RESTRICTIONS: Phrase = Phrase {
    code: "auth/tenant-restrictions",
    exit: Exit::SignIn,
    who: Who::EntraAdmin,
    meaning: "this network, or an agreement between two tenants, does not admit sign-ins to the tenant that owns the organisation",
    remedy: &[
        "run `d365conn connect` from another network, without the company's proxy",
        "have administrators allow it: the proxy's tenant restrictions, and Entra admin center → External Identities → Cross-tenant access settings, on both sides",
    ],
};

pub(super) static SIGN_IN_TOO_OLD: Phrase = Phrase {
    code: "auth/sign-in-too-old",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the tenant wants users to sign in anew after a set time, and that time is over",
    remedy: &[
        "run `d365conn reconnect {connection}`",
        "run `d365conn connect` again",
        "for unattended work, sign an app in instead: set D365CONN_TENANT_URL, D365CONN_CLIENT_ID and D365CONN_CLIENT_SECRET, then run `d365conn whoami`",
    ],
};

pub(super) static CONSENT_NEEDED: Phrase = Phrase {
    code: "auth/consent-needed",
    exit: Exit::SignIn,
    who: Who::EntraAdmin,
    meaning: "the app has not been granted its permissions in this tenant: nobody has consented yet, or only an administrator may",
    remedy: &[
        "have an administrator open {admin_consent_url} and accept, then run `d365conn connect` again",
        "if you may consent yourself: `d365conn connect --prompt consent`",
        "if only Microsoft Graph's User.Read is in the way, leave it out: `d365conn connect --no-graph`",
        "in the portal: Entra admin center → App registrations → app {client_id} → API permissions → Grant admin consent",
    ],
};

pub(super) static CONSENT_LOST: Phrase = Phrase {
    code: "auth/consent-lost",
    exit: Exit::SignIn,
    who: Who::EntraAdmin,
    meaning: "the app was allowed to act for this user, and no longer is: the consent was withdrawn, or the app's permissions were changed",
    remedy: &[
        "run `d365conn reconnect {connection} --prompt consent` and accept",
        "without a saved connection, run `d365conn connect --prompt consent` and accept",
        "if an administrator must agree first, have one open {admin_consent_url}",
        "see what is granted in Entra admin center → Enterprise applications → app {client_id} → Permissions",
    ],
};

pub(super) static PERMISSION_MISSING: Phrase = Phrase {
    code: "auth/permission-missing",
    exit: Exit::SignIn,
    who: Who::AppOwner,
    meaning: "the app's registration does not list a permission that was asked for, so nobody can grant it",
    remedy: &[
        "in Entra admin center → App registrations → app {client_id} → API permissions → Add a permission → Dynamics CRM → Delegated permissions, tick `user_impersonation`; for the user's name also Microsoft Graph → `User.Read`; then, on the same page, Grant admin consent, and run `d365conn connect` again",
    ],
};

pub(super) static GRAPH_NOT_ALLOWED: Phrase = Phrase {
    code: "auth/graph-not-allowed",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "an app that Microsoft owns asked for a Microsoft permission it was never given; no administrator can grant it",
    remedy: &[
        "run `d365conn connect --no-graph`",
        "register an app of your own, with `http://localhost` under Mobile and desktop applications, and run `d365conn connect --client-id ID`",
    ],
};

pub(super) static NO_DATAVERSE: Phrase = Phrase {
    code: "auth/no-dataverse",
    exit: Exit::SignIn,
    who: Who::EntraAdmin,
    meaning: "the tenant that was signed in to has no Dataverse, or it is switched off there",
    remedy: &[
        "if `--tenant` was given, leave it out: `d365conn connect` learns the tenant from the organisation",
        "run `d365conn connect --prompt select-account` and choose an account of the tenant that owns the organisation",
        "have an administrator see whether Dataverse is enabled: Entra admin center → Enterprise applications → Application type: Microsoft → Dataverse",
    ],
};

pub(super) static ORGANISATION_UNKNOWN: Phrase = Phrase {
    code: "auth/organisation-unknown",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "tenant {tenant} has no organisation at this address: it belongs to another tenant, was renamed, or is misspelt",
    remedy: &[
        "compare the address with Power Platform admin center → Manage → Environments → the environment → Environment URL",
        "leave `--tenant` (or `D365CONN_TENANT_ID`) out: the organisation names its own tenant",
        "run `d365conn doctor --tenant-url {tenant_url}` to see which tenant that is",
    ],
};

pub(super) static SECRET_WRONG: Phrase = Phrase {
    code: "auth/secret-wrong",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "it is none of app {client_id}'s; most often the Secret ID was copied instead of the Value, or the shell changed a character",
    remedy: &[
        "make a new secret in Entra admin center → App registrations → app {client_id} → Certificates & secrets → New client secret, copy its Value (shown only once), and hand it over unchanged: `d365conn connect --tenant-url {tenant_url} --client-id {client_id} --client-secret-stdin` (with `--auth secret` for an app that signs in by itself), or D365CONN_CLIENT_SECRET",
        "for the saved connection, give the Value to `d365conn reconnect {connection} --client-secret-stdin`",
    ],
};

pub(super) static SECRET_EXPIRED: Phrase = Phrase {
    code: "auth/secret-expired",
    exit: Exit::SignIn,
    who: Who::AppOwner,
    meaning: "a secret ends on a date that is chosen when it is made; the app itself is fine",
    remedy: &[
        "make a new one in Entra admin center → App registrations → app {client_id} → Certificates & secrets → New client secret, copy its Value, and give it to `d365conn connect --tenant-url {tenant_url} --client-id {client_id} --client-secret-stdin` (with `--auth secret` for an app that signs in by itself), or set it as D365CONN_CLIENT_SECRET",
        "for the saved connection, give the new Value to `d365conn reconnect {connection} --client-secret-stdin`",
    ],
};

pub(super) static CREDENTIAL_REFUSED: Phrase = Phrase {
    code: "auth/credential-refused",
    exit: Exit::SignIn,
    who: Who::AppOwner,
    meaning: "Entra does not accept what app {client_id} proves itself with",
    remedy: &[
        "compare client id and secret with Entra admin center → App registrations → the app → Certificates & secrets, and run `d365conn connect --client-id ID --client-secret-stdin`",
        "run `d365conn explain -` and paste what Entra said, for more",
    ],
};

pub(super) static CERTIFICATE_REFUSED: Phrase = Phrase {
    code: "auth/certificate-refused",
    exit: Exit::SignIn,
    who: Who::AppOwner,
    meaning: "the certificate is not one that app {client_id} is registered with, or the assertion signed with it is not accepted",
    remedy: &[
        "compare with Entra admin center → App registrations → app {client_id} → Certificates & secrets → Certificates → Thumbprint: this one's is {thumbprint} (SHA-1) or {long_thumbprint} (SHA-256); if it is not listed, upload its public part there",
        "upload the public part in Entra admin center → App registrations → app {client_id} → Certificates & secrets → Certificates, and compare the thumbprint with `openssl x509 -noout -fingerprint -in CERTIFICATE`",
        "until then, sign in with a client secret: `d365conn connect --tenant-url {tenant_url} --client-id {client_id} --client-secret-stdin`",
    ],
};

pub(super) static ASSERTION_REFUSED: Phrase = Phrase {
    code: "auth/assertion-refused",
    exit: Exit::SignIn,
    who: Who::AppOwner,
    meaning: "the signature of the assertion is not one that Entra can check with the keys it trusts for app {client_id}",
    remedy: &[
        "the token says it was signed by `{issuer}`: Entra takes the keys which that issuer publishes at `{issuer}/.well-known/openid-configuration`, so compare the issuer in Entra admin center → App registrations → app {client_id} → Certificates & secrets → Federated credentials",
        "the assertion was signed with the certificate {thumbprint} (SHA-1): compare with Entra admin center → App registrations → app {client_id} → Certificates & secrets → Certificates → Thumbprint",
        "have a new token made by whoever vouches for the app, and run `d365conn whoami` again",
    ],
};

pub(super) static ASSERTION_TIME: Phrase = Phrase {
    code: "auth/assertion-time",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the proof that was sent is not valid at this moment: the computer's clock is off, or it was fetched too long ago",
    remedy: &[
        "this computer's clock says {our_time}, Entra's says {entra_time}: if they differ by minutes, set this one right (`timedatectl set-ntp true` on Linux)",
        "run `d365conn doctor` to compare the clock with Entra's, and set it right (`timedatectl set-ntp true` on Linux)",
        "in a pipeline, let `d365conn` fetch the token itself instead of passing in an old one",
    ],
};

pub(super) static FEDERATED_MISMATCH: Phrase = Phrase {
    code: "auth/federated-mismatch",
    exit: Exit::SignIn,
    who: Who::AppOwner,
    meaning: "no federated credential of the app matches the pipeline's token; issuer, subject and audience are compared letter for letter",
    remedy: &[
        "the federated credential must have exactly: issuer `{issuer}`, subject `{subject}`, audience `{audience}`; set them in Entra admin center → App registrations → app {client_id} → Certificates & secrets → Federated credentials → Other issuer",
        "compare issuer, subject and audience in Entra admin center → App registrations → app {client_id} → Certificates & secrets → Federated credentials with those of the token",
        "a repository made or renamed since July 2026 has ids in its subject: `gh api repos/OWNER/REPO/actions/oidc/customization/sub` shows the prefix",
        "a credential that was just added takes a few minutes: wait, then run `d365conn whoami` again",
    ],
};

pub(super) static REFRESH_TOKEN_EXPIRED: Phrase = Phrase {
    code: "auth/refresh-token-expired",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "it ends when nobody uses it, usually after 90 days, or when the tenant says so; the connection itself is unchanged",
    remedy: &[
        "run `d365conn reconnect {connection}`",
        "without a saved connection, run `d365conn connect` again, or renew `D365CONN_REFRESH_TOKEN`",
        "for unattended work, sign an app in instead: set D365CONN_TENANT_URL, D365CONN_CLIENT_ID and D365CONN_CLIENT_SECRET, then run `d365conn whoami`",
    ],
};

pub(super) static SESSIONS_REVOKED: Phrase = Phrase {
    code: "auth/sessions-revoked",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the password was changed, or the user or an administrator signed out everywhere; the connection itself is unchanged",
    remedy: &[
        "run `d365conn reconnect {connection}`",
        "without a saved connection, run `d365conn connect` again, or renew `D365CONN_REFRESH_TOKEN`",
        "if you changed nothing, ask an administrator why: Entra admin center → Users → the user → Audit logs",
    ],
};

pub(super) static SIGN_IN_AGAIN: Phrase = Phrase {
    code: "auth/sign-in-again",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "what the sign-in rests on is no longer accepted, and only signing in anew helps",
    remedy: &[
        "run `d365conn reconnect {connection}`",
        "without a saved connection, run `d365conn connect` again, finishing within ten minutes",
    ],
};

pub(super) static DEVICE_CODE: Phrase = Phrase {
    code: "auth/device-code",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the code was mistyped, has been used, or its fifteen minutes are over",
    remedy: &[
        "ask for a new code: `d365conn connect --tenant-url {tenant_url} --auth device`, or `d365conn connect --auth device` with the organisation's address",
        "for the saved connection: `d365conn reconnect {connection}`",
        "sign in in the browser of this computer instead: `d365conn connect`",
    ],
};

pub(super) static DEVICE_FORBIDDEN: Phrase = Phrase {
    code: "auth/device-forbidden",
    exit: Exit::SignIn,
    who: Who::EntraAdmin,
    meaning: "a Conditional Access policy of the tenant forbids this sign-in; many tenants forbid device codes altogether, because they are used for phishing, or demand a computer that the company manages, which a code can't prove",
    remedy: &[
        "sign in in the browser of a computer that the policy admits: `d365conn connect --tenant-url {tenant_url}`",
        "for unattended work, sign an app in instead: `d365conn connect --auth secret`, and see `d365conn app setup --client-credentials`",
        "have an administrator look the correlation id up in Entra admin center → Sign-in logs → Conditional Access: it names the policy",
    ],
};

pub(super) static DEVICE_NOT_PUBLIC: Phrase = Phrase {
    code: "auth/device-not-public",
    exit: Exit::SignIn,
    who: Who::AppOwner,
    meaning: "Entra gives device codes to apps that need no secret, and app {client_id} is registered as one that does",
    remedy: &[
        "let it: Entra admin center → App registrations → app {client_id} → Authentication → Settings → Allow public client flows → Yes",
        "leave `--client-id` out to sign in with the managed app, or sign in in the browser: `d365conn connect`",
    ],
};

pub(super) static LOOPING: Phrase = Phrase {
    code: "auth/looping",
    exit: Exit::Busy,
    who: Who::You,
    meaning: "the same request came so often that Entra takes it for a loop",
    remedy: &[
        "stop the script that calls it, wait a few minutes, then run `d365conn doctor`",
        "in a loop, use one saved connection, whose token is kept: `d365conn connections list` shows it",
    ],
};

pub(super) static TENANT_BUSY: Phrase = Phrase {
    code: "auth/tenant-busy",
    exit: Exit::Busy,
    who: Who::EntraAdmin,
    meaning: "the whole tenant sends more sign-ins than Entra admits just now",
    remedy: &[
        "wait a few minutes, then run `d365conn doctor`; when it finds nothing, run the command again",
        "if it lasts, an administrator finds the busiest app in Entra admin center → Sign-in logs",
    ],
};

pub(super) static ENTRA_TROUBLE: Phrase = Phrase {
    code: "auth/entra-trouble",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "something inside Entra failed; that usually passes within minutes",
    remedy: &[
        "wait a few minutes, then run `d365conn doctor`; when it finds nothing, run the command again",
        "if it lasts, look at https://azure.status.microsoft and open a support case with the correlation id: Entra admin center → Diagnose and solve problems",
    ],
};

pub(super) static PROTOCOL_SLIP: Phrase = Phrase {
    code: "auth/protocol-slip",
    exit: Exit::Bug,
    who: Who::You,
    meaning: "Entra calls the request itself malformed: a fault of d365conn, not yours",
    remedy: &["report it with the code, the correlation id and the output of `d365conn version -o json`"],
};

pub(super) static REFUSED: Phrase = Phrase {
    code: "auth/refused",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "Entra gave a reason that the table of this version does not hold; its own words say more",
    remedy: &[
        "open https://login.microsoftonline.com/error in a browser and type the number in: it is always current",
        "have an administrator look the correlation id up in Entra admin center → Sign-in logs",
        "run `d365conn doctor {connection}` to examine the connection link by link",
    ],
};
