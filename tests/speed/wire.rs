//! The whole program against a stand-in on loopback that answers at once: its first request, and long listings. Nothing
//! here leaves the machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::figures::{Cost, PROGRAM, cost, heading, judge, median, milliseconds, program, tell, time};
use super::loopback::{Loopback, path};
use super::pages;

const ROUNDS: usize = 30;
/// Pages of a long listing: 100,000 rows.
const PAGES: usize = 20;
const RUNS: usize = 5;

/// Takes the figures.
pub fn run() {
    let loopback = Loopback::start();
    let home = tempfile::tempdir().unwrap();
    let environment = environment(home.path(), &loopback);
    first_request(&loopback, &environment);
    listings(&loopback, &environment);
}

fn environment(home: &Path, loopback: &Loopback) -> Vec<(&'static str, PathBuf)> {
    vec![
        ("D365CONN_CONFIG_DIR", home.join("config")),
        ("D365CONN_STATE_DIR", home.join("state")),
        ("D365CONN_TENANT_URL", loopback.address.clone().into()),
        ("D365CONN_ACCESS_TOKEN", "not-a-real-token".into()),
    ]
}

fn first_request(loopback: &Loopback, environment: &[(&str, PathBuf)]) {
    heading(&format!("first request with a token at hand, median of {ROUNDS}"));
    loopback.requests();
    let request = ["accounts", "list", "--top", "1", "-o", "id"];
    let once = |arguments: &[&str]| time(|| drop(program(PROGRAM, arguments, environment).status()));
    let ours = median((0..ROUNDS).map(|_| once(&request)).collect());
    let requests = loopback.requests();
    let cold = median((0..ROUNDS).map(|_| once(&["--version"])).collect());
    judge("requests", &requests.to_string(), requests as f64 / ROUNDS as f64, 1.0, "a run");
    tell("until the row is out", &milliseconds(ours));
    tell("of which beyond --version", &milliseconds(ours.saturating_sub(cold)));
}

fn listings(loopback: &Loopback, environment: &[(&str, PathBuf)]) {
    heading(&format!("accounts list --all, {} rows, median of {RUNS}", PAGES * pages::ROWS));
    let limit = curl(loopback);
    if let Some(limit) = &limit {
        tell("curl to nowhere, the limit", &described(limit, PAGES));
    }
    for (format, most) in [("ndjson", 2.5), ("json", 2.5), ("tsv", 5.0), ("csv", 5.0)] {
        let ours = repeated(|| list(format, PAGES, environment));
        match &limit {
            Some(limit) => {
                let ratio = ours.wall.as_secs_f64() / limit.wall.as_secs_f64();
                judge(format, &described(&ours, PAGES), ratio, most, "curl");
            }
            None => tell(format, &described(&ours, PAGES)),
        }
    }
    let (few, many) = (cost(list("ndjson", PAGES, environment)), cost(list("ndjson", 5 * PAGES, environment)));
    judge("memory, five times the rows", &format!("{:.1} MiB", many.memory), many.memory / few.memory, 1.1, "before");
    let growth = many.processor.as_secs_f64() / few.processor.as_secs_f64() / 5.0;
    let a_row = many.processor.as_secs_f64() * 1e6 / (5 * PAGES * pages::ROWS) as f64;
    judge("processor time, five times the rows", &format!("{a_row:.2} µs a row"), growth, 1.25, "before");
    loopback.requests();
    list("ndjson", PAGES, environment).status().unwrap();
    let requests = loopback.requests();
    judge("requests", &requests.to_string(), requests as f64 / PAGES as f64, 1.0, "a page");
}

fn list(format: &str, pages: usize, environment: &[(&str, PathBuf)]) -> Command {
    // The stand-in reads from the filter how many pages are wanted.
    let filter = format!("pages eq {pages}");
    program(PROGRAM, &["accounts", "list", "--all", "--select", "*", "--filter", &filter, "-o", format], environment)
}

/// The same bytes, thrown away by a program that only loads them.
fn curl(loopback: &Loopback) -> Option<Cost> {
    let curl = ["/usr/bin/curl", "/usr/local/bin/curl", "/opt/homebrew/bin/curl"];
    let curl = curl.into_iter().find(|path| Path::new(path).exists())?;
    let addresses = (1..=PAGES).map(|nth| format!("{}{}", loopback.address, path(nth, PAGES)));
    let arguments: Vec<String> = addresses.flat_map(|address| [address, "-o".into(), "/dev/null".into()]).collect();
    let arguments: Vec<&str> = ["-s", "-g"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    Some(repeated(|| program(curl, &arguments, &[])))
}

fn repeated(command: impl Fn() -> Command) -> Cost {
    let mut costs: Vec<Cost> = (0..RUNS).map(|_| cost(command())).collect();
    costs.sort_by_key(|cost| cost.wall);
    costs.swap_remove(RUNS / 2)
}

fn described(cost: &Cost, count: usize) -> String {
    let rate = (count * pages::ROWS) as f64 / cost.wall.as_secs_f64();
    let (wall, processor) = (cost.wall.as_secs_f64(), cost.processor.as_secs_f64());
    format!("{rate:.0} rows/s, {wall:.2} s, processor {processor:.2} s, {:.1} MiB", cost.memory)
}
