//! The demo company's work: leads, opportunities, cases, activities, notes. Everything in it is invented and the same in every run.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::sandbox::data::dice::Dice;
use crate::sandbox::data::northlight::{ACCOUNTS, CONTACTS, own, past};
use crate::sandbox::data::people::Staff;
use crate::sandbox::data::sheet::{Cells, Sheet, made};
use crate::sandbox::data::words;
use crate::sandbox::world::day_of;

const LEADS: u64 = 60;
pub(super) const OPPORTUNITIES: u64 = 80;
const INCIDENTS: u64 = 90;
const TASKS: u64 = 120;
pub(super) const CALLS: u64 = 30;
pub(super) const APPOINTMENTS: u64 = 20;
pub(super) const EMAILS: u64 = 25;
const NOTES: u64 = 60;
/// Every so many notes one has a file.
const NOTES_FOR_A_FILE: u64 = 12;

/// Fills everybody's desk.
pub(super) fn fill_desks(sheet: &mut Sheet<'_>, dice: &mut Dice, staff: &Staff) {
    each(sheet, dice, "lead", LEADS, |it, dice, _| {
        lead(it, dice);
        own(it, dice, staff);
    });
    each(sheet, dice, "opportunity", OPPORTUNITIES, |it, dice, moment| {
        opportunity(it, dice, moment);
        own(it, dice, staff);
    });
    each(sheet, dice, "incident", INCIDENTS, |it, dice, _| {
        incident(it, dice);
        own(it, dice, staff);
    });
    each(sheet, dice, "task", TASKS, |it, dice, moment| {
        activity(it, dice, moment, words::ERRANDS);
        let state = [(0, 2), (0, 3), (0, 4), (0, 7), (1, 5), (1, 5), (2, 6)];
        status(it, dice, &state);
        it.whole("prioritycode", dice.between(0, 2)).whole("percentcomplete", dice.between(0, 10) * 10);
        own(it, dice, staff);
    });
    each(sheet, dice, "phonecall", CALLS, |it, dice, moment| {
        activity(it, dice, moment, words::ERRANDS);
        status(it, dice, &[(0, 1), (1, 2), (1, 4)]);
        it.text("phonenumber", "+45 555 010 010").flag("directioncode", dice.chance(70));
        own(it, dice, staff);
    });
    each(sheet, dice, "appointment", APPOINTMENTS, |it, dice, moment| {
        activity(it, dice, moment, words::INTERESTS);
        status(it, dice, &[(3, 5), (1, 3), (2, 4)]);
        it.text("location", "Sal 2, Northlight");
        own(it, dice, staff);
    });
    each(sheet, dice, "email", EMAILS, |it, dice, moment| {
        activity(it, dice, moment, words::INTERESTS);
        status(it, dice, &[(0, 1), (1, 3), (1, 4)]);
        it.text("description", "<p>Hello, &amp; thank you for the visit.</p>").flag("directioncode", dice.chance(50));
        own(it, dice, staff);
    });
    each(sheet, dice, "annotation", NOTES, |it, dice, _| {
        it.text("subject", "Note").text("notetext", dice.word(words::REMARKS));
        it.link("objectid", "account", some(dice, "account", ACCOUNTS)).flag("isdocument", false);
        own(it, dice, staff);
    });
    sheet.add("queue", made("queue", 1), |it| {
        it.text("name", "Support").text("emailaddress", "support@northlight.example").whole("queueviewtype", 0);
    });
}

/// Puts a file into some notes, after everything else: what is numbered keeps its numbers.
pub(super) fn attach_files(sheet: &mut Sheet<'_>) {
    for nth in (NOTES_FOR_A_FILE..=NOTES).step_by(usize::try_from(NOTES_FOR_A_FILE).unwrap_or(1)) {
        sheet.change("annotation", made("annotation", nth), |it| {
            it.flag("isdocument", true).text("filename", &format!("visit-{nth}.txt")).text("mimetype", "text/plain");
            it.text("documentbody", "V2FudHMgYSBxdW90ZSBieSBGcmlkYXkuCg==");
        });
    }
}

