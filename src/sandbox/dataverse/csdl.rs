//! `$metadata`: the tables as CSDL. It never answers anything but the whole.

use std::fmt::Write;

use crate::sandbox::data::{Kind, Schema, Table};
use crate::sandbox::dataverse::actions::{OPERATIONS, Operation, RESULTS};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
<edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><edmx:DataServices>\
<Schema Namespace=\"Microsoft.Dynamics.CRM\" Alias=\"mscrm\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">\
<EntityType Name=\"crmbaseentity\" Abstract=\"true\" />";
const TAIL: &str = "</Schema></edmx:DataServices></edmx:Edmx>";

/// The schema as XML.
pub(super) fn csdl() -> String {
    let mut xml = String::from(HEAD);
    for table in Schema::of_sandbox().tables() {
        let _ = entity_type(&mut xml, table);
    }
    let _ = container(&mut xml);
    xml.push_str(TAIL);
    xml
}

fn entity_type(xml: &mut String, table: &Table) -> std::fmt::Result {
    let schema = Schema::of_sandbox();
    write!(xml, "<EntityType Name=\"{}\" BaseType=\"mscrm.crmbaseentity\">", table.logical_name)?;
    write!(xml, "<Key><PropertyRef Name=\"{}\" /></Key>", table.column(table.key).name)?;
    for column in table.columns.iter().filter(|column| !matches!(column.kind, Kind::Parties)) {
        let scale = if column.kind.edm_type() == "Edm.Decimal" { " Scale=\"Variable\"" } else { "" };
        write!(xml, "<Property Name=\"{}\" Type=\"{}\"{scale} />", column.property(), column.kind.edm_type())?;
    }
    for column in &table.columns {
        let mut seen = "";
        for target in column.targets().iter().filter(|target| schema.by_name(target.table).is_some()) {
            // Users and teams share one property; it is declared once.
            if target.navigation == seen {
                continue;
            }
            seen = target.navigation;
            let to = if column.name == "ownerid" { "principal" } else { target.table };
            write!(xml, "<NavigationProperty Name=\"{}\" Type=\"mscrm.{to}\"", target.navigation)?;
            if !target.collection.is_empty() {
                write!(xml, " Partner=\"{}\"", target.collection)?;
            }
            xml.push_str(" />");
        }
    }
    for collection in &table.collections {
        let other = schema.table(collection.table).logical_name;
        write!(xml, "<NavigationProperty Name=\"{}\" Type=\"Collection(mscrm.{other})\" />", collection.name)?;
    }
    for association in &schema.associations {
        let other = match table.index {
            index if index == association.left => association.right,
            index if index == association.right => association.left,
            _ => continue,
        };
        let (name, other) = (association.name, schema.table(other).logical_name);
        write!(xml, "<NavigationProperty Name=\"{name}\" Type=\"Collection(mscrm.{other})\" Partner=\"{name}\" />")?;
    }
    xml.push_str("</EntityType>");
    Ok(())
}

/// The complex types, the functions and actions, and the container with what can be called by its bare name.
fn container(xml: &mut String) -> std::fmt::Result {
    xml.push_str("<EnumType Name=\"EndpointAccessType\"><Member Name=\"Default\" Value=\"0\" />");
    xml.push_str("<Member Name=\"Internet\" Value=\"1\" /><Member Name=\"Intranet\" Value=\"2\" /></EnumType>");
    for (name, members) in RESULTS {
        write!(xml, "<ComplexType Name=\"{name}\">")?;
        for (member, kind) in *members {
            write!(xml, "<Property Name=\"{member}\" Type=\"{kind}\" />")?;
        }
        xml.push_str("</ComplexType>");
    }
    for operation in OPERATIONS {
        declare(xml, operation)?;
    }
    xml.push_str("<EntityContainer Name=\"System\">");
    for table in Schema::of_sandbox().tables() {
        write!(xml, "<EntitySet Name=\"{}\" EntityType=\"mscrm.{}\" />", table.set_name, table.logical_name)?;
    }
    for Operation { name, is_function, .. } in OPERATIONS.iter().filter(|operation| operation.bound.is_none()) {
        let word = if *is_function { "Function" } else { "Action" };
        write!(xml, "<{word}Import Name=\"{name}\" {word}=\"mscrm.{name}\" />")?;
    }
    xml.push_str("</EntityContainer>");
    Ok(())
}

fn declare(xml: &mut String, operation: &Operation) -> std::fmt::Result {
    let word = if operation.is_function { "Function" } else { "Action" };
    write!(xml, "<{word} Name=\"{}\"", operation.name)?;
    if let Some(table) = operation.bound {
        xml.push_str(" IsBound=\"true\">");
        if operation.is_set {
            write!(xml, "<Parameter Name=\"entityset\" Type=\"Collection(mscrm.{table})\" Nullable=\"false\" />")?;
        } else {
            write!(xml, "<Parameter Name=\"entity\" Type=\"mscrm.{table}\" Nullable=\"false\" />")?;
        }
    } else {
        xml.push('>');
    }
    for parameter in operation.parameters {
        let nullable = if parameter.is_optional { "" } else { " Nullable=\"false\"" };
        let unicode = if parameter.kind == "Edm.String" { " Unicode=\"false\"" } else { "" };
        write!(xml, "<Parameter Name=\"{}\" Type=\"{}\"{nullable}{unicode} />", parameter.name, parameter.kind)?;
    }
    if let Some(result) = operation.result {
        write!(xml, "<ReturnType Type=\"{result}\" Nullable=\"false\" />")?;
    }
    write!(xml, "</{word}>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_balanced_xml_that_names_every_set() {
        let xml = csdl();
        for tag in ["EntityType", "Key", "Schema", "EntityContainer"] {
            let opened = xml.matches(&format!("<{tag} ")).count() + xml.matches(&format!("<{tag}>")).count();
            let abstract_types = usize::from(tag == "EntityType");
            assert_eq!(opened, xml.matches(&format!("</{tag}>")).count() + abstract_types, "{tag}");
        }
        for table in Schema::of_sandbox().tables() {
            assert!(xml.contains(&format!("<EntitySet Name=\"{}\"", table.set_name)));
        }
    }
}
