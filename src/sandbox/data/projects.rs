//! The demo company's projects: rows of a table that it made for itself. Everything in it is invented and the same in every run.

use jiff::ToSpan as _;

use crate::sandbox::data::dice::Dice;
use crate::sandbox::data::northlight::{ACCOUNTS, CONTACTS, own, past};
use crate::sandbox::data::people::Staff;
use crate::sandbox::data::sheet::{Sheet, made};
use crate::sandbox::data::words;
use crate::sandbox::world::day_of;

/// How many projects there are.
const PROJECTS: u64 = 12;
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
}
