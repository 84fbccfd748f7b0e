//! The parameters that were given to an action or a function, held against what it declares. Nothing is done with them here.

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::sandbox::data::{Schema, Table};
use crate::sandbox::dataverse::actions::Operation;
use crate::sandbox::dataverse::body::Members;
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::keys::referenced;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::odata::{Argument, guid, moment};
use crate::sandbox::world::{Link, World};

const NAMESPACE: &str = "Microsoft.Dynamics.CRM.";

/// The parameters, as JSON.
pub(in crate::sandbox::dataverse) struct Given(Vec<(String, Box<RawValue>)>);

impl Given {
    /// Those in the body of an action.
    pub fn in_body(exchange: &Exchange<'_>, operation: &Operation) -> Result<Self, Refusal> {
        let body: &[u8] = &exchange.request.body;
        let body = if body.iter().all(u8::is_ascii_whitespace) { b"{}" } else { body };
        let members: Members =
            serde_json::from_slice(body).map_err(|error| payload(&format!("The body is no JSON object: {error}")))?;
        let members = members.0.into_iter().filter(|(name, _)| !name.starts_with('@')).collect();
        Self(members).checked(operation)
    }

    /// Those in the parentheses of a function, each perhaps behind an alias.
    pub fn in_address(
        exchange: &Exchange<'_>,
        operation: &Operation,
        arguments: Option<&[Argument]>,
    ) -> Result<Self, Refusal> {
        let mut members = Vec::new();
        for argument in arguments.unwrap_or_default() {
            let name = argument.name.clone().ok_or_else(|| payload("A parameter of a function has no name."))?;
            let text = if argument.text.starts_with('@') {
                // An alias without a value is null.
                exchange.options.value(&argument.text).unwrap_or("null")
            } else {
                &argument.text
            };
            members.push((name, to_json(text).ok_or_else(|| payload(&format!("'{text}' is no literal.")))?));
        }
        Self(members).checked(operation)
    }

    fn checked(self, operation: &Operation) -> Result<Self, Refusal> {
        for (name, _) in &self.0 {
            if !operation.parameters.iter().any(|parameter| parameter.name == name) {
                let inner = format!(
                    "The parameter '{name}' in the request payload is not a valid parameter for the operation '{}'.",
                    operation.name
                );
                return Err(payload(&inner));
            }
        }
        for parameter in operation.parameters.iter().filter(|parameter| !parameter.is_optional) {
            if self.json(parameter.name).is_none() {
                return Err(missing(parameter.name));
            }
        }
        Ok(self)
    }

    /// The JSON of a parameter; one that is null counts as left out.
    pub fn json(&self, name: &str) -> Option<&str> {
        let (_, json) = self.0.iter().find(|(given, _)| given == name)?;
        Some(json.get()).filter(|json| *json != "null")
    }

    fn read<T: serde::de::DeserializeOwned>(&self, name: &str, kind: &str) -> Result<Option<T>, Refusal> {
        let unfit =
            |json: &str| payload(&format!("Cannot convert the literal '{json}' to the expected type '{kind}'."));
        self.json(name).map(|json| serde_json::from_str(json).map_err(|_| unfit(json))).transpose()
    }

    /// A truth; one left out is false.
    pub fn flag(&self, name: &str) -> Result<bool, Refusal> {
        self.read(name, "Edm.Boolean").map(Option::unwrap_or_default)
    }

    /// A whole number.
    pub fn whole(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.read::<i32>(name, "Edm.Int32").map(|number| number.map(i64::from))
    }

    /// A whole number of 64 bits.
    pub fn big(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.read(name, "Edm.Int64")
    }

    /// A text; one left out is empty.
    pub fn text(&self, name: &str) -> Result<String, Refusal> {
        self.read(name, "Edm.String").map(Option::unwrap_or_default)
    }

