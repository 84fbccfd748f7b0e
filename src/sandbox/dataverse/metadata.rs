//! Requests for metadata: service document, `$metadata`, `EntityDefinitions`. It never touches a record.

use crate::sandbox::Outgoing;
use crate::sandbox::data::{Schema, Table};
use crate::sandbox::dataverse::csdl::csdl;
use crate::sandbox::dataverse::defined::{
    cast_of, columns, keys, many_to_many, many_to_one, one_to_many, table_definition, table_with,
};
use crate::sandbox::dataverse::definition::{Definition, chosen, list};
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::json::{Object, array};
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::odata::{Argument, Expand, Literal, Options, Segment, parse_expand, parse_names};

const SET: &str = "EntityDefinitions";
const CAST: &str = "Microsoft.Dynamics.CRM.";

/// `GET /api/data/v9.2/`: every entity set.
pub(super) fn service_document(exchange: &Exchange<'_>) -> Result<Outgoing, Refusal> {
    if exchange.request.method != "GET" {
        return Err(Refusal::wrong_method(&exchange.request.method));
    }
    let set = |table: &Table| {
        let mut object = Object::new();
        object.text("name", table.set_name).text("kind", "EntitySet").text("url", table.set_name).finish()
    };
    let mut object = Object::new();
    object.text("@odata.context", &format!("{}/$metadata", exchange.root));
    object.raw("value", &array(Schema::of_sandbox().tables().iter().map(set)));
    Ok(exchange.json(200, object.finish()))
}

/// The answer to a request for metadata; `None` when it is for something else.
pub(super) fn definitions(
    exchange: &Exchange<'_>,
    first: &Segment,
    rest: &[Segment],
) -> Option<Result<Outgoing, Refusal>> {
    if !matches!(first.name.as_str(), "$metadata" | SET) {
        return None;
    }
    if exchange.request.method != "GET" {
        return Some(Err(Refusal::wrong_method(&exchange.request.method)));
    }
    if first.name == "$metadata" {
        if exchange.options.value("annotations") == Some("true") {
            return Some(Err(Refusal::not_built("the annotations of $metadata")));
        }
        return Some(Ok(Outgoing::with_body(200, "application/xml", csdl())));
    }
    Some(match &first.arguments {
        None if rest.is_empty() => all(exchange),
        None => Err(Refusal::unknown_segment(&rest[0].name)),
        Some(arguments) => table_of(arguments).and_then(|table| one(exchange, table, rest)),
    })
}

fn all(exchange: &Exchange<'_>) -> Result<Outgoing, Refusal> {
    let expands = expands(&exchange.options)?;
    let mut tables = Vec::new();
    for table in Schema::of_sandbox().tables() {
        tables.push(with_parts(table, &expands)?);
    }
    let expanded: Vec<&str> = expands.iter().map(|expand| expand.path.as_str()).collect();
    list(exchange, &tables, &expanded, SET)
}

fn expands(options: &Options) -> Result<Vec<Expand>, Refusal> {
    const PARTS: [&str; 5] =
        ["Attributes", "Keys", "ManyToOneRelationships", "OneToManyRelationships", "ManyToManyRelationships"];
    let expands = options.value("$expand").map(parse_expand).transpose()?.unwrap_or_default();
    match expands.iter().find(|expand| !PARTS.contains(&expand.path.as_str())) {
        Some(unknown) => Err(Refusal::unknown_property(&unknown.path, "Microsoft.Dynamics.CRM.EntityMetadata")),
        None => Ok(expands),
    }
}

/// A table with what is expanded inside, each part by its own options.
fn with_parts(table: &Table, expands: &[Expand]) -> Result<Definition, Refusal> {
    let mut definition = table_definition(table);
    for expand in expands {
        let (name, parts) = match expand.path.as_str() {
            "Attributes" => {
                check_uncast(&expand.options)?;
                ("Attributes", columns(table))
            }
            "Keys" => ("Keys", keys(table)),
            "ManyToOneRelationships" => ("ManyToOneRelationships", many_to_one(table)),
            "OneToManyRelationships" => ("OneToManyRelationships", one_to_many(table)),
            _ => ("ManyToManyRelationships", many_to_many(table)),
        };
        definition = definition.expanded(name, chosen(&parts, &expand.options, &[])?);
    }
    Ok(definition)
}

