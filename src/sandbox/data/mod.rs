//! What the sandbox ships: the tables of a plain organisation and the demo company Northlight.

mod column;
mod dice;
mod names;
mod northlight;
mod parties;
mod people;
mod projects;
mod sales;
mod schema;
mod sheet;
mod views;
mod words;
mod work;
mod zones;

pub(crate) use column::{Access, Behaviour, Column, Kind, Required};
pub(crate) use names::name_of;
pub(crate) use northlight::populate;
pub(crate) use schema::{Schema, Table};
pub(crate) use zones::{settle, zone, zone_of};
