//! The connection that lives in the environment alone: which of the credentials that may be there is meant. Nothing here
//! is stored.

use crate::connection::{AssertionSource, Flow, ManagedIdentity, client_id_of};
use crate::environment::{self, Environment, Variable};
use crate::problem::Problem;
use crate::secret::Secret;
use crate::settings::SettingsError;
use crate::settings::federated::{assertion_source, federated_token_file};
use crate::settings::given_certificate::certificate_from_environment;
use crate::settings::given_secret::{client_secret_from_environment, secret_from_variable};
use crate::tenant::TenantUrl;

/// A whole connection from environment variables: nothing is written, no keyring is touched.
#[derive(Debug, Clone)]
pub struct EnvironmentConnection {
    /// The organisation.
    pub tenant_url: TenantUrl,
    /// The Entra tenant, when it was given.
    pub tenant: Option<String>,
    /// What it signs in with.
    pub credential: Credential,
    /// The name of the connection in a bundle, where that refuses every write.
    pub read_only: Option<String>,
}

/// What an environment-only connection signs in with.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A ready access token.
    AccessToken(Secret),
    /// A refresh token, used in memory only.
    RefreshToken {
        /// The app it was issued to; the managed one where none is named.
        client_id: Option<String>,
        /// That app's secret, if it has one.
        client_secret: Option<Secret>,
        /// The token.
        token: Secret,
        /// The variable it comes from.
        variable: &'static str,
    },
    /// What an application shows, without a user.
    App {
        /// Application (client) id; empty where the flow finds it out itself.
        client_id: String,
        /// How it signs in.
        flow: Flow,
        /// The secret that goes with the flow: the client secret, or the password of the certificate.
        secret: Option<Secret>,
        /// The certificate itself with its key, where it travelled with a connection.
        certificate: Option<Secret>,
    },
}

impl Credential {
    /// What `-v` says was chosen.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::AccessToken(_) => "access token",
            Self::RefreshToken { .. } => "refresh token",
            Self::App { flow: Flow::Secret, .. } => "client id and secret",
            Self::App { flow, .. } => flow.word(),
        }
    }
}

impl EnvironmentConnection {
    /// The connection that the environment describes; `None` unless `D365CONN_TENANT_URL` switches it on.
    ///
    /// `D365CONN_AUTH` decides which credential is meant; else the first that is there wins: access token, refresh token,
    /// client id and secret, certificate, file of another provider's token.
    ///
    /// # Errors
    /// When the address is refused, a group is half set or a secret file can't be read.
    pub fn of(environment: &Environment) -> Result<Option<Self>, Problem> {
        let Some(address) = environment.text(environment::TENANT_URL)? else {
            for orphan in ORPHANS {
                if environment.is_set(orphan) {
                    return Err(
                        SettingsError::HalfSet { present: orphan.name, missing: environment::TENANT_URL.name }.into()
                    );
                }
            }
            return Ok(None);
        };
        let tenant_url = TenantUrl::parse(address)?.url;
        let tenant = ours_or_azures(environment, environment::TENANT_ID, environment::AZURE_TENANT_ID)?;
        let credential = Self::credential_of(environment)?;
        Ok(Some(Self { tenant_url, tenant, credential, read_only: None }))
    }

    fn credential_of(environment: &Environment) -> Result<Credential, Problem> {
        let client_id = ours_or_azures(environment, environment::CLIENT_ID, environment::AZURE_CLIENT_ID)?;
        let given = Given { environment, client_id: client_id.as_deref().map(client_id_of).transpose()? };
        if let Some(word) = environment.text(environment::AUTH)? {
            let unknown = || SettingsError::UnknownValue {
                variable: environment::AUTH.name,
                value: word.to_owned(),
                choices: WAY_WORDS,
            };
            let way = WAYS.iter().find(|way| way.word == word).ok_or_else(unknown)?;
            let missing = || SettingsError::HalfSet { present: environment::AUTH.name, missing: way.needs };
            return Ok((way.take)(&given)?.ok_or_else(missing)?);
        }
        for way in WAYS.iter().filter(|way| way.is_found) {
            if let Some(credential) = (way.take)(&given)? {
                return Ok(credential);
            }
        }
        Err(match given.name_of_client_id() {
            Some(present) => {
                SettingsError::HalfSet { present, missing: "D365CONN_CLIENT_SECRET or D365CONN_CLIENT_SECRET_FILE" }
            }
            None => SettingsError::HalfSet {
                present: "D365CONN_TENANT_URL",
                missing: "D365CONN_CLIENT_ID with D365CONN_CLIENT_SECRET, or D365CONN_ACCESS_TOKEN",
            },
        }
        .into())
    }
}

