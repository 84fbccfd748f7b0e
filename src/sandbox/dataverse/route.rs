//! Which handler a request to the Web API belongs to. It never handles one itself.

use uuid::Uuid;

use crate::sandbox::data::Table;
use crate::sandbox::dataverse::actions;
use crate::sandbox::dataverse::batch::batch;
use crate::sandbox::dataverse::bulk::Bulk;
use crate::sandbox::dataverse::collection::Pool;
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::functions::function;
use crate::sandbox::dataverse::keys::Key;
use crate::sandbox::dataverse::preferences::Preferences;
use crate::sandbox::dataverse::record::{table_of_set, within};
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::way::Way;
use crate::sandbox::dataverse::{files, metadata, parties, relate, search, write};
use crate::sandbox::odata::{Options, Segment, parse_path};
use crate::sandbox::world::{Value, World, made_id};
use crate::sandbox::{Caller, Incoming, Outgoing};

const VERSIONS: [&str; 3] = ["v9.2", "v9.1", "v9.0"];

/// Answers a request whose token was good. `origin` is the sandbox's own: scheme, host and port without a slash behind.
pub(crate) fn answer(world: &mut World, origin: &str, caller: &Caller, request: &Incoming) -> Outgoing {
    let preferences = Preferences::read(request);
    let has_details = preferences.wants("Microsoft.PowerApps.CDS.HelpLink");
    let answer =
        judged(world, origin, caller, request, preferences).unwrap_or_else(|refusal| refusal.answer(has_details));
    let number = world.version().rotate_left(20) ^ u64::try_from(world.now().as_second()).unwrap_or(0);
    answer.header("odata-version", "4.0").header("x-ms-service-request-id", made_id(number).to_string())
}

fn judged(
    world: &mut World,
    origin: &str,
    caller: &Caller,
    request: &Incoming,
    preferences: Preferences,
) -> Result<Outgoing, Refusal> {
    let stranger = || Refusal::new(403, "0x80072560", "The user is not a member of the organization.");
    let asking = caller;
    let caller = asking.user_id.and_then(|id| id.parse::<Uuid>().ok()).ok_or_else(stranger)?;
    check_enabled(world, caller)?;
    let caller = on_behalf(world, caller, request)?;
    if search::is_native(request) {
        let root = format!("{origin}/api/data/v9.2");
        let exchange = Exchange { request, root, options: Options::default(), preferences, caller };
        return search::query(world, &exchange);
    }
    let no_resource = || Refusal::no_resource(&format!("{origin}{}", request.path));
    let below = request.path.strip_prefix("/api/data/").ok_or_else(no_resource)?;
    let (version, path) = below.split_once('/').unwrap_or((below, ""));
    if !VERSIONS.contains(&version) {
        return Err(no_resource());
    }
    if path == "$batch" && request.method != "GET" {
        return batch(world, origin, asking, request);
    }
    let options = Options::parse(&request.query)?;
    if let Some(name) = options.repeated() {
        let message =
            format!("Query option '{name}' was specified more than once, but it must be specified at most once.");
        return Err(Refusal::new(400, "0x0", message));
    }
    if let Some(feature) = preferences.absent {
        return Err(Refusal::not_built(feature));
    }
    let exchange = Exchange { request, root: format!("{origin}/api/data/{version}"), options, preferences, caller };
    let segments = parse_path(path)?;
    let Some((first, rest)) = segments.split_first() else { return metadata::service_document(&exchange) };
    if let Some(answer) = metadata::definitions(&exchange, first, rest) {
        return answer;
    }
    match (request.method.as_str(), first.name.as_str()) {
        ("POST", "searchquery") if rest.is_empty() => return search::query(world, &exchange),
        ("GET", "searchstatus") if rest.is_empty() => return Ok(search::status(world, &exchange)),
        _ => {}
    }
    if let Some(answer) = function(world, &exchange, first).filter(|_| rest.is_empty()) {
        return answer;
    }
    if exchange.request.method != "GET" {
        exchange.check_options_of_change()?;
    }
    if rest.is_empty()
        && let Some(answer) = actions::unbound(world, &exchange, first)
    {
        return answer;
    }
    let table = table_of_set(&first.name)?;
    match &first.arguments {
        None => set(world, &exchange, table, rest),
        Some(arguments) => {
            let key = Key::read(table, arguments, &exchange.options)?;
            record(world, &exchange, table, &key, rest)
        }
    }
}

