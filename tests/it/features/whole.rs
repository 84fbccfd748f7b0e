//! An answer is whole, or it is said that it is not: rows into pipes and expressions, pages, links inside records, requests
//! that a shell mangled.

use d365conn::sandbox::Fault;

use crate::world::World;

const NUMBERS: &str = "<fetch><entity name=\"account\"><attribute name=\"accountnumber\"/><order attribute=\"accountid\"/></entity></fetch>";

#[test]
fn a_person_is_shown_fifty_rows_and_whoever_reads_a_pipe_gets_them_all() {
    let mut world = World::connected();
    let lists =
        ["accounts list".to_owned(), format!("query --fetchxml '{NUMBERS}'"), "query --odata accounts".to_owned()];
    for line in &lists {
        let piped = world.run(&format!("{line} -o id"));
        assert_eq!(piped.stderr, "", "{line}");
        assert_eq!(piped.succeeds().lines().count(), 200, "{line}");
        let looked_at = world.run_on_terminal(&format!("{line} -o id"));
        assert_eq!(looked_at.stderr, "the first 50 are shown; add --all for every one, or --top N\n", "{line}");
        assert_eq!(looked_at.succeeds().lines().count(), 50, "{line}");
        for more in ["--all", "--no-input", "--jq .accountid"] {
            let outcome = world.run_on_terminal(&format!("{line} -o ndjson {more}"));
            assert_eq!(outcome.stderr, "", "{line} {more}");
            assert_eq!(outcome.succeeds().lines().count(), 200, "{line} {more}");
        }
        assert_eq!(world.run(&format!("{line} -o id --all")).succeeds().lines().count(), 200, "{line}");
        assert_eq!(world.run(&format!("{line} -o id --top 7")).succeeds().lines().count(), 7, "{line}");
    }
    world.set("CI", "true");
    for line in &lists {
        assert_eq!(world.run_on_terminal(&format!("{line} -o id")).succeeds().lines().count(), 200, "{line}");
    }
}

