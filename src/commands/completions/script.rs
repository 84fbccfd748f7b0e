//! The script itself: what the generator makes of our command line, taught to ask this program for the names of saved
//! connections. Which words take one is known elsewhere.

use clap::{Command, ValueHint};
use clap_complete::Shell;

use crate::commands::naming::{FLAG, PLACES};

const PROGRAM: &str = "d365conn";

/// Runs the generator's function unless there are names to offer. A name that fits none of them is not taken for a file.
const BASH: &str = r#"
# The names of saved connections, where one is typed.
_d365conn_with_names() {
    local names IFS=$' \t\n'
    names="$("$1" completions bash -- "${COMP_WORDS[@]:0:COMP_CWORD}" 2>/dev/null)"
    if [[ -n "$names" && "$2" != -* ]]; then
        COMPREPLY=( $(compgen -W "$names" -- "$2") )
        if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
            compopt +o default +o bashdefault
        fi
        return 0
    fi
    _d365conn "$@"
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _d365conn_with_names -o nosort -o bashdefault -o default d365conn
else
    complete -F _d365conn_with_names -o bashdefault -o default d365conn
fi
"#;

const ZSH: &str = r#"
# The names of saved connections, where one is typed.
_d365conn_names() {
    local expl
    local -a names
    names=(${(f)"$(_call_program connections d365conn connections list -o id 2>/dev/null)"})
    _wanted connections expl 'saved connection' compadd -a names
}
"#;

const FISH: &str = r#"
# The names of saved connections, where one is typed without a flag.
function __d365conn_names
    set -l words (commandline -opc)
    d365conn completions fish -- $words 2>/dev/null
end

complete -c d365conn -n "count (__d365conn_names) >/dev/null" -f -a "(__d365conn_names)"
"#;

const POWERSHELL: &str = r#"
    # The names of saved connections, where one is typed.
    if (-not $wordToComplete.StartsWith('-')) {
        $before = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
        $names = @(& $commandAst.GetCommandName() completions powershell -- @before 2>$null)
        if ($names.Count -gt 0) {
            return $names.Where{ $_ -like "$wordToComplete*" } | ForEach-Object {
                [CompletionResult]::new($_, $_, [CompletionResultType]::ParameterValue, 'a saved connection')
            }
        }
    }
"#;

/// The script for `shell`.
pub(super) fn script(shell: Shell, command: Command) -> String {
    let mut command = PLACES.iter().fold(marked(command, &[], FLAG), |command, (path, id)| marked(command, path, id));
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, PROGRAM, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => script + BASH,
        Shell::Zsh => script.replace(":_users'", ":_d365conn_names'").replacen(
            "autoload -U is-at-least\n",
            &format!("autoload -U is-at-least\n{ZSH}"),
            1,
        ),
        Shell::Fish => {
            let behind_a_flag = "(d365conn connections list -o id 2>/dev/null)";
            script.replace("(__fish_complete_users)", behind_a_flag) + FISH
        }
        Shell::PowerShell => {
            let head = "param($wordToComplete, $commandAst, $cursorPosition)\n";
            script.replacen(head, &format!("{head}{POWERSHELL}"), 1)
        }
        _ => script,
    }
}

/// The generator knows fixed kinds of values only. We never ask for a user of this computer: that kind stands for our
/// names, and is put in their place.
fn marked(command: Command, path: &[&str], id: &str) -> Command {
    match path {
        // In place: an argument that is taken out and put back comes last.
        [] => command.mut_args(|arg| if arg.get_id() == id { arg.value_hint(ValueHint::Username) } else { arg }),
        [first, rest @ ..] => command.mut_subcommand(first, |sub| marked(sub, rest, id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_asks_for_names_and_none_for_users_of_the_computer() {
        for (shell, asks) in [
            (Shell::Bash, "completions bash -- "),
            (Shell::Zsh, ":_d365conn_names'"),
            (Shell::Fish, "(__d365conn_names)"),
            (Shell::PowerShell, "completions powershell -- "),
        ] {
            let script = script(shell, crate::cli::command());
            assert!(script.contains(asks), "{shell}");
            for users in [":_users", "__fish_complete_users", "compgen -u"] {
                assert!(!script.contains(users), "{shell}");
            }
        }
        let zsh = script(Shell::Zsh, crate::cli::command());
        assert!(zsh.contains("_d365conn_names() {"));
        assert!(zsh.contains("-c+[The connection to use]:NAME:_d365conn_names'"));
        // Left out, and not left out: `reconnect` and `connections use`.
        assert!(
            zsh.contains("'::name -- ")
                && zsh.contains("'::name -- The connection; the default one when left out:_d365conn_names'")
        );
        assert!(zsh.contains("':name -- The connection:_d365conn_names'"));
        let (old, new) = (zsh.find("':old -- ").unwrap(), zsh.find("':new -- ").unwrap());
        assert!(old < new, "the order of arguments is not what is typed");
    }
}
