//! What a refused address means and which address to give instead. One entry for each kind of mistake.

use crate::problem::{Exit, Phrase, Who};
use crate::tenant::foreign::Product;

/// The phrases of this room.
pub const PHRASES: &[&Phrase] = &[
    &NO_HOST,
    &CONTROL_CHARACTER,
    &NOT_ASCII,
    &PUNYCODE,
    &BACKSLASH,
    &SCHEME,
    &HTTP,
    &USER_INFORMATION,
    &PERCENT_ENCODED,
    &PORT,
    &IP_ADDRESS,
    &LOCALHOST,
    &SANDBOX_PORT,
    &SANDBOX_PATH,
    &TRAILING_DOT,
    &EMPTY_LABEL,
    &TOO_LONG,
    &HOST_CHARACTER,
    &EXTRA_LABEL,
    &INCOMPLETE_HOST,
    &SERVICE_HOST,
    &LOOK_ALIKE,
    &UNKNOWN_HOST,
    &RETIRED_CLOUD,
    &FINANCE_AND_OPERATIONS,
    &BUSINESS_CENTRAL,
    &MAKER_PORTAL,
    &ADMIN_CENTER,
    &APP_PLAYER,
    &POWER_PAGES,
    &ENVIRONMENT_API,
    &SHAREPOINT,
    &GRAPH,
    &SIGN_IN,
    &AZURE_PORTAL,
    &LAUNCHER,
    &ID_ALONE,
    &DOMAIN,
    &BARE_NAME,
];

const OFFERED: &str = "run again with `--tenant-url {suggestion}`, or set `D365CONN_TENANT_URL` to it, if that is the organisation you mean";
const IN_BROWSER: &str = "open the Dynamics 365 app in the browser and copy the address up to the first single `/`, such as `https://contoso.crm4.dynamics.com`";
const IN_ADMIN_CENTER: &str =
    "read it in the Power Platform admin center: Manage → Environments → the environment → Environment URL";
/// The repaired address where there is one, and where to read the true one.
const THE_ADDRESS: &[&str] = &[OFFERED, IN_BROWSER, IN_ADMIN_CENTER];
const OF_ENVIRONMENT: &str = "in the Power Platform admin center, open Manage → Environments → the environment with the id {environment} → Environment URL";
const IN_MAKER_PORTAL: &str = "read it at make.powerapps.com, with the environment chosen at the top: gear → Developer resources → Web API endpoint";

/// Every mistake in an address is the caller's to mend, and ends with the same status.
const fn phrase(code: &'static str, meaning: &'static str, remedy: &'static [&'static str]) -> Phrase {
    Phrase { code, exit: Exit::Usage, who: Who::You, meaning, remedy }
}

pub(super) static NO_HOST: Phrase =
    phrase("tenant/no-host", "there is nothing to connect to without the organisation's host", THE_ADDRESS);

pub(super) static CONTROL_CHARACTER: Phrase = phrase(
    "tenant/control-character",
    "programs drop {character} without a word, so the address used would not be the one you see; it often comes with a line copied from a file",
    &[OFFERED, "type the address by hand, without line breaks or tabs", IN_BROWSER, IN_ADMIN_CENTER],
);

pub(super) static NOT_ASCII: Phrase = phrase(
    "tenant/not-ascii",
    "no organisation's address holds {character}; letters that only look Latin are how a false address is made to pass for a true one",
    &[OFFERED, "type the address by hand instead of pasting it", IN_BROWSER, IN_ADMIN_CENTER],
);

pub(super) static PUNYCODE: Phrase = phrase(
    "tenant/punycode",
    "`{label}` stands for letters outside ASCII, which no organisation's address holds and which a false one may use to look true",
    THE_ADDRESS,
);

pub(super) static BACKSLASH: Phrase = phrase(
    "tenant/backslash",
    "programs disagree on what a backslash does to an address, so it could lead to another host than the one you see",
    &[OFFERED, "write the address with `/` instead of `\\`", IN_BROWSER, IN_ADMIN_CENTER],
);

pub(super) static SCHEME: Phrase = phrase(
    "tenant/scheme",
    "an organisation answers at `https://` only, and `{scheme}` is something else",
    THE_ADDRESS,
);

pub(super) static HTTP: Phrase = phrase(
    "tenant/http",
    "a token sent over `http` can be read by everybody on the way; only the sandbox on this machine is reached so",
    THE_ADDRESS,
);

pub(super) static USER_INFORMATION: Phrase = phrase(
    "tenant/user-information",
    "what stands before an `@` is a user name and not the host: this address leads to `{host}`, whatever it begins with",
    THE_ADDRESS,
);

