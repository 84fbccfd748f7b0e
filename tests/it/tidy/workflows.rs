//! The workflows of the continuous integration: least rights, pinned actions, nothing of a stranger's in a shell. They are
//! read line by line; a workflow in a form that this reader can't follow is a fault too.

use super::source::{Source, files_under};

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// A line's key and value, whether or not it begins a list item: `- uses: x # v1` → (`uses`, `x`).
fn entry(line: &str) -> Option<(&str, &str)> {
    let bare = line.trim_start().trim_start_matches("- ").trim_start();
    let (key, value) = bare.split_once(':')?;
    let value = value.split(" #").next().unwrap_or_default().trim();
    Some((key.trim(), value.trim_matches(['"', '\''])))
}

/// The lines that belong to the line at `index`: those after it that are indented more, or blank.
fn block<'a>(lines: &'a [&'a str], index: usize) -> &'a [&'a str] {
    let own = indentation(lines[index]);
    let length = lines[index + 1..].iter().take_while(|line| line.trim().is_empty() || indentation(line) > own).count();
    &lines[index + 1..=index + length]
}

/// The whole step around the line at `index`: back to the `-` that begins it, on to the next one.
fn step<'a>(lines: &'a [&'a str], index: usize) -> &'a [&'a str] {
    let column = lines[index].find(|character: char| character != ' ' && character != '-').unwrap_or_default();
    let is_dash = |line: &&str| line.trim_start().starts_with("- ") && indentation(line) < column;
    let start = lines[..=index].iter().rposition(is_dash).unwrap_or(index);
    &lines[start..=start + block(lines, start).len()]
}

fn is_pinned(action: &str) -> bool {
    action.starts_with("./")
        || action
            .rsplit_once('@')
            .is_some_and(|(_, commit)| commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn faults(file: &Source) -> Vec<String> {
    let lines: Vec<&str> =
        file.text.lines().map(|line| if line.trim_start().starts_with('#') { "" } else { line }).collect();
    let mut faults = Vec::new();
    let mut tell = |index: usize, what: &str| faults.push(format!("{}:{}: {what}", file.path, index + 1));

    match lines.iter().position(|line| line.starts_with("permissions:")) {
        None => tell(0, "has no `permissions:` on the top level"),
        Some(index) => {
            let rights: Vec<_> = block(&lines, index).iter().filter_map(|line| entry(line)).collect();
            if rights != [("contents", "read")] && lines[index].trim_end() != "permissions: {}" {
                tell(index, "the workflow as a whole may do more than `contents: read`");
            }
        }
    }
    for (index, line) in lines.iter().enumerate() {
        if line.contains("pull_request_target") || line.contains("workflow_run") {
            tell(index, "runs with the project's rights on a stranger's change");
        }
        match entry(line) {
            Some(("uses", action)) => {
                if !is_pinned(action) {
                    tell(index, "an action is not pinned by the 40 digits of its commit");
                }
                let keeps_nothing =
                    step(&lines, index).iter().any(|line| entry(line) == Some(("persist-credentials", "false")));
                if action.starts_with("actions/checkout@") && !keeps_nothing {
                    tell(index, "checkout leaves its token behind: `persist-credentials: false` is missing");
                }
            }
            Some(("run", _)) => {
                let script = std::iter::once(line).chain(block(&lines, index));
                if script.into_iter().any(|line| is_foreign_text(line)) {
                    tell(index, "a script holds an event's text; hand it over in `env`");
                }
            }
            _ => {}
        }
    }
    faults
}

/// Whether a line of a script is completed, before the shell reads it, with words that a stranger may choose.
fn is_foreign_text(line: &str) -> bool {
    line.split("${{").skip(1).any(|expression| {
        let expression = expression.split("}}").next().unwrap_or_default();
        ["github.event", "github.head_ref", "github.ref_name", "inputs."].iter().any(|text| expression.contains(text))
    })
}

#[test]
fn workflows_have_few_rights_and_pinned_actions() {
    let files = files_under(".github/workflows", &[".yml", ".yaml"]);
    let faults: Vec<String> = files.iter().flat_map(faults).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

const SOUND: &str = "\
name: ci
on: [push, pull_request]
permissions:
  contents: read # no more
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      # uses: nothing@main
      - name: the tree
        uses: actions/checkout@0123456789abcdef0123456789abcdef01234567 # v5
        with:
          persist-credentials: false
      - uses: ./.github/actions/set-up
      - name: test
        env:
          TITLE: ${{ github.event.pull_request.title }}
        run: |
          echo \"$TITLE\"

          cargo test --jobs ${{ matrix.jobs }}
";

#[test]
fn a_sound_workflow_has_no_faults() {
    assert_eq!(faults(&Source::planted("sound.yml", SOUND)), Vec::<String>::new());
}

#[test]
fn planted_faults_of_workflows_are_seen() {
    for (from, to) in [
        ("permissions:\n  contents: read # no more\n", ""),
        ("contents: read", "contents: write"),
        ("contents: read # no more\n", "contents: read\n  packages: write\n"),
        ("0123456789abcdef0123456789abcdef01234567", "v5"),
        ("0123456789abcdef0123456789abcdef01234567", "0123456789abcdef"),
        ("          persist-credentials: false\n", "          fetch-depth: 0\n"),
        ("persist-credentials: false", "persist-credentials: true"),
        ("pull_request]", "pull_request_target]"),
        ("echo \"$TITLE\"", "echo \"${{ github.event.pull_request.title }}\""),
        ("cargo test", "git checkout ${{github.head_ref}} && cargo test"),
        ("      - uses: ./.github/actions/set-up", "      - run: echo ${{ github.event.issue.body }}"),
    ] {
        let text = SOUND.replace(from, to);
        assert_ne!(text, SOUND, "{from}");
        assert_eq!(faults(&Source::planted("planted.yml", &text)).len(), 1, "{from} → {to}");
    }
}
