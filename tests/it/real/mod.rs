//! The built binary against real parts: real host names, a real keyring, a real browser, real signals and pipes. No test
//! here uses a stand-in where the real thing can be had; all of them are ignored on a machine that may lack it.

mod asked;
mod bound;
mod browser;
mod bus;
mod canary;
mod certificates;
mod checking;
mod children;
mod choosing;
mod completing;
mod crowd;
mod environment_only;
mod exec;
mod file_store;
mod files;
mod home;
mod injection;
mod keyring;
mod keyring_faults;
mod keyring_sizes;
mod lab;
mod listener;
mod moving;
mod node;
mod peer;
mod person;
mod process;
mod proxy;
mod python;
mod reported;
mod search;
mod started;
mod terminal;
mod transfers;
mod webdriver;
