//! The sandbox's Global Discovery Service: which organisations a user can reach. Only the first of them lives here; the
//! others are switched off, or belong to sandboxes of their own. Who may ask is found out by the front.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::entra::Holder;
use super::odata::{
    Argument, Comparison, Expression, Literal, Malformed, Operand, Options, TextFunction, parse_filter, parse_names,
    parse_path,
};
use super::{Incoming, ORGANISATION_ID, Outgoing, TENANT_ID};

/// Where it answers
/// (<https://learn.microsoft.com/power-apps/developer/data-platform/discovery-service>).
pub(super) const PATH: &str = "/api/discovery/v2.0/";
const JSON: &str = "application/json; odata.metadata=minimal";
/// The options it takes.
const KNOWN_OPTIONS: [&str; 4] = ["$select", "$filter", "$top", "$orderby"];

/// Why a question is not answered.
enum No {
    /// With this status and this text.
    Refused(u16, String),
}

impl From<Malformed> for No {
    fn from(malformed: Malformed) -> Self {
        let (status, message) = match malformed {
            Malformed::Syntax(message) | Malformed::Unsupported(message) => (400, message),
            Malformed::NotBuilt(feature) => (501, format!("The sandbox does not have {feature}.")),
            Malformed::TooManyConditions => (400, "Too many conditions in the filter.".to_owned()),
        };
        Self::Refused(status, message)
    }
}

/// Answers a request under [`PATH`]. `beside` are the addresses of other sandboxes.
pub(super) fn answer(origin: &str, holder: &Holder, beside: &[String], request: &Incoming) -> Outgoing {
    if request.method != "GET" {
        return refusal(405, "Only GET is answered here.");
    }
    let person = match holder {
        Holder::Person(person) => person,
        Holder::App(_) => return refusal(403, "The discovery service lists the organisations of users, not of apps."),
    };
    // Guests are users of the organisation's tenant without a record in it, and are not told about it.
    let all = if person.user_id.is_some() { instances(origin, beside) } else { Vec::new() };
    match asked(all, request) {
        Ok(rows) => {
            let context = "https://10.0.1.76:20193/api/discovery/v2.0/$metadata#Instances";
            let body = json!({"@odata.context": context, "value": rows});
            Outgoing::with_body(200, JSON, body.to_string()).header("odata-version", "4.0")
        }
        Err(No::Refused(status, message)) => refusal(status, &message),
    }
}

/// Answer for a request without a good bearer for this service.
pub(super) fn unauthorised(origin: &str) -> Outgoing {
    let challenge = format!("Bearer authorization_uri={origin}/{TENANT_ID}/oauth2/authorize, resource_id={origin}/");
    Outgoing::empty(401).header("www-authenticate", challenge)
}

fn refusal(status: u16, message: &str) -> Outgoing {
    let body = json!({"error": {"code": "", "message": message}});
    Outgoing::with_body(status, JSON, body.to_string())
}

fn instances(origin: &str, beside: &[String]) -> Vec<Map<String, Value>> {
    let own = instance("Northlight", "northlight", ORGANISATION_ID, origin, true);
    // Nothing listens on the discard port of a computer of today, and nothing is asked there.
    let archive = instance("Northlight Archive", "northlightarchive", &id_of("archive"), "http://127.0.0.1:9", false);
    let others = beside.iter().map(|address| {
        let place = address.trim_start_matches("http://");
        instance(
            &format!("Southlight ({place})"),
            &format!("southlight{}", port_of(place)),
            &id_of(place),
            address,
            true,
        )
    });
    [own, archive].into_iter().chain(others).collect()
}

fn port_of(place: &str) -> &str {
    place.rsplit(':').next().unwrap_or_default()
}

/// An id that is always the same for the same name.
fn id_of(name: &str) -> String {
    let folded = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    Uuid::from_u64_pair(folded, folded.rotate_left(32)).hyphenated().to_string()
}

fn instance(friendly: &str, name: &str, id: &str, url: &str, enabled: bool) -> Map<String, Value> {
    let Value::Object(instance) = json!({
        "ApiUrl": url,
        "DatacenterId": id_of("datacenter"),
        "DatacenterName": null,
        "EnvironmentId": id_of(name),
        "FriendlyName": friendly,
        "Id": id,
        "IsUserSysAdmin": true,
        "LastUpdated": "2026-11-20T06:11:09Z",
        "OrganizationType": 0,
        "Purpose": null,
        "Region": "EMEA",
        "SchemaType": "Full",
        "State": u8::from(!enabled),
        "StatusMessage": if enabled { 6 } else { 4 },
        "TenantId": TENANT_ID,
        "TrialExpirationDate": null,
        "UniqueName": format!("unq{name}"),
        "Url": url,
        "UrlName": name,
        "Version": "9.2.26054.150",
    }) else {
        return Map::new();
    };
    instance
}

