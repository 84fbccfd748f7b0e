//! A person at a sandbox: starts `connect` in a home, signs in by hand where it says so, and knows which secrets went over
//! the wire meanwhile. The home and the sandbox are made elsewhere; nothing is asserted here.

use std::time::Duration;

use d365conn::sandbox::{INES, Options, Robot, Sandbox};

use super::home::Home;
use super::started::{Finished, Started};

/// A sandbox whose tokens are nearly over when they come, so that every process renews.
pub fn sandbox_of_short_tokens() -> Sandbox {
    Sandbox::start_in_background(Options { token_life: Duration::from_secs(200), ..Options::default() }).unwrap()
}

/// A sandbox as it comes.
pub fn sandbox() -> Sandbox {
    Sandbox::start_in_background(Options::default()).unwrap()
}

/// Runs `connect MORE` against the sandbox and signs in as the demo user.
#[track_caller]
pub fn connect(home: &Home, sandbox: &Sandbox, more: &str) -> Finished {
    let started = home.start(&format!("connect --no-browser --tenant-url {} {more}", sandbox.address()));
    sign_in(&started);
    started.finish()
}

/// Opens the address that `connect` prints.
#[track_caller]
pub fn sign_in(started: &Started) {
    let robot = Robot::new(INES).in_background();
    robot(&started.address());
}

/// Every secret that was sent to the sandbox's Entra so far: codes, verifiers, refresh tokens, client secrets.
pub fn secrets_sent(sandbox: &Sandbox) -> Vec<String> {
    let names = ["code", "code_verifier", "refresh_token", "client_secret"];
    let requests = sandbox.requests();
    let fields = requests.iter().flat_map(|request| &request.form);
    fields.filter(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value.clone()).collect()
}

/// How often a token was asked for by this grant.
pub fn grants(sandbox: &Sandbox, grant: &str) -> usize {
    sandbox.requests().iter().filter(|request| request.field("grant_type") == Some(grant)).count()
}