pub(super) static PERCENT_ENCODED: Phrase =
    phrase("tenant/percent-encoded", "a `%` in the host hides where the address leads", THE_ADDRESS);

pub(super) static PORT: Phrase =
    phrase("tenant/port", "an organisation answers on port 443 only, which is not written", THE_ADDRESS);

pub(super) static IP_ADDRESS: Phrase = phrase(
    "tenant/ip-address",
    "an organisation is reached by its name; the only IP addresses that may be given are `http://127.0.0.1` and `http://[::1]` with a port, for the sandbox",
    &[
        OFFERED,
        IN_BROWSER,
        IN_ADMIN_CENTER,
        "for the sandbox, run `d365conn sandbox` and copy the address that it prints",
    ],
);

pub(super) static LOCALHOST: Phrase = phrase(
    "tenant/localhost",
    "the sandbox is reached by its IP address, because the name `{host}` may be made to lead elsewhere",
    &[OFFERED, "run `d365conn sandbox` and copy the address that it prints"],
);

pub(super) static SANDBOX_PORT: Phrase = phrase(
    "tenant/sandbox-port",
    "the sandbox listens on a port of its own choice, from 1 to 65535, that has to be given without leading zeros",
    &["run `d365conn sandbox` and copy the address that it prints, such as `http://127.0.0.1:8080`"],
);

pub(super) static SANDBOX_PATH: Phrase = phrase(
    "tenant/sandbox-path",
    "the sandbox is named by its address and port alone",
    &[OFFERED, "run `d365conn sandbox` and copy the address that it prints, such as `http://127.0.0.1:8080`"],
);

pub(super) static TRAILING_DOT: Phrase = phrase(
    "tenant/trailing-dot",
    "certificates and token audiences are issued for the host without the final dot",
    THE_ADDRESS,
);

pub(super) static EMPTY_LABEL: Phrase =
    phrase("tenant/empty-label", "no host has two dots in a row or a dot in front", THE_ADDRESS);

pub(super) static TOO_LONG: Phrase =
    phrase("tenant/too-long", "a host has at most 253 characters, and at most 63 between two dots", THE_ADDRESS);

pub(super) static HOST_CHARACTER: Phrase = phrase(
    "tenant/host-character",
    "the labels of an organisation's host hold letters, digits and inner hyphens, nothing else",
    THE_ADDRESS,
);

pub(super) static EXTRA_LABEL: Phrase = phrase(
    "tenant/extra-label",
    "before the region stands the organisation's name alone; only `.api` may follow it",
    THE_ADDRESS,
);

pub(super) static INCOMPLETE_HOST: Phrase = phrase(
    "tenant/incomplete-host",
    "an organisation's host is its name, its region and the cloud's domain, such as `contoso.crm4.dynamics.com`",
    THE_ADDRESS,
);

pub(super) static SERVICE_HOST: Phrase = phrase(
    "tenant/service-host",
    "`{label}` in that place names the discovery service or another service of the region, which holds no records",
    &[IN_BROWSER, IN_ADMIN_CENTER, IN_MAKER_PORTAL],
);

pub(super) static LOOK_ALIKE: Phrase = phrase(
    "tenant/look-alike",
    "it may be a slip of the pen, or an address made to collect sign-ins: `{host}` is no host of the clouds that hold organisations",
    THE_ADDRESS,
);

pub(super) static UNKNOWN_HOST: Phrase = phrase(
    "tenant/unknown-host",
    "organisations in the cloud end in `.crm…dynamics.com`, `.crm.microsoftdynamics.us`, `.crm.appsplatform.us` or `.crm.dynamics.cn`; on-premises servers and own domains can't be connected",
    THE_ADDRESS,
);

pub(super) static RETIRED_CLOUD: Phrase = phrase(
    "tenant/retired-cloud",
    "that cloud was closed in October 2021; an organisation that was moved out of it has an address in another region now",
    THE_ADDRESS,
);

pub(super) static FINANCE_AND_OPERATIONS: Phrase = phrase(
    "tenant/finance-and-operations",
    "these apps keep their records elsewhere; the Dataverse organisation linked to them has an address of its own",
    &[
        "read it in the Power Platform admin center: Manage → Environments → the environment linked to `{host}` → Environment URL",
    ],
);

pub(super) static BUSINESS_CENTRAL: Phrase = phrase(
    "tenant/business-central",
    "it is another product with another API; d365conn connects Dynamics 365 CRM organisations",
    THE_ADDRESS,
);

