//! `$orderby`: the order of records, made total by their GUIDs. It never pages.

use std::cmp::Ordering;

use uuid::Uuid;

use crate::sandbox::data::Table;
use crate::sandbox::dataverse::condition::{Setting, named_path};
use crate::sandbox::dataverse::path::Path;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::odata::{OrderPart, parse_order};
use crate::sandbox::world::{Row, Value, World};

/// An order over the records of a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Order(Vec<Part>);

#[derive(Debug, Clone)]
struct Part {
    path: Path,
    name: String,
    is_descending: bool,
}

/// Where a record stands in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// The values it is ordered by; nulls come first.
    pub values: Vec<Option<Value>>,
    /// What decides between equals.
    pub id: Uuid,
}

impl Order {
    /// Reads an `$orderby`.
    pub fn read(text: &str, table: &'static Table, setting: &Setting<'_>) -> Result<Self, Refusal> {
        let part = |ordering: OrderPart| {
            let names = match ordering.path.as_slice() {
                [alias] if alias.starts_with('@') => {
                    let unfit = || format!("The parameter alias '{alias}' in the orderby stands for no property.");
                    let names = setting.alias(alias)?.and_then(named_path);
                    names.ok_or_else(|| Refusal::new(400, "0x0", unfit()))?
                }
                _ => ordering.path,
            };
            let path = Path::resolve(table, &names)?;
            Ok(Part { path, name: names.join("."), is_descending: ordering.is_descending })
        };
        parse_order(text)?.into_iter().map(part).collect::<Result<_, _>>().map(Self)
    }

    /// Whether nothing but GUIDs decides.
    pub fn is_plain(&self) -> bool {
        self.0.is_empty()
    }

    /// The columns with their names, for a paging cookie.
    pub fn parts(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.0.iter().map(|part| (part.name.as_str(), &part.path))
    }

    /// Where a record stands.
    pub fn standing(&self, world: &World, row: &Row) -> Standing {
        Standing { values: self.0.iter().map(|part| part.path.value(world, row).cloned()).collect(), id: row.id }
    }

    /// Which of two comes first.
    pub fn compare(&self, left: &Standing, right: &Standing) -> Ordering {
        for (part, (left, right)) in self.0.iter().zip(left.values.iter().zip(&right.values)) {
            let ordering = match (left, right) {
                (Some(left), Some(right)) => left.compared_with(right).unwrap_or(Ordering::Equal),
                (left, right) => left.is_some().cmp(&right.is_some()),
            };
            let ordering = if part.is_descending { ordering.reverse() } else { ordering };
            if ordering.is_ne() {
                return ordering;
            }
        }
        left.id.cmp(&right.id)
    }
}