/// The instances that are asked for, with the properties that are asked for. Always a list, by key too.
fn asked(all: Vec<Map<String, Value>>, request: &Incoming) -> Result<Vec<Map<String, Value>>, No> {
    let options = Options::parse(&request.query)?;
    if let Some(unknown) = options.names().find(|name| !KNOWN_OPTIONS.contains(name)) {
        return Err(No::Refused(400, format!("The query option '{unknown}' isn't supported.")));
    }
    let segments = parse_path(request.path.strip_prefix(PATH).unwrap_or_default())?;
    let arguments = match segments.as_slice() {
        [only] if only.name == "Instances" => only.arguments.clone().unwrap_or_default(),
        _ => return Err(No::Refused(404, "There is no such resource.".to_owned())),
    };
    let filter = options.value("$filter").map(parse_filter).transpose()?;
    let mut rows = Vec::new();
    for row in all {
        let is_meant = arguments.iter().all(|argument| is_key(argument, &row));
        let passes = filter.as_ref().is_none_or(|filter| holds(filter, &row) == Some(true));
        // A property that isn't there is a mistake, not a row that doesn't fit.
        if let Some(filter) = &filter
            && holds(filter, &row).is_none()
        {
            return Err(No::Refused(400, "The filter names a property that an Instance doesn't have.".to_owned()));
        }
        if is_meant && passes {
            rows.push(row);
        }
    }
    let Some(select) = options.value("$select") else { return Ok(rows) };
    let names = parse_names(select);
    let pick = |row: &Map<String, Value>| {
        names.iter().map(|name| Some(((*name).to_owned(), row.get(*name)?.clone()))).collect::<Option<Map<_, _>>>()
    };
    let picked = rows.iter().map(pick).collect::<Option<Vec<_>>>();
    picked.ok_or_else(|| No::Refused(400, "The select names a property that an Instance doesn't have.".to_owned()))
}

/// `Instances(GUID)`, `Instances(UniqueName='…')`.
fn is_key(argument: &Argument, row: &Map<String, Value>) -> bool {
    let value = row.get(argument.name.as_deref().unwrap_or("Id")).and_then(Value::as_str);
    match (argument.literal(), value) {
        (Some(Literal::Guid(id)), Some(value)) => Uuid::try_parse(value).is_ok_and(|other| other == id),
        (Some(Literal::Text(text)), Some(value)) => text == value,
        _ => false,
    }
}

/// Whether the filter holds; `None` when it names what isn't there. Text is compared with its case.
fn holds(expression: &Expression, row: &Map<String, Value>) -> Option<bool> {
    match expression {
        Expression::All(parts) => parts.iter().try_fold(true, |all, part| holds(part, row).map(|this| all && this)),
        Expression::Any(parts) => parts.iter().try_fold(false, |any, part| holds(part, row).map(|this| any || this)),
        Expression::Not(inner) => holds(inner, row).map(|inner| !inner),
        Expression::Compare { left, operator, right } => {
            let (left, right) = (operand(left, row)?, operand(right, row)?);
            let order = compare(&left, &right);
            Some(match operator {
                Comparison::Eq => order == Some(Ordering::Equal),
                Comparison::Ne => order != Some(Ordering::Equal),
                Comparison::Gt => order == Some(Ordering::Greater),
                Comparison::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
                Comparison::Lt => order == Some(Ordering::Less),
                Comparison::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            })
        }
        Expression::Text { function, within, sought } => {
            let (within, sought) = (operand(within, row)?, operand(sought, row)?);
            let (Value::String(within), Value::String(sought)) = (within, sought) else { return Some(false) };
            Some(match function {
                TextFunction::Contains => within.contains(&sought),
                TextFunction::StartsWith => within.starts_with(&sought),
                TextFunction::EndsWith => within.ends_with(&sought),
            })
        }
        Expression::Truth(value) => Some(operand(value, row)? == Value::Bool(true)),
        Expression::Query { .. } => None,
    }
}

