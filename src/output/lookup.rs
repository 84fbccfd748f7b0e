//! Finds the wanted cells of record after record in one pass each. How they are shown is not its business.

use std::collections::HashMap;

use crate::output::Column;
use crate::record::{Cell, FORMATTED_VALUE, Record};

/// How far ahead a remembered key is looked for: a null has no label, so the keys of one row may skip some of another's.
const AHEAD: usize = 4;

/// The wanted columns, and where the last record had them: rows of one answer hold the same keys in the same order.
pub(super) struct Lookup {
    pub(super) columns: Vec<Column>,
    /// Key in the record → place among values, then among labels.
    places: HashMap<String, usize>,
    labels: bool,
    /// The keys of a record in order, with their place if they are wanted.
    remembered: Vec<(String, Option<usize>)>,
}

/// The cells of one record, in the order of the columns.
pub(super) struct Found<'r> {
    pub(super) values: Vec<Option<Cell<'r>>>,
    labels: Vec<Option<Cell<'r>>>,
}

impl<'r> Found<'r> {
    /// The label of a column, where labels are wanted and the service sent one.
    pub(super) fn label(&self, column: usize) -> Option<Cell<'r>> {
        self.labels.get(column).copied().flatten().filter(|label| !label.is_null())
    }

    /// What a reader sees: the label where there is one, else the value.
    pub(super) fn shown(&self, column: usize) -> Option<Cell<'r>> {
        self.label(column).or_else(|| self.values.get(column).copied().flatten())
    }
}

impl Lookup {
    pub(super) fn new(columns: &[Column], labels: bool) -> Self {
        let columns = Column::distinct(columns);
        let mut places = HashMap::new();
        for (place, column) in columns.iter().enumerate() {
            places.insert(column.name.clone(), place);
            if labels {
                places.insert(format!("{}{FORMATTED_VALUE}", column.name), columns.len() + place);
            }
        }
        Self { columns, places, labels, remembered: Vec::new() }
    }

    /// All data columns of `record`, in its order.
    pub(super) fn of_record(record: &Record, labels: bool) -> Self {
        let columns: Vec<Column> = record.column_names().into_iter().map(Column::named).collect();
        Self::new(&columns, labels)
    }

    pub(super) fn find<'r>(&mut self, record: &'r Record) -> Found<'r> {
        let count = self.columns.len();
        let mut values = vec![None; count];
        let mut labels = vec![None; if self.labels { count } else { 0 }];
        let learns = self.remembered.is_empty();
        let (places, remembered) = (&self.places, &mut self.remembered);
        let mut next = 0;
        record.for_each(|key, cell| {
            let ahead = remembered.iter().skip(next).take(AHEAD).position(|(known, _)| known == key);
            let place = if let (Some(ahead), false) = (ahead, learns) {
                next += ahead + 1;
                remembered.get(next - 1).and_then(|(_, place)| *place)
            } else {
                let place = places.get(key).copied();
                if learns {
                    remembered.push((key.to_owned(), place));
                }
                place
            };
            match place {
                Some(place) if place < count => values[place] = Some(cell),
                Some(place) => labels[place - count] = Some(cell),
                None => {}
            }
        });
        Found { values, labels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::rows::tests::{columns, record};

    #[test]
    fn cells_are_found_whatever_the_order_of_the_keys() {
        let mut lookup = Lookup::new(&columns(&["c", "a"]), true);
        for (json, values, labels) in [
            (format!(r#"{{"a":1,"b":2,"c":3,"c{FORMATTED_VALUE}":"three"}}"#), ["3", "1"], Some("three")),
            (format!(r#"{{"c{FORMATTED_VALUE}":"three","c":3,"b":2,"a":1}}"#), ["3", "1"], Some("three")),
            (r#"{"a":1,"c":3}"#.to_owned(), ["3", "1"], None),
            (r#"{"new":0,"a":1,"x":0,"y":0,"c":3,"a":4}"#.to_owned(), ["3", "4"], None),
        ] {
            let row = record(&json);
            let found = lookup.find(&row);
            let texts: Vec<_> = found.values.iter().flatten().map(|cell| cell.as_json()).collect();
            assert_eq!(texts, values, "{json}");
            assert_eq!(found.label(0).map(|cell| cell.text().into_owned()).as_deref(), labels, "{json}");
        }
        assert_eq!(lookup.find(&record("{}")).values, [None, None]);
    }
}
