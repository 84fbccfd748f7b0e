//! Who takes part in the demo company's phone calls, appointments and emails: a colleague and somebody of a customer's. It
//! never makes an activity.

use uuid::Uuid;

use crate::sandbox::data::northlight::CONTACTS;
use crate::sandbox::data::people::Staff;
use crate::sandbox::data::schema::Schema;
use crate::sandbox::data::sheet::{Sheet, made};
use crate::sandbox::data::work::{APPOINTMENTS, CALLS, EMAILS};
use crate::sandbox::world::{Row, Value};

/// `participationtypemask`.
const SENDER: i64 = 1;
const RECIPIENT: i64 = 2;
const REQUIRED: i64 = 5;
const ORGANIZER: i64 = 7;

/// Invites them, after everything else: what is numbered keeps its numbers.
pub(super) fn invite(sheet: &mut Sheet<'_>, staff: &Staff) {
    let mut nth = 0;
    for (activity, count, from, to) in [
        ("phonecall", CALLS, SENDER, RECIPIENT),
        ("appointment", APPOINTMENTS, ORGANIZER, REQUIRED),
        ("email", EMAILS, SENDER, RECIPIENT),
    ] {
        for of_kind in 1..=count {
            let id = made(activity, of_kind);
            let is_outgoing = flag(sheet, activity, id, "directioncode").unwrap_or(true);
            let user = staff.users.get(usize::try_from(of_kind).unwrap_or(0) % staff.users.len().max(1));
            let us = ("systemuser", user.copied().unwrap_or(sheet.author), "internalemailaddress");
            let them = ("contact", made("contact", 1 + of_kind * 19 % CONTACTS), "emailaddress1");
            let (first, second) = if is_outgoing { (us, them) } else { (them, us) };
            let mut addresses = Vec::new();
            for ((table, party, address), role) in [(first, from), (second, to)] {
                nth += 1;
                let address = text(sheet, table, party, address);
                sheet.add("activityparty", made("activityparty", nth), |it| {
                    it.link("activityid", activity, id).link("partyid", table, party);
                    it.whole("participationtypemask", role).text("addressused", &address);
                });
                addresses.push(address);
            }
            if let [sender, recipient] = addresses.as_slice() {
                sheet.change(activity, id, |it| {
                    it.text("sender", sender).text("torecipients", &format!("{recipient};"));
                });
            }
        }
    }
}

fn cell<'sheet>(sheet: &'sheet Sheet<'_>, table: &str, id: Uuid, column: &str) -> Option<&'sheet Value> {
    let table = Schema::of_sandbox().by_name(table)?;
    let row: &Row = sheet.world.row(table, id)?;
    row.value(table.place(column)?)
}

fn text(sheet: &Sheet<'_>, table: &str, id: Uuid, column: &str) -> String {
    cell(sheet, table, id, column).and_then(Value::as_text).unwrap_or_default().to_owned()
}

fn flag(sheet: &Sheet<'_>, table: &str, id: Uuid, column: &str) -> Option<bool> {
    match cell(sheet, table, id, column) {
        Some(Value::Flag(flag)) => Some(*flag),
        _ => None,
    }
}
