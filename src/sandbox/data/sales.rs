//! What the demo company sells: units, price lists, products, and the quotes, orders and invoices made of them. Everything in
//! it is invented and the same in every run.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::sandbox::data::dice::Dice;
use crate::sandbox::data::northlight::{ACCOUNTS, own, past};
use crate::sandbox::data::people::Staff;
use crate::sandbox::data::sheet::{Cells, Sheet, made};
use crate::sandbox::data::words;
use crate::sandbox::data::work::OPPORTUNITIES;
use crate::sandbox::world::day_of;

const QUOTES: u64 = 24;
const ORDERS: u64 = 18;
const INVOICES: u64 = 14;
/// A day, in seconds.
const DAY: i64 = 86_400;
/// The list prices, in ten-thousandths: some end in odd digits.
const PRICES: [i64; 12] = [
    12_500_000,
    8_990_000,
    145_000_000,
    2_499_900,
    990_000,
    65_000_000,
    33_333_333,
    1_750_000,
    19_900_000,
    4_500_000,
    500,
    7_777_777,
];

/// A document with lines: its table, that of its lines, the lookup between them, its states with their reasons.
struct Kind {
    table: &'static str,
    line: &'static str,
    parent: &'static str,
    states: &'static [(i64, i64)],
}

const QUOTE: Kind =
    Kind { table: "quote", line: "quotedetail", parent: "quoteid", states: &[(0, 1), (0, 1), (1, 2), (2, 4), (3, 5)] };
const ORDER: Kind = Kind {
    table: "salesorder",
    line: "salesorderdetail",
    parent: "salesorderid",
    states: &[(0, 1), (0, 2), (1, 3), (3, 100_001), (2, 4)],
};
const INVOICE: Kind = Kind {
    table: "invoice",
    line: "invoicedetail",
    parent: "invoiceid",
    states: &[(0, 1), (0, 4), (2, 100_001), (3, 100_003)],
};

/// Fills the catalogue and sells from it, after everything else: what is numbered keeps its numbers.
pub(super) fn sell(sheet: &mut Sheet<'_>, staff: &Staff) {
    let mut dice = Dice::new(27_182_818);
    stock(sheet, &mut dice);
    campaigns(sheet, &mut dice, staff);
    for nth in 1..=QUOTES {
        document(sheet, &mut dice, staff, &QUOTE, nth, |it, dice| {
            it.link("opportunityid", "opportunity", made("opportunity", 1 + dice.below(OPPORTUNITIES)));
        });
    }
    for nth in 1..=ORDERS {
        document(sheet, &mut dice, staff, &ORDER, nth, |it, _| {
            it.link("quoteid", "quote", made("quote", nth));
        });
    }
    for nth in 1..=INVOICES {
        document(sheet, &mut dice, staff, &INVOICE, nth, |it, _| {
            it.link("salesorderid", "salesorder", made("salesorder", nth));
        });
    }
    for nth in (4..=OPPORTUNITIES).step_by(4) {
        lines(sheet, &mut dice, "opportunityproduct", "opportunityid", ("opportunity", nth));
    }
}

