//! What it means when Dataverse knows the caller and says no. Nothing about values or load.

use crate::problem::{Exit, Phrase, Who};

pub(in crate::dataverse) static NOT_A_MEMBER: Phrase = Phrase {
    code: "dataverse/not-a-member",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "the sign-in is valid, but this environment has no user record for it",
    remedy: &[
        "for an app: in Power Platform admin center: Manage → Environments → this environment → Settings → Users + permissions → Application users → New app user → add the app, a business unit and a security role",
        "for a person: in Power Platform admin center: Manage → Environments → this environment → Settings → Users + permissions → Users → Add user; the person needs a licence, and membership of the environment's security group if it has one",
        "run `d365conn whoami` again after some minutes: a new user takes a while to arrive",
    ],
};

pub(in crate::dataverse) static NOT_A_MEMBER_APP: Phrase = Phrase {
    code: "dataverse/not-a-member-app",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "the sign-in is valid, but this environment has no application user for app {client_id}",
    remedy: &[
        "in Power Platform admin center: Manage → Environments → this environment → Settings → Users + permissions → Application users → New app user → Add an app → the one whose client id is {client_id}, then a business unit and a security role",
        "run `d365conn whoami` again after some minutes: a new user takes a while to arrive",
    ],
};

pub(in crate::dataverse) static NO_ROLE: Phrase = Phrase {
    code: "dataverse/no-role",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "the user record exists, but nobody gave it a security role",
    remedy: &[
        "in Power Platform admin center: Manage → Environments → this environment → Settings → Users + permissions → Users (or Application users) → select it → Manage security roles → add one, such as Basic User",
        "run `d365conn whoami` to see the roles afterwards",
    ],
};

pub(in crate::dataverse) static MISSING_PRIVILEGE: Phrase = Phrase {
    code: "dataverse/missing-privilege",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "no security role of this user allows it",
    remedy: &[
        "ask an administrator to add the privilege {privilege} to one of this user's security roles",
        "in Power Platform admin center: Manage → Environments → this environment → Settings → Users + permissions → Security roles → the role → set the privilege on the table {table}",
        "run `d365conn records systemuser get {user} --select fullname` to see which user it is about",
        "run `d365conn whoami` to see which roles this user has",
    ],
};

pub(in crate::dataverse) static OTHER_PRINCIPAL_PRIVILEGE: Phrase = Phrase {
    code: "dataverse/other-principal-privilege",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "the user or team that should own or see the record may not",
    remedy: &[
        "ask an administrator to give that user or team a role with the privilege {privilege}",
        "ask an administrator to give that user or team a role that covers this table",
        "choose another owner; `d365conn records systemuser list` and `d365conn records team list` show them",
    ],
};

pub(in crate::dataverse) static ACCESS_DENIED: Phrase = Phrase {
    code: "dataverse/access-denied",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "this user may not do that with this record, whatever its roles say about the table",
    remedy: &[
        "ask its owner to share or assign the record, or an administrator to widen the access level of a role",
        "run `d365conn whoami` to see user, business unit and roles",
    ],
};

pub(in crate::dataverse) static SECURED_COLUMN: Phrase = Phrase {
    code: "dataverse/secured-column",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "a column of it is protected by column security",
    remedy: &[
        "leave the column out and run the command again",
        "ask an administrator to add this user to a column security profile: in Power Platform admin center: Manage → Environments → this environment → Settings → Users + permissions → Column security profiles",
    ],
};

pub(in crate::dataverse) static IMPERSONATION: Phrase = Phrase {
    code: "dataverse/impersonation",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "acting for another user needs the privilege prvActOnBehalfOfAnotherUser",
    remedy: &["ask an administrator to give this user the Delegate role, or do it as the user who is signed in"],
};

pub(in crate::dataverse) static USER_DISABLED: Phrase = Phrase {
    code: "dataverse/user-disabled",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "the user record is disabled, or has no business unit; losing the licence does that",
    remedy: &[
        "ask an administrator to give the licence back and to enable the user: in Power Platform admin center: Manage → Environments → this environment → Settings → Users + permissions → Users",
        "run `d365conn whoami` again after some minutes",
    ],
};

