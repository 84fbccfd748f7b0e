//! OData's texts as the sandbox reads them: filters, addresses, literals. Its own reader, shared with no client.

mod address;
mod error;
mod filter;
mod list;
mod literal;
mod number;
mod text;
mod token;
mod xml;

pub(crate) use address::{
    Argument, Expand, Options, OrderPart, Segment, parse_expand, parse_names, parse_order, parse_path,
    split_outside_quotes,
};
pub(crate) use error::Malformed;
pub(crate) use filter::{Comparison, Expression, Operand, Parameter, TextFunction, parse_filter};
pub(crate) use list::json_list;
pub(crate) use literal::{Literal, day, guid, moment};
pub(crate) use number::Number;
pub(crate) use text::{decode, encode};
pub(crate) use xml::{Element, parse_xml};
