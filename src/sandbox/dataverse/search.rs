//! Dataverse search: words found in the texts of records, over several tables. It ranks by the number of words found and
//! nothing finer. Source: Microsoft Learn, "Dataverse search query".

use serde::Deserialize;

use crate::sandbox::data::{Kind, Schema, Table};
use crate::sandbox::dataverse::condition::{Condition, Setting};
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::json::{Object, array, quote};
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::values::to_json;
use crate::sandbox::odata::Options;
use crate::sandbox::world::{Row, Value, World, folded};
use crate::sandbox::{Incoming, Outgoing};

/// The tables that are searched when none are named.
const TABLES: [&str; 8] = ["account", "contact", "lead", "opportunity", "incident", "task", "phonecall", "appointment"];
/// The columns that are searched, where a table has them; the primary name is one always.
const COLUMNS: [&str; 12] = [
    "accountnumber",
    "description",
    "emailaddress1",
    "telephone1",
    "mobilephone",
    "address1_city",
    "websiteurl",
    "jobtitle",
    "companyname",
    "ticketnumber",
    "subject",
    "fullname",
];

#[derive(Deserialize)]
struct Query {
    search: String,
    #[serde(default)]
    count: bool,
    top: Option<usize>,
    #[serde(default)]
    skip: usize,
    entities: Option<String>,
    filter: Option<String>,
    orderby: Option<String>,
    facets: Option<String>,
    options: Option<String>,
}

#[derive(Deserialize)]
struct Entity {
    name: String,
    #[serde(rename = "selectColumns", default)]
    select: Vec<String>,
    #[serde(rename = "searchColumns", default)]
    search: Vec<String>,
    filter: Option<String>,
}

/// `POST …/searchquery`, and `POST /api/search/v2.0/query`.
pub(super) fn query(world: &World, exchange: &Exchange<'_>) -> Result<Outgoing, Refusal> {
    if !is_enabled(world) {
        return Err(Refusal::new(400, "0x80048d0a", "Search is not enabled for this organization."));
    }
    let bad = |message: String| Refusal::new(400, "0x80048d19", message);
    let query: Query = serde_json::from_slice(&exchange.request.body).map_err(|error| bad(error.to_string()))?;
    let absent = [("orderby", &query.orderby), ("facets", &query.facets), ("options", &query.options)];
    if let Some((name, _)) = absent.iter().find(|(_, value)| value.is_some()) {
        return Err(Refusal::not_built(&format!("'{name}' of a search")));
    }
    let length = query.search.trim().chars().count();
    if length == 0 || length > 100 {
        return Err(bad("The search term has 1 to 100 characters.".to_owned()));
    }
    let top = query.top.unwrap_or(50);
    if !(1..=100).contains(&top) {
        return Err(bad("The top of a search lies between 1 and 100.".to_owned()));
    }
    let named: Option<Vec<Entity>> =
        query.entities.as_deref().map(serde_json::from_str).transpose().map_err(|error| bad(error.to_string()))?;
    let entities = named.unwrap_or_else(|| {
        let plain =
            |name: &&str| Entity { name: (*name).to_owned(), select: Vec::new(), search: Vec::new(), filter: None };
        TABLES.iter().map(plain).collect()
    });
    let words = words(&query.search);
    let mut found = Vec::new();
    for entity in &entities {
        let unknown = || bad(format!("The entity '{}' is not enabled for search.", entity.name));
        let table = Schema::of_sandbox().by_name(&entity.name).ok_or_else(unknown)?;
        let conditions = [query.filter.as_deref(), entity.filter.as_deref()];
        let options = Options::default();
        let setting = Setting { options: &options, caller: exchange.caller, is_inside_expand: false };
        let conditions: Vec<Condition> = conditions
            .into_iter()
            .flatten()
            .map(|text| Condition::read(text, table, world, &setting))
            .collect::<Result<_, _>>()?;
        let columns = searched(table, &entity.search);
        for row in world.rows(table).filter(|row| conditions.iter().all(|condition| condition.holds(world, row))) {
            let hits: Vec<(&str, String)> = columns
                .iter()
                .filter_map(|column| Some((table.column(*column).name, hit(row, *column, &words)?)))
                .collect();
            let all: Vec<&str> = columns.iter().filter_map(|column| row.value(*column)?.as_text()).collect();
            let score = words.iter().filter(|word| all.iter().any(|text| holds(text, &word.text))).count();
            let is_met = words.iter().all(|word| !word.is_due || all.iter().any(|text| holds(text, &word.text)));
            if score > 0 && is_met {
                found.push((score, hits.len(), shown(table, row, entity, score, &hits)));
            }
        }
    }
    found.sort_by_key(|(score, hits, _)| std::cmp::Reverse((*score, *hits)));
    let count = if query.count { found.len().to_string() } else { "-1".to_owned() };
    let mut inner = Object::new();
    inner.raw("Error", "null");
    inner.raw("Value", &array(found.into_iter().skip(query.skip).take(top).map(|(_, _, json)| json)));
    inner.raw("Facets", "{}").raw("QueryContext", "null").raw("Count", &count);
    let mut object = Object::new();
    object.text("@odata.context", &exchange.context("Microsoft.Dynamics.CRM.searchqueryResponse"));
    object.text("response", &inner.finish());
    Ok(exchange.json(200, object.finish()))
}

