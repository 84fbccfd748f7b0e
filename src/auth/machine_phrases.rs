//! What it means when the machine itself, or the Azure CLI on it, gives no token, and what to do.

use crate::problem::{Exit, Phrase, Who};

pub(super) static IDENTITY_ABSENT: Phrase = Phrase {
    code: "auth/identity-absent",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "a managed identity exists only on a machine in Azure that was given one: a virtual machine, App Service, Functions, Container Apps, or a server with Azure Arc; looked for was {looked_for}",
    remedy: &[
        "elsewhere sign in with `--auth az`, `--auth secret` or in the browser, or set D365CONN_CLIENT_ID with D365CONN_CLIENT_SECRET",
        "on such a machine see whether the endpoint answers: `curl -H Metadata:true 'http://169.254.169.254/metadata/instance?api-version=2021-02-01'`; in a container, the network must let 169.254.169.254 through",
    ],
};

pub(super) static IDENTITY_ENDPOINT_FOREIGN: Phrase = Phrase {
    code: "auth/identity-endpoint-foreign",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a machine's identity is handed out on the machine or right beside it (localhost, a loopback or a link-local address, plain http), and whoever answers elsewhere may give out somebody else's tokens; nothing was sent",
    remedy: &[
        "unset `{variable}`: Azure sets it where it is needed",
        "for another endpoint set it to an address such as `http://127.0.0.1:40342`",
    ],
};

pub(super) static IDENTITY_SERVICE_UNSERVED: Phrase = Phrase {
    code: "auth/identity-service-unserved",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the identities of virtual machines, App Service, Functions, Container Apps, Automation, Machine Learning and Azure Arc are served",
    remedy: &[
        "in Cloud Shell use `--auth az`: the Azure CLI is signed in there",
        "in Service Fabric use an app of your own: D365CONN_CLIENT_ID with D365CONN_CLIENT_SECRET, or `--auth secret`",
    ],
};

pub(super) static IDENTITY_IS_THE_ONLY_ONE: Phrase = Phrase {
    code: "auth/identity-is-the-only-one",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "an Azure Arc server has its own identity and no other, and Machine Learning knows identities by their client id",
    remedy: &[
        "leave out `--identity-client-id`, `--identity-object-id` and `--identity-resource-id`, and unset AZURE_CLIENT_ID",
    ],
};

pub(super) static IDENTITIES_SEVERAL: Phrase = Phrase {
    code: "auth/identities-several",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a machine can have one identity of its own and many that are assigned to it",
    remedy: &[
        "name one: `d365conn connect --auth managed-identity --identity-client-id ID`, or D365CONN_CLIENT_ID where the connection is in the environment",
        "find its client id in the Azure portal → Managed Identities → the identity → Overview, or with `az identity list --query '[].[name,clientId]' --output table`",
    ],
};

pub(super) static IDENTITY_UNKNOWN: Phrase = Phrase {
    code: "auth/identity-unknown",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "nobody gave this machine that identity, or it was given some minutes ago and has yet to arrive",
    remedy: &[
        "give it one in the Azure portal → the virtual machine or app → Security or Settings → Identity → System assigned → On, or User assigned → Add, and run the command again after some minutes",
        "compare the id with those of the machine: `az vm identity show --resource-group GROUP --name MACHINE`, or `az webapp identity show` for an app",
    ],
};

pub(super) static IDENTITY_HEADER_REFUSED: Phrase = Phrase {
    code: "auth/identity-header-refused",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "each program that Azure starts finds an address and a secret in its environment, a new pair at every start",
    remedy: &[
        "run the command as a child of the app itself, with its present IDENTITY_ENDPOINT and IDENTITY_HEADER: `printenv IDENTITY_ENDPOINT` shows the address",
        "restart the app in the Azure portal → the app → Overview → Restart",
    ],
};

pub(super) static ARC_CHALLENGE: Phrase = Phrase {
    code: "auth/arc-challenge",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the agent proves its caller by a small `.key` file in its own directory; any other file is not read, whoever asks for it",
    remedy: &[
        "see what answers in the agent's place: `azcmagent show`, and `printenv IDENTITY_ENDPOINT`",
        "bring the agent up to date: `sudo azcmagent upgrade` or the package manager",
    ],
};

