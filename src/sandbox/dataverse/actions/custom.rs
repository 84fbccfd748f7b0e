//! What the demo company added for itself: two actions and three functions, to try things on.

use jiff::civil::Weekday;
use jiff::{SignedDuration, ToSpan as _};
use uuid::Uuid;

use crate::sandbox::Outgoing;
use crate::sandbox::dataverse::actions::given::{Given, payload};
use crate::sandbox::dataverse::actions::states::{cell, set, state, table};
use crate::sandbox::dataverse::closed;
use crate::sandbox::dataverse::collection::Pool;
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::json::Object;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::odata::{Number, day};
use crate::sandbox::world::{Changes, Link, Row, Value, World};

/// The longest text of a subject.
const SUBJECT: usize = 200;

fn response(exchange: &Exchange<'_>, name: &str) -> Object {
    let mut object = Object::new();
    object.text("@odata.context", &exchange.context(&format!("Microsoft.Dynamics.CRM.{name}Response")));
    object
}

/// `nl_Escalate`: a case gets a priority and a note that says why.
pub(super) fn escalate(
    world: &mut World,
    exchange: &Exchange<'_>,
    case: Uuid,
    given: &Given,
) -> Result<Outgoing, Refusal> {
    let (incidents, notes) = (table("incident")?, table("annotation")?);
    let reason = given.text("Reason")?;
    if reason.trim().is_empty() {
        return Err(Refusal::new(400, "0x80040265", "Northlight: a case is escalated for a reason."));
    }
    let mut changes = Changes::new();
    set(&mut changes, incidents, "prioritycode", Some(Value::Whole(given.whole("Priority")?.unwrap_or(1))));
    closed::check_change(world, incidents, case, &changes)?;
    world.update(incidents, case, changes, exchange.caller);
    let mut note = Changes::new();
    set(&mut note, notes, "subject", Some(Value::text("Escalated")));
    set(&mut note, notes, "notetext", Some(Value::text(reason)));
    set(&mut note, notes, "objectid", Some(Value::Link(Link { table: incidents.index, id: case })));
    let id = world.next_id(notes);
    world.create(notes, id, note, exchange.caller);
    Ok(exchange.json(200, response(exchange, "nl_Escalate").text("NoteId", &id.to_string()).finish()))
}

/// `nl_PlanVisit`: an appointment about a customer.
pub(super) fn plan_visit(world: &mut World, exchange: &Exchange<'_>, given: &Given) -> Result<Outgoing, Refusal> {
    let appointments = table("appointment")?;
    let missing = |name: &str| Refusal::new(400, "0x80040203", format!("Required field '{name}' is missing"));
    let customer = given.record(world, exchange, "Customer", "crmbaseentity")?.ok_or_else(|| missing("Customer"))?;
    let start = given.moment("When")?.ok_or_else(|| missing("When"))?;
    let minutes = given.whole("Minutes")?.unwrap_or(60);
    let end = start.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(start);
    let topics = given.texts("Topics")?;
    let subject = if topics.is_empty() { "Visit".to_owned() } else { format!("Visit: {}", topics.join(", ")) };
    let subject: String = subject.chars().take(SUBJECT).collect();
    let mut changes = Changes::new();
    set(&mut changes, appointments, "subject", Some(Value::text(subject.as_str())));
    set(&mut changes, appointments, "scheduledstart", Some(Value::Moment(start)));
    set(&mut changes, appointments, "scheduledend", Some(Value::Moment(end)));
    set(&mut changes, appointments, "regardingobjectid", Some(Value::Link(customer)));
    let id = world.next_id(appointments);
    world.create(appointments, id, changes, exchange.caller);
    let mut object = response(exchange, "nl_PlanVisit");
    object.text("AppointmentId", &id.to_string()).text("Summary", &format!("{subject} ({minutes} min)"));
    Ok(exchange.json(200, object.finish()))
}

/// `nl_WorkingDays`: how many days from Monday to Friday lie between two days, both counted.
pub(super) fn working_days(exchange: &Exchange<'_>, given: &Given) -> Result<Outgoing, Refusal> {
    let read = |name: &str| {
        let text = given.text(name)?;
        day(&text).ok_or_else(|| payload(&format!("Cannot convert the literal '{text}' to 'Edm.Date'.")))
    };
    let (mut today, until) = (read("From")?, read("Until")?);
    let mut days = 0_u32;
    while today <= until && days < 100_000 {
        if !matches!(today.weekday(), Weekday::Saturday | Weekday::Sunday) {
            days += 1;
        }
        match today.checked_add(1.day()) {
            Ok(tomorrow) => today = tomorrow,
            Err(_) => break,
        }
    }
    Ok(exchange.json(200, response(exchange, "nl_WorkingDays").plain("Days", days).finish()))
}

/// `nl_OpenValue`: what the open opportunities of an account are worth.
pub(super) fn open_value(
    world: &World,
    exchange: &Exchange<'_>,
    account: Uuid,
    given: &Given,
) -> Result<Outgoing, Refusal> {
    let (accounts, opportunities) = (table("account")?, table("opportunity")?);
    let least = given.whole("MinimumProbability")?.unwrap_or(0);
    let link = Link { table: accounts.index, id: account };
    let is_counted = |row: &&Row| {
        let probability = cell(opportunities, row, "closeprobability").and_then(Value::as_whole).unwrap_or_default();
        let customer = cell(opportunities, row, "customerid").and_then(Value::as_link);
        state(opportunities, row) == 0 && customer == Some(link) && probability >= least
    };
    let (mut total, mut count) = (Number::whole(0).with_scale(4), 0_u32);
    for row in world.rows(opportunities).filter(is_counted) {
        count += 1;
        if let Some(value) = cell(opportunities, row, "estimatedvalue").and_then(Value::as_number) {
            total = total.plus(value);
        }
    }
    let mut object = response(exchange, "nl_OpenValue");
    object.raw("Total", &total.to_string()).plain("Opportunities", count);
    Ok(exchange.json(200, object.finish()))
}

/// `nl_OldestOpen`: the cases that have been open for longest.
pub(super) fn oldest_open(world: &World, exchange: &Exchange<'_>, given: &Given) -> Result<Outgoing, Refusal> {
    let incidents = table("incident")?;
    let count = usize::try_from(given.whole("Count")?.unwrap_or(3)).unwrap_or_default();
    let created = incidents.place("createdon").unwrap_or_default();
    let mut open: Vec<&Row> = world.rows(incidents).filter(|row| state(incidents, row) == 0).collect();
    open.sort_by(|one, other| {
        let moments = (one.value(created), other.value(created));
        let (Some(left), Some(right)) = moments else { return one.id.cmp(&other.id) };
        left.compared_with(right).unwrap_or(std::cmp::Ordering::Equal).then(one.id.cmp(&other.id))
    });
    let ids = open.into_iter().take(count).map(|row| row.id).collect();
    Pool { table: incidents, ids: Some(ids) }.list(world, exchange)
}
