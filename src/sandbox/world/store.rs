//! All records of the organisation, with what keeps them findable. It never judges a request: whoever writes has judged.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use uuid::Uuid;

use crate::sandbox::data::{Schema, Table, populate};
use crate::sandbox::world::value::folded;
use crate::sandbox::world::{Changes, Files, Link, Row, Value};

/// Where row versions begin.
const FIRST_VERSION: u64 = 4_410_000;

/// The demo company as it was founded last. Founding takes a thousand writes, and whoever starts many sandboxes at one
/// moment, as tests do, needs it once.
static FOUNDED: Mutex<Option<World>> = Mutex::new(None);

/// The organisation's records. Clones share what neither of them has written since.
#[derive(Clone)]
pub(crate) struct World {
    now: Timestamp,
    version: u64,
    tables: Vec<Arc<BTreeMap<Uuid, Row>>>,
    alternates: Arc<HashMap<(u16, u16, String), Uuid>>,
    inbound: Arc<HashMap<Link, usize>>,
    associations: Vec<Arc<BTreeSet<(Uuid, Uuid)>>>,
    /// The files of records, and what is under way.
    pub files: Files,
    /// How many records of an expanded collection are shown at once, where the sandbox was told to cut them.
    pub inner_page: Option<usize>,
}

impl World {
    /// The demo company, as it stands at `now`.
    pub fn new(now: Timestamp) -> Self {
        let mut founded = FOUNDED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(world) = founded.as_ref().filter(|world| world.now == whole_second(now)) {
            return world.clone();
        }
        let mut world = Self::empty(now);
        populate(&mut world);
        founded.insert(world).clone()
    }

    /// An organisation without a record.
    pub fn empty(now: Timestamp) -> Self {
        let schema = Schema::of_sandbox();
        Self {
            now: whole_second(now),
            version: FIRST_VERSION,
            tables: vec![Arc::default(); schema.tables().len()],
            alternates: Arc::default(),
            inbound: Arc::default(),
            associations: vec![Arc::default(); schema.associations.len()],
            files: Files::default(),
            inner_page: None,
        }
    }

    /// The time records are written with.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Tells the world the time. The server does so before each request.
    pub fn set_time(&mut self, now: Timestamp) {
        self.now = whole_second(now);
    }

    /// The version of the last write.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// A GUID for a new record: the same in every run, after the same writes.
    pub fn next_id(&self, table: &Table) -> Uuid {
        let mut salt = self.version + 1;
        loop {
            let id = made_id(u64::from(table.type_code) << 40 | salt);
            if self.row(table, id).is_none() {
                return id;
            }
            salt += 1;
        }
    }

    /// One record.
    pub fn row(&self, table: &Table, id: Uuid) -> Option<&Row> {
        self.tables[usize::from(table.index)].get(&id)
    }

    /// The record a lookup points to, with its table.
    pub fn linked(&self, link: Link) -> Option<(&'static Table, &Row)> {
        let table = Schema::of_sandbox().table(link.table);
        self.row(table, link.id).map(|row| (table, row))
    }

    /// All records of a table, in the order of their GUIDs.
    pub fn rows(&self, table: &Table) -> impl Iterator<Item = &Row> {
        self.tables[usize::from(table.index)].values()
    }

    /// The records after a GUID, in the order of their GUIDs.
    pub fn rows_after(&self, table: &Table, id: Option<Uuid>) -> impl Iterator<Item = &Row> {
        let start = id.map_or(Bound::Unbounded, Bound::Excluded);
        self.tables[usize::from(table.index)].range((start, Bound::Unbounded)).map(|(_, row)| row)
    }

    /// How many records a table has.
    pub fn count(&self, table: &Table) -> usize {
        self.tables[usize::from(table.index)].len()
    }

    /// The record with a value in an alternate key.
    pub fn by_alternate_key(&self, table: &Table, column: u16, value: &Value) -> Option<Uuid> {
        self.alternates.get(&(table.index, column, folded(value.as_text()?))).copied()
    }

