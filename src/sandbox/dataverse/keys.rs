//! Which record a key in an address means: a GUID, the primary key by name, an alternate key. It never shows the record.

use uuid::Uuid;

use crate::sandbox::data::{Schema, Table};
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::values::from_literal;
use crate::sandbox::odata::{Argument, Literal, Options, Segment, parse_path};
use crate::sandbox::world::{Link, Value, World};

/// What no alternate key in an address may hold, percent-encoded or not. Source: Microsoft Learn, "Define alternate keys".
const UNFIT: [char; 11] = ['/', '<', '>', '*', '%', '&', ':', '\\', '?', '+', '#'];

/// A key as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// The primary key.
    Id(Uuid),
    /// An alternate key: the column, its value, the text between the parentheses.
    Alternate {
        /// The column.
        column: u16,
        /// Its value.
        value: Value,
        /// As written in the address.
        written: String,
    },
}

impl Key {
    /// Reads the key of a segment.
    pub fn read(table: &'static Table, arguments: &[Argument], options: &Options) -> Result<Self, Refusal> {
        let bad_syntax = || Refusal::unsupported("Bad Request - Error in query syntax.");
        let literal = |argument: &Argument| match argument.text.strip_prefix('@') {
            Some(_) => options.value(&argument.text).and_then(Literal::parse),
            None => argument.literal(),
        };
        match arguments {
            [Argument { name: None, .. }] => match literal(&arguments[0]) {
                Some(Literal::Guid(id)) => Ok(Self::Id(id)),
                _ => Err(bad_syntax()),
            },
            [Argument { name: Some(name), text }] => {
                let literal = literal(&arguments[0]).ok_or_else(bad_syntax)?;
                let column = table.property(name).ok_or_else(|| Refusal::no_such_key(table))?;
                if column == table.key && !is_principal(table) {
                    let Literal::Guid(id) = literal else { return Err(bad_syntax()) };
                    return Ok(Self::Id(id));
                }
                if !table.alternate_keys.contains(&column) {
                    return Err(Refusal::no_such_key(table));
                }
                if text.starts_with('\'') && text.contains(UNFIT) {
                    return Err(bad_syntax());
                }
                let value = from_literal(&table.column(column).kind, &literal).ok_or_else(bad_syntax)?;
                Ok(Self::Alternate { column, value, written: format!("{name}={text}") })
            }
            [] => Err(bad_syntax()),
            _ => Err(Refusal::no_such_key(table)),
        }
    }

    /// The GUID, if there is such a record.
    pub fn find(&self, world: &World, table: &Table) -> Option<Uuid> {
        match self {
            Self::Id(id) => world.row(table, *id).map(|row| row.id),
            Self::Alternate { column, value, .. } => world.by_alternate_key(table, *column, value),
        }
    }

    /// The GUID of the record, or the refusal that fits the kind of key.
    pub fn existing(&self, world: &World, table: &Table) -> Result<Uuid, Refusal> {
        self.find(world, table).ok_or_else(|| match self {
            Self::Id(id) => Refusal::no_record(table, *id),
            Self::Alternate { .. } => Refusal::no_record_by_key(table),
        })
    }

    /// What stands between the parentheses in `OData-EntityId`: an upsert by alternate key repeats that key.
    pub fn written(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Alternate { written, .. } => written.clone(),
        }
    }
}

/// Users and teams share a base type whose key is `ownerid`, so their own key cannot be named in an address.
fn is_principal(table: &Table) -> bool {
    matches!(table.logical_name, "systemuser" | "team")
}

/// The record a reference means: `/contacts(…)`, `contacts(…)` or the whole address, as bindings and `@odata.id` have it.
pub(super) fn referenced(world: &World, root: &str, reference: &str) -> Result<Link, Refusal> {
    let origin = root.split("/api/").next().unwrap_or_default();
    let invalid = || Refusal::new(400, "0x80048d19", format!("Invalid URI '{reference}' in a reference to a record."));
    let path = reference.strip_prefix(origin).unwrap_or(reference);
    if path.contains("://") {
        return Err(invalid());
    }
    let path = path.trim_start_matches('/');
    let path = match path.strip_prefix("api/data/") {
        Some(rest) => rest.split_once('/').ok_or_else(invalid)?.1,
        None => path,
    };
    let segments = parse_path(path).map_err(|_| invalid())?;
    let [Segment { name, arguments: Some(arguments) }] = segments.as_slice() else { return Err(invalid()) };
    let table = Schema::of_sandbox().by_set(name).ok_or_else(|| Refusal::unknown_segment(name))?;
    let id = Key::read(table, arguments, &Options::default())?.existing(world, table)?;
    Ok(Link { table: table.index, id })
}
