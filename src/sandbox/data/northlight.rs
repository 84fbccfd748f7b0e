//! The demo company's customers: accounts and the people who work there. Everything in it is invented and the same in every run.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::sandbox::INES;
use crate::sandbox::data::dice::Dice;
use crate::sandbox::data::parties::invite;
use crate::sandbox::data::people::{Staff, hire, let_machines_in};
use crate::sandbox::data::projects::start_projects;
use crate::sandbox::data::sales::sell;
use crate::sandbox::data::sheet::{Cells, Sheet, made};
use crate::sandbox::data::views::hang;
use crate::sandbox::data::words;
use crate::sandbox::data::work::{attach_files, fill_desks};
use crate::sandbox::data::zones::define;
use crate::sandbox::world::World;

/// How many accounts there are.
pub(super) const ACCOUNTS: u64 = 200;
/// How many contacts there are.
pub(super) const CONTACTS: u64 = 500;
/// How many of them, the last ones, have left their company.
const LEFT: u64 = 3;
/// The largest amount money can be, in ten-thousandths.
const MOST_MONEY: i64 = 9_223_372_036_854_775_807;

/// Founds the company in an empty world.
pub(crate) fn populate(world: &mut World) {
    let staff = hire(world);
    let author = INES.user_id.and_then(|id| id.parse().ok()).unwrap_or_default();
    let mut sheet = Sheet { world, author };
    let mut dice = Dice::new(1_123_581_321);
    for nth in 1..=ACCOUNTS {
        add_account(&mut sheet, &mut dice, &staff, nth);
    }
    for nth in 1..=CONTACTS {
        add_contact(&mut sheet, &mut dice, &staff, nth);
    }
    fill_desks(&mut sheet, &mut dice, &staff);
    start_projects(&mut sheet, &mut dice, &staff);
    hang(&mut sheet);
    attach_files(&mut sheet);
    invite(&mut sheet, &staff);
    sell(&mut sheet, &staff);
    let_machines_in(world);
    define(world, staff.users.first().copied().unwrap_or_default());
}

/// A moment of the last two years, in working hours.
pub(super) fn past(now: Timestamp, dice: &mut Dice) -> Timestamp {
    let seconds = dice.between(1, 720) * 86_400 - dice.between(0, 36_000);
    now.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(now)
}

/// The owner of a record: a user, now and then a team.
pub(super) fn own(cells: &mut Cells, dice: &mut Dice, staff: &Staff) {
    if dice.chance(8) {
        if let Some(team) = dice.pick(&staff.teams) {
            cells.link("ownerid", "team", *team);
        }
    } else if let Some(user) = dice.pick(&staff.users) {
        cells.link("ownerid", "systemuser", *user);
    }
}

