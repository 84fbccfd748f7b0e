//! What the platform fills in by itself when a record is made or changed: defaults, owner, times, computed columns.
//! It never refuses anything: whoever calls has judged the values.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::sandbox::BUSINESS_UNIT_ID;
use crate::sandbox::data::{Access, Kind, Schema, Table};
use crate::sandbox::odata::Number;
use crate::sandbox::world::{Changes, Link, Row, Value, World, made_id};

/// The currency's exchange rate has this many digits after the point.
const RATE_SCALE: u32 = 10;
/// Money has this many digits after the point.
const MONEY_SCALE: u32 = 4;

/// What is numbered by itself: table, column, prefix.
const NUMBERED: [(&str, &str, &str); 4] = [
    ("incident", "ticketnumber", "CAS"),
    ("quote", "quotenumber", "QUO"),
    ("salesorder", "ordernumber", "ORD"),
    ("invoice", "invoicenumber", "INV"),
];

impl World {
    /// Makes a record: `changes` as given, the rest as the platform fills it in.
    pub fn create(&mut self, table: &'static Table, id: Uuid, changes: Changes, author: Uuid) {
        let mut draft = Draft::new(table, None, changes);
        draft.columns.insert(table.key, Some(Value::Id(id)));
        draft.fill_defaults();
        draft.fill_state();
        draft.set("isregularactivity", Value::Flag(true));
        draft.set("activitytypecode", Value::text(table.logical_name));
        let created = draft.value("overriddencreatedon").unwrap_or(Value::Moment(self.now()));
        draft.set("createdon", created);
        draft.set("createdby", user(author));
        if draft.value("ownerid").is_none() {
            draft.set("ownerid", user(author));
        }
        if matches!(table.logical_name, "systemuser" | "team") {
            draft.set("ownerid", Value::Id(id));
        }
        if let Some((_, column, prefix)) = NUMBERED.iter().find(|(numbered, ..)| *numbered == table.logical_name)
            && draft.value(column).is_none()
        {
            let [a, b, c, ..] = made_id(self.version()).into_bytes();
            let number = format!("{prefix}-{:05}-{a:02X}{b:02X}{c:02X}", self.version() % 100_000);
            draft.set(column, Value::text(number));
        }
        draft.derive(self);
        let changes = draft.finished(self.now(), author);
        self.write(table, id, changes);
        self.keep_document_in_step(table, id, None);
    }

    /// Changes a record: `changes` as given, the rest as the platform keeps it in step.
    pub fn update(&mut self, table: &'static Table, id: Uuid, changes: Changes, author: Uuid) {
        let mut draft = Draft::new(table, self.row(table, id), changes);
        draft.keep_status_in_step();
        draft.derive(self);
        let changes = draft.finished(self.now(), author);
        let before = self.document_of(table, id);
        self.write(table, id, changes);
        self.keep_document_in_step(table, id, before);
    }

    /// Adds up the document that a line belongs to, and the one it belonged to before.
    fn keep_document_in_step(&mut self, table: &'static Table, id: Uuid, before: Option<Link>) {
        let after = self.document_of(table, id);
        for document in [before.filter(|before| after != Some(*before)), after].into_iter().flatten() {
            self.add_up(table, document);
        }
    }

    /// The organisation's currency.
    fn currency(&self) -> Option<Value> {
        let table = Schema::of_sandbox().by_name("transactioncurrency")?;
        self.rows(table).next().map(|row| Value::Link(Link { table: table.index, id: row.id }))
    }
}

/// A lookup of a user.
fn user(id: Uuid) -> Value {
    let table = Schema::of_sandbox().by_name("systemuser").map_or(0, |table| table.index);
    Value::Link(Link { table, id })
}

/// A record as it is going to be.
struct Draft<'world> {
    table: &'static Table,
    row: Option<&'world Row>,
    columns: BTreeMap<u16, Option<Value>>,
}

impl<'world> Draft<'world> {
    fn new(table: &'static Table, row: Option<&'world Row>, changes: Changes) -> Self {
        Self { table, row, columns: changes.into_iter().collect() }
    }

    fn value(&self, column: &str) -> Option<Value> {
        let place = self.table.place(column)?;
        match self.columns.get(&place) {
            Some(written) => written.clone(),
            None => self.row.and_then(|row| row.value(place)).cloned(),
        }
    }

    fn is_written(&self, column: &str) -> bool {
        self.table.place(column).is_some_and(|place| self.columns.contains_key(&place))
    }

