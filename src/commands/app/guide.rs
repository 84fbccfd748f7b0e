//! What to register for an app of one's own, as facts: the same ones that people read and programs get. No I/O.

use serde_json::{Value, json};

use crate::auth::{Authority, OIDC_SCOPES, RedirectUri, dataverse_scope, graph_scope};
use crate::commands::app::az;
use crate::problem::Problem;
use crate::tenant::{Cloud, Discovery, TenantUrl};

/// Dataverse as a resource in every tenant, and its one delegated permission. Source: Microsoft Learn, "Apps to allow";
/// the permission's id is that of the published application.
const DATAVERSE: Permission = Permission {
    api: "Dynamics CRM",
    api_id: "00000007-0000-0000-c000-000000000000",
    name: "user_impersonation",
    id: "78ce3f0f-a1ce-49c2-8cde-64b5c0896db4",
};
/// Microsoft Graph, for the name of who signed in. Source: Microsoft Learn, "Microsoft Graph permissions reference".
const GRAPH: Permission = Permission {
    api: "Microsoft Graph",
    api_id: "00000003-0000-0000-c000-000000000000",
    name: "User.Read",
    id: "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
};

/// What stands where a value is not known yet.
pub(super) const APP_ID: &str = "APP_ID";
const TENANT_ID: &str = "TENANT_ID";

/// A delegated permission of an application.
#[derive(Debug, Clone, Copy)]
pub(super) struct Permission {
    /// The application, as the portal calls it.
    pub api: &'static str,
    /// Its application id.
    pub api_id: &'static str,
    /// The permission.
    pub name: &'static str,
    /// Its id.
    pub id: &'static str,
}

/// Which kind of app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A person signs in, and the app has no secret.
    Desktop(RedirectUri),
    /// A person signs in, and the app proves itself with a secret.
    Web(RedirectUri),
    /// Nobody signs in: the app is a user of the organisation itself.
    Daemon,
}

impl Kind {
    /// `desktop`, `web` or `daemon`.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Desktop(_) => "desktop",
            Self::Web(_) => "web",
            Self::Daemon => "daemon",
        }
    }

    /// The platform, as the portal calls it.
    pub(super) fn platform(&self) -> Option<&'static str> {
        match self {
            Self::Desktop(_) => Some("Mobile and desktop applications"),
            Self::Web(_) => Some("Web"),
            Self::Daemon => None,
        }
    }

    /// What must stand in the registration, exactly as `connect` sends it but for a free port.
    pub(super) fn redirect_uri(&self) -> Option<&str> {
        match self {
            Self::Desktop(uri) | Self::Web(uri) => Some(uri.to_register()),
            Self::Daemon => None,
        }
    }

    pub(super) fn has_secret(&self) -> bool {
        !matches!(self, Self::Desktop(_))
    }

    pub(super) fn permissions(&self) -> &'static [Permission] {
        match self {
            Self::Desktop(_) | Self::Web(_) => &[DATAVERSE, GRAPH],
            Self::Daemon => &[],
        }
    }
}

/// Everything that is to be registered, and how to go on.
#[derive(Debug)]
pub(super) struct Guide {
    pub kind: Kind,
    pub cloud: &'static Cloud,
    /// The organisation's address, or one with `ORG` to fill in.
    pub address: String,
    /// What the registration is called.
    pub name: String,
    pub tenant: Option<String>,
    admin_consent_url: String,
}

impl Guide {
    /// The guide for an app in the cloud of `tenant_url`, or of `discovery` where no organisation is named.
    pub(super) fn new(
        kind: Kind,
        name: String,
        tenant_url: Option<&TenantUrl>,
        discovery: &Discovery,
        tenant: Option<String>,
    ) -> Result<Self, Problem> {
        let resource = tenant_url.unwrap_or(discovery.url());
        let authority = match &tenant {
            Some(tenant) => Authority::for_tenant(resource, tenant)?,
            None => Authority::for_any_tenant(resource)?,
        };
        let scopes = [dataverse_scope(resource), graph_scope(resource), OIDC_SCOPES.join(" ")].join(" ");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", APP_ID)
            .append_pair("scope", &scopes)
            .append_pair("redirect_uri", kind.redirect_uri().unwrap_or_default())
            .finish();
        let place = if tenant.is_some() { authority.tenant() } else { TENANT_ID };
        Ok(Self {
            cloud: resource.cloud(),
            address: tenant_url.map_or_else(|| discovery.example(), ToString::to_string),
            admin_consent_url: format!("{}/{place}/v2.0/adminconsent?{query}", authority.origin()),
            kind,
            name,
            tenant,
        })
    }

    /// Where apps of the cloud are registered.
    pub(super) fn portal_url(&self) -> String {
        format!("https://{}", self.cloud.portal_host)
    }