/// A credential that an environment may hold.
struct Way {
    /// The word of `D365CONN_AUTH`.
    word: &'static str,
    /// What must be set for it.
    needs: &'static str,
    /// Whether it is found by its variables alone; else it is meant only where `D365CONN_AUTH` says so.
    is_found: bool,
    /// Takes it; `None` where it is not there.
    take: fn(&Given<'_>) -> Result<Option<Credential>, Problem>,
}

/// Those that there are. The first that is there wins.
const WAYS: &[Way] = &[
    Way { word: "access-token", needs: "D365CONN_ACCESS_TOKEN", is_found: true, take: access_token },
    Way { word: "refresh-token", needs: "D365CONN_REFRESH_TOKEN", is_found: true, take: refresh_token },
    Way {
        word: "secret",
        needs: "D365CONN_CLIENT_SECRET or D365CONN_CLIENT_SECRET_FILE",
        is_found: true,
        take: client_secret,
    },
    Way { word: "certificate", needs: "D365CONN_CERTIFICATE_FILE", is_found: true, take: certificate },
    Way {
        word: "federated",
        needs: "D365CONN_FEDERATED_TOKEN_FILE, or a job of GitHub Actions or Azure Pipelines that may ask for its identity,",
        is_found: true,
        take: federated,
    },
    // Whether a machine has an identity, or the Azure CLI a user, is not seen from its variables.
    Way { word: "managed-identity", needs: "a choice of one identity", is_found: false, take: managed_identity },
    Way { word: "az", needs: "the Azure CLI", is_found: false, take: azure_cli },
];

/// Their words, for messages.
const WAY_WORDS: &str =
    "`access-token`, `refresh-token`, `secret`, `certificate`, `federated`, `managed-identity` or `az`";

/// Variables that mean nothing without the address of an organisation.
const ORPHANS: [Variable; 3] = [environment::ACCESS_TOKEN, environment::REFRESH_TOKEN, environment::AUTH];

/// What a way is taken from.
struct Given<'a> {
    environment: &'a Environment,
    /// The app, if one is named.
    client_id: Option<String>,
}

impl Given<'_> {
    /// The variable that names the app, if one does.
    fn name_of_client_id(&self) -> Option<&'static str> {
        let variables = [environment::CLIENT_ID, environment::AZURE_CLIENT_ID];
        variables.into_iter().find(|variable| self.environment.is_set(*variable)).map(|variable| variable.name)
    }

    /// The app, which must be named beside `present`.
    fn client_id(&self, present: &'static str, missing: &'static str) -> Result<String, SettingsError> {
        self.client_id.clone().ok_or(SettingsError::HalfSet { present, missing })
    }

    /// The app's secret, ours or Azure's.
    fn client_secret(&self) -> Result<Option<Secret>, Problem> {
        match client_secret_from_environment(self.environment)? {
            Some((secret, _)) => Ok(Some(secret)),
            None => secret_from_variable(self.environment, environment::AZURE_CLIENT_SECRET),
        }
    }
}

fn access_token(given: &Given<'_>) -> Result<Option<Credential>, Problem> {
    Ok(secret_from_variable(given.environment, environment::ACCESS_TOKEN)?.map(Credential::AccessToken))
}

fn refresh_token(given: &Given<'_>) -> Result<Option<Credential>, Problem> {
    let Some(token) = secret_from_variable(given.environment, environment::REFRESH_TOKEN)? else { return Ok(None) };
    let client_id = given.client_id.clone();
    // The managed app has no secret, and one that lies about belongs to another.
    let client_secret = if client_id.is_some() { given.client_secret()? } else { None };
    let variable = environment::REFRESH_TOKEN.name;
    Ok(Some(Credential::RefreshToken { client_id, client_secret, token, variable }))
}

