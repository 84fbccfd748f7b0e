//! `exec`: a program with a fresh token and none of our secrets. The program takes the place of a process, so these tests
//! start one; it is the built binary on both ends, which every system has.

use std::path::{Path, PathBuf};
use std::time::Duration;

use d365conn::clock::Clock;
use d365conn::sandbox::{DAEMON, Fault};
use jiff::Timestamp;
use serde_json::Value;

use crate::world::World;

/// Where the built binary lies.
fn place() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_d365conn")).parent().unwrap().to_owned()
}

struct Ended {
    exit: i32,
    stdout: String,
    stderr: String,
}

/// `d365conn LINE`, from its start to the end of the program that it became.
fn run(world: &World, line: &str) -> Ended {
    let output = world.process(line, &place()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { exit: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A world with a saved connection, `ago` before the time of the programs that run in it.
fn connected(ago: Duration) -> World {
    let clock = if ago.is_zero() { Clock::system() } else { Clock::set_at(Timestamp::now() - ago) };
    let world = World::at(clock);
    world.connect();
    world.without_terminal()
}

fn daemon() -> World {
    let mut world = World::at(Clock::system()).without_terminal();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    world.set("D365CONN_CLIENT_SECRET", DAEMON.secret.unwrap());
    world
}

#[test]
fn a_program_works_with_the_token_and_knows_no_connection() {
    let world = connected(Duration::ZERO);
    let ended = run(&world, "exec -- d365conn whoami -o json");
    assert_eq!((ended.exit, ended.stderr.as_str()), (0, ""));
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(told["connection"], Value::Null, "{told}");
    assert_eq!(told["user"], "Inès Moreau", "{told}");
}

#[test]
fn a_name_on_the_command_line_wins_below_as_above() {
    let world = World::at(Clock::system());
    world.connect();
    world.run("connect --tenant-url {org} --store file --name other --no-default").succeeds();
    let mut world = world.without_terminal();
    let ended = run(&world, "exec -c other -- d365conn -c sandbox whoami -o json");
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(told["connection"], "sandbox", "{told}");
    // Beside the three that a program gets, D365CONN_CONNECTION would be a contradiction.
    world.set("D365CONN_CONNECTION", "other");
    assert_eq!(run(&world, "exec -- d365conn accounts list --top 1").exit, 0);
}

#[test]
fn what_follows_the_program_is_the_programs_own() {
    let world = connected(Duration::ZERO);
    let ended = run(&world, "exec d365conn -c nobody accounts list");
    assert!(ended.stderr.contains("`nobody`"), "{}", ended.stderr);
    assert_eq!(ended.exit, 2);
    assert!(run(&world, "exec d365conn --version").stdout.starts_with("d365conn "));
    assert!(run(&world, "exec -- d365conn exec --help").stdout.contains("Usage: d365conn exec"));
    world.run("exec").fails(2, "<CMD>");
    world.run("exec --lost d365conn").fails(2, "--lost");
}

#[test]
fn it_ends_as_the_program_ends() {
    let world = connected(Duration::ZERO);
    let lost = "exec -- d365conn accounts get 00000000-0000-0000-0000-000000000001";
    let ended = run(&world, lost);
    assert_eq!((ended.exit, ended.stdout.as_str()), (3, ""), "{}", ended.stderr);
    assert_eq!(run(&world, "exec -- d365conn version").exit, 0);
}

#[test]
fn a_program_that_is_not_there_is_127_and_costs_no_token() {
    let world = World::new().without_terminal();
    let said = world.run("exec -- no-such-program --flag").fails(127, "child/missing");
    assert!(said.contains("there is no program `no-such-program` on the PATH"), "{said}");
    world.run("exec -- ./no/such/program").fails(127, "child/no-file");
    let missing = world.run("exec -o json -- no-such-program");
    assert!(missing.stderr.contains(r#""exit":127"#), "{}", missing.stderr);
    assert!(world.sandbox.requests().is_empty());
}

#[cfg(unix)]
#[test]
fn a_file_that_can_t_be_run_is_126() {
    let world = connected(Duration::ZERO);
    let before = world.sandbox.requests().len();
    let note = world.path("passphrase");
    let said = world.run(&format!("exec -- {}", note.display())).fails(126, "child/not-runnable");
    assert!(said.contains("chmod +x"), "{said}");
    assert_eq!(world.sandbox.requests().len(), before);
    // This one is found out by the system only.
    let script = world.path("script");
    std::fs::write(&script, "#!/no/such/interpreter\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let ended = run(&world, &format!("exec -- {}", script.display()));
    assert_eq!(ended.exit, 126, "{}", ended.stderr);
    assert!(ended.stderr.contains("child/not-runnable") && ended.stderr.contains("cause: "), "{}", ended.stderr);
}

#[test]
fn inside_another_one_it_refuses() {
    let mut world = connected(Duration::ZERO);
    let ended = run(&world, "exec -- d365conn exec -- d365conn version");
    assert_eq!((ended.exit, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
    assert!(ended.stderr.contains("`exec` runs already, for `sandbox`"), "{}", ended.stderr);
    world.set("D365CONN_EXEC_CONNECTION", "sandbox");
    world.run("exec -c sandbox -- d365conn version").fails(2, "commands/exec-inside-exec");
}

#[test]
fn a_token_is_there_for_the_asking_inside() {
    let world = connected(Duration::ZERO);
    let token = world.run("token").succeeds();
    assert_eq!(run(&world, "exec -- d365conn token").stdout, token);
    assert_eq!(run(&world, "exec -- d365conn token -c sandbox --min-ttl 5m").stdout, token);
}

#[test]
fn a_connection_of_the_environment_serves_too_and_its_secret_stays_behind() {
    let world = daemon();
    // Were the secret still there, `-v` would name it.
    let ended = run(&world, "exec -- d365conn whoami -o json -v");
    assert_eq!(ended.exit, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("Northlight Nightly"), "{}", ended.stdout);
    assert!(ended.stderr.contains("using the access token from the environment"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("client id and secret"), "{}", ended.stderr);
    let nested = run(&world, "exec -- d365conn exec -- d365conn version");
    assert!(nested.stderr.contains(&format!("for `{}`", world.sandbox.address())), "{}", nested.stderr);
}

#[test]
fn a_build_runner_is_told_to_mask_the_token() {
    let mut world = connected(Duration::ZERO);
    world.set("GITHUB_ACTIONS", "true");
    world.set("TF_BUILD", "True");
    let token = world.run("token").succeeds();
    let token = token.trim_end();
    let ended = run(&world, "exec -- d365conn version");
    assert_eq!(ended.stderr, format!("::add-mask::{token}\n##vso[task.setsecret]{token}\n"));
    assert!(!ended.stdout.contains(token));
}

/// The life of the sandbox's tokens, less twenty minutes.
const NEARLY_OVER: Duration = Duration::from_secs(4611 - 20 * 60);

#[test]
fn a_token_that_is_nearly_over_is_renewed_first() {
    let world = connected(NEARLY_OVER);
    let old = world.sandbox.issued_secrets();
    let ended = run(&world, "exec -v -- d365conn token");
    assert!(!ended.stdout.is_empty() && !old.contains(&ended.stdout.trim_end().to_owned()), "{}", ended.stdout);
    assert!(ended.stderr.contains("the token lasts 76m"), "{}", ended.stderr);
}

#[test]
fn a_token_that_is_nearly_over_has_to_do_when_it_can_t_be_renewed() {
    let world = connected(NEARLY_OVER);
    let old = world.sandbox.issued_secrets();
    world.sandbox.faults().order_times(Fault::TokenUnavailable, 2);
    let ended = run(&world, "exec -- d365conn token");
    assert_eq!(ended.exit, 0, "{}", ended.stderr);
    assert!(old.contains(&ended.stdout.trim_end().to_owned()), "{}", ended.stdout);
    assert!(ended.stderr.contains("warning: the token could not be renewed"), "{}", ended.stderr);
}

#[test]
fn a_dead_sign_in_is_told_in_place_of_the_program() {
    let world = connected(Duration::from_secs(7200));
    world.sandbox.faults().order(Fault::RefreshTokenExpired);
    let ended = run(&world, "exec -- d365conn version");
    assert_eq!((ended.exit, ended.stdout.as_str()), (4, ""));
    assert!(ended.stderr.contains("d365conn reconnect sandbox"), "{}", ended.stderr);
}