    /// Texts.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, Refusal> {
        self.read(name, "Collection(Edm.String)").map(Option::unwrap_or_default)
    }

    /// A moment.
    pub fn moment(&self, name: &str) -> Result<Option<jiff::Timestamp>, Refusal> {
        let text: Option<String> = self.read(name, "Edm.DateTimeOffset")?;
        let unfit = |text: &str| payload(&format!("Cannot convert the literal '{text}' to 'Edm.DateTimeOffset'."));
        text.map(|text| moment(&text).ok_or_else(|| unfit(&text))).transpose()
    }

    /// A record, which has to exist. Where its declared type is abstract, the JSON has to name the real one.
    pub fn record(
        &self,
        world: &World,
        exchange: &Exchange<'_>,
        name: &str,
        declared: &str,
    ) -> Result<Option<Link>, Refusal> {
        self.json(name).map(|json| record(world, exchange, json, declared)).transpose()
    }

    /// Several records.
    pub fn records(
        &self,
        world: &World,
        exchange: &Exchange<'_>,
        name: &str,
        declared: &str,
    ) -> Result<Vec<Link>, Refusal> {
        let parts: Vec<Box<RawValue>> = self.read(name, "Collection")?.unwrap_or_default();
        parts.iter().map(|part| record(world, exchange, part.get(), declared)).collect()
    }
}

/// What the platform says of a body that does not fit an action.
pub(in crate::sandbox::dataverse) fn payload(inner: &str) -> Refusal {
    let message = format!(
        "Error identified in Payload provided by the user for Entity :'', For more information on this error please follow \
         this help link. ----> InnerException : Microsoft.OData.ODataException: {inner}"
    );
    Refusal::new(400, "0x80048d19", message)
}

fn missing(name: &str) -> Refusal {
    Refusal::new(400, "0x80040203", format!("Required field '{name}' is missing"))
}

/// The table that JSON of a record names, or that is declared.
pub(super) fn table_of(json: &str, declared: &str) -> Result<&'static Table, Refusal> {
    let abstract_type = || payload("EdmEntityObject passed should have the key property value set.");
    let members: Members = serde_json::from_str(json).map_err(|_| abstract_type())?;
    let told = members.0.iter().find(|(name, _)| name == "@odata.type");
    let told: Option<String> = told.and_then(|(_, json)| serde_json::from_str(json.get()).ok());
    let name = told.as_deref().map_or(declared, |told| told.trim_start_matches('#'));
    let name = name.strip_prefix(NAMESPACE).unwrap_or(name);
    Schema::of_sandbox().by_name(name).ok_or_else(abstract_type)
}

fn record(world: &World, exchange: &Exchange<'_>, json: &str, declared: &str) -> Result<Link, Refusal> {
    let no_key = || payload("EdmEntityObject passed should have the key property value set.");
    let members: Members = serde_json::from_str(json).map_err(|_| no_key())?;
    let text = |name: &str| -> Option<String> {
        let (_, json) = members.0.iter().find(|(given, _)| given == name)?;
        serde_json::from_str(json.get()).ok()
    };
    if let Some(reference) = text("@odata.id") {
        return referenced(world, &exchange.root, &reference);
    }
    let table = table_of(json, declared)?;
    // Users and teams are known by the key of their base type too.
    let keys = [table.column(table.key).name, if is_principal(table) { "ownerid" } else { "" }];
    let id: Option<Uuid> = keys.iter().find_map(|key| text(key)).and_then(|id| guid(&id));
    let id = id.ok_or_else(no_key)?;
    world.row(table, id).map(|_| Link { table: table.index, id }).ok_or_else(|| Refusal::no_record(table, id))
}

fn is_principal(table: &Table) -> bool {
    matches!(table.logical_name, "systemuser" | "team")
}

/// A literal of an address as JSON: texts in apostrophes, records and lists as they are, dates as texts.
fn to_json(text: &str) -> Option<Box<RawValue>> {
    let text = text.trim();
    let json = match text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        Some(inner) => serde_json::Value::from(inner.replace("''", "'")).to_string(),
        // `{'@odata.id':'contacts(…)'}`
        None if text.starts_with('{') => text.replace('\'', "\""),
        None if serde_json::from_str::<&RawValue>(text).is_ok() => text.to_owned(),
        None => serde_json::Value::from(text).to_string(),
    };
    RawValue::from_string(json).ok()
}
