//! Rows as a table for people: aligned, fitted to the terminal, labels instead of values, everything inert. Programs get
//! nothing here that they could rely on.

use crate::output::fields::write_pairs;
use crate::output::layout::{GAP, Shape, fit};
use crate::output::lookup::Lookup;
use crate::output::{Column, OutputError, RowSink, Screen, StandardOutput, term};
use crate::record::{Cell, Record};

/// So many rows are looked at before the widths are fixed; later rows are cut to them.
const LOOKED_AT: usize = 500;

/// A cell is cut here when no terminal says how wide a table may be.
const LONGEST_CELL: usize = 1000;

/// A table; or, where one record is meant, its columns one below the other.
pub(super) struct TableRows {
    screen: Screen,
    out: StandardOutput,
    single: bool,
    lookup: Option<Lookup>,
    waiting: Vec<Vec<String>>,
    shapes: Vec<Shape>,
    /// Fixed once the heading is written.
    widths: Option<Vec<usize>>,
}

impl TableRows {
    pub(super) fn new(screen: &Screen, single: bool) -> Self {
        Self {
            screen: screen.clone(),
            out: screen.shown(),
            single,
            lookup: None,
            waiting: Vec::new(),
            shapes: Vec::new(),
            widths: None,
        }
    }

    fn columns(&self) -> &[Column] {
        self.lookup.as_ref().map_or(&[], |lookup| lookup.columns.as_slice())
    }

    /// Takes the lookup into use; its headings are the first things to measure.
    fn use_lookup(&mut self, lookup: Lookup) {
        self.shapes = lookup
            .columns
            .iter()
            .map(|column| Shape { heading: term::width(&term::inert(&column.heading)), ..Shape::UNSEEN })
            .collect();
        self.lookup = Some(lookup);
    }

    fn upright(&mut self, record: &Record) -> Result<(), OutputError> {
        let Some(lookup) = &mut self.lookup else { return Ok(()) };
        let found = lookup.find(record);
        let pairs: Vec<(String, String)> = lookup
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| (column.heading.clone(), found.shown(at).map_or_else(String::new, |c| c.text().into())))
            .collect();
        write_pairs(&mut self.out, self.screen.style(), &pairs)
    }

    /// Fixes the widths, and writes the heading and what waits for it.
    fn fix(&mut self) -> Result<(), OutputError> {
        if self.widths.is_some() || self.shapes.is_empty() {
            return Ok(());
        }
        let widths = fit(&self.shapes, self.screen.width().map(usize::from));
        let left_out: Vec<&str> = self.columns()[widths.len()..].iter().map(|column| column.name.as_str()).collect();
        if !left_out.is_empty() {
            let names = left_out.join(", ");
            self.screen.note(&format!("no room for {names}; `-o json` shows all columns, `--select` chooses some"));
        }
        let headings: Vec<String> =
            self.columns().iter().map(|column| term::inert(&column.heading).into_owned()).collect();
        let style = self.screen.style();
        let line = self.line(&headings, &widths, |text| style.heading(text));
        self.out.put(line.as_bytes())?;
        for row in std::mem::take(&mut self.waiting) {
            let line = self.line(&row, &widths, str::to_owned);
            self.out.put(line.as_bytes())?;
        }
        self.widths = Some(widths);
        Ok(())
    }

    fn line(&self, texts: &[String], widths: &[usize], paint: impl Fn(&str) -> String) -> String {
        let mut line = String::new();
        // Blanks are put before the next text, so that none stands at the end of a line.
        let mut blanks = 0;
        for ((text, width), shape) in texts.iter().zip(widths).zip(&self.shapes) {
            let text = term::cut(text, *width);
            let spare = width.saturating_sub(term::width(&text));
            if text.is_empty() {
                blanks += width + GAP;
                continue;
            }
            line.extend(std::iter::repeat_n(' ', blanks + if shape.numeric { spare } else { 0 }));
            line.push_str(&paint(&text));
            blanks = GAP + if shape.numeric { 0 } else { spare };
        }
        line.push('\n');
        line
    }
}

impl RowSink for TableRows {
    fn begin(&mut self, columns: &[Column]) -> Result<(), OutputError> {
        if !columns.is_empty() {
            self.use_lookup(Lookup::new(columns, true));
        }
        Ok(())
    }

