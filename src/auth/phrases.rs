//! What failures on our own side of a sign-in mean and what to do: finding the authority, the listener, the answers.
//! Entra's own refusals have theirs in `entra_phrases.rs`.

use crate::auth::{certificate_error, entra_phrases, federated_error, machine_phrases};
use crate::problem::{Exit, Phrase, Who};

/// The phrases of this room.
pub const PHRASES: &[&Phrase] = &[
    &NOT_DATAVERSE,
    &REDIRECTED,
    &ON_PREMISES,
    &BAD_CHALLENGE,
    &NETWORK_BLOCKED,
    &UNTRUSTED_AUTHORITY,
    &FOREIGN_RESOURCE,
    &FOREIGN_ISSUER,
    &BAD_TENANT,
    &BAD_REDIRECT_URI,
    &PORT_TAKEN,
    &NO_LISTENER,
    &TIMED_OUT,
    &NOBODY_CAME,
    &ADMIN_CONSENT_DECLINED,
    &NO_BROWSER,
    &UNFIT_ADDRESS,
    &NOT_ENTRA,
    &UNAVAILABLE,
    &THROTTLED,
    &ODD_TOKEN,
    &FOREIGN_ID_TOKEN,
    &OTHER_TENANT,
    &PERSONAL_ACCOUNT,
    &entra_phrases::REDIRECT_URI_MISMATCH,
    &entra_phrases::SECRET_REQUIRED,
    &entra_phrases::SECRET_UNWANTED,
    &entra_phrases::SINGLE_PAGE_APP,
    &entra_phrases::APP_UNKNOWN,
    &entra_phrases::APP_DISABLED,
    &entra_phrases::TENANT_UNKNOWN,
    &entra_phrases::TENANT_NEEDED,
    &entra_phrases::OTHER_CLOUD,
    &entra_phrases::WRONG_ACCOUNT,
    &entra_phrases::INVITATION_OPEN,
    &entra_phrases::WORK_ACCOUNT_NEEDED,
    &entra_phrases::NOT_ASSIGNED,
    &entra_phrases::USER_DISABLED,
    &entra_phrases::PASSWORD,
    &entra_phrases::FINISH_IN_BROWSER,
    &entra_phrases::FEDERATION,
    &entra_phrases::CANCELLED,
    &entra_phrases::SECOND_FACTOR,
    &entra_phrases::DEVICE,
    &entra_phrases::BLOCKED_BY_POLICY,
    &entra_phrases::TENANT_RESTRICTIONS,
    &entra_phrases::SIGN_IN_TOO_OLD,
    &entra_phrases::CONSENT_NEEDED,
    &entra_phrases::CONSENT_LOST,
    &entra_phrases::PERMISSION_MISSING,
    &entra_phrases::GRAPH_NOT_ALLOWED,
    &entra_phrases::NO_DATAVERSE,
    &entra_phrases::ORGANISATION_UNKNOWN,
    &entra_phrases::SECRET_WRONG,
    &entra_phrases::SECRET_EXPIRED,
    &entra_phrases::CREDENTIAL_REFUSED,
    &entra_phrases::CERTIFICATE_REFUSED,
    &entra_phrases::ASSERTION_REFUSED,
    &entra_phrases::ASSERTION_TIME,
    &entra_phrases::FEDERATED_MISMATCH,
    &certificate_error::GARBAGE,
    &certificate_error::NO_CERTIFICATE,
    &certificate_error::NO_KEY,
    &certificate_error::KEY_MISMATCH,
    &certificate_error::PASSWORD_NEEDED,
    &certificate_error::WRONG_PASSWORD,
    &certificate_error::OLD_ENCRYPTION,
    &certificate_error::UNFIT_KEY,
    &certificate_error::ENDED,
    &certificate_error::NOT_YET,
    &federated_error::GITHUB_PERMISSION,
    &federated_error::PIPELINE_VARIABLE,
    &federated_error::BAD_ADDRESS,
    &federated_error::DECLINED,
    &federated_error::ODD_ANSWER,
    &federated_error::NO_ASSERTION,
    &federated_error::ASSERTION_ENDED,
    &entra_phrases::REFRESH_TOKEN_EXPIRED,
    &entra_phrases::SESSIONS_REVOKED,
    &entra_phrases::SIGN_IN_AGAIN,
    &entra_phrases::DEVICE_CODE,
    &entra_phrases::DEVICE_FORBIDDEN,
    &entra_phrases::DEVICE_NOT_PUBLIC,
    &entra_phrases::LOOPING,
    &entra_phrases::TENANT_BUSY,
    &entra_phrases::ENTRA_TROUBLE,
    &entra_phrases::PROTOCOL_SLIP,
    &entra_phrases::REFUSED,
    &machine_phrases::IDENTITY_ABSENT,
    &machine_phrases::IDENTITY_ENDPOINT_FOREIGN,
    &machine_phrases::IDENTITY_SERVICE_UNSERVED,
    &machine_phrases::IDENTITY_IS_THE_ONLY_ONE,
    &machine_phrases::IDENTITIES_SEVERAL,
    &machine_phrases::IDENTITY_UNKNOWN,
    &machine_phrases::IDENTITY_HEADER_REFUSED,
    &machine_phrases::ARC_CHALLENGE,
    &machine_phrases::ARC_KEY,
    &machine_phrases::IDENTITY_OUT_OF_ORDER,
    &machine_phrases::IDENTITY_REFUSED,
    &machine_phrases::AZ_MISSING,
    &machine_phrases::AZ_TOO_SLOW,
    &machine_phrases::AZ_SIGNED_OUT,
    &machine_phrases::AZ_BUSY,
    &machine_phrases::AZ_UNREACHABLE,
    &machine_phrases::AZ_FAILED,
];

