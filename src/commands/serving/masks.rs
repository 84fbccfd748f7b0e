//! Telling a build runner to keep a token out of its log, before the token appears anywhere. Only stderr is written, because
//! stdout is the token's: both runners read commands from either stream.

use crate::context::Context;
use crate::environment::{self, Variable};
use crate::problem::Problem;
use crate::secret::Secret;

/// Has the runner mask `secret`, where one is there: GitHub Actions (GitHub Docs, "Workflow commands": `add-mask`) and Azure
/// Pipelines (Microsoft Learn, "Logging commands": `task.setsecret`).
pub(super) fn mask(context: &Context, secret: &Secret) -> Result<(), Problem> {
    let is_true = |variable: Variable| -> Result<bool, Problem> {
        Ok(context.environment.text(variable)?.is_some_and(|value| value.eq_ignore_ascii_case("true")))
    };
    if is_true(environment::GITHUB_ACTIONS)? {
        // The runner reads `%` as the beginning of an escape.
        context.screen.say_secret(&format!("::add-mask::{}\n", secret.expose().replace('%', "%25")));
    }
    if is_true(environment::TF_BUILD)? {
        context.screen.say_secret(&format!("##vso[task.setsecret]{}\n", secret.expose()));
    }
    Ok(())
}
