//! The tables, columns, relationships and keys of the sandbox as definitions in metadata. It never reads a request.

use uuid::Uuid;

use crate::sandbox::data::{Access, Behaviour, Column, Kind, Required, Schema, Table, name_of};
use crate::sandbox::dataverse::definition::Definition;
use crate::sandbox::dataverse::json::{Object, array, quote};
use crate::sandbox::odata::Number;
use crate::sandbox::world::made_id;

/// English.
const LANGUAGE: i64 = 1033;
/// What the names of everything that the demo company made begin with.
const PREFIX: &str = "nl_";

/// A label as metadata has it.
fn label(text: &str) -> String {
    let mut localized = Object::new();
    localized.text("Label", text).plain("LanguageCode", LANGUAGE).plain("IsManaged", true);
    let localized = localized.raw("HasChanged", "null").finish();
    let mut label = Object::new();
    label.raw("LocalizedLabels", &array([localized.clone()])).raw("UserLocalizedLabel", &localized).finish()
}

fn metadata_id(table: &Table, part: u64) -> String {
    made_id(u64::from(table.type_code) << 20 | part).to_string()
}

/// The table with a `MetadataId`.
pub(super) fn table_with(id: Uuid) -> Option<&'static Table> {
    Schema::of_sandbox().tables().iter().find(|table| metadata_id(table, 0) == id.to_string())
}

/// A table's name for people.
fn display_name(table: &Table) -> String {
    match table.logical_name {
        "incident" => "Case".to_owned(),
        "annotation" => "Note".to_owned(),
        "systemuser" => "User".to_owned(),
        "transactioncurrency" => "Currency".to_owned(),
        "role" => "Security Role".to_owned(),
        "salesorder" => "Order".to_owned(),
        "quotedetail" => "Quote Product".to_owned(),
        "salesorderdetail" => "Order Product".to_owned(),
        "invoicedetail" => "Invoice Product".to_owned(),
        "pricelevel" => "Price List".to_owned(),
        "productpricelevel" => "Price List Item".to_owned(),
        "uomschedule" => "Unit Group".to_owned(),
        "uom" => "Unit".to_owned(),
        "activitymimeattachment" => "Attachment".to_owned(),
        "incidentresolution" => "Case Resolution".to_owned(),
        "savedquery" => "View".to_owned(),
        "userquery" => "Saved View".to_owned(),
        _ => spaced(table.schema_name.trim_start_matches(PREFIX)),
    }
}

/// Whether the demo company made it.
fn is_custom(name: &str) -> bool {
    name.starts_with(PREFIX)
}

fn spaced(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(letter);
    }
    text
}

/// A table.
pub(super) fn table_definition(table: &Table) -> Definition {
    let name = display_name(table);
    let collection = table.set_name.strip_prefix(table.logical_name).map_or_else(
        || name.strip_suffix('y').map_or_else(|| format!("{name}s"), |stem| format!("{stem}ies")),
        |ending| format!("{name}{ending}"),
    );
    let ownership = if table.place("owninguser").is_some() { "UserOwned" } else { "OrganizationOwned" };
    Definition::new("EntityMetadata")
        .text("LogicalName", table.logical_name)
        .text("SchemaName", table.schema_name)
        .text("EntitySetName", table.set_name)
        .text("LogicalCollectionName", table.set_name)
        .text("PrimaryIdAttribute", table.column(table.key).name)
        .text("PrimaryNameAttribute", table.name.map_or("", |name| table.column(name).name))
        .number("ObjectTypeCode", Number::whole(i64::from(table.type_code)))
        .flag("IsActivity", table.is_activity())
        .flag("IsCustomEntity", is_custom(table.logical_name))
        .flag("IsIntersect", false)
        .flag("IsPrivate", false)
        .flag("IsOptimisticConcurrencyEnabled", true)
        .flag("ChangeTrackingEnabled", true)
        .text("OwnershipType", ownership)
        .raw("DisplayName", label(&name))
        .raw("DisplayCollectionName", label(&collection))
        .text("MetadataId", metadata_id(table, 0))
}