pub(super) static NOT_DATAVERSE: Phrase = Phrase {
    code: "auth/not-dataverse",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "a Dataverse environment answers a first request with 401 and the place to sign in; this host did not, so it is another product, a deleted environment, or a proxy in between",
    remedy: &[
        "copy the address from Power Platform admin center → Manage → Environments → the environment → Environment URL, and run `d365conn connect --tenant-url ADDRESS` with it",
        "run `d365conn doctor --tenant-url {tenant_url}` to see what answers there",
    ],
};

pub(super) static REDIRECTED: Phrase = Phrase {
    code: "auth/redirected",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "Dataverse never redirects this request; web portals, Finance and Operations, and the log-in pages of hotel or company networks do; it was not followed to {target}",
    remedy: &[
        "open {tenant_url} in a browser once: if a network log-in page appears, finish it and try again",
        "copy the address from Power Platform admin center → Manage → Environments → the environment → Environment URL, and run `d365conn connect --tenant-url ADDRESS` with it",
        "run `d365conn doctor --tenant-url {tenant_url}` to see what answers there",
    ],
};

pub(super) static ON_PREMISES: Phrase = Phrase {
    code: "auth/on-premises",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "that is Dynamics on a company's own servers, signing in through Active Directory; d365conn speaks to Dynamics 365 online only",
    remedy: &[
        "if the organisation also exists online, run `d365conn connect --tenant-url ADDRESS` with its address from Power Platform admin center → Manage → Environments",
    ],
};

pub(super) static BAD_CHALLENGE: Phrase = Phrase {
    code: "auth/bad-challenge",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "its 401 is not Dataverse's: another API answers there, or a proxy changed the answer",
    remedy: &[
        "check the address in Power Platform admin center → Manage → Environments → the environment → Environment URL",
        "run `d365conn doctor --tenant-url {tenant_url}` to see the answer and what stands in between",
    ],
};

