//! Secrets stay in their own type, and only a few named places may show what travels with them. No secret is looked at here.

use super::source::{Source, first_word, house, line_after, words};

/// Words past the watch over secrets, and the files that may say them.
const PAST_THE_WATCH: [(&str, &[&str]); 3] = [
    // The state and nonce of a sign-in address, the end of a token's life and what a vault keeps of such, the open parts of
    // a connection string and of the proxy's address, the question that is put to a proxy beside its credentials.
    (
        "unwatched",
        &[
            "src/secret.rs",
            "src/auth/authorize.rs",
            "src/net/outbound_proxy.rs",
            "src/proxy/judge.rs",
            "src/session/kept.rs",
            "src/settings/connection_string.rs",
            "src/store/secrets.rs",
        ],
    ),
    ("into_unwatched", &["src/secret.rs", "src/commands/connections/import_string.rs"]),
    // A runner's request to take a value out of its log.
    ("say_secret", &["src/output/screen.rs", "src/commands/serving/masks.rs"]),
];

/// What secrets are called. A field or an argument with such a name is no plain text.
const NAMES: [&str; 8] =
    ["token", "secret", "passphrase", "password", "verifier", "assertion", "device_code", "authorization_code"];

/// Types in which anybody could print it.
const PLAIN: [&str; 4] = ["String", "Option<String>", "Vec<u8>", "Cow<"];

fn exposed(files: &[Source]) -> Vec<String> {
    let mut exposed = Vec::new();
    for file in files.iter().filter(|file| file.room() != "sandbox") {
        let code = file.code();
        for (word, places) in PAST_THE_WATCH.iter().filter(|(_, places)| !places.contains(&file.path.as_str())) {
            for (before, _) in words(&code, word) {
                exposed.push(format!("{}:{}: `{word}` is for {places:?}", file.path, line_after(before)));
            }
        }
        for (number, line) in code.lines().enumerate() {
            for (name, kind) in line.split(',').filter_map(|piece| piece.split_once(": ")) {
                let name = name.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
                let is_secret = NAMES.iter().any(|end| name == *end || name.ends_with(&format!("_{end}")));
                if is_secret && PLAIN.iter().any(|plain| kind.trim_start().starts_with(plain)) {
                    let kind = first_word(kind.trim_start());
                    exposed.push(format!("{}:{}: `{name}` is a `{kind}`, not a `Secret`", file.path, number + 1));
                }
            }
        }
    }
    exposed
}

#[test]
fn secrets_stay_in_their_own_type_and_under_the_watch() {
    let exposed = exposed(&house());
    assert!(exposed.is_empty(), "{}", exposed.join("\n"));
}

#[test]
fn planted_exposures_are_seen() {
    for (path, text) in [
        ("src/dataverse/client.rs", "let s = Secret::unwatched(text);\n"),
        ("src/commands/connect.rs", "screen.say_secret(&token);\n"),
        ("src/auth/device.rs", "struct Poll {\n    device_code: String,\n}\n"),
        ("src/settings/credential.rs", "fn f(id: &str, client_secret: Option<String>) {}\n"),
    ] {
        assert_eq!(exposed(&[Source::planted(path, text)]).len(), 1, "{text}");
    }
    for (path, text) in [
        ("src/auth/authorize.rs", "let s = Secret::unwatched(text);\n"),
        ("src/auth/device.rs", "struct Poll {\n    device_code: Secret,\n    // token: String\n}\n"),
        ("src/auth/id_token.rs", "fn parse(token: &str, token_type: String) {}\n"),
    ] {
        assert_eq!(exposed(&[Source::planted(path, text)]), Vec::<String>::new(), "{text}");
    }
}

/// Arguments that would take a secret in the open, where every user of the computer can read it, and such as would turn the
/// judging of certificates off.
fn unfit_arguments(root: &clap::Command) -> Vec<String> {
    let mut unfit = Vec::new();
    let mut waiting = vec![(root.get_name().to_owned(), root)];
    while let Some((words, command)) = waiting.pop() {
        for argument in command.get_arguments() {
            let name = argument.get_long().unwrap_or(argument.get_id().as_str()).replace('_', "-");
            let is_secret = NAMES.iter().any(|end| name.ends_with(&end.replace('_', "-")));
            let turns_off =
                ["insecure", "verify", "skip-tls", "allow-http", "trust"].iter().any(|word| name.contains(word));
            if is_secret && argument.get_action().takes_values() || turns_off {
                unfit.push(format!("{words} --{name}"));
            }
        }
        let below = command.get_subcommands();
        waiting.extend(below.map(|sub| (format!("{words} {}", sub.get_name()), sub)));
    }
    unfit
}

#[test]
fn no_argument_takes_a_secret_and_none_turns_the_judging_of_certificates_off() {
    let mut root = d365conn::cli::command();
    root.build();
    assert_eq!(unfit_arguments(&root), Vec::<String>::new());
    let planted = clap::Command::new("d365conn").subcommand(
        clap::Command::new("connect")
            .arg(clap::Arg::new("client_secret").long("client-secret"))
            .arg(clap::Arg::new("token"))
            .arg(clap::Arg::new("insecure").long("insecure").action(clap::ArgAction::SetTrue))
            .arg(clap::Arg::new("client_secret_file").long("client-secret-file"))
            .arg(clap::Arg::new("client_secret_stdin").long("client-secret-stdin").action(clap::ArgAction::SetTrue)),
    );
    assert_eq!(
        unfit_arguments(&planted),
        ["d365conn connect --client-secret", "d365conn connect --token", "d365conn connect --insecure"]
    );
}
