//! The connection that is wanted: everything `connect` was told, checked. Nothing is done here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::auth::Prompt;
use crate::connection::{App, ConnectionId, ConnectionName, Flow, ResponseMode, StoreKind};
use crate::secret::Secret;
use crate::session::Wait;
use crate::store::DefaultWish;
use crate::tenant::TenantUrl;

/// The connection that is wanted.
#[derive(Debug)]
pub struct Wanted {
    /// The organisation.
    pub tenant_url: TenantUrl,
    /// What to call it.
    pub name: ConnectionName,
    /// How it signs in.
    pub flow: Flow,
    /// The app that signs in.
    pub app: App,
    /// The app's secret, for a "Web" registration or for the app alone.
    pub client_secret: Option<Secret>,
    /// The password of the app's certificate.
    pub certificate_password: Option<Secret>,
    /// The certificate itself with its key, where it shall be kept: base64.
    pub certificate: Option<Secret>,
    /// `--tenant`.
    pub tenant: Option<String>,
    /// `--redirect-uri`, checked.
    pub redirect_uri: Option<String>,
    /// How Entra's answer comes back.
    pub response_mode: ResponseMode,
    /// Leave `User.Read` out.
    pub no_graph: bool,
    /// Sign-in name to fill in.
    pub login_hint: Option<String>,
    /// What must be asked.
    pub prompt: Option<Prompt>,
    /// How long to wait for the user.
    pub wait: Wait,
    /// Where the secrets go.
    pub store: StoreKind,
    /// Refuse writes.
    pub read_only: bool,
    /// A note for people.
    pub label: Option<String>,
    /// Whether it becomes the default connection.
    pub default_wish: DefaultWish,
    /// The tenant that a kept secret, certificate or identity among these was made for: it is shown to no other.
    pub bound_tenant: Option<String>,
    /// The connection whose place it takes, when it is a reconnect.
    pub replaces: Option<ConnectionId>,
}

impl Wanted {
    /// Everything that decides how this sign-in ends but the secrets, in a form that can be compared and shows
    /// nothing: two commands with the same settings are served by one sign-in.
    #[must_use]
    pub fn settings(&self) -> String {
        let Self { tenant_url, name, flow, app, tenant, redirect_uri, response_mode, no_graph, login_hint, .. } = self;
        let Self { prompt, store, read_only, label, default_wish, replaces, client_secret, .. } = self;
        let Self { certificate_password, certificate, .. } = self;
        let plain = format!(
            "{tenant_url:?} {name:?} {flow:?} {app:?} {tenant:?} {redirect_uri:?} {response_mode:?} {no_graph} {login_hint:?} \
             {prompt:?} {store:?} {read_only} {label:?} {default_wish:?} {replaces:?} {} {} {}",
            client_secret.is_some(),
            certificate_password.is_some(),
            certificate.is_some(),
        );
        URL_SAFE_NO_PAD.encode(Sha256::digest(plain))
    }

    /// The same sign-in as a command that can be typed again.
    #[must_use]
    pub fn command(&self) -> String {
        if self.replaces.is_some() {
            return format!("d365conn reconnect {}", self.name);
        }
        let mut words = vec!["d365conn connect --tenant-url".to_owned(), self.tenant_url.to_string()];
        let mut add = |flag: &str, value: &str| words.extend([flag.to_owned(), value.to_owned()]);
        if let App::Own { client_id } = &self.app {
            add("--client-id", client_id);
        }
        if self.client_secret.is_some() {
            add("--client-secret-prompt", "");
        }
        if self.name.as_str() != self.tenant_url.organisation() {
            add("--name", self.name.as_str());
        }
        if let Some(tenant) = &self.tenant {
            add("--tenant", tenant);
        }
        if let Some(redirect_uri) = &self.redirect_uri {
            add("--redirect-uri", redirect_uri);
        }
        if self.response_mode == ResponseMode::Query {
            add("--response-mode", "query");
        }
        if self.store == StoreKind::File {
            add("--store", "file");
        }
        for (flag, is_set) in [("--no-graph", self.no_graph), ("--read-only", self.read_only)] {
            if is_set {
                add(flag, "");
            }
        }
        words.retain(|word| !word.is_empty());
        words.join(" ")
    }
}
