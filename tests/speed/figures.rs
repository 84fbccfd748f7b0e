//! Measuring and telling: medians, processor time and memory of other processes, one line a figure. What is measured is
//! not decided here.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program as it was built for this benchmark.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_d365conn");

/// Begins a part.
pub fn heading(text: &str) {
    println!("\n{text}");
}

/// One figure without a goal.
pub fn tell(name: &str, value: &str) {
    println!("  {name:<44} {value}");
}

/// One figure, how often it is `of`, and how often it may be.
pub fn judge(name: &str, value: &str, ratio: f64, most: f64, of: &str) {
    let verdict = if ratio <= most { "met" } else { "MISSED" };
    println!("  {name:<44} {value:<24} {ratio:.2} × {of}, goal {most}: {verdict}");
}

/// The one in the middle.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// How long `work` takes.
pub fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// `12.30 ms`.
pub fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// A program that sees no environment but this, says nothing and is asked nothing.
pub fn program(path: &str, arguments: &[&str], environment: &[(&str, PathBuf)]) -> Command {
    let mut command = Command::new(path);
    command.args(arguments).env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// What a process took.
pub struct Cost {
    pub wall: Duration,
    /// In the program and in the kernel for it; zero where the system doesn't tell.
    pub processor: Duration,
    /// Most memory at once, in MiB; zero where the system doesn't tell.
    pub memory: f64,
}

/// Runs a program to its end and watches what it takes.
pub fn cost(mut command: Command) -> Cost {
    let before = processor_of_children();
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut memory: f64 = 0.0;
    let status = loop {
        memory = memory.max(peak(&child).unwrap_or_default());
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let wall = start.elapsed();
    if !status.success() {
        println!("  {command:?} ended with {status}");
    }
    Cost { wall, processor: processor_of_children().saturating_sub(before), memory }
}

/// The most memory a process held at once so far, in MiB (proc(5), `VmHWM`).
fn peak(child: &Child) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

/// Processor time of all children that have ended. Linux counts it in hundredths of a second (proc(5), fields 16 and 17).
fn processor_of_children() -> Duration {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return Duration::ZERO };
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name.split_whitespace().skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
