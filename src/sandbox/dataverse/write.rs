//! Creating, changing, upserting and deleting records. It never reads a filter.

use uuid::Uuid;

use crate::sandbox::Outgoing;
use crate::sandbox::data::{Table, settle};
use crate::sandbox::dataverse::body::{Members, Purpose, changes};
use crate::sandbox::dataverse::closed;
use crate::sandbox::dataverse::condition::Setting;
use crate::sandbox::dataverse::deep;
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::files::{check_image, check_note};
use crate::sandbox::dataverse::json::quote;
use crate::sandbox::dataverse::keys::Key;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::shape::Shape;
use crate::sandbox::dataverse::show::record;
use crate::sandbox::world::{Changes, Row, Value, World};

/// Tables whose records come with the organisation and are not deleted through the Web API.
const LASTING: [&str; 4] = ["businessunit", "transactioncurrency", "organization", "role"];

/// `POST accounts`.
pub(super) fn create(world: &mut World, exchange: &Exchange<'_>, table: &'static Table) -> Result<Outgoing, Refusal> {
    let shape = representation(world, exchange, table)?;
    let id = deep::create(world, exchange, table, &exchange.request.body)?;
    Ok(answer(world, exchange, table, &Key::Id(id), id, shape.as_ref(), true))
}

/// `PATCH accounts(id)`: an update, or an upsert where no header forbids it.
pub(super) fn patch(
    world: &mut World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    key: &Key,
) -> Result<Outgoing, Refusal> {
    let shape = representation(world, exchange, table)?;
    let found = key.find(world, table);
    let (if_match, if_none_match) = (exchange.condition("if-match"), exchange.condition("if-none-match"));
    if found.is_some() && if_none_match == Some("*") {
        return Err(Refusal::duplicate());
    }
    if found.is_none() && if_match.is_some() {
        key.existing(world, table)?;
    }
    let body = &exchange.request.body;
    let id = if let Some(id) = found {
        check_version(world, exchange, table, id)?;
        let mut changes = changes(world, &exchange.root, table, body, Purpose::Update)?;
        drop_key(table, key, &mut changes);
        update(world, exchange, table, id, changes)?;
        id
    } else {
        let changes = changes(world, &exchange.root, table, body, Purpose::Create)?;
        insert(world, exchange, table, Some(key), changes)?
    };
    Ok(answer(world, exchange, table, key, id, shape.as_ref(), found.is_none()))
}

/// `DELETE accounts(id)`.
pub(super) fn delete(
    world: &mut World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    key: &Key,
) -> Result<Outgoing, Refusal> {
    let id = key.existing(world, table)?;
    check_version(world, exchange, table, id)?;
    if LASTING.contains(&table.logical_name) {
        let message = format!("The 'Delete' method does not support entities of type '{}'.", table.logical_name);
        return Err(Refusal::new(400, "0x80040800", message));
    }
    check_gone(world, table, id)?;
    closed::check_document(world, table, id, &Changes::new())?;
    world.remove(table, id);
    Ok(Outgoing::empty(204))
}

/// A user stays as long as somebody could sign in as them: until disabled, and gone from Entra. Source: Microsoft Learn,
/// "Delete users from environment".
fn check_gone(world: &World, table: &Table, id: Uuid) -> Result<(), Refusal> {
    if table.logical_name != "systemuser" {
        return Ok(());
    }
    let row = world.row(table, id);
    let value = |column: &str| table.place(column).and_then(|place| row?.value(place));
    let is_disabled = value("isdisabled") == Some(&Value::Flag(true));
    if is_disabled && value("azureactivedirectoryobjectid").is_none() {
        return Ok(());
    }
    let message = "The user can't be deleted: it is enabled, or it still exists in Microsoft Entra ID.";
    Err(Refusal::new(400, "0x80048359", message))
}