fn each(
    sheet: &mut Sheet<'_>,
    dice: &mut Dice,
    table: &str,
    count: u64,
    mut fill: impl FnMut(&mut Cells, &mut Dice, Timestamp),
) {
    for nth in 1..=count {
        let moment = past(sheet.world.now(), dice);
        sheet.add_at(moment, table, made(table, nth), |it| fill(it, dice, moment));
    }
}

fn some(dice: &mut Dice, table: &str, count: u64) -> Uuid {
    made(table, 1 + dice.below(count))
}

fn status(it: &mut Cells, dice: &mut Dice, choices: &[(i64, i64)]) {
    if let Some((state, status)) = dice.pick(choices) {
        it.whole("statecode", *state).whole("statuscode", *status);
    }
}

fn customer(it: &mut Cells, dice: &mut Dice) {
    if dice.chance(85) {
        it.link("customerid", "account", some(dice, "account", ACCOUNTS));
    } else {
        it.link("customerid", "contact", some(dice, "contact", CONTACTS));
    }
}

fn later(moment: Timestamp, days: i64) -> Timestamp {
    moment.checked_add(SignedDuration::from_hours(days * 24)).unwrap_or(moment)
}

fn lead(it: &mut Cells, dice: &mut Dice) {
    let company = format!("{} {}", dice.word(words::COMPANY_HEADS), dice.word(words::COMPANY_TRADES));
    it.text("subject", dice.word(words::INTERESTS)).text("companyname", &company);
    it.text("firstname", dice.word(words::GIVEN_NAMES)).text("lastname", dice.word(words::FAMILY_NAMES));
    it.whole("leadsourcecode", dice.between(1, 10)).whole("leadqualitycode", dice.between(1, 3));
    it.text("telephone1", "+46 555 020 020");
    if dice.chance(60) {
        it.money("budgetamount", dice.between(1, 900) * 5_000_000).whole("budgetstatus", dice.between(0, 3));
    }
    status(it, dice, &[(0, 1), (0, 1), (0, 2), (0, 2), (2, 4), (2, 6)]);
}

fn opportunity(it: &mut Cells, dice: &mut Dice, moment: Timestamp) {
    let value = dice.between(1, 4000) * 2_500_000 + dice.between(0, 99) * 100;
    let closing = later(moment, dice.between(20, 200));
    it.text("name", dice.word(words::INTERESTS)).money("estimatedvalue", value);
    it.whole("closeprobability", dice.between(1, 19) * 5).whole("opportunityratingcode", dice.between(1, 3));
    it.day("estimatedclosedate", day_of(closing)).whole("salesstage", dice.between(0, 3));
    customer(it, dice);
    it.link("parentcontactid", "contact", some(dice, "contact", CONTACTS));
    match dice.below(10) {
        0 | 1 => {
            it.whole("statecode", 1).whole("statuscode", 3);
            it.money("actualvalue", value).day("actualclosedate", day_of(closing));
        }
        2 => {
            it.whole("statecode", 2).whole("statuscode", dice.between(4, 5)).day("actualclosedate", day_of(closing));
        }
        _ => {
            it.whole("statecode", 0).whole("statuscode", dice.between(1, 2));
        }
    }
}

fn incident(it: &mut Cells, dice: &mut Dice) {
    it.text("title", dice.word(words::TROUBLES)).whole("caseorigincode", dice.between(1, 3));
    it.whole("casetypecode", dice.between(1, 3)).whole("prioritycode", dice.between(1, 3));
    customer(it, dice);
    if dice.chance(50) {
        it.text("description", "Reported by the customer.\nSteps are known.");
    }
    status(it, dice, &[(0, 1), (0, 1), (0, 2), (0, 3), (0, 4), (1, 5), (1, 1000), (2, 6)]);
}

fn activity(it: &mut Cells, dice: &mut Dice, moment: Timestamp, subjects: &[&'static str]) {
    it.text("subject", dice.word(subjects));
    it.moment("scheduledstart", moment).moment("scheduledend", later(moment, dice.between(0, 30)));
    match dice.below(4) {
        0 => it.link("regardingobjectid", "contact", some(dice, "contact", CONTACTS)),
        1 => it.link("regardingobjectid", "opportunity", some(dice, "opportunity", OPPORTUNITIES)),
        _ => it.link("regardingobjectid", "account", some(dice, "account", ACCOUNTS)),
    };
}