pub(super) static NETWORK_BLOCKED: Phrase = Phrase {
    code: "auth/network-blocked",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "the environment's IP firewall does not list the public address of this network, and it is asked before any sign-in",
    remedy: &[
        "connect this computer to the network or VPN that is allowed, then run `d365conn doctor --tenant-url {tenant_url}` to see whether it answers",
        "have an administrator add this network's public address: Power Platform admin center → Manage → Environments → the environment → Settings → Product → Privacy + Security → IP firewall",
    ],
};

pub(super) static UNTRUSTED_AUTHORITY: Phrase = Phrase {
    code: "auth/untrusted-authority",
    exit: Exit::Failed,
    who: Who::DataverseAdmin,
    meaning: "users would have been sent to {named}; nothing was, no password, no secret",
    remedy: &[
        "run `d365conn doctor --tenant-url {tenant_url}` to see who answers: a proxy may have changed it, or the name may lead to a stranger's server",
        "if this organisation really signs in through its own AD FS server, it is Dynamics on-premises, which d365conn does not speak to; use the address from Power Platform admin center → Manage → Environments",
    ],
};

pub(super) static FOREIGN_RESOURCE: Phrase = Phrase {
    code: "auth/foreign-resource",
    exit: Exit::Failed,
    who: Who::DataverseAdmin,
    meaning: "a token for {resource} would have been handed to {tenant_url}; it was not asked for",
    remedy: &[
        "if the organisation was renamed, run `d365conn connect --tenant-url ADDRESS` with its present address from Power Platform admin center → Manage → Environments",
        "run `d365conn doctor --tenant-url {tenant_url}` to see who answers there",
    ],
};

pub(super) static FOREIGN_ISSUER: Phrase = Phrase {
    code: "auth/foreign-issuer",
    exit: Exit::Failed,
    who: Who::EntraAdmin,
    meaning: "its tokens would come from {issuer} instead of tenant {tenant}, so nobody was signed in",
    remedy: &[
        "run `d365conn doctor` to see who answers for {login_host}",
        "if `--tenant` was given, run the command again without it: the organisation names its own tenant",
    ],
};

pub(super) static BAD_TENANT: Phrase = Phrase {
    code: "auth/bad-tenant",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a tenant is named by its GUID or by one of its domains, such as contoso.onmicrosoft.com",
    remedy: &[
        "leave `--tenant` out: `d365conn connect` learns the tenant from the organisation",
        "copy it from Entra admin center → Overview → Tenant ID",
    ],
};

pub(super) static BAD_REDIRECT_URI: Phrase = Phrase {
    code: "auth/bad-redirect-uri",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the answer of the browser is awaited on this computer, so the redirect URI is `http://localhost` or `http://127.0.0.1`, with a port and a path if they are registered so",
    remedy: &[
        "give the very text that is registered, for instance `d365conn connect --redirect-uri http://localhost:8400/callback`",
        "a registration with an `https` callback of a web product can't be used here: add `http://localhost` beside it in Entra admin center → App registrations → the app → Authentication",
    ],
};

pub(super) static PORT_TAKEN: Phrase = Phrase {
    code: "auth/port-taken",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the registered redirect URI names this port, so no other can be used, and whoever holds it would receive the sign-in",
    remedy: &[
        "see who holds it (`ss -ltnp 'sport = :{port}'` on Linux, `lsof -i :{port}` on macOS, `netstat -ano` on Windows), end it, and try again",
        "register `http://localhost` without a port, for which Entra accepts any, and run `d365conn connect` without `--redirect-uri`",
    ],
};

pub(super) static NO_LISTENER: Phrase = Phrase {
    code: "auth/no-listener",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the browser hands its answer to a port on 127.0.0.1, and the system allows none",
    remedy: &[
        "run `d365conn connect` outside the container or restricted shell that forbids listening",
        "for unattended work, sign an app in instead: set D365CONN_TENANT_URL, D365CONN_CLIENT_ID and D365CONN_CLIENT_SECRET, then run `d365conn whoami`",
    ],
};