/// `PUT accounts(id)/name` with `{"value":…}`; `DELETE accounts(id)/name` clears.
pub(super) fn put_column(
    world: &mut World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    id: Uuid,
    property: &str,
) -> Result<Outgoing, Refusal> {
    check_version(world, exchange, table, id)?;
    let value = if exchange.request.method == "DELETE" {
        "null".to_owned()
    } else {
        let members = serde_json::from_slice::<Members>(&exchange.request.body).ok();
        let value = members.and_then(|members| members.0.into_iter().find(|(name, _)| name == "value"));
        let missing = || Refusal::payload(table, "The body of a property holds one member, 'value'.");
        value.ok_or_else(missing)?.1.get().to_owned()
    };
    let body = format!("{{{}:{value}}}", quote(property));
    let changes = changes(world, &exchange.root, table, body.as_bytes(), Purpose::Update)?;
    update(world, exchange, table, id, changes)?;
    Ok(Outgoing::empty(204))
}

fn check_version(world: &World, exchange: &Exchange<'_>, table: &Table, id: Uuid) -> Result<(), Refusal> {
    let version = world.row(table, id).map(Row::etag).unwrap_or_default();
    match exchange.condition("if-match") {
        None | Some("*") => Ok(()),
        Some(etag) if etag == version => Ok(()),
        Some(_) => Err(Refusal::version_mismatch()),
    }
}

/// On update the columns of the key are dropped from the body.
pub(super) fn drop_key(table: &Table, key: &Key, changes: &mut Changes) {
    changes
        .retain(|(place, _)| *place != table.key && !matches!(key, Key::Alternate { column, .. } if column == place));
}

pub(super) fn insert(
    world: &mut World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    key: Option<&Key>,
    mut changes: Changes,
) -> Result<Uuid, Refusal> {
    let given = changes.iter().find(|(place, _)| *place == table.key).and_then(|(_, value)| value.as_ref()?.as_id());
    let addressed = match key {
        Some(Key::Id(id)) => Some(*id),
        Some(Key::Alternate { column, value, .. }) => {
            if !changes.iter().any(|(place, _)| place == column) {
                changes.push((*column, Some(value.clone())));
            }
            None
        }
        None => None,
    };
    let id = given.or(addressed).unwrap_or_else(|| world.next_id(table));
    if world.row(table, id).is_some() {
        return Err(Refusal::new(412, "0x80040237", "Cannot insert duplicate key."));
    }
    closed::check_document(world, table, id, &changes)?;
    check_unique(world, table, id, &changes)?;
    check_duplicates(world, exchange, table, &changes)?;
    check_note(world, table, &changes)?;
    check_image(table, &changes)?;
    check_status(table, None, &changes, id)?;
    world.create(table, id, changes, exchange.caller);
    if table.logical_name == "systemuser" {
        settle(world, id);
    }
    Ok(id)
}

pub(super) fn update(
    world: &mut World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    id: Uuid,
    changes: Changes,
) -> Result<(), Refusal> {
    closed::check_change(world, table, id, &changes)?;
    check_unique(world, table, id, &changes)?;
    check_note(world, table, &changes)?;
    check_image(table, &changes)?;
    check_status(table, world.row(table, id), &changes, id)?;
    world.update(table, id, changes, exchange.caller);
    Ok(())
}

fn check_unique(world: &World, table: &Table, id: Uuid, changes: &Changes) -> Result<(), Refusal> {
    for (place, value) in changes.iter().filter(|(place, _)| table.alternate_keys.contains(place)) {
        let holder = value.as_ref().and_then(|value| world.by_alternate_key(table, *place, value));
        if holder.is_some_and(|holder| holder != id) {
            let message =
                format!("A record that has the attribute values {} already exists.", table.column(*place).name);
            return Err(Refusal::new(412, "0x80060892", message));
        }
    }
    Ok(())
}

/// The duplicate detection rule of each table: the column in which no two records should agree.
const RULES: [(&str, &str); 3] = [("account", "name"), ("contact", "emailaddress1"), ("lead", "emailaddress1")];