pub(in crate::dataverse) static NO_LICENCE: Phrase = Phrase {
    code: "dataverse/no-licence",
    exit: Exit::Forbidden,
    who: Who::EntraAdmin,
    meaning: "the user has no licence for Dataverse",
    remedy: &[
        "in Microsoft 365 admin center: Users → Active users → the user → Licenses and apps → assign a Dynamics 365 or Power Apps licence",
        "run `d365conn whoami` again after some minutes",
    ],
};

pub(in crate::dataverse) static TRIAL_OVER: Phrase = Phrase {
    code: "dataverse/trial-over",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "the environment's trial or registration has ended",
    remedy: &[
        "in Power Platform admin center: Manage → Environments → this environment → Convert to production, or make a new one",
    ],
};

pub(in crate::dataverse) static IP_FIREWALL: Phrase = Phrase {
    code: "dataverse/ip-firewall",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "the environment lets only certain addresses in, and this machine's is not one of them",
    remedy: &[
        "connect through the company's VPN and run the command again",
        "ask an administrator to allow this address: Power Platform admin center → Manage → Environments → this environment → Settings → Privacy + Security → IP firewall",
    ],
};

pub(in crate::dataverse) static ADMINISTRATION_MODE: Phrase = Phrase {
    code: "dataverse/administration-mode",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "the environment is in administration mode: only system administrators and customisers get in",
    remedy: &[
        "wait until the maintenance is over, then run `d365conn whoami`",
        "ask an administrator to end it: Power Platform admin center → Manage → Environments → this environment → Edit",
    ],
};

pub(in crate::dataverse) static ORGANISATION_DISABLED: Phrase = Phrase {
    code: "dataverse/organisation-disabled",
    exit: Exit::Unreachable,
    who: Who::DataverseAdmin,
    meaning: "the environment is switched off, being moved, or under maintenance",
    remedy: &[
        "look at its state in Power Platform admin center: Manage → Environments → this environment",
        "run `d365conn doctor` to see what it answers",
    ],
};

pub(in crate::dataverse) static TOKEN_REJECTED: Phrase = Phrase {
    code: "dataverse/token-rejected",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the service did not take the access token, nor a fresh one",
    remedy: &[
        "run `d365conn reconnect {connection}` to sign in again",
        "run `d365conn reconnect` to sign in again",
        "run `d365conn doctor` to see which organisation the token is for",
    ],
};

pub(in crate::dataverse) static CLAIMS_CHALLENGE: Phrase = Phrase {
    code: "dataverse/claims-challenge",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "a policy of the tenant changed while the token was in use, and the service wants a new sign-in",
    remedy: &["run `d365conn reconnect {connection}` to sign in again", "run `d365conn reconnect` to sign in again"],
};

pub(in crate::dataverse) static CONDITIONAL_ACCESS: Phrase = Phrase {
    code: "dataverse/conditional-access",
    exit: Exit::SignIn,
    who: Who::EntraAdmin,
    meaning: "a conditional access policy does not allow this user from here",
    remedy: &[
        "sign in from a place or a device that the policy allows: `d365conn reconnect`",
        "ask an Entra administrator: Entra admin center → Protection → Conditional Access → Sign-in logs shows which policy it was",
    ],
};

pub(in crate::dataverse) static FORBIDDEN: Phrase = Phrase {
    code: "dataverse/forbidden",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "signed in, but not allowed; Dataverse has no better-known reason for it than its own text",
    remedy: &[
        "show the text above to an administrator: an IP firewall, app access control, a security group or a licence may be behind it",
        "run `d365conn doctor` to see how far this user gets",
    ],
};

pub(in crate::dataverse) static DISCONNECTED: Phrase = Phrase {
    code: "dataverse/disconnected",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "this change was not sent; the connection was saved when the command began, and is not any more",
    remedy: &["run `d365conn connections list` to see the connections, then the command again with `-c NAME`"],
};

pub(in crate::dataverse) static READ_ONLY: Phrase = Phrase {
    code: "dataverse/read-only",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "nothing was sent; it was saved so that nobody writes through it by mistake",
    remedy: &[
        "run `d365conn connections set {connection} --read-only false` to allow writes",
        "run `d365conn connections list` to find a connection that may write",
    ],
};
