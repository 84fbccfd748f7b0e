//! The connection that lives in the environment alone, and secrets from files the user names. Nothing here is stored.

use std::path::Path;

use crate::connection::client_id_of;
use crate::environment::{self, Environment, Variable};
use crate::paths::read_given;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::settings::SettingsError;
use crate::tenant::TenantUrl;

/// More than any client secret, less than a mistake.
const SECRET_LIMIT: u64 = 64 * 1024;

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
        /// The app it was issued to.
        client_id: String,
        /// That app's secret, if it has one.
        client_secret: Option<Secret>,
        /// The token.
        token: Secret,
    },
    /// Client id and secret of an application.
    ClientSecret {
        /// Application (client) id.
        client_id: String,
        /// The secret's value.
        client_secret: Secret,
    },
}

impl Credential {
    /// What `-v` says was chosen.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::AccessToken(_) => "access token",
            Self::RefreshToken { .. } => "refresh token",
            Self::ClientSecret { .. } => "client id and secret",
        }
    }
}

/// Where a secret came from, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretOrigin {
    /// A variable.
    Variable(&'static str),
    /// A file.
    File(String),
}

impl EnvironmentConnection {
    /// The connection that the environment describes; `None` unless `D365CONN_TENANT_URL` switches it on.
    ///
    /// The first credential that is there wins: access token, refresh token, client id and secret.
    ///
    /// # Errors
    /// When the address is refused, a group is half set or a secret file can't be read.
    pub fn of(environment: &Environment) -> Result<Option<Self>, Problem> {
        let Some(address) = environment.text(environment::TENANT_URL)? else {
            for orphan in [environment::ACCESS_TOKEN, environment::REFRESH_TOKEN] {
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
        if let Some(token) = secret_from_variable(environment, environment::ACCESS_TOKEN)? {
            return Ok(Credential::AccessToken(token));
        }
        let client_id = ours_or_azures(environment, environment::CLIENT_ID, environment::AZURE_CLIENT_ID)?;
        let client_id = client_id.as_deref().map(client_id_of).transpose()?;
        let client_secret = match client_secret_from_environment(environment)? {
            Some((secret, _)) => Some(secret),
            None => secret_from_variable(environment, environment::AZURE_CLIENT_SECRET)?,
        };
        if let Some(token) = secret_from_variable(environment, environment::REFRESH_TOKEN)? {
            let missing = SettingsError::HalfSet {
                present: environment::REFRESH_TOKEN.name,
                missing: "D365CONN_CLIENT_ID, the app it was issued to,",
            };
            return Ok(Credential::RefreshToken { client_id: client_id.ok_or(missing)?, client_secret, token });
        }
        let name_of = |ours: Variable, azures: Variable| if environment.is_set(ours) { ours.name } else { azures.name };
        match (client_id, client_secret) {
            (Some(client_id), Some(client_secret)) => Ok(Credential::ClientSecret { client_id, client_secret }),
            (Some(_), None) => Err(SettingsError::HalfSet {
                present: name_of(environment::CLIENT_ID, environment::AZURE_CLIENT_ID),
                missing: "D365CONN_CLIENT_SECRET or D365CONN_CLIENT_SECRET_FILE",
            }
            .into()),
            (None, Some(_)) => {
                let ours = [environment::CLIENT_SECRET, environment::CLIENT_SECRET_FILE];
                let ours = ours.into_iter().find(|variable| environment.is_set(*variable));
                let present = ours.unwrap_or(environment::AZURE_CLIENT_SECRET).name;
                Err(SettingsError::HalfSet { present, missing: "D365CONN_CLIENT_ID" }.into())
            }
            (None, None) => Err(SettingsError::HalfSet {
                present: "D365CONN_TENANT_URL",
                missing: "D365CONN_CLIENT_ID with D365CONN_CLIENT_SECRET, or D365CONN_ACCESS_TOKEN",
            }
            .into()),
        }
    }
}

/// The client secret that our own variables give, and which of them did.
///
/// # Errors
/// When both variables are set, or the file can't be read.
pub fn client_secret_from_environment(environment: &Environment) -> Result<Option<(Secret, SecretOrigin)>, Problem> {
    let value = secret_from_variable(environment, environment::CLIENT_SECRET)?;
    let file = environment.raw(environment::CLIENT_SECRET_FILE);
    match (value, file) {
        (Some(_), Some(_)) => Err(SettingsError::Contradiction {
            first: environment::CLIENT_SECRET.name,
            second: environment::CLIENT_SECRET_FILE.name,
        }
        .into()),
        (Some(value), None) => Ok(Some((value, SecretOrigin::Variable(environment::CLIENT_SECRET.name)))),
        (None, Some(file)) => {
            let path = Path::new(file);
            Ok(Some((secret_from_file(path)?, SecretOrigin::File(path.display().to_string()))))
        }
        (None, None) => Ok(None),
    }
}

/// A secret from a file the user names: one line of text, its line end left out. A mounted secret may be a symlink and
/// readable by others; that is the user's business.
///
/// # Errors
/// When the file can't be read, is empty or is not text.
pub fn secret_from_file(path: &Path) -> Result<Secret, Problem> {
    let bytes = zeroize::Zeroizing::new(read_given(path, SECRET_LIMIT)?);
    secret_from_bytes(&bytes, &path.display().to_string())
}

/// A connection string from a file the user names. It may be written on several lines.
///
/// # Errors
/// When the file can't be read, or is not text.
pub fn secret_from_string_file(path: &Path) -> Result<Secret, Problem> {
    let bytes = zeroize::Zeroizing::new(read_given(path, SECRET_LIMIT)?);
    let not_text = |_| SettingsError::NotText { origin: path.display().to_string() };
    Ok(Secret::new(std::str::from_utf8(&bytes).map_err(not_text)?))
}

/// A secret from a variable. One that was read from a file in a shell or a pipeline may end in a line break.
fn secret_from_variable(environment: &Environment, variable: Variable) -> Result<Option<Secret>, Problem> {
    let text = environment.text(variable)?;
    text.map(|text| secret_from_bytes(text.as_bytes(), variable.name)).transpose()
}

/// A secret from bytes that came from `origin`: one line of text, its line end left out.
///
/// # Errors
/// When there is nothing, it is not text, or it is more than one line.
pub fn secret_from_bytes(bytes: &[u8], origin: &str) -> Result<Secret, Problem> {
    let origin = || origin.to_owned();
    let text = std::str::from_utf8(bytes).map_err(|_| SettingsError::NotText { origin: origin() })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(SettingsError::EmptySecret { origin: origin() }.into());
    }
    // What stands in a header or a form ends at a line break, and a secret cut short is refused without saying why.
    if text.contains(char::is_control) {
        return Err(SettingsError::SeveralLines { origin: origin() }.into());
    }
    Ok(Secret::new(text))
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
        let said = check(&[URL, ("D365CONN_REFRESH_TOKEN", "r")]).unwrap_err();
        assert!(said.starts_with("settings/half-set") && said.contains("D365CONN_CLIENT_ID"), "{said}");
    }

    #[test]
    fn a_line_end_is_no_part_of_a_secret_and_two_lines_are_none() {
        let check = |bytes: &[u8]| match secret_from_bytes(bytes, "it") {
            Ok(secret) => secret.expose().to_owned(),
            Err(problem) => problem.phrase().code.to_owned(),
        };
        assert_eq!(check(b"s\r\n"), "s");
        assert_eq!(check("\u{feff}s\n".as_bytes()), "s");
        assert_eq!(check(b" s "), " s ");
        assert_eq!(check(b"\n"), "settings/empty-secret");
        assert_eq!(check(b"s\nt"), "settings/several-lines");
        assert_eq!(check(b"\xff"), "settings/not-text");
    }

    #[test]
    fn a_client_id_is_the_id_of_an_app() {
        let said = check(&[URL, ("D365CONN_CLIENT_ID", "my app"), ("D365CONN_CLIENT_SECRET", "s")]).unwrap_err();
        assert!(said.starts_with("connection/invalid-client-id") && !said.contains("my app"), "{said}");
    }
}