fn client_secret(given: &Given<'_>) -> Result<Option<Credential>, Problem> {
    let secret = given.client_secret()?;
    if secret.is_none() {
        return Ok(None);
    }
    let variables = [environment::CLIENT_SECRET, environment::CLIENT_SECRET_FILE];
    let ours = variables.into_iter().find(|variable| given.environment.is_set(*variable));
    let client_id = given.client_id(ours.unwrap_or(environment::AZURE_CLIENT_SECRET).name, "D365CONN_CLIENT_ID")?;
    Ok(Some(Credential::App { client_id, flow: Flow::Secret, secret, certificate: None }))
}

fn certificate(given: &Given<'_>) -> Result<Option<Credential>, Problem> {
    let Some(certificate) = certificate_from_environment(given.environment)? else { return Ok(None) };
    let client_id = given.client_id(certificate.variable, "D365CONN_CLIENT_ID")?;
    let flow = Flow::Certificate { file: certificate.file };
    Ok(Some(Credential::App { client_id, flow, secret: certificate.password, certificate: None }))
}

/// A file that is named is meant; a job's own identity only where `D365CONN_AUTH` says so.
fn federated(given: &Given<'_>) -> Result<Option<Credential>, Problem> {
    let file = federated_token_file(given.environment)?;
    let (source, present) = match file {
        Some((file, variable)) => (AssertionSource::File(file), variable),
        None if !given.environment.is_set(environment::AUTH) => return Ok(None),
        None => match assertion_source(given.environment)? {
            Some(source) => (source, environment::AUTH.name),
            None => return Ok(None),
        },
    };
    let client_id = given.client_id(present, "D365CONN_CLIENT_ID")?;
    Ok(Some(Credential::App { client_id, flow: Flow::Federated { source }, secret: None, certificate: None }))
}

fn managed_identity(given: &Given<'_>) -> Result<Option<Credential>, Problem> {
    let identity = chosen_identity(given.environment)?;
    let client_id = match &identity {
        ManagedIdentity::ClientId(id) => id.clone(),
        _ => String::new(),
    };
    Ok(Some(Credential::App { client_id, flow: Flow::ManagedIdentity { identity }, secret: None, certificate: None }))
}

#[expect(clippy::unnecessary_wraps, reason = "every way is taken in the same form")]
fn azure_cli(_: &Given<'_>) -> Result<Option<Credential>, Problem> {
    Ok(Some(Credential::App { client_id: String::new(), flow: Flow::Az, secret: None, certificate: None }))
}

/// Which of the machine's identities the environment names: by our client id, object id or resource id, of which one may be
/// set, else by Azure's client id; else the machine's own.
///
/// # Errors
/// When two are named, or what is named is no id.
pub fn chosen_identity(environment: &Environment) -> Result<ManagedIdentity, Problem> {
    let ours = [environment::CLIENT_ID, environment::IDENTITY_OBJECT_ID, environment::IDENTITY_RESOURCE_ID];
    let mut named = ours.into_iter().filter(|variable| environment.is_set(*variable));
    if let (Some(first), Some(second)) = (named.next(), named.next()) {
        return Err(SettingsError::Contradiction { first: first.name, second: second.name }.into());
    }
    if let Some(id) = environment.text(environment::IDENTITY_OBJECT_ID)? {
        return Ok(ManagedIdentity::ObjectId(client_id_of(id)?));
    }
    if let Some(id) = environment.text(environment::IDENTITY_RESOURCE_ID)? {
        return Ok(ManagedIdentity::of_resource_id(id)?);
    }
    let id = ours_or_azures(environment, environment::CLIENT_ID, environment::AZURE_CLIENT_ID)?;
    id.map_or(Ok(ManagedIdentity::System), |id| Ok(ManagedIdentity::ClientId(client_id_of(&id)?)))
}

