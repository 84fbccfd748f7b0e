//! Opens what a command asks for, when it is first asked for: files, stores, the client, the runtime. What a command does
//! not need is never opened. Nothing is decided here.

use std::cell::{Cell, OnceCell};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::auth::Browser;
use crate::clock::Clock;
use crate::connection::{
    App, Connection, ConnectionId, ConnectionName, Flow, Look, SAMPLE_CLIENT_ID, StoreKind, client_id_of,
};
use crate::dataverse::{Catalog, Client, ClientParts};
use crate::environment::{self, Environment};
use crate::net::{self, Http, HttpOptions, Origin, Request, TokenSource, Trace, TraceLevel};
use crate::output::{Format, OutputError, Screen, prompt};
use crate::paths::{Places, read_given};
use crate::problem::Problem;
use crate::secret::Secret;
use crate::session::{
    CERTIFICATE, CERTIFICATE_PASSWORD, CLIENT_SECRET, EnvironmentTokens, EnvironmentTools, Session, SessionParts,
    certificate_of, client_secret_gone, environment_connection, stored_secrets, testimony,
};
use crate::settings::{Changes, EnvironmentConnection, Settings, SettingsError, Target, secret_from_file, text_of};
use crate::store::{
    FileVault, HealthBook, KeyringVault, Noted, Patience, Purpose, Registry, ResidentVault, SealedBundle, Secrets,
    StoreError, Vault, look_at,
};

/// More than any certificate bundle, less than a mistake.
const PEM_LIMIT: u64 = 16 * 1024 * 1024;
/// After this long a person is told what is waited for.
const SLOW_KEYRING: Duration = Duration::from_secs(2);
/// More than any record that may be written.
const JSON_LIMIT: usize = 256 * 1024 * 1024;

/// Everything a command may ask for.
pub struct Context {
    /// Where output goes.
    pub screen: Screen,
    /// What was meant.
    pub settings: Settings,
    /// The environment.
    pub environment: Environment,
    /// The time.
    pub clock: Clock,
    /// What opens the sign-in page, unless `--no-browser` forbids it.
    pub browser: Browser,
    opened: Opened,
    is_hurried: Cell<bool>,
}

/// What has been opened so far.
#[derive(Default)]
struct Opened {
    places: OnceCell<Places>,
    http: OnceCell<Http>,
    runtime: OnceCell<tokio::runtime::Runtime>,
    keyring: OnceCell<Arc<dyn Vault>>,
    file: OnceCell<Arc<dyn Vault>>,
    bundle: OnceCell<Option<EnvironmentConnection>>,
}

impl Context {
    /// A context in which nothing is open yet.
    #[must_use]
    pub fn new(screen: Screen, settings: Settings, environment: Environment, clock: Clock, browser: Browser) -> Self {
        Self { screen, settings, environment, clock, browser, opened: Opened::default(), is_hurried: Cell::new(false) }
    }

    /// The output format: what was asked for, else what fits stdout.
    ///
    /// # Errors
    /// When a name is no format.
    pub fn format(&self) -> Result<Format, Problem> {
        match &self.settings.output {
            Some(name) => Ok(name.parse::<Format>()?),
            None => Ok(Format::default_for(self.screen.is_terminal_stdout())),
        }
    }

    /// Runs `work` to its end, on a runtime that is made when first needed.
    ///
    /// # Errors
    /// What `work` says, or that there can be no runtime.
    pub fn block_on<T>(&self, work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
        if let Some(runtime) = self.opened.runtime.get() {
            return runtime.block_on(work);
        }
        let runtime = net::runtime()?;
        self.opened.runtime.get_or_init(|| runtime).block_on(work)
    }

    /// Where decisions and requests are told, as `-v` and `-vv` ask.
    #[must_use]
    pub fn trace(&self) -> Trace {
        let level = match self.settings.verbosity {
            0 => return Trace::default(),
            1 => TraceLevel::Decisions,
            _ => TraceLevel::Requests,
        };
        Trace::new(level, self.screen.trace_sink())
    }

