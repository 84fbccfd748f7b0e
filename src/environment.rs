//! DOOR (environment variables): every variable that d365conn reads, with its meaning, and the environment as a value.
//! Nothing here decides what a variable leads to.

#![expect(clippy::disallowed_methods, reason = "this is the door to the process environment")]

mod misspelling;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use crate::problem::{Diagnose, Exit, Phrase, Who};

pub use misspelling::is_unfilled;

/// A variable that d365conn reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name, as typed in a shell.
    pub name: &'static str,
    /// What it does, for the documentation.
    pub meaning: &'static str,
    /// Whether it may hold a secret: such a variable is never handed to a child process.
    pub secret: bool,
}

macro_rules! variables {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $secret:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $constant: Variable = Variable { name: $name, meaning: $meaning, secret: $secret };)*
        /// Every variable that d365conn reads, in the order in which the documentation lists them.
        pub const VARIABLES: &[Variable] = &[$($constant),*];
    };
}

variables! {
    CONNECTION = "D365CONN_CONNECTION", false, "picks a stored connection by name";
    TENANT_URL = "D365CONN_TENANT_URL", false, "switches on the environment-only connection to this organisation; nothing is stored";
    TENANT_ID = "D365CONN_TENANT_ID", false, "the Entra tenant; found from the organisation's own answer when absent";
    CLIENT_ID = "D365CONN_CLIENT_ID", false, "application (client) id of the environment-only connection";
    CLIENT_SECRET = "D365CONN_CLIENT_SECRET", true, "client secret, for `connect --client-id` and for the environment-only connection";
    CLIENT_SECRET_FILE = "D365CONN_CLIENT_SECRET_FILE", false, "file that holds the client secret";
    CERTIFICATE_FILE = "D365CONN_CERTIFICATE_FILE", false, "file that holds the certificate and its key (PEM or PFX), for `connect --auth certificate` and for the environment-only connection";
    CERTIFICATE_PASSWORD = "D365CONN_CERTIFICATE_PASSWORD", true, "password of that certificate";
    CERTIFICATE_PASSWORD_FILE = "D365CONN_CERTIFICATE_PASSWORD_FILE", false, "file that holds the password of that certificate";
    FEDERATED_TOKEN_FILE = "D365CONN_FEDERATED_TOKEN_FILE", false, "file that holds the token of another identity provider, read anew for every sign-in";
    ACCESS_TOKEN = "D365CONN_ACCESS_TOKEN", true, "a ready access token for the environment-only connection";
    REFRESH_TOKEN = "D365CONN_REFRESH_TOKEN", true, "a refresh token for the environment-only connection; used in memory, never stored";
    AUTH = "D365CONN_AUTH", false, "which credential the environment-only connection signs in with, whatever else is set: `access-token`, `refresh-token`, `secret`, `certificate`, `federated`, `managed-identity` or `az`";
    IDENTITY_OBJECT_ID = "D365CONN_IDENTITY_OBJECT_ID", false, "with `D365CONN_AUTH=managed-identity`, the object id of the identity, instead of a client id";
    IDENTITY_RESOURCE_ID = "D365CONN_IDENTITY_RESOURCE_ID", false, "with `D365CONN_AUTH=managed-identity`, the Azure resource id of the identity, instead of a client id";
    EXEC_CONNECTION = "D365CONN_EXEC_CONNECTION", false, "set by `exec` for the program it runs: the connection's name, or the organisation's address";
    BUNDLE = "D365CONN_BUNDLE", true, "the text of a bundle, used as an environment-only connection; nothing is stored";
    BUNDLE_FILE = "D365CONN_BUNDLE_FILE", false, "file that holds the bundle";
    BUNDLE_PASSPHRASE = "D365CONN_BUNDLE_PASSPHRASE", true, "passphrase of that bundle";
    BUNDLE_PASSPHRASE_FILE = "D365CONN_BUNDLE_PASSPHRASE_FILE", false, "file that holds the passphrase of that bundle";
    MANAGED_CLIENT_ID = "D365CONN_MANAGED_CLIENT_ID", false, "client id of the managed app, instead of Microsoft's sample app";
    CONFIG_DIR = "D365CONN_CONFIG_DIR", false, "directory of `connections.toml`";
    STATE_DIR = "D365CONN_STATE_DIR", false, "directory of locks, health and the encrypted secret file";
    STORE = "D365CONN_STORE", false, "`keyring` or `file`: where `connect` keeps secrets when `--store` is not given";
    STORE_PASSPHRASE_FILE = "D365CONN_STORE_PASSPHRASE_FILE", false, "file that holds the passphrase of the encrypted secret file";
    NO_INPUT = "D365CONN_NO_INPUT", false, "when set, never prompt and never open a browser, as `--no-input`";
    OUTPUT = "D365CONN_OUTPUT", false, "default of `--output`";
    LOG = "D365CONN_LOG", false, "`info` or `trace`: as `-v` or `-vv`";
    AZURE_TENANT_ID = "AZURE_TENANT_ID", false, "fills `D365CONN_TENANT_ID` when that is absent";
    AZURE_CLIENT_ID = "AZURE_CLIENT_ID", false, "fills `D365CONN_CLIENT_ID` when that is absent";
    AZURE_CLIENT_SECRET = "AZURE_CLIENT_SECRET", true, "fills `D365CONN_CLIENT_SECRET` when that is absent";
    AZURE_CLIENT_CERTIFICATE_PATH = "AZURE_CLIENT_CERTIFICATE_PATH", false, "fills `D365CONN_CERTIFICATE_FILE` when that is absent";
    AZURE_CLIENT_CERTIFICATE_PASSWORD = "AZURE_CLIENT_CERTIFICATE_PASSWORD", true, "password of the certificate that Azure's variable names";
    AZURE_FEDERATED_TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE", false, "fills `D365CONN_FEDERATED_TOKEN_FILE` when that is absent";
    ACTIONS_ID_TOKEN_REQUEST_URL = "ACTIONS_ID_TOKEN_REQUEST_URL", false, "set by GitHub Actions: where a job with `id-token: write` asks for its identity";
    ACTIONS_ID_TOKEN_REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN", true, "set by GitHub Actions: what the job proves itself with there";
    SYSTEM_OIDCREQUESTURI = "SYSTEM_OIDCREQUESTURI", false, "set by Azure Pipelines: where a step asks for the identity of a service connection";
    SYSTEM_ACCESSTOKEN = "SYSTEM_ACCESSTOKEN", true, "what the step proves itself with there, where the pipeline maps it";
    AZURESUBSCRIPTION_SERVICE_CONNECTION_ID = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", false, "set by the task AzureCLI@2: the service connection";
    IDENTITY_ENDPOINT = "IDENTITY_ENDPOINT", false, "set by Azure's App Service and Arc: where the identity of the machine is had; must lead to this machine";
    IDENTITY_HEADER = "IDENTITY_HEADER", true, "set by Azure's App Service beside `IDENTITY_ENDPOINT`, and sent nowhere else";
    IDENTITY_SERVER_THUMBPRINT = "IDENTITY_SERVER_THUMBPRINT", false, "set by Azure's Service Fabric, whose identities are not served";
    IMDS_ENDPOINT = "IMDS_ENDPOINT", false, "set by Azure Arc beside `IDENTITY_ENDPOINT`";
    MSI_ENDPOINT = "MSI_ENDPOINT", false, "set by Azure Machine Learning: where the identity of the machine is had; must lead to this machine";
    MSI_SECRET = "MSI_SECRET", true, "set by Azure Machine Learning beside `MSI_ENDPOINT`, and sent nowhere else";
    AZURE_POD_IDENTITY_AUTHORITY_HOST = "AZURE_POD_IDENTITY_AUTHORITY_HOST", false, "where a virtual machine's identity endpoint is, instead of `http://169.254.169.254`; must lead to this machine";
    HTTPS_PROXY = "HTTPS_PROXY", true, "proxy for https; loopback is never proxied";
    ALL_PROXY = "ALL_PROXY", true, "proxy for everything; loopback is never proxied";
    NO_PROXY = "NO_PROXY", false, "hosts that are reached without a proxy";
    SSL_CERT_FILE = "SSL_CERT_FILE", false, "file of trusted certificate authorities, instead of the system's";
    SSL_CERT_DIR = "SSL_CERT_DIR", false, "directory of trusted certificate authorities, instead of the system's";
    NO_COLOR = "NO_COLOR", false, "when set, no colour";
    CLICOLOR_FORCE = "CLICOLOR_FORCE", false, "when set, colour even without a terminal";
    BROWSER = "BROWSER", false, "the program that opens the sign-in page";
    CI = "CI", false, "when set, never prompt and never open a browser";
    SSH_CONNECTION = "SSH_CONNECTION", false, "when set, `connect` says how a browser on another computer is used";
    CODESPACES = "CODESPACES", false, "the same in a codespace";
    GITHUB_ACTIONS = "GITHUB_ACTIONS", false, "`true`: `token` and `exec` have the runner mask the token in its log";
    TF_BUILD = "TF_BUILD", false, "`True`: the same in Azure Pipelines";
    TERM = "TERM", false, "`dumb`: no colour and no progress";
    COLUMNS = "COLUMNS", false, "width of tables, instead of the terminal's";
    PATH = "PATH", false, "where the browser's opener and the program of `exec` are looked for";
    HOME = "HOME", false, "the user's own directory, for the places of our files";
    XDG_CONFIG_HOME = "XDG_CONFIG_HOME", false, "where configuration lives on Linux";
    XDG_STATE_HOME = "XDG_STATE_HOME", false, "where state lives on Linux";
    APPDATA = "APPDATA", false, "where configuration lives on Windows";
    LOCALAPPDATA = "LOCALAPPDATA", false, "where state lives on Windows";
}

