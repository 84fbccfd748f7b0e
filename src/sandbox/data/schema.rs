//! The tables of the sandbox and their columns, read once from `tables.txt`. It never holds a record.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::sandbox::data::column::{Column, Kind, Target};

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::read(include_str!("tables.txt")));

/// Every table the sandbox knows, with the relationships between them.
pub(crate) struct Schema {
    tables: Vec<Table>,
    by_set: HashMap<&'static str, usize>,
    by_name: HashMap<&'static str, usize>,
    /// Many-to-many relationships.
    pub associations: Vec<Association>,
}

/// A table.
pub(crate) struct Table {
    /// Its place in the schema.
    pub index: u16,
    /// Logical name: `account`.
    pub logical_name: &'static str,
    /// Schema name: `Account`.
    pub schema_name: &'static str,
    /// Entity set name: `accounts`.
    pub set_name: &'static str,
    /// Object type code.
    pub type_code: u32,
    /// The columns in alphabetical order; a column is known by its place here.
    pub columns: Vec<Column>,
    /// The primary key.
    pub key: u16,
    /// The primary name, where there is one.
    pub name: Option<u16>,
    /// The columns that are alternate keys, one each.
    pub alternate_keys: Vec<u16>,
    /// The collections other tables' lookups make here.
    pub collections: Vec<Collection>,
    by_name: HashMap<&'static str, u16>,
}

/// A one-to-many navigation property.
pub(crate) struct Collection {
    /// Name of the navigation property and of the relationship.
    pub name: &'static str,
    /// The table whose lookup points here.
    pub table: u16,
    /// The lookup.
    pub column: u16,
}

/// A many-to-many relationship; its name is the navigation property on both sides.
pub(crate) struct Association {
    /// The name.
    pub name: &'static str,
    /// The first table.
    pub left: u16,
    /// The second table.
    pub right: u16,
}

impl Association {
    /// The logical name of the table that holds the pairs; the sandbox has no such table.
    pub fn intersection(&self) -> &'static str {
        self.name.trim_end_matches("_association")
    }
}

impl Schema {
    /// The one schema.
    pub fn of_sandbox() -> &'static Self {
        &SCHEMA
    }

    /// The tables in the order of the file.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The table at a place.
    pub fn table(&self, index: u16) -> &Table {
        &self.tables[usize::from(index)]
    }

    /// The table of an entity set; case counts.
    pub fn by_set(&self, set_name: &str) -> Option<&Table> {
        self.by_set.get(set_name).map(|index| &self.tables[*index])
    }

    /// The table of a logical name; case counts.
    pub fn by_name(&self, logical_name: &str) -> Option<&Table> {
        self.by_name.get(logical_name).map(|index| &self.tables[*index])
    }

    fn read(text: &'static str) -> Self {
        let mut schema =
            Self { tables: Vec::new(), by_set: HashMap::new(), by_name: HashMap::new(), associations: Vec::new() };
        let mut lines = text.lines().filter(|line| !line.starts_with('#')).peekable();
        while let Some(line) = lines.next() {
            let fields: Vec<&'static str> = line.split('\t').collect();
            match fields.as_slice() {
                ["table", header @ ..] => {
                    let mut columns = Vec::new();
                    while let Some(column) = lines.next_if(|line| line.starts_with('\t')) {
                        columns.extend(Column::read(column.trim_start()));
                    }
                    let index = schema.tables.len();
                    if let Some(table) = Table::read(index, header, columns) {
                        schema.by_set.insert(table.set_name, index);
                        schema.by_name.insert(table.logical_name, index);
                        schema.tables.push(table);
                    }
                }
                ["many", name, left, right] => schema.associate(name, left, right),
                _ => {}
            }
        }
        schema.collect();
        schema
    }

    fn associate(&mut self, name: &'static str, left: &str, right: &str) {
        if let (Some(left), Some(right)) = (self.by_name(left), self.by_name(right)) {
            self.associations.push(Association { name, left: left.index, right: right.index });
        }
    }

    /// Gives every table the collections that other tables' lookups make on it.
    fn collect(&mut self) {
        let mut found = Vec::new();
        for table in &self.tables {
            for (place, column) in (0_u16..).zip(&table.columns) {
                for target in column.targets().iter().filter(|target| !target.collection.is_empty()) {
                    if let Some(owner) = self.by_name.get(target.table) {
                        let collection = Collection { name: target.collection, table: table.index, column: place };
                        found.push((*owner, collection));
                    }
                }
            }
        }
        for (owner, collection) in found {
            self.tables[owner].collections.push(collection);
        }
    }
}