    fn set(&mut self, column: &str, value: impl Into<Option<Value>>) {
        if let Some(place) = self.table.place(column) {
            self.columns.insert(place, value.into());
        }
    }

    /// The changes to write, stamped.
    fn finished(mut self, now: Timestamp, author: Uuid) -> Changes {
        self.set("modifiedon", Value::Moment(now));
        self.set("modifiedby", user(author));
        self.columns.into_iter().collect()
    }

    fn fill_defaults(&mut self) {
        for (place, column) in self.table.places().filter(|(_, column)| column.access != Access::ReadOnly) {
            let default = match (&column.kind, column.default) {
                (Kind::Flag, _) => Value::Flag(false),
                (Kind::Choice(_), Some(value)) => Value::Whole(value),
                _ => continue,
            };
            self.columns.entry(place).or_insert(Some(default));
        }
    }

    /// The state a record begins in, unless it is given; a status alone decides the state.
    fn fill_state(&mut self) {
        let status = self.value("statuscode").and_then(|value| value.as_whole());
        let state = self.value("statecode").and_then(|value| value.as_whole());
        let state_of_status = status.and_then(|status| {
            let column = self.table.column(self.table.place("statuscode")?);
            column.label(status)?.state
        });
        let default = self.table.place("statecode").and_then(|place| self.table.column(place).default);
        let state = state.or(state_of_status).or(default).unwrap_or(0);
        self.set("statecode", Value::Whole(state));
        if status.is_none() {
            self.set("statuscode", first_status(self.table, state));
        }
    }

    fn keep_status_in_step(&mut self) {
        if self.is_written("statecode") && !self.is_written("statuscode") {
            let state = self.value("statecode").and_then(|value| value.as_whole()).unwrap_or(0);
            self.set("statuscode", first_status(self.table, state));
        }
    }

    /// Columns that follow from others.
    fn derive(&mut self, world: &World) {
        if self.is_written("firstname") || self.is_written("lastname") {
            let names = ["firstname", "lastname"].map(|column| self.value(column));
            let names: Vec<&str> = names.iter().flatten().filter_map(Value::as_text).collect();
            self.set("fullname", (!names.is_empty()).then(|| Value::text(names.join(" "))));
        }
        self.derive_owner();
        self.derive_customer();
        self.derive_line(world);
        self.derive_money(world);
        self.derive_addresses();
        self.derive_pictures(world);
        for body in ["documentbody", "body"] {
            if !self.is_file(body) {
                continue;
            }
            let length = self.value(body).and_then(|value| value.as_text().map(decoded_length));
            self.set("filesize", length.map(Value::Whole));
        }
        if self.table.logical_name == "annotation" && self.is_written("objectid") {
            let link = self.value("objectid").and_then(|value| value.as_link());
            let table = link.map(|link| Schema::of_sandbox().table(link.table).logical_name);
            self.set("objecttypecode", table.map(Value::text));
        }
    }

    fn is_file(&self, body: &str) -> bool {
        self.is_written(body) && matches!(self.table.logical_name, "annotation" | "activitymimeattachment")
    }

    /// Id, time and address of each picture that is written.
    fn derive_pictures(&mut self, world: &World) {
        let is_picture = |place: &u16| matches!(self.table.column(*place).kind, Kind::Image(_));
        let pictures: Vec<u16> = self.columns.keys().copied().filter(is_picture).collect();
        for place in pictures {
            let (table, name) = (self.table.logical_name, self.table.column(place).name);
            let is_there = self.columns.get(&place).is_some_and(Option::is_some);
            let id = made_id(u64::from(self.table.type_code) << 44 | (world.version() + 1) << 8 | u64::from(place));
            let timestamp = world.now().as_millisecond();
            let url = format!("/Image/download.aspx?Entity={table}&Attribute={name}&Id={id}&Timestamp={timestamp}");
            self.set(&format!("{name}id"), is_there.then_some(Value::Id(id)));
            self.set(&format!("{name}_timestamp"), is_there.then_some(Value::Whole(timestamp)));
            self.set(&format!("{name}_url"), is_there.then(|| Value::text(url)));
        }
    }

    fn derive_owner(&mut self) {
        let Some(owner) = self.value("ownerid").and_then(|value| value.as_link()) else { return };
        if !self.is_written("ownerid") {
            return;
        }
        let is_team = Schema::of_sandbox().table(owner.table).logical_name == "team";
        self.lead("owninguser", (!is_team).then_some(owner));
        self.lead("owningteam", is_team.then_some(owner));
        if let (Some(unit), Ok(id)) = (Schema::of_sandbox().by_name("businessunit"), BUSINESS_UNIT_ID.parse()) {
            self.lead("owningbusinessunit", Some(Link { table: unit.index, id }));
        }
    }

