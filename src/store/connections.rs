//! The set of saved connections as a value: finding, choosing, adding, removing. Nothing here touches a file.

use crate::connection::{Connection, ConnectionName};
use crate::store::StoreError;
use crate::store::configuration::ConfigurationSeed;

/// Whether a connection that is saved becomes the default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DefaultWish {
    /// The first of all does; a later one leaves the default as it is.
    #[default]
    IfFirst,
    /// It does.
    Always,
    /// It does not, even as the first.
    Never,
}

/// The saved connections, in the order in which they were made, and which of them is the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections {
    all: Vec<Connection>,
    default: Option<ConnectionName>,
    managed_client_id: Option<String>,
    /// What its records are told from those of other lists by.
    pub(super) configuration: Option<ConfigurationSeed>,
}

impl Connections {
    /// No connections.
    #[must_use]
    pub const fn none() -> Self {
        Self { all: Vec::new(), default: None, managed_client_id: None, configuration: None }
    }

    /// Takes connections as they were saved. A default that names none of them is no default.
    #[must_use]
    pub(super) fn saved(
        all: Vec<Connection>,
        default: Option<ConnectionName>,
        managed_client_id: Option<String>,
    ) -> Self {
        let default = default.filter(|name| all.iter().any(|connection| connection.name == *name));
        Self { all, default, managed_client_id, configuration: None }
    }

    /// The client id of the managed app, where somebody wrote one into the file: `managed_client_id = "…"` at its top.
    #[must_use]
    pub fn managed_client_id(&self) -> Option<&str> {
        self.managed_client_id.as_deref()
    }

    /// Every connection, oldest first.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Connection> {
        self.all.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The connection of that name.
    #[must_use]
    pub fn find(&self, name: &ConnectionName) -> Option<&Connection> {
        self.all.iter().find(|connection| connection.name == *name)
    }

    /// The default connection.
    #[must_use]
    pub fn default(&self) -> Option<&Connection> {
        self.default.as_ref().and_then(|name| self.find(name))
    }

    /// Whether this name is the default's.
    #[must_use]
    pub fn is_default(&self, name: &ConnectionName) -> bool {
        self.default.as_ref() == Some(name)
    }

    /// The connection that a command means: the one `name`d, else the default, else the only one.
    ///
    /// # Errors
    /// [`StoreError::UnknownConnection`], [`StoreError::NoConnection`] when none is saved, [`StoreError::NoDefault`] when
    /// several are and none is the default.
    pub fn choose(&self, name: Option<&ConnectionName>) -> Result<&Connection, StoreError> {
        match name {
            Some(name) => self.find(name).ok_or_else(|| self.unknown(name)),
            None if self.is_empty() => Err(StoreError::NoConnection),
            None => {
                let meant = self.default().or_else(|| self.only());
                meant.ok_or_else(|| StoreError::NoDefault { known: self.names() })
            }
        }
    }

