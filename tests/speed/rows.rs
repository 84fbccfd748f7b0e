//! Rows inside the process: cutting pages, writing formats, the memory of a long table. Nothing here goes over a network.

use std::io;

use bytes::Bytes;
use d365conn::dataverse::Splitter;
use d365conn::output::{Format, Screen, ScreenOptions, SinkOptions, Stdio, sink};
use d365conn::record::Record;

use super::figures::{cost, heading, judge, median, program, tell, time};
use super::pages;

/// The word that makes this program write one long table, for another that watches how much memory that takes.
pub const TABLE: &str = "table-of";

const ROUNDS: usize = 15;
/// As pieces come from a socket.
const PIECE: usize = 64 * 1024;

/// Takes the figures.
pub fn run() {
    heading(&format!("rows, median of {ROUNDS} pages of {} rows", pages::ROWS));
    let page = Bytes::from(pages::page());
    let megabytes = page.len() as f64 / 1e6;
    tell("a page", &format!("{megabytes:.2} MB"));

    let rows = split(&page);
    let times = (0..ROUNDS).map(|_| time(|| drop(split(&page)))).collect();
    tell("cutting rows out of a page", &format!("{:.0} MB/s", megabytes / median(times).as_secs_f64()));

    let times = (0..ROUNDS).map(|_| time(|| drop(records(&rows)))).collect();
    tell("checking that rows are JSON", &format!("{:.0} MB/s", megabytes / median(times).as_secs_f64()));

    let records = records(&rows);
    for format in [Format::Ndjson, Format::Json, Format::Csv, Format::Tsv, Format::Table] {
        let times = (0..ROUNDS).map(|_| time(|| write(format, &records, 1))).collect();
        let rate = pages::ROWS as f64 / median(times).as_secs_f64();
        tell(&format!("writing {}", format.word()), &format!("{rate:.0} rows/s"));
    }

    let itself = std::env::current_exe().unwrap().display().to_string();
    let memory = |count| cost(program(&itself, &[TABLE, count], &[])).memory;
    let (few, many) = (memory("10000"), memory("100000"));
    judge("table of 100,000 rows, most memory", &format!("{many:.1} MiB"), many / few, 1.1, "10,000 rows'");
}

fn split(page: &Bytes) -> Vec<Bytes> {
    let mut splitter = Splitter::new();
    let mut rows = Vec::with_capacity(pages::ROWS);
    for start in (0..page.len()).step_by(PIECE) {
        splitter.push(&page.slice(start..page.len().min(start + PIECE)), &mut rows).unwrap();
    }
    splitter.finish().unwrap();
    rows
}

fn records(rows: &[Bytes]) -> Vec<Record> {
    rows.iter().map(|row| Record::parse(row.clone()).unwrap()).collect()
}

fn write(format: Format, records: &[Record], times: usize) {
    let stdio = Stdio::of(io::empty(), io::sink(), io::sink());
    let stdio = if format == Format::Table { stdio.with_terminal(120) } else { stdio };
    let screen = Screen::new(stdio, &ScreenOptions::default());
    let mut sink = sink(format, &screen, SinkOptions::default());
    sink.begin(&[]).unwrap();
    for record in (0..times).flat_map(|_| records) {
        sink.row(record).unwrap();
    }
    sink.end().unwrap();
}

/// Writes one table of `count` rows.
pub fn table(count: usize) {
    let records = records(&split(&Bytes::from(pages::page())));
    write(Format::Table, &records, count.div_ceil(pages::ROWS));
}
