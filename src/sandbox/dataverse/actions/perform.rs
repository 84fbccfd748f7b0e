//! Which action or function a request means, and that it is carried out as a whole or not at all.

use uuid::Uuid;

use crate::sandbox::Outgoing;
use crate::sandbox::data::Table;
use crate::sandbox::dataverse::actions::given::Given;
use crate::sandbox::dataverse::actions::{OPERATIONS, Operation, cases, custom, documents, merging, sales, teams};
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::files;
use crate::sandbox::dataverse::functions::privileges;
use crate::sandbox::dataverse::not_implemented::no_such;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::odata::Segment;
use crate::sandbox::world::World;

const NAMESPACE: &str = "Microsoft.Dynamics.CRM.";

/// Answers an action or function that is bound to nothing; `None` when there is none of that name here.
pub(in crate::sandbox::dataverse) fn unbound(
    world: &mut World,
    exchange: &Exchange<'_>,
    segment: &Segment,
) -> Option<Result<Outgoing, Refusal>> {
    let operation = OPERATIONS.iter().find(|it| it.bound.is_none() && it.name == segment.name)?;
    Some(carry_out(world, exchange, operation, segment, None))
}

/// Answers an action or function bound to a record, or without `id` to a whole table; `None` when the segment names none.
pub(in crate::sandbox::dataverse) fn bound(
    world: &mut World,
    exchange: &Exchange<'_>,
    table: &Table,
    id: Option<Uuid>,
    segment: &Segment,
) -> Option<Result<Outgoing, Refusal>> {
    let is_here = |it: &&Operation| it.bound == Some(table.logical_name) && it.is_set == id.is_none();
    let Some(name) = segment.name.strip_prefix(NAMESPACE) else {
        let operation = OPERATIONS.iter().filter(is_here).find(|it| it.name == segment.name)?;
        return Some(Err(Refusal::new(
            400,
            "0x80048d19",
            format!(
                "Request message has unresolved parameters. ('{}' is bound and needs its namespace.)",
                operation.name
            ),
        )));
    };
    let Some(operation) = OPERATIONS.iter().filter(is_here).find(|it| it.name == name) else {
        return Some(Err(no_such(&segment.name)));
    };
    if let Some(id) = id.filter(|id| world.row(table, *id).is_none()) {
        return Some(Err(Refusal::no_record(table, id)));
    }
    Some(carry_out(world, exchange, operation, segment, id))
}

fn carry_out(
    world: &mut World,
    exchange: &Exchange<'_>,
    operation: &Operation,
    segment: &Segment,
    id: Option<Uuid>,
) -> Result<Outgoing, Refusal> {
    let wanted = if operation.is_function { "GET" } else { "POST" };
    if exchange.request.method != wanted {
        let origin = exchange.root.split("/api/").next().unwrap_or_default();
        return Err(Refusal::no_resource(&format!("{origin}{}", exchange.request.path)));
    }
    let given = if operation.is_function {
        Given::in_address(exchange, operation, segment.arguments.as_deref())?
    } else {
        Given::in_body(exchange, operation)?
    };
    // What fails half-way leaves nothing behind: the clone shares everything that is not written.
    let mut draft = world.clone();
    let answer = perform(&mut draft, exchange, operation.name, id.unwrap_or_default(), &given)?;
    *world = draft;
    Ok(answer)
}

fn perform(
    world: &mut World,
    exchange: &Exchange<'_>,
    name: &str,
    id: Uuid,
    given: &Given,
) -> Result<Outgoing, Refusal> {
    match name {
        "AddMembersTeam" => teams::members(world, exchange, id, given, true),
        "RemoveMembersTeam" => teams::members(world, exchange, id, given, false),
        "QualifyLead" => sales::qualify(world, exchange, id, given),
        "WinOpportunity" => sales::close(world, exchange, given, true),
        "LoseOpportunity" => sales::close(world, exchange, given, false),
        "WinQuote" => documents::close(world, exchange, given, &documents::WIN_QUOTE),
        "CloseQuote" => documents::close(world, exchange, given, &documents::CLOSE_QUOTE),
        "FulfillSalesOrder" => documents::close(world, exchange, given, &documents::FULFILL_ORDER),
        "CancelSalesOrder" => documents::close(world, exchange, given, &documents::CANCEL_ORDER),
        "CloseIncident" => cases::close(world, exchange, given),
        "Merge" => merging::merge(world, exchange, given),
        "RetrieveUserPrivileges" => Ok(privileges(exchange)),
        "nl_Escalate" => custom::escalate(world, exchange, id, given),
        "nl_PlanVisit" => custom::plan_visit(world, exchange, given),
        "nl_WorkingDays" => custom::working_days(exchange, given),
        "nl_OpenValue" => custom::open_value(world, exchange, id, given),
        "nl_OldestOpen" => custom::oldest_open(world, exchange, given),
        other => files::perform(world, exchange, other, given).unwrap_or_else(|| Err(Refusal::unknown_segment(other))),
    }
}
