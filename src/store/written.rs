//! `connections.toml` as text: versions 1 and 2, read and written. Nothing here touches a file.

use std::collections::HashSet;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::connection::{Account, App, Connection, ConnectionId, ConnectionName, ResponseMode, StoreKind};
use crate::store::configuration::ConfigurationSeed;
use crate::store::written_flow::{FlowWord, Particulars, SourceWord};
use crate::store::{Connections, plain};
use crate::tenant::TenantUrl;

/// The newest version that this release reads, written when one of the connections can't be said in an older one.
const VERSION: i64 = 2;

/// What every release reads, and what is written when it is enough: an older release then goes on working.
const OLDEST_VERSION: i64 = 1;

/// The ways of signing in that the oldest version has words for.
const FIRST_WORDS: [&str; 4] = ["browser", "secret", "access-token", "refresh-token"];

const OPENING: &str = "# Written by d365conn, which keeps no secret here. `d365conn connections` changes it.\n\n";

/// Why a text is not a set of connections that this release reads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Written by a later release.
    Newer { version: i64 },
    /// Not what any release wrote.
    Damaged { line: Option<usize>, reason: String },
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<ConnectionName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    managed_client_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    configuration: Option<ConfigurationSeed>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    connections: Vec<Entry>,
}

/// Only the version: every release, past and future, can be asked for that.
#[derive(Deserialize)]
struct Head {
    version: i64,
}

/// Where the entries stand, for naming the line of a fault.
#[derive(Deserialize)]
struct Layout {
    connections: Vec<Place>,
}

#[derive(Deserialize)]
struct Place {
    name: Spanned<IgnoredAny>,
    tenant_url: Spanned<IgnoredAny>,
}

/// One connection as it is written, here and in a bundle.
#[derive(Serialize, Deserialize)]
pub(super) struct Entry {
    name: ConnectionName,
    id: ConnectionId,
    tenant_url: String,
    app: AppWord,
    client_id: String,
    auth: FlowWord,
    store: StoreKind,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    user: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    user_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    organisation_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    tenant: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant_override: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redirect_uri: Option<String>,
    #[serde(default, skip_serializing_if = "is_usual")]
    response_mode: ResponseMode,
    #[serde(default, skip_serializing_if = "is_usual")]
    no_graph: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(default, skip_serializing_if = "is_usual")]
    read_only: bool,
    #[serde(default, skip_serializing_if = "is_usual")]
    has_client_secret: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate_file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    assertions_of: Option<SourceWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    federated_token_file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity_client_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity_object_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity_resource_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AppWord {
    Managed,
    Own,
}

fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Reads what [`write()`] wrote. Fields that this release doesn't know are left aside.
pub(super) fn read(text: &str) -> Result<Connections, Unreadable> {
    let damaged =
        |at: Option<usize>, reason: String| Unreadable::Damaged { line: at.map(|at| line_of(text, at)), reason };
    // The whole of TOML takes five times as long, and every command begins here.
    let whole = || {
        toml::from_str(text).map_err(|error| match toml::from_str::<Head>(text) {
            // A later release may have written what looks like damage to this one.
            Ok(Head { version }) if version > VERSION => Unreadable::Newer { version },
            _ => damaged(error.span().map(|span| span.start), error.message().to_owned()),
        })
    };
    let document: Document = plain::read(text, "connections").map_or_else(whole, Ok)?;
    match document.version {
        OLDEST_VERSION..=VERSION => {}
        later if later > VERSION => return Err(Unreadable::Newer { version: later }),
        other => return Err(damaged(None, format!("no release wrote version {other}"))),
    }
    let place = |nth: usize| toml::from_str::<Layout>(text).ok()?.connections.into_iter().nth(nth);
    let at_name = |nth| place(nth).map(|place| place.name.span().start);
    let at_url = |nth| place(nth).map(|place| place.tenant_url.span().start);
    let mut all: Vec<Connection> = Vec::with_capacity(document.connections.len());
    for (nth, entry) in document.connections.into_iter().enumerate() {
        all.push(entry.into_connection().map_err(|reason| damaged(at_url(nth), reason))?);
    }
    let (mut names, mut ids) = (HashSet::new(), HashSet::new());
    for (nth, connection) in all.iter().enumerate() {
        if !names.insert(&connection.name) {
            return Err(damaged(at_name(nth), format!("a second connection is called `{}`", connection.name)));
        }
        if !ids.insert(&connection.id) {
            return Err(damaged(at_name(nth), format!("`{}` has the id of another connection", connection.name)));
        }
    }
    let mut connections = Connections::saved(all, document.default, document.managed_client_id);
    connections.configuration = document.configuration;
    Ok(connections)
}

