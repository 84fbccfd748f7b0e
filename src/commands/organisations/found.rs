//! Gets the list of organisations: by the sign-in of a saved connection, or by one in the browser. What is done with the
//! list is decided elsewhere.

use crate::commands::browser_flags::Opening;
use crate::commands::organisations::{Listed, listed};
use crate::commands::sign_in_words::show;
use crate::commands::signing_in::{browser, paste, tell_of_sample_app, within};
use crate::connection::Connection;
use crate::context::Context;
use crate::problem::Problem;
use crate::session::{Lender, NotShared, Paste, SharedSignIn, SignIn, Tools, Wanted};
use crate::tenant::Discovery;

/// The list, and the sign-in that it was asked for with.
pub struct Found {
    /// The organisations.
    pub listed: Vec<Listed>,
    /// What may open one of them.
    pub shared: SharedSignIn,
}

/// Asks with the sign-in of `lender`, without a browser.
///
/// # Errors
/// [`NotShared`].
pub fn find(context: &Context, discovery: &Discovery, lender: &Connection) -> Result<Found, NotShared> {
    let vault = context.vault_of(lender)?;
    let places = context.places()?;
    let trace = context.trace();
    let tools =
        Tools { http: context.http()?, clock: &context.clock, trace: &trace, max_wait: context.settings.max_wait };
    let lender = Lender { connection: lender, vault: &vault, places };
    let (shared, found) = context.block_on(async { Ok(lender.discover(tools, discovery).await) })??;
    Ok(Found { listed: listed(context, discovery, found)?, shared })
}

/// Asks after a sign-in in the browser. `draft` is the connection that will be wanted, with the discovery service in the
/// place of its organisation.
///
/// # Errors
/// Whatever stood in the way of the sign-in or of the list.
pub fn find_in_browser(
    context: &Context,
    discovery: &Discovery,
    draft: &Wanted,
    opening: Opening,
) -> Result<Found, Problem> {
    let browser = browser(context, opening)?;
    tell_of_sample_app(context, draft);
    let trace = context.trace();
    let asks = || paste(context);
    let paste: Option<&Paste<'_>> = if opening == Opening::Pasted { Some(&asks) } else { None };
    let sign_in = SignIn {
        http: context.http()?,
        clock: &context.clock,
        browser: &browser,
        trace: &trace,
        environment: &context.environment,
        claims: None,
        max_wait: context.settings.max_wait,
        paste,
    };
    let (shared, found) = context.block_on(within(draft, async {
        sign_in.discover(draft, discovery, &|step| show(context, draft, &step, opening)).await
    }))?;
    Ok(Found { listed: listed(context, discovery, found)?, shared })
}