    /// Where environments of the cloud are managed. Source: Microsoft Learn, "Power Apps US Government", "Power Platform
    /// and Dynamics 365 operated by 21Vianet".
    pub(super) fn admin_center_url(&self) -> &'static str {
        match self.cloud.name {
            "gcc" => "https://gcc.admin.powerplatform.microsoft.us",
            "gcc-high" => "https://high.admin.powerplatform.microsoft.us",
            "dod" => "https://admin.appsplatform.us",
            "china" => "https://admin.powerplatform.partner.microsoftonline.cn",
            _ => "https://admin.powerplatform.microsoft.com",
        }
    }

    /// Where an administrator grants the permissions for everybody; none are granted to a daemon.
    pub(super) fn admin_consent_url(&self) -> Option<&str> {
        (self.kind != Kind::Daemon).then_some(self.admin_consent_url.as_str())
    }

    /// The steps in the portal, each a place and what to do there.
    pub(super) fn portal_steps(&self) -> Vec<String> {
        let registrations = if self.cloud.portal_host.starts_with("portal.") {
            "Microsoft Entra ID → App registrations"
        } else {
            "Entra admin center → App registrations"
        };
        let mut steps = vec![
            format!(
                "{registrations} → New registration: Name `{}`, Supported account types \"Accounts in this organizational directory only\", no Redirect URI → Register",
                self.name
            ),
            "Overview: copy Application (client) ID; it takes the place of APP_ID everywhere below".to_owned(),
        ];
        if let (Some(platform), Some(uri)) = (self.kind.platform(), self.kind.redirect_uri()) {
            steps.push(if uri.starts_with("http://127.0.0.1") {
                let list = if self.kind.has_secret() { "web" } else { "publicClient" };
                format!("Manifest: add `{uri}` to `redirectUris` of `{list}` → Save (the page Authentication refuses 127.0.0.1)")
            } else {
                let field = if self.kind.has_secret() { "Redirect URIs" } else { "Custom redirect URIs" };
                format!("Authentication → Add a platform → {platform} → {field}: `{uri}`, exactly so → Configure")
            });
        }
        for permission in self.kind.permissions() {
            steps.push(format!(
                "API permissions → Add a permission → {} → Delegated permissions → `{}` → Add permissions{}",
                permission.api,
                permission.name,
                if permission.api == GRAPH.api { " (a new registration has it already)" } else { "" },
            ));
        }
        if self.kind.has_secret() {
            steps.push(
                "Certificates & secrets → Client secrets → New client secret → Add: copy Value, not Secret ID; it is shown once"
                    .to_owned(),
            );
        }
        steps
    }

    /// The steps in the Power Platform admin center that make the app a user of the organisation.
    pub(super) fn application_user_steps(&self) -> Vec<String> {
        if self.kind != Kind::Daemon {
            return Vec::new();
        }
        vec![
            format!(
                "{} → Manage → Environments → the environment of {} → Settings → Users + permissions → Application users → New app user",
                self.admin_center_url(),
                self.address
            ),
            format!("Add an app: search for {APP_ID} → Add"),
            "Business unit: the one whose records it shall work with".to_owned(),
            "Security roles: a role with the tables it needs, no more → Save → Create".to_owned(),
        ]
    }

    /// The line that connects, or uses the app where nobody signs in.
    pub(super) fn connect(&self, app_id: &str) -> String {
        let Self { kind, address, .. } = self;
        let redirect = self.redirect_flag();
        match kind {
            Kind::Desktop(_) => format!("d365conn connect --tenant-url {address} --client-id {app_id}{redirect}"),
            Kind::Web(_) => {
                format!("d365conn connect --tenant-url {address} --client-id {app_id}{redirect} --client-secret-prompt")
            }
            Kind::Daemon => "d365conn whoami".to_owned(),
        }
    }

    /// The line that lets an administrator consent in the browser; a daemon has nothing to consent to.
    pub(super) fn admin_consent(&self) -> Option<String> {
        let Self { kind, address, .. } = self;
        let line = format!("d365conn connect --admin-consent --tenant-url {address} --client-id {APP_ID}");
        (*kind != Kind::Daemon).then(|| line + &self.redirect_flag())
    }

    /// What `connect` must be told of a redirect URI that is not its own.
    fn redirect_flag(&self) -> String {
        let other = self.kind.redirect_uri().filter(|uri| *uri != RedirectUri::default().to_register());
        other.map_or_else(String::new, |uri| format!(" --redirect-uri {uri}"))
    }

    /// All of it, for programs.
    pub(super) fn fields(&self) -> Vec<(&'static str, Value)> {
        let permissions: Vec<Value> = self
            .kind
            .permissions()
            .iter()
            .map(|it| json!({"api": it.api, "api_id": it.api_id, "permission": it.name, "permission_id": it.id, "type": "delegated"}))
            .collect();
        vec![
            ("kind", json!(self.kind.word())),
            ("cloud", json!(self.cloud.name)),
            ("tenant_url", json!(self.address)),
            ("name", json!(self.name)),
            ("platform", json!(self.kind.platform())),
            ("redirect_uri", json!(self.kind.redirect_uri())),
            ("client_secret", json!(self.kind.has_secret())),
            ("permissions", json!(permissions)),
            ("portal_url", json!(self.portal_url())),
            ("portal_steps", json!(self.portal_steps())),
            ("application_user_steps", json!(self.application_user_steps())),
            ("az", json!(az::lines(self))),
            ("admin_consent_url", json!(self.admin_consent_url())),
            ("admin_consent", json!(self.admin_consent())),
            ("connect", json!(self.connect(APP_ID))),
        ]
    }
}