/// `GET …/searchstatus`.
pub(super) fn status(world: &World, exchange: &Exchange<'_>) -> Outgoing {
    let state = if is_enabled(world) { "Provisioned" } else { "NotProvisioned" };
    let mut inner = Object::new();
    inner.raw("error", "null").raw("value", &format!("{{\"status\":{},\"lockboxstatus\":\"Disabled\"}}", quote(state)));
    let mut object = Object::new();
    object.text("@odata.context", &exchange.context("Microsoft.Dynamics.CRM.searchstatusResponse"));
    object.text("response", &inner.finish());
    exchange.json(200, object.finish())
}

/// The setting "Dataverse search" of the environment, as the organisation's row has it.
fn is_enabled(world: &World) -> bool {
    let Some(table) = Schema::of_sandbox().by_name("organization") else { return false };
    let place = table.place("isexternalsearchindexenabled");
    let row = world.rows(table).next();
    place.zip(row).and_then(|(place, row)| row.value(place)) != Some(&Value::Flag(false))
}

struct Word {
    text: String,
    /// `+word`.
    is_due: bool,
}

fn words(search: &str) -> Vec<Word> {
    let unescaped = search.replace('\\', "");
    let word =
        |word: &str| Word { text: folded(word.trim_matches(['+', '"', '(', ')', '*'])), is_due: word.starts_with('+') };
    unescaped.split([' ', '|']).map(word).filter(|word| !word.text.is_empty()).collect()
}

/// Whether a word of a text begins with what is sought.
fn holds(text: &str, sought: &str) -> bool {
    folded(text).split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(sought)) || folded(text) == sought
}

fn hit(row: &Row, column: u16, words: &[Word]) -> Option<String> {
    let text = row.value(column)?.as_text()?;
    let is_sought = |part: &str| words.iter().any(|word| holds(part, &word.text));
    let mark = |part: &str| if is_sought(part) { format!("{{crmhit}}{part}{{/crmhit}}") } else { part.to_owned() };
    let marked = text.split(' ').map(mark);
    words.iter().any(|word| holds(text, &word.text)).then(|| marked.collect::<Vec<_>>().join(" "))
}

fn searched(table: &Table, named: &[String]) -> Vec<u16> {
    let is_text = |place: &u16| matches!(table.column(*place).kind, Kind::Text(_) | Kind::Memo(_));
    if !named.is_empty() {
        return named.iter().filter_map(|name| table.place(name)).filter(is_text).collect();
    }
    let mut columns: Vec<u16> = table.name.into_iter().collect();
    for place in COLUMNS.iter().filter_map(|name| table.place(name)).filter(is_text) {
        if !columns.contains(&place) {
            columns.push(place);
        }
    }
    columns
}

fn shown(table: &'static Table, row: &Row, entity: &Entity, score: usize, hits: &[(&str, String)]) -> String {
    let mut attributes = Object::new();
    attributes.plain("@search.objecttypecode", table.type_code);
    let names = entity.select.iter().filter_map(|name| table.place(name));
    for place in table.name.into_iter().chain(names.filter(|place| Some(*place) != table.name)) {
        attributes.raw(table.column(place).name, &row.value(place).map_or("null".to_owned(), to_json));
    }
    let mut highlights = Object::new();
    for (name, marked) in hits {
        highlights.raw(name, &array([quote(marked)]));
    }
    let mut object = Object::new();
    object.text("Id", &row.id.to_string()).text("EntityName", table.logical_name).plain("ObjectTypeCode", 0);
    object.raw("Attributes", &attributes.finish()).raw("Highlights", &highlights.finish());
    object.raw("Score", &format!("{score}.5"));
    object.finish()
}

/// Whether a request is one of the search service's own addresses.
pub(super) fn is_native(request: &Incoming) -> bool {
    request.method == "POST" && matches!(request.path.as_str(), "/api/search/v1.0/query" | "/api/search/v2.0/query")
}