pub(super) static MAKER_PORTAL: Phrase = phrase(
    "tenant/maker-portal",
    "apps and flows are built there for every organisation alike; it is no organisation",
    &[
        OF_ENVIRONMENT,
        "in the maker portal, choose the environment, then Settings (the gear) → Session details → Instance url",
        IN_ADMIN_CENTER,
    ],
);

pub(super) static ADMIN_CENTER: Phrase = phrase(
    "tenant/admin-center",
    "every environment is managed there; the organisation has an address of its own",
    &[
        OF_ENVIRONMENT,
        "in the admin center, open Manage → Environments → the environment → Environment URL",
        IN_MAKER_PORTAL,
    ],
);

pub(super) static APP_PLAYER: Phrase = phrase(
    "tenant/app-player",
    "canvas apps of every organisation are run there; it is no organisation",
    &[OF_ENVIRONMENT, IN_BROWSER, IN_ADMIN_CENTER],
);

pub(super) static POWER_PAGES: Phrase = phrase(
    "tenant/power-pages",
    "a site shows an organisation's records to visitors; the organisation itself has another address",
    &[
        "in the Power Platform admin center, open Manage → Environments → the environment of the site `{host}` → Environment URL",
        IN_BROWSER,
    ],
);

pub(super) static ENVIRONMENT_API: Phrase = phrase(
    "tenant/environment-api",
    "that host manages environments; records are read and written at the organisation's own address",
    &[OF_ENVIRONMENT, IN_BROWSER, IN_ADMIN_CENTER],
);

pub(super) static SHAREPOINT: Phrase =
    phrase("tenant/sharepoint", "documents are kept there; the organisation's records are elsewhere", THE_ADDRESS);

pub(super) static GRAPH: Phrase = phrase(
    "tenant/graph",
    "it belongs to every organisation of the cloud and is found by itself; what is needed is the organisation's address",
    THE_ADDRESS,
);

pub(super) static SIGN_IN: Phrase = phrase(
    "tenant/sign-in",
    "where to sign in is found by asking the organisation; what is needed is the organisation's address",
    &[IN_BROWSER, IN_ADMIN_CENTER, "to name the Entra tenant as well, add `--tenant ID` to `d365conn connect`"],
);

pub(super) static AZURE_PORTAL: Phrase = phrase(
    "tenant/azure-portal",
    "apps are registered there; what is needed is the address of the organisation to connect",
    THE_ADDRESS,
);

pub(super) static LAUNCHER: Phrase = phrase(
    "tenant/launcher",
    "that page only lists the apps; each opens at its organisation's address",
    &["open the app from that page, then copy the address up to the first single `/`", IN_ADMIN_CENTER],
);

pub(super) static ID_ALONE: Phrase = phrase(
    "tenant/id-alone",
    "it is the id of an Entra tenant or of an environment; several organisations may belong to one tenant, so the organisation's address is needed",
    &[
        IN_BROWSER,
        "if it is an environment's id, read the address in the Power Platform admin center: Manage → Environments → the environment with the id {id} → Environment URL",
        "if it is the tenant's id, add it as `--tenant {id}` beside `--tenant-url`",
    ],
);

pub(super) static DOMAIN: Phrase = phrase(
    "tenant/domain",
    "a domain or an e-mail address belongs to an Entra tenant, and several organisations may belong to one tenant",
    &[OFFERED, IN_BROWSER, IN_ADMIN_CENTER, IN_MAKER_PORTAL],
);

pub(super) static BARE_NAME: Phrase = phrase(
    "tenant/bare-name",
    "the same name may exist in every region, so the region has to be given with it",
    &[
        IN_BROWSER,
        IN_ADMIN_CENTER,
        "it is `https://{name}.crm.dynamics.com` in North America, `https://{name}.crm4.dynamics.com` in Europe, and another number elsewhere",
    ],
);

/// The entry for an address of another product.
pub(super) const fn of_product(product: Product) -> &'static Phrase {
    match product {
        Product::FinanceAndOperations => &FINANCE_AND_OPERATIONS,
        Product::BusinessCentral => &BUSINESS_CENTRAL,
        Product::MakerPortal => &MAKER_PORTAL,
        Product::AdminCenter => &ADMIN_CENTER,
        Product::AppPlayer => &APP_PLAYER,
        Product::PowerPages => &POWER_PAGES,
        Product::EnvironmentApi => &ENVIRONMENT_API,
        Product::SharePoint => &SHAREPOINT,
        Product::Graph => &GRAPH,
        Product::SignIn => &SIGN_IN,
        Product::AzurePortal => &AZURE_PORTAL,
        Product::Launcher => &LAUNCHER,
    }
}