    /// The connection, where there is exactly one.
    #[must_use]
    pub fn only(&self) -> Option<&Connection> {
        match self.all.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Makes a saved connection the default.
    ///
    /// # Errors
    /// [`StoreError::UnknownConnection`].
    pub fn set_default(&mut self, name: &ConnectionName) -> Result<(), StoreError> {
        let found = self.find(name).ok_or_else(|| self.unknown(name))?.name.clone();
        self.default = Some(found);
        Ok(())
    }

    /// Leaves no connection the default.
    pub fn clear_default(&mut self) {
        self.default = None;
    }

    /// Adds `connection`, or puts it in the place of the one of that name, which is handed back: its secrets are filed
    /// under another id. One with the id of a saved connection is that connection, whatever it was called when it was looked
    /// up: it keeps the name it has by now. The first connection of all becomes the default.
    pub fn put(&mut self, mut connection: Connection) -> Option<Connection> {
        if let Some(place) = self.all.iter_mut().find(|saved| saved.id == connection.id) {
            connection.name = place.name.clone();
            return Some(std::mem::replace(place, connection));
        }
        if self.all.is_empty() {
            self.default = Some(connection.name.clone());
        }
        if let Some(place) = self.all.iter_mut().find(|saved| saved.name == connection.name) {
            return Some(std::mem::replace(place, connection));
        }
        self.all.push(connection);
        None
    }

    /// [`Connections::put`], and whether it becomes the default is as `wish` says.
    pub fn put_as(&mut self, connection: Connection, wish: DefaultWish) -> Option<Connection> {
        let (is_first, name) = (self.all.is_empty(), connection.name.clone());
        let replaced = self.put(connection);
        match wish {
            DefaultWish::Always => self.default = Some(name),
            DefaultWish::Never if is_first => self.default = None,
            DefaultWish::IfFirst | DefaultWish::Never => {}
        }
        replaced
    }

    /// Removes and hands back the connection of that name. If it was the default, none is: nobody said which one takes its
    /// place.
    pub fn remove(&mut self, name: &ConnectionName) -> Option<Connection> {
        let place = self.all.iter().position(|connection| connection.name == *name)?;
        let removed = self.all.remove(place);
        if self.is_default(name) {
            self.default = None;
        }
        Some(removed)
    }

    /// Gives a connection another name. Its id, and with it its secrets, stay.
    ///
    /// # Errors
    /// [`StoreError::UnknownConnection`], [`StoreError::NameTaken`].
    pub fn rename(&mut self, old: &ConnectionName, new: &ConnectionName) -> Result<(), StoreError> {
        let place = self.all.iter().position(|connection| connection.name == *old).ok_or_else(|| self.unknown(old))?;
        if old == new {
            return Ok(());
        }
        if let Some(other) = self.find(new) {
            return Err(StoreError::NameTaken { name: new.clone(), tenant_url: other.tenant_url.to_string() });
        }
        self.all[place].name = new.clone();
        if self.is_default(old) {
            self.default = Some(new.clone());
        }
        Ok(())
    }

    fn names(&self) -> Vec<ConnectionName> {
        self.all.iter().map(|connection| connection.name.clone()).collect()
    }

    fn unknown(&self, name: &ConnectionName) -> StoreError {
        StoreError::UnknownConnection { name: name.clone(), known: self.names() }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use crate::connection::{Account, App, ConnectionId, Flow, ResponseMode, StoreKind};
    use crate::problem::Diagnose as _;
    use crate::tenant::TenantUrl;

    use super::*;

    pub(in crate::store) fn name(text: &str) -> ConnectionName {
        ConnectionName::parse(text).unwrap()
    }

    pub(in crate::store) fn connection(text: &str) -> Connection {
        Connection {
            id: ConnectionId::random(),
            name: name(text),
            tenant_url: TenantUrl::parse("https://contoso.crm4.dynamics.com").unwrap().url,
            app: App::Own { client_id: "11111111-2222-3333-4444-555555555555".to_owned() },
            flow: Flow::Browser,
            store: StoreKind::Keyring,
            account: Account { user: "ada@contoso.com".to_owned(), ..Account::default() },
            redirect_uri: None,
            response_mode: ResponseMode::FormPost,
            no_graph: false,
            tenant_override: None,
            label: None,
            read_only: false,
            has_client_secret: false,
        }
    }

    fn set(names: &[&str]) -> Connections {
        let mut connections = Connections::none();
        for text in names {
            assert_eq!(connections.put(connection(text)), None);
        }
        connections
    }

    fn default_of(connections: &Connections) -> Option<&str> {
        connections.default().map(|connection| connection.name.as_str())
    }

    #[test]
    fn the_first_connection_becomes_the_default_and_a_later_one_does_not() {
        let mut connections = set(&["one", "two"]);
        assert_eq!(default_of(&connections), Some("one"));
        connections.set_default(&name("two")).unwrap();
        assert_eq!(default_of(&connections), Some("two"));
        assert!(connections.set_default(&name("three")).is_err());
        assert_eq!(default_of(&connections), Some("two"));
    }

    #[test]
    fn when_the_default_goes_none_takes_its_place_and_the_only_one_left_is_meant() {
        let mut connections = set(&["one", "two", "three"]);
        assert_eq!(connections.remove(&name("one")).map(|gone| gone.name), Some(name("one")));
        assert_eq!(default_of(&connections), None, "two are left: nobody can say which was meant");
        connections.set_default(&name("three")).unwrap();
        connections.remove(&name("three"));
        assert_eq!(default_of(&connections), None);
        assert_eq!(connections.choose(None).map(|meant| meant.name.clone()).ok(), Some(name("two")));
        assert_eq!(connections.remove(&name("three")), None);
    }

    #[test]
    fn a_wish_decides_what_becomes_the_default() {
        let mut connections = Connections::none();
        connections.put_as(connection("one"), DefaultWish::Never);
        assert_eq!(default_of(&connections), None);
        connections.put_as(connection("two"), DefaultWish::IfFirst);
        assert_eq!(default_of(&connections), None, "a later one is not the first");
        connections.put_as(connection("three"), DefaultWish::Always);
        assert_eq!(default_of(&connections), Some("three"));
        connections.put_as(connection("three"), DefaultWish::Never);
        assert_eq!(default_of(&connections), Some("three"), "it stays what it was");
        let mut first = Connections::none();
        first.put_as(connection("one"), DefaultWish::IfFirst);
        assert_eq!(default_of(&first), Some("one"));
    }

    #[test]
    fn connecting_again_under_a_name_keeps_its_place_and_hands_back_the_old_one() {
        let mut connections = set(&["one", "two"]);
        let old = connections.find(&name("one")).unwrap().clone();
        assert_eq!(connections.put(connection("one")), Some(old));
        assert_eq!(connections.iter().map(|saved| saved.name.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn a_renamed_connection_keeps_its_id_and_stays_the_default() {
        let mut connections = set(&["one", "two"]);
        let id = connections.find(&name("one")).unwrap().id.clone();
        connections.rename(&name("one"), &name("uno")).unwrap();
        assert_eq!(connections.default().map(|saved| &saved.id), Some(&id));
        assert!(matches!(connections.rename(&name("uno"), &name("two")), Err(StoreError::NameTaken { .. })));
        assert!(connections.rename(&name("uno"), &name("uno")).is_ok());
        assert!(matches!(connections.rename(&name("one"), &name("x")), Err(StoreError::UnknownConnection { .. })));
    }

    #[test]
    fn a_connection_that_is_renamed_while_its_user_signs_in_again_stays_one() {
        let mut connections = set(&["one", "two"]);
        let mut again = connections.find(&name("one")).unwrap().clone();
        connections.rename(&name("one"), &name("uno")).unwrap();
        again.account.user = "ada@contoso.com, again".to_owned();
        assert!(connections.put(again).is_some());
        assert_eq!(connections.iter().map(|saved| saved.name.as_str()).collect::<Vec<_>>(), ["uno", "two"]);
        assert_eq!(connections.find(&name("uno")).unwrap().account.user, "ada@contoso.com, again");
        assert_eq!(default_of(&connections), Some("uno"));
    }

    #[test]
    fn what_is_meant_is_the_name_given_or_the_default_and_never_a_guess() {
        let code = |connections: &Connections, wanted: Option<&str>| {
            let wanted = wanted.map(name);
            connections
                .choose(wanted.as_ref())
                .map(|chosen| chosen.name.to_string())
                .map_err(|error| error.phrase().code)
        };
        let mut connections = set(&["one", "two"]);
        assert_eq!(code(&connections, Some("two")), Ok("two".to_owned()));
        assert_eq!(code(&connections, None), Ok("one".to_owned()));
        assert_eq!(code(&connections, Some("three")), Err("store/unknown-connection"));
        connections.clear_default();
        assert_eq!(code(&connections, None), Err("store/no-default"));
        assert_eq!(code(&Connections::none(), None), Err("store/no-connection"));
    }
}
