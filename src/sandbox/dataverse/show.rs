//! A record as JSON, with the annotations that were asked for. It never chooses records.

use crate::sandbox::data::{Kind, Schema, Table};
use crate::sandbox::dataverse::collection::reference;
use crate::sandbox::dataverse::cookie::Cookie;
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::formatted::formatted;
use crate::sandbox::dataverse::json::{Object, array, quote};
use crate::sandbox::dataverse::shape::{Expansion, Shape};
use crate::sandbox::dataverse::values::to_json;
use crate::sandbox::world::{Row, World};

/// The label of a value.
pub(super) const FORMATTED: &str = "OData.Community.Display.V1.FormattedValue";
const NAVIGATION: &str = "Microsoft.Dynamics.CRM.associatednavigationproperty";
const TABLE: &str = "Microsoft.Dynamics.CRM.lookuplogicalname";

/// A record as a JSON object; with `context` it is one that stands by itself.
pub(super) fn record(
    world: &World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    row: &Row,
    shape: &Shape,
    context: Option<&str>,
) -> String {
    let mut object = Object::new();
    if let Some(context) = context {
        object.text("@odata.context", &exchange.context(context));
    }
    object.text("@odata.etag", &row.etag());
    for place in &shape.columns {
        property(&mut object, world, exchange, table, row, *place);
    }
    for expansion in &shape.expansions {
        related(&mut object, world, exchange, table, row, expansion);
    }
    object.finish()
}

fn property(object: &mut Object, world: &World, exchange: &Exchange<'_>, table: &Table, row: &Row, place: u16) {
    let column = table.column(place);
    let name = column.property();
    let Some(value) = row.value(place) else {
        object.raw(&name, "null");
        return;
    };
    let preferences = &exchange.preferences;
    if preferences.wants(FORMATTED)
        && let Some(text) = formatted((world, exchange.caller), table, row, column, value)
    {
        object.text(&format!("{name}@{FORMATTED}"), &text);
    }
    if let (Kind::Lookup(targets), Some(link)) = (&column.kind, value.as_link()) {
        let logical_name = Schema::of_sandbox().table(link.table).logical_name;
        let target = targets.iter().find(|target| target.table == logical_name);
        if let Some(target) = target.filter(|_| preferences.wants(NAVIGATION)) {
            object.text(&format!("{name}@{NAVIGATION}"), target.navigation);
        }
        if preferences.wants(TABLE) {
            object.text(&format!("{name}@{TABLE}"), logical_name);
        }
    }
    object.raw(&name, &to_json(value));
}

fn related(
    object: &mut Object,
    world: &World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    row: &Row,
    expansion: &Expansion,
) {
    let Some((other, ids)) = expansion.way.many(world, table, row.id) else {
        let inner = expansion.way.one(world, row).and_then(|(other, found)| {
            if expansion.is_reference {
                return Some(reference(exchange, other, found.id));
            }
            let shape = expansion.shape(other)?;
            Some(record(world, exchange, other, found, shape, None))
        });
        object.raw(&expansion.name, inner.as_deref().unwrap_or("null"));
        return;
    };
    let Some(shape) = expansion.shape(other) else { return };
    let mut rows: Vec<&Row> = ids
        .iter()
        .filter_map(|id| world.row(other, *id))
        .filter(|row| expansion.condition.as_ref().is_none_or(|condition| condition.holds(world, row)))
        .collect();
    rows.sort_by(|left, right| {
        let (left, right) = (expansion.order.standing(world, left), expansion.order.standing(world, right));
        expansion.order.compare(&left, &right)
    });
    rows.truncate(expansion.top);
    let size = exchange.preferences.page_size.filter(|_| expansion.is_paged).or(world.inner_page).unwrap_or(usize::MAX);
    let shown = rows.iter().take(size).map(|row| record(world, exchange, other, row, shape, None));
    object.raw(&expansion.name, &array(shown));
    let is_cut = rows.len() > size;
    rows.truncate(size);
    let token = rows.first().zip(rows.last()).filter(|_| is_cut).map(|(first, last)| {
        let standing = |row| expansion.order.standing(world, row);
        let key = other.column(other.key).name;
        Cookie { page: 2, last: standing(last) }.to_token(&expansion.order, key, &standing(first))
    });
    // The service adds this link even when everything was shown; only one with a `$skiptoken` means there is more.
    let written = Some(expansion.written.clone()).filter(|written| !written.is_empty());
    let token = token.map(|token| format!("$skiptoken={token}"));
    let query: String = written.into_iter().chain(token).collect::<Vec<_>>().join("&");
    let query = if query.is_empty() { query } else { format!("?{query}") };
    let link = format!("{}/{}({})/{}{query}", exchange.root, table.set_name, row.id, expansion.name);
    object.raw(&format!("{}@odata.nextLink", expansion.name), &quote(&link));
}

