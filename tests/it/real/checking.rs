//! `connections check` as a process: what works, what was revoked and what can't be reached, told apart and by its status.
//! What each row holds is asked of the command in process.

use d365conn::sandbox::{Fault, Options};

use super::home::Home;
use super::person::{connect, grants, sandbox};
use crate::world::sandbox_to_close;

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn a_healthy_a_revoked_and_an_unreachable_connection_are_told_apart() {
    let home = Home::with_passphrase();
    let (healthy, revoked, gone) = (sandbox(), sandbox(), sandbox_to_close(&Options::default()));
    for (name, sandbox) in [("healthy", &healthy), ("revoked", &revoked), ("gone", &gone)] {
        connect(&home, sandbox, &format!("--store file --no-default --name {name}")).succeeds();
    }
    home.run("connections check --all").succeeds();
    revoked.faults().order(Fault::SessionsRevoked);
    drop(gone);
    let renewals = grants(&healthy, "refresh_token");
    let checked = home.run("connections check --all -o tsv");
    assert_eq!(checked.status.code(), Some(10), "{}\n{}", checked.stdout, checked.stderr);
    let words: Vec<Vec<&str>> = checked.stdout.lines().map(|line| line.split('\t').collect()).collect();
    let told: Vec<_> = words.iter().map(|row| (row[0], row[2], row[8], row[9])).collect();
    assert_eq!(
        told,
        [
            ("healthy", "ok", "", ""),
            ("revoked", "needs-reconnect", "auth/sessions-revoked", "AADSTS50173"),
            ("gone", "unreachable", "net/connection-refused", ""),
        ]
    );
    // Whole days are told, and a second may have passed since the renewal.
    let days: Vec<&str> = words.iter().map(|row| row[5]).collect();
    assert!(matches!(days[..], ["89" | "90", "", ""]), "{days:?}");
    assert_eq!(grants(&healthy, "refresh_token"), renewals + 1, "one renewal is one check");
    let listed = home.run("connections list -o csv").succeeds();
    assert_eq!(listed.lines().filter(|line| line.contains("needs-reconnect")).count(), 1, "{listed}");
    home.run("connections check healthy").succeeds();
}