fn ours_or_azures(environment: &Environment, ours: Variable, azures: Variable) -> Result<Option<String>, Problem> {
    let value = match environment.text(ours)? {
        Some(value) => Some(value),
        None => environment.text(azures)?,
    };
    Ok(value.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "c1a5e8d2-0b94-4e67-8f3a-5d2b9c6e1740";
    const URL: (&str, &str) = ("D365CONN_TENANT_URL", "https://contoso.crm4.dynamics.com");

    fn check(variables: &[(&str, &str)]) -> Result<Option<&'static str>, String> {
        EnvironmentConnection::of(&Environment::of(variables.iter().copied()))
            .map(|connection| connection.map(|connection| connection.credential.word()))
            .map_err(|problem| format!("{} {problem}", problem.phrase().code))
    }

    #[test]
    fn only_our_own_address_switches_it_on() {
        assert_eq!(check(&[]), Ok(None));
        assert_eq!(
            check(&[("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", APP), ("AZURE_CLIENT_SECRET", "s")]),
            Ok(None)
        );
    }

    #[test]
    fn the_first_credential_that_is_there_wins() {
        let secret = [URL, ("D365CONN_CLIENT_ID", APP), ("D365CONN_CLIENT_SECRET", "s")];
        assert_eq!(check(&secret), Ok(Some("client id and secret")));
        assert_eq!(
            check(&[secret[0], secret[1], secret[2], ("D365CONN_REFRESH_TOKEN", "r")]),
            Ok(Some("refresh token"))
        );
        assert_eq!(check(&[secret[0], secret[1], secret[2], ("D365CONN_ACCESS_TOKEN", "a")]), Ok(Some("access token")));
        assert_eq!(
            check(&[URL, ("AZURE_CLIENT_ID", APP), ("AZURE_CLIENT_SECRET", "s")]),
            Ok(Some("client id and secret"))
        );
    }

    #[test]
    fn a_word_decides_outright() {
        let all = [URL, ("D365CONN_CLIENT_ID", APP), ("D365CONN_CLIENT_SECRET", "s"), ("D365CONN_ACCESS_TOKEN", "a")];
        let with = |word| check(&[all[0], all[1], all[2], all[3], ("D365CONN_AUTH", word)]);
        assert_eq!(with("secret"), Ok(Some("client id and secret")));
        assert_eq!(with("access-token"), Ok(Some("access token")));
        let said = with("refresh-token").unwrap_err();
        assert!(said.starts_with("settings/half-set") && said.contains("D365CONN_REFRESH_TOKEN"), "{said}");
        assert!(with("password").unwrap_err().starts_with("settings/unknown-value"));
        assert!(check(&[("D365CONN_AUTH", "secret")]).unwrap_err().contains("D365CONN_TENANT_URL"));
        for way in WAYS {
            assert!(WAY_WORDS.contains(&format!("`{}`", way.word)), "{}", way.word);
        }
    }

    #[test]
    fn an_identity_of_the_machine_is_named_once_or_is_its_own() {
        let resource_id =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i";
        let chosen = |variables: &[(&str, &str)]| {
            let chosen = chosen_identity(&Environment::of(variables.iter().copied()));
            chosen.map_err(|problem| problem.phrase().code)
        };
        let (object, resource) = ("D365CONN_IDENTITY_OBJECT_ID", "D365CONN_IDENTITY_RESOURCE_ID");
        assert_eq!(chosen(&[]), Ok(ManagedIdentity::System));
        assert_eq!(chosen(&[("AZURE_CLIENT_ID", APP)]), Ok(ManagedIdentity::ClientId(APP.to_owned())));
        assert_eq!(chosen(&[("D365CONN_CLIENT_ID", APP)]), Ok(ManagedIdentity::ClientId(APP.to_owned())));
        let azures = ("AZURE_CLIENT_ID", "x");
        assert_eq!(chosen(&[(object, APP), azures]), Ok(ManagedIdentity::ObjectId(APP.to_owned())));
        assert_eq!(chosen(&[(resource, resource_id)]), Ok(ManagedIdentity::ResourceId(resource_id.to_owned())));
        assert_eq!(chosen(&[(resource, "northlight")]), Err("connection/invalid-resource-id"));
        assert_eq!(chosen(&[azures]), Err("connection/invalid-client-id"));
        assert_eq!(chosen(&[(object, APP), (resource, resource_id)]), Err("settings/contradiction"));
        for (word, flow) in [("managed-identity", "managed-identity"), ("az", "az")] {
            assert_eq!(check(&[URL, ("D365CONN_AUTH", word), ("D365CONN_ACCESS_TOKEN", "a")]), Ok(Some(flow)));
        }
    }

    #[test]
    fn half_a_group_is_an_error_that_names_the_other_half() {
        let half = "settings/half-set";
        for (variables, missing) in [
            (vec![URL], "D365CONN_CLIENT_ID with D365CONN_CLIENT_SECRET, or D365CONN_ACCESS_TOKEN"),
            (vec![URL, ("D365CONN_CLIENT_ID", APP)], "D365CONN_CLIENT_SECRET or D365CONN_CLIENT_SECRET_FILE"),
            (vec![URL, ("D365CONN_CLIENT_SECRET", "s")], "D365CONN_CLIENT_ID"),
            (vec![("D365CONN_ACCESS_TOKEN", "a")], "D365CONN_TENANT_URL"),
        ] {
            let said = check(&variables).unwrap_err();
            assert!(said.starts_with(half) && said.contains(missing), "{variables:?}: {said}");
        }
    }

    #[test]
    fn two_secrets_are_one_too_many() {
        let said = check(&[
            URL,
            ("D365CONN_CLIENT_ID", APP),
            ("D365CONN_CLIENT_SECRET", "s"),
            ("D365CONN_CLIENT_SECRET_FILE", "/f"),
        ]);
        assert!(said.unwrap_err().starts_with("settings/contradiction"));
    }

    #[test]
    fn a_half_names_the_variable_that_is_set() {
        let said = check(&[URL, ("AZURE_CLIENT_ID", APP)]).unwrap_err();
        assert!(said.contains("AZURE_CLIENT_ID is set"), "{said}");
        let alone = check(&[URL, ("D365CONN_REFRESH_TOKEN", "r")]);
        assert_eq!(alone, Ok(Some("refresh token")), "the managed app's");
    }

    #[test]
    fn a_client_id_is_the_id_of_an_app() {
        let said = check(&[URL, ("D365CONN_CLIENT_ID", "my app"), ("D365CONN_CLIENT_SECRET", "s")]).unwrap_err();
        assert!(said.starts_with("connection/invalid-client-id") && !said.contains("my app"), "{said}");
    }

    #[test]
    fn a_certificate_comes_after_a_secret_and_before_a_token_of_somebody_else() {
        let app = ("D365CONN_CLIENT_ID", APP);
        let (ours, azures) = (("D365CONN_CERTIFICATE_FILE", "/a.pem"), ("AZURE_CLIENT_CERTIFICATE_PATH", "/b.pem"));
        let token = ("AZURE_FEDERATED_TOKEN_FILE", "/t");
        assert_eq!(check(&[URL, app, ours]), Ok(Some("certificate")));
        assert_eq!(check(&[URL, app, azures, token]), Ok(Some("certificate")));
        assert_eq!(check(&[URL, app, token]), Ok(Some("federated")));
        assert_eq!(check(&[URL, app, ours, token, ("D365CONN_AUTH", "federated")]), Ok(Some("federated")));
        assert_eq!(check(&[URL, app, ours, ("AZURE_CLIENT_SECRET", "s")]), Ok(Some("client id and secret")));
        for half in [ours, azures, token] {
            let said = check(&[URL, half]).unwrap_err();
            assert!(said.contains(&format!("{} is set, but D365CONN_CLIENT_ID", half.0)), "{said}");
        }
    }

    #[test]
    fn a_job_s_own_identity_is_used_only_when_it_is_asked_for() {
        let job = [
            URL,
            ("D365CONN_CLIENT_ID", APP),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://github.example/x"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "the-job-s-own-token"),
        ];
        assert!(check(&job).unwrap_err().starts_with("settings/half-set"));
        assert_eq!(check(&[job[0], job[1], job[2], job[3], ("D365CONN_AUTH", "federated")]), Ok(Some("federated")));
        let said = check(&[job[0], job[1], ("D365CONN_AUTH", "federated")]).unwrap_err();
        assert!(said.contains("D365CONN_FEDERATED_TOKEN_FILE"), "{said}");
    }
}
