//! Reading one record, one of its columns, or what its navigation properties lead to. It never changes any.

use uuid::Uuid;

use crate::sandbox::Outgoing;
use crate::sandbox::data::{Schema, Table};
use crate::sandbox::dataverse::collection::Pool;
use crate::sandbox::dataverse::condition::Setting;
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::json::Object;
use crate::sandbox::dataverse::keys::Key;
use crate::sandbox::dataverse::not_implemented::no_such;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::shape::Shape;
use crate::sandbox::dataverse::show::record;
use crate::sandbox::dataverse::values::{to_json, to_plain};
use crate::sandbox::dataverse::way::Way;
use crate::sandbox::odata::Segment;
use crate::sandbox::world::{Row, World};

/// `GET accounts(id)`.
pub(super) fn one(
    world: &World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    row: &Row,
) -> Result<Outgoing, Refusal> {
    exchange.check_options()?;
    if let Some(option) =
        ["$filter", "$orderby", "$top", "$count"].into_iter().find(|it| exchange.options.value(it).is_some())
    {
        let message = format!("The query parameter {option} is not supported on a single record");
        return Err(Refusal::unsupported(message));
    }
    let shape = Shape::read(table, &exchange.options, world, &Setting::of(exchange))?;
    // The service answers 304 only where the answer holds nothing but the record itself.
    let is_bare = shape.expansions.is_empty() && !exchange.preferences.has_annotations();
    if is_bare && exchange.condition("if-none-match") == Some(row.etag().as_str()) {
        return Ok(Outgoing::empty(304).header("etag", row.etag()));
    }
    let context = format!("{}{}/$entity", table.set_name, shape.context());
    let body = record(world, exchange, table, row, &shape, Some(&context));
    Ok(exchange.json(200, body).header("etag", row.etag()))
}

/// `GET accounts(id)/…`.
pub(super) fn within(
    world: &World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    id: Uuid,
    rest: &[Segment],
) -> Result<Outgoing, Refusal> {
    let row = world.row(table, id).ok_or_else(|| Refusal::no_record(table, id))?;
    let Some((first, rest)) = rest.split_first() else { return one(world, exchange, table, row) };
    if let Some(place) = table.property(&first.name).filter(|_| first.arguments.is_none()) {
        return column(exchange, table, row, place, rest);
    }
    let way = Way::find(table, &first.name).ok_or_else(|| Refusal::unknown_segment(&first.name))?;
    let words: Vec<&str> = rest.iter().map(|segment| segment.name.as_str()).collect();
    if let Some((other, ids)) = way.many(world, table, id) {
        if let Some(arguments) = &first.arguments {
            let inner = Key::read(other, arguments, &exchange.options)?.existing(world, other)?;
            if !ids.contains(&inner) {
                return Err(Refusal::no_record(other, inner));
            }
            return within(world, exchange, other, inner, rest);
        }
        let pool = Pool { table: other, ids: Some(ids) };
        return match words.as_slice() {
            [] => pool.list(world, exchange),
            ["$count"] => pool.count(world, exchange),
            ["$ref"] => pool.references(world, exchange),
            [other, ..] => Err(Refusal::unknown_segment(other)),
        };
    }
    let Some((other, found)) = way.one(world, row) else { return Ok(Outgoing::empty(204)) };
    if words == ["$ref"] {
        let mut object = Object::new();
        object.text("@odata.context", &exchange.context("$ref"));
        object.text("@odata.id", &format!("{}/{}({})", exchange.root, other.set_name, found.id));
        return Ok(exchange.json(200, object.finish()));
    }
    within(world, exchange, other, found.id, rest)
}

