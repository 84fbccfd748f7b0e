//! The other way in which a person can sign in, offered where the wanted one is closed: a device code where no browser
//! opens, the browser where device codes are forbidden. Always a question; without an answer nothing changes.

use crate::auth::AuthError;
use crate::commands::browser_flags::Opening;
use crate::connection::Flow;
use crate::context::Context;
use crate::output::prompt::{self, Asked};
use crate::problem::Problem;
use crate::session::Wanted;

/// The question whether a device code shall do it, where no browser could be opened; the listener goes on meanwhile. Who opened
/// none on purpose is not asked, and an app with a secret gets no device code.
pub(super) fn device_question(context: &Context, wanted: &Wanted, opening: Opening) -> Option<Asked<bool>> {
    if opening.is_forbidden() || wanted.client_secret.is_some() || !context.screen.can_ask() {
        return None;
    }
    let question = "No browser could be opened here. Sign in with a browser on another device, by a code?";
    Some(prompt::ask_meanwhile(&context.screen, move |screen| prompt::confirm(screen, question, "--auth device")))
}

/// Whether the browser of this computer shall do it, where Entra refused a device code by a policy.
pub(super) fn browser_is_agreed(context: &Context, wanted: &Wanted, problem: &Problem) -> Result<bool, Problem> {
    let is_forbidden = wanted.flow == Flow::Device && problem.find().is_some_and(AuthError::is_device_forbidden);
    if !is_forbidden || !context.screen.can_ask() {
        return Ok(false);
    }
    context.screen.warn(&problem.to_string());
    let question = "Sign in in the browser of this computer instead?";
    Ok(prompt::confirm(&context.screen, question, "--auth browser")?)
}
