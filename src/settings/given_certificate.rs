//! The certificate that the environment names, with its password. Nothing here opens it.

use crate::environment::{self, Environment, Variable};
use crate::problem::Problem;
use crate::secret::Secret;
use crate::settings::SettingsError;
use crate::settings::given_secret::{secret_from_file, secret_from_variable};

/// A certificate, as the environment names it.
#[derive(Debug)]
pub struct GivenCertificate {
    /// Where it is.
    pub file: String,
    /// What opens it, if it is closed.
    pub password: Option<Secret>,
    /// The variable that names it, for messages.
    pub variable: &'static str,
}

/// The certificate that our own variables name, else the one that Azure's name; each has its own password.
///
/// # Errors
/// When a password stands without a certificate, or twice, or its file can't be read.
pub fn certificate_from_environment(environment: &Environment) -> Result<Option<GivenCertificate>, Problem> {
    let named = |variable: Variable| {
        let file = environment.text(variable)?.map(str::to_owned);
        Ok::<_, Problem>(file.map(|file| (file, variable.name)))
    };
    if let Some((file, variable)) = named(environment::CERTIFICATE_FILE)? {
        return Ok(Some(GivenCertificate {
            file,
            password: certificate_password_from_environment(environment)?,
            variable,
        }));
    }
    for orphan in [environment::CERTIFICATE_PASSWORD, environment::CERTIFICATE_PASSWORD_FILE] {
        if environment.is_set(orphan) && !environment.is_set(environment::AZURE_CLIENT_CERTIFICATE_PATH) {
            let missing = environment::CERTIFICATE_FILE.name;
            return Err(SettingsError::HalfSet { present: orphan.name, missing }.into());
        }
    }
    let Some((file, variable)) = named(environment::AZURE_CLIENT_CERTIFICATE_PATH)? else { return Ok(None) };
    let password = match certificate_password_from_environment(environment)? {
        Some(password) => Some(password),
        None => secret_from_variable(environment, environment::AZURE_CLIENT_CERTIFICATE_PASSWORD)?,
    };
    Ok(Some(GivenCertificate { file, password, variable }))
}

/// The password that our own variables give.
///
/// # Errors
/// When it stands twice, or its file can't be read.
pub fn certificate_password_from_environment(environment: &Environment) -> Result<Option<Secret>, Problem> {
    let value = secret_from_variable(environment, environment::CERTIFICATE_PASSWORD)?;
    let file = environment.raw(environment::CERTIFICATE_PASSWORD_FILE);
    match (value, file) {
        (Some(_), Some(_)) => {
            let (first, second) = (environment::CERTIFICATE_PASSWORD.name, environment::CERTIFICATE_PASSWORD_FILE.name);
            Err(SettingsError::Contradiction { first, second }.into())
        }
        (None, Some(file)) => secret_from_file(file.as_ref()).map(Some),
        (value, None) => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)]) -> String {
        match certificate_from_environment(&Environment::of(variables.iter().copied())) {
            Ok(None) => "none".to_owned(),
            Ok(Some(given)) => {
                let password = given.password.map_or_else(String::new, |password| format!(" {}", password.expose()));
                format!("{}{password}", given.file)
            }
            Err(problem) => format!("{} {problem}", problem.phrase().code),
        }
    }

    #[test]
    fn ours_comes_first_and_azure_s_fills_in() {
        let (ours, azures) = (("D365CONN_CERTIFICATE_FILE", "/a"), ("AZURE_CLIENT_CERTIFICATE_PATH", "/b"));
        let (our, azure) = (("D365CONN_CERTIFICATE_PASSWORD", "p"), ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "q"));
        for (variables, expected) in [
            (vec![], "none"),
            (vec![ours], "/a"),
            (vec![azures], "/b"),
            (vec![ours, our, azures, azure], "/a p"),
            (vec![azures, azure], "/b q"),
            (vec![azures, our, azure], "/b p"),
            // Another certificate's password is none of this one's.
            (vec![ours, azure], "/a"),
            (vec![azure], "none"),
        ] {
            assert_eq!(check(&variables), expected, "{variables:?}");
        }
        assert!(check(&[our]).starts_with("settings/half-set"), "{}", check(&[our]));
        assert!(
            check(&[ours, our, ("D365CONN_CERTIFICATE_PASSWORD_FILE", "/f")]).starts_with("settings/contradiction")
        );
    }
}
