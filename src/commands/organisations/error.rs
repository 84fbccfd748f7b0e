//! What can go wrong between not knowing an organisation and being connected to it, and what it means. Nothing is asked
//! here.

use crate::problem::{Diagnose, Exit, Phrase, Who};

/// No organisation was found, or none could be chosen.
#[derive(Debug, thiserror::Error)]
pub enum OrganisationsError {
    /// `connect` was told no organisation, and nobody can be asked.
    #[error("no organisation was named with `--tenant-url`")]
    TenantUrlNeeded,
    /// Nobody has signed in yet, and nobody sits at a browser.
    #[error("there is no saved connection in cloud {cloud} whose sign-in could ask for the list")]
    NobodySignedIn {
        /// The cloud.
        cloud: &'static str,
    },
    /// The connection that was named lives in another cloud than the one that was named.
    #[error("connection `{connection}` is in cloud {theirs}, not in {wanted}")]
    OtherCloud {
        /// The connection.
        connection: String,
        /// Its cloud.
        theirs: &'static str,
        /// The one of `--cloud`.
        wanted: &'static str,
    },
    /// The service listed nothing.
    #[error("the discovery service of cloud {cloud} lists no organisation for this user")]
    NoOrganisation {
        /// The cloud.
        cloud: &'static str,
    },
    /// Everything that was listed is switched off, or elsewhere.
    #[error("none of the {count} organisations that are listed can be connected to")]
    NoneUsable {
        /// How many are listed.
        count: usize,
    },
    /// `connect` was asked to choose and nothing was chosen.
    #[error("no organisation was chosen")]
    NoneChosen,
}

impl Diagnose for OrganisationsError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::TenantUrlNeeded => &TENANT_URL_NEEDED,
            Self::NobodySignedIn { .. } => &NOBODY_SIGNED_IN,
            Self::OtherCloud { .. } => &OTHER_CLOUD,
            Self::NoOrganisation { .. } => &NO_ORGANISATION,
            Self::NoneUsable { .. } => &NONE_USABLE,
            Self::NoneChosen => &NONE_CHOSEN,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NobodySignedIn { cloud } | Self::NoOrganisation { cloud } => vec![("cloud", (*cloud).to_owned())],
            Self::OtherCloud { connection, .. } => vec![("connection", connection.clone())],
            Self::TenantUrlNeeded | Self::NoneUsable { .. } | Self::NoneChosen => Vec::new(),
        }
    }
}

/// The phrases of this file.
pub const ORGANISATIONS_PHRASES: &[&Phrase] =
    &[&TENANT_URL_NEEDED, &NOBODY_SIGNED_IN, &OTHER_CLOUD, &NO_ORGANISATION, &NONE_USABLE, &NONE_CHOSEN];

static TENANT_URL_NEEDED: Phrase = Phrase {
    code: "commands/tenant-url-needed",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a list to choose from is offered on a terminal, after a sign-in in the browser; here nobody can be asked",
    remedy: &[
        "name it: `d365conn connect --tenant-url https://ORG.crm.dynamics.com`, as it stands in the browser's address bar",
        "list those that a saved connection's user can reach: `d365conn connections discover -o id`",
    ],
};

static NOBODY_SIGNED_IN: Phrase = Phrase {
    code: "commands/nobody-signed-in",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the list of organisations is a user's own, so somebody has to sign in for it once, and there is no terminal here, or `--no-input` or `CI` forbids it",
    remedy: &[
        "run `d365conn connections discover` on a terminal",
        "run `d365conn connections discover --sign-in --no-browser` and open the printed address yourself",
        "if the address is known, no list is needed: `d365conn connect --tenant-url https://ORG.crm.dynamics.com`",
    ],
};

static OTHER_CLOUD: Phrase = Phrase {
    code: "commands/other-cloud",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "each cloud has its own users and its own list, and a sign-in is worth nothing in another one",
    remedy: &[
        "leave `--cloud` out to list those beside {connection}",
        "to sign in to the other cloud, leave `-c` out and add `--sign-in`",
    ],
};

static NO_ORGANISATION: Phrase = Phrase {
    code: "commands/no-organisation",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "the sign-in was good; the service lists only organisations in which the user has an enabled record",
    remedy: &[
        "look in another cloud: `d365conn connections discover --cloud gcc --sign-in` (commercial, gcc, gcc-high, dod or china)",
        "choose another account: `d365conn connections discover --sign-in --prompt select-account`",
        "as a guest of another tenant you are not listed; name the address instead: `d365conn connect --tenant-url https://ORG.crm.dynamics.com`",
        "have an administrator check the licence: Microsoft 365 admin center → Users → Active users → the user → Licenses and apps",
        "have an administrator check that the environment's security group holds the user: Power Platform admin center → Manage → Environments → the environment → Edit → Security group",
    ],
};

static NONE_USABLE: Phrase = Phrase {
    code: "commands/none-usable",
    exit: Exit::Forbidden,
    who: Who::DataverseAdmin,
    meaning: "each of them is disabled, or its address is not one of this cloud",
    remedy: &[
        "see which they are: `d365conn connections discover -o json`",
        "have an administrator look at their state: Power Platform admin center → Manage → Environments",
    ],
};

static NONE_CHOSEN: Phrase = Phrase {
    code: "commands/none-chosen",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "nothing was saved",
    remedy: &[
        "run `d365conn connect` again and type one of the numbers",
        "name it: `d365conn connect --tenant-url https://ORG.crm.dynamics.com`",
    ],
};
