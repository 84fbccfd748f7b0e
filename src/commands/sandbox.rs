//! `sandbox`: a local Entra and Dataverse to try, teach and test scripts against, until Ctrl-C.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::commands::CommandError;
use crate::context::Context;
use crate::output::Format;
use crate::paths::read_given;
use crate::problem::{Exit, Problem};
use crate::sandbox::{
    DAEMON, INES, JOB_TOKEN, OWN_DESKTOP_APP, OWN_WEB_APP, Options, Provider, SERVICE_CONNECTION_ID, start,
};

/// Run a local Entra and Dataverse to try things on
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn sandbox
  d365conn sandbox --port 8999 -o json
  d365conn sandbox --beside http://127.0.0.1:8999
  d365conn sandbox --register-certificate nightly.pem

Connect to the address it prints from another terminal, and sign in as the user it
names. It listens on this computer only, holds a demo company in memory and forgets
everything at the end.")]
pub struct Sandbox {
    /// The port to listen on; a free one when left out
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// The address of another sandbox, to be listed beside this one by `connections discover`
    #[arg(long, value_name = "ADDRESS")]
    beside: Vec<String>,
    /// A certificate that the daemon may prove itself with, as if it were uploaded to its registration
    #[arg(long, value_name = "FILE")]
    register_certificate: Vec<PathBuf>,
}

/// More than any certificate with its chain, in bytes.
const LONGEST_CERTIFICATE: u64 = 1024 * 1024;

impl Sandbox {
    /// Starts it, says where it is, and stays.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        let format = context.format()?;
        context.block_on(async {
            let files = self.register_certificate.iter().map(|file| Ok((file, read_given(file, LONGEST_CERTIFICATE)?)));
            let files = files.collect::<Result<Vec<_>, Problem>>()?;
            let (port, beside) = (self.port.unwrap_or(0), self.beside);
            let options = Options { port, beside, clock: Clock::system(), ..Options::default() };
            let sandbox = start(options).await.map_err(CommandError::Sandbox)?;
            for (file, bytes) in files {
                if !sandbox.register_certificate(DAEMON.client_id, &bytes) {
                    return Err(CommandError::NothingToRegister { file: file.display().to_string() }.into());
                }
            }
            let address = sandbox.address();
            let card = json!({
                "tenant_url": address,
                "user": { "name": INES.user_name, "password": INES.password },
                "own_app": { "client_id": OWN_DESKTOP_APP.client_id, "redirect_uri": "http://localhost" },
                "own_web_app": { "client_id": OWN_WEB_APP.client_id, "client_secret": OWN_WEB_APP.secret, "redirect_uri": "http://localhost" },
                "daemon": { "client_id": DAEMON.client_id, "client_secret": DAEMON.secret },
                "github": { "request_url": Provider::Github.request_url(&address), "request_token": JOB_TOKEN },
                "azure_pipelines": {
                    "request_url": Provider::AzurePipelines.request_url(&address),
                    "request_token": JOB_TOKEN,
                    "service_connection": SERVICE_CONNECTION_ID,
                },
                "cluster": { "token_url": Provider::Cluster.request_url(&address) },
            });
            match format {
                Format::Json | Format::Ndjson => context.screen.line(&card.to_string())?,
                Format::Id => context.screen.line(&address)?,
                Format::Table | Format::Csv | Format::Tsv => context.screen.line(&page(&card))?,
            }
            // Only a signal ends it.
            std::future::pending::<()>().await;
            Ok(Exit::Done)
        })
    }
}

fn page(card: &Value) -> String {
    let text = |pointer: &str| card.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let address = text("/tenant_url");
    format!(
        "organisation  {address}\n\
         user          {}  password: {}\n\
         own app       {}  (no secret)\n\
         own web app   {}  secret: {}\n\
         daemon        {}  secret: {}\n\
         github job    ACTIONS_ID_TOKEN_REQUEST_URL={} ACTIONS_ID_TOKEN_REQUEST_TOKEN={}\n\n\
         d365conn connect --tenant-url {address}",
        text("/user/name"),
        text("/user/password"),
        text("/own_app/client_id"),
        text("/own_web_app/client_id"),
        text("/own_web_app/client_secret"),
        text("/daemon/client_id"),
        text("/daemon/client_secret"),
        text("/github/request_url"),
        text("/github/request_token"),
    )
}