/// Rules are minded only where the caller asks for it.
fn check_duplicates(world: &World, exchange: &Exchange<'_>, table: &Table, changes: &Changes) -> Result<(), Refusal> {
    let is_asked = exchange.condition("mscrm.suppressduplicatedetection") == Some("false");
    let rule = RULES.iter().find(|(name, _)| is_asked && *name == table.logical_name);
    let Some(place) = rule.and_then(|(_, column)| table.place(column)) else { return Ok(()) };
    let written = changes.iter().find(|(column, _)| *column == place).and_then(|(_, value)| value.as_ref());
    let is_taken = written.is_some_and(|value| {
        world.rows(table).any(|row| {
            row.value(place).is_some_and(|other| value.compared_with(other) == Some(std::cmp::Ordering::Equal))
        })
    });
    if !is_taken {
        return Ok(());
    }
    let message = "A record was not created or updated because a duplicate of the current record already exists.";
    Err(Refusal::new(412, "0x80040333", message))
}

/// A status has to belong to the state the record is in, or comes into.
fn check_status(table: &Table, row: Option<&Row>, changes: &Changes, id: Uuid) -> Result<(), Refusal> {
    let (Some(state), Some(status)) = (table.place("statecode"), table.place("statuscode")) else { return Ok(()) };
    let written = |place: u16| {
        changes.iter().find(|(column, _)| *column == place).and_then(|(_, value)| value.as_ref()?.as_whole())
    };
    let Some(reason) = written(status) else { return Ok(()) };
    let stands = row.and_then(|row| row.value(state)).and_then(Value::as_whole);
    let Some(code) = written(state).or(stands) else { return Ok(()) };
    let label = table.column(status).label(reason);
    if label.is_some_and(|label| label.state == Some(code)) {
        return Ok(());
    }
    let state = table.column(state).label(code).map_or("", |label| label.text);
    let message = format!(
        "{reason} is not a valid status code for state code {}State.{state} on {} with Id {id}.",
        table.schema_name, table.logical_name
    );
    Err(Refusal::new(400, "0x80048408", message))
}

/// How the record is shown afterwards, when that was asked for.
fn representation(world: &World, exchange: &Exchange<'_>, table: &'static Table) -> Result<Option<Shape>, Refusal> {
    if !exchange.preferences.has_representation {
        return Ok(None);
    }
    exchange.check_options()?;
    Shape::read(table, &exchange.options, world, &Setting::of(exchange)).map(Some)
}

fn answer(
    world: &World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    key: &Key,
    id: Uuid,
    shape: Option<&Shape>,
    is_new: bool,
) -> Outgoing {
    if let (Some(shape), Some(row)) = (shape, world.row(table, id)) {
        let mut shape = shape.clone();
        if exchange.request.method == "PATCH" {
            // The service ignores `$expand` on PATCH.
            shape.expansions.clear();
        }
        let context = format!("{}{}/$entity", table.set_name, shape.context());
        let body = record(world, exchange, table, row, &shape, Some(&context));
        return exchange.json(if is_new { 201 } else { 200 }, body);
    }
    let address = format!("{}/{}({})", exchange.root, table.set_name, key.written());
    let answer = Outgoing::empty(204).header("odata-entityid", &address);
    let answer = if exchange.request.method == "POST" { answer.header("location", &address) } else { answer };
    exchange.with_preferences(answer)
}

#[cfg(test)]
mod tests {
    use crate::sandbox::INES;
    use crate::sandbox::dataverse::trial::{ORIGIN, Trial};

    const ID: &str = "0a0b0001-1111-4f11-8400-000d3ab1c333";

