//! Which records are read-only because they are closed. They come back by a change of their state alone.
//!
//! Sources: Microsoft Learn, "Dynamics 365 Sales and privacy laws and regulations" (quotes, orders and invoices), "Resolve or
//! cancel a case", "Close an opportunity", the error `CannotUpdateBecauseItIsReadOnly`. Accounts, contacts, leads and other
//! records that are merely inactive can be changed.

use uuid::Uuid;

use crate::sandbox::data::{Schema, Table};
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::world::{Changes, Link, Value, World, document_column};

/// Tables whose closed records are read-only, with the states in which a record is open.
const OPEN: [(&str, &[i64]); 9] = [
    ("appointment", &[0, 3]),
    ("email", &[0]),
    ("incident", &[0]),
    ("invoice", &[0]),
    ("opportunity", &[0]),
    ("phonecall", &[0]),
    ("quote", &[0]),
    ("salesorder", &[0]),
    ("task", &[0]),
];

/// Refuses a change of a record that is closed, unless the change is one of its state and reason, or opens it.
pub(super) fn check_change(world: &World, table: &Table, id: Uuid, changes: &Changes) -> Result<(), Refusal> {
    check_document(world, table, id, changes)?;
    let Some(label) = closed_as(world, Link { table: table.index, id }) else { return Ok(()) };
    let is_of_state = |place: &u16| matches!(table.column(*place).name, "statecode" | "statuscode");
    if changes.iter().all(|(place, _)| is_of_state(place)) || opens(table, changes) {
        return Ok(());
    }
    let message =
        format!("The {} with Id = {id} is {label} and cannot be updated: it is read-only.", table.logical_name);
    Err(Refusal::new(400, "0x8004022E", message))
}

/// Refuses a line for a document that is closed, its change and its removal.
pub(super) fn check_document(world: &World, table: &Table, id: Uuid, changes: &Changes) -> Result<(), Refusal> {
    let Some(column) = document_column(table) else { return Ok(()) };
    let written = changes.iter().find(|(place, _)| *place == column).and_then(|(_, value)| value.as_ref()?.as_link());
    let stands = world.row(table, id).and_then(|row| row.value(column)?.as_link());
    for document in [written, stands].into_iter().flatten() {
        if let Some(label) = closed_as(world, document) {
            let name = Schema::of_sandbox().table(document.table).logical_name;
            let message = format!("The parent {name} with Id = {} is {label}: it is read-only.", document.id);
            return Err(Refusal::new(400, "0x80043B09", message));
        }
    }
    Ok(())
}

/// The state of a record that is closed, in words.
fn closed_as(world: &World, record: Link) -> Option<&'static str> {
    let table = Schema::of_sandbox().table(record.table);
    let (_, open) = OPEN.iter().find(|(name, _)| *name == table.logical_name)?;
    let place = table.place("statecode")?;
    let state = world.row(table, record.id)?.value(place).and_then(Value::as_whole).unwrap_or_default();
    (!open.contains(&state)).then(|| table.column(place).label(state).map_or("closed", |label| label.text))
}

/// Whether the change brings a record into an open state.
fn opens(table: &Table, changes: &Changes) -> bool {
    let Some((_, open)) = OPEN.iter().find(|(name, _)| *name == table.logical_name) else { return false };
    let state = changes.iter().find(|(place, _)| table.column(*place).name == "statecode");
    state.and_then(|(_, value)| value.as_ref()?.as_whole()).is_some_and(|state| open.contains(&state))
}

#[cfg(test)]
mod tests {
    use crate::sandbox::dataverse::trial::Trial;

    #[test]
    fn a_closed_record_is_read_only_until_its_state_is_changed() {
        let mut trial = Trial::new();
        for (set, column, closed, reopened) in [
            ("tasks", "subject", "{\"statecode\":1,\"statuscode\":5}", "{\"statecode\":0,\"statuscode\":2}"),
            ("phonecalls", "subject", "{\"statecode\":2}", "{\"statecode\":0}"),
            ("appointments", "subject", "{\"statecode\":1}", "{\"statecode\":3}"),
            ("incidents", "title", "{\"statecode\":2,\"statuscode\":6}", "{\"statecode\":0}"),
            ("opportunities", "name", "{\"statecode\":2}", "{\"statecode\":0}"),
            ("salesorders", "name", "{\"statecode\":3}", "{\"statecode\":0}"),
            ("invoices", "name", "{\"statecode\":2}", "{\"statecode\":0}"),
            ("quotes", "name", "{\"statecode\":1}", "{\"statecode\":0}"),
        ] {
            let made = trial.ask("POST", set).body(&format!("{{\"{column}\":\"New\"}}")).answer();
            let made = made.header("odata-entityid").unwrap_or_else(|| panic!("{set}: {}", made.text)).to_owned();
            let address = made.rsplit('/').next().unwrap().to_owned();
            let change = format!("{{\"{column}\":\"Changed\"}}");
            let patch = |trial: &mut Trial, body: &str| trial.ask("PATCH", &address).body(body).answer();
            assert_eq!(patch(&mut trial, closed).status, 204, "{set}");
            let (status, code, message) = patch(&mut trial, &change).error();
            assert_eq!((status, code.as_str()), (400, "0x8004022E"), "{set}: {message}");
            let user = trial.find("systemusers", "fullname eq 'Freja Holm'");
            let assign = format!("{{\"@odata.id\":\"http://127.0.0.1:5000/api/data/v9.2/systemusers({user})\"}}");
            let owner = trial.ask("PUT", &format!("{address}/ownerid/$ref")).body(&assign).answer();
            assert!(owner.status == 404 || owner.error().1 == "0x8004022E", "{set}");
            let property = trial.ask("PUT", &format!("{address}/{column}")).body("{\"value\":\"x\"}").answer();
            assert_eq!(property.error().1, "0x8004022E", "{set}");
            assert_ne!(trial.get(&address)[column], "Changed", "{set}");
            assert_eq!(patch(&mut trial, reopened).status, 204, "{set}");
            assert_eq!(patch(&mut trial, &change).status, 204, "{set}");
            assert_eq!(trial.get(&address)[column], "Changed", "{set}");
        }
    }

    #[test]
    fn a_record_that_is_merely_inactive_can_be_changed() {
        let mut trial = Trial::new();
        for set in ["accounts", "contacts", "leads"] {
            let address = format!("{set}({})", trial.find(set, "statecode eq 0"));
            for body in ["{\"statecode\":1}", "{\"description\":\"still changed\"}"] {
                assert_eq!(trial.ask("PATCH", &address).body(body).answer().status, 204, "{set}");
            }
        }
    }

    #[test]
    fn the_lines_of_a_closed_document_are_read_only_too() {
        let mut trial = Trial::new();
        let row = trial.get("quotedetails?$filter=quoteid/statecode eq 0&$top=1")["value"][0].clone();
        let (line, quote) = (row["quotedetailid"].as_str().unwrap(), row["_quoteid_value"].as_str().unwrap());
        assert_eq!(trial.ask("PATCH", &format!("quotes({quote})")).body("{\"statecode\":1}").answer().status, 204);
        let bound = format!("{{\"quantity\":1,\"quoteid@odata.bind\":\"/quotes({quote})\"}}");
        let line = format!("quotedetails({line})");
        for (method, address, body) in
            [("PATCH", line.as_str(), "{\"quantity\":2}"), ("DELETE", &line, ""), ("POST", "quotedetails", &bound)]
        {
            let (status, code, message) = trial.ask(method, address).body(body).answer().error();
            assert_eq!((status, code.as_str()), (400, "0x80043B09"), "{method}: {message}");
        }
    }
}