/// `GET accounts(id)/name`, perhaps with `/$value`.
fn column(
    exchange: &Exchange<'_>,
    table: &Table,
    row: &Row,
    place: u16,
    rest: &[Segment],
) -> Result<Outgoing, Refusal> {
    exchange.check_options()?;
    let value = row.value(place);
    match (rest, value) {
        ([], Some(value)) => {
            let property = table.column(place).property();
            let mut object = Object::new();
            let context = format!("{}({})/{property}", table.set_name, row.id);
            object.text("@odata.context", &exchange.context(&context)).raw("value", &to_json(value));
            Ok(exchange.json(200, object.finish()))
        }
        ([only], Some(value)) if only.name == "$value" => Ok(Outgoing::with_body(200, "text/plain", to_plain(value))),
        ([], None) => Ok(Outgoing::empty(204)),
        ([only], None) if only.name == "$value" => Ok(Outgoing::empty(204)),
        ([other, ..], _) => Err(Refusal::unknown_segment(&other.name)),
    }
}

/// The table of an entity set.
pub(super) fn table_of_set(name: &str) -> Result<&'static Table, Refusal> {
    Schema::of_sandbox().by_set(name).ok_or_else(|| no_such(name))
}

#[cfg(test)]
mod tests {
    use crate::sandbox::dataverse::trial::Trial;
    use crate::sandbox::{Caller, DAEMON, INES};

    #[test]
    fn a_record_is_found_by_every_kind_of_key() {
        let mut trial = Trial::new();
        let id = trial.find("accounts", "accountnumber eq 'NL-0007'").to_string();
        for key in [id.clone(), id.to_uppercase(), format!("accountid={id}"), "accountnumber='nl-0007'".to_owned()] {
            let record = trial.get(&format!("accounts({key})?$select=name"));
            assert_eq!(record["accountid"], id.as_str(), "{key}");
            assert!(record["@odata.context"].as_str().unwrap().ends_with("$metadata#accounts(name)/$entity"));
        }
        let email = trial.column("contacts?$top=1", "emailaddress1")[0].clone();
        assert_eq!(trial.get(&format!("contacts(emailaddress1='{email}')"))["emailaddress1"], email.as_str());
        assert_eq!(trial.get("accounts(accountnumber=@k)?@k='NL-0007'")["accountid"], id.as_str());
        for (address, status, code) in [
            ("accounts(00000000-0000-4000-8000-000000000000)", 404, "0x80040217"),
            ("accounts(accountnumber='none')", 404, "0x80060891"),
            ("accounts(name='x')", 400, "0x80060890"),
            ("accounts(nme='x')", 400, "0x80060890"),
            ("accounts('NL-0007')", 400, "0x80060888"),
            ("accounts(accountnumber='A%2FB')", 400, "0x80060888"),
            ("accounts(accountnumber='A%26B')", 400, "0x80060888"),
            ("accounts(accountnumber='A%2BB')", 400, "0x80060888"),
            ("accounts(7)", 400, "0x80060888"),
            ("accounts()", 400, "0x80060888"),
            ("systemusers(systemuserid=6d2ef3c1-9f6e-4e11-8179-000d3a000002)", 400, "0x80060890"),
            ("accounts(accountnumber='NL-0007')/nothing", 404, "0x8006088a"),
        ] {
            let (found, found_code, message) = trial.refused("GET", address);
            assert_eq!((found, found_code.as_str()), (status, code), "{address}: {message}");
        }
    }

    #[test]
    fn an_unchanged_record_is_not_sent_again() {
        let mut trial = Trial::new();
        let address = "accounts(accountnumber='NL-0007')?$select=name";
        let etag = trial.get(address)["@odata.etag"].as_str().unwrap().to_owned();
        let again = |trial: &mut Trial, address: &str, header: &str, prefer: &str| {
            trial.ask("GET", address).header("if-none-match", header).header("prefer", prefer).answer().status
        };
        assert_eq!(again(&mut trial, address, &etag, ""), 304);
        assert_eq!(again(&mut trial, address, "null", ""), 200);
        assert_eq!(again(&mut trial, address, &etag, "odata.include-annotations=\"*\""), 200);
        let expanded = "accounts(accountnumber='NL-0007')?$expand=primarycontactid";
        assert_eq!(again(&mut trial, expanded, &etag, ""), 200);
    }

