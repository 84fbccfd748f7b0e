//! `connections export`: a list without secrets, or one connection with its secrets as an encrypted bundle. Nothing here is
//! changed, and nobody is asked for a token.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::commands::moving_error::MovingError;
use crate::connection::{Connection, ConnectionName};
use crate::context::Context;
use crate::output::{Column, SinkOptions, objects, prompt};
use crate::paths::write_given;
use crate::problem::{Exit, Problem};
use crate::secret::Secret;
use crate::session::packed;
use crate::settings::secret_from_file;

/// The flag that a script uses where a person is asked.
const FLAG: &str = "--passphrase-file";

/// The keys of a list, in order; they are promised, and enough to make each connection anew.
const KEYS: [&str; 13] = [
    "name",
    "tenant_url",
    "auth",
    "app",
    "client_id",
    "tenant",
    "redirect_uri",
    "response_mode",
    "store",
    "label",
    "read_only",
    "no_graph",
    "client_secret",
];

/// List connections without secrets, or pack one with its secrets, encrypted
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn connections export -o json
  d365conn connections export contoso --encrypt -f contoso.bundle
  d365conn connections export contoso --encrypt --passphrase-file passphrase.txt > contoso.bundle

Without --encrypt it is a list to keep or to compare: no secret is in it.

With --encrypt it is one line of text that `d365conn connections import` takes on
another machine, or a job in D365CONN_BUNDLE. Whoever has it and its passphrase can
sign in as you: send them by different ways.")]
pub struct Export {
    /// The connections; without --encrypt all of them when left out, else the default one
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Pack one connection with its secrets, encrypted with a passphrase
    #[arg(long)]
    encrypt: bool,
    /// File to write the bundle to, for you alone to read; standard output when left out
    #[arg(short, long, value_name = "FILE", requires = "encrypt")]
    file: Option<PathBuf>,
    /// Replace that file if there is one
    #[arg(long, requires = "file")]
    force: bool,
    /// File that holds the passphrase, instead of a prompt
    #[arg(long, value_name = "FILE", requires = "encrypt")]
    passphrase_file: Option<PathBuf>,
}

impl Export {
    /// Writes the list or the bundle.
    ///
    /// # Errors
    /// When there is no such connection, or its secrets can't be read.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        if self.encrypt { self.pack(context) } else { self.list(context) }
    }

    fn list(&self, context: &Context) -> Result<Exit, Problem> {
        let format = context.format()?;
        let connections = context.registry()?.read()?;
        let named: Result<Vec<Connection>, Problem> = self
            .names
            .iter()
            .map(|name| Ok(connections.choose(Some(&ConnectionName::parse(name)?))?.clone()))
            .collect();
        let named = if self.names.is_empty() { connections.iter().cloned().collect() } else { named? };
        let options = SinkOptions { id_column: Some("name".to_owned()), ..SinkOptions::default() };
        let columns: Vec<Column> = KEYS.into_iter().map(Column::named).collect();
        objects(&context.screen, format, &columns, named.iter().map(without_secrets), options)?;
        Ok(Exit::Done)
    }

    fn pack(&self, context: &Context) -> Result<Exit, Problem> {
        if self.names.len() > 1 {
            return Err(MovingError::SeveralForOneBundle { count: self.names.len() }.into());
        }
        let connection = context.saved_connection(self.names.first().map(String::as_str))?;
        let secrets = context.stored_secrets(&connection)?;
        let bundle = packed(connection, secrets)?;
        let text = bundle.seal(&self.passphrase(context)?)?;
        let name = &bundle.connection.name;
        match &self.file {
            Some(file) => {
                write_given(file, format!("{text}\n").as_bytes(), self.force)?;
                context.screen.note(&format!("wrote `{name}` with its secrets, encrypted, to {}", file.display()));
            }
            None => context.screen.line(&text)?,
        }
        context.screen.warn(&if bundle.connection.flow.is_unattended() {
            format!(
                "from now on whoever opens this bundle can sign in as `{name}` does, as far as its credential is in there. \
                 `d365conn disconnect` on one machine doesn't end it on the other; to end it, remove the credential in \
                 Entra admin center → App registrations → app {} → Certificates & secrets",
                bundle.connection.app.client_id()
            )
        } else {
            format!(
                "from now on whoever opens this bundle signs in as `{name}` does: both machines share one refresh token, \
                 and Entra keeps an old one valid beside a new one. `d365conn disconnect` on one machine doesn't end it \
                 on the other; to end it, sign out everywhere at https://myaccount.microsoft.com, or have an \
                 administrator revoke the user's sessions"
            )
        });
        Ok(Exit::Done)
    }

    fn passphrase(&self, context: &Context) -> Result<Secret, Problem> {
        match &self.passphrase_file {
            Some(file) => secret_from_file(file),
            None => Ok(prompt::new_secret(&context.screen, "New passphrase for the bundle", FLAG)?),
        }
    }
}

fn without_secrets(connection: &Connection) -> Vec<(&'static str, Value)> {
    let values = [
        json!(connection.name.as_str()),
        json!(connection.tenant_url.as_str()),
        json!(connection.flow.word()),
        json!(connection.app.word()),
        json!(connection.app.client_id()),
        json!(connection.account.tenant),
        json!(connection.redirect_uri),
        json!(connection.response_mode),
        json!(connection.store.word()),
        json!(connection.label),
        json!(connection.read_only),
        json!(connection.no_graph),
        json!(connection.has_client_secret),
    ];
    KEYS.into_iter().zip(values).collect()
}