/// The text that [`read()`] reads.
pub(super) fn write(connections: &Connections) -> Result<String, toml::ser::Error> {
    let is_new = |connection: &Connection| !FIRST_WORDS.contains(&connection.flow.word());
    let document = Document {
        version: if connections.iter().any(is_new) { VERSION } else { OLDEST_VERSION },
        default: connections.default().map(|connection| connection.name.clone()),
        managed_client_id: connections.managed_client_id().map(str::to_owned),
        configuration: connections.configuration,
        connections: connections.iter().map(Entry::from).collect(),
    };
    Ok(format!("{OPENING}{}", toml::to_string(&document)?))
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
}

impl Entry {
    pub(super) fn into_connection(self) -> Result<Connection, String> {
        let tenant_url = TenantUrl::parse(&self.tenant_url).map_err(|error| error.to_string())?.url;
        let client_id = self.client_id;
        let particulars = Particulars {
            certificate_file: self.certificate_file,
            assertions_of: self.assertions_of,
            federated_token_file: self.federated_token_file,
            identity_client_id: self.identity_client_id,
            identity_object_id: self.identity_object_id,
            identity_resource_id: self.identity_resource_id,
        };
        Ok(Connection {
            id: self.id,
            name: self.name,
            tenant_url,
            app: match self.app {
                AppWord::Managed => App::Managed { client_id },
                AppWord::Own => App::Own { client_id },
            },
            flow: particulars.into_flow(&self.auth)?,
            store: self.store,
            account: Account {
                user: self.user,
                tenant: self.tenant,
                organisation_id: self.organisation_id,
                user_id: self.user_id,
            },
            redirect_uri: self.redirect_uri,
            response_mode: self.response_mode,
            no_graph: self.no_graph,
            tenant_override: self.tenant_override,
            label: self.label,
            read_only: self.read_only,
            has_client_secret: self.has_client_secret,
        })
    }
}