fn operand(operand: &Operand, row: &Map<String, Value>) -> Option<Value> {
    match operand {
        Operand::Path(path) => match path.as_slice() {
            [name] => row.get(name).cloned(),
            _ => None,
        },
        Operand::Literal(literal) => Some(match literal {
            Literal::Null => Value::Null,
            Literal::Flag(flag) => json!(flag),
            Literal::Number(number) => json!(number.as_whole()),
            Literal::Text(text) => json!(text),
            Literal::Guid(id) => json!(id.hyphenated().to_string()),
            Literal::Moment(moment) => json!(moment.to_string()),
            Literal::Day(day) => json!(day.to_string()),
            Literal::Member { name, .. } => json!(name),
        }),
        Operand::Alias(_) => None,
    }
}

fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => left.as_i64().zip(right.as_i64()).map(|(l, r)| l.cmp(&r)),
        (left, right) => (left == right).then_some(Ordering::Equal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{DAEMON, GUEST, INES};

    const ORIGIN: &str = "http://127.0.0.1:4711";

    fn ask(holder: &Holder, method: &str, address: &str) -> (u16, Value) {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let request = Incoming {
            method: method.to_owned(),
            path: format!("{PATH}{path}"),
            query: query.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let answer = answer(ORIGIN, holder, &["http://127.0.0.1:4712".to_owned()], &request);
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// The url names of what is listed.
    fn names(address: &str) -> Vec<String> {
        let (status, body) = ask(&Holder::Person(INES), "GET", address);
        assert_eq!(status, 200, "{address}: {body}");
        let rows = body["value"].as_array().unwrap();
        rows.iter().map(|row| row["UrlName"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_user_is_told_of_the_own_organisation_of_one_switched_off_and_of_those_beside() {
        let (status, body) = ask(&Holder::Person(INES), "GET", "Instances");
        assert_eq!(status, 200);
        let rows = body["value"].as_array().unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!((&rows[0]["Url"], &rows[0]["State"]), (&json!(ORIGIN), &json!(0)));
        assert_eq!(rows[1]["State"], 1);
        assert_eq!(rows[2]["Url"], "http://127.0.0.1:4712");
        let ids: std::collections::BTreeSet<&str> = rows.iter().map(|row| row["Id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 3);
        assert!(ids.iter().all(|id| Uuid::try_parse(id).is_ok()));
    }

    #[test]
    fn guests_are_told_of_nothing_and_apps_may_not_ask() {
        assert_eq!(ask(&Holder::Person(GUEST), "GET", "Instances").1["value"], json!([]));
        assert_eq!(ask(&Holder::App(DAEMON), "GET", "Instances").0, 403);
        assert_eq!(ask(&Holder::Person(INES), "POST", "Instances").0, 405);
        assert_eq!(ask(&Holder::Person(INES), "GET", "Organisations").0, 404);
    }

    #[test]
    fn filters_and_keys_are_compared_with_their_case() {
        for (filter, expected) in [
            ("State eq 1", vec!["northlightarchive"]),
            ("State%20eq%200%20and%20startswith(UrlName,'north')", vec!["northlight"]),
            (
                "contains(FriendlyName,'Archive') or UrlName eq 'southlight4712'",
                vec!["northlightarchive", "southlight4712"],
            ),
            ("contains(FriendlyName,'archive')", vec![]),
            ("not endswith(UrlName,'light')", vec!["northlightarchive", "southlight4712"]),
            ("Region ne 'EMEA'", vec![]),
            ("State ge 1", vec!["northlightarchive"]),
            ("DatacenterName eq null and State lt 1", vec!["northlight", "southlight4712"]),
        ] {
            assert_eq!(names(&format!("Instances?$filter={filter}")), expected, "{filter}");
        }
        assert_eq!(names("Instances(UniqueName='unqnorthlight')"), ["northlight"]);
        assert_eq!(names("Instances(UniqueName='UNQnorthlight')"), Vec::<String>::new());
        assert_eq!(names(&format!("Instances({ORGANISATION_ID})")), ["northlight"]);
    }

    #[test]
    fn a_select_picks_and_what_is_not_there_is_refused() {
        let (_, body) = ask(&Holder::Person(INES), "GET", "Instances?$select=Url,State");
        assert_eq!(body["value"][0].as_object().unwrap().len(), 2);
        for wrong in ["$select=Nothing", "$filter=Nothing eq 1", "$filter=State eq", "$expand=x", "$filter=%zz"] {
            assert_eq!(ask(&Holder::Person(INES), "GET", &format!("Instances?{wrong}")).0, 400, "{wrong}");
        }
    }
}
