//! `api`: any request, the answer as it comes, and everything that is refused before one is sent.

use d365conn::sandbox::Fault;

use crate::world::World;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Method and path of the last request to the API, with the names of its query.
fn last(world: &World) -> (String, String, Vec<String>) {
    let seen = world.sandbox.requests();
    let seen = seen.iter().rev().find(|seen| seen.path.starts_with("/api/")).unwrap();
    (seen.method.clone(), seen.path.clone(), seen.query_names.clone())
}

#[test]
fn the_answer_comes_as_it_is() {
    let world = World::connected();
    let text = world.run("api WhoAmI").succeeds();
    assert!(text.starts_with("{\"@odata.context\":\"http"), "{text}");
    assert!(!text.ends_with('\n'), "the body is untouched: {text:?}");
    assert_eq!(last(&world).1, "/api/data/v9.2/WhoAmI");
    assert_eq!(world.run("api 'accounts/$count'").succeeds(), "\u{feff}200");
}

#[test]
fn paths_are_encoded_where_they_must_be_and_kept_where_they_are() {
    let world = World::connected();
    let id = world.run("accounts create name='Öl & Gas + x'").succeeds().trim().to_owned();
    for (path, api) in [
        ("accounts?$select=name&$filter=name eq 'Öl %26 Gas %2B x'", "v9.2"),
        ("/accounts?$filter=name%20eq%20'%C3%96l%20%26%20Gas%20%2B%20x'", "v9.2"),
        ("/api/data/v9.1/accounts?$filter=name%20eq%20'%C3%96l%20%26%20Gas%20%2B%20x'", "v9.1"),
    ] {
        let found = world.run(&format!("api \"{path}\" --jq '.value[].accountid'").replace('$', "\\$")).succeeds();
        assert_eq!(found.trim(), id, "{path}");
        assert_eq!(last(&world).1, format!("/api/data/{api}/accounts"));
    }
}

#[test]
fn fields_make_a_body_or_a_query() {
    let world = World::connected();
    world
        .run("api accounts -f name=12 -F revenue=922337203685477.5806 -F creditonhold=true -F telephone1=null")
        .succeeds();
    assert_eq!(last(&world), ("POST".into(), "/api/data/v9.2/accounts".into(), Vec::new()));
    let list = "api accounts -X get -f '$select=name,revenue,creditonhold,telephone1' \
                -f \"\\$filter=name eq '12'\" -F '$top=3'";
    let text = world.run(list).succeeds();
    assert_eq!(last(&world).2, ["$select", "$filter", "$top"]);
    assert!(text.contains("922337203685477.5806"), "{text}");
    let row = &json(&text)["value"][0];
    assert_eq!((&row["name"], &row["creditonhold"]), (&"12".into(), &true.into()));
    assert!(row["telephone1"].is_null());
}

#[test]
fn a_body_comes_from_a_file_or_from_stdin() {
    let world = World::connected();
    let names = |world: &World, filter: &str| {
        world.run(&format!("contacts list --select description,lastname --filter \"{filter}\" -o tsv")).succeeds()
    };
    std::fs::write(world.path("row.json"), "{\"lastname\":\"Lund-1\"}").unwrap();
    world.run(&format!("api contacts --input {}", world.path("row.json").display())).succeeds();
    assert_eq!(names(&world, "lastname eq 'Lund-1'"), "\tLund-1\n");
    world.run_with_stdin("api contacts --input -", "{\"lastname\":\"Stdin-1\"}").succeeds();
    assert_eq!(names(&world, "lastname eq 'Stdin-1'"), "\tStdin-1\n");
    std::fs::write(world.path("note.txt"), "a \"b\"").unwrap();
    let line = format!("api contacts -f lastname=Note-1 -F description=@{}", world.path("note.txt").display());
    world.run(&line).succeeds();
    assert_eq!(names(&world, "lastname eq 'Note-1'"), "a \"b\"\tNote-1\n");
}

#[test]
fn status_and_headers_are_shown_on_demand() {
    let world = World::connected();
    let text = world.run("api accounts -f name=x -i").succeeds();
    assert!(text.starts_with("HTTP 204\n"), "{text}");
    assert!(text.contains("\nodata-entityid: http"), "{text}");
    let refused = world.run("api nothing -i");
    assert_eq!(refused.exit, 2, "{}", refused.stderr);
    assert!(refused.stdout.starts_with("HTTP 404\n"), "{}", refused.stdout);
}

#[test]
fn a_refusal_is_shown_in_its_own_words_and_told_in_ours() {
    let world = World::connected();
    let outcome = world.run("api 'accounts(00000000-0000-4000-8000-000000000001)' --jq .name");
    assert_eq!(outcome.exit, 3);
    assert_eq!(json(&outcome.stdout)["error"]["code"], "0x80040217");
    assert!(outcome.stderr.contains("dataverse/record-missing"), "{}", outcome.stderr);
}

#[test]
fn pages_are_followed_to_the_last() {
    let world = World::connected();
    let line = "api 'accounts?$select=name' -H 'Prefer: odata.maxpagesize=30'";
    assert_eq!(world.run(&format!("{line} --paginate --jq '.value[].accountid'")).succeeds().lines().count(), 200);
    let pages = world.run(&format!("{line} --paginate")).succeeds();
    assert_eq!(pages.lines().count(), 7);
    assert!(pages.lines().all(|page| json(page)["value"].is_array()));
    assert_eq!(json(&world.run(line).succeeds())["value"].as_array().map(Vec::len), Some(30));
    world.run("api accounts --paginate -f name=x").fails(2, "commands/pages-of-a-write");
}