    fn row(&mut self, record: &Record) -> Result<(), OutputError> {
        if self.lookup.is_none() {
            self.use_lookup(Lookup::of_record(record, true));
        }
        if self.single {
            return self.upright(record);
        }
        let Some(lookup) = &mut self.lookup else { return Ok(()) };
        let found = lookup.find(record);
        // What no terminal can show need not be kept.
        let most = self.screen.width().map_or(LONGEST_CELL, usize::from);
        let mut row = Vec::with_capacity(found.values.len());
        for (at, shape) in self.shapes.iter_mut().enumerate() {
            let text = found.shown(at).map_or_else(String::new, |cell| shown(cell, most));
            if self.widths.is_none() {
                shape.see(found.values[at], &text);
            }
            row.push(text);
        }
        if let Some(widths) = &self.widths {
            let line = self.line(&row, widths, str::to_owned);
            return self.out.put(line.as_bytes());
        }
        self.waiting.push(row);
        if self.waiting.len() >= LOOKED_AT { self.fix() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), OutputError> {
        if !self.waiting.is_empty() {
            self.fix()?;
        }
        self.out.finish()
    }

    fn end(&mut self) -> Result<(), OutputError> {
        if !self.single {
            self.fix()?;
        }
        self.out.finish()
    }

    fn abandon(&mut self) {
        // Whatever fails here, the error that broke the stream is the one to show.
        let _ = self.flush();
    }
}

impl Shape {
    /// A column of which no cell has come yet.
    const UNSEEN: Self = Self { heading: 0, content: 0, numeric: false, guid: false };

