//! A record as JSON, with the annotations that were asked for. It never chooses records.

use crate::sandbox::data::{Kind, Schema, Table};
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
        && let Some(text) = formatted(world, table, row, column, value)
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
    let shown = rows.iter().take(expansion.top).map(|row| record(world, exchange, other, row, shape, None));
    object.raw(&expansion.name, &array(shown));
    // The service adds this link even when everything was shown; only one with a `$skiptoken` means there is more.
    let query = if expansion.written.is_empty() { String::new() } else { format!("?{}", expansion.written) };
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
            &$expand=primarycontactid($select=fullname;$expand=ownerid($select=ownerid)),contact_customer_accounts($select=fullname;$top=1;$orderby=fullname desc)";
        let json = trial.get(address);
        let rows = json["value"].as_array().unwrap();
        let (known, unknown) =
            if rows[0]["primarycontactid"].is_null() { (&rows[1], &rows[0]) } else { (&rows[0], &rows[1]) };
        assert!(unknown["primarycontactid"].is_null() && unknown.as_object().unwrap().contains_key("primarycontactid"));
        assert!(known["primarycontactid"]["fullname"].is_string());
        assert_eq!(known["contact_customer_accounts"].as_array().unwrap().len(), 1);
        let link = known["contact_customer_accounts@odata.nextLink"].as_str().unwrap();
        assert!(link.contains("/contact_customer_accounts?$select=fullname") && !link.contains("skiptoken"), "{link}");
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
