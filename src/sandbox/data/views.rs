//! Views: the public ones that come with the tables, and two that the demo user made. They are records like all others.

use crate::sandbox::data::schema::Schema;
use crate::sandbox::data::sheet::{Sheet, made};

/// Table, plural, the columns shown, the words for records that are done with.
const TABLES: [(&str, &str, &[&str], &str); 6] = [
    ("account", "Accounts", &["name", "telephone1", "address1_city", "primarycontactid"], "Inactive"),
    ("contact", "Contacts", &["fullname", "parentcustomerid", "emailaddress1", "telephone1"], "Inactive"),
    ("lead", "Leads", &["fullname", "subject", "statuscode", "createdon"], "Closed"),
    ("opportunity", "Opportunities", &["name", "estimatedvalue", "estimatedclosedate", "customerid"], "Closed"),
    ("incident", "Cases", &["title", "ticketnumber", "prioritycode", "customerid"], "Resolved"),
    ("task", "Tasks", &["subject", "regardingobjectid", "prioritycode", "scheduledend"], "Completed"),
];

/// Hangs the views up.
pub(super) fn hang(sheet: &mut Sheet<'_>) {
    let mut nth = 0;
    for (table, plural, columns, closed) in TABLES {
        let mine = "<condition attribute=\"ownerid\" operator=\"eq-userid\" />";
        let state =
            |operator: &str| format!("<condition attribute=\"statecode\" operator=\"{operator}\" value=\"0\" />");
        for (name, conditions, is_default) in [
            (format!("Active {plural}"), state("eq"), true),
            (format!("My Active {plural}"), format!("{}{mine}", state("eq")), false),
            (format!("{closed} {plural}"), state("ne"), false),
            (format!("All {plural}"), String::new(), false),
        ] {
            nth += 1;
            sheet.add("savedquery", made("savedquery", nth), |it| {
                it.text("name", &name).text("returnedtypecode", table).flag("isdefault", is_default);
                it.text("fetchxml", &fetch(table, columns, &conditions)).text("layoutxml", &layout(table, columns));
                it.whole("querytype", 0);
            });
        }
    }
    let big = "<condition attribute=\"revenue\" operator=\"gt\" value=\"1000000\" />";
    for (nth, name) in [(1, "Big Fish"), (2, "All Accounts")] {
        sheet.add("userquery", made("userquery", nth), |it| {
            it.text("name", name).text("returnedtypecode", "account").whole("querytype", 0);
            it.text("fetchxml", &fetch("account", &["name", "revenue"], big));
            it.text("layoutxml", &layout("account", &["name", "revenue"]));
        });
    }
}

fn fetch(table: &str, columns: &[&str], conditions: &str) -> String {
    let key = Schema::of_sandbox().by_name(table).map_or("", |table| table.column(table.key).name);
    let attributes: String =
        columns.iter().chain([&key]).map(|name| ["<attribute name=\"", name, "\" />"].concat()).collect();
    let order = columns.first().map(|name| format!("<order attribute=\"{name}\" descending=\"false\" />"));
    format!(
        "<fetch version=\"1.0\" output-format=\"xml-platform\" mapping=\"logical\"><entity name=\"{table}\">{attributes}{}\
         <filter type=\"and\">{conditions}</filter></entity></fetch>",
        order.unwrap_or_default()
    )
}

fn layout(table: &str, columns: &[&str]) -> String {
    let schema = Schema::of_sandbox().by_name(table);
    let (key, code) = schema.map_or(("", 0), |table| (table.column(table.key).name, table.type_code));
    let cells: String = columns.iter().map(|name| ["<cell name=\"", name, "\" width=\"150\" />"].concat()).collect();
    format!(
        "<grid name=\"resultset\" object=\"{code}\" jump=\"name\" select=\"1\" icon=\"1\" preview=\"1\"><row name=\"result\" \
         id=\"{key}\">{cells}</row></grid>"
    )
}