    #[test]
    fn a_new_record_is_answered_with_its_address_alone() {
        let mut trial = Trial::new();
        let answer = trial.ask("POST", "accounts").body("{\"name\":\"Alder\"}").answer();
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        let address = answer.header("odata-entityid").unwrap();
        assert_eq!(answer.header("location"), Some(address));
        let path = address.strip_prefix(&format!("{ORIGIN}/api/data/v9.2/")).unwrap().to_owned();
        let record = trial.get(&path);
        assert_eq!(record["name"], "Alder");
        assert_eq!(record["createdon"], "2026-11-23T10:30:00Z");
        assert_eq!(record["_ownerid_value"].as_str(), INES.user_id);
        assert_eq!(record["_createdby_value"].as_str(), INES.user_id);
    }

    #[test]
    fn a_representation_comes_instead_of_the_address() {
        let mut trial = Trial::new();
        let body = format!("{{\"accountid\":\"{ID}\",\"name\":\"Alder\",\"revenue\":922337203685477.5807}}");
        let answer = trial
            .ask("POST", "accounts?$select=name,revenue")
            .header("prefer", "return=representation")
            .body(&body)
            .answer();
        assert_eq!(answer.status, 201);
        assert_eq!(answer.header("odata-entityid"), None);
        assert_eq!(answer.header("preference-applied"), Some("return=representation"));
        assert_eq!(answer.json()["accountid"], ID);
        assert!(answer.text.contains("\"revenue\":922337203685477.5807"), "{}", answer.text);
        let again = trial.ask("POST", "accounts").body(&body).answer().error();
        assert_eq!((again.0, again.1.as_str()), (412, "0x80040237"));
    }

    #[test]
    fn bodies_that_do_not_fit_are_refused_and_nothing_is_written() {
        let mut trial = Trial::new();
        let before = trial.world.version();
        let long = format!("{{\"name\":\"{}\"}}", "é".repeat(161));
        for (set, body, status, code, fragment) in [
            ("accounts", "{\"nme\":\"x\"}", 400, "0x80048d19", "undeclared property 'nme'"),
            ("accounts", "{\"Name\":\"x\"}", 400, "0x80048d19", "undeclared property 'Name'"),
            (
                "contacts",
                "{\"parentcustomerid@odata.bind\":\"/accounts(x)\"}",
                400,
                "0x80048d19",
                "undeclared property 'parentcustomerid'",
            ),
            ("accounts", "{\"primarycontactid\":\"x\"}", 400, "0x80048d19", "'primarycontactid'"),
            ("accounts", "{\"_primarycontactid_value\":null}", 400, "0x80048d19", "Navigation properties"),
            ("accounts", &long, 400, "0x80044331", "maximum allowed length of '160'"),
            ("accounts", "{\"industrycode\":99}", 400, "0x8004431A", "Accepted Values: 1,2"),
            ("accounts", "{\"industrycode\":\"Consulting\"}", 400, "0x80048d19", "Edm.Int32"),
            ("accounts", "{\"numberofemployees\":1.5}", 400, "0x80048d19", "Edm.Int32"),
            ("accounts", "{\"numberofemployees\":-1}", 400, "0x8004432F", "outside the valid range"),
            ("accounts", "{\"creditlimit\":-0.01}", 400, "0x80044330", "outside the valid range"),
            ("accounts", "{\"revenue\":\"5\"}", 400, "0x80048d19", "Edm.Decimal"),
            ("accounts", "{\"donotemail\":1}", 400, "0x80048d19", "Edm.Boolean"),
            ("accounts", "{\"accountid\":\"x\"}", 400, "0x80040363", "GUID"),
            ("accounts", "{\"createdon\":\"2026-01-01T00:00:00Z\"}", 400, "0x80041A01", "createdon"),
            ("contacts", "{\"fullname\":\"x\"}", 400, "0x80041A01", "fullname"),
            ("contacts", "{\"birthdate\":\"2026-02-30\"}", 400, "0x80048d19", "Edm.Date"),
            ("contacts", "{\"birthdate\":\"1700-01-01\"}", 400, "0x80040239", "1753"),
            ("accounts", "{\"statecode\":1,\"statuscode\":1}", 400, "0x80048408", "InactiveState"),
            ("accounts", "{\"accountnumber\":\"nl-0001\"}", 412, "0x80060892", "accountnumber"),
            ("accounts", "{\"name\":\"a\\u0001b\"}", 400, "0x80040278", "name"),
            ("accounts", "{\"statecode\":null}", 400, "0x80040203", "statecode"),
            ("accounts", "[]", 400, "0x80048d19", "no JSON object"),
            ("accounts", "", 400, "0x80048d19", "no JSON object"),
            (
                "accounts",
                "{\"primarycontactid@odata.bind\":\"/contacts(0a0b0001-1111-4f11-8400-000d3ab1c333)\"}",
                404,
                "0x80040217",
                "contact With Id = 0a0b0001-1111-4f11-8400-000d3ab1c333 Does Not Exist",
            ),
            (
                "accounts",
                "{\"primarycontactid@odata.bind\":\"/accounts(accountnumber='NL-0001')\"}",
                400,
                "0x80048d19",
                "does not lead",
            ),
            (
                "accounts",
                "{\"primarycontactid@odata.bind\":\"http://elsewhere/contacts(1)\"}",
                400,
                "0x80048d19",
                "Invalid URI",
            ),
        ] {
            let (found_status, found_code, message) = trial.ask("POST", set).body(body).answer().error();
            let message = message.replace("AccountState.Inactive", "InactiveState");
            assert_eq!((found_status, found_code.as_str()), (status, code), "{body}: {message}");
            assert!(message.contains(fragment), "{body}: {message}");
        }
        assert_eq!(trial.world.version(), before);
    }

