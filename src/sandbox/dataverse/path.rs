//! Properties by name, perhaps through lookups. It never compares their values.

use crate::sandbox::data::{Column, Schema, Table};
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::world::{Row, Value, World};

/// A property of a record, or of one that its lookups lead to.
#[derive(Debug, Clone)]
pub(super) struct Path {
    steps: Vec<Step>,
    /// The place of the table the property belongs to.
    table: u16,
    column: u16,
}

#[derive(Debug, Clone)]
struct Step {
    lookup: u16,
    target: u16,
}

impl Path {
    /// Looks up the names of a path.
    pub fn resolve(table: &'static Table, names: &[String]) -> Result<Self, Refusal> {
        let (mut steps, mut at) = (Vec::new(), table);
        let [through @ .., last] = names else {
            return Err(Refusal::unknown_property("", &table.type_name()));
        };
        for name in through {
            let unknown = || Refusal::unknown_property(name, &at.type_name());
            let (lookup, _) = at.navigation(name).ok_or_else(unknown)?;
            let targets = at.navigation_targets(name);
            let [target] = targets.as_slice() else {
                // Only users and teams share one navigation property, and their common type has no names.
                return Err(Refusal::unknown_property(last, "Microsoft.Dynamics.CRM.principal"));
            };
            let target = Schema::of_sandbox().by_name(target).ok_or_else(unknown)?;
            steps.push(Step { lookup, target: target.index });
            at = target;
        }
        let column = at.property(last).ok_or_else(|| Refusal::unknown_property(last, &at.type_name()))?;
        Ok(Self { steps, table: at.index, column })
    }

    /// A column of the table itself.
    pub fn of_column(table: &Table, column: u16) -> Self {
        Self { steps: Vec::new(), table: table.index, column }
    }

    /// The table the path ends at.
    pub fn table(&self) -> &'static Table {
        Schema::of_sandbox().table(self.table)
    }

    /// The column the path ends at.
    pub fn column(&self) -> &'static Column {
        Schema::of_sandbox().table(self.table).column(self.column)
    }

    /// The value the path leads to from a record.
    pub fn value<'world>(&self, world: &'world World, row: &'world Row) -> Option<&'world Value> {
        let mut at = row;
        for step in &self.steps {
            let link = at.value(step.lookup)?.as_link().filter(|link| link.table == step.target)?;
            at = world.linked(link)?.1;
        }
        at.value(self.column)
    }
}
