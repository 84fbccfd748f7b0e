//! The Web API of the sandbox: requests in, answers out, over the records of a world.

mod actions;
mod aggregate;
mod apply;
mod batch;
mod body;
mod bulk;
mod closed;
mod collection;
mod condition;
mod cookie;
mod csdl;
mod dates;
mod deep;
mod defined;
mod definition;
mod exchange;
mod fetch;
mod files;
mod formatted;
mod functions;
mod json;
mod keys;
mod local_time;
mod metadata;
mod mime;
mod named;
mod not_implemented;
mod order;
mod parties;
mod path;
mod pattern;
mod preferences;
mod record;
mod refusal;
mod relate;
mod route;
mod search;
mod shape;
mod show;
mod values;
mod way;
mod write;

#[cfg(test)]
mod trial;

pub(crate) use route::answer;
