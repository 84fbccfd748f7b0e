//! `CreateMultiple`, `UpdateMultiple`, `UpsertMultiple`, `DeleteMultiple`: many records of one table in one request, all of
//! them or none. What one record is made of is judged where single ones are.

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::sandbox::Outgoing;
use crate::sandbox::data::{Schema, Table};
use crate::sandbox::dataverse::body::{Members, Purpose, changes};
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::json::Object;
use crate::sandbox::dataverse::keys::Key;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::write::{drop_key, insert, update};
use crate::sandbox::odata::{Options, parse_path};
use crate::sandbox::world::World;

/// What bound actions begin with.
const NAMESPACE: &str = "Microsoft.Dynamics.CRM.";

/// A message for many records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bulk {
    Create,
    Update,
    Upsert,
    Delete,
}

impl Bulk {
    /// The message of a segment.
    pub fn find(segment: &str) -> Option<Self> {
        Some(match segment.strip_prefix(NAMESPACE)? {
            "CreateMultiple" => Self::Create,
            "UpdateMultiple" => Self::Update,
            "UpsertMultiple" => Self::Upsert,
            "DeleteMultiple" => Self::Delete,
            _ => return None,
        })
    }

    /// Carries it out.
    pub fn answer(
        self,
        world: &mut World,
        exchange: &Exchange<'_>,
        table: &'static Table,
    ) -> Result<Outgoing, Refusal> {
        if exchange.request.method != "POST" {
            return Err(Refusal::wrong_method(&exchange.request.method));
        }
        if self == Self::Delete {
            return Err(Refusal::new(400, "0x80040800", "DeleteMultiple has not yet been implemented."));
        }
        let targets = targets(table, &exchange.request.body)?;
        let before = world.clone();
        let written: Result<Vec<Uuid>, Refusal> =
            targets.iter().map(|target| self.one(world, exchange, table, target)).collect();
        let ids = written.inspect_err(|_| *world = before)?;
        if self != Self::Create {
            return Ok(Outgoing::empty(204));
        }
        let ids: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
        let mut object = Object::new();
        let context = exchange.context(&format!("{NAMESPACE}CreateMultipleResponse"));
        object.text("@odata.context", &context).raw("Ids", &format!("[{}]", ids.join(",")));
        Ok(exchange.json(200, object.finish()))
    }

    fn one(
        self,
        world: &mut World,
        exchange: &Exchange<'_>,
        table: &'static Table,
        target: &RawValue,
    ) -> Result<Uuid, Refusal> {
        let members = members(table, target)?;
        check_type(table, &members)?;
        let key = key(table, &members)?;
        let json = target.get().as_bytes();
        if self == Self::Create {
            let changes = changes(world, &exchange.root, table, json, Purpose::Create)?;
            return insert(world, exchange, table, None, changes);
        }
        let missing = || Refusal::payload(table, "A target names neither its primary key nor '@odata.id'.");
        let key = key.ok_or_else(missing)?;
        let found = if self == Self::Update { Some(key.existing(world, table)?) } else { key.find(world, table) };
        if let Some(id) = found {
            let mut changes = changes(world, &exchange.root, table, json, Purpose::Update)?;
            drop_key(table, &key, &mut changes);
            update(world, exchange, table, id, changes)?;
            return Ok(id);
        }
        let changes = changes(world, &exchange.root, table, json, Purpose::Create)?;
        if let Key::Alternate { column, .. } = &key
            && changes.iter().any(|(place, _)| place == column)
        {
            let message = "The columns of the alternate key stand in the record and in its '@odata.id'.";
            return Err(Refusal::new(400, "0x80048d19", message));
        }
        insert(world, exchange, table, Some(&key), changes)
    }
}

/// The records in `{"Targets":[…]}`.
fn targets(table: &Table, body: &[u8]) -> Result<Vec<Box<RawValue>>, Refusal> {
    let missing = || Refusal::payload(table, "The body holds one member, 'Targets', a list of records.");
    let members: Members = serde_json::from_slice(body).map_err(|_| missing())?;
    let (_, list) = members.0.into_iter().find(|(name, _)| name == "Targets").ok_or_else(missing)?;
    serde_json::from_str(list.get()).map_err(|_| missing())
}

fn members(table: &Table, target: &RawValue) -> Result<Members, Refusal> {
    serde_json::from_str(target.get()).map_err(|_| Refusal::payload(table, "A target is no object."))
}

fn text(members: &Members, name: &str) -> Option<String> {
    let (_, value) = members.0.iter().find(|(member, _)| member == name)?;
    serde_json::from_str(value.get()).ok()
}