    /// Points a column to a record: by a lookup, or by the record's bare id where the column is no lookup.
    fn lead(&mut self, column: &str, link: Option<Link>) {
        let Some(place) = self.table.place(column) else { return };
        let is_lookup = !self.table.column(place).targets().is_empty();
        let value = link.map(|link| if is_lookup { Value::Link(link) } else { Value::Id(link.id) });
        self.columns.insert(place, value);
    }

    /// The read-only `accountid` and `contactid` beside a customer.
    fn derive_customer(&mut self) {
        for (customer, contact) in [("customerid", "contactid"), ("parentcustomerid", "parentcontactid")] {
            if !self.is_written(customer) {
                continue;
            }
            let link = self.value(customer).and_then(|value| value.as_link());
            let is_account = link.is_some_and(|link| Schema::of_sandbox().table(link.table).logical_name == "account");
            self.set("accountid", link.filter(|_| is_account).map(Value::Link));
            self.set(contact, link.filter(|_| !is_account).map(Value::Link));
        }
    }

    /// What a line of a document comes to; its price and its name are the product's unless they are given.
    fn derive_line(&mut self, world: &World) {
        const COUNTED: [&str; 5] = ["manualdiscountamount", "priceperunit", "productid", "quantity", "tax"];
        if self.table.place("extendedamount").is_none() || !COUNTED.iter().any(|column| self.is_written(column)) {
            return;
        }
        let product = self.value("productid").and_then(|value| world.linked(value.as_link()?));
        let of_product = |column: &str| {
            let (table, row) = product?;
            row.value(table.place(column)?).cloned()
        };
        for (column, from) in
            [("priceperunit".to_owned(), "price"), (format!("{}name", self.table.logical_name), "name")]
        {
            if self.value(&column).is_none() {
                self.set(&column, of_product(from));
            }
        }
        let number = |column: &str| self.value(column).and_then(|value| value.as_number()).unwrap_or(Number::whole(0));
        let base = number("priceperunit").times(number("quantity"), MONEY_SCALE);
        let extended = base.plus(number("manualdiscountamount").negated()).plus(number("tax")).with_scale(MONEY_SCALE);
        self.set("baseamount", Value::Number(base));
        self.set("extendedamount", Value::Number(extended));
    }

    /// Currency, rate and the amounts in the base currency; there is one currency, so the rate is one.
    fn derive_money(&mut self, world: &World) {
        let is_money = |place: &u16| matches!(self.table.column(*place).kind, Kind::Money(_));
        let money: Vec<u16> = self.columns.keys().copied().filter(is_money).collect();
        if money.is_empty() {
            return;
        }
        if self.value("transactioncurrencyid").is_none() {
            self.set("transactioncurrencyid", world.currency());
        }
        self.set("exchangerate", Value::Number(Number::whole(1).with_scale(RATE_SCALE)));
        for place in money {
            let amount = self.columns.get(&place).cloned().flatten();
            let name = self.table.column(place).name;
            if !name.ends_with("_base") {
                let base = amount.and_then(|value| value.as_number()).map(|number| number.with_scale(MONEY_SCALE));
                self.set(&format!("{name}_base"), base.map(Value::Number));
            }
        }
    }

    fn derive_addresses(&mut self) {
        const PARTS: [&str; 7] = ["line1", "line2", "line3", "city", "stateorprovince", "postalcode", "country"];
        for address in ["address1", "address2", "address3"] {
            if !PARTS.iter().any(|part| self.is_written(&format!("{address}_{part}"))) {
                continue;
            }
            let parts = PARTS.map(|part| self.value(&format!("{address}_{part}")));
            let [lines @ .., city, province, postcode, country] = &parts;
            let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_text).map(str::to_owned);
            let region: Vec<String> = [province, postcode].into_iter().filter_map(text).collect();
            let place: Vec<String> =
                text(city).into_iter().chain((!region.is_empty()).then(|| region.join(" "))).collect();
            let mut rows: Vec<String> = lines.iter().filter_map(text).collect();
            rows.extend((!place.is_empty()).then(|| place.join(", ")));
            rows.extend(text(country));
            let composite = (!rows.is_empty()).then(|| Value::text(rows.join("\r\n")));
            self.set(&format!("{address}_composite"), composite);
        }
    }
}

