//! Functions about the caller and the organisation. They never touch a business record.

use crate::sandbox::data::Schema;
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::json::{Object, array, quote};
use crate::sandbox::dataverse::local_time;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::odata::{Literal, Segment, json_list};
use crate::sandbox::world::{World, made_id};
use crate::sandbox::{BUSINESS_UNIT_ID, ORGANISATION_ID, Outgoing, TENANT_ID};

/// The version the sandbox claims to be.
const VERSION: &str = "9.2.26054.150";
/// The parallelism the service recommends, in `x-ms-dop-hint`.
const PARALLELISM: &str = "8";

/// The answer of a function by its name; `None` when there is no such function.
pub(super) fn function(world: &World, exchange: &Exchange<'_>, segment: &Segment) -> Option<Result<Outgoing, Refusal>> {
    let answer: fn(&World, &Exchange<'_>, &Segment) -> Result<Outgoing, Refusal> = match segment.name.as_str() {
        "WhoAmI" => |_, exchange, _| Ok(who_am_i(exchange)),
        "RetrieveVersion" => |_, exchange, _| Ok(version(exchange)),
        "RetrieveCurrentOrganization" => |_, exchange, segment| organisation(exchange, segment),
        "RetrieveTotalRecordCount" => total_record_count,
        "LocalTimeFromUtcTime" => |_, exchange, segment| local_time::to_local(exchange, segment),
        "UtcTimeFromLocalTime" => |_, exchange, segment| local_time::to_utc(exchange, segment),
        _ => return None,
    };
    let parameters: &[&str] = match segment.name.as_str() {
        "RetrieveCurrentOrganization" => &["AccessType"],
        "RetrieveTotalRecordCount" => &["EntityNames"],
        "LocalTimeFromUtcTime" => &["TimeZoneCode", "UtcTime"],
        "UtcTimeFromLocalTime" => &["LocalTime", "TimeZoneCode"],
        _ => &[],
    };
    let is_known = |name: Option<&str>| name.is_some_and(|name| parameters.contains(&name));
    if segment.arguments.iter().flatten().any(|argument| !is_known(argument.name.as_deref())) {
        return Some(Err(Refusal::unknown_segment(&segment.name)));
    }
    if exchange.request.method == "GET" {
        return Some(answer(world, exchange, segment));
    }
    let origin = exchange.root.split("/api/").next().unwrap_or_default();
    Some(Err(Refusal::no_resource(&format!("{origin}{}", exchange.request.path))))
}

pub(super) fn response(exchange: &Exchange<'_>, name: &str) -> Object {
    let mut object = Object::new();
    object.text("@odata.context", &exchange.context(&format!("Microsoft.Dynamics.CRM.{name}Response")));
    object
}

fn who_am_i(exchange: &Exchange<'_>) -> Outgoing {
    let mut object = response(exchange, "WhoAmI");
    object.text("BusinessUnitId", BUSINESS_UNIT_ID).text("UserId", &exchange.caller.to_string());
    object.text("OrganizationId", ORGANISATION_ID);
    exchange.json(200, object.finish()).header("x-ms-dop-hint", PARALLELISM)
}

fn version(exchange: &Exchange<'_>) -> Outgoing {
    let mut object = response(exchange, "RetrieveVersion");
    object.text("Version", VERSION);
    exchange.json(200, object.finish())
}

/// The value of a function's parameter, through its alias where it has one.
pub(super) fn argument<'exchange>(
    exchange: &'exchange Exchange<'_>,
    segment: &'exchange Segment,
    name: &str,
) -> Option<&'exchange str> {
    let argument = segment.arguments.as_ref()?.iter().find(|argument| argument.name.as_deref() == Some(name))?;
    if argument.text.starts_with('@') { exchange.options.value(&argument.text) } else { Some(&argument.text) }
}

fn organisation(exchange: &Exchange<'_>, segment: &Segment) -> Result<Outgoing, Refusal> {
    let access = argument(exchange, segment, "AccessType").and_then(Literal::parse);
    match access {
        Some(Literal::Member { of, .. }) if of == "Microsoft.Dynamics.CRM.EndpointAccessType" => {}
        _ => return Err(Refusal::unsupported("The parameter AccessType is missing or no EndpointAccessType.")),
    }
    let origin = exchange.root.split("/api/").next().unwrap_or_default();
    let endpoints = [
        ("WebApplication", format!("{origin}/")),
        ("OrganizationService", format!("{origin}/XRMServices/2011/Organization.svc")),
        ("OrganizationDataService", format!("{origin}/XRMServices/2011/OrganizationData.svc")),
    ];
    let mut map = Object::new();
    map.plain("Count", endpoints.len()).plain("IsReadOnly", false);
    map.raw("Keys", &array(endpoints.iter().map(|(key, _)| quote(key))));
    map.raw("Values", &array(endpoints.iter().map(|(_, value)| quote(value))));
    let mut detail = Object::new();
    detail.text("OrganizationId", ORGANISATION_ID).text("FriendlyName", "Northlight");
    detail.text("OrganizationVersion", VERSION).text("EnvironmentId", &made_id(1019).to_string());
    detail.text("DatacenterId", &made_id(1020).to_string()).text("Geo", "EMEA").text("TenantId", TENANT_ID);
    detail.text("UrlName", "northlight").text("UniqueName", "unqnorthlight");
    detail.raw("Endpoints", &map.finish()).text("State", "Enabled");
    let mut object = response(exchange, "RetrieveCurrentOrganization");
    object.raw("Detail", &detail.finish());
    Ok(exchange.json(200, object.finish()))
}

fn total_record_count(world: &World, exchange: &Exchange<'_>, segment: &Segment) -> Result<Outgoing, Refusal> {
    let missing = || Refusal::unsupported("The parameter EntityNames of RetrieveTotalRecordCount is missing.");
    let names = json_list(argument(exchange, segment, "EntityNames").ok_or_else(missing)?)?;
    let mut counts = Vec::new();
    for name in &names {
        let table = Schema::of_sandbox().by_name(name).ok_or_else(|| {
            Refusal::new(400, "0x80041102", format!("The entity with a name = '{name}' was not found."))
        })?;
        counts.push(world.count(table).to_string());
    }
    let mut map = Object::new();
    map.plain("Count", names.len()).plain("IsReadOnly", false);
    map.raw("Keys", &array(names.iter().map(|name| quote(name)))).raw("Values", &array(counts));
    let mut object = response(exchange, "RetrieveTotalRecordCount");
    object.raw("EntityRecordCountCollection", &map.finish());
    Ok(exchange.json(200, object.finish()))
}

/// `RetrieveUserPrivileges`: in the sandbox everybody may do everything, everywhere.
pub(super) fn privileges(exchange: &Exchange<'_>) -> Outgoing {
    const VERBS: [&str; 8] = ["Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign", "Share"];
    let mut privileges = Vec::new();
    for table in Schema::of_sandbox().tables() {
        // The privileges of all activities are those of their base type.
        let name = if table.is_activity() { "Activity" } else { table.schema_name };
        for (nth, verb) in (0..).zip(VERBS) {
            let mut privilege = Object::new();
            let id = made_id(u64::from(table.type_code) << 8 | nth);
            privilege.text("Depth", "Global").text("PrivilegeId", &id.to_string());
            privilege.text("BusinessUnitId", BUSINESS_UNIT_ID).text("PrivilegeName", &format!("prv{verb}{name}"));
            let json = privilege.finish();
            privileges.push(json);
        }
    }
    let mut object = response(exchange, "RetrieveUserPrivileges");
    object.raw("RolePrivileges", &array(privileges));
    exchange.json(200, object.finish())
}