    /// The directories of our own files.
    ///
    /// # Errors
    /// When the environment names none.
    pub fn places(&self) -> Result<&Places, Problem> {
        if let Some(places) = self.opened.places.get() {
            return Ok(places);
        }
        let places = Places::of(&self.environment)?;
        Ok(self.opened.places.get_or_init(|| places))
    }

    /// The saved connections.
    ///
    /// # Errors
    /// When there is no place for them.
    pub fn registry(&self) -> Result<Registry, Problem> {
        Ok(Registry::new(self.places()?))
    }

    /// What may be done over a saved connection, as the list says whenever it is asked. While the list can't be read, what it
    /// said last holds.
    ///
    /// # Errors
    /// When there is no place for the list.
    pub fn look_at(&self, connection: &Connection) -> Result<Look, Problem> {
        let origin = Origin::of(&connection.tenant_url);
        let is_same = move |saved: &Connection| Origin::of(&saved.tenant_url) == origin;
        Ok(look_at(self.registry()?, self.clock.clone(), connection, is_same))
    }

    /// What is known of a connection without asking anybody; reading it can't fail a command.
    #[must_use]
    pub fn noted(&self, id: &ConnectionId) -> Noted {
        self.places().map_or(Noted::NOTHING, |places| HealthBook::new(places).noted(id))
    }

    /// The client.
    ///
    /// # Errors
    /// When a certificate file or a proxy address is wrong.
    pub fn http(&self) -> Result<&Http, Problem> {
        if let Some(http) = self.opened.http.get() {
            return Ok(http);
        }
        let text = |variable| self.environment.text(variable).map(|value| value.map(str::to_owned));
        let ca_pem = match &self.settings.ca_file {
            Some(path) => Some((path.clone(), read_given(path, PEM_LIMIT)?)),
            None => None,
        };
        // The TLS library passes over a missing file in silence, so it is looked at here.
        let ssl_cert_file = self.environment.raw(environment::SSL_CERT_FILE).map(|path| {
            let path = PathBuf::from(path);
            let bytes = read_given(&path, PEM_LIMIT).ok();
            (path, bytes)
        });
        let options = HttpOptions {
            idle_timeout: self.settings.timeout,
            ca_pem,
            ssl_cert_file,
            https_proxy: text(environment::HTTPS_PROXY)?.map(Secret::of_address),
            all_proxy: text(environment::ALL_PROXY)?.map(Secret::of_address),
            no_proxy: text(environment::NO_PROXY)?,
        };
        let trace = self.trace();
        for (name, value) in self.way_out() {
            trace.decision(|| format!("{name} is {value}"));
        }
        let http = Http::open(&options, trace)?;
        Ok(self.opened.http.get_or_init(|| http))
    }

    /// What bears on the way to the service and on whom to trust there, from flags and environment, as it may be shown: of a
    /// proxy's address scheme, host and port.
    #[must_use]
    pub fn way_out(&self) -> Vec<(&'static str, String)> {
        let text = |variable| self.environment.text(variable).ok().flatten().map(str::to_owned);
        let proxy = |variable| text(variable).map(|address| net::proxy_without_credentials(&address));
        let file = self.environment.raw(environment::SSL_CERT_FILE).map(|path| path.to_string_lossy().into_owned());
        let ca_file = self.settings.ca_file.as_ref().map(|path| path.display().to_string());
        let all = [
            ("https_proxy", proxy(environment::HTTPS_PROXY)),
            ("all_proxy", proxy(environment::ALL_PROXY)),
            ("no_proxy", text(environment::NO_PROXY)),
            ("ssl_cert_file", file),
            ("ca_file", ca_file),
        ];
        all.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
    }

    /// The client for Dataverse, which may take long before it begins to answer.
    ///
    /// # Errors
    /// As [`Context::http`].
    pub fn http_to_dataverse(&self) -> Result<Http, Problem> {
        Ok(self.http()?.awaiting_answers_for(self.settings.answer_timeout))
    }

