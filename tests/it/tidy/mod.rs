//! The walls of the house, checked by reading its own source: floors, doors, shape, phrases, workflows, forgotten files.
//! Nothing here runs the program.

mod branches;
mod doors;
mod files;
mod floors;
mod phrases;
mod remedies;
mod secrets;
mod shape;
mod source;
mod threats;
mod workflows;