pub(super) static TIMED_OUT: Phrase = Phrase {
    code: "auth/timed-out",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "Entra shows many refusals in the browser only and then never comes back to {redirect_uri}: a user who is not assigned, a policy, an approval that is awaited",
    remedy: &[
        "look at the browser: if it shows a code, run `d365conn explain AADSTS50011` with that code in place of 50011",
        "if it asks for an administrator's approval, have an administrator run `{consent}`",
        "if it asks for that approval, leave Microsoft Graph out: `{leaner}`",
        "if the sign-in was only slow, allow it more time: `{again} --wait 15m`",
        "if the browser runs on another computer, paste the address at which it ended: `{again} --paste`",
    ],
};

pub(super) static NOBODY_CAME: Phrase = Phrase {
    code: "auth/nobody-came",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the code was not typed, or the sign-in after it was not finished; the code itself may have been good for longer",
    remedy: &[
        "run it again with more time: `d365conn connect --auth device --wait 15m`",
        "if the page showed an error, run `d365conn explain AADSTS50011` with its code in place of 50011",
    ],
};

pub(super) static ADMIN_CONSENT_DECLINED: Phrase = Phrase {
    code: "auth/admin-consent-declined",
    exit: Exit::SignIn,
    who: Who::EntraAdmin,
    meaning: "nothing was granted, and what users had consented to before still holds",
    remedy: &[
        "run `d365conn connect --admin-consent --client-id {client_id}` again, with the same other flags, and press Accept",
        "to grant less, leave Microsoft Graph out: `d365conn connect --admin-consent --no-graph`",
        "if the account may not consent for everybody, sign in as a Cloud Application Administrator; the role is given in Entra admin center → Roles & admins",
    ],
};

pub(super) static NO_BROWSER: Phrase = Phrase {
    code: "auth/no-browser",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "none of these was found on the PATH or started: {tried}",
    remedy: &[
        "run `d365conn connect --no-browser` and open the printed address by hand in a browser on this computer",
        "name a browser: `BROWSER=firefox d365conn connect …`",
        "without any browser here, sign an app in instead: set D365CONN_TENANT_URL, D365CONN_CLIENT_ID and D365CONN_CLIENT_SECRET, then run `d365conn whoami`",
    ],
};

pub(super) static UNFIT_ADDRESS: Phrase = Phrase {
    code: "auth/unfit-address",
    exit: Exit::Bug,
    who: Who::You,
    meaning: "an address that is neither https nor this computer's own was about to be opened",
    remedy: &["report it with the output of `d365conn version -o json`"],
};

pub(super) static NOT_ENTRA: Phrase = Phrase {
    code: "auth/not-entra",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "a proxy, a network log-in page or a filter stands between this computer and {login_host}",
    remedy: &[
        "open https://{login_host} in a browser once: if a network log-in page appears, finish it and try again",
        "if the company uses a proxy, set `HTTPS_PROXY`; if it inspects TLS, add its authority with `--ca-file`",
        "run `d365conn doctor` to see which link is broken",
    ],
};

pub(super) static UNAVAILABLE: Phrase = Phrase {
    code: "auth/unavailable",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the fault is on the other side and usually passes within minutes",
    remedy: &[
        "wait a few minutes, then run `d365conn doctor`; when it finds nothing, run the command again",
        "if it lasts, look at https://azure.status.microsoft for an incident",
    ],
};

pub(super) static THROTTLED: Phrase = Phrase {
    code: "auth/throttled",
    exit: Exit::Busy,
    who: Who::You,
    meaning: "{login_host} has had too many requests from this app or this network; more of them only lengthen the pause",
    remedy: &[
        "wait {wait}, then run the command again; `--max-wait 30m` lets it wait by itself",
        "in a script, sign in once and let every command use the saved connection: `d365conn connections list` shows it",
    ],
};