pub(super) static ARC_KEY: Phrase = Phrase {
    code: "auth/arc-key",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "only members of the group `himds` (on Windows: Hybrid agent extension applications) may use the identity of an Azure Arc server",
    remedy: &[
        "add this user to the group, and sign in to the machine anew: `sudo usermod -aG himds $USER`",
        "see who may read it: `sudo ls -l {path}`",
    ],
};

pub(super) static IDENTITY_OUT_OF_ORDER: Phrase = Phrase {
    code: "auth/identity-out-of-order",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the endpoint of the machine was asked again as its documentation says, and still answers with status {status}",
    remedy: &[
        "run the command again in some minutes, as `d365conn connections check` does: the endpoint is replaced now and then under running machines",
        "see whether the identity still exists in the Azure portal → Managed Identities, or at `https://status.azure.com` whether Azure is out of order",
    ],
};

pub(super) static IDENTITY_REFUSED: Phrase = Phrase {
    code: "auth/identity-refused",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the machine's endpoint knows why, and says so in its own words only",
    remedy: &[
        "run `d365conn doctor --tenant-url {tenant_url}` to see whether the address is that of an organisation",
        "see the identity in the Azure portal → Managed Identities → the identity, and whether it belongs to the tenant of the organisation",
    ],
};

/// What Entra says of a session that has ended, or needs its user again.
pub(super) const ENDS_OF_A_SESSION: [&str; 8] = [
    "auth/refresh-token-expired",
    "auth/sessions-revoked",
    "auth/sign-in-again",
    "auth/sign-in-too-old",
    "auth/second-factor",
    "auth/password",
    "auth/finish-in-browser",
    "auth/consent-lost",
];

pub(super) static AZ_MISSING: Phrase = Phrase {
    code: "auth/az-missing",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "with `--auth az` the program `az` is asked for each token; it is looked up in the absolute directories of the PATH, and nowhere else",
    remedy: &[
        "install it as `https://learn.microsoft.com/cli/azure/install-azure-cli` says, and see that `az version` runs",
        "sign in another way: `d365conn connect --tenant-url ADDRESS`",
    ],
};

pub(super) static AZ_TOO_SLOW: Phrase = Phrase {
    code: "auth/az-too-slow",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "it was stopped; it waits for the network, or for another `az` that holds its files",
    remedy: &[
        "run `az account get-access-token --query expiresOn` by itself to see what it waits for",
        "end any other `az` that hangs, and run the command again: `ps -C az`",
    ],
};

pub(super) static AZ_SIGNED_OUT: Phrase = Phrase {
    code: "auth/az-signed-out",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the Azure CLI has no session for the tenant of the organisation, or one that has ended or needs its user again",
    remedy: &[
        "run `az login --tenant {tenant} --allow-no-subscriptions --scope {tenant_url}/.default`, then the command again",
    ],
};

pub(super) static AZ_BUSY: Phrase = Phrase {
    code: "auth/az-busy",
    exit: Exit::Busy,
    who: Who::You,
    meaning: "too many tokens were asked for in a short time, by whatever uses the Azure CLI here",
    remedy: &[
        "run the command again in a minute; in a script, ask for one token with `d365conn token` and use it until it ends",
    ],
};

pub(super) static AZ_UNREACHABLE: Phrase = Phrase {
    code: "auth/az-unreachable",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the Azure CLI goes its own way to Entra, with HTTPS_PROXY and with the certificates that REQUESTS_CA_BUNDLE names",
    remedy: &[
        "see what it says by itself: `az account get-access-token --query expiresOn --debug`",
        "behind a company's proxy set HTTPS_PROXY, and REQUESTS_CA_BUNDLE to its certificates: `https://learn.microsoft.com/cli/azure/use-azure-cli-successfully-troubleshooting`",
    ],
};

pub(super) static AZ_FAILED: Phrase = Phrase {
    code: "auth/az-failed",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the Azure CLI gave no token, for a reason of its own",
    remedy: &[
        "see all that it says: `az account get-access-token --query expiresOn --resource {tenant_url}`",
        "sign in to it again: `az logout`, then `az login`",
    ],
};