    #[test]
    fn navigation_leads_to_one_record_to_many_and_to_the_other_side() {
        let mut trial = Trial::new();
        let account = "accounts(accountnumber='NL-0007')";
        let primary = trial.get(&format!("{account}/primarycontactid?$select=fullname"));
        assert!(primary["@odata.context"].as_str().unwrap().ends_with("#contacts(fullname)/$entity"));
        let contacts = trial.get(&format!("{account}/contact_customer_accounts?$select=fullname&$count=true"));
        let count = contacts["@odata.count"].as_u64().unwrap();
        assert!(count >= 1);
        let plain = trial.ask("GET", &format!("{account}/contact_customer_accounts/$count")).answer();
        assert_eq!(plain.text, format!("\u{feff}{count}"));
        let references = trial.get(&format!("{account}/contact_customer_accounts/$ref"));
        assert_eq!(references["value"].as_array().unwrap().len() as u64, count);
        assert!(references["@odata.context"].as_str().unwrap().ends_with("$metadata#Collection($ref)"));
        let first = references["value"][0]["@odata.id"].as_str().unwrap();
        assert!(first.starts_with("http://127.0.0.1:5000/api/data/v9.2/contacts("), "{first}");
        let single = trial.get(&format!("{account}/primarycontactid/$ref"));
        let id = primary["contactid"].as_str().unwrap();
        assert_eq!(single["@odata.id"], format!("http://127.0.0.1:5000/api/data/v9.2/contacts({id})"));
        let refused = trial.refused("GET", &format!("{account}/contact_customer_accounts/$ref?$select=fullname"));
        assert_eq!((refused.0, refused.1.as_str()), (400, "0x80060888"));
        let roles =
            format!("systemusers({})/systemuserroles_association?$select=name&$orderby=name", INES.user_id.unwrap());
        assert_eq!(trial.column(&roles, "name"), ["Salesperson", "System Administrator"]);
        let nobody = trial.find("accounts", "primarycontactid/contactid eq null");
        assert_eq!(trial.ask("GET", &format!("accounts({nobody})/primarycontactid")).answer().status, 204);
        let city = trial.get(&format!("{account}/primarycontactid/fullname"));
        assert_eq!(city["value"], primary["fullname"]);
    }

    #[test]
    fn references_tie_records_together_and_apart() {
        let mut trial = Trial::new();
        let account = trial.find("accounts", "accountnumber eq 'NL-0005'");
        let contact = trial.find("contacts", &format!("_parentcustomerid_value ne {account}"));
        let lead = trial.find("leads", "statecode eq 0");
        let own = format!("{{\"@odata.id\":\"http://127.0.0.1:5000/api/data/v9.2/contacts({contact})\"}}");
        let count =
            |trial: &mut Trial, nav: &str| trial.ask("GET", &format!("accounts({account})/{nav}/$count")).answer().text;
        let single = format!("accounts({account})/primarycontactid/$ref");
        assert_eq!(trial.ask("PUT", &single).body(&own).answer().status, 204);
        assert_eq!(trial.get(&format!("accounts({account})"))["_primarycontactid_value"], contact.to_string());
        assert_eq!(trial.ask("DELETE", &single).answer().status, 204);
        assert!(trial.get(&format!("accounts({account})"))["_primarycontactid_value"].is_null());
        let many = format!("accounts({account})/contact_customer_accounts");
        let before = count(&mut trial, "contact_customer_accounts");
        assert_eq!(trial.ask("POST", &format!("{many}/$ref")).body(&own).answer().status, 204);
        assert_ne!(count(&mut trial, "contact_customer_accounts"), before);
        assert_eq!(trial.ask("DELETE", &format!("{many}({contact})/$ref")).answer().status, 204);
        assert_eq!(count(&mut trial, "contact_customer_accounts"), before);
        let leads = format!("accounts({account})/accountleads_association/$ref");
        let body = format!("{{\"@odata.id\":\"leads({lead})\"}}");
        assert_eq!(trial.ask("POST", &leads).body(&body).answer().status, 204);
        assert_eq!(trial.ask("POST", &leads).body(&body).answer().error().1, "0x80040237");
        assert_eq!(trial.ask("POST", &leads).body(&own).answer().error().1, "0x80048d19");
        assert_eq!(count(&mut trial, "accountleads_association"), "\u{feff}1");
        assert_eq!(trial.ask("DELETE", &format!("{leads}?$id=leads({lead})")).answer().status, 204);
        assert_eq!(count(&mut trial, "accountleads_association"), "\u{feff}0");
    }