    /// Takes one more cell into account. Empty cells say nothing about a column.
    fn see(&mut self, value: Option<Cell<'_>>, text: &str) {
        if text.is_empty() {
            return;
        }
        let first = self.content == 0;
        self.content = self.content.max(term::width(text));
        self.numeric = (first || self.numeric) && is_numeric(value, text);
        self.guid = (first || self.guid) && is_guid(text);
    }
}

/// The text of a cell on one line, inert, at most `most` columns wide.
fn shown(cell: Cell<'_>, most: usize) -> String {
    let text = cell.text();
    // A megabyte of text is cut before it is made inert. Eight bytes a column leave room for accents put together.
    let end = (0..=most.saturating_mul(8).min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    term::cut(&term::inert(&text[..end]), most).into_owned()
}

/// Whether a cell is a number to a reader: a number that the service shows as one, not a choice shown by its label.
fn is_numeric(value: Option<Cell<'_>>, text: &str) -> bool {
    value.is_some_and(|value| value.as_json().starts_with(|first: char| first == '-' || first.is_ascii_digit()))
        && text.contains(|character: char| character.is_ascii_digit())
        // A currency may be spelled out, as in `CHF 1’200.00`.
        && text.chars().filter(|character| character.is_alphabetic()).count() <= 3
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::rows::tests::{ROWS, columns, on_terminal, piped, record};
    use crate::output::{Format, ScreenOptions, SinkOptions, Stdio};

    const ACCOUNTS: [&str; 2] = [
        concat!(
            r#"{"accountid":"6a1f2e3d-0000-4000-8000-000000000001","name":"Contoso","revenue":1200.5,"#,
            r#""revenue@OData.Community.Display.V1.FormattedValue":"£1,200.50","statecode":0,"#,
            r#""statecode@OData.Community.Display.V1.FormattedValue":"Active","telephone1":"555-0100","#,
            r#""description":"Makes a great many things, most of them fictional, for nearly everybody there is"}"#
        ),
        concat!(
            r#"{"accountid":"6a1f2e3d-0000-4000-8000-000000000002","name":"Tailspin Toys 株式会社","revenue":7,"#,
            r#""revenue@OData.Community.Display.V1.FormattedValue":"£7.00","statecode":1,"#,
            r#""statecode@OData.Community.Display.V1.FormattedValue":"Inactive","telephone1":null,"description":null}"#
        ),
    ];
    const ALL: [&str; 6] = ["accountid", "name", "revenue", "statecode", "telephone1", "description"];

    #[test]
    fn a_wide_terminal_shows_most_and_cuts_the_longest() {
        let expected = concat!(
            "accountid  name                      revenue  statecode  telephone1  description\n",
            "6a1f2e3d…  Contoso                 £1,200.50  Active     555-0100    Makes a great many things, most of th…\n",
            "6a1f2e3d…  Tailspin Toys 株式会社      £7.00  Inactive\n",
        );
        assert_eq!(on_terminal(Format::Table, 107, &ALL, &ACCOUNTS), expected);
    }

    #[test]
    fn eighty_columns_cut_text_and_never_numbers() {
        let expected = concat!(
            "accountid  name                 revenue  statecode  telephone1  description\n",
            "6a1f2e3d…  Contoso            £1,200.50  Active     555-0100    Makes a great m…\n",
            "6a1f2e3d…  Tailspin Toys 株…      £7.00  Inactive\n",
        );
        assert_eq!(on_terminal(Format::Table, 80, &ALL, &ACCOUNTS), expected);
    }

    #[test]
    fn columns_without_room_are_left_out_and_named() {
        let (stdio, captured) = Stdio::captured();
        let screen = Screen::new(
            stdio.with_terminal(40),
            &ScreenOptions { environment_colour: Some(false), ..ScreenOptions::default() },
        );
        let mut table = TableRows::new(&screen, false);
        table.begin(&columns(&ALL)).unwrap();
        table.row(&record(ACCOUNTS[0])).unwrap();
        table.end().unwrap();
        let expected =
            concat!("accountid  name       revenue  statecode\n", "6a1f2e3d…  Contoso  £1,200.50  Active\n",);
        assert_eq!(captured.stdout(), expected);
        assert_eq!(
            captured.stderr(),
            "no room for telephone1, description; `-o json` shows all columns, `--select` chooses some\n"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [1, 8, 20, 40, 80, 120] {
            for rows in [&ACCOUNTS[..], &ROWS[..]] {
                for line in on_terminal(Format::Table, width, &ALL, rows).lines() {
                    assert!(term::width(line) <= usize::from(width), "{width}: {line}");
                }
            }
        }
    }

    #[test]
    fn in_a_pipe_a_table_is_as_wide_as_it_is() {
        let expected = concat!(
            "accountid  name                                 revenue  note\n",
            "a1         Contoso \"Ltd\", UK  £922,337,203,685,477.5807  a\\tb\\r\\nc\\d\n",
            "a2                                                 1.10  =1+1\n",
            "a3         株式会社                                  -5\n",
        );
        let shown = piped(Format::Table, SinkOptions::default(), &["accountid", "name", "revenue", "note"], &ROWS);
        assert_eq!(shown, expected);
    }

    #[test]
    fn no_rows_are_a_heading() {
        assert_eq!(on_terminal(Format::Table, 80, &["name", "revenue"], &[]), "name  revenue\n");
        assert_eq!(on_terminal(Format::Table, 80, &[], &[]), "");
    }

    #[test]
    fn one_record_stands_upright() {
        let options = SinkOptions { single: true, ..SinkOptions::default() };
        let shown = piped(Format::Table, options, &["name", "statecode", "note", "absent"], &ROWS[..1]);
        let expected = concat!(
            "name       Contoso \"Ltd\", UK\n",
            "statecode  Active\n",
            "note       a\\tb\n",
            "           c\\d\n",
            "absent\n",
        );
        assert_eq!(shown, expected);
    }

    #[test]
    fn many_rows_are_written_as_they_come() {
        let (stdio, captured) = Stdio::captured();
        let screen = Screen::new(stdio.with_terminal(80), &ScreenOptions::default());
        let mut table = TableRows::new(&screen, false);
        table.begin(&columns(&["n"])).unwrap();
        for n in 0..LOOKED_AT {
            table.row(&record(&format!(r#"{{"n":{n}}}"#))).unwrap();
        }
        assert_eq!(captured.stdout().lines().count(), LOOKED_AT + 1);
        table.row(&record(r#"{"n":123456}"#)).unwrap();
        assert!(captured.stdout().ends_with("499\n12…\n"));
        assert!(table.waiting.is_empty());
    }

    #[test]
    fn rows_that_trickle_in_are_seen_when_flushed() {
        let (stdio, captured) = Stdio::captured();
        let screen = Screen::new(stdio, &ScreenOptions::default());
        let mut table = TableRows::new(&screen, false);
        table.begin(&columns(&["name"])).unwrap();
        table.flush().unwrap();
        assert_eq!(captured.stdout(), "");
        table.row(&record(r#"{"name":"a"}"#)).unwrap();
        table.flush().unwrap();
        assert_eq!(captured.stdout(), "name\na\n");
    }

    #[test]
    fn headings_are_bold_and_hostile_ones_inert() {
        let (stdio, captured) = Stdio::captured();
        let screen = Screen::new(stdio.with_terminal(80), &ScreenOptions::default());
        let mut table = TableRows::new(&screen, false);
        table.begin(&[Column::new("a", "evil\u{1b}[2J"), Column::named("b")]).unwrap();
        table.row(&record(r#"{"a":1,"b":"\u001b[2J"}"#)).unwrap();
        table.end().unwrap();
        let bold = |text: &str| format!("\u{1b}[1m{text}\u{1b}[0m");
        let expected = format!("{}  {}\n{:>13}  \\u{{1b}}[2J\n", bold("evil\\u{1b}[2J"), bold("b"), 1);
        assert_eq!(captured.stdout(), expected);
    }

    #[test]
    fn a_megabyte_in_a_cell_costs_a_line() {
        let long = format!(r#"{{"a":"{}"}}"#, "é\\u001b".repeat(200_000));
        for line in on_terminal(Format::Table, 40, &["a"], &[&long]).lines() {
            assert!(term::width(line) <= 40);
        }
    }
}