    #[test]
    fn records_are_bound_by_guid_by_key_and_by_whole_address() {
        let mut trial = Trial::new();
        let account = trial.find("accounts", "accountnumber eq 'NL-0001'").to_string();
        for (set, navigation, reference) in [
            ("contacts", "parentcustomerid_account", format!("/accounts({account})")),
            ("contacts", "parentcustomerid_account", format!("accounts({account})")),
            ("contacts", "parentcustomerid_account", format!("{ORIGIN}/api/data/v9.2/accounts({account})")),
            ("incidents", "customerid_account", "/accounts(accountnumber='NL-0001')".to_owned()),
            ("tasks", "regardingobjectid_account_task", format!("/accounts(accountid={account})")),
        ] {
            let body = format!("{{\"{navigation}@odata.bind\":\"{reference}\"}}");
            let answer = trial.ask("POST", set).header("prefer", "return=representation").body(&body).answer();
            assert_eq!(answer.status, 201, "{reference}: {}", answer.text);
            let column = format!("_{}_value", navigation.split('_').next().unwrap());
            assert_eq!(answer.json()[column], account.as_str(), "{reference}");
        }
        for clear in ["{\"primarycontactid\":null}", "{\"primarycontactid@odata.bind\":null}"] {
            let address = format!("accounts({account})");
            assert_eq!(trial.ask("PATCH", &address).header("if-match", "*").body(clear).answer().status, 204);
            assert!(trial.get(&address)["_primarycontactid_value"].is_null());
        }
    }

    #[test]
    fn a_record_keeps_an_owner() {
        let mut trial = Trial::new();
        let account = format!("accounts({})", trial.find("accounts", "accountnumber eq 'NL-0001'"));
        let owner = trial.get(&account)["_ownerid_value"].clone();
        for body in ["{\"ownerid\":null}", "{\"ownerid@odata.bind\":null}", "{\"name\":\"x\",\"ownerid\":null}"] {
            for (method, address) in [("PATCH", account.as_str()), ("POST", "accounts")] {
                let (status, code, message) = trial.ask(method, address).body(body).answer().error();
                assert_eq!((status, code.as_str()), (400, "0x80040229"), "{method} {body}: {message}");
            }
        }
        assert_eq!(trial.refused("DELETE", &format!("{account}/ownerid/$ref")).1, "0x80040229");
        let record = trial.get(&account);
        assert_eq!((&record["_ownerid_value"], record["name"] == "x"), (&owner, false));
        let task = format!("tasks({})", trial.find("tasks", "statecode eq 0"));
        let clear = trial.ask("PATCH", &task).body("{\"ownerid_task@odata.bind\":null}").answer().error();
        assert_eq!(clear.1, "0x80040229");
        let held = trial.ask("PATCH", &account).body("{\"lastonholdtime\":\"2026-11-01T10:00:00Z\"}").answer();
        assert_eq!(held.status, 204, "{}", held.text);
        assert_eq!(trial.get(&account)["lastonholdtime"], "2026-11-01T10:00:00Z");
    }