/// The user that a header names to act for: by object id in Entra, or by user id. Everybody here may act for others.
fn on_behalf(world: &World, caller: Uuid, request: &Incoming) -> Result<Uuid, Refusal> {
    let (column, id) = match (request.header("callerobjectid"), request.header("mscrmcallerid")) {
        (Some(id), _) => ("azureactivedirectoryobjectid", id),
        (None, Some(id)) => ("systemuserid", id),
        (None, None) => return Ok(caller),
    };
    let table = table_of_set("systemusers")?;
    let id: Uuid = id.parse().map_err(|_| Refusal::new(400, "0x80040203", "The caller's id is not a GUID."))?;
    let place = table.place(column);
    let is_meant =
        |row: &&crate::sandbox::world::Row| place.and_then(|place| row.value(place)).and_then(Value::as_id) == Some(id);
    let user = world.rows(table).find(is_meant).map(|row| row.id).ok_or_else(|| Refusal::no_record(table, id))?;
    check_enabled(world, user)?;
    Ok(user)
}

/// A user an administrator has disabled is turned away from everything.
fn check_enabled(world: &World, caller: Uuid) -> Result<(), Refusal> {
    let table = table_of_set("systemusers")?;
    let stranger = || Refusal::new(403, "0x80072560", "The user is not a member of the organization.");
    let row = world.row(table, caller).ok_or_else(stranger)?;
    let is_disabled = table.place("isdisabled").and_then(|place| row.value(place)) == Some(&Value::Flag(true));
    if is_disabled {
        let message = format!("The specified user (Id={caller}) is disabled. Consider enabling this user.");
        return Err(Refusal::new(403, "0x80040225", message));
    }
    Ok(())
}

fn set(
    world: &mut World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    rest: &[Segment],
) -> Result<Outgoing, Refusal> {
    let words: Vec<&str> = rest.iter().map(|segment| segment.name.as_str()).collect();
    if let [only] = words.as_slice()
        && let Some(bulk) = Bulk::find(only)
    {
        return bulk.answer(world, exchange, table);
    }
    if let [operation] = rest
        && let Some(answer) = actions::bound(world, exchange, table, None, operation)
    {
        return answer;
    }
    let pool = Pool { table, ids: None };
    match (exchange.request.method.as_str(), words.as_slice()) {
        ("GET", []) => pool.list(world, exchange),
        ("GET", ["$count"]) => pool.count(world, exchange),
        ("GET", ["$ref"]) => Err(Refusal::not_built("$ref on a whole table")),
        ("POST", []) => write::create(world, exchange, table),
        (method, [] | ["$count"]) => Err(Refusal::wrong_method(method)),
        (_, [other, ..]) => Err(Refusal::unknown_segment(other)),
    }
}

fn record(
    world: &mut World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    key: &Key,
    rest: &[Segment],
) -> Result<Outgoing, Refusal> {
    if let [operation] = rest {
        let id = key.existing(world, table)?;
        if let Some(answer) = actions::bound(world, exchange, table, Some(id), operation) {
            return answer;
        }
    }
    if let Some(answer) = files::answer(world, exchange, table, key, rest) {
        return answer;
    }
    match (exchange.request.method.as_str(), rest) {
        ("GET", _) => {
            let id = key.existing(world, table)?;
            within(world, exchange, table, id, rest)
        }
        ("PATCH", []) => write::patch(world, exchange, table, key),
        ("DELETE", []) => write::delete(world, exchange, table, key),
        ("POST" | "PUT" | "DELETE", [navigation, reference]) if reference.name == "$ref" => {
            let id = key.existing(world, table)?;
            relate::relate(world, exchange, table, id, navigation)
        }
        ("PUT" | "DELETE", [property]) if table.property(&property.name).is_some() => {
            let id = key.existing(world, table)?;
            write::put_column(world, exchange, table, id, &property.name)
        }
        ("PUT", [collection]) if parties::is_parties(table, &collection.name) => {
            let id = key.existing(world, table)?;
            parties::replace(world, exchange, table, id)
        }
        (_, [first, ..]) if !is_part(table, &first.name) => Err(Refusal::unknown_segment(&first.name)),
        (method, _) => Err(Refusal::wrong_method(method)),
    }
}

fn is_part(table: &Table, name: &str) -> bool {
    table.property(name).is_some() || Way::find(table, name).is_some()
}
