//! The demo company's projects: rows of a table that it made for itself. Everything in it is invented and the same in every run.

use jiff::ToSpan as _;

use crate::sandbox::data::dice::Dice;
use crate::sandbox::data::northlight::{ACCOUNTS, CONTACTS, own, past};
use crate::sandbox::data::people::Staff;
use crate::sandbox::data::sheet::{Sheet, made};
use crate::sandbox::data::{Schema, words};
use crate::sandbox::world::{Link, StoredFile, Value, day_of};

/// How many projects there are.
const PROJECTS: u64 = 12;
/// A contract; nothing is on its page.
const CONTRACT: &[u8] =
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
/// A PNG of one pixel.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
/// What `nl_regions` may hold.
const REGIONS: [&str; 6] = ["1", "2", "1,2", "3,4", "1,3,5", ""];

/// Starts the projects.
pub(super) fn start_projects(sheet: &mut Sheet<'_>, dice: &mut Dice, staff: &Staff) {
    for nth in 1..=PROJECTS {
        let moment = past(sheet.world.now(), dice);
        sheet.add_at(moment, "nl_project", made("nl_project", nth), |it| {
            let (head, trade) = (dice.word(words::COMPANY_HEADS), dice.word(words::INTERESTS));
            it.text("nl_name", &format!("{head}: {trade}")).text("nl_code", &format!("NLP-{nth:03}"));
            it.link("nl_accountid", "account", made("account", 1 + dice.below(ACCOUNTS)));
            it.link("nl_contactid", "contact", made("contact", 1 + dice.below(CONTACTS)));
            it.money("nl_budget", dice.between(5, 900) * 10_000_000 + dice.between(0, 9999));
            it.number("nl_effort", &format!("{}.{:02}", dice.between(1, 400), dice.between(0, 99)));
            it.whole("nl_kind", 100_000_000 + dice.between(0, 2)).flag("nl_billable", dice.chance(70));
            it.text("nl_description", dice.word(words::REMARKS));
            if let Some(regions) = dice.pick(&REGIONS) {
                it.text("nl_regions", regions);
            }
            if let Ok(day) = day_of(moment).checked_add(30.days()) {
                it.day("nl_startson", day);
            }
            own(it, dice, staff);
        });
    }
    sign(sheet);
}

/// The first project has its contract, and the second one a picture.
fn sign(sheet: &mut Sheet<'_>) {
    let Some(table) = Schema::of_sandbox().by_name("nl_project") else { return };
    let (first, name) = (made("nl_project", 1), "Contract NLP-001.pdf");
    let file = sheet.world.files.store(StoredFile {
        record: Link { table: table.index, id: first },
        name: name.to_owned(),
        kind: "application/pdf".to_owned(),
        bytes: CONTRACT.into(),
    });
    sheet.change("nl_project", first, |it| {
        it.guid("nl_contract", file).text("nl_contract_name", name);
    });
    if let Some(place) = table.place("nl_photo") {
        let picture = vec![(place, Some(Value::text(PICTURE)))];
        sheet.world.update(table, made("nl_project", 2), picture, sheet.author);
    }
}
