//! Resolving cases. Cancelling and reopening are changes of a record like any other.

use crate::sandbox::Outgoing;
use crate::sandbox::dataverse::actions::given::Given;
use crate::sandbox::dataverse::actions::states::{cell, into_state, row, set, state, table};
use crate::sandbox::dataverse::body::{Purpose, changes};
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::world::{Link, Value, World};

/// Activities that keep a case open while they are open or scheduled.
const ACTIVITIES: [&str; 4] = ["task", "phonecall", "appointment", "email"];

/// `CloseIncident`: an activity tells how it was resolved, and the case is closed.
pub(super) fn close(world: &mut World, exchange: &Exchange<'_>, given: &Given) -> Result<Outgoing, Refusal> {
    let (incidents, resolutions) = (table("incident")?, table("incidentresolution")?);
    let json = given.json("IncidentResolution").unwrap_or("{}");
    let mut told = changes(world, &exchange.root, resolutions, json.as_bytes(), Purpose::Create)?;
    let place = resolutions.place("incidentid");
    let written = told.iter().find(|(column, _)| Some(*column) == place).and_then(|(_, value)| value.clone());
    let missing =
        || Refusal::new(400, "0x80040203", "Required member 'incidentid' missing for field 'IncidentResolution'");
    let link = written.and_then(|value| value.as_link()).ok_or_else(missing)?;
    if state(incidents, row(world, link)?) != 0 {
        return Err(Refusal::new(400, "0x80044411", "The case has already been resolved or canceled."));
    }
    if has_open_activities(world, link)? {
        let message = "The case can't be closed because it has open activities. Close them and try again.";
        return Err(Refusal::new(400, "0x8004440A", message));
    }
    let closing = into_state(incidents, 1, given.whole("Status")?.unwrap_or(-1))?;
    set(&mut told, resolutions, "statecode", Some(Value::Whole(1)));
    set(&mut told, resolutions, "statuscode", Some(Value::Whole(2)));
    let id = world.next_id(resolutions);
    world.create(resolutions, id, told, exchange.caller);
    world.update(incidents, link.id, closing, exchange.caller);
    Ok(Outgoing::empty(204))
}

fn has_open_activities(world: &World, case: Link) -> Result<bool, Refusal> {
    for name in ACTIVITIES {
        let activities = table(name)?;
        let is_open = world.rows(activities).any(|row| {
            let regards = cell(activities, row, "regardingobjectid").and_then(Value::as_link) == Some(case);
            regards && matches!(state(activities, row), 0 | 3)
        });
        if is_open {
            return Ok(true);
        }
    }
    Ok(false)
}