    /// Which connection is meant.
    ///
    /// # Errors
    /// When flags and environment contradict each other, or the bundle of the environment can't be opened.
    pub fn target(&self) -> Result<Target, Problem> {
        match self.bundled()? {
            Some(connection) => Ok(Target::Environment(Box::new(connection.clone()))),
            None => self.settings.target(&self.environment),
        }
    }

    /// The connection in the environment's bundle, opened once: making its key takes a noticeable time.
    fn bundled(&self) -> Result<Option<&EnvironmentConnection>, Problem> {
        if let Some(opened) = self.opened.bundle.get() {
            return Ok(opened.as_ref());
        }
        let opened = match self.settings.bundle(&self.environment)? {
            Some(given) => {
                let bundle = SealedBundle::parse(&given.text, &given.origin)?.open(&given.passphrase)?;
                self.trace().decision(|| format!("using connection `{}` of {}", bundle.connection.name, given.origin));
                Some(environment_connection(bundle)?)
            }
            None => None,
        };
        Ok(self.opened.bundle.get_or_init(|| opened).as_ref())
    }

    /// The name of the connection in use, for showing; `None` for one from the environment.
    #[must_use]
    pub fn target_name(&self) -> Option<String> {
        match self.target() {
            Ok(Target::Named(name)) => Some(name.to_string()),
            Ok(Target::Default) => self.saved_connection(None).ok().map(|connection| connection.name.to_string()),
            Ok(Target::Environment(_)) | Err(_) => None,
        }
    }

    /// ` in contoso "production" (contoso.crm4.dynamics.com)`: what stands in a question before something is destroyed.
    #[must_use]
    pub fn warning_of_target(&self) -> String {
        match self.target() {
            Ok(Target::Environment(connection)) => format!(" in {}", connection.tenant_url.host()),
            Ok(Target::Named(_) | Target::Default) => self.saved_connection(None).map_or_else(
                |_| String::new(),
                |connection| {
                    let label = connection.label.map_or_else(String::new, |label| format!(" \"{label}\""));
                    format!(" in {}{label} ({})", connection.name, connection.tenant_url.host())
                },
            ),
            Err(_) => String::new(),
        }
    }

    /// The saved connection called `name`; without a name the one that flags and environment mean, else the default.
    ///
    /// # Errors
    /// When there is none.
    pub fn saved_connection(&self, name: Option<&str>) -> Result<Connection, Problem> {
        let name = match name {
            Some(name) => Some(ConnectionName::parse(name)?),
            None => match self.target()? {
                Target::Named(name) => Some(name),
                Target::Default => None,
                // The saved default is another organisation than every other command means now.
                Target::Environment(connection) => {
                    return Err(SettingsError::NotSaved { address: connection.tenant_url.to_string() }.into());
                }
            },
        };
        Ok(self.registry()?.read()?.choose(name.as_ref())?.clone())
    }

    /// Every saved connection where `all` says so, else the one that [`Context::saved_connection`] gives.
    ///
    /// # Errors
    /// When they can't be read, or there is none of that name.
    pub fn saved_connections(&self, name: Option<&str>, all: bool) -> Result<Vec<Connection>, Problem> {
        if all {
            return Ok(self.registry()?.read()?.iter().cloned().collect());
        }
        Ok(vec![self.saved_connection(name)?])
    }

    /// The app that signs in: the user's own if an id is given, else the managed one.
    ///
    /// # Errors
    /// When an id is not one, a variable is not text or the saved connections can't be read.
    pub fn app(&self, own_client_id: Option<&str>) -> Result<App, Problem> {
        if let Some(client_id) = own_client_id {
            return Ok(App::Own { client_id: client_id_of(client_id)? });
        }
        let from_environment = self.environment.text(environment::MANAGED_CLIENT_ID)?.map(str::to_owned);
        let configured = match from_environment {
            Some(client_id) => Some(client_id),
            None => self.registry()?.read()?.managed_client_id().map(str::to_owned),
        };
        Ok(App::Managed { client_id: managed_client_id(configured)? })
    }