/// The columns of a table.
pub(super) fn columns(table: &Table) -> Vec<Definition> {
    table.places().map(|(place, column)| column_definition(table, place, column)).collect()
}

fn column_definition(table: &Table, place: u16, column: &Column) -> Definition {
    let kind = column.kind.attribute_type();
    let required = match column.required {
        Required::Not => "None",
        Required::Application => "ApplicationRequired",
        Required::System => "SystemRequired",
    };
    let name = name_of(table.logical_name, column.name);
    let definition = Definition::new("AttributeMetadata")
        .told(cast_of(column).to_owned())
        .text("LogicalName", column.name)
        .text("SchemaName", name.schema)
        .text("EntityLogicalName", table.logical_name)
        .text("AttributeType", kind)
        .wrapped("AttributeTypeName", &column.kind.type_name())
        .wrapped("RequiredLevel", required)
        .text("AttributeOf", "")
        .flag("IsPrimaryId", place == table.key)
        .flag("IsPrimaryName", table.name == Some(place))
        .flag("IsValidForRead", true)
        .flag("IsValidForCreate", column.access != Access::ReadOnly)
        .flag("IsValidForUpdate", column.access == Access::Writable)
        .flag("IsCustomAttribute", is_custom(column.name))
        .flag("IsLogical", false)
        .raw("DisplayName", label(&name.label))
        .text("MetadataId", metadata_id(table, 1 + u64::from(place)));
    limits(definition, table, column)
}

/// What only the derived type of a column has.
fn limits(definition: Definition, table: &Table, column: &Column) -> Definition {
    let whole = |number: usize| Number::whole(i64::try_from(number).unwrap_or(i64::MAX));
    match &column.kind {
        Kind::Text(longest) => {
            let format = if column.name.starts_with("emailaddress") { "Email" } else { "Text" };
            definition.number("MaxLength", whole(*longest)).text("Format", format)
        }
        Kind::Memo(longest) => definition.number("MaxLength", whole(*longest)).text("Format", "TextArea"),
        Kind::Whole(limits) => definition.number("MinValue", limits.least).number("MaxValue", limits.most),
        Kind::Decimal(limits) | Kind::Money(limits) | Kind::Double(limits) => {
            let precision = match column.kind {
                Kind::Money(_) => 4,
                Kind::Double(_) => 5,
                _ => 2,
            };
            let definition = definition.number("MinValue", limits.least).number("MaxValue", limits.most);
            definition.number("Precision", Number::whole(precision))
        }
        Kind::Moment => {
            let (format, behaviour) = match column.behaviour {
                Behaviour::Moment => ("DateAndTime", "UserLocal"),
                Behaviour::Day => ("DateOnly", "UserLocal"),
                Behaviour::Clock => ("DateAndTime", "TimeZoneIndependent"),
            };
            definition.text("Format", format).wrapped("DateTimeBehavior", behaviour)
        }
        Kind::Day => definition.text("Format", "DateOnly").wrapped("DateTimeBehavior", "DateOnly"),
        Kind::Lookup(targets) => definition.raw("Targets", array(targets.iter().map(|target| quote(target.table)))),
        Kind::Parties => {
            let party = Schema::of_sandbox().by_name("activityparty");
            let lookups = party.into_iter().flat_map(|party| &party.columns).filter(|column| column.name == "partyid");
            let targets = lookups.flat_map(|column| column.targets().iter().map(|target| quote(target.table)));
            definition.raw("Targets", array(targets))
        }
        Kind::File(most) | Kind::Image(most) => {
            let definition = definition.number("MaxSizeInKB", Number::whole(i64::from(*most)));
            if matches!(column.kind, Kind::File(_)) {
                return definition;
            }
            definition.flag("IsPrimaryImage", column.name == "entityimage").flag("CanStoreFullImage", true)
        }
        Kind::Choice(_) | Kind::Choices(_) | Kind::State(_) | Kind::Status(_) => {
            let default = column.default.unwrap_or(-1);
            let definition = definition.number("DefaultFormValue", Number::whole(default));
            definition.expanded("OptionSet", choices(table, column)).expanded("GlobalOptionSet", "null".to_owned())
        }
        Kind::Flag => definition
            .flag("DefaultValue", false)
            .expanded("OptionSet", yes_and_no(table, column))
            .expanded("GlobalOptionSet", "null".to_owned()),
        _ => definition,
    }
}