fn table_of(arguments: &[Argument]) -> Result<&'static Table, Refusal> {
    match arguments {
        [argument] if argument.name.as_deref() == Some("LogicalName") => match argument.literal() {
            Some(Literal::Text(name)) => Schema::of_sandbox().by_name(&name).ok_or_else(|| {
                let message = format!("Could not find an entity with name {name} and any id.");
                Refusal::new(404, "0x80060888", message)
            }),
            _ => Err(Refusal::unsupported("Bad Request - Error in query syntax.")),
        },
        [argument] if argument.name.is_none() => match argument.literal() {
            Some(Literal::Guid(id)) => table_with(id).ok_or_else(|| {
                Refusal::new(404, "0x80060888", format!("Could not find an entity with name  and id {id}."))
            }),
            _ => Err(Refusal::unsupported("Bad Request - Error in query syntax.")),
        },
        _ => Err(Refusal::unsupported("An entity definition is named by its LogicalName or its MetadataId.")),
    }
}

fn one(exchange: &Exchange<'_>, table: &'static Table, rest: &[Segment]) -> Result<Outgoing, Refusal> {
    let Some((part, rest)) = rest.split_first() else {
        let expands = expands(&exchange.options)?;
        let expanded: Vec<&str> = expands.iter().map(|expand| expand.path.as_str()).collect();
        let context = exchange.context(&format!("{SET}/$entity"));
        let body = with_parts(table, &expands)?.show(&exchange.options, &expanded, Some(&context))?;
        return Ok(exchange.json(200, body));
    };
    let what = format!("{SET}('{}')/{}", table.logical_name, part.name);
    let definitions = match part.name.as_str() {
        "Attributes" => return attributes(exchange, table, part, rest, &what),
        "Keys" => keys(table),
        "ManyToOneRelationships" => many_to_one(table),
        "OneToManyRelationships" => one_to_many(table),
        "ManyToManyRelationships" => many_to_many(table),
        other => return Err(Refusal::unknown_segment(other)),
    };
    if let Some(further) = rest.first() {
        return Err(Refusal::unknown_segment(&further.name));
    }
    list(exchange, &definitions, &[], &what)
}

/// What only derived types have is selected after a cast alone.
fn check_uncast(options: &Options) -> Result<(), Refusal> {
    const DERIVED: [&str; 14] = [
        "MaxLength",
        "Format",
        "MinValue",
        "MaxValue",
        "Precision",
        "Targets",
        "MaxSizeInKB",
        "IsPrimaryImage",
        "CanStoreFullImage",
        "DefaultFormValue",
        "DefaultValue",
        "DateTimeBehavior",
        "OptionSet",
        "GlobalOptionSet",
    ];
    let names = options.value("$select").map(parse_names).unwrap_or_default();
    match names.iter().find(|name| DERIVED.contains(name)) {
        Some(name) => Err(Refusal::unknown_property(name, "Microsoft.Dynamics.CRM.AttributeMetadata")),
        None => Ok(()),
    }
}

/// `Attributes`, `Attributes(LogicalName='x')`, each perhaps with a type cast behind.
fn attributes(
    exchange: &Exchange<'_>,
    table: &'static Table,
    part: &Segment,
    rest: &[Segment],
    what: &str,
) -> Result<Outgoing, Refusal> {
    let cast = match rest {
        [] => None,
        [cast] => match cast.name.strip_prefix(CAST) {
            Some("EnumAttributeMetadata") | None => return Err(Refusal::unknown_segment(&cast.name)),
            Some(cast) => Some(cast),
        },
        [_, further, ..] => return Err(Refusal::unknown_segment(&further.name)),
    };
    let expanded: &[&str] = match (exchange.options.value("$expand"), cast) {
        (None, _) => &[],
        (Some(_), None) => {
            let type_name = "Microsoft.Dynamics.CRM.AttributeMetadata";
            return Err(Refusal::unknown_property(exchange.options.value("$expand").unwrap_or_default(), type_name));
        }
        (Some(_), Some(_)) => &["OptionSet", "GlobalOptionSet"],
    };
    if cast.is_none() {
        check_uncast(&exchange.options)?;
    }
    let is_cast = |place: usize| cast.is_none_or(|cast| cast_of(&table.columns[place]) == cast);
    let definitions = columns(table);
    let Some(arguments) = &part.arguments else {
        let chosen = definitions.into_iter().enumerate().filter(|(place, _)| is_cast(*place));
        return list(exchange, &chosen.map(|(_, definition)| definition).collect::<Vec<_>>(), expanded, what);
    };
    let name = match arguments.as_slice() {
        [argument] if argument.name.as_deref() == Some("LogicalName") => argument.literal(),
        _ => None,
    };
    let place = match &name {
        Some(Literal::Text(name)) => table.place(name),
        _ => None,
    };
    let place = place.map(usize::from).filter(|place| is_cast(*place)).ok_or_else(|| {
        let message = format!("Could not find an attribute of '{}' with this name and type.", table.logical_name);
        Refusal::new(404, "0x80060888", message)
    })?;
    let context = exchange.context(&format!("{what}/$entity"));
    let body = definitions[place].show(&exchange.options, expanded, Some(&context))?;
    Ok(exchange.json(200, body))
}