    /// The id of the managed app for a connection that lives in the environment: it needs no file of ours, so one that
    /// can't be read says nothing.
    fn managed_client_id(&self) -> Result<String, Problem> {
        let from_environment = self.environment.text(environment::MANAGED_CLIENT_ID)?.map(str::to_owned);
        let configured = from_environment.or_else(|| {
            let saved = self.registry().ok()?.read().ok()?;
            saved.managed_client_id().map(str::to_owned)
        });
        managed_client_id(configured)
    }

    /// The store of a kind.
    ///
    /// # Errors
    /// When there is no place for it.
    pub fn vault(&self, kind: StoreKind) -> Result<Arc<dyn Vault>, Problem> {
        let cell = match kind {
            StoreKind::Keyring => &self.opened.keyring,
            StoreKind::File => &self.opened.file,
        };
        if let Some(vault) = cell.get() {
            return Ok(Arc::clone(vault));
        }
        let vault: Arc<dyn Vault> = match kind {
            StoreKind::Keyring => {
                let screen = self.screen.clone();
                let locks = self.places()?.keyring_locks(&self.environment);
                let tell = move || screen.note("waiting for the keyring; it may be asking for its password");
                let registry = self.registry()?;
                let keyring = KeyringVault::new(self.patience(), locks).when_slow(SLOW_KEYRING, tell);
                Arc::new(keyring.owned_by(move || registry.ensured_configuration().ok()))
            }
            StoreKind::File => Arc::new(FileVault::new(self.places()?, self.passphrase())),
        };
        Ok(Arc::clone(cell.get_or_init(|| vault)))
    }

    /// The store in which a saved connection's secrets are. They come out for what they were made for, and for nothing else.
    ///
    /// # Errors
    /// When there is no place for it.
    pub fn vault_of(&self, connection: &Connection) -> Result<Arc<ResidentVault>, Problem> {
        let screen = self.screen.clone();
        let vault = ResidentVault::new(self.vault(connection.store)?, connection, self.registry()?, testimony);
        Ok(Arc::new(vault.telling(move |line| screen.note(line))))
    }

    /// From now on nobody is waited for longer than without a terminal.
    pub fn hurry(&self) {
        self.is_hurried.set(true);
    }

    /// How long the keyring may take: a person may have to type a password.
    fn patience(&self) -> Patience {
        let is_attended = self.screen.is_terminal_stderr() && !self.settings.no_input && !self.is_hurried.get();
        if is_attended { Patience::AT_TERMINAL } else { Patience::UNATTENDED }
    }

    /// Where the file store's passphrase comes from: the named file, else a prompt.
    fn passphrase(&self) -> Box<dyn Fn(Purpose) -> Result<Secret, Problem> + Send + Sync> {
        let file = self.environment.raw(environment::STORE_PASSPHRASE_FILE).map(PathBuf::from);
        let screen = self.screen.clone();
        let flag = environment::STORE_PASSPHRASE_FILE.name;
        Box::new(move |purpose| match (&file, purpose) {
            (Some(file), _) => secret_from_file(file),
            (None, Purpose::Open) => Ok(prompt::secret(&screen, "Passphrase of the secret file", flag)?),
            (None, Purpose::Create) => Ok(prompt::new_secret(&screen, "New passphrase for the secret file", flag)?),
        })
    }

    /// Asks a question that must be answered with yes before something is destroyed; `--yes` answers it.
    ///
    /// # Errors
    /// When the answer is no, or nobody can be asked.
    pub fn confirm(&self, question: &str) -> Result<(), Problem> {
        if self.settings.yes || prompt::confirm(&self.screen, question, "--yes")? {
            return Ok(());
        }
        Err(OutputError::Declined.into())
    }

    /// Asks so before a change; where changes are only shown there is nothing to ask.
    ///
    /// # Errors
    /// As [`Context::confirm`].
    pub fn confirm_change(&self, question: &str) -> Result<(), Problem> {
        match self.settings.changes {
            Changes::Sent => self.confirm(question),
            Changes::Shown => Ok(()),
        }
    }

