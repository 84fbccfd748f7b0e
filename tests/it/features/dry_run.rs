//! `--dry-run`: every request that a command would send is shown, in the order in which they would go out, and none is sent.

use d365conn::commands::records::NOUNS;
use serde_json::Value;

use crate::world::World;

fn changes(world: &World) -> usize {
    let requests = world.sandbox.requests();
    requests.iter().filter(|seen| seen.method != "GET" && seen.path.contains("/api/")).count()
}

fn ids(world: &World, line: &str) -> Vec<String> {
    world.run(&format!("{line} -o id")).succeeds().lines().map(str::to_owned).collect()
}

/// Method and path of every request that is shown; nothing else may be on stdout, and nothing may be said to be done.
fn shown(world: &World, line: &str) -> Vec<String> {
    let before = changes(world);
    let outcome = world.run(&format!("{line} --dry-run -o json"));
    assert_eq!(outcome.stderr, "", "{line}");
    let stdout = outcome.succeeds();
    assert_eq!(changes(world), before, "{line}");
    let start = format!("{}/api/data/v9.2/", world.sandbox.address());
    let told = |text: &str| {
        let request: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{line}: {error}: {text}"));
        let url = request["url"].as_str().unwrap();
        let path = url.strip_prefix(&start).unwrap_or_else(|| panic!("{line}: {url}"));
        assert!(!request["headers"].to_string().to_lowercase().contains("bearer"), "{line}");
        // Options only name what is to be answered.
        let path = path.split('?').next().unwrap();
        format!("{} {path}", request["method"].as_str().unwrap())
    };
    stdout.lines().map(told).collect()
}

#[test]
fn every_request_of_a_command_is_shown_in_its_order_and_none_is_sent() {
    let world = World::connected();
    let (accounts, contacts) = (ids(&world, "accounts list --top 3"), ids(&world, "contacts list --top 2"));
    let [a, b, c] = [&accounts[0], &accounts[1], &accounts[2]];
    let case = &ids(&world, "incidents list --filter \"statecode eq 0\" --top 1")[0];
    let file = |name: &str, length: usize| {
        let path = world.path(name);
        std::fs::write(&path, vec![7; length]).unwrap();
        path.display().to_string()
    };
    let (small, large) = (file("small.bin", 10), file("large.bin", 5 << 20));
    let lines = [
        r#"{"method":"DELETE","path":"accounts(accountnumber='NL-0007')"}"#,
        r#"{"method":"POST","path":"accounts","body":{"name":"Never"}}"#,
        r#"{"method":"DELETE","path":"accounts(accountnumber='NL-0008')"}"#,
    ];
    std::fs::write(world.path("operations.ndjson"), lines.join("\n")).unwrap();
    let project = &ids(&world, "records nl_project list --filter \"nl_code eq 'NLP-001'\"")[0];
    let in_blocks =
        ["POST InitializeFileBlocksUpload", "POST UploadBlock", "POST UploadBlock", "POST CommitFileBlocksUpload"];
    let of_note = [
        "POST annotations",
        "POST InitializeAnnotationBlocksUpload",
        "POST UploadBlock",
        "POST UploadBlock",
        "POST CommitAnnotationBlocksUpload",
    ];
    let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    let upload = format!("records nl_project files upload {project} nl_contract");
    for (line, expected) in [
        ("accounts create name=x --return".to_owned(), owned(&["POST accounts"])),
        (format!("accounts update {a} name=x"), vec![format!("PATCH accounts({a})")]),
        ("accounts upsert --key accountnumber=Z-1 name=x".to_owned(), owned(&["PATCH accounts(accountnumber='Z-1')"])),
        ("accounts upsert --key accountnumber=Z/1 name=x".to_owned(), owned(&["POST accounts"])),
        (
            format!("accounts delete {a} {b} {c} {a} --yes"),
            [a, b, c].map(|id| format!("DELETE accounts({id})")).to_vec(),
        ),
        (format!("accounts assign {a} --to 'team:Nordic Sales'"), vec![format!("PATCH accounts({a})")]),
        (format!("accounts add-note {a} --text x"), owned(&["POST annotations"])),
        (format!("accounts add-note {a} --file {small}"), owned(&["POST annotations"])),
        (
            format!("accounts link {a} primarycontactid {}", contacts[0]),
            vec![format!("PUT accounts({a})/primarycontactid/$ref")],
        ),
        (
            format!("accounts link {a} contact_customer_accounts {}", contacts[0]),
            vec![format!("POST accounts({a})/contact_customer_accounts/$ref")],
        ),
        (
            format!("accounts unlink {a} contact_customer_accounts {}", contacts[0]),
            vec![format!("DELETE accounts({a})/contact_customer_accounts({})/$ref", contacts[0])],
        ),
        (format!("{upload} {small}"), vec![format!("PATCH nl_projects({project})/nl_contract")]),
        (format!("{upload} {large}"), owned(&in_blocks)),
        (
            format!("records nl_project files delete {project} nl_contract"),
            vec![format!("DELETE nl_projects({project})/nl_contract")],
        ),
        (
            format!("action run nl_Escalate --on incident {case} Reason=x"),
            vec![format!("POST incidents({case})/Microsoft.Dynamics.CRM.nl_Escalate")],
        ),
        ("api accounts -f name=x".to_owned(), owned(&["POST accounts"])),
        (format!("api 'accounts({a})' -X DELETE"), vec![format!("DELETE accounts({a})")]),
    ] {
        assert_eq!(shown(&world, &line), expected, "{line}");
    }
    assert_eq!(shown(&world, &format!("accounts add-note {a} --file {large} -q")), of_note);
    let several = world.run(&format!("batch {} --size 1 --dry-run -o json", world.path("operations.ndjson").display()));
    assert!(several.stderr.ends_with("3 operations in 3 requests; 2 of them shown, none sent\n"), "{}", several.stderr);
    assert_eq!(several.succeeds().lines().count(), 2);
}

#[test]
fn every_verb_of_a_noun_shows_the_one_request_that_changes_the_record() {
    let world = World::connected();
    let mut verbs = 0;
    for noun in NOUNS {
        let known =
            if noun.own_verbs.is_empty() { Vec::new() } else { ids(&world, &format!("{} list --top 2", noun.word)) };
        for verb in noun.own_verbs {
            let rest = match verb.word {
                "merge" => format!("{} --yes", known[1]),
                "resolve" => "--subject x".to_owned(),
                _ => String::new(),
            };
            let line = format!("{} {} {} {rest}", noun.word, verb.word, known[0]);
            let told = shown(&world, &line);
            assert_eq!(told.len(), 1, "{line}: {told:?}");
            assert!(["PATCH ", "POST "].iter().any(|method| told[0].starts_with(method)), "{line}: {told:?}");
            verbs += 1;
        }
    }
    assert!(verbs > 20, "{verbs}");
}