    #[test]
    fn conditions_decide_between_update_and_create() {
        let mut trial = Trial::new();
        let there = trial.find("accounts", "accountnumber eq 'NL-0001'").to_string();
        for (address, header, value, status, code) in [
            (format!("accounts({there})"), "if-match", "*", 204, ""),
            (format!("accounts({there})"), "if-match", "W/\"1\"", 412, "0x80060882"),
            (format!("accounts({there})"), "if-none-match", "*", 412, "0x80040237"),
            (format!("accounts({there})"), "x-nothing", "", 204, ""),
            (format!("accounts({ID})"), "if-match", "*", 404, "0x80040217"),
            ("accounts(accountnumber='NONE')".to_owned(), "if-match", "*", 404, "0x80060891"),
            (format!("accounts({ID})"), "if-none-match", "*", 204, ""),
            ("accounts(accountnumber='NONE')".to_owned(), "if-none-match", "null", 204, ""),
        ] {
            let answer = trial.ask("PATCH", &address).header(header, value).body("{\"name\":\"New\"}").answer();
            assert_eq!(answer.status, status, "{address} {header}: {}", answer.text);
            if !code.is_empty() {
                assert_eq!(answer.error().1, code, "{address} {header}");
            }
        }
        assert_eq!(trial.get(&format!("accounts({ID})"))["name"], "New");
        assert_eq!(trial.get("accounts(accountnumber='none')")["accountnumber"], "NONE");
    }

    #[test]
    fn an_upsert_by_alternate_key_repeats_the_key_in_its_address() {
        let mut trial = Trial::new();
        let upsert = |trial: &mut Trial, prefer: &str| {
            let asking = trial.ask("PATCH", "accounts(accountnumber='O''1')").header("prefer", prefer);
            asking.body("{\"accountnumber\":\"O'1\",\"name\":\"Key\"}").answer()
        };
        let first = upsert(&mut trial, "return=representation");
        assert_eq!((first.status, &first.json()["accountnumber"]), (201, &serde_json::json!("O'1")));
        assert_eq!(upsert(&mut trial, "return=representation").status, 200);
        let second = upsert(&mut trial, "");
        assert_eq!(second.status, 204);
        assert!(second.header("odata-entityid").unwrap().ends_with("accounts(accountnumber='O''1')"));
    }

    #[test]
    fn an_update_moves_version_and_time_and_touches_nothing_else() {
        let mut trial = Trial::new();
        let address = format!("accounts({})", trial.find("accounts", "accountnumber eq 'NL-0001'"));
        let before = trial.get(&address);
        trial.world.set_time("2026-11-24T08:00:00.5Z".parse().unwrap());
        let etag = before["@odata.etag"].as_str().unwrap();
        let body = "{\"name\":\"Renamed\",\"revenue\":1.00005,\"description\":\"\",\"statecode\":1}";
        let answer = trial.ask("PATCH", &address).header("if-match", etag).body(body).answer();
        assert_eq!((answer.status, answer.header("location")), (204, None));
        assert!(answer.header("odata-entityid").unwrap().ends_with(&address));
        let after = trial.ask("GET", &address).answer();
        assert!(after.text.contains("\"revenue\":1.0001,"), "{}", after.text);
        let after = after.json();
        assert_ne!(after["@odata.etag"], before["@odata.etag"]);
        assert_eq!(after["modifiedon"], "2026-11-24T08:00:00Z");
        assert_eq!((&after["statuscode"], &after["description"]), (&serde_json::json!(2), &serde_json::Value::Null));
        for column in ["createdon", "accountnumber", "_primarycontactid_value", "_ownerid_value", "address1_city"] {
            assert_eq!(after[column], before[column], "{column}");
        }
        assert_eq!(trial.ask("PATCH", &address).header("if-match", etag).body("{}").answer().status, 412);
    }

