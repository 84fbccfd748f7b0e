//! The requests for metadata, as values. Pure: nothing is sent here.
//!
//! Source: Microsoft Learn, "Query table definitions using the Web API": there are no pages; what only a derived type of
//! column has must be asked for with that type in the address; options of a choice come expanded.

use crate::dataverse::encode::{API, query_value, string_literal};
use crate::dataverse::metadata::Detail;
use crate::net::Request;

/// The names of a table.
const TABLE: &str = "LogicalName,SchemaName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute,ObjectTypeCode,\
                     IsActivity,IsCustomEntity,DisplayName";

/// What comes with a table.
const PARTS: [(&str, &str); 5] = [
    (
        "Attributes",
        "LogicalName,SchemaName,DisplayName,AttributeType,AttributeTypeName,RequiredLevel,AttributeOf,IsValidForRead,\
         IsValidForCreate,IsValidForUpdate",
    ),
    ("Keys", "LogicalName,DisplayName,KeyAttributes,EntityKeyIndexStatus"),
    (
        "ManyToOneRelationships",
        "SchemaName,ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName",
    ),
    (
        "OneToManyRelationships",
        "SchemaName,ReferencingEntity,ReferencingAttribute,ReferencedEntityNavigationPropertyName",
    ),
    (
        "ManyToManyRelationships",
        "SchemaName,Entity1LogicalName,Entity1NavigationPropertyName,Entity2LogicalName,Entity2NavigationPropertyName,\
         IntersectEntityName",
    ),
];

/// The names of every table.
pub(super) fn tables() -> Request {
    get(&format!("EntityDefinitions?$select={TABLE}"))
}

/// The names of the tables that `name` may mean.
pub(super) fn tables_named(name: &str) -> Request {
    let (typed, lower) = (string_literal(name), string_literal(&name.to_lowercase()));
    let filter = format!(
        "LogicalName eq {lower} or EntitySetName eq {lower} or EntitySetName eq {typed} or SchemaName eq {typed}"
    );
    get(&format!("EntityDefinitions?$select={TABLE}&$filter={}", query_value(&filter)))
}

/// One table with its columns, keys and relationships.
pub(super) fn table(logical_name: &str) -> Request {
    let parts: Vec<String> = PARTS.iter().map(|(part, select)| format!("{part}($select={select})")).collect();
    get(&format!("{}?$select={TABLE}&$expand={}", address(logical_name), parts.join(",")))
}

/// What one derived type of column knows more, for all such columns of a table.
pub(super) fn details(logical_name: &str, detail: Detail) -> Request {
    let (kind, options) = match detail {
        Detail::String => ("String", "$select=LogicalName,MaxLength,Format"),
        Detail::Memo => ("Memo", "$select=LogicalName,MaxLength"),
        Detail::Integer => ("Integer", "$select=LogicalName,MinValue,MaxValue"),
        Detail::Decimal => ("Decimal", "$select=LogicalName,MinValue,MaxValue,Precision"),
        Detail::Money => ("Money", "$select=LogicalName,MinValue,MaxValue,Precision"),
        Detail::Double => ("Double", "$select=LogicalName,MinValue,MaxValue,Precision"),
        Detail::Boolean => ("Boolean", "$select=LogicalName&$expand=OptionSet"),
        Detail::Picklist => ("Picklist", "$select=LogicalName&$expand=OptionSet,GlobalOptionSet"),
        Detail::MultiSelectPicklist => ("MultiSelectPicklist", "$select=LogicalName&$expand=OptionSet,GlobalOptionSet"),
        Detail::State => ("State", "$select=LogicalName&$expand=OptionSet"),
        Detail::Status => ("Status", "$select=LogicalName&$expand=OptionSet"),
        Detail::DateTime => ("DateTime", "$select=LogicalName,Format,DateTimeBehavior"),
        Detail::Lookup => ("Lookup", "$select=LogicalName,Targets"),
        Detail::File => ("File", "$select=LogicalName,MaxSizeInKB"),
        Detail::Image => ("Image", "$select=LogicalName,MaxSizeInKB"),
    };
    get(&format!("{}/Attributes/Microsoft.Dynamics.CRM.{kind}AttributeMetadata?{options}", address(logical_name)))
}

fn address(logical_name: &str) -> String {
    format!("EntityDefinitions(LogicalName={})", query_value(&string_literal(logical_name)))
}

fn get(path: &str) -> Request {
    Request::get(format!("{API}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_only_ever_a_literal() {
        assert!(tables_named("x' or 1 eq 1 or '").path.contains("%27x%27%27%20or%201%20eq%201%20or%20%27%27%27"));
        let path = tables_named("Account").path;
        assert!(
            path.ends_with(
                "&$filter=LogicalName%20eq%20%27account%27%20or%20EntitySetName%20eq%20%27account%27%20or%20\
                 EntitySetName%20eq%20%27Account%27%20or%20SchemaName%20eq%20%27Account%27"
            ),
            "{path}"
        );
    }

    #[test]
    fn derived_types_stand_in_the_address() {
        assert_eq!(
            details("account", Detail::Picklist).path,
            "/api/data/v9.2/EntityDefinitions(LogicalName=%27account%27)/Attributes/\
             Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet,GlobalOptionSet"
        );
        assert!(table("account").path.contains(",Keys($select=LogicalName,"));
    }
}