fn company_name(nth: u64) -> String {
    let word = |words: &[&'static str], at: u64| words[usize::try_from(at).unwrap_or(0) % words.len()];
    let head = word(words::COMPANY_HEADS, nth - 1);
    let trade = word(words::COMPANY_TRADES, (nth - 1) * 7 + (nth - 1) / 30);
    let form = word(words::COMPANY_FORMS, (nth - 1) * 3);
    format!("{head} {trade}{form}")
}

/// Letters and digits of a name, for addresses on the internet.
fn slug(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

fn add_account(sheet: &mut Sheet<'_>, dice: &mut Dice, staff: &Staff, nth: u64) {
    let moment = past(sheet.world.now(), dice);
    let id = made("account", nth);
    let name = company_name(nth);
    sheet.add_at(moment, "account", id, |it| match nth {
        2 => odd_cells(it),
        3 => {
            it.text("name", "O'Malley & Sons, Nothing Known");
        }
        _ => account_cells(it, dice, &name, nth),
    });
    sheet.change("account", id, |it| own(it, dice, staff));
}

/// The account whose cells upset careless readers of CSV.
fn odd_cells(it: &mut Cells) {
    it.text("name", "=HYPERLINK(\"x\",\"y\") Nordlys, \"Ltd\"").text("accountnumber", "NL-0002");
    it.text("description", "First line, with a comma\nsecond line with \"quotes\"\n\tand a tab")
        .text("tickersymbol", "-1+1");
    it.text("address1_city", "@home").money("creditlimit", 1);
}

fn account_cells(it: &mut Cells, dice: &mut Dice, name: &str, nth: u64) {
    let site = slug(name);
    it.text("name", name).text("accountnumber", &format!("NL-{nth:04}"));
    address(it, dice);
    it.text("telephone1", &phone(dice)).whole("accountcategorycode", dice.between(1, 2));
    it.text("emailaddress1", &format!("office@{site}.example"));
    if dice.chance(70) {
        it.text("websiteurl", &format!("https://www.{site}.example")).whole("industrycode", dice.between(1, 33));
    }
    if dice.chance(85) {
        it.whole("numberofemployees", dice.between(1, 4000)).whole("customertypecode", dice.between(1, 12));
        let revenue = if nth == 4 { MOST_MONEY } else { dice.between(40, 900_000) * 1_000_000 + dice.between(0, 9999) };
        it.money("revenue", revenue);
    }
    if dice.chance(40) {
        it.money("creditlimit", dice.between(1, 500) * 10_000_000).flag("creditonhold", dice.chance(10));
        it.whole("paymenttermscode", dice.between(1, 4)).flag("donotbulkemail", dice.chance(30));
    }
    if dice.chance(6) && nth > 10 {
        it.whole("statecode", 1).whole("statuscode", 2);
    }
    if nth > 20 && dice.chance(15) {
        let parent = 1 + dice.below(20);
        it.link("parentaccountid", "account", made("account", parent));
    }
}

fn address(it: &mut Cells, dice: &mut Dice) {
    let Some((city, postcode, region, country)) = dice.pick(words::CITIES) else { return };
    it.text("address1_line1", &format!("{} {}", dice.word(words::STREETS), dice.between(1, 180)));
    it.text("address1_city", city).text("address1_postalcode", postcode);
    it.text("address1_stateorprovince", region).text("address1_country", country);
}

fn phone(dice: &mut Dice) -> String {
    format!("+{} 555 {:03} {:03}", dice.between(31, 48), dice.below(1000), dice.below(1000))
}

fn add_contact(sheet: &mut Sheet<'_>, dice: &mut Dice, staff: &Staff, nth: u64) {
    let moment = past(sheet.world.now(), dice);
    let id = made("contact", nth);
    let is_first = nth <= ACCOUNTS;
    let company = if is_first { nth } else { 1 + dice.below(ACCOUNTS) };
    let (given, family) = (dice.word(words::GIVEN_NAMES), dice.word(words::FAMILY_NAMES));
    sheet.add_at(moment, "contact", id, |it| {
        it.text("firstname", given).text("lastname", family).text("jobtitle", dice.word(words::JOBS));
        it.text("emailaddress1", &format!("{}.{}{nth}@northwind-mail.example", slug(given), slug(family)));
        it.link("parentcustomerid", "account", made("account", company)).text("telephone1", &phone(dice));
        if dice.chance(60) {
            it.text("mobilephone", &phone(dice)).whole("gendercode", dice.between(1, 2));
            let (year, month, day) = (dice.between(1950, 2004), dice.between(1, 12), dice.between(1, 28));
            if let Some(birthday) = date(year, month, day) {
                it.day("birthdate", birthday);
            }
        }
        if dice.chance(30) {
            address(it, dice);
        }
        if nth + LEFT > CONTACTS {
            it.whole("statecode", 1).whole("statuscode", 2);
        }
        own(it, dice, staff);
    });
    if is_first && nth != 3 {
        make_primary(sheet, made("account", nth), id);
    }
}

fn date(year: i64, month: i64, day: i64) -> Option<Date> {
    Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

fn make_primary(sheet: &mut Sheet<'_>, account: Uuid, contact: Uuid) {
    sheet.change("account", account, |it| {
        it.link("primarycontactid", "contact", contact);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::data::Schema;
    use crate::sandbox::world::{Row, Value};

    fn rows<'world>(world: &'world World, table: &str) -> Vec<&'world Row> {
        world.rows(Schema::of_sandbox().by_name(table).unwrap()).collect()
    }

    #[test]
    fn the_company_has_its_size_and_is_the_same_every_time() {
        let now: Timestamp = "2026-11-23T10:30:00Z".parse().unwrap();
        let (world, twin) = (World::new(now), World::new(now));
        for (table, count) in [
            ("account", 200),
            ("contact", 500),
            ("lead", 60),
            ("opportunity", 80),
            ("incident", 90),
            ("systemuser", 7),
            ("transactioncurrency", 1),
            ("businessunit", 1),
        ] {
            assert_eq!(rows(&world, table).len(), count, "{table}");
            for (row, same) in rows(&world, table).iter().zip(rows(&twin, table)) {
                assert_eq!((row.id, row.cells()), (same.id, same.cells()));
            }
        }
    }

    #[test]
    fn every_value_fits_its_column_and_every_lookup_finds_its_record() {
        let world = World::new("2026-11-23T10:30:00Z".parse().unwrap());
        for table in Schema::of_sandbox().tables() {
            for row in world.rows(table) {
                for (place, value) in row.cells() {
                    let column = table.column(*place);
                    let fits = match value {
                        Value::Link(link) => {
                            let target = Schema::of_sandbox().table(link.table).logical_name;
                            world.linked(*link).is_some() && column.targets().iter().any(|it| it.table == target)
                        }
                        Value::Whole(choice) if !column.labels().is_empty() => column.label(*choice).is_some(),
                        Value::Moment(moment) => *moment <= world.now() || column.name.starts_with("scheduled"),
                        Value::Text(text) => !text.is_empty(),
                        _ => true,
                    };
                    assert!(fits, "{} {} {value:?}", table.logical_name, column.name);
                }
            }
        }
    }

    #[test]
    fn the_company_is_awkward_where_it_matters() {
        let world = World::new("2026-11-23T10:30:00Z".parse().unwrap());
        let account = Schema::of_sandbox().by_name("account").unwrap();
        let texts: Vec<String> = world
            .rows(account)
            .flat_map(Row::cells)
            .filter_map(|(_, value)| value.as_text().map(str::to_owned))
            .collect();
        for awkward in ["'", ",", "\"", "\n", "\t", "Ł", "é", "&"] {
            assert!(texts.iter().any(|text| text.contains(awkward)), "{awkward}");
        }
        assert!(texts.iter().any(|text| text.starts_with('=')));
        let numbers: Vec<String> = rows(&world, "account")
            .iter()
            .flat_map(|row| row.cells())
            .filter_map(|(_, value)| value.as_number().map(|number| number.to_string()))
            .collect();
        assert!(numbers.contains(&"922337203685477.5807".to_owned()));
    }
}
