//! Closing quotes and orders, one way or the other: an activity tells of it. Opportunities and cases have files of their own.

use crate::sandbox::Outgoing;
use crate::sandbox::dataverse::actions::given::Given;
use crate::sandbox::dataverse::actions::states::{into_state, row, set, state, table};
use crate::sandbox::dataverse::body::{Purpose, changes};
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::world::{Value, World};

/// What an action does to a document.
pub(super) struct Closing {
    /// The document's table.
    pub of: &'static str,
    /// The table of the activity that tells of it.
    pub close: &'static str,
    /// The parameter that holds the activity.
    pub parameter: &'static str,
    /// The activity's lookup of the document.
    pub lookup: &'static str,
    /// The states in which it may be done.
    pub from: &'static [i64],
    /// The state it brings about.
    pub to: i64,
}

const QUOTE: Closing =
    Closing { of: "quote", close: "quoteclose", parameter: "QuoteClose", lookup: "quoteid", from: &[1], to: 2 };
const ORDER: Closing = Closing {
    of: "salesorder",
    close: "orderclose",
    parameter: "OrderClose",
    lookup: "salesorderid",
    from: &[0, 1],
    to: 3,
};
/// `WinQuote`: an active quote is won.
pub(super) const WIN_QUOTE: Closing = QUOTE;
/// `CloseQuote`: a quote is lost, cancelled or revised.
pub(super) const CLOSE_QUOTE: Closing = Closing { from: &[0, 1], to: 3, ..QUOTE };
/// `FulfillSalesOrder`: an order is delivered.
pub(super) const FULFILL_ORDER: Closing = ORDER;
/// `CancelSalesOrder`: an order comes to nothing.
pub(super) const CANCEL_ORDER: Closing = Closing { to: 2, ..ORDER };

/// Closes the document that the activity names.
pub(super) fn close(
    world: &mut World,
    exchange: &Exchange<'_>,
    given: &Given,
    closing: &Closing,
) -> Result<Outgoing, Refusal> {
    let (documents, closes) = (table(closing.of)?, table(closing.close)?);
    let json = given.json(closing.parameter).unwrap_or("{}");
    let mut told = changes(world, &exchange.root, closes, json.as_bytes(), Purpose::Create)?;
    let place = closes.place(closing.lookup);
    let written = told.iter().find(|(column, _)| Some(*column) == place).and_then(|(_, value)| value.clone());
    let missing = || {
        let message = format!("Required member '{}' missing for field '{}'", closing.lookup, closing.parameter);
        Refusal::new(400, "0x80040203", message)
    };
    let link = written.and_then(|value| value.as_link()).ok_or_else(missing)?;
    let stands = state(documents, row(world, link)?);
    if !closing.from.contains(&stands) {
        let message = format!("The {} cannot be closed in state {stands}.", closing.of);
        return Err(Refusal::new(400, "0x80040203", message));
    }
    let after = into_state(documents, closing.to, given.whole("Status")?.unwrap_or(-1))?;
    set(&mut told, closes, "statecode", Some(Value::Whole(1)));
    set(&mut told, closes, "statuscode", Some(Value::Whole(2)));
    let id = world.next_id(closes);
    world.create(closes, id, told, exchange.caller);
    world.update(documents, link.id, after, exchange.caller);
    Ok(Outgoing::empty(204))
}
