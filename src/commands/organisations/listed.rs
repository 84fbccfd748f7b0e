//! An organisation that the discovery service lists, as it is shown and as it can be connected to. Nobody is asked here.

use serde_json::{Value, json};

use crate::context::Context;
use crate::dataverse::Instance;
use crate::problem::Problem;
use crate::tenant::{Discovery, TenantUrl};

/// The keys of `connections discover`, in order; they are promised.
pub const KEYS: [&str; 10] = [
    "friendly_name",
    "unique_name",
    "url",
    "region",
    "version",
    "state",
    "connected",
    "organisation_id",
    "environment_id",
    "tenant",
];

/// Those of them that fit on a terminal side by side.
pub const TABLE_KEYS: [&str; 6] = ["friendly_name", "url", "region", "version", "state", "connected"];

/// A listed organisation.
#[derive(Debug, Clone)]
pub struct Listed {
    instance: Instance,
    /// Its address, if it is enabled and may be believed to be an organisation of that cloud.
    pub usable: Option<TenantUrl>,
    /// The saved connection to it.
    pub connected: Option<String>,
}

/// What was listed, beside what is saved.
///
/// # Errors
/// When the saved connections can't be read.
pub fn listed(context: &Context, discovery: &Discovery, found: Vec<Instance>) -> Result<Vec<Listed>, Problem> {
    let saved = context.registry()?.read()?;
    let listed = found.into_iter().map(|instance| {
        let address = discovery.adopt(&instance.url);
        let connected = saved.iter().find(|connection| {
            let has_id = !instance.id.is_empty();
            let is_same = has_id && connection.account.organisation_id.eq_ignore_ascii_case(&instance.id);
            is_same || address.as_ref() == Some(&connection.tenant_url)
        });
        Listed {
            connected: connected.map(|connection| connection.name.to_string()),
            usable: address.filter(|_| instance.is_enabled),
            instance,
        }
    });
    Ok(listed.collect())
}

impl Listed {
    /// Its name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        if self.instance.friendly_name.is_empty() { &self.instance.unique_name } else { &self.instance.friendly_name }
    }

    /// Its address as listed.
    #[must_use]
    pub fn url(&self) -> &str {
        self.instance.url.trim_end_matches('/')
    }

    /// What stands beside it in a choice: why it can't be chosen, or that it need not be.
    #[must_use]
    pub fn remark(&self) -> String {
        match (&self.usable, &self.connected, self.instance.is_enabled) {
            (_, _, false) => "disabled".to_owned(),
            (None, _, true) => "not an organisation of this cloud".to_owned(),
            (Some(_), Some(connection), true) => format!("connected as {connection}"),
            (Some(_), None, true) => String::new(),
        }
    }

    /// All of it, under [`KEYS`].
    #[must_use]
    pub fn fields(&self) -> Vec<(String, Value)> {
        let Instance { friendly_name, unique_name, region, version, .. } = &self.instance;
        let state = if self.instance.is_enabled { "enabled" } else { "disabled" };
        let values = [
            json!(friendly_name),
            json!(unique_name),
            json!(self.url()),
            json!(region),
            json!(version),
            json!(state),
            json!(self.connected),
            json!(self.instance.id),
            json!(self.instance.environment_id),
            json!(self.instance.tenant_id),
        ];
        KEYS.map(str::to_owned).into_iter().zip(values).collect()
    }
}