    #[test]
    fn a_deleted_record_is_gone_and_deleting_it_again_says_so() {
        let mut trial = Trial::new();
        let id = trial.find("accounts", "accountnumber eq 'NL-0001'");
        let contacts = format!("contacts/$count?$filter=_parentcustomerid_value eq {id}");
        assert_ne!(trial.ask("GET", &contacts).answer().text, "\u{feff}0");
        let answer = trial.ask("DELETE", &format!("accounts({id})")).answer();
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        let (status, code, message) = trial.refused("DELETE", &format!("accounts({id})"));
        assert_eq!((status, code.as_str()), (404, "0x80040217"));
        assert_eq!(message, format!("account With Id = {id} Does Not Exist"));
        assert_eq!(trial.ask("GET", &contacts).answer().text, "\u{feff}0");
        let user = format!("systemusers({})", trial.find("systemusers", "fullname eq 'Freja Holm'"));
        assert_eq!(trial.refused("DELETE", &user).1, "0x80048359");
        for gone in ["{\"isdisabled\":true}", "{\"azureactivedirectoryobjectid\":null}"] {
            assert_eq!(trial.refused("DELETE", &user).1, "0x80048359");
            assert_eq!(trial.ask("PATCH", &user).header("if-match", "*").body(gone).answer().status, 204, "{gone}");
        }
        assert_eq!(trial.ask("DELETE", &user).answer().status, 204);
    }

    #[test]
    fn one_property_is_put_and_cleared_by_itself() {
        let mut trial = Trial::new();
        let address = format!("accounts({})", trial.find("accounts", "accountnumber eq 'NL-0001'"));
        let property = format!("{address}/description");
        assert_eq!(trial.ask("PUT", &property).body("{\"value\":\"One\\ntwo\"}").answer().status, 204);
        assert_eq!(trial.ask("GET", &format!("{property}/$value")).answer().text, "One\ntwo");
        assert_eq!(trial.ask("DELETE", &property).answer().status, 204);
        assert_eq!(trial.ask("GET", &property).answer().status, 204);
        assert_eq!(trial.ask("PUT", &property).body("{}").answer().error().1, "0x80048d19");
    }

    #[test]
    fn an_assigned_record_shows_its_new_owner() {
        let mut trial = Trial::new();
        let address = format!("tasks({})", trial.find("tasks", "statecode eq 0"));
        let team = trial.find("teams", "name eq 'Service Desk'");
        let body = format!("{{\"ownerid@odata.bind\":\"/teams({team})\"}}");
        assert_eq!(trial.ask("PATCH", &address).header("if-match", "*").body(&body).answer().status, 204);
        let task = trial.get(&address);
        assert_eq!(task["_owningteam_value"], team.to_string());
        assert!(task["_owninguser_value"].is_null());
    }

    proptest::proptest! {
        #[test]
        fn no_body_ends_in_a_panic(column in "[a-z_@.]{0,20}", value in "\\PC{0,30}") {
            let mut trial = Trial { world: crate::sandbox::world::World::empty(jiff::Timestamp::UNIX_EPOCH) };
            for body in [format!("{{\"{column}\":{value}}}"), format!("{{\"revenue\":{value}}}"), value.clone()] {
                let _ = trial.ask("POST", "accounts").body(&body).answer();
            }
        }
    }
}