#[cfg(test)]
mod tests {
    use crate::sandbox::dataverse::trial::Trial;

    fn keys(text: &str) -> Vec<String> {
        let json: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).unwrap();
        // The map sorts its keys, so their order is read from the text.
        let mut keys: Vec<String> = json.keys().cloned().collect();
        keys.sort_by_key(|key| text.find(&format!("\"{key}\":")).unwrap());
        keys
    }

    #[test]
    fn a_selection_brings_key_currency_and_composite_address_along() {
        let mut trial = Trial::new();
        for (address, expected) in [
            ("accounts(accountnumber='NL-0007')?$select=name", vec!["name", "accountid"]),
            ("accounts(accountnumber='NL-0007')?$select=accountid,name", vec!["accountid", "name"]),
            (
                "accounts(accountnumber='NL-0007')?$select=revenue,address1_city",
                vec!["revenue", "address1_city", "_transactioncurrencyid_value", "address1_composite", "accountid"],
            ),
            (
                "systemusers(6d2ef3c1-9f6e-4e11-8179-000d3a000002)?$select=fullname",
                vec!["fullname", "ownerid", "systemuserid"],
            ),
        ] {
            let text = trial.ask("GET", address).answer().text;
            let expected = [vec!["@odata.context", "@odata.etag"], expected].concat();
            assert_eq!(keys(&text), expected, "{address}");
        }
        let all = trial.get("accounts(accountnumber='NL-0007')");
        assert!(all.as_object().unwrap().len() > 150);
        assert!(all["fax"].is_null() && all.as_object().unwrap().contains_key("fax"));
    }

    #[test]
    fn annotations_come_before_their_property_when_they_are_asked_for() {
        let mut trial = Trial::new();
        let body = "{\"accountnumber\":\"A\",\"revenue\":125000,\"industrycode\":7,\"numberofemployees\":1200,\
            \"overriddencreatedon\":\"2026-03-01T08:05:00Z\",\"primarycontactid@odata.bind\":\"/contacts(CONTACT)\"}";
        let contact = trial.get("contacts?$top=1&$select=fullname")["value"][0].clone();
        let body = body.replace("CONTACT", contact["contactid"].as_str().unwrap());
        assert_eq!(trial.ask("POST", "accounts").body(&body).answer().status, 204);
        let select = "revenue,industrycode,numberofemployees,createdon,donotfax,_primarycontactid_value,_ownerid_value";
        let address = format!("accounts(accountnumber='A')?$select={select}");
        let prefer = "odata.include-annotations=\"*\"";
        let answer = trial.ask("GET", &address).header("prefer", prefer).answer();
        assert_eq!(answer.header("preference-applied"), Some(prefer));
        let json = answer.json();
        for (property, expected) in [
            ("revenue", "€125,000.00"),
            ("industrycode", "Consulting"),
            ("numberofemployees", "1,200"),
            ("createdon", "3/1/2026 8:05 AM"),
            ("donotfax", "No"),
            ("_ownerid_value", "Inès Moreau"),
            ("_primarycontactid_value", contact["fullname"].as_str().unwrap()),
        ] {
            let annotation = format!("{property}@{}", super::FORMATTED);
            assert_eq!(json[&annotation], expected, "{property}");
            let (before, after) = (answer.text.find(&annotation), answer.text.find(&format!("\"{property}\":")));
            assert!(before < after, "{property}");
        }
        assert_eq!(json["_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"], "systemuser");
        let navigation = "_primarycontactid_value@Microsoft.Dynamics.CRM.associatednavigationproperty";
        assert_eq!(json[navigation], "primarycontactid");
        assert!(answer.text.contains("\"revenue\":125000.0000,"));
        let labels = "odata.include-annotations=\"OData.Community.Display.V1.FormattedValue\"";
        let only_labels = trial.ask("GET", &address).header("prefer", labels).answer().text;
        assert!(only_labels.contains("FormattedValue") && !only_labels.contains("lookuplogicalname"));
        assert!(!trial.ask("GET", &address).answer().text.contains("FormattedValue"));
    }

    #[test]
    fn related_records_stand_inside_when_they_are_expanded() {
        let mut trial = Trial::new();
        let address = "accounts?$select=name&$filter=accountnumber eq 'NL-0007' or name eq 'O''Malley & Sons, Nothing Known'\
            &$expand=primarycontactid($select=fullname),contact_customer_accounts($select=fullname;$top=1;$orderby=fullname desc)";
        let json = trial.get(address);
        let rows = json["value"].as_array().unwrap();
        let (known, unknown) =
            if rows[0]["primarycontactid"].is_null() { (&rows[1], &rows[0]) } else { (&rows[0], &rows[1]) };
        assert!(unknown["primarycontactid"].is_null() && unknown.as_object().unwrap().contains_key("primarycontactid"));
        assert!(known["primarycontactid"]["fullname"].is_string());
        assert_eq!(known["contact_customer_accounts"].as_array().unwrap().len(), 1);
        let link = known["contact_customer_accounts@odata.nextLink"].as_str().unwrap();
        assert!(link.contains("/contact_customer_accounts?$select=fullname") && !link.contains("skiptoken"), "{link}");
        let nested = address.replace(";$top=1;$orderby=fullname desc", "");
        let nested = nested.replace("primarycontactid(", "primarycontactid($expand=ownerid($select=ownerid);");
        let json = trial.get(&nested);
        let known = json["value"].as_array().unwrap().iter().find(|row| !row["primarycontactid"].is_null()).unwrap();
        assert!(known["primarycontactid"]["ownerid"]["ownerid"].is_string(), "{known}");
    }

    /// An account with so many contacts, and its address.
    fn crowded(trial: &mut Trial, count: usize) -> String {
        let account = trial.find("accounts", "accountnumber eq 'NL-0007'");
        for nth in 0..count {
            let body = format!(
                "{{\"lastname\":\"x{nth}\",\"department\":\"a & b\",\
                 \"parentcustomerid_account@odata.bind\":\"/accounts({account})\"}}"
            );
            assert_eq!(trial.ask("POST", "contacts").body(&body).answer().status, 204);
        }
        format!("accounts({account})")
    }

    /// Follows the links of an expanded collection as a client does; gives the pages' lengths and every last name.
    fn followed(trial: &mut Trial, record: &serde_json::Value, prefer: &str) -> (Vec<usize>, Vec<String>) {
        let names = |rows: &serde_json::Value| -> Vec<String> {
            rows.as_array().unwrap().iter().map(|row| row["lastname"].as_str().unwrap().to_owned()).collect()
        };
        let mut found = names(&record["contact_customer_accounts"]);
        let mut lengths = vec![found.len()];
        let mut link = record["contact_customer_accounts@odata.nextLink"].as_str().map(str::to_owned);
        while let Some(next) = link.filter(|link| link.contains("$skiptoken=")) {
            let (path, query) =
                next.strip_prefix(crate::sandbox::dataverse::trial::ORIGIN).unwrap().split_once('?').unwrap();
            let page = trial.ask_verbatim("GET", path, query).header("prefer", prefer).answer().json();
            let more = names(&page["value"]);
            lengths.push(more.len());
            found.extend(more);
            link = page["@odata.nextLink"].as_str().map(str::to_owned);
        }
        (lengths, found)
    }

    #[test]
    fn beside_a_nested_expand_inner_collections_come_in_pages() {
        let mut trial = Trial::new();
        let account = crowded(&mut trial, 5);
        let inner = "contact_customer_accounts($select=lastname;$filter=department eq 'a & b')";
        let prefer = "odata.maxpagesize=2";
        let single = format!("{account}?$select=name&$expand={inner}");
        let one = trial.ask("GET", &single).header("prefer", prefer).answer().json();
        assert_eq!(one["contact_customer_accounts"].as_array().map(Vec::len), Some(5), "one level is not paged");
        let link = one["contact_customer_accounts@odata.nextLink"].as_str().unwrap();
        assert!(!link.contains("$skiptoken") && link.contains("department%20eq%20'a%20%26%20b'"), "{link}");
        let nested = format!("{single},primarycontactid($select=fullname;$expand=ownerid($select=ownerid))");
        let record = trial.ask("GET", &nested).header("prefer", prefer).answer().json();
        let (lengths, mut names) = followed(&mut trial, &record, prefer);
        names.sort_unstable();
        assert_eq!((lengths, names), (vec![2, 2, 1], ["x0", "x1", "x2", "x3", "x4"].map(str::to_owned).to_vec()));
        for refused in [
            "contact_customer_accounts($top=1),primarycontactid($expand=ownerid)",
            "contact_customer_accounts($orderby=lastname),primarycontactid($expand=ownerid)",
        ] {
            let (status, code, message) = trial.refused("GET", &format!("{account}?$expand={refused}"));
            assert_eq!((status, code.as_str()), (400, "0x80060888"), "{message}");
            assert!(message.starts_with("Only $select and $filter clause can be provided"), "{message}");
        }
    }

    #[test]
    fn an_order_cuts_every_expanded_collection() {
        let mut trial = Trial::new();
        let account = crowded(&mut trial, 5);
        trial.world.inner_page = Some(2);
        let filter = "$filter=startswith(lastname,'x')";
        let address = format!("{account}?$expand=contact_customer_accounts({filter};$orderby=lastname desc)");
        let record = trial.get(&address);
        let (lengths, names) = followed(&mut trial, &record, "");
        assert_eq!((lengths, names), (vec![2, 2, 1], ["x4", "x3", "x2", "x1", "x0"].map(str::to_owned).to_vec()));
        let fewer = trial.get(&format!("{account}?$expand=contact_customer_accounts({filter};$top=2)"));
        let link = fewer["contact_customer_accounts@odata.nextLink"].as_str().unwrap();
        assert!(!link.contains("$skiptoken"), "{link}");
    }

    #[test]
    fn a_lookup_may_be_expanded_to_its_address() {
        let mut trial = Trial::new();
        let account = "accounts(accountnumber='NL-0007')";
        let contact = trial.get(&format!("{account}/primarycontactid?$select=fullname"))["contactid"].clone();
        let contact = contact.as_str().unwrap();
        let json = trial.get(&format!("{account}?$select=name&$expand=primarycontactid/$ref"));
        assert_eq!(
            json["primarycontactid"]["@odata.id"],
            format!("http://127.0.0.1:5000/api/data/v9.2/contacts({contact})")
        );
        assert_eq!(json["_primarycontactid_value"], contact);
        for (expand, fragment) in [
            ("contact_customer_accounts/$ref", "only supported on lookup type"),
            ("primarycontactid/$ref($select=fullname)", "$select"),
            ("contact_customer_accounts($count=true)", "$count"),
            ("contact_customer_accounts($levels=2)", "$levels"),
            ("contact_customer_accounts($top=x)", "'x'"),
            ("accountleads_association($expand=ownerid)", "many-to-many"),
            ("primarycontactid($select=fullname;$select=lastname)", "'$select'"),
        ] {
            let (status, _, message) = trial.refused("GET", &format!("{account}?$expand={expand}"));
            assert!(status == 400 && message.contains(fragment), "{expand}: {message}");
        }
        let lookups = "createdby,modifiedby,owningbusinessunit,primarycontactid";
        let (many, fifteen) = (format!("{lookups},").repeat(4), format!("{lookups},").repeat(3));
        let nested = format!("{fifteen}createdby,modifiedby,primarycontactid($expand=ownerid)");
        for (expand, is_taken) in [(many + "createdby", false), (nested, false), (fifteen + "createdby", true)] {
            let answer = trial.ask("GET", &format!("{account}?$select=name&$expand={expand}")).answer();
            assert_eq!(answer.status == 200, is_taken, "{expand}");
        }
    }

    #[test]
    fn errors_carry_their_details_when_annotations_are_asked_for() {
        let mut trial = Trial::new();
        let plain = trial.ask("GET", "accounts(accountnumber='none')").answer();
        assert_eq!(plain.json()["error"].as_object().unwrap().len(), 2);
        let prefer = "odata.include-annotations=\"*\"";
        let detailed = trial.ask("GET", "accounts(accountnumber='none')").header("prefer", prefer).answer();
        let link = detailed.json()["error"]["@Microsoft.PowerApps.CDS.HelpLink"].clone();
        assert!(link.as_str().unwrap().contains("80060891"), "{link}");
    }
}