fn option(value: i64, text: &str, state: Option<i64>, default_status: Option<i64>) -> String {
    let mut option = Object::new();
    option.plain("Value", value).raw("Label", &label(text)).raw("Description", &label("")).raw("Color", "null");
    option.plain("IsManaged", true).raw("ExternalValue", "null");
    if let Some(state) = state {
        option.plain("State", state).raw("TransitionData", "null");
    }
    if let Some(status) = default_status {
        option.plain("DefaultStatus", status);
    }
    option.finish()
}

fn choices(table: &Table, column: &Column) -> String {
    let reasons = table.columns.iter().find(|column| column.name == "statuscode").map(Column::labels);
    // A state names the reason that a record gets where none is named.
    let default_status = |state: i64| {
        let is_state = column.name == "statecode";
        let first = reasons?.iter().find(|it| is_state && it.state == Some(state))?;
        Some(first.value)
    };
    let options =
        column.labels().iter().map(|label| option(label.value, label.text, label.state, default_status(label.value)));
    let mut set = option_set(table, column);
    let kind = column.kind.type_name();
    // A choice of several is told by the same sets as a choice of one.
    let kind = if matches!(column.kind, Kind::Choices(_)) { "Picklist" } else { kind.trim_end_matches("Type") };
    set.text("OptionSetType", kind).raw("Options", &array(options)).finish()
}

fn yes_and_no(table: &Table, column: &Column) -> String {
    let mut set = option_set(table, column);
    set.text("OptionSetType", "Boolean").raw("TrueOption", &option(1, "Yes", None, None));
    set.raw("FalseOption", &option(0, "No", None, None)).finish()
}

fn option_set(table: &Table, column: &Column) -> Object {
    let mut set = Object::new();
    let name = format!("{}_{}", table.logical_name, column.name);
    let place = table.place(column.name).unwrap_or_default();
    set.text("MetadataId", &metadata_id(table, 1 << 12 | u64::from(place))).text("Name", &name);
    set.plain("IsCustomOptionSet", false).plain("IsGlobal", false).plain("IsManaged", true);
    set.raw("DisplayName", &label(&name_of(table.logical_name, column.name).label));
    set
}

/// The type a column is cast to in an address: `PicklistAttributeMetadata`.
pub(super) fn cast_of(column: &Column) -> &'static str {
    match column.kind.type_name().trim_end_matches("Type") {
        "Uniqueidentifier" => "UniqueIdentifierAttributeMetadata",
        "String" => "StringAttributeMetadata",
        "Memo" => "MemoAttributeMetadata",
        "Integer" => "IntegerAttributeMetadata",
        "BigInt" => "BigIntAttributeMetadata",
        "Decimal" => "DecimalAttributeMetadata",
        "Money" => "MoneyAttributeMetadata",
        "Double" => "DoubleAttributeMetadata",
        "Boolean" => "BooleanAttributeMetadata",
        "Picklist" => "PicklistAttributeMetadata",
        "State" => "StateAttributeMetadata",
        "Status" => "StatusAttributeMetadata",
        "DateTime" => "DateTimeAttributeMetadata",
        "Image" => "ImageAttributeMetadata",
        "File" => "FileAttributeMetadata",
        "MultiSelectPicklist" => "MultiSelectPicklistAttributeMetadata",
        "EntityName" => "EntityNameAttributeMetadata",
        _ => "LookupAttributeMetadata",
    }
}

