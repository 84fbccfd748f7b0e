//! Addresses of other products that people paste in good faith, and the environment they name. Used only to word a
//! refusal: nothing is ever accepted because of this table.

use crate::tenant::cloud::before_ending;

/// A product whose address is not an organisation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    FinanceAndOperations,
    BusinessCentral,
    MakerPortal,
    AdminCenter,
    AppPlayer,
    PowerPages,
    EnvironmentApi,
    SharePoint,
    Graph,
    SignIn,
    AzurePortal,
    Launcher,
}

/// Endings of hosts, label by label; `*` stands for any one label.
const ENDINGS: &[(&str, Product)] = &[
    ("operations.dynamics.com", Product::FinanceAndOperations),
    // Geographies with data boundaries have their own: `contoso.operations.eu.dynamics.com`.
    ("operations.*.dynamics.com", Product::FinanceAndOperations),
    ("cloudax.dynamics.com", Product::FinanceAndOperations),
    ("cloudax.*.dynamics.com", Product::FinanceAndOperations),
    ("axcloud.dynamics.com", Product::FinanceAndOperations),
    ("axcloud.*.dynamics.com", Product::FinanceAndOperations),
    ("businesscentral.dynamics.com", Product::BusinessCentral),
    ("make.powerapps.com", Product::MakerPortal),
    ("make.preview.powerapps.com", Product::MakerPortal),
    ("make.*.powerapps.us", Product::MakerPortal),
    ("make.apps.appsplatform.us", Product::MakerPortal),
    ("make.powerapps.cn", Product::MakerPortal),
    ("make.powerautomate.com", Product::MakerPortal),
    ("admin.powerplatform.microsoft.com", Product::AdminCenter),
    ("admin.powerplatform.microsoft.us", Product::AdminCenter),
    ("admin.appsplatform.us", Product::AdminCenter),
    ("admin.powerplatform.partner.microsoftonline.cn", Product::AdminCenter),
    ("admin.dynamics.com", Product::AdminCenter),
    ("apps.powerapps.com", Product::AppPlayer),
    ("apps.preview.powerapps.com", Product::AppPlayer),
    ("apps.*.powerapps.us", Product::AppPlayer),
    ("play.apps.appsplatform.us", Product::AppPlayer),
    ("apps.powerapps.cn", Product::AppPlayer),
    ("powerappsportals.com", Product::PowerPages),
    ("powerappsportals.us", Product::PowerPages),
    ("powerappsportals.cn", Product::PowerPages),
    ("microsoftcrmportals.com", Product::PowerPages),
    ("environment.api.powerplatform.com", Product::EnvironmentApi),
    ("api.powerplatform.com", Product::EnvironmentApi),
    ("sharepoint.com", Product::SharePoint),
    ("sharepoint.us", Product::SharePoint),
    ("sharepoint.cn", Product::SharePoint),
    ("graph.microsoft.com", Product::Graph),
    ("graph.microsoft.us", Product::Graph),
    ("dod-graph.microsoft.us", Product::Graph),
    ("microsoftgraph.chinacloudapi.cn", Product::Graph),
    ("login.microsoftonline.com", Product::SignIn),
    ("login.microsoftonline.us", Product::SignIn),
    ("login.partner.microsoftonline.cn", Product::SignIn),
    ("login.windows.net", Product::SignIn),
    ("sts.windows.net", Product::SignIn),
    ("portal.azure.com", Product::AzurePortal),
    ("portal.azure.us", Product::AzurePortal),
    ("portal.azure.cn", Product::AzurePortal),
    ("entra.microsoft.com", Product::AzurePortal),
    ("home.dynamics.com", Product::Launcher),
];

impl Product {
    /// The product behind a host, if it is one that people take for an organisation's address.
    pub(super) fn of(labels: &[&str]) -> Option<Self> {
        ENDINGS.iter().find(|(ending, _)| before_ending(labels, ending).is_some()).map(|(_, product)| *product)
    }

    /// What people call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::FinanceAndOperations => "Finance and Operations",
            Self::BusinessCentral => "Business Central",
            Self::MakerPortal => "the maker portal",
            Self::AdminCenter => "the admin center",
            Self::AppPlayer => "the app player",
            Self::PowerPages => "a Power Pages site",
            Self::EnvironmentApi => "the Power Platform API",
            Self::SharePoint => "SharePoint",
            Self::Graph => "Microsoft Graph",
            Self::SignIn => "the sign-in service",
            Self::AzurePortal => "the Azure portal",
            Self::Launcher => "the Dynamics 365 home page",
        }
    }
}

/// The environment id that an address of another product names: in the path after `environments` or `e`, or spelled into
/// the host of the environment API (32 hexadecimal digits with a dot in them).
pub(super) fn environment_of(labels: &[&str], path: &str) -> Option<String> {
    if let Some(before) = before_ending(labels, "environment.api.powerplatform.com") {
        return environment_id(&before.concat());
    }
    let mut segments = path.split(['/', '?', '#']);
    segments.find(|segment| segment.eq_ignore_ascii_case("environments") || segment.eq_ignore_ascii_case("e"))?;
    environment_id(segments.next()?)
}

/// A GUID, or the `Default-` GUID of a tenant's first environment, in one spelling.
fn environment_id(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let (prefix, id) = match lower.strip_prefix("default") {
        Some(rest) => ("Default-", rest.strip_prefix('-').unwrap_or(rest)),
        None => ("", lower.as_str()),
    };
    let id = uuid::Uuid::try_parse(id).ok()?;
    Some(format!("{prefix}{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_read_from_the_path_or_from_the_host() {
        const ID: &str = "6d2ef3c1-9f6e-4e11-8179-000d3a000002";
        let cases = [
            ("make.powerapps.com", format!("/environments/{ID}/home"), Some(ID.to_owned())),
            ("make.powerapps.com", format!("/environments/Default-{ID}/home"), Some(format!("Default-{ID}"))),
            ("admin.powerplatform.microsoft.com", format!("/manage/environments/{ID}"), Some(ID.to_owned())),
            ("apps.powerapps.com", format!("/play/e/{ID}/a/0?tenantId=1"), Some(ID.to_owned())),
            ("6d2ef3c19f6e4e118179000d3a0000.02.environment.api.powerplatform.com", String::new(), Some(ID.to_owned())),
            ("make.powerapps.com", "/environments/../../x".to_owned(), None),
            ("make.powerapps.com", "/".to_owned(), None),
        ];
        for (host, path, wanted) in cases {
            let labels: Vec<&str> = host.split('.').collect();
            assert_eq!(environment_of(&labels, &path), wanted, "{host}{path}");
        }
    }

    #[test]
    fn an_ending_is_matched_by_labels_and_never_by_letters() {
        let product = |host: &str| Product::of(&host.split('.').collect::<Vec<_>>());
        assert_eq!(product("contoso.sharepoint.com"), Some(Product::SharePoint));
        assert_eq!(product("contososharepoint.com"), None);
        assert_eq!(product("contoso.sharepoint.com.evil.example"), None);
        assert_eq!(product("contoso.operations.eu.dynamics.com"), Some(Product::FinanceAndOperations));
        assert_eq!(product("contoso.crm4.dynamics.com"), None);
    }
}
