//! Navigation properties: where they lead from a record, and tying records together by one. It never shows what is found
//! there.

use uuid::Uuid;

use crate::sandbox::data::{Schema, Table};
use crate::sandbox::world::{Link, Row, Value, World};

/// A navigation property of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// Through a lookup, to one record of one of some tables. A lookup may hold a record that this way does not lead to.
    Lookup {
        /// The lookup's place.
        column: u16,
        /// Tables it leads to.
        targets: Vec<&'static str>,
    },
    /// To the records whose lookup points here.
    Collection {
        /// Their table.
        table: u16,
        /// Their lookup.
        column: u16,
    },
    /// To the other side of a many-to-many relationship.
    Association {
        /// The relationship's place in the schema.
        place: usize,
        /// The other table.
        table: u16,
        /// Whether this side is the first.
        from_left: bool,
    },
}

impl Way {
    /// The navigation property of a table by its name; case counts.
    pub fn find(table: &Table, name: &str) -> Option<Self> {
        if let Some((column, _)) = table.navigation(name) {
            return Some(Self::Lookup { column, targets: table.navigation_targets(name) });
        }
        if let Some(collection) = table.collection(name) {
            return Some(Self::Collection { table: collection.table, column: collection.column });
        }
        let associations = &Schema::of_sandbox().associations;
        let place = associations.iter().position(|association| association.name == name)?;
        let (left, right) = (associations[place].left, associations[place].right);
        if left == table.index {
            Some(Self::Association { place, table: right, from_left: true })
        } else if right == table.index {
            Some(Self::Association { place, table: left, from_left: false })
        } else {
            None
        }
    }

    /// The one record a lookup leads to.
    pub fn one<'world>(&self, world: &'world World, row: &Row) -> Option<(&'static Table, &'world Row)> {
        let Self::Lookup { column, targets } = self else { return None };
        let link = row.value(*column)?.as_link()?;
        world.linked(link).filter(|(table, _)| targets.contains(&table.logical_name))
    }

    /// The records a collection leads to, with their table; `None` for a lookup.
    pub fn many(&self, world: &World, from: &Table, id: Uuid) -> Option<(&'static Table, Vec<Uuid>)> {
        let schema = Schema::of_sandbox();
        match self {
            Self::Lookup { .. } => None,
            Self::Collection { table, column } => {
                let table = schema.table(*table);
                let link = Value::Link(Link { table: from.index, id });
                let points = |row: &&Row| row.value(*column) == Some(&link);
                Some((table, world.rows(table).filter(points).map(|row| row.id).collect()))
            }
            Self::Association { place, table, from_left } => {
                Some((schema.table(*table), world.associated(*place, *from_left, id)))
            }
        }
    }

    /// Ties a record of the table at the other end of a collection to the record `id`; `false` when it is tied already.
    pub fn tie(&self, world: &mut World, from: &Table, id: Uuid, other: Uuid, author: Uuid) -> bool {
        match self {
            Self::Lookup { .. } => false,
            Self::Collection { table, column } => {
                let link = Value::Link(Link { table: from.index, id });
                world.update(Schema::of_sandbox().table(*table), other, vec![(*column, Some(link))], author);
                true
            }
            Self::Association { place, from_left, .. } => {
                let (left, right) = if *from_left { (id, other) } else { (other, id) };
                world.associate(*place, left, right)
            }
        }
    }

    /// Takes that tie away again.
    pub fn untie(&self, world: &mut World, id: Uuid, other: Uuid, author: Uuid) {
        match self {
            Self::Lookup { .. } => {}
            Self::Collection { table, column } => {
                world.update(Schema::of_sandbox().table(*table), other, vec![(*column, None)], author);
            }
            Self::Association { place, from_left, .. } => {
                let (left, right) = if *from_left { (id, other) } else { (other, id) };
                world.disassociate(*place, left, right);
            }
        }
    }
}