/// The environment as a value, so that tests run side by side and nothing reads it behind our back.
#[derive(Clone, Default)]
pub struct Environment {
    values: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self { values: std::env::vars_os().collect() }
    }

    /// An environment of exactly these variables.
    pub fn of<K: Into<OsString>, V: Into<OsString>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self { values: pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }

    /// The value of `variable` as text; an empty one counts as unset.
    ///
    /// # Errors
    /// [`EnvironmentError`] when the value is not UTF-8, or another program was to put it there and did not.
    pub fn text(&self, variable: Variable) -> Result<Option<&str>, EnvironmentError> {
        match self.raw(variable).map(|value| value.to_str().ok_or(EnvironmentError::NotUtf8(variable.name))) {
            None => Ok(None),
            Some(Ok(value)) if is_unfilled(value) => Err(EnvironmentError::not_filled_in(variable.name, value)),
            Some(value) => value.map(Some),
        }
    }

    /// The variable whose value another program was to fill in and did not, among those of ours and Azure's that name an
    /// address, an id, a file or a secret.
    ///
    /// # Errors
    /// [`EnvironmentError`] that names it.
    pub fn check_filled_in(&self) -> Result<(), EnvironmentError> {
        let ours = |variable: &&Variable| ["D365CONN_", "AZURE_"].iter().any(|ours| variable.name.starts_with(ours));
        for variable in VARIABLES.iter().filter(ours) {
            if let Some(value) = self.raw(*variable).and_then(OsStr::to_str).filter(|value| is_unfilled(value)) {
                return Err(EnvironmentError::not_filled_in(variable.name, value));
            }
        }
        Ok(())
    }

    /// Names that begin like ours and are none, each with the one that was probably meant.
    pub fn misspelt(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let names = self.values.keys().filter_map(|name| name.to_str());
        let strange = names
            .filter(|name| name.starts_with("D365CONN_") && !VARIABLES.iter().any(|variable| variable.name == *name));
        strange.filter_map(|name| {
            misspelling::nearly(name, VARIABLES.iter().map(|variable| variable.name)).map(|meant| (name, meant))
        })
    }

    /// The value of `variable` as the system holds it (paths need not be UTF-8); an empty one counts as unset.
    #[must_use]
    pub fn raw(&self, variable: Variable) -> Option<&OsStr> {
        let value = self.values.get(OsStr::new(variable.name)).or_else(|| {
            // Proxy variables are written in lower case as often as in upper.
            variable
                .name
                .ends_with("_PROXY")
                .then(|| variable.name.to_ascii_lowercase())
                .and_then(|lower| self.values.get(OsStr::new(&lower)))
        })?;
        (!value.is_empty()).then_some(value)
    }

    /// Whether `variable` is set to anything.
    #[must_use]
    pub fn is_set(&self, variable: Variable) -> bool {
        self.raw(variable).is_some()
    }

    /// Every variable with its value.
    pub fn pairs(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.values.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// What a child process may inherit: everything but the variables that may hold a secret.
    pub fn without_secrets(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.pairs()
            .filter(|(name, _)| !VARIABLES.iter().any(|variable| variable.secret && is_named(name, variable.name)))
    }
}

