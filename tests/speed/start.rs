//! Starting the program, against a program that only says hello. Nothing here goes over a network.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::figures::{PROGRAM, heading, judge, median, milliseconds, program, tell, time};

const ROUNDS: usize = 60;

const HELLO: &str = "fn main() { println!(\"hello\"); }";

/// One program and how it is started.
struct Start<'a> {
    name: &'static str,
    path: String,
    line: &'static str,
    environment: &'a [(&'static str, PathBuf)],
}

/// Takes the figures.
pub fn run() {
    let home = tempfile::tempdir().unwrap();
    let few = environment(home.path(), 10);
    let many = environment(home.path(), 1000);
    let hello = hello(home.path());
    heading(&format!("start-up, median of {ROUNDS}"));
    let ours = |name, line, environment| Start { name, path: PROGRAM.to_owned(), line, environment };
    let mut starts = vec![
        Start { name: "hello", path: hello, line: "", environment: &[] },
        ours("--version", "--version", &[]),
        ours("--help", "--help", &[]),
        ours("accounts list --help", "accounts list --help", &[]),
        ours("explain AADSTS65001", "explain AADSTS65001", &few),
        ours("connections list, 10 saved", "connections list", &few),
        ours("connections list, 1,000 saved", "connections list", &many),
    ];
    let gh = ["/usr/bin/gh", "/usr/local/bin/gh"].into_iter().find(|path| Path::new(path).exists());
    starts.extend(gh.map(|gh| Start {
        name: "gh --version",
        path: gh.to_owned(),
        line: "--version",
        environment: &[],
    }));
    let mut times = vec![Vec::new(); starts.len()];
    // Round by round, so that whatever else the machine does meets all of them.
    for _ in 0..ROUNDS {
        for (start, times) in starts.iter().zip(&mut times) {
            let arguments: Vec<&str> = start.line.split_whitespace().collect();
            let mut command = program(&start.path, &arguments, start.environment);
            times.push(time(|| drop(command.status())));
        }
    }
    let medians: Vec<_> = times.into_iter().map(median).collect();
    let hello = medians[0].as_secs_f64();
    tell("hello", &milliseconds(medians[0]));
    for (at, most) in [(1, 6.0), (2, 10.0), (3, 10.0), (4, 10.0), (5, 10.0)] {
        let ratio = medians[at].as_secs_f64() / hello;
        judge(starts[at].name, &milliseconds(medians[at]), ratio, most, "hello");
    }
    let more = medians[6].saturating_sub(medians[5]).as_secs_f64() * 1e3;
    judge(starts[6].name, &milliseconds(medians[6]), more, 5.0, "a millisecond more");
    if let Some(gh) = medians.get(7) {
        judge("gh --version, and ours", &milliseconds(*gh), medians[1].as_secs_f64() / gh.as_secs_f64(), 0.25, "gh");
    }
    if let Ok(metadata) = std::fs::metadata(PROGRAM) {
        let size = metadata.len() as f64 / f64::from(1 << 20);
        judge("size of the program", &format!("{size:.2} MiB"), size, 12.0, "a MiB");
    }
}

/// The least a program can be, made as this one is; where there is no compiler, the least there is.
fn hello(home: &Path) -> String {
    let (source, built) = (home.join("hello.rs"), home.join("hello"));
    std::fs::write(&source, HELLO).unwrap();
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(compiler);
    command.arg("-O").args(["-C", "lto=fat", "-C", "codegen-units=1", "-C", "strip=symbols", "-o"]);
    let is_made = command.arg(&built).arg(&source).status().is_ok_and(|status| status.success());
    if is_made { built.display().to_string() } else { "/bin/true".to_owned() }
}

/// A home with so many saved connections, each of which signed in well.
fn environment(home: &Path, connections: usize) -> Vec<(&'static str, PathBuf)> {
    let (config, state) = (home.join(format!("config-{connections}")), home.join(format!("state-{connections}")));
    std::fs::create_dir_all(&config).unwrap();
    std::fs::create_dir_all(state.join("health")).unwrap();
    let mut text = "version = 1\ndefault = \"contoso-0\"\n".to_owned();
    for nth in 0..connections {
        let id = format!("{nth:08x}-0000-4000-8000-000000000000");
        let entry = format!(
            "\n[[connections]]\nname = \"contoso-{nth}\"\nid = \"{id}\"\n\
             tenant_url = \"https://contoso{nth}.crm4.dynamics.com\"\napp = \"managed\"\n\
             client_id = \"51f81489-12ee-4a9e-aaae-a2591f45987d\"\nauth = \"browser\"\nstore = \"keyring\"\n\
             user = \"ines.moreau@contoso{nth}.example\"\nuser_id = \"{id}\"\norganisation_id = \"{id}\"\ntenant = \"{id}\"\n"
        );
        text.push_str(&entry);
        std::fs::write(state.join("health").join(format!("{id}.json")), r#"{"version":1,"state":"ok"}"#).unwrap();
    }
    std::fs::write(config.join("connections.toml"), text).unwrap();
    vec![("D365CONN_CONFIG_DIR", config), ("D365CONN_STATE_DIR", state)]
}