#[cfg(test)]
mod tests {
    use crate::sandbox::dataverse::trial::Trial;

    #[test]
    fn tables_are_found_by_each_of_their_names() {
        let mut trial = Trial::new();
        let select = "$select=LogicalName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute,ObjectTypeCode";
        for filter in [
            "LogicalName eq 'incident'",
            "EntitySetName eq 'incidents'",
            "SchemaName eq 'Incident'",
            "LogicalName eq 'nothing' or EntitySetName eq 'incidents' or SchemaName eq 'x'",
        ] {
            let json = trial.get(&format!("EntityDefinitions?{select}&$filter={filter}"));
            let rows = json["value"].as_array().unwrap();
            assert_eq!(rows.len(), 1, "{filter}");
            assert_eq!(rows[0]["PrimaryNameAttribute"], "title");
            assert_eq!(rows[0]["ObjectTypeCode"], 112);
            assert_eq!(rows[0].as_object().unwrap().len(), 6, "the id comes always");
        }
        let one = trial.get("EntityDefinitions(LogicalName='opportunity')?$select=EntitySetName");
        assert_eq!(one["EntitySetName"], "opportunities");
        let document = trial.get("");
        assert!(document["value"].as_array().unwrap().iter().any(|set| set["name"] == "transactioncurrencies"));
        for (address, status) in [
            ("EntityDefinitions(LogicalName='nothing')", 404),
            ("EntityDefinitions?$select=Nothing", 400),
            ("EntityDefinitions?$filter=Nothing eq 'x'", 400),
            ("EntityDefinitions(LogicalName='account')/Nothing", 404),
        ] {
            assert_eq!(trial.refused("GET", address).0, status, "{address}");
        }
    }

    #[test]
    fn columns_tell_their_type_and_their_choices_after_a_cast() {
        let mut trial = Trial::new();
        let account = "EntityDefinitions(LogicalName='account')";
        let picklists = format!("{account}/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata");
        let json = trial.get(&format!("{picklists}?$select=LogicalName&$expand=OptionSet,GlobalOptionSet"));
        let industry = json["value"].as_array().unwrap().iter().find(|it| it["LogicalName"] == "industrycode").unwrap();
        let seventh = &industry["OptionSet"]["Options"][6];
        assert_eq!(
            (&seventh["Value"], &seventh["Label"]["UserLocalizedLabel"]["Label"]),
            (&7.into(), &"Consulting".into())
        );
        let status =
            format!("{account}/Attributes(LogicalName='statuscode')/Microsoft.Dynamics.CRM.StatusAttributeMetadata");
        let json = trial.get(&format!("{status}?$expand=OptionSet"));
        assert_eq!(json["OptionSet"]["Options"][1]["State"], 1);
        let required = "RequiredLevel/Value eq Microsoft.Dynamics.CRM.AttributeRequiredLevel'ApplicationRequired'";
        let json = trial.get(&format!("{account}/Attributes?$select=LogicalName,AttributeType&$filter={required}"));
        assert_eq!(json["value"][0]["LogicalName"], "name");
        let lookups = trial.get(&format!(
            "{account}/Attributes?$filter=AttributeType eq Microsoft.Dynamics.CRM.AttributeTypeCode'Owner'"
        ));
        assert_eq!(lookups["value"][0]["LogicalName"], "ownerid");
        assert_eq!(
            trial.refused("GET", &format!("{account}/Attributes/Microsoft.Dynamics.CRM.EnumAttributeMetadata")).0,
            404
        );
    }