/// The status a state begins with.
fn first_status(table: &Table, state: i64) -> Option<Value> {
    let column = table.column(table.place("statuscode")?);
    let label = column.labels().iter().find(|label| label.state == Some(state))?;
    Some(Value::Whole(label.value))
}

/// How many bytes a base64 text stands for.
fn decoded_length(base64: &str) -> i64 {
    let padding = base64.bytes().rev().take_while(|byte| *byte == b'=').count();
    i64::try_from((base64.len() / 4 * 3).saturating_sub(padding)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World::empty("2026-11-23T10:00:00Z".parse().unwrap())
    }

    fn table(name: &str) -> &'static Table {
        Schema::of_sandbox().by_name(name).unwrap()
    }

    fn changes(table: &Table, cells: &[(&str, Value)]) -> Changes {
        cells.iter().map(|(name, value)| (table.place(name).unwrap(), Some(value.clone()))).collect()
    }

    fn text<'row>(world: &'row World, table: &Table, id: Uuid, column: &str) -> Option<&'row str> {
        world.row(table, id).unwrap().value(table.place(column).unwrap()).and_then(Value::as_text)
    }

    #[test]
    fn a_new_record_is_given_owner_times_state_and_name() {
        let (mut world, contact, author) = (world(), table("contact"), made_id(7));
        let id = world.next_id(contact);
        let given = changes(contact, &[("firstname", Value::text("Zoë")), ("lastname", Value::text("O'Brien"))]);
        world.create(contact, id, given, author);
        assert_eq!(text(&world, contact, id, "fullname"), Some("Zoë O'Brien"));
        let value = |name: &str| world.row(contact, id).unwrap().value(contact.place(name).unwrap()).cloned();
        assert_eq!(value("createdon"), Some(Value::Moment(world.now())));
        assert_eq!(value("ownerid"), Some(user(author)));
        assert_eq!(value("owninguser"), Some(user(author)));
        assert_eq!(value("statuscode"), Some(Value::Whole(1)));
        assert_eq!(value("donotemail"), Some(Value::Flag(false)));
        assert_eq!(value("preferredcontactmethodcode"), Some(Value::Whole(1)));
    }

    #[test]
    fn a_change_of_state_takes_its_first_status_along() {
        let (mut world, task, author) = (world(), table("task"), made_id(7));
        let id = world.next_id(task);
        world.create(task, id, Vec::new(), author);
        let status = |world: &World| world.row(task, id).unwrap().value(task.place("statuscode").unwrap()).cloned();
        assert_eq!(status(&world), Some(Value::Whole(2)));
        let version = world.row(task, id).unwrap().version;
        world.update(task, id, changes(task, &[("statecode", Value::Whole(1))]), author);
        assert_eq!(status(&world), Some(Value::Whole(5)));
        assert!(world.row(task, id).unwrap().version > version);
    }

    #[test]
    fn a_removed_record_leaves_no_lookup_behind() {
        let (mut world, account, contact, author) = (world(), table("account"), table("contact"), made_id(7));
        let (parent, child) = (made_id(1), made_id(2));
        world.create(account, parent, changes(account, &[("accountnumber", Value::text("A-1"))]), author);
        let link = Value::Link(Link { table: account.index, id: parent });
        world.create(contact, child, changes(contact, &[("parentcustomerid", link.clone())]), author);
        let customer =
            |world: &World, name: &str| world.row(contact, child).unwrap().value(contact.place(name).unwrap()).cloned();
        assert_eq!(customer(&world, "accountid"), Some(link));
        let number = account.place("accountnumber").unwrap();
        assert_eq!(world.by_alternate_key(account, number, &Value::text("a-1")), Some(parent));
        assert!(world.remove(account, parent));
        assert!(!world.remove(account, parent));
        assert_eq!(customer(&world, "parentcustomerid"), None);
        assert_eq!(world.by_alternate_key(account, number, &Value::text("A-1")), None);
    }

    #[test]
    fn an_address_is_written_out_in_one_column() {
        let (mut world, account) = (world(), table("account"));
        let cells = [("address1_line1", "Kaj 4"), ("address1_city", "Århus"), ("address1_postalcode", "8000")];
        let cells = cells.map(|(name, text)| (name, Value::text(text)));
        world.create(account, made_id(1), changes(account, &cells), made_id(7));
        assert_eq!(text(&world, account, made_id(1), "address1_composite"), Some("Kaj 4\r\nÅrhus, 8000"));
    }
}