    /// Writes a record, new or not, and moves its version.
    pub fn write(&mut self, table: &Table, id: Uuid, changes: Changes) {
        self.version += 1;
        let version = self.version;
        let rows = Arc::make_mut(&mut self.tables[usize::from(table.index)]);
        let row = rows.entry(id).or_insert_with(|| Row::new(id));
        row.version = version;
        if let (Some(column), Ok(version)) = (table.place("versionnumber"), i64::try_from(version)) {
            row.set(column, Some(Value::Whole(version)));
        }
        for (column, value) in changes {
            let is_key = table.alternate_keys.contains(&column);
            let after = value.clone();
            let before = row.set(column, value);
            for (value, is_after) in [(before, false), (after, true)] {
                match value {
                    Some(Value::Link(link)) => {
                        let count = Arc::make_mut(&mut self.inbound).entry(link).or_default();
                        *count = if is_after { *count + 1 } else { count.saturating_sub(1) };
                    }
                    Some(Value::Text(text)) if is_key => {
                        let key = (table.index, column, folded(&text));
                        let alternates = Arc::make_mut(&mut self.alternates);
                        if is_after {
                            alternates.insert(key, id);
                        } else {
                            alternates.remove(&key);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// Removes a record; lookups that pointed to it become null, associations end, parties go with it. `false` when there was none.
    pub fn remove(&mut self, table: &'static Table, id: Uuid) -> bool {
        let Some(row) = self.row(table, id) else { return false };
        let document = self.document_of(table, id);
        let clear: Changes = row.cells().iter().map(|(column, _)| (*column, None)).collect();
        self.write(table, id, clear);
        Arc::make_mut(&mut self.tables[usize::from(table.index)]).remove(&id);
        let link = Link { table: table.index, id };
        self.files.remove_of(link);
        if Arc::make_mut(&mut self.inbound).remove(&link).is_some_and(|count| count > 0) {
            self.forget(link);
        }
        for (association, pairs) in Schema::of_sandbox().associations.iter().zip(&mut self.associations) {
            let is_gone = |(left, right): &(Uuid, Uuid)| {
                association.left == table.index && *left == id || association.right == table.index && *right == id
            };
            if pairs.iter().any(is_gone) {
                Arc::make_mut(pairs).retain(|pair| !is_gone(pair));
            }
        }
        if let Some(document) = document {
            self.add_up(table, document);
        }
        true
    }

    fn forget(&mut self, link: Link) {
        let schema = Schema::of_sandbox();
        let mut holders = Vec::new();
        for table in schema.tables() {
            let target = schema.table(link.table).logical_name;
            let lookups = table.places().filter(|(_, column)| column.targets().iter().any(|it| it.table == target));
            for (column, _) in lookups {
                let points = |row: &&Row| row.value(column).and_then(Value::as_link) == Some(link);
                holders.extend(self.rows(table).filter(points).map(|row| (table, row.id, column)));
            }
        }
        for (table, id, column) in holders {
            // A party goes with its activity.
            if table.logical_name == "activityparty" && table.column(column).name == "activityid" {
                self.remove(table, id);
            } else {
                self.write(table, id, vec![(column, None)]);
            }
        }
    }

    /// The records on the other side of a many-to-many relationship.
    pub fn associated(&self, association: usize, from_left: bool, id: Uuid) -> Vec<Uuid> {
        let pairs = self.associations[association].iter();
        if from_left {
            pairs.filter(|(left, _)| *left == id).map(|(_, right)| *right).collect()
        } else {
            pairs.filter(|(_, right)| *right == id).map(|(left, _)| *left).collect()
        }
    }

    /// Makes a pair of a many-to-many relationship; `false` when it is there.
    pub fn associate(&mut self, association: usize, left: Uuid, right: Uuid) -> bool {
        Arc::make_mut(&mut self.associations[association]).insert((left, right))
    }

    /// Ends a pair of a many-to-many relationship; `false` when there is none.
    pub fn disassociate(&mut self, association: usize, left: Uuid, right: Uuid) -> bool {
        Arc::make_mut(&mut self.associations[association]).remove(&(left, right))
    }
}

/// The service keeps no fractions of a second.
fn whole_second(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

/// A GUID made of a number, in the shape the service's sequential ones have.
pub(crate) fn made_id(number: u64) -> Uuid {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    let mixed = mixed.to_be_bytes();
    let mut bytes = *Uuid::from_u128(0x0000_0000_9f6e_4e11_8179_000d_3a00_0000).as_bytes();
    bytes[..4].copy_from_slice(&mixed[..4]);
    bytes[13..15].copy_from_slice(&mixed[4..6]);
    bytes[15] = number.to_be_bytes()[7];
    Uuid::from_bytes(bytes)
}
