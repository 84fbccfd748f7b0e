//! What the lines of a quote, an order, an invoice or an opportunity come to together, kept in the document they belong to. It
//! never refuses anything.

use uuid::Uuid;

use crate::sandbox::data::{Schema, Table};
use crate::sandbox::odata::Number;
use crate::sandbox::world::{Changes, Link, Row, Value, World};

/// Tables of lines, and their lookup of the document.
const LINES: [(&str, &str); 4] = [
    ("invoicedetail", "invoiceid"),
    ("opportunityproduct", "opportunityid"),
    ("quotedetail", "quoteid"),
    ("salesorderdetail", "salesorderid"),
];
/// Money has this many digits after the point.
const SCALE: u32 = 4;

/// The lookup of its document that a line has; `None` for a table that is none of lines.
pub(crate) fn document_column(table: &Table) -> Option<u16> {
    let (_, column) = LINES.iter().find(|(name, _)| *name == table.logical_name)?;
    table.place(column)
}

fn amount(table: &Table, row: &Row, column: &str) -> Number {
    let value = table.place(column).and_then(|place| row.value(place));
    value.and_then(Value::as_number).unwrap_or(Number::whole(0))
}

impl World {
    /// The document that a line belongs to.
    pub(super) fn document_of(&self, table: &Table, id: Uuid) -> Option<Link> {
        self.row(table, id)?.value(document_column(table)?)?.as_link()
    }

    /// Adds the lines of a document up.
    pub(super) fn add_up(&mut self, lines: &Table, document: Link) {
        let Some(column) = document_column(lines) else { return };
        let documents = Schema::of_sandbox().table(document.table);
        let Some(row) = self.row(documents, document.id) else { return };
        let (mut net, mut tax, mut discount) = (Number::whole(0), Number::whole(0), Number::whole(0));
        let is_of_it = |row: &&Row| row.value(column).and_then(Value::as_link) == Some(document);
        for line in self.rows(lines).filter(is_of_it) {
            let less = amount(lines, line, "manualdiscountamount");
            net = net.plus(amount(lines, line, "baseamount")).plus(less.negated());
            tax = tax.plus(amount(lines, line, "tax"));
            discount = discount.plus(less);
        }
        let granted = amount(documents, row, "discountamount");
        let before_freight = net.plus(granted.negated());
        let total = before_freight.plus(amount(documents, row, "freightamount")).plus(tax);
        let mut changes = Changes::new();
        for (column, number) in [
            ("totallineitemamount", net),
            ("totallineitemdiscountamount", discount),
            ("totaldiscountamount", granted),
            ("totalamountlessfreight", before_freight),
            ("totaltax", tax),
            ("totalamount", total),
        ] {
            for column in [column.to_owned(), format!("{column}_base")] {
                if let Some(place) = documents.place(&column) {
                    changes.push((place, Some(Value::Number(number.with_scale(SCALE)))));
                }
            }
        }
        self.write(documents, document.id, changes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::world::made_id;

    #[test]
    fn a_document_is_worth_what_its_lines_are() {
        let mut world = World::empty("2026-11-23T10:00:00Z".parse().unwrap());
        let schema = Schema::of_sandbox();
        let (quotes, lines) = (schema.by_name("quote").unwrap(), schema.by_name("quotedetail").unwrap());
        let (quote, author) = (made_id(1), made_id(7));
        world.create(quotes, quote, Vec::new(), author);
        let link = Value::Link(Link { table: quotes.index, id: quote });
        let number = |text: &str| Value::Number(Number::parse(text).unwrap());
        for (nth, price, quantity, discount) in [(2, "175.10", "3", "0"), (3, "0.3333", "2", "0.1")] {
            let cells = [
                ("quoteid", link.clone()),
                ("priceperunit", number(price)),
                ("quantity", number(quantity)),
                ("manualdiscountamount", number(discount)),
            ];
            let changes = cells.map(|(name, value)| (lines.place(name).unwrap(), Some(value))).to_vec();
            world.create(lines, made_id(nth), changes, author);
        }
        let total = |world: &World| amount(quotes, world.row(quotes, quote).unwrap(), "totalamount").to_string();
        assert_eq!(total(&world), "525.8666");
        world.remove(lines, made_id(2));
        assert_eq!(total(&world), "0.5666");
    }
}