    /// The secrets of a saved connection.
    ///
    /// # Errors
    /// When the store can't be read or has none.
    pub fn stored_secrets(&self, connection: &Connection) -> Result<Secrets, Problem> {
        stored_secrets(&*self.vault_of(connection)?)
    }

    /// When the certificate that a saved connection signs in with ends; `None` for the others, and where it can't be read.
    #[must_use]
    pub fn certificate_end(&self, connection: &Connection) -> Option<Timestamp> {
        let Flow::Certificate { file } = &connection.flow else { return None };
        let secrets = self.stored_secrets(connection).ok()?;
        let certificate = certificate_of(file, secrets.find(CERTIFICATE), secrets.find(CERTIFICATE_PASSWORD));
        certificate.ok().map(|certificate| certificate.ends())
    }

    /// The client secret of a saved connection.
    ///
    /// # Errors
    /// When the store can't be read or has none.
    pub fn stored_client_secret(&self, connection: &Connection) -> Result<Secret, Problem> {
        let secrets = match self.vault_of(connection)?.read() {
            // What is gone or damaged is replaced by a reconnect, which has to be told the secret then.
            Err(StoreError::FileVanished { .. } | StoreError::SecretsDamaged { .. }) => None,
            read => read?,
        };
        let secret = secrets.and_then(|secrets| secrets.find(CLIENT_SECRET).cloned());
        Ok(secret.ok_or_else(|| client_secret_gone(connection))?)
    }

    /// The client of the connection that is meant.
    ///
    /// # Errors
    /// When there is no such connection, or what it needs can't be opened.
    pub fn client(&self) -> Result<Client, Problem> {
        match self.target()? {
            Target::Environment(connection) => self.client_of_environment(&connection),
            Target::Named(name) => self.client_of(&self.saved_connection(Some(name.as_str()))?),
            Target::Default => self.client_of(&self.saved_connection(None)?),
        }
    }

    /// The client of a saved connection.
    ///
    /// # Errors
    /// When what it needs can't be opened.
    pub fn client_of(&self, connection: &Connection) -> Result<Client, Problem> {
        let tokens = self.tokens_of(connection)?;
        let read_only = connection.read_only.then(|| connection.name.to_string());
        let client = self.client_with(Origin::of(&connection.tenant_url), tokens, read_only)?;
        let organisation = Catalog::directory_name(Origin::of(&connection.tenant_url).host());
        let catalog = Catalog::kept_in(self.places()?.state.join("metadata").join(organisation));
        let look = self.look_at(connection)?;
        Ok(client.named(connection.name.as_str()).with_catalog(catalog).looking_again(look))
    }

    /// Where a saved connection's tokens come from.
    ///
    /// # Errors
    /// When the client or the store can't be opened.
    pub fn tokens_of(&self, connection: &Connection) -> Result<Arc<dyn TokenSource>, Problem> {
        Ok(self.session_of(connection)?)
    }

    /// The session of a saved connection.
    ///
    /// # Errors
    /// When the client or the store can't be opened.
    pub fn session_of(&self, connection: &Connection) -> Result<Arc<Session>, Problem> {
        Ok(Arc::new(Session::new(SessionParts {
            connection: connection.clone(),
            http: self.http()?.clone(),
            vault: self.vault_of(connection)?,
            environment: self.environment.clone(),
            places: self.places()?.clone(),
            clock: self.clock.clone(),
            trace: self.trace(),
            screen: self.screen.clone(),
            max_wait: self.settings.max_wait,
        })))
    }

    /// The client of a connection that lives in the environment.
    ///
    /// # Errors
    /// When the client can't be opened.
    pub fn client_of_environment(&self, connection: &EnvironmentConnection) -> Result<Client, Problem> {
        let tokens = self.tokens_of_environment(connection)?;
        self.client_with(Origin::of(&connection.tenant_url), tokens, connection.read_only.clone())
    }