    #[test]
    fn columns_are_called_as_people_read_them() {
        let mut trial = Trial::new();
        let columns = "EntityDefinitions(LogicalName='account')/Attributes";
        for (column, schema, label, is_writable) in [
            ("primarysatoriid", "PrimarySatoriId", "Primary Satori ID", true),
            ("lastonholdtime", "LastOnHoldTime", "Last On Hold Time", true),
            ("onholdtime", "OnHoldTime", "On Hold Time (Minutes)", false),
            ("address1_line1", "Address1_Line1", "Address 1: Street 1", true),
        ] {
            let json = trial.get(&format!("{columns}(LogicalName='{column}')"));
            assert_eq!(
                (&json["SchemaName"], &json["IsValidForUpdate"]),
                (&schema.into(), &is_writable.into()),
                "{column}"
            );
            assert_eq!(json["DisplayName"]["UserLocalizedLabel"]["Label"], label);
        }
        for address in [
            format!("{columns}(LogicalName='name')?$select=MaxLength"),
            format!("{columns}?$select=LogicalName,Targets"),
            "EntityDefinitions(LogicalName='account')?$expand=Attributes($select=MaxLength)".to_owned(),
        ] {
            let (status, code, message) = trial.refused("GET", &address);
            assert_eq!((status, code.as_str()), (400, "0x0"), "{address}");
            assert!(message.ends_with("on type 'Microsoft.Dynamics.CRM.AttributeMetadata'."), "{message}");
        }
        let cast = "Microsoft.Dynamics.CRM.StringAttributeMetadata";
        let name = trial.get(&format!("{columns}(LogicalName='name')/{cast}?$select=MaxLength"));
        assert_eq!(name["MaxLength"], 160);
        assert_eq!(trial.refused("GET", "$metadata?annotations=true").0, 501);
        let owner = trial.get(&format!("{columns}(LogicalName='ownerid')?$select=RequiredLevel"));
        assert_eq!(owner["RequiredLevel"]["Value"], "SystemRequired");
        for (option, status) in [("$top=1", 501), ("$orderby=LogicalName", 501), ("$count=true", 501), ("$skip=1", 400)]
        {
            for address in ["EntityDefinitions", columns, "EntityDefinitions(LogicalName='account')"] {
                let (found, _, message) = trial.refused("GET", &format!("{address}?{option}"));
                assert!(found == status && message.contains(option.split('=').next().unwrap()), "{address} {message}");
            }
        }
    }

    #[test]
    fn relationships_and_keys_name_what_bodies_need() {
        let mut trial = Trial::new();
        let select = "$select=ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName";
        let json = trial.get(&format!(
            "EntityDefinitions(LogicalName='contact')/ManyToOneRelationships?{select}&$filter=ReferencingAttribute eq 'parentcustomerid'"
        ));
        let rows = json["value"].as_array().unwrap();
        let names: Vec<&str> =
            rows.iter().map(|row| row["ReferencingEntityNavigationPropertyName"].as_str().unwrap()).collect();
        assert_eq!(names, ["parentcustomerid_account", "parentcustomerid_contact"]);
        let keys = trial.get("EntityDefinitions(LogicalName='account')/Keys");
        assert_eq!(keys["value"][0]["KeyAttributes"][0], "accountnumber");
        let expanded = "$select=LogicalName&$expand=Attributes($select=LogicalName;$filter=LogicalName eq 'name'),Keys,ManyToOneRelationships";
        let one = trial.get(&format!("EntityDefinitions(LogicalName='account')?{expanded}"));
        assert_eq!(one["Attributes"].as_array().unwrap().len(), 1);
        assert!(one["ManyToOneRelationships"].as_array().unwrap().len() > 10);
        let many = trial.get("EntityDefinitions(LogicalName='systemuser')/ManyToManyRelationships");
        assert_eq!(many["value"][0]["Entity2LogicalName"], "role");
        assert_eq!(trial.ask("GET", "$metadata").answer().header("content-type"), Some("application/xml"));
    }
}