#[test]
fn an_address_elsewhere_is_refused_before_anything_is_sent() {
    let world = World::connected();
    let before = world.sandbox.requests().len();
    for address in ["https://evil.example/api/data/v9.2/WhoAmI", "//evil.example/x", "file:///etc/passwd"] {
        let outcome = world.run(&format!("api {address}"));
        assert!(matches!(outcome.exit, 1 | 2), "{address}: {}", outcome.exit);
        assert_eq!(outcome.stdout, "");
    }
    assert_eq!(world.sandbox.requests().len(), before);
    world.run("api {org}/api/data/v9.2/WhoAmI").succeeds();
}

#[test]
fn credentials_and_hosts_are_not_for_the_user_to_give() {
    let world = World::connected();
    let before = world.sandbox.requests().len();
    for header in ["Authorization: Bearer s3cret", "Host: evil.example", "Cookie: s3cret"] {
        let said = world.run(&format!("api WhoAmI -H '{header}'")).fails(2, "commands/forbidden-header");
        assert!(!said.contains("s3cret"), "{said}");
    }
    for (line, code) in [
        ("api WhoAmI -H 'no header'", "commands/bad-header"),
        ("api accounts -f name", "commands/bad-field"),
        ("api accounts -X GET -f 'a[b]=c'", "commands/nested-in-query"),
        ("api /", "commands/no-path"),
        ("api accounts -X BREW", ""),
    ] {
        world.run(line).fails(2, code);
    }
    assert_eq!(world.sandbox.requests().len(), before);
}

#[test]
fn a_read_only_connection_reads() {
    let world = World::connected();
    world.run("connections set sandbox --read-only true").succeeds();
    let before = world.sandbox.requests().len();
    for line in [
        "api accounts -f name=x",
        "api '$batch' --input -",
        "api 'accounts(00000000-0000-4000-8000-000000000001)' -X DELETE",
        "api searchquery/../accounts -f name=x",
    ] {
        world.run(line).fails(5, "dataverse/read-only");
    }
    assert_eq!(world.sandbox.requests().len(), before);
    world.run("api WhoAmI").succeeds();
}

#[test]
fn a_lost_answer_is_asked_for_again_only_where_that_is_harmless() {
    let world = World::connected();
    world.sandbox.faults().order(Fault::DataverseUnavailable);
    world.run("api 'accounts?$top=1'").succeeds();
    world.sandbox.faults().order(Fault::LoseAnswer);
    world.run("api accounts -f name=Lost-1").fails(6, "dataverse/outcome-unknown");
    let found = world.run("accounts list --filter \"name eq 'Lost-1'\" -o id").succeeds();
    assert_eq!(found.lines().count(), 1, "it was not sent twice");
}

#[test]
fn a_dry_run_shows_what_would_change_something_and_sends_what_does_not() {
    let world = World::connected();
    let count = || world.sandbox.requests().iter().filter(|seen| seen.path.contains("/api/")).count();
    let before = count();
    let shown =
        world.run("api accounts -f name=Never -F revenue=1.10 -H 'Prefer: return=representation' --dry-run").succeeds();
    let address = format!("POST {}/api/data/v9.2/accounts\n", world.sandbox.address());
    for part in [address.as_str(), "Prefer: return=representation\n", "{\"name\":\"Never\",\"revenue\":1.10}"] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    assert!(!shown.to_lowercase().contains("bearer"), "{shown}");
    let shown = json(&world.run("api 'accounts(accountnumber=%27NL-0001%27)' -X DELETE --dry-run -o json").succeeds());
    assert_eq!(shown["method"], "DELETE");
    assert_eq!(count(), before);
    assert!(world.run("api WhoAmI --dry-run").succeeds().contains("UserId"));
    // It only reads, whatever its method says.
    std::fs::write(world.path("search.json"), "{\"search\":\"an\"}").unwrap();
    let found = world.run(&format!("api searchquery --input {} --dry-run", world.path("search.json").display()));
    assert!(found.succeeds().contains("response"));
    assert_eq!(count(), before + 2);
}

#[test]
fn a_request_is_made_as_the_user_who_is_named() {
    let world = World::connected();
    let users = "records systemuser list --filter \"isdisabled eq false and fullname ne 'Inès Moreau' and domainname ne null\" \
                 --select systemuserid,domainname --top 1 -o tsv";
    let found = world.run(users).succeeds();
    let (id, sign_in) = found.trim().split_once('\t').unwrap();
    let who = json(&world.run(&format!("api WhoAmI --as {sign_in}")).succeeds());
    assert_eq!(who["UserId"], id);
}

#[test]
fn a_header_that_asks_for_another_method_is_never_sent() {
    let world = World::connected();
    let line = "api WhoAmI -H 'X-HTTP-Method-Override: DELETE'";
    let before = world.sandbox.requests().len();
    world.run(line).fails(2, "commands/method-override");
    world.run("api WhoAmI -H 'x-http-method: MERGE'").fails(2, "commands/method-override");
    world.run("connections set sandbox --read-only true").succeeds();
    world.run(line).fails(5, "dataverse/read-only");
    assert_eq!(world.sandbox.requests().len(), before);
}
