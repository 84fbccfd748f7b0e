//! Hands argv, environment and stdio to the library. Nothing is decided here.

use std::process::ExitCode;

fn main() -> ExitCode {
    d365conn::run(std::env::args_os(), d365conn::Surroundings::of_process()).into()
}
