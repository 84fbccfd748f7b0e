//! How columns are written in code and called by people, read once from `names.txt`. It never changes what is on the wire.

use std::collections::HashMap;
use std::sync::LazyLock;

static NAMES: LazyLock<HashMap<String, Name>> = LazyLock::new(|| read(include_str!("names.txt")));

/// What a column is called besides its logical name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// Its schema name: `PrimaryContactId`.
    pub schema: String,
    /// Its name for people: `Primary Contact`.
    pub label: String,
}

/// The names of a column of a table; one that nobody named is called as it is written.
pub(crate) fn name_of(table: &str, column: &str) -> Name {
    let found = NAMES.get(&format!("{table}.{column}")).or_else(|| NAMES.get(column));
    if let Some(name) = found {
        return name.clone();
    }
    match column.strip_suffix("_base") {
        Some(money) => {
            let Name { schema, label } = name_of(table, money);
            Name { schema: format!("{schema}_Base"), label: format!("{label} (Base)") }
        }
        None => Name { schema: column.to_owned(), label: column.to_owned() },
    }
}

fn read(text: &str) -> HashMap<String, Name> {
    let mut names = HashMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(" = ") {
            Some((written, label)) if written.contains('#') => {
                for number in ["1", "2", "3"] {
                    add(&mut names, &written.replace('#', number), label.replace('#', number));
                }
            }
            Some((written, label)) => add(&mut names, written, label.to_owned()),
            None => line.split_whitespace().for_each(|written| add(&mut names, written, words(written))),
        }
    }
    names
}

fn add(names: &mut HashMap<String, Name>, written: &str, label: String) {
    let schema = written.split_once('.').map_or(written, |(_, schema)| schema).to_owned();
    names.insert(written.to_lowercase(), Name { schema, label });
}

/// `DeliveryReceiptRequested` as `Delivery Receipt Requested`.
fn words(schema: &str) -> String {
    let schema = schema.split_once('_').filter(|(prefix, _)| *prefix == "nl").map_or(schema, |(_, name)| name);
    let letters: Vec<char> = schema.chars().collect();
    let mut text = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let after_small = at > 0 && letters[at - 1].is_lowercase();
        let before_small = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        let begins = letter.is_uppercase() && at > 0 && (after_small || before_small && letters[at - 1].is_uppercase())
            || letter.is_ascii_digit() && after_small;
        if begins {
            text.push(' ');
        }
        text.push(*letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::data::Schema;

    #[test]
    fn every_column_is_called_by_a_name_for_people() {
        for table in Schema::of_sandbox().tables() {
            for column in &table.columns {
                let name = name_of(table.logical_name, column.name);
                let what = format!("{}.{}: {name:?}", table.logical_name, column.name);
                assert_eq!(name.schema.to_lowercase(), column.name, "{what}");
                assert!(name.label.starts_with(char::is_uppercase), "{what}");
                assert!(!name.label.contains('_'), "{what}");
                // A long name that reads as one word is one that nobody cut.
                let longest = name.label.split([' ', '/', '-', ':']).map(str::len).max().unwrap_or_default();
                assert!(longest <= 15, "{what}");
            }
        }
    }

    #[test]
    fn names_that_are_given_stand_in_the_schema() {
        let schema = Schema::of_sandbox();
        let known = |key: &str| match key.split_once('.') {
            Some((table, column)) => schema.by_name(table).is_some_and(|table| table.place(column).is_some()),
            None => schema.tables().iter().any(|table| table.place(key).is_some()),
        };
        let unknown: Vec<&String> = NAMES.keys().filter(|key| !known(key)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn names_read_as_the_service_has_them() {
        for (table, column, schema, label) in [
            ("account", "primarysatoriid", "PrimarySatoriId", "Primary Satori ID"),
            ("account", "name", "Name", "Account Name"),
            ("contact", "telephone1", "Telephone1", "Business Phone"),
            ("account", "telephone1", "Telephone1", "Main Phone"),
            ("account", "address2_city", "Address2_City", "Address 2: City"),
            ("account", "revenue_base", "Revenue_Base", "Annual Revenue (Base)"),
            ("lead", "donotpostalmail", "DoNotPostalMail", "Do not allow Mails"),
            ("account", "yominame", "YomiName", "Yomi Account Name"),
            ("email", "deliveryreceiptrequested", "DeliveryReceiptRequested", "Delivery Receipt Requested"),
            ("nl_project", "nl_startson", "nl_StartsOn", "Starts On"),
            ("nl_project", "nl_budget", "nl_Budget", "Budget"),
            ("nl_project", "nl_budget_base", "nl_Budget_Base", "Budget (Base)"),
        ] {
            let expected = Name { schema: schema.to_owned(), label: label.to_owned() };
            assert_eq!(name_of(table, column), expected, "{table}.{column}");
        }
    }
}