fn is_named(name: &OsStr, wanted: &str) -> bool {
    name.to_str().is_some_and(|name| name.eq_ignore_ascii_case(wanted))
}

impl std::fmt::Debug for Environment {
    /// Names only: a value may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.values.keys()).finish()
    }
}

/// A variable, or a flag, whose value can't be meant.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// It is not text.
    #[error("the environment variable {0} is not valid UTF-8")]
    NotUtf8(&'static str),
    /// It is still the place that another program was to fill in.
    #[error("{name} is still `{place}`, a variable that was not filled in")]
    NotFilledIn {
        /// The variable or the flag.
        name: String,
        /// What stands there.
        place: String,
    },
}

impl EnvironmentError {
    /// That `name` has the value `place`, which nobody filled in.
    #[must_use]
    pub fn not_filled_in(name: &str, place: &str) -> Self {
        Self::NotFilledIn { name: name.to_owned(), place: place.trim().to_owned() }
    }
}

impl Diagnose for EnvironmentError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::NotUtf8(_) => &NOT_UTF8,
            Self::NotFilledIn { .. } => &NOT_FILLED_IN,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotUtf8(variable) => vec![("variable", (*variable).to_owned())],
            Self::NotFilledIn { name, place } => vec![("name", name.clone()), ("place", place.clone())],
        }
    }
}

