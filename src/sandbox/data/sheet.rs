//! Writing records by column name, for the demo company. It never answers a request.

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::sandbox::data::{Schema, Table};
use crate::sandbox::odata::Number;
use crate::sandbox::world::{Changes, Link, Value, World, made_id};

/// An author writing into a world.
pub(super) struct Sheet<'world> {
    /// Where the records go.
    pub(super) world: &'world mut World,
    /// Who makes them.
    pub(super) author: Uuid,
}

impl Sheet<'_> {
    /// Adds a record; an unknown table is left out.
    pub(super) fn add(&mut self, table: &str, id: Uuid, fill: impl FnOnce(&mut Cells)) {
        let Some(table) = Schema::of_sandbox().by_name(table) else { return };
        let mut cells = Cells { table, changes: Vec::new() };
        fill(&mut cells);
        self.world.create(table, id, cells.changes, self.author);
    }

    /// Adds a record that was made at `moment`.
    pub(super) fn add_at(&mut self, moment: Timestamp, table: &str, id: Uuid, fill: impl FnOnce(&mut Cells)) {
        let now = self.world.now();
        self.world.set_time(moment);
        self.add(table, id, fill);
        self.world.set_time(now);
    }

    /// Changes a record.
    pub(super) fn change(&mut self, table: &str, id: Uuid, fill: impl FnOnce(&mut Cells)) {
        let Some(table) = Schema::of_sandbox().by_name(table) else { return };
        let mut cells = Cells { table, changes: Vec::new() };
        fill(&mut cells);
        self.world.update(table, id, cells.changes, self.author);
    }
}

/// The GUID of the `nth` demo record of a table.
pub(super) fn made(table: &str, nth: u64) -> Uuid {
    let code = Schema::of_sandbox().by_name(table).map_or(0, |table| table.type_code);
    made_id(u64::from(code) << 40 | 1 << 32 | nth)
}

/// The values of one record, by column name; what the table does not have is left out.
pub(super) struct Cells {
    table: &'static Table,
    changes: Changes,
}

impl Cells {
    fn put(&mut self, column: &str, value: Option<Value>) -> &mut Self {
        if let (Some(place), Some(value)) = (self.table.place(column), value) {
            self.changes.push((place, Some(value)));
        }
        self
    }

    /// Text; empty text is left out.
    pub(super) fn text(&mut self, column: &str, text: &str) -> &mut Self {
        self.put(column, (!text.is_empty()).then(|| Value::text(text)))
    }

    /// A whole number or a choice.
    pub(super) fn whole(&mut self, column: &str, value: i64) -> &mut Self {
        self.put(column, Some(Value::Whole(value)))
    }

    /// A number with a fraction, at the scale it is written with.
    pub(super) fn number(&mut self, column: &str, text: &str) -> &mut Self {
        let scale = text.split_once('.').map_or(0, |(_, fraction)| u32::try_from(fraction.len()).unwrap_or(0));
        self.put(column, Number::parse(text).map(|number| Value::Number(number.with_scale(scale))))
    }

    /// Money in ten-thousandths.
    pub(super) fn money(&mut self, column: &str, ten_thousandths: i64) -> &mut Self {
        self.put(column, Some(Value::Number(Number::new(i128::from(ten_thousandths), 4))))
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, column: &str, value: bool) -> &mut Self {
        self.put(column, Some(Value::Flag(value)))
    }

    /// A GUID.
    pub(super) fn guid(&mut self, column: &str, id: Uuid) -> &mut Self {
        self.put(column, Some(Value::Id(id)))
    }

    /// A lookup.
    pub(super) fn link(&mut self, column: &str, table: &str, id: Uuid) -> &mut Self {
        let table = Schema::of_sandbox().by_name(table);
        self.put(column, table.map(|table| Value::Link(Link { table: table.index, id })))
    }

    /// A date.
    pub(super) fn day(&mut self, column: &str, day: Date) -> &mut Self {
        self.put(column, Some(Value::Day(day)))
    }

    /// A date with a time.
    pub(super) fn moment(&mut self, column: &str, moment: Timestamp) -> &mut Self {
        self.put(column, Some(Value::Moment(moment)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_the_demo_company_writes_exists() {
        let source = [
            include_str!("people.rs"),
            include_str!("northlight.rs"),
            include_str!("work.rs"),
            include_str!("projects.rs"),
            include_str!("parties.rs"),
            include_str!("sales.rs"),
        ]
        .concat();
        let known = |column: &str| Schema::of_sandbox().tables().iter().any(|table| table.place(column).is_some());
        let mut seen = 0;
        for kind in ["text", "whole", "number", "money", "flag", "guid", "link", "day", "moment"] {
            for call in source.split(&format!(".{kind}(\"")).skip(1) {
                let column = call.split('"').next().unwrap();
                assert!(known(column), "{column}");
                seen += 1;
            }
        }
        assert!(seen > 60, "{seen}");
    }
}
