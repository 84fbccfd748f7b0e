//! `connections import`: a connection from another machine, out of its bundle, saved under a new id. A connection string is
//! handed on to `import_string.rs`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::commands::browser_flags::BrowserFlags;
use crate::commands::connect::StoreFlag;
use crate::commands::connections::import_string;
use crate::commands::default_connection::{DefaultFlags, default_name, default_words};
use crate::commands::kept::Kept;
use crate::commands::moving_error::MovingError;
use crate::connection::{Connection, ConnectionId, ConnectionName, StoreKind};
use crate::context::Context;
use crate::output::prompt;
use crate::problem::{Exit, Problem};
use crate::secret::Secret;
use crate::settings::{BUNDLE_LIMIT, Settings, SettingsError, bundle_text_from_file, secret_from_file};
use crate::store::{Bundle, Connections, SealedBundle};

/// The flag that a script uses where a person is asked.
const FLAG: &str = "--passphrase-file";

/// Save a connection from another machine or from a connection string
#[derive(Debug, Args)]
#[command(
    mut_group("BrowserFlags", |group| group.requires("from")),
    after_help = "Examples:
  d365conn connections import contoso.bundle
  d365conn connections import contoso.bundle --name contoso-home --passphrase-file passphrase.txt
  d365conn connections import --from connection-string < contoso.txt

A bundle comes from `d365conn connections export NAME --encrypt` and needs no sign-in.
A connection string is the one of XRM tooling, such as
\"AuthType=OAuth;Url=https://contoso.crm4.dynamics.com;Username=ada@contoso.com\":
its values are taken as `d365conn connect` would take them, and the browser opens."
)]
pub struct Import {
    /// The file, or `-` for standard input
    #[arg(value_name = "FILE", required_unless_present = "from")]
    file: Option<PathBuf>,
    /// What it is, if it is no bundle
    #[arg(long, value_enum, value_name = "WHAT")]
    from: Option<From>,
    /// What to call the connection here
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Where to keep the secrets
    #[arg(long, value_enum, value_name = "STORE")]
    pub(super) store: Option<StoreFlag>,
    /// File that holds the bundle's passphrase, instead of a prompt
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) default: DefaultFlags,
    #[command(flatten)]
    pub(super) browser: BrowserFlags,
}

/// Values of `--from`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum From {
    /// A connection string of Microsoft's XRM tooling
    ConnectionString,
}

impl Import {
    /// Saves it.
    ///
    /// # Errors
    /// Whatever stood in the way; what is saved here is then as it was.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        let file = self.file.clone().filter(|file| file != Path::new("-"));
        match self.from {
            Some(From::ConnectionString) => import_string::import(self, context, file.as_deref()),
            None => self.unpack(context, file.as_deref()),
        }
    }

    fn unpack(self, context: &Context, file: Option<&Path>) -> Result<Exit, Problem> {
        let wished = self.name.as_deref().map(ConnectionName::parse).transpose()?;
        let store = Settings::store(self.store.map(StoreKind::from), &context.environment)?;
        if let Some(name) = &wished {
            must_be_free(&context.registry()?.read()?, name)?;
        }
        let (text, origin) = match file {
            Some(file) => bundle_text_from_file(file)?,
            None => text_from_stdin(context)?,
        };
        let sealed = SealedBundle::parse(&text, &origin)?;
        let Bundle { connection, secrets } = sealed.open(&self.passphrase(context)?)?;
        let name = wished.unwrap_or_else(|| connection.name.clone());
        let connection = Connection { id: ConnectionId::random(), name, store, ..connection };
        // A store that waits for a person is not opened for a name that can't be had.
        must_be_free(&context.registry()?.read()?, &connection.name)?;
        let kept = Kept { connection: &connection, secrets: &secrets, issued: None };
        let may = |connections: &Connections| must_be_free(connections, &connection.name);
        let wish = self.default.wish();
        let default = kept.keep(context, may, |connections| {
            must_be_free(connections, &connection.name)?;
            let before = default_name(connections);
            connections.put_as(connection.clone(), wish);
            Ok(default_words(before.as_ref(), default_name(connections).as_ref(), &connection.name, wish))
        })?;
        let Connection { name, tenant_url, store, .. } = &connection;
        let sandbox = if tenant_url.is_sandbox() { " (sandbox)" } else { "" };
        let place = store.place();
        context
            .screen
            .note(&format!("saved `{name}`, which reaches {tenant_url}{sandbox}, its secrets in the {place}"));
        if let Some(default) = default {
            context.screen.note(&default);
        }
        context.screen.note(&format!("next: d365conn -c {name} whoami"));
        Ok(Exit::Done)
    }

    fn passphrase(&self, context: &Context) -> Result<Secret, Problem> {
        match &self.passphrase_file {
            Some(file) => secret_from_file(file),
            None => Ok(prompt::secret(&context.screen, "Passphrase of the bundle", FLAG)?),
        }
    }
}

fn text_from_stdin(context: &Context) -> Result<(String, String), Problem> {
    let origin = "stdin".to_owned();
    let text = String::from_utf8(context.screen.read_stdin_to_end(BUNDLE_LIMIT)?);
    Ok((text.map_err(|_| SettingsError::NotText { origin: origin.clone() })?, origin))
}

fn must_be_free(connections: &Connections, name: &ConnectionName) -> Result<(), Problem> {
    match connections.find(name) {
        None => Ok(()),
        Some(other) => {
            let other = other.tenant_url.to_string();
            Err(MovingError::NameTaken { name: name.to_string(), other }.into())
        }
    }
}
