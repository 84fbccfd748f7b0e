//! Metadata as the service sends it, read into ours. Pure. What is missing is taken for unknown, never for an error: members
//! come and go with the version of the service.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::dataverse::metadata::{
    AlternateKey, Choice, ColumnDefinition, ColumnKind, Definition, Detail, ManyToMany, ManyToOne, OneToMany, Required,
    TableNames,
};

/// Several of something.
#[cfg(test)]
#[derive(Deserialize)]
pub(super) struct List<T> {
    pub(super) value: Vec<T>,
}

/// `EntityMetadata`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SentTable {
    logical_name: String,
    schema_name: Option<String>,
    entity_set_name: Option<String>,
    primary_id_attribute: Option<String>,
    primary_name_attribute: Option<String>,
    object_type_code: Option<i64>,
    is_activity: Option<bool>,
    is_custom_entity: Option<bool>,
    display_name: Option<SentLabel>,
    #[serde(default)]
    attributes: Vec<SentColumn>,
    #[serde(default)]
    keys: Vec<SentKey>,
    #[serde(default, rename = "ManyToOneRelationships")]
    many_to_one: Vec<SentWay>,
    #[serde(default, rename = "OneToManyRelationships")]
    one_to_many: Vec<SentWay>,
    #[serde(default, rename = "ManyToManyRelationships")]
    many_to_many: Vec<SentPairs>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SentLabel {
    user_localized_label: Option<Localized>,
    #[serde(default)]
    localized_labels: Vec<Localized>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Localized {
    label: Option<String>,
}

#[derive(Deserialize)]
struct Wrapped {
    #[serde(rename = "Value")]
    value: Option<String>,
}

/// `AttributeMetadata`, and of the derived types what we ask for.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SentColumn {
    logical_name: String,
    schema_name: Option<String>,
    display_name: Option<SentLabel>,
    attribute_type: Option<String>,
    attribute_type_name: Option<Wrapped>,
    required_level: Option<Wrapped>,
    attribute_of: Option<String>,
    is_valid_for_read: Option<bool>,
    is_valid_for_create: Option<bool>,
    is_valid_for_update: Option<bool>,
    max_length: Option<u64>,
    min_value: Option<Box<RawValue>>,
    max_value: Option<Box<RawValue>>,
    precision: Option<u32>,
    format: Option<String>,
    date_time_behavior: Option<Wrapped>,
    targets: Option<Vec<String>>,
    #[serde(rename = "MaxSizeInKB")]
    most_kibibytes: Option<u64>,
    option_set: Option<OptionSet>,
    global_option_set: Option<OptionSet>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OptionSet {
    #[serde(default)]
    options: Vec<Offer>,
    true_option: Option<Offer>,
    false_option: Option<Offer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Offer {
    value: Option<i64>,
    label: Option<SentLabel>,
    state: Option<i64>,
    default_status: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SentKey {
    logical_name: Option<String>,
    display_name: Option<SentLabel>,
    #[serde(default)]
    key_attributes: Vec<String>,
    entity_key_index_status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SentWay {
    schema_name: String,
    referencing_entity: Option<String>,
    referencing_attribute: Option<String>,
    referenced_entity: Option<String>,
    referencing_entity_navigation_property_name: Option<String>,
    referenced_entity_navigation_property_name: Option<String>,
}

#[derive(Deserialize)]
struct SentPairs {
    #[serde(rename = "SchemaName")]
    name: String,
    #[serde(rename = "Entity1LogicalName")]
    first: Option<String>,
    #[serde(rename = "Entity1NavigationPropertyName")]
    first_navigation: Option<String>,
    #[serde(rename = "Entity2LogicalName")]
    second: Option<String>,
    #[serde(rename = "Entity2NavigationPropertyName")]
    second_navigation: Option<String>,
    #[serde(rename = "IntersectEntityName")]
    between: Option<String>,
}

impl SentLabel {
    fn text(&self) -> Option<String> {
        let first = self.user_localized_label.as_ref().or(self.localized_labels.first());
        first.and_then(|label| label.label.clone()).filter(|label| !label.is_empty())
    }

    /// The labels that are not the user's.
    fn others(&self, shown: &str) -> Vec<String> {
        let mut others: Vec<String> = self.localized_labels.iter().filter_map(|label| label.label.clone()).collect();
        others.retain(|label| label != shown);
        others.dedup();
        others
    }
}

impl SentTable {
    /// Its names; `None` for a table that has no place in addresses.
    pub(super) fn names(&self) -> Option<TableNames> {
        Some(TableNames {
            logical_name: self.logical_name.clone(),
            schema_name: self.schema_name.clone().unwrap_or_default(),
            entity_set: self.entity_set_name.clone().filter(|name| !name.is_empty())?,
            label: self.display_name.as_ref().and_then(SentLabel::text),
            id_column: self.primary_id_attribute.clone().filter(|name| !name.is_empty())?,
            name_column: self.primary_name_attribute.clone().filter(|name| !name.is_empty()),
            type_code: self.object_type_code,
            is_activity: self.is_activity.unwrap_or_default(),
            is_custom: self.is_custom_entity.unwrap_or_default(),
        })
    }

    /// The whole table, without what only derived types of columns know.
    pub(super) fn into_definition(self) -> Option<Definition> {
        let names = self.names()?;
        let mut columns: Vec<ColumnDefinition> = self.attributes.into_iter().map(SentColumn::into_column).collect();
        columns.sort_by(|a, b| a.name.cmp(&b.name));
        let own = names.logical_name.clone();
        let mut definition = Definition {
            columns,
            keys: self.keys.into_iter().filter_map(SentKey::into_key).collect(),
            many_to_one: self.many_to_one.into_iter().filter_map(SentWay::into_many_to_one).collect(),
            one_to_many: self.one_to_many.into_iter().filter_map(SentWay::into_one_to_many).collect(),
            many_to_many: self.many_to_many.into_iter().flat_map(|pairs| pairs.into_sides(&own)).collect(),
            known: std::collections::BTreeSet::new(),
            names,
        };
        definition.many_to_one.sort_by(|a, b| (&a.column, &a.table).cmp(&(&b.column, &b.table)));
        definition.one_to_many.sort_by(|a, b| a.navigation.cmp(&b.navigation));
        Some(definition)
    }
}

impl SentColumn {
    fn into_column(self) -> ColumnDefinition {
        ColumnDefinition {
            schema_name: self.schema_name.unwrap_or_default(),
            label: self.display_name.as_ref().and_then(SentLabel::text),
            kind: kind_of(
                self.attribute_type.as_deref().unwrap_or_default(),
                self.attribute_type_name.and_then(|name| name.value).as_deref().unwrap_or_default(),
            ),
            required: match self.required_level.and_then(|level| level.value).as_deref() {
                Some("SystemRequired") => Required::System,
                Some("ApplicationRequired") => Required::Application,
                Some("Recommended") => Required::Recommended,
                _ => Required::No,
            },
            is_readable: self.is_valid_for_read.unwrap_or(true),
            is_creatable: self.is_valid_for_create.unwrap_or(true),
            is_updatable: self.is_valid_for_update.unwrap_or(true),
            part_of: self.attribute_of.filter(|name| !name.is_empty()),
            name: self.logical_name,
            longest: None,
            least: None,
            most: None,
            precision: None,
            format: None,
            behavior: None,
            choices: Vec::new(),
            targets: Vec::new(),
            most_kibibytes: None,
        }
    }

    /// Adds what this derived type knows to the column it is about.
    fn add_to(self, column: &mut ColumnDefinition) {
        let number = |json: Option<Box<RawValue>>| json.map(|json| json.get().to_owned()).filter(|text| text != "null");
        column.longest = self.max_length;
        column.least = number(self.min_value);
        column.most = number(self.max_value);
        column.precision = self.precision;
        column.format = self.format;
        column.behavior = self.date_time_behavior.and_then(|behavior| behavior.value);
        column.targets = self.targets.unwrap_or_default();
        column.most_kibibytes = self.most_kibibytes;
        let set = self.option_set.or(self.global_option_set);
        column.choices = set.map(OptionSet::into_choices).unwrap_or_default();
    }
}

/// Adds what a derived type of column knows to the table's columns.
pub(super) fn add_details(definition: &mut Definition, detail: Detail, attributes: Vec<SentColumn>) {
    for attribute in attributes {
        let place = definition.columns.binary_search_by(|column| column.name.as_str().cmp(&attribute.logical_name));
        if let Ok(place) = place {
            attribute.add_to(&mut definition.columns[place]);
        }
    }
    definition.known.insert(detail);
}

impl OptionSet {
    fn into_choices(self) -> Vec<Choice> {
        // Of a boolean the value of an option may be left out: which one it is says it.
        let flag = |offer: Option<Offer>, value| offer.map(|offer| Offer { value: Some(value), ..offer });
        let flags = [flag(self.false_option, 0), flag(self.true_option, 1)].into_iter().flatten();
        self.options.into_iter().chain(flags).filter_map(Offer::into_choice).collect()
    }
}

impl Offer {
    fn into_choice(self) -> Option<Choice> {
        let value = self.value?;
        let label = self.label.as_ref().and_then(SentLabel::text).unwrap_or_else(|| value.to_string());
        let other_labels = self.label.map(|it| it.others(&label)).unwrap_or_default();
        Some(Choice { value, label, other_labels, state: self.state, default_reason: self.default_status })
    }
}

impl SentKey {
    fn into_key(self) -> Option<AlternateKey> {
        Some(AlternateKey {
            name: self.logical_name?,
            label: self.display_name.as_ref().and_then(SentLabel::text),
            columns: self.key_attributes,
            status: self.entity_key_index_status.unwrap_or_else(|| "Active".to_owned()),
        })
    }
}

impl SentWay {
    fn into_many_to_one(self) -> Option<ManyToOne> {
        Some(ManyToOne {
            name: self.schema_name,
            column: self.referencing_attribute?,
            table: self.referenced_entity?,
            navigation: self.referencing_entity_navigation_property_name.filter(|name| !name.is_empty())?,
        })
    }

    fn into_one_to_many(self) -> Option<OneToMany> {
        Some(OneToMany {
            name: self.schema_name,
            table: self.referencing_entity?,
            column: self.referencing_attribute?,
            navigation: self.referenced_entity_navigation_property_name.filter(|name| !name.is_empty())?,
        })
    }
}

impl SentPairs {
    /// The relationship as `own` sees it: twice where a table is paired with itself.
    fn into_sides(self, own: &str) -> Vec<ManyToMany> {
        let side = |other: &Option<String>, navigation: &Option<String>| {
            Some(ManyToMany {
                name: self.name.clone(),
                table: other.clone()?,
                navigation: navigation.clone().filter(|name| !name.is_empty())?,
                pairs: self.between.clone().unwrap_or_default(),
            })
        };
        let from_first = (self.first.as_deref() == Some(own)).then(|| side(&self.second, &self.first_navigation));
        let from_second = (self.second.as_deref() == Some(own)).then(|| side(&self.first, &self.second_navigation));
        let mut sides: Vec<ManyToMany> = [from_first, from_second].into_iter().flatten().flatten().collect();
        sides.dedup();
        sides
    }
}

fn kind_of(code: &str, name: &str) -> ColumnKind {
    match code {
        "String" => ColumnKind::Text,
        "Memo" => ColumnKind::Memo,
        "Integer" => ColumnKind::Whole,
        "BigInt" => ColumnKind::Big,
        "Decimal" => ColumnKind::Decimal,
        "Money" => ColumnKind::Money,
        "Double" => ColumnKind::Double,
        "Boolean" => ColumnKind::Boolean,
        "Picklist" => ColumnKind::Choice,
        "State" => ColumnKind::State,
        "Status" => ColumnKind::Status,
        "DateTime" => ColumnKind::Date,
        "Lookup" | "Customer" | "Owner" => ColumnKind::Lookup,
        "PartyList" => ColumnKind::Parties,
        "Uniqueidentifier" => ColumnKind::Guid,
        "EntityName" => ColumnKind::Table,
        // Newer kinds have no code of their own.
        "Virtual" => match name {
            "MultiSelectPicklistType" => ColumnKind::Choices,
            "ImageType" => ColumnKind::Image,
            "FileType" => ColumnKind::File,
            _ => ColumnKind::Other,
        },
        _ => ColumnKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(json: &str) -> Definition {
        serde_json::from_str::<SentTable>(json).expect("an entity").into_definition().expect("a table")
    }

    #[test]
    fn what_is_missing_is_unknown_and_not_an_error() {
        let bare = r#"{"LogicalName":"new_boat","EntitySetName":"new_boats","PrimaryIdAttribute":"new_boatid"}"#;
        let table = definition(bare);
        assert_eq!((table.names.name_column.as_deref(), table.columns.len()), (None, 0));
        for nowhere in [r#"{"LogicalName":"x"}"#, r#"{"LogicalName":"x","EntitySetName":"","PrimaryIdAttribute":"y"}"#]
        {
            assert!(serde_json::from_str::<SentTable>(nowhere).expect("an entity").into_definition().is_none());
        }
    }

    #[test]
    fn limits_keep_their_digits_and_labels_every_language() {
        let mut table = definition(
            r#"{"LogicalName":"a","EntitySetName":"as","PrimaryIdAttribute":"aid","Attributes":[
                {"LogicalName":"z","AttributeType":"Money"},
                {"LogicalName":"c","AttributeType":"Virtual","AttributeTypeName":{"Value":"MultiSelectPicklistType"}}]}"#,
        );
        let money: List<SentColumn> = serde_json::from_str(
            r#"{"value":[{"LogicalName":"z","MinValue":-922337203685477.5807,"MaxValue":1E11,"Precision":4}]}"#,
        )
        .expect("attributes");
        add_details(&mut table, Detail::Money, money.value);
        let column = table.column("z").expect("a column");
        assert_eq!(
            (column.least.as_deref(), column.most.as_deref(), column.precision),
            (Some("-922337203685477.5807"), Some("1E11"), Some(4))
        );
        let choices: List<SentColumn> = serde_json::from_str(
            r#"{"value":[{"LogicalName":"c","OptionSet":null,"GlobalOptionSet":{"Options":[{"Value":7,"Label":{
                "UserLocalizedLabel":{"Label":"Beratung"},
                "LocalizedLabels":[{"Label":"Consulting"},{"Label":"Beratung"}]}}]}}]}"#,
        )
        .expect("attributes");
        add_details(&mut table, Detail::MultiSelectPicklist, choices.value);
        let column = table.column("c").expect("a column");
        assert_eq!(column.kind, ColumnKind::Choices);
        assert_eq!(
            column.choices,
            [Choice {
                value: 7,
                label: "Beratung".into(),
                other_labels: vec!["Consulting".into()],
                state: None,
                default_reason: None
            }]
        );
    }

    #[test]
    fn a_table_paired_with_itself_has_two_sides() {
        let pairs = |first: &str, second: &str| {
            format!(
                r#"{{"LogicalName":"a","EntitySetName":"as","PrimaryIdAttribute":"aid","ManyToManyRelationships":[{{
                "SchemaName":"n","Entity1LogicalName":"{first}","Entity1NavigationPropertyName":"one",
                "Entity2LogicalName":"{second}","Entity2NavigationPropertyName":"two"}}]}}"#
            )
        };
        let navigations = |first: &str, second: &str| {
            let table = definition(&pairs(first, second));
            table.many_to_many.into_iter().map(|it| (it.navigation, it.table)).collect::<Vec<_>>()
        };
        let way = |navigation: &str, table: &str| (navigation.to_owned(), table.to_owned());
        assert_eq!(navigations("a", "b"), [way("one", "b")]);
        assert_eq!(navigations("b", "a"), [way("two", "b")]);
        assert_eq!(navigations("a", "a"), [way("one", "a"), way("two", "a")]);
    }
}