    #[test]
    fn whoever_has_no_user_record_is_turned_away_from_everything() {
        let mut trial = Trial::new();
        for address in ["WhoAmI", "accounts", "", "nothing"] {
            let answer = trial.ask("GET", address).answer_to(&Caller { user_id: None });
            assert_eq!((answer.status, answer.error().1.as_str()), (403, "0x80072560"), "{address}");
        }
        let daemon = DAEMON.application_user_id;
        let answer = trial.ask("GET", "WhoAmI").answer_to(&Caller { user_id: daemon });
        assert_eq!(answer.json()["UserId"].as_str(), daemon);
        let disable = format!("systemusers({})", INES.user_id.unwrap());
        assert_eq!(trial.ask("PATCH", &disable).body("{\"isdisabled\":true}").answer().status, 204);
        assert_eq!(trial.refused("GET", "WhoAmI").1, "0x80040225");
    }

    #[test]
    fn wrong_verbs_and_wrong_places_have_their_own_answers() {
        let mut trial = Trial::new();
        for (method, address, status, code) in [
            ("POST", "WhoAmI", 404, ""),
            ("PATCH", "accounts", 405, ""),
            ("PUT", "accounts(accountnumber='NL-0007')", 405, ""),
            ("POST", "accounts(accountnumber='NL-0007')", 405, ""),
            ("POST", "", 405, ""),
            ("GET", "$batch", 404, "0x8006088a"),
            ("DELETE", "accounts/$count", 405, ""),
        ] {
            let (found, found_code, _) = trial.refused(method, address);
            assert_eq!((found, found_code.as_str()), (status, code), "{method} {address}");
        }
        let elsewhere = trial.ask_verbatim("GET", "/api/data/v8.2/WhoAmI", "").answer().error();
        assert_eq!((elsewhere.0, elsewhere.1.as_str()), (404, ""));
        assert_eq!(trial.ask_verbatim("GET", "/api/data/v9.0/WhoAmI()", "").answer().status, 200);
        let who = trial.ask("GET", "WhoAmI").answer();
        assert_eq!((who.header("x-ms-dop-hint"), who.header("odata-version")), (Some("8"), Some("4.0")));
        assert_eq!(who.header("content-type"), Some("application/json; odata.metadata=minimal"));
    }

    #[test]
    fn the_organisation_tells_about_itself() {
        let mut trial = Trial::new();
        let access = "Microsoft.Dynamics.CRM.EndpointAccessType'Default'";
        let json = trial.get(&format!("RetrieveCurrentOrganization(AccessType=@p1)?@p1={access}"));
        assert_eq!(json["Detail"]["OrganizationId"], crate::sandbox::ORGANISATION_ID);
        assert_eq!(json["Detail"]["Endpoints"]["Values"][0], "http://127.0.0.1:5000/");
        assert_eq!(trial.refused("GET", "RetrieveCurrentOrganization(AccessType=@p1)").0, 400);
        assert!(trial.get("RetrieveVersion")["Version"].as_str().unwrap().starts_with("9.2."));
        let user = format!("systemusers({})", INES.user_id.unwrap());
        let privileges = trial.get(&format!("{user}/Microsoft.Dynamics.CRM.RetrieveUserPrivileges"));
        let names: Vec<&str> = privileges["RolePrivileges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["PrivilegeName"].as_str().unwrap())
            .collect();
        assert!(names.contains(&"prvCreateAccount") && names.contains(&"prvReadActivity"));
        assert_eq!(trial.get(&user)["fullname"], "Inès Moreau");
    }
}
