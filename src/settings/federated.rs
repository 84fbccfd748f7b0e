//! Who vouches for an application, as the environment says: a file that is named, else the runner of the job. Nothing here
//! asks anybody.

use crate::connection::AssertionSource;
use crate::environment::{self, Environment};
use crate::problem::Problem;

/// The file that holds another provider's token, and the variable that names it.
///
/// # Errors
/// When a variable is not text.
pub fn federated_token_file(environment: &Environment) -> Result<Option<(String, &'static str)>, Problem> {
    for variable in [environment::FEDERATED_TOKEN_FILE, environment::AZURE_FEDERATED_TOKEN_FILE] {
        if let Some(file) = environment.text(variable)? {
            return Ok(Some((file.to_owned(), variable.name)));
        }
    }
    Ok(None)
}

/// The runner of this job: GitHub's, else that of Azure Pipelines; `None` where there is none. Whether the job may ask it is
/// found out when it is asked.
///
/// # Errors
/// When a variable is not text.
pub fn assertion_source(environment: &Environment) -> Result<Option<AssertionSource>, Problem> {
    let is_true =
        |variable| Ok::<_, Problem>(environment.text(variable)?.is_some_and(|it| it.eq_ignore_ascii_case("true")));
    if environment.is_set(environment::ACTIONS_ID_TOKEN_REQUEST_URL) || is_true(environment::GITHUB_ACTIONS)? {
        return Ok(Some(AssertionSource::Github));
    }
    if environment.is_set(environment::SYSTEM_OIDCREQUESTURI) || is_true(environment::TF_BUILD)? {
        return Ok(Some(AssertionSource::AzurePipelines));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runner_is_known_by_its_variables() {
        let (github, azure) = (Some(AssertionSource::Github), Some(AssertionSource::AzurePipelines));
        for (variables, expected) in [
            (vec![], None),
            (vec![("GITHUB_ACTIONS", "true")], github.clone()),
            (vec![("ACTIONS_ID_TOKEN_REQUEST_URL", "https://x")], github.clone()),
            (vec![("TF_BUILD", "True")], azure.clone()),
            (vec![("TF_BUILD", "False")], None),
            (vec![("SYSTEM_OIDCREQUESTURI", "https://x")], azure.clone()),
            (vec![("TF_BUILD", "True"), ("GITHUB_ACTIONS", "true")], github),
        ] {
            let found = assertion_source(&Environment::of(variables.iter().copied())).unwrap();
            assert_eq!(found, expected, "{variables:?}");
        }
    }
}
