//! The bundle that the environment gives, and its passphrase. It is not opened here.

use std::ffi::OsStr;
use std::path::Path;

use crate::environment::{self, Environment, Variable};
use crate::paths::read_given;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::settings::{SettingsError, secret_from_bytes, secret_from_file};

/// Far more than a bundle takes, less than a mistake.
pub const BUNDLE_LIMIT: usize = 1024 * 1024;

/// A bundle from the environment, sealed, with what opens it.
#[derive(Debug, Clone)]
pub struct GivenBundle {
    /// The line of text.
    pub text: String,
    /// What opens it.
    pub passphrase: Secret,
    /// Where the text came from, for messages.
    pub origin: String,
}

impl GivenBundle {
    /// The bundle that `D365CONN_BUNDLE` or `D365CONN_BUNDLE_FILE` gives; `None` when neither is set.
    ///
    /// # Errors
    /// When the group is half set or set twice, when another connection is named beside it, or a file can't be read.
    pub fn of(environment: &Environment) -> Result<Option<Self>, Problem> {
        let content = one_of(environment, environment::BUNDLE, environment::BUNDLE_FILE)?;
        let passphrase = one_of(environment, environment::BUNDLE_PASSPHRASE, environment::BUNDLE_PASSPHRASE_FILE)?;
        let half = |present: Variable, missing| SettingsError::HalfSet { present: present.name, missing };
        let (content, passphrase) = match (content, passphrase) {
            (None, None) => return Ok(None),
            (Some(content), Some(passphrase)) => (content, passphrase),
            (Some((present, _)), None) => {
                return Err(half(present, "D365CONN_BUNDLE_PASSPHRASE or D365CONN_BUNDLE_PASSPHRASE_FILE").into());
            }
            (None, Some((present, _))) => return Err(half(present, "D365CONN_BUNDLE or D365CONN_BUNDLE_FILE").into()),
        };
        let others =
            [environment::CONNECTION, environment::TENANT_URL, environment::ACCESS_TOKEN, environment::REFRESH_TOKEN];
        if let Some(other) = others.into_iter().find(|other| environment.is_set(*other)) {
            return Err(SettingsError::Contradiction { first: other.name, second: content.0.name }.into());
        }
        let (text, origin) = match content {
            (environment::BUNDLE, _) => (
                environment.text(environment::BUNDLE)?.unwrap_or_default().to_owned(),
                environment::BUNDLE.name.to_owned(),
            ),
            (_, path) => bundle_text_from_file(Path::new(path))?,
        };
        let passphrase = match passphrase {
            (environment::BUNDLE_PASSPHRASE, _) => {
                let text = environment.text(environment::BUNDLE_PASSPHRASE)?.unwrap_or_default();
                secret_from_bytes(text.as_bytes(), environment::BUNDLE_PASSPHRASE.name)?
            }
            (_, path) => secret_from_file(Path::new(path))?,
        };
        Ok(Some(Self { text, passphrase, origin }))
    }
}

/// The text of a bundle in a file the user names, and what messages call that place.
///
/// # Errors
/// When the file can't be read, or is not text.
pub fn bundle_text_from_file(path: &Path) -> Result<(String, String), Problem> {
    let origin = format!("`{}`", path.display());
    let bytes = read_given(path, BUNDLE_LIMIT as u64)?;
    let text = String::from_utf8(bytes).map_err(|_| SettingsError::NotText { origin: origin.clone() })?;
    Ok((text, origin))
}

/// Which of two variables is set, and what it holds.
fn one_of(
    environment: &Environment,
    value: Variable,
    file: Variable,
) -> Result<Option<(Variable, &OsStr)>, SettingsError> {
    match (environment.raw(value), environment.raw(file)) {
        (Some(_), Some(_)) => Err(SettingsError::Contradiction { first: value.name, second: file.name }),
        (Some(text), None) => Ok(Some((value, text))),
        (None, Some(path)) => Ok(Some((file, path))),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUNDLE: (&str, &str) = ("D365CONN_BUNDLE", "ZDM2NWJuZGw=");
    const PASSPHRASE: (&str, &str) = ("D365CONN_BUNDLE_PASSPHRASE", "correct horse");

    fn check(variables: &[(&str, &str)]) -> Result<Option<(String, String)>, String> {
        GivenBundle::of(&Environment::of(variables.iter().copied()))
            .map(|given| given.map(|given| (given.text, given.origin)))
            .map_err(|problem| format!("{} {problem}", problem.phrase().code))
    }

    #[test]
    fn both_halves_make_a_bundle() {
        assert_eq!(check(&[]), Ok(None));
        let whole = check(&[BUNDLE, PASSPHRASE]).unwrap().unwrap();
        assert_eq!(whole, (BUNDLE.1.to_owned(), BUNDLE.0.to_owned()));
        assert_eq!(check(&[("D365CONN_BUNDLE", ""), ("D365CONN_BUNDLE_PASSPHRASE", "")]), Ok(None));
    }

    #[test]
    fn half_of_it_names_the_other_half() {
        for (variable, missing) in [
            (BUNDLE, "D365CONN_BUNDLE_PASSPHRASE or D365CONN_BUNDLE_PASSPHRASE_FILE"),
            (("D365CONN_BUNDLE_FILE", "/b"), "D365CONN_BUNDLE_PASSPHRASE or D365CONN_BUNDLE_PASSPHRASE_FILE"),
            (PASSPHRASE, "D365CONN_BUNDLE or D365CONN_BUNDLE_FILE"),
            (("D365CONN_BUNDLE_PASSPHRASE_FILE", "/p"), "D365CONN_BUNDLE or D365CONN_BUNDLE_FILE"),
        ] {
            let said = check(&[variable]).unwrap_err();
            assert!(said.starts_with("settings/half-set"), "{said}");
            assert!(said.contains(&format!("{} is set", variable.0)) && said.contains(missing), "{said}");
        }
    }

    #[test]
    fn two_of_anything_are_a_contradiction() {
        for more in [
            ("D365CONN_BUNDLE_FILE", "/b"),
            ("D365CONN_BUNDLE_PASSPHRASE_FILE", "/p"),
            ("D365CONN_CONNECTION", "x"),
            ("D365CONN_TENANT_URL", "https://contoso.crm.dynamics.com"),
            ("D365CONN_ACCESS_TOKEN", "a"),
            ("D365CONN_REFRESH_TOKEN", "r"),
        ] {
            let said = check(&[BUNDLE, PASSPHRASE, more]).unwrap_err();
            assert!(said.starts_with("settings/contradiction") && said.contains(more.0), "{said}");
        }
    }
}