/// The phrases of this door.
pub const PHRASES: &[&Phrase] = &[&NOT_UTF8, &NOT_FILLED_IN];

static NOT_UTF8: Phrase = Phrase {
    code: "environment/not-utf8",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "its bytes can't be read as text",
    remedy: &["set `{variable}` again as plain text, or unset it"],
};

static NOT_FILLED_IN: Phrase = Phrase {
    code: "environment/not-filled-in",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the pipeline or the shell knows no variable of that name here, and handed its place on as it stands",
    remedy: &[
        "set the variable that `{place}` names, in the pipeline's variables or secrets, and check its spelling",
        "in Azure Pipelines, a secret variable has to be mapped under `env:` of the step",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let environment = Environment::of([("D365CONN_CONNECTION", "")]);
        assert_eq!(environment.text(CONNECTION).ok(), Some(None));
    }

    #[test]
    fn a_proxy_may_be_written_in_lower_case() {
        let environment = Environment::of([("https_proxy", "http://proxy:3128")]);
        assert_eq!(environment.text(HTTPS_PROXY).ok(), Some(Some("http://proxy:3128")));
    }

    #[test]
    fn children_inherit_no_secret() {
        let environment =
            Environment::of([("PATH", "/bin"), ("D365CONN_CLIENT_SECRET", "x"), ("https_proxy", "http://u:p@h")]);
        let names: Vec<_> = environment.without_secrets().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names, ["PATH"]);
    }

    #[test]
    fn a_value_that_was_not_filled_in_is_named_and_no_other_is() {
        let error = |name: &str, value: &str| Environment::of([(name, value)]).check_filled_in().err();
        for name in ["D365CONN_TENANT_URL", "D365CONN_CLIENT_SECRET", "D365CONN_CLIENT_SECRET_FILE", "AZURE_CLIENT_ID"]
        {
            let said = error(name, "$(Name)").unwrap().to_string();
            assert_eq!(said, format!("{name} is still `$(Name)`, a variable that was not filled in"));
        }
        assert!(error("PS1", "$(Name)").is_none() && error("D365CONN_CLIENT_SECRET", "a$(Name)").is_none());
        assert!(Environment::of([("D365CONN_CLIENT_ID", "%ID%")]).text(CLIENT_ID).is_err());
    }

    #[test]
    fn a_misspelt_name_of_ours_is_told_with_the_right_one() {
        let environment =
            Environment::of([("D365CONN_TENANT_ULR", "x"), ("D365CONN_OUTPUT", "json"), ("PATH", "/bin")]);
        assert_eq!(environment.misspelt().collect::<Vec<_>>(), [("D365CONN_TENANT_ULR", "D365CONN_TENANT_URL")]);
    }
}