pub(super) static ODD_TOKEN: Phrase = Phrase {
    code: "auth/odd-token",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the answer is a success by its status, but not a usable token",
    remedy: &["run `d365conn doctor` to see who answers for {login_host}"],
};

pub(super) static FOREIGN_ID_TOKEN: Phrase = Phrase {
    code: "auth/foreign-id-token",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "it may be an older answer, or somebody else's; no token was kept",
    remedy: &["run `d365conn connect` again and finish the newest browser window only"],
};

pub(super) static OTHER_TENANT: Phrase = Phrase {
    code: "auth/other-tenant",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "a token of tenant {actual} opens nothing in tenant {expected}",
    remedy: &[
        "run `d365conn connect --prompt select-account` and choose the account of the organisation",
        "if `--tenant` was given, leave it out: the organisation names its own tenant",
    ],
};

pub(super) static PERSONAL_ACCOUNT: Phrase = Phrase {
    code: "auth/personal-account",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "Dynamics 365 organisations are opened with work or school accounts",
    remedy: &[
        "run `d365conn connect --prompt select-account` and choose the work or school account",
        "if that account is only reachable as a guest, have an administrator invite it: Entra admin center → Users → New user → Invite external user",
    ],
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::auth::{AADSTS, AuthError, Authority, EntraError, Leg, Refusal};
    use crate::problem::Diagnose;
    use crate::tenant::TenantUrl;

    #[test]
    fn every_phrase_has_its_own_code_and_is_a_fragment() {
        let codes: BTreeSet<&str> = PHRASES.iter().map(|phrase| phrase.code).collect();
        assert_eq!(codes.len(), PHRASES.len());
        for phrase in PHRASES {
            assert!(phrase.code.starts_with("auth/"), "{}", phrase.code);
            assert!(!phrase.meaning.ends_with('.') && !phrase.meaning.contains(". "), "{}", phrase.code);
            assert!(
                !phrase.remedy.is_empty() && phrase.remedy.iter().all(|line| !line.ends_with('.')),
                "{}",
                phrase.code
            );
            assert!(phrase.remedy.iter().any(|line| !line.contains("{connection}")), "{}", phrase.code);
        }
    }

    #[test]
    fn every_line_says_what_to_do() {
        // A command, a place in a portal, or a page.
        let signs = [
            "`",
            "Entra admin center →",
            "Power Platform admin center →",
            "Azure portal →",
            "https://",
            "{admin_consent_url}",
            "{tenant_url}",
        ];
        for phrase in PHRASES {
            for line in phrase.remedy {
                let says = signs.iter().any(|sign| line.contains(sign));
                assert!(says, "{}: {line}", phrase.code);
            }
        }
    }

    #[test]
    fn every_refusal_of_the_table_leaves_a_way_out_with_and_without_a_connection() {
        let tenant_url = TenantUrl::parse("https://adventure.crm4.dynamics.com").unwrap().url;
        let authority = Authority::for_tenant(&tenant_url, "3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711").unwrap();
        for row in AADSTS {
            let description = format!("AADSTS{}: x", row.number);
            for leg in [Leg::SignIn, Leg::Redeem, Leg::Refresh, Leg::App] {
                let error = EntraError::from_redirect("invalid_grant", Some(&description), None);
                let refusal = Refusal::new(error, leg, &authority).of_app(&authority, &tenant_url, "client", None);
                let unnamed = AuthError::Refused(Box::new(refusal.clone()));
                let named = AuthError::Refused(Box::new(refusal)).with_connection("contoso");
                for error in [unnamed, named] {
                    let (phrase, facts) = (error.phrase(), error.facts());
                    assert!(!phrase.remedy_with(&facts).is_empty(), "{description}");
                    assert!(!phrase.meaning_with(&facts).contains('{'), "{description}");
                    assert!(error.to_string().contains(row.title), "{description}");
                }
            }
        }
    }
}