    /// Where the tokens of a connection that lives in the environment come from.
    ///
    /// # Errors
    /// When the client can't be opened.
    pub fn tokens_of_environment(&self, connection: &EnvironmentConnection) -> Result<Arc<dyn TokenSource>, Problem> {
        let tools = EnvironmentTools {
            environment: self.environment.clone(),
            http: self.http()?.clone(),
            clock: self.clock.clone(),
            trace: self.trace(),
            max_wait: self.settings.max_wait,
            managed_client_id: self.managed_client_id()?,
        };
        Ok(Arc::new(EnvironmentTokens::new(connection.clone(), tools)))
    }

    /// A client of `origin` with tokens from `tokens`; `read_only` names the connection that refuses every write.
    ///
    /// # Errors
    /// When the client can't be opened.
    pub fn client_with(
        &self,
        origin: Origin,
        tokens: Arc<dyn TokenSource>,
        read_only: Option<String>,
    ) -> Result<Client, Problem> {
        let client = Client::new(ClientParts {
            http: self.http_to_dataverse()?,
            origin,
            tokens,
            clock: self.clock.clone(),
            max_wait: self.settings.max_wait,
            read_only,
            trace: self.trace(),
        });
        let client = match &self.settings.acting_as {
            Some(user) => client.acting_as(user),
            None => client,
        };
        Ok(match self.settings.changes {
            Changes::Sent => client,
            Changes::Shown => {
                let (screen, format, address) = (self.screen.clone(), self.format()?, client.address().to_owned());
                client.rehearsing(Arc::new(move |request: &Request| rehearse(&screen, format, &address, request)))
            }
        })
    }

    /// The text of a `--data` argument: itself, the file after `@`, or stdin for `-`.
    ///
    /// # Errors
    /// When the file or stdin can't be read, or is not text.
    pub fn json_argument(&self, argument: Option<&str>) -> Result<Option<String>, Problem> {
        let Some(argument) = argument else { return Ok(None) };
        let (bytes, origin) = if argument == "-" {
            (self.screen.read_stdin_to_end(JSON_LIMIT)?, "stdin".to_owned())
        } else if let Some(path) = argument.strip_prefix('@') {
            (read_given(Path::new(path), JSON_LIMIT as u64)?, path.to_owned())
        } else {
            return Ok(Some(argument.to_owned()));
        };
        Ok(Some(text_of(bytes, &origin)?))
    }
}

/// The id of the managed app: the one that is configured, else the one this program was built with, else Microsoft's sample.
fn managed_client_id(configured: Option<String>) -> Result<String, Problem> {
    let built_in = || option_env!("D365CONN_BUILD_MANAGED_CLIENT_ID").map(str::to_owned);
    let client_id = configured.or_else(built_in).unwrap_or_else(|| SAMPLE_CLIENT_ID.to_owned());
    Ok(client_id_of(&client_id)?)
}

/// Shows a request instead of sending it: as it would go over the wire, but for the bearer; JSON where that is asked for.
fn rehearse(screen: &Screen, format: Format, address: &str, request: &Request) -> Result<(), Problem> {
    let is_bytes = request.headers.iter().any(|(_, value)| value == "application/octet-stream");
    let body = request.body.as_deref().map(|body| match body {
        bytes if is_bytes => format!("({} bytes)", bytes.len()).into(),
        text => String::from_utf8_lossy(text),
    });
    let body = body.unwrap_or_default();
    let url = format!("{address}{}", request.path);
    if format.is_json() {
        let headers: serde_json::Map<String, serde_json::Value> =
            request.headers.iter().map(|(name, value)| (name.to_string(), value.as_str().into())).collect();
        let shown = serde_json::json!({
            "method": request.method.as_str(), "url": url, "headers": headers,
            "body": if body.is_empty() { None } else { Some(body.as_ref()) },
        });
        return Ok(screen.line(&shown.to_string())?);
    }
    screen.line(&format!("{} {url}", request.method))?;
    for (name, value) in &request.headers {
        screen.line(&format!("{name}: {value}"))?;
    }
    if !body.is_empty() {
        screen.line(&format!("\n{body}"))?;
    }
    Ok(screen.line("")?)
}
