//! Hands argv to the library. Nothing is decided here.

use std::process::ExitCode;

fn main() -> ExitCode {
    d365conn::run_process(std::env::args_os()).into()
}
