//! One record: its values by column place. It never knows its table.

use uuid::Uuid;

use crate::sandbox::world::Value;

/// A record.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Primary key.
    pub id: Uuid,
    /// The row version, which only grows.
    pub version: u64,
    cells: Vec<(u16, Value)>,
}

/// Values to write, by column place; `None` clears.
pub(crate) type Changes = Vec<(u16, Option<Value>)>;

impl Row {
    /// An empty record.
    pub fn new(id: Uuid) -> Self {
        Self { id, version: 0, cells: Vec::new() }
    }

    /// The value of a column; `None` is null.
    pub fn value(&self, column: u16) -> Option<&Value> {
        let at = self.cells.binary_search_by_key(&column, |(place, _)| *place).ok()?;
        Some(&self.cells[at].1)
    }

    /// Writes a column and hands back what stood there.
    pub fn set(&mut self, column: u16, value: Option<Value>) -> Option<Value> {
        match (self.cells.binary_search_by_key(&column, |(place, _)| *place), value) {
            (Ok(at), Some(value)) => Some(std::mem::replace(&mut self.cells[at].1, value)),
            (Ok(at), None) => Some(self.cells.remove(at).1),
            (Err(at), Some(value)) => {
                self.cells.insert(at, (column, value));
                None
            }
            (Err(_), None) => None,
        }
    }

    /// All values that are not null.
    pub fn cells(&self) -> &[(u16, Value)] {
        &self.cells
    }

    /// `W/"123"`.
    pub fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }
}