impl Table {
    fn read(index: usize, header: &[&'static str], columns: Vec<Column>) -> Option<Self> {
        let [logical_name, schema_name, set_name, key, name, type_code, alternate_keys] = header else { return None };
        let by_name: HashMap<_, _> = columns.iter().map(|column| column.name).zip(0_u16..).collect();
        Some(Self {
            index: u16::try_from(index).ok()?,
            logical_name,
            schema_name,
            set_name,
            type_code: type_code.parse().ok()?,
            key: *by_name.get(key)?,
            name: by_name.get(name).copied(),
            alternate_keys: alternate_keys.split(',').filter_map(|key| by_name.get(key).copied()).collect(),
            collections: Vec::new(),
            columns,
            by_name,
        })
    }

    /// The column at a place.
    pub fn column(&self, place: u16) -> &Column {
        &self.columns[usize::from(place)]
    }

    /// The columns with their places.
    pub fn places(&self) -> impl Iterator<Item = (u16, &Column)> {
        (0_u16..).zip(&self.columns)
    }

    /// The place of a column by its logical name.
    pub fn place(&self, logical_name: &str) -> Option<u16> {
        self.by_name.get(logical_name).copied()
    }

    /// The place of a column by its name on the wire: lookups are `_x_value`, party lists are no property.
    pub fn property(&self, name: &str) -> Option<u16> {
        if let Some(lookup) = name.strip_prefix('_').and_then(|name| name.strip_suffix("_value")) {
            return self.place(lookup).filter(|place| matches!(self.column(*place).kind, Kind::Lookup(_)));
        }
        self.place(name).filter(|place| self.column(*place).is_plain())
    }

    /// The lookup and target of a single-valued navigation property. Activities also answer to the names their base
    /// type has: `ownerid` beside `ownerid_task`.
    pub fn navigation(&self, name: &str) -> Option<(u16, &Target)> {
        self.places()
            .find_map(|(place, column)| {
                column.targets().iter().find(|target| target.navigation == name).map(|target| (place, target))
            })
            .or_else(|| {
                let place = self.place(name).filter(|_| self.is_activity())?;
                let column = self.column(place);
                let is_inherited = column.targets().iter().all(|target| target.navigation.len() > name.len());
                column.targets().first().filter(|_| is_inherited && name != "regardingobjectid").map(|it| (place, it))
            })
    }

    /// The tables a single-valued navigation property may lead to.
    pub fn navigation_targets(&self, name: &str) -> Vec<&'static str> {
        let Some((place, target)) = self.navigation(name) else { return Vec::new() };
        let navigation = target.navigation;
        let targets = self.column(place).targets().iter();
        targets.filter(|target| target.navigation == navigation).map(|target| target.table).collect()
    }

    /// A one-to-many navigation property.
    pub fn collection(&self, name: &str) -> Option<&Collection> {
        self.collections.iter().find(|collection| collection.name == name)
    }

    /// Whether records are activities.
    pub fn is_activity(&self) -> bool {
        self.place("activitytypecode").is_some()
    }

    /// `Microsoft.Dynamics.CRM.account`.
    pub fn type_name(&self) -> String {
        format!("Microsoft.Dynamics.CRM.{}", self.logical_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_file_is_understood() {
        let text = include_str!("tables.txt");
        let schema = Schema::of_sandbox();
        let lines = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(schema.tables().len(), lines("table\t"));
        assert_eq!(schema.tables().iter().map(|table| table.columns.len()).sum::<usize>(), lines("\t"));
        assert_eq!(schema.associations.len(), lines("many\t"));
    }

    #[test]
    fn columns_stand_in_alphabetical_order_and_defaults_are_choices() {
        for table in Schema::of_sandbox().tables() {
            assert!(table.columns.is_sorted_by_key(|column| column.name), "{}", table.logical_name);
            for column in &table.columns {
                if let Some(default) = column.default {
                    assert!(column.label(default).is_some(), "{} {}", table.logical_name, column.name);
                }
                for target in column.targets() {
                    assert!(!target.navigation.is_empty(), "{} {}", table.logical_name, column.name);
                }
            }
        }
    }

    #[test]
    fn names_on_the_wire_lead_to_columns() {
        let account = Schema::of_sandbox().by_set("accounts").unwrap();
        assert!(account.property("_primarycontactid_value").is_some());
        assert!(account.property("primarycontactid").is_none());
        assert!(account.property("Name").is_none());
        assert!(account.property("_name_value").is_none());
        assert!(account.navigation("primarycontactid").is_some());
        assert!(account.collection("contact_customer_accounts").is_some());
        let task = Schema::of_sandbox().by_name("task").unwrap();
        assert_eq!(task.navigation("regardingobjectid_lead_task").unwrap().1.table, "lead");
        assert_eq!(task.navigation("ownerid").unwrap().1.navigation, "ownerid_task");
        assert!(task.navigation("regardingobjectid").is_none());
        assert_eq!(task.navigation_targets("ownerid_task"), ["systemuser", "team"]);
        assert!(Schema::of_sandbox().by_set("Accounts").is_none());
    }
}