fn relationship(name: &str, from: &Table, column: &Column, to: (&str, &str), navigation: (&str, &str)) -> Definition {
    let seed = name.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    Definition::new("OneToManyRelationshipMetadata")
        .text("SchemaName", name)
        .text("RelationshipType", "OneToManyRelationship")
        .text("ReferencingEntity", from.logical_name)
        .text("ReferencingAttribute", column.name)
        .text("ReferencingEntityNavigationPropertyName", navigation.0)
        .text("ReferencedEntity", to.0)
        .text("ReferencedAttribute", to.1)
        .text("ReferencedEntityNavigationPropertyName", navigation.1)
        .flag("IsHierarchical", to.0 == from.logical_name && column.name.starts_with("parent"))
        .flag("IsCustomRelationship", is_custom(name))
        .text("MetadataId", made_id(seed).to_string())
}

/// The lookups of a table, one definition for each table they may lead to.
pub(super) fn many_to_one(table: &Table) -> Vec<Definition> {
    let mut found = Vec::new();
    for column in &table.columns {
        for target in column.targets() {
            let navigation = (target.navigation, target.collection);
            if column.name == "ownerid" {
                // Users and teams are one owner here: one relationship, not two.
                if target.table == "systemuser" {
                    let name = format!("owner_{}", table.set_name);
                    found.push(relationship(&name, table, column, ("owner", "ownerid"), (target.navigation, &name)));
                }
                continue;
            }
            let key = Schema::of_sandbox()
                .by_name(target.table)
                .map_or_else(|| format!("{}id", target.table), |other| other.column(other.key).name.to_owned());
            let made_up = format!("{}_{}_{}", target.table, table.logical_name, column.name);
            let name = if target.collection.is_empty() { made_up.as_str() } else { target.collection };
            found.push(relationship(name, table, column, (target.table, &key), navigation));
        }
    }
    found
}

/// The lookups of other tables that lead here.
pub(super) fn one_to_many(table: &Table) -> Vec<Definition> {
    let key = table.column(table.key).name;
    let mut found = Vec::new();
    for collection in &table.collections {
        let from = Schema::of_sandbox().table(collection.table);
        let column = from.column(collection.column);
        let target = column.targets().iter().find(|target| target.table == table.logical_name);
        let navigation = (target.map_or("", |target| target.navigation), collection.name);
        found.push(relationship(collection.name, from, column, (table.logical_name, key), navigation));
    }
    found
}

/// The many-to-many relationships of a table.
pub(super) fn many_to_many(table: &Table) -> Vec<Definition> {
    let schema = Schema::of_sandbox();
    let mut found = Vec::new();
    for association in schema.associations.iter().filter(|it| it.left == table.index || it.right == table.index) {
        let (left, right) = (schema.table(association.left), schema.table(association.right));
        let definition = Definition::new("ManyToManyRelationshipMetadata")
            .text("SchemaName", association.name)
            .text("RelationshipType", "ManyToManyRelationship")
            .text("Entity1LogicalName", left.logical_name)
            .text("Entity1IntersectAttribute", left.column(left.key).name)
            .text("Entity1NavigationPropertyName", association.name)
            .text("Entity2LogicalName", right.logical_name)
            .text("Entity2IntersectAttribute", right.column(right.key).name)
            .text("Entity2NavigationPropertyName", association.name)
            .text("IntersectEntityName", association.intersection())
            .text("MetadataId", metadata_id(left, 1 << 13 | u64::from(right.type_code)));
        found.push(definition);
    }
    found
}

/// The alternate keys of a table.
pub(super) fn keys(table: &Table) -> Vec<Definition> {
    let key = |place: &u16| {
        let column = table.column(*place).name;
        Definition::new("EntityKeyMetadata")
            .text("LogicalName", format!("{column}_key"))
            .text("SchemaName", format!("{column}_key"))
            .text("EntityLogicalName", table.logical_name)
            .raw("KeyAttributes", array([quote(column)]))
            .text("EntityKeyIndexStatus", "Active")
            .raw("DisplayName", label(&name_of(table.logical_name, column).label))
            .text("MetadataId", metadata_id(table, 1 << 14 | u64::from(*place)))
    };
    table.alternate_keys.iter().map(key).collect()
}