#[test]
fn no_row_that_an_expression_selects_is_missing() {
    let world = World::connected();
    let selected = "accounts list --select accountnumber,statecode --jq 'select(.statecode == 1) | .accountid'";
    let filtered = "accounts list --filter 'statecode eq 1' -o id";
    let sorted = |line: &str| {
        let text = world.run(line).succeeds();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(sorted(selected), sorted(filtered));
    assert_eq!(world.run("accounts list --view \"Active Accounts\" -o id").succeeds().lines().count(), 184);
}

#[test]
fn a_search_gives_a_pipe_all_that_is_found() {
    let world = World::connected();
    let looked_at = world.run_on_terminal("search a* -o id");
    let said = looked_at.stderr.clone();
    assert_eq!(looked_at.succeeds().lines().count(), 50);
    let total: usize = said.split(" of ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(total > 200, "{said}");
    assert!(said.contains("--all") && said.contains("--top N"), "{said}");
    let found = world.run("search a* -o id");
    assert_eq!(found.stderr, "");
    let found = found.succeeds();
    let mut ids: Vec<_> = found.lines().collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((found.lines().count(), ids.len()), (total, total));
    assert_eq!(world.run("search a* -o id --top 150").succeeds().lines().count(), 150);
    assert_eq!(world.run_on_terminal("search a* -o id --all").succeeds().lines().count(), total);
}

#[test]
fn fetchxml_that_names_a_page_is_that_page_and_goes_on_from_it_when_asked() {
    let world = World::connected();
    let page = |number: u32| NUMBERS.replace("<fetch>", &format!("<fetch count=\"30\" page=\"{number}\">"));
    let all = world.run(&format!("query --fetchxml '{NUMBERS}' -o id")).succeeds();
    let all: Vec<_> = all.lines().collect();
    for (number, terminal) in [(1, false), (3, true)] {
        let line = format!("query --fetchxml '{}' -o id", page(number));
        let alone = if terminal { world.run_on_terminal(&line) } else { world.run(&line) };
        assert_eq!(alone.stderr, format!("that was page {number}, and there are more; --all goes on\n"));
        let begins = (number as usize - 1) * 30;
        assert_eq!(alone.succeeds().lines().collect::<Vec<_>>(), all[begins..begins + 30]);
        let rest = world.run(&format!("{line} --all"));
        assert_eq!(rest.stderr, "");
        assert_eq!(rest.succeeds().lines().collect::<Vec<_>>(), all[begins..]);
    }
    let last = world.run(&format!("query --fetchxml '{}' -o id", page(7)));
    assert_eq!(last.stderr, "");
    assert_eq!(last.succeeds().lines().count(), 20);
}

#[test]
fn collections_inside_accounts_are_whole_however_small_the_pages_are() {
    let world = World::connected();
    let line = "accounts list --select name --order-by name --top 20 -o json --expand \
                'contact_customer_accounts($select=lastname)'";
    let whole = world.run(line).succeeds();
    assert!(whole.matches("\"lastname\"").count() > 30, "{whole}");
    let crowded = "--jq 'select((.contact_customer_accounts | length) > 2) | .accountid'";
    let records = world.run(&line.replace("-o json", crowded)).succeeds();
    let record = records.lines().next().unwrap();
    let one = format!("accounts get {record} -o json --expand 'contact_customer_accounts($select=lastname)'");
    let count = |text: &str| text.matches("\"lastname\"").count();
    let alone = count(&world.run(&one).succeeds());
    for line in [line, one.as_str()] {
        world.sandbox.faults().order(Fault::InnerPages { size: 1 });
        let before = world.sandbox.requests().len();
        let outcome = world.run(line);
        assert_eq!(outcome.stderr, "");
        let text = outcome.succeeds();
        assert_eq!(count(&text), if line == one { alone } else { count(&whole) }, "{text}");
        let seen = world.sandbox.requests();
        let pages = seen[before..].iter().filter(|it| it.path.ends_with("contact_customer_accounts")).count();
        assert!(pages > 0, "the pages behind the first were asked for");
    }
}

#[test]
fn api_says_that_there_is_a_next_page() {
    let world = World::connected();
    let line = "api 'accounts?$select=name' -H 'Prefer: odata.maxpagesize=70'";
    for more in ["", " --jq '.value | length'"] {
        let outcome = world.run(&format!("{line}{more}"));
        assert_eq!(outcome.stderr, "there is a next page; --paginate follows the links\n", "{more}");
        outcome.succeeds();
        assert_eq!(world.run(&format!("{line}{more} --paginate")).stderr, "", "{more}");
    }
    assert_eq!(world.run("api 'accounts?$select=name&$top=70'").stderr, "");
    let fetch = "api accounts -X GET -H 'Prefer: odata.include-annotations=\"*\"' -f";
    let page = NUMBERS.replace("<fetch>", "<fetch count=\"30\" page=\"2\">");
    let outcome = world.run(&format!("{fetch} fetchXml='{page}' --paginate"));
    assert_eq!(outcome.stderr, "there are more rows, and no link leads to them; `query --fetchxml` reads them all\n");
}

#[test]
fn an_option_whose_name_the_shell_took_is_refused_before_anything_is_sent() {
    let world = World::connected();
    let before = world.sandbox.requests().len();
    for line in [
        "api 'accounts?=name&=2'",
        "api 'accounts?$select=name&=2' --paginate",
        "api '{org}/api/data/v9.2/accounts?=2'",
        "api accounts?=2 -X DELETE",
        "query --odata accounts?=2",
        "query --odata '/api/data/v9.2/accounts?=name' --all",
    ] {
        let said = world.run(line).fails(2, "commands/nameless-option");
        assert!(said.contains("has no name") && said.contains("a shell takes `$top`"), "{said}");
        assert!(said.contains("accounts?$select=name&$top=5'`"), "{said}");
    }
    world.run("api accounts -X GET -f =name").fails(2, "commands/bad-field");
    let line = "{\"method\":\"GET\",\"path\":\"accounts?=name\"}";
    let said = world.run_with_stdin("batch -", line).fails(2, "dataverse/batch-line");
    assert!(said.contains("option without a name: `=name`"), "{said}");
    assert_eq!(world.sandbox.requests().len(), before);
}
