//! What the program costs: to start it, to ask once, to hand out rows. Figures are printed beside their goals and nothing
//! here ever fails, because machines differ.
//!
//! `cargo bench` takes all figures, `cargo bench -- start`, `-- rows` or `-- wire` some of them. Ratios within one run are
//! what counts; milliseconds belong to the machine.

#![expect(
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reads the real clock, starts programs and prints, and one that can't go on stops where it stands"
)]

mod figures;
mod loopback;
mod pages;
mod rows;
mod start;
mod wire;

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let word = words.next();
    match (word.as_deref(), words.next()) {
        (Some(rows::TABLE), Some(count)) => rows::table(count.parse().unwrap()),
        (part, _) => {
            let is_wanted = |name| part.is_none_or(|part| part == name);
            if is_wanted("start") {
                start::run();
            }
            if is_wanted("rows") {
                rows::run();
            }
            if is_wanted("wire") {
                wire::run();
            }
        }
    }
}
