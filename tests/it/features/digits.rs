//! Money and decimal numbers on every way out: what was typed goes over the wire and comes back onto stdout, digit for digit.

use std::sync::LazyLock;

use proptest::prelude::*;

use crate::world::World;

static WORLD: LazyLock<World> = LazyLock::new(World::connected);

fn shown(line: &str) -> String {
    WORLD.run(line).succeeds()
}

fn made(line: &str) -> String {
    shown(line).trim().to_owned()
}

/// The number stands in the text, and no digit more on either side of it but zeros at its end.
fn check(typed: &str, line: &str) -> Result<(), TestCaseError> {
    let text = shown(line);
    let is_of_number = |sign: char| sign.is_ascii_digit() || matches!(sign, '.' | '-' | 'e' | 'E' | '+');
    let numbers: Vec<&str> = text.split(|sign| !is_of_number(sign)).collect();
    let is_there = numbers
        .iter()
        .any(|number| number.strip_prefix(typed).is_some_and(|rest| rest.bytes().all(|digit| digit == b'0')));
    prop_assert!(is_there, "{} is not in what `{}` shows: {}", typed, line, text);
    Ok(())
}

/// A table is for reading: it shows the number as the service has formatted it, every character of that.
fn check_table(line: &str, column: &str) -> Result<(), TestCaseError> {
    let label = format!("--jq '.\"{column}@OData.Community.Display.V1.FormattedValue\"'");
    let (formatted, table) = (made(&format!("{line} --labels {label}")), shown(&format!("{line} -o table")));
    let is_there =
        table.lines().any(|row| row.strip_suffix(formatted.as_str()).is_some_and(|before| before.ends_with(' ')));
    prop_assert!(is_there && formatted != "null", "{} is not in what `{}` shows: {}", formatted, line, table);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn no_digit_of_money_changes_on_any_way(whole in -922_337_203_685_476_i64..922_337_203_685_476, fraction in 0_u32..10_000) {
        let typed = format!("{whole}.{fraction:04}");
        let id = made(&format!("accounts create name=digits revenue={typed}"));
        let contact = made(&format!("contacts create lastname=digits parentcustomerid=account:{id}"));
        let fetch = format!(
            "<fetch><entity name=\"account\"><attribute name=\"revenue\"/><filter><condition attribute=\"accountid\" \
             operator=\"eq\" value=\"{id}\"/></filter></entity></fetch>"
        );
        let total = fetch
            .replace("<fetch>", "<fetch aggregate=\"true\">")
            .replace("name=\"revenue\"", "name=\"revenue\" alias=\"total\" aggregate=\"sum\"");
        let one = format!("accounts get {id} --select revenue");
        let query = |xml: &str, flags: &str| format!("query --fetchxml '{xml}' {flags}");
        for line in [
            format!("{one} --jq .revenue"),
            format!("{one} --jq '[.revenue, {{r: .revenue}}]'"),
            format!("{one} --labels -o json"),
            format!("accounts list --filter \"revenue eq {typed} and accountid eq {id}\" --select revenue -o ndjson"),
            format!("accounts get {id} --select '*' -o csv"),
            format!("contacts get {contact} --select lastname --expand 'parentcustomerid_account($select=revenue)' -o json"),
            format!("api 'accounts({id})?$select=revenue'"),
            format!("api 'accounts({id})?$select=revenue' --jq .revenue"),
            format!("query --odata 'accounts?$select=revenue&$filter=accountid eq {id}' -o tsv"),
            query(&fetch, "-o json"),
            query(&fetch, "-o csv"),
            query(&total, "-o json"),
            query(&total, "-o tsv"),
            format!("accounts update {id} fax=1 --return=revenue -o json"),
        ] {
            check(&typed, &line)?;
        }
        check_table(&one, "revenue")?;
        let read = format!("{{\"method\":\"GET\",\"path\":\"accounts({id})?$select=revenue\"}}\n");
        let file = WORLD.path("digits.ndjson");
        std::fs::write(&file, read).unwrap();
        check(&typed, &format!("batch '{}'", file.display()))?;
        check(&typed, &format!("batch '{}' --jq .body.revenue", file.display()))?;
        let write = format!("{{\"method\":\"PATCH\",\"path\":\"accounts({id})\",\"body\":{{\"revenue\":{typed}}},\"headers\":{{\"If-Match\":\"*\"}}}}\n");
        std::fs::write(&file, write).unwrap();
        check(&typed, &format!("batch '{}' --dry-run", file.display()))?;
        shown(&format!("batch '{}'", file.display()));
        shown(&format!("api 'accounts({id})' -X PATCH -H 'If-Match: *' -F revenue={typed}"));
        check(&typed, &format!("{one} -o tsv"))?;
    }

    #[test]
    fn no_digit_of_a_decimal_number_changes_on_any_way(whole in 0_u32..99_999, fraction in 0_u32..100) {
        let typed = format!("{whole}.{fraction:02}");
        let id = made(&format!("records nl_project create nl_name=digits nl_effort={typed}"));
        for format in ["json", "ndjson", "csv", "tsv"] {
            check(&typed, &format!("records nl_project get {id} --select nl_effort -o {format}"))?;
            check(&typed, &format!("records nl_project list --filter \"nl_projectid eq {id}\" --select nl_effort -o {format}"))?;
        }
        check(&typed, &format!("records nl_project get {id} --jq .nl_effort"))?;
        check_table(&format!("records nl_project get {id} --select nl_effort"), "nl_effort")?;
    }
}