fn check_type(table: &Table, members: &Members) -> Result<(), Refusal> {
    match text(members, "@odata.type") {
        Some(name) if name.trim_start_matches('#') == table.type_name() => Ok(()),
        Some(name) => Err(Refusal::payload(table, &format!("A target is of the type '{name}'."))),
        None => {
            let inner = "A type named '@odata.type' is missing: the records of 'Targets' are of an abstract type.";
            Err(Refusal::payload(table, inner))
        }
    }
}

/// The key of a target: `@odata.id`, else the column of the primary key.
fn key(table: &'static Table, members: &Members) -> Result<Option<Key>, Refusal> {
    let invalid = || Refusal::payload(table, "'@odata.id' of a target names no record of the table.");
    if let Some(reference) = text(members, "@odata.id") {
        let segments = parse_path(reference.trim_start_matches('/')).map_err(|_| invalid())?;
        let segment =
            segments.last().filter(|it| Schema::of_sandbox().by_set(&it.name).is_some()).ok_or_else(invalid)?;
        let arguments = segment.arguments.as_ref().filter(|_| segment.name == table.set_name).ok_or_else(invalid)?;
        return Key::read(table, arguments, &Options::default()).map(Some);
    }
    let name = table.column(table.key).name;
    Ok(text(members, name).and_then(|id| id.parse().ok()).map(Key::Id))
}

#[cfg(test)]
mod tests {
    use crate::sandbox::dataverse::trial::Trial;

    const TYPE: &str = "\"@odata.type\":\"Microsoft.Dynamics.CRM.account\"";

    fn send(trial: &mut Trial, message: &str, targets: &[&str]) -> (u16, String) {
        let address = format!("accounts/Microsoft.Dynamics.CRM.{message}Multiple");
        let body = format!("{{\"Targets\":[{}]}}", targets.join(","));
        let answer = trial.ask("POST", &address).body(&body).answer();
        (answer.status, answer.text)
    }

    #[test]
    fn many_records_are_made_changed_and_upserted_at_once() {
        let mut trial = Trial::new();
        let target = |rest: &str| format!("{{{TYPE},{rest}}}");
        let (status, text) =
            send(&mut trial, "Create", &[&target("\"name\":\"One\""), &target("\"name\":\"Two\",\"revenue\":1.5")]);
        assert_eq!(status, 200, "{text}");
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let ids: Vec<&str> = json["Ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        let changed: Vec<String> =
            ids.iter().map(|id| target(&format!("\"accountid\":\"{id}\",\"fax\":\"7\""))).collect();
        assert_eq!(send(&mut trial, "Update", &[&changed[0], &changed[1]]).0, 204);
        assert_eq!(trial.get(&format!("accounts({})", ids[1]))["fax"], "7");
        let upserts = [
            target("\"@odata.id\":\"accounts(accountnumber='NL-0007')\",\"fax\":\"8\""),
            target("\"@odata.id\":\"accounts(accountnumber='A-77')\",\"name\":\"Three\""),
        ];
        assert_eq!(send(&mut trial, "Upsert", &[&upserts[0], &upserts[1]]).0, 204);
        assert_eq!(trial.get("accounts(accountnumber='NL-0007')")["fax"], "8");
        assert_eq!(trial.get("accounts(accountnumber='A-77')")["name"], "Three");
    }

    #[test]
    fn one_bad_record_undoes_them_all() {
        let mut trial = Trial::new();
        let version = trial.world.version();
        let good = format!("{{{TYPE},\"name\":\"x\"}}");
        let nowhere = format!("{{{TYPE},\"accountid\":\"00000000-0000-4000-8000-000000000001\",\"fax\":\"1\"}}");
        let twice = format!("{{{TYPE},\"@odata.id\":\"accounts(accountnumber='A-7')\",\"accountnumber\":\"A-7\"}}");
        for (message, bad, status, fragment) in [
            ("Create", "{\"name\":\"y\"}", 400, "@odata.type"),
            ("Create", "{\"@odata.type\":\"Microsoft.Dynamics.CRM.contact\"}", 400, "of the type"),
            ("Create", &format!("{{{TYPE},\"nme\":1}}"), 400, "undeclared"),
            ("Create", "7", 400, "no object"),
            ("Update", &nowhere, 404, "Does Not Exist"),
            ("Update", &good, 400, "primary key"),
            ("Upsert", &twice, 400, "alternate key"),
            ("Delete", &good, 400, "not yet been implemented"),
        ] {
            let (found, text) = send(&mut trial, message, &[&good, bad][usize::from(message != "Create")..]);
            assert_eq!(found, status, "{message} {bad}: {text}");
            assert!(text.contains(fragment), "{text}");
            assert_eq!(trial.world.version(), version, "{message} {bad}");
        }
        let none = trial.ask("POST", "accounts/Microsoft.Dynamics.CRM.CreateMultiple").body("{}").answer();
        assert_eq!(none.status, 400);
    }
}
