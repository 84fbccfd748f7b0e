//! What the secrets of a connection were made for. They are used for nothing else, whatever the list of connections says by
//! then: anybody who can write that file could otherwise have them sent elsewhere. Pure.

use serde::{Deserialize, Serialize};

use crate::connection::{Connection, ConnectionId};
use crate::tenant::TenantUrl;

/// Everything that decides where secrets are sent, and for which app and connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    address: String,
    cloud: String,
    tenant: String,
    client_id: String,
    connection: ConnectionId,
}

/// What is not as it was when the secrets were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its key in `connections.toml`.
    pub key: &'static str,
    /// What the secrets were made for.
    pub made_for: String,
    /// What the list of connections says.
    pub listed: String,
}

impl Binding {
    /// What secrets are made for that are kept for `connection` now.
    #[must_use]
    pub fn of(connection: &Connection) -> Self {
        Self {
            address: connection.tenant_url.as_str().to_owned(),
            cloud: connection.tenant_url.cloud().name.to_owned(),
            tenant: connection.account.tenant.to_ascii_lowercase(),
            client_id: connection.app.client_id().to_ascii_lowercase(),
            connection: connection.id.clone(),
        }
    }

    /// The organisation's address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The first thing in which `connection`, as it is listed now, is another one.
    #[must_use]
    pub fn difference(&self, connection: &Connection) -> Option<Difference> {
        let listed = Self::of(connection);
        let pairs = [
            ("tenant_url", &self.address, &listed.address),
            ("tenant_url", &self.cloud, &listed.cloud),
            ("tenant", &self.tenant, &listed.tenant),
            ("client_id", &self.client_id, &listed.client_id),
        ];
        let differs = |(key, made_for, listed): (&'static str, &String, &String)| {
            (made_for != listed).then(|| Difference { key, made_for: made_for.clone(), listed: listed.clone() })
        };
        pairs.into_iter().find_map(differs).or_else(|| {
            let (made_for, listed) = (self.connection.to_string(), listed.connection.to_string());
            (made_for != listed).then_some(Difference { key: "id", made_for, listed })
        })
    }
}

/// What a token says of itself: it tells what secrets were made for that were kept before they said so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Witness {
    /// `aud`: the addresses it is for.
    pub audiences: Vec<String>,
    /// `appid`: the app through which it was had.
    pub client_id: Option<String>,
    /// `tid`: the tenant that issued it.
    pub tenant: Option<String>,
}

impl Witness {
    /// The first thing that the token says otherwise than `connection`. What it doesn't say, and what is no address or no
    /// id, can't be compared.
    #[must_use]
    pub fn difference(&self, connection: &Connection) -> Option<Difference> {
        let url = &connection.tenant_url;
        let is_address = |audience: &&String| audience.contains("://");
        let mut addresses = self.audiences.iter().filter(is_address).peekable();
        if let Some(first) = addresses.peek().map(|first| (*first).clone())
            && !addresses.any(|audience| url.is_resource(audience))
        {
            let made_for = TenantUrl::parse(&first).map_or(first, |parsed| parsed.url.to_string());
            return Some(Difference { key: "tenant_url", made_for, listed: url.to_string() });
        }
        let ids = [
            ("client_id", &self.client_id, connection.app.client_id()),
            ("tenant", &self.tenant, connection.account.tenant.as_str()),
        ];
        ids.into_iter().find_map(|(key, said, listed)| {
            let said = uuid::Uuid::try_parse(said.as_deref()?).ok()?;
            let is_other = uuid::Uuid::try_parse(listed).is_ok_and(|listed| listed != said);
            is_other.then(|| Difference { key, made_for: said.to_string(), listed: listed.to_owned() })
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::connection::{Account, App, ConnectionName, Flow, ResponseMode, StoreKind};

    use super::*;

    const TENANT: &str = "7c1d9f20-3e4b-4a5c-b6d7-e8f901a2b3c4";
    const APP: &str = "51f81489-12ee-4a9e-aaae-a2591f45987d";

    fn connection() -> Connection {
        Connection {
            id: ConnectionId::random(),
            name: ConnectionName::parse("contoso").unwrap(),
            tenant_url: TenantUrl::parse("https://contoso.crm4.dynamics.com").unwrap().url,
            app: App::Managed { client_id: APP.to_owned() },
            flow: Flow::Browser,
            store: StoreKind::Keyring,
            account: Account { tenant: TENANT.to_owned(), ..Account::default() },
            redirect_uri: None,
            response_mode: ResponseMode::FormPost,
            no_graph: false,
            tenant_override: None,
            label: None,
            read_only: false,
            has_client_secret: false,
        }
    }

    fn at(address: &str, connection: &Connection) -> Connection {
        Connection { tenant_url: TenantUrl::parse(address).unwrap().url, ..connection.clone() }
    }

    #[test]
    fn each_of_the_five_is_missed_when_it_changes_and_nothing_else_is() {
        let before = connection();
        let binding = Binding::of(&before);
        assert_eq!(binding.difference(&before), None);
        let with_tenant = |tenant: &str| Connection {
            account: Account { tenant: tenant.to_owned(), ..Account::default() },
            ..before.clone()
        };
        let other_app = App::Managed { client_id: "5f1c2b9e-0d4a-4f7e-9a51-3c2d8e6b7a10".to_owned() };
        for (key, changed) in [
            ("tenant_url", at("https://evil.crm4.dynamics.com", &before)),
            ("tenant_url", at("https://contoso.crm.dynamics.com", &before)),
            ("tenant_url", at("http://127.0.0.1:8365", &before)),
            ("tenant", with_tenant("contoso.onmicrosoft.com")),
            ("client_id", Connection { app: other_app, ..before.clone() }),
            ("id", Connection { id: ConnectionId::random(), ..before.clone() }),
        ] {
            assert_eq!(binding.difference(&changed).map(|difference| difference.key), Some(key));
        }
        let renamed = Connection {
            name: ConnectionName::parse("other").unwrap(),
            label: Some("x".to_owned()),
            read_only: true,
            ..with_tenant(&TENANT.to_uppercase())
        };
        assert_eq!(binding.difference(&renamed), None);
        assert_eq!(binding.difference(&at("https://contoso.api.crm4.dynamics.com", &before)), None);
    }

    #[test]
    fn a_token_tells_what_older_secrets_were_made_for_as_far_as_it_says() {
        let listed = connection();
        let said = |audience: &str, client_id: &str, tenant: &str| Witness {
            audiences: vec![audience.to_owned()],
            client_id: Some(client_id.to_owned()),
            tenant: Some(tenant.to_owned()),
        };
        let key = |witness: &Witness| witness.difference(&listed).map(|difference| difference.key);
        let own = "https://contoso.crm4.dynamics.com/";
        assert_eq!(key(&said(own, APP, TENANT)), None);
        assert_eq!(key(&said("https://contoso.api.crm4.dynamics.com", &APP.to_uppercase(), TENANT)), None);
        assert_eq!(key(&said("https://fabrikam.crm4.dynamics.com", APP, TENANT)), Some("tenant_url"));
        assert_eq!(key(&said(own, "5f1c2b9e-0d4a-4f7e-9a51-3c2d8e6b7a10", TENANT)), Some("client_id"));
        assert_eq!(key(&said(own, APP, "11111111-2222-3333-4444-555555555555")), Some("tenant"));
        assert_eq!(key(&Witness::default()), None);
        assert_eq!(key(&said("00000007-0000-0000-c000-000000000000", "an app", "a tenant")), None);
    }
}