fn stock(sheet: &mut Sheet<'_>, dice: &mut Dice) {
    let (schedule, unit) = (made("uomschedule", 1), made("uom", 1));
    sheet.add("uomschedule", schedule, |it| {
        it.text("name", "Default Unit").text("baseuomname", "Primary Unit");
    });
    sheet.add("uom", unit, |it| {
        it.text("name", "Primary Unit").number("quantity", "1.0000000000").flag("isschedulebaseuom", true);
        it.link("uomscheduleid", "uomschedule", schedule);
    });
    sheet.add("uom", made("uom", 2), |it| {
        it.text("name", "Pallet").number("quantity", "40.0000000000").link("baseuom", "uom", unit);
        it.link("uomscheduleid", "uomschedule", schedule);
    });
    let currency = made("transactioncurrency", 1);
    for (nth, name, state, status) in
        [(1, "Standard", 0, 100_001), (2, "Partner", 0, 100_001), (3, "Standard 2024", 1, 100_002)]
    {
        sheet.add("pricelevel", made("pricelevel", nth), |it| {
            it.text("name", name).whole("statecode", state).whole("statuscode", status);
            it.link("transactioncurrencyid", "transactioncurrency", currency);
        });
    }
    for (nth, (name, price)) in (1..).zip(words::PRODUCTS.iter().zip(PRICES)) {
        let product = made("product", nth);
        sheet.add("product", product, |it| {
            it.text("name", name).text("productnumber", &format!("P-{nth:03}")).money("price", price);
            it.money("standardcost", price / 5 * 3).whole("quantitydecimal", 2);
            it.number("quantityonhand", &format!("{}.00", dice.between(0, 400)));
            it.link("defaultuomid", "uom", unit).link("defaultuomscheduleid", "uomschedule", schedule);
            it.link("pricelevelid", "pricelevel", made("pricelevel", 1));
            let (state, status) = match nth {
                11 => (1, 2),
                12 => (2, 0),
                _ => (0, 1),
            };
            it.whole("statecode", state).whole("statuscode", status);
        });
        for (list, discount) in [(1, 0), (2, price / 10)] {
            sheet.add("productpricelevel", made("productpricelevel", (nth - 1) * 2 + list), |it| {
                it.link("pricelevelid", "pricelevel", made("pricelevel", list)).link("productid", "product", product);
                it.link("uomid", "uom", unit).link("uomscheduleid", "uomschedule", schedule);
                it.money("amount", price - discount).text("productnumber", &format!("P-{nth:03}"));
            });
        }
    }
}

fn campaigns(sheet: &mut Sheet<'_>, dice: &mut Dice, staff: &Staff) {
    for (nth, name) in (1..).zip(["Spring Fair", "Retrofit Letter", "Partner Days", "Winter Service"]) {
        let moment = past(sheet.world.now(), dice);
        sheet.add_at(moment, "campaign", made("campaign", nth), |it| {
            it.text("name", name).text("codename", &format!("CMP-{nth:05}")).whole("typecode", dice.between(1, 5));
            it.whole("statecode", 0).whole("statuscode", dice.between(0, 3)).day("proposedstart", day_of(moment));
            it.money("budgetedcost", dice.between(1, 60) * 10_000_000);
            own(it, dice, staff);
        });
    }
}

fn document(
    sheet: &mut Sheet<'_>,
    dice: &mut Dice,
    staff: &Staff,
    kind: &Kind,
    nth: u64,
    fill: impl FnOnce(&mut Cells, &mut Dice),
) {
    let id = made(kind.table, nth);
    let moment = past(sheet.world.now(), dice);
    sheet.add_at(moment, kind.table, id, |it| {
        it.text("name", dice.word(words::INTERESTS));
        it.link("customerid", "account", made("account", 1 + dice.below(ACCOUNTS)));
        it.link("pricelevelid", "pricelevel", made("pricelevel", 1));
        it.whole("paymenttermscode", dice.between(1, 4)).whole("shippingmethodcode", dice.between(1, 7));
        it.text("billto_city", "Århus").text("billto_country", "Danmark");
        it.day("effectivefrom", day_of(moment)).day("effectiveto", day_of(later(moment, 30)));
        it.day("duedate", day_of(later(moment, 30)));
        if let Some((state, status)) = dice.pick(kind.states) {
            it.whole("statecode", *state).whole("statuscode", *status);
        }
        fill(it, dice);
        own(it, dice, staff);
    });
    lines(sheet, dice, kind.line, kind.parent, (kind.table, nth));
}

/// The lines of a document.
fn lines(sheet: &mut Sheet<'_>, dice: &mut Dice, table: &str, parent: &str, (of, nth): (&str, u64)) {
    for line in 1..=dice.between(1, 3) {
        let place = usize::try_from(dice.below(10)).unwrap_or(0);
        let quantity = dice.between(1, 12);
        let id = made(table, nth * 10 + u64::try_from(line).unwrap_or(0));
        sheet.add(table, id, |it| {
            it.link(parent, of, made(of, nth)).whole("lineitemnumber", line);
            it.link("productid", "product", product(place)).link("uomid", "uom", made("uom", 1));
            it.number("quantity", &format!("{quantity}.0000000000"));
        });
    }
}

fn product(place: usize) -> Uuid {
    made("product", 1 + place as u64)
}

fn later(moment: Timestamp, days: i64) -> Timestamp {
    moment.checked_add(SignedDuration::from_secs(days * DAY)).unwrap_or(moment)
}
