//! The completion script in a real bash, as the key would call it. Which words take a name is not asked in full here.

use super::home::{Home, binary};
use super::person::{connect, sandbox};
use super::started::Started;

/// What bash offers for `typed`, the last word of which is being completed; each on a line.
fn offered(home: &Home, typed: &[&str]) -> Vec<String> {
    let path = home.path("completions.bash");
    let script = Started::of(home.command("completions bash")).finish().succeeds();
    std::fs::write(&path, script).unwrap();
    // `complete -F` hands over the command, the word and the one before it.
    let asking = r#"
        source "$1"; shift
        PATH="$1:$PATH"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
        cur="${COMP_WORDS[COMP_CWORD]}"; [[ "$cur" == "=" ]] && cur=""
        COMPREPLY=()
        # Outside of a real completion there are no options to set.
        compopt() { :; }
        [[ "$(complete -p d365conn)" == *"-F _d365conn_with_names"* ]] || exit 7
        _d365conn_with_names "$1" "$cur" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let mut command = home.program("bash");
    command.args(["--norc", "-c", asking, "bash"]).arg(&path).arg(binary().parent().unwrap()).args(typed);
    let finished = Started::of(command).finish();
    assert_eq!(finished.stderr, "");
    finished.succeeds().lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs bash"]
fn bash_offers_the_saved_connections_where_one_is_named() {
    let home = Home::with_passphrase();
    let sandbox = sandbox();
    for name in ["contoso", "contoso-prod", "fabrikam"] {
        connect(&home, &sandbox, &format!("--store file --no-default --name {name}")).succeeds();
    }
    let all = ["contoso", "contoso-prod", "fabrikam"];
    for typed in [
        vec!["d365conn", "-c", ""],
        vec!["d365conn", "--connection", "=", ""],
        vec!["d365conn", "--connection", "="],
        vec!["d365conn", "accounts", "list", "-c", ""],
        vec!["d365conn", "reconnect", ""],
        vec!["d365conn", "disconnect", ""],
        vec!["d365conn", "connections", "use", ""],
        vec!["d365conn", "connections", "rename", ""],
        vec!["d365conn", "connections", "set", ""],
        vec!["d365conn", "connections", "check", ""],
    ] {
        assert_eq!(offered(&home, &typed), all, "{typed:?}");
    }
    assert_eq!(offered(&home, &["d365conn", "connections", "show", "con"]), ["contoso", "contoso-prod"]);
    assert_eq!(offered(&home, &["d365conn", "reconnect", "nobody"]), Vec::<String>::new());
    // Everything else is offered as before.
    let words = offered(&home, &["d365conn", "conn"]);
    assert_eq!(words, ["connect", "connections"]);
    assert!(offered(&home, &["d365conn", "reconnect", "--no-"]).contains(&"--no-browser".to_owned()));
    assert_eq!(offered(&home, &["d365conn", "accounts", "list", "--color", "a"]), ["auto", "always"]);
}

#[test]
#[ignore = "needs bash"]
fn a_list_that_cannot_be_read_is_no_trouble_at_the_prompt() {
    let home = Home::with_passphrase();
    assert!(offered(&home, &["d365conn", "reconnect", "--he"]).contains(&"--help".to_owned()));
    let directory = home.path("home/.config/d365conn");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("connections.toml"), "nonsense").unwrap();
    let words = offered(&home, &["d365conn", "reconnect", ""]);
    assert!(words.contains(&"--no-browser".to_owned()), "{words:?}");
}
