//! A new record with others nested inside it, level after level: all of them are made, or none. What one record is made of is
//! judged elsewhere. Source: Microsoft Learn, "Create a table row using the Web API".

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::sandbox::data::{Schema, Table};
use crate::sandbox::dataverse::body::{Member, Members, Purpose, changes_of, check_access};
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::keys::referenced;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::way::Way;
use crate::sandbox::dataverse::write::insert;
use crate::sandbox::world::{Changes, Link, Value, World};

/// The most levels below a record. The service names no number; this one keeps the stack.
const DEEPEST: usize = 24;

/// A member that is about other records than the one it stands in.
enum Part {
    /// A record that a lookup is to lead to.
    Record { column: u16, targets: Vec<&'static str> },
    /// Records of a collection.
    Records(Way),
    /// Records that are there already, to be tied to a collection.
    References(Way),
}

impl Part {
    fn find(table: &Table, name: &str, json: &str) -> Option<Self> {
        if let Some(property) = name.strip_suffix("@odata.bind") {
            return json.starts_with('[').then(|| collection(table, property).map(Self::References)).flatten();
        }
        match json.as_bytes().first() {
            Some(b'{') => table
                .navigation(name)
                .map(|(column, _)| Self::Record { column, targets: table.navigation_targets(name) }),
            Some(b'[') => collection(table, name).map(Self::Records),
            _ => None,
        }
    }
}

fn collection(table: &Table, name: &str) -> Option<Way> {
    Way::find(table, name).filter(|way| !matches!(way, Way::Lookup { .. }))
}

/// Makes the record that a body describes, and those inside it.
pub(super) fn create(
    world: &mut World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    body: &[u8],
) -> Result<Uuid, Refusal> {
    let members = Members::read(table, body)?.0;
    let is_deep = members.iter().any(|(name, json)| Part::find(table, name, json.get()).is_some());
    // A copy costs nothing until one of the two is written: then it costs a table.
    let before = is_deep.then(|| world.clone());
    made(world, exchange, table, members, Changes::new(), 0).inspect_err(|_| {
        if let Some(before) = before {
            *world = before;
        }
    })
}

/// Makes one record. `given` is what its place says of it: the lookup that leads to the record around it.
fn made(
    world: &mut World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    members: Vec<Member>,
    given: Changes,
    depth: usize,
) -> Result<Uuid, Refusal> {
    if depth > DEEPEST {
        return Err(Refusal::unsupported(format!("Records are nested more than {DEEPEST} levels deep.")));
    }
    let (mut parts, mut own) = (Vec::new(), Vec::new());
    for (name, json) in members {
        match Part::find(table, &name, json.get()) {
            Some(part) => parts.push((name, json, part)),
            None => own.push((name, json)),
        }
    }
    let mut changes = changes_of(world, &exchange.root, table, &own, Purpose::Create)?;
    let set = |changes: &mut Changes, column: u16, value: Option<Value>| {
        changes.retain(|(place, _)| *place != column);
        changes.push((column, value));
    };
    // What a lookup leads to is there before the record that has the lookup.
    for (name, json, part) in &parts {
        if let Part::Record { column, targets } = part {
            check_access(table, table.column(*column), Purpose::Create)?;
            let inner = record(table, name, json)?;
            let target = target(table, name, targets, &inner)?;
            let id = made(world, exchange, target, inner, Changes::new(), depth + 1)?;
            set(&mut changes, *column, Some(Value::Link(Link { table: target.index, id })));
        }
    }
    for (column, value) in given {
        set(&mut changes, column, value);
    }
    let id = insert(world, exchange, table, None, changes)?;
    for (name, json, part) in &parts {
        match part {
            Part::Record { .. } => {}
            Part::Records(way) => {
                for json in list(table, name, json)? {
                    let inner = record(table, name, &json)?;
                    inside(world, exchange, table, id, way, inner, depth)?;
                }
            }
            Part::References(way) => {
                for json in list(table, name, json)? {
                    tie(world, exchange, table, id, (name, way), &json)?;
                }
            }
        }
    }
    Ok(id)
}

/// Makes a record of a collection of the record `id`.
fn inside(
    world: &mut World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    id: Uuid,
    way: &Way,
    members: Vec<Member>,
    depth: usize,
) -> Result<(), Refusal> {
    let schema = Schema::of_sandbox();
    match way {
        Way::Lookup { .. } => {}
        Way::Collection { table: other, column } => {
            let given = vec![(*column, Some(Value::Link(Link { table: table.index, id })))];
            made(world, exchange, schema.table(*other), members, given, depth + 1)?;
        }
        Way::Association { table: other, .. } => {
            let other = made(world, exchange, schema.table(*other), members, Changes::new(), depth + 1)?;
            way.tie(world, table, id, other, exchange.caller);
        }
    }
    Ok(())
}

/// Ties a record that is there already to a collection of the record `id`.
fn tie(
    world: &mut World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    id: Uuid,
    (name, way): (&str, &Way),
    json: &RawValue,
) -> Result<(), Refusal> {
    let no_text = || Refusal::payload(table, &format!("The value of '{name}' is no list of texts."));
    let reference: String = serde_json::from_str(json.get()).map_err(|_| no_text())?;
    let link = referenced(world, &exchange.root, &reference)?;
    let (Way::Collection { table: other, .. } | Way::Association { table: other, .. }) = way else { return Ok(()) };
    if link.table != *other {
        let target = Schema::of_sandbox().table(link.table).logical_name;
        let inner = format!("The navigation property in '{name}' does not lead to a record of type '{target}'.");
        return Err(Refusal::payload(table, &inner));
    }
    way.tie(world, table, id, link.id, exchange.caller);
    Ok(())
}

/// The table of a nested record: the one its lookup leads to, or the one among several that it names.
fn target(table: &Table, name: &str, targets: &[&'static str], members: &[Member]) -> Result<&'static Table, Refusal> {
    let written = members.iter().find(|(member, _)| member == "@odata.type");
    let written = written.and_then(|(_, json)| serde_json::from_str::<String>(json.get()).ok());
    let schema = Schema::of_sandbox();
    let mut tables = targets.iter().filter_map(|target| schema.by_name(target));
    if let Some(kind) = written {
        let kind = kind.trim_start_matches('#');
        let unfit = || Refusal::payload(table, &format!("'{name}' does not lead to a record of type '{kind}'."));
        return tables.find(|target| target.type_name() == kind).ok_or_else(unfit);
    }
    let inner = format!("'{name}' leads to several types: a type named '@odata.type' is missing.");
    let only = tables.next().filter(|_| targets.len() == 1);
    only.ok_or_else(|| Refusal::payload(table, &inner))
}

fn record(table: &Table, name: &str, json: &RawValue) -> Result<Vec<Member>, Refusal> {
    let no_object = || Refusal::payload(table, &format!("What stands in '{name}' is no object."));
    serde_json::from_str::<Members>(json.get()).map(|members| members.0).map_err(|_| no_object())
}

fn list(table: &Table, name: &str, json: &RawValue) -> Result<Vec<Box<RawValue>>, Refusal> {
    let no_list = || Refusal::payload(table, &format!("What stands in '{name}' is no list."));
    serde_json::from_str(json.get()).map_err(|_| no_list())
}

#[cfg(test)]
mod tests {
    use crate::sandbox::dataverse::trial::Trial;

    const ID: &str = "0a0b0001-1111-4f11-8400-000d3ab1c333";

    #[test]
    fn records_inside_a_record_are_made_with_it_level_after_level() {
        let mut trial = Trial::new();
        let body = format!(
            "{{\"accountid\":\"{ID}\",\"name\":\"Alder\",\"primarycontactid\":{{\"lastname\":\"Holm\"}},\
             \"contact_customer_accounts\":[{{\"lastname\":\"Lund\"}},{{\"lastname\":\"Berg\"}}],\
             \"opportunity_customer_accounts\":[{{\"name\":\"Ferry\",\"Opportunity_Tasks\":[{{\"subject\":\"Call\"}}]}}],\
             \"accountleads_association\":[{{\"lastname\":\"Dahl\"}}]}}"
        );
        let answer = trial.ask("POST", "accounts").body(&body).answer();
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        assert!(answer.header("odata-entityid").unwrap().ends_with(&format!("accounts({ID})")));
        let account = trial.get(&format!(
            "accounts({ID})?$expand=primarycontactid($select=lastname),contact_customer_accounts($select=lastname),\
             accountleads_association($select=lastname)"
        ));
        assert_eq!(account["primarycontactid"]["lastname"], "Holm");
        assert_eq!(account["contact_customer_accounts"].as_array().unwrap().len(), 2);
        assert_eq!(account["accountleads_association"][0]["lastname"], "Dahl");
        let tasks =
            format!("opportunities?$filter=_customerid_value eq {ID}&$expand=Opportunity_Tasks($select=subject)");
        assert_eq!(trial.get(&tasks)["value"][0]["Opportunity_Tasks"][0]["subject"], "Call");
    }

    #[test]
    fn records_that_are_there_are_tied_to_a_collection_by_a_list_of_references() {
        let mut trial = Trial::new();
        let contact = trial.find("contacts", "statecode eq 0");
        let body =
            format!("{{\"accountid\":\"{ID}\",\"contact_customer_accounts@odata.bind\":[\"/contacts({contact})\"]}}");
        assert_eq!(trial.ask("POST", "accounts").body(&body).answer().status, 204);
        let found = trial.get(&format!("contacts({contact})"));
        assert_eq!(found["_parentcustomerid_value"], ID);
    }

    #[test]
    fn one_record_that_does_not_fit_undoes_them_all() {
        let mut trial = Trial::new();
        let before = trial.world.version();
        let deepest = format!(
            "{}{}",
            "{\"primarycontactid\":{\"parentcustomerid_account\":".repeat(20),
            "{}".to_owned() + &"}}".repeat(20)
        );
        for (body, code, fragment) in [
            ("{\"name\":\"A\",\"primarycontactid\":{\"nme\":\"x\"}}", "0x80048d19", "undeclared property 'nme'"),
            (
                "{\"name\":\"A\",\"contact_customer_accounts\":[{\"lastname\":\"x\"},{\"birthdate\":\"x\"}]}",
                "0x80048d19",
                "birthdate",
            ),
            ("{\"name\":\"A\",\"contact_customer_accounts\":[7]}", "0x80048d19", "no object"),
            ("{\"name\":\"A\",\"contact_customer_accounts@odata.bind\":[7]}", "0x80048d19", "list of texts"),
            ("{\"name\":\"A\",\"primarycontactid\":{\"@odata.type\":\"x\"}}", "0x80048d19", "record of type 'x'"),
            ("{\"name\":\"A\",\"ownerid\":{\"name\":\"x\"}}", "0x80048d19", "'@odata.type' is missing"),
            ("{\"name\":\"A\",\"createdby\":{\"lastname\":\"x\"}}", "0x80041A01", "createdby"),
            (deepest.as_str(), "0x80060888", "levels deep"),
        ] {
            let (status, found, message) = trial.ask("POST", "accounts").body(body).answer().error();
            assert_eq!((status, found.as_str()), (400, code), "{body}: {message}");
            assert!(message.contains(fragment), "{message}");
            assert_eq!(trial.world.version(), before, "{body}");
        }
    }

    #[test]
    fn a_change_takes_no_records_inside_it() {
        let mut trial = Trial::new();
        let address = format!("accounts({})", trial.find("accounts", "accountnumber eq 'NL-0001'"));
        for body in ["{\"primarycontactid\":{\"lastname\":\"x\"}}", "{\"contact_customer_accounts\":[]}"] {
            for condition in ["*", "null"] {
                let (status, code, message) =
                    trial.ask("PATCH", &address).header("if-match", condition).body(body).answer().error();
                assert_eq!((status, code.as_str()), (400, "0x80060888"), "{message}");
            }
        }
    }
}