impl From<&Connection> for Entry {
    fn from(connection: &Connection) -> Self {
        let Connection {
            id,
            name,
            tenant_url,
            app,
            flow,
            store,
            account,
            redirect_uri,
            response_mode,
            no_graph,
            tenant_override,
            label,
            read_only,
            has_client_secret,
        } = connection.clone();
        let Account { user, tenant, organisation_id, user_id } = account;
        let (auth, particulars) = Particulars::of(&flow);
        let Particulars {
            certificate_file,
            assertions_of,
            federated_token_file,
            identity_client_id,
            identity_object_id,
            identity_resource_id,
        } = particulars;
        let (app, client_id) = match app {
            App::Managed { client_id } => (AppWord::Managed, client_id),
            App::Own { client_id } => (AppWord::Own, client_id),
        };
        Self {
            name,
            id,
            tenant_url: tenant_url.as_str().to_owned(),
            app,
            client_id,
            auth,
            store,
            user,
            user_id,
            organisation_id,
            tenant,
            tenant_override,
            redirect_uri,
            response_mode,
            no_graph,
            label,
            read_only,
            has_client_secret,
            certificate_file,
            assertions_of,
            federated_token_file,
            identity_client_id,
            identity_object_id,
            identity_resource_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::connection::Flow;
    use crate::store::connections::tests::{connection, name};

    use super::*;

    /// The oldest format there is. This file is never changed: users have such files.
    const OLDEST: &str = include_str!("../../tests/data/connections-v1.toml");

    #[test]
    fn the_oldest_file_is_still_read() {
        let connections = read(OLDEST).unwrap();
        let names: Vec<_> = connections.iter().map(|connection| connection.name.as_str()).collect();
        assert_eq!(names, ["contoso", "contoso-nightly", "sandbox"]);
        assert!(connections.is_default(&name("contoso")));
        let own = connections.find(&name("contoso-nightly")).unwrap();
        assert_eq!(own.app, App::Own { client_id: "5f1c2b9e-0d4a-4f7e-9a51-3c2d8e6b7a10".to_owned() });
        assert_eq!((&own.flow, own.store), (&Flow::Secret, StoreKind::File));
        assert_eq!(own.label.as_deref(), Some("production: ask before writing"));
        assert!(own.read_only && own.no_graph && own.has_client_secret);
        assert_eq!(own.redirect_uri.as_deref(), Some("http://localhost:8400/callback"));
        assert_eq!(own.response_mode, ResponseMode::Query);
        assert_eq!(own.tenant_override.as_deref(), Some("contoso.onmicrosoft.com"));
        assert_eq!(own.account.organisation_id, "9b1f0a52-6c5e-4d7d-8f3b-0a1b2c3d4e5f");
        assert!(connections.find(&name("sandbox")).unwrap().tenant_url.is_sandbox());
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let oldest = read(OLDEST).unwrap();
        assert_eq!(read(&write(&oldest).unwrap()), Ok(oldest.clone()));
        assert_eq!(read(&write(&Connections::none()).unwrap()), Ok(Connections::none()));
        assert!(
            plain::read::<Document>(&write(&oldest).unwrap(), "connections").is_some(),
            "the short way is not taken"
        );
        let mut odd = Connections::none();
        let mut one = connection("odd");
        one.label = Some("\"]\n[[connections]]\nname = 'x' # é\u{7}".to_owned());
        odd.put(one);
        assert_eq!(read(&write(&odd).unwrap()), Ok(odd));
    }

    #[test]
    fn damage_is_named_with_its_line_and_newer_is_not_damage() {
        let head = "version = 1\n";
        let entry = |name: &str, id: u8, url: &str| {
            format!(
                "[[connections]]\nname = \"{name}\"\nid = \"00000000-0000-4000-8000-0000000000{id:02}\"\n\
                 tenant_url = \"{url}\"\napp = \"managed\"\nclient_id = \"c\"\nauth = \"browser\"\nstore = \"keyring\"\n"
            )
        };
        let good = "https://contoso.crm.dynamics.com";
        let line = |text: &str| match read(text) {
            Err(Unreadable::Damaged { line, reason }) => {
                assert!(!reason.is_empty() && !reason.contains('\n'), "{reason}");
                line
            }
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(line("version = 1\nconnections = nonsense\n"), Some(2));
        assert_eq!(line(""), Some(1));
        assert_eq!(line("version = 0\n"), None);
        assert_eq!(line(&format!("{head}{}", entry("a b", 1, good))), Some(3));
        assert_eq!(line(&format!("{head}{}", entry("a", 1, "nonsense"))), Some(5));
        assert_eq!(line(&format!("{head}{}{}", entry("a", 1, good), entry("a", 2, good))), Some(11));
        assert_eq!(line(&format!("{head}{}{}", entry("a", 1, good), entry("b", 1, good))), Some(11));
        let future = format!("version = 3\n{}", entry("a", 1, good).replace("browser", "telepathy"));
        assert_eq!(line(&future.replacen('3', "2", 1)), Some(8), "no release wrote that");
        for later in [&future, "version = 3\n", "version = 3\nconnections = 7\n", "version = 9000\nfuture = true"] {
            assert!(matches!(read(later), Err(Unreadable::Newer { .. })), "{later}");
        }
    }

    #[test]
    fn a_field_of_a_later_release_and_a_default_that_is_gone_do_no_harm() {
        let text = OLDEST
            .replace("default = \"contoso\"", "default = \"gone\"\nnews = 1")
            .replace("app = \"managed\"", "app = \"managed\"\nshade = { colour = \"blue\" }");
        let connections = read(&text).unwrap();
        assert_eq!(connections.iter().len(), 3);
        assert_eq!(connections.default(), None);
    }
}
