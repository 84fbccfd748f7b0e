//! `$metadata`: the tables as CSDL. It never answers anything but the whole.

use std::fmt::Write;

use crate::sandbox::data::{Kind, Schema, Table};

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

fn container(xml: &mut String) -> std::fmt::Result {
    for (name, properties) in [
        ("WhoAmIResponse", ["BusinessUnitId", "UserId", "OrganizationId"].as_slice()),
        ("RetrieveVersionResponse", ["Version"].as_slice()),
    ] {
        write!(xml, "<ComplexType Name=\"{name}\">")?;
        for property in properties {
            let kind = if *property == "Version" { "Edm.String" } else { "Edm.Guid" };
            write!(xml, "<Property Name=\"{property}\" Type=\"{kind}\" />")?;
        }
        xml.push_str("</ComplexType>");
    }
    for name in ["WhoAmI", "RetrieveVersion"] {
        write!(
            xml,
            "<Function Name=\"{name}\"><ReturnType Type=\"mscrm.{name}Response\" Nullable=\"false\" /></Function>"
        )?;
    }
    xml.push_str("<EntityContainer Name=\"System\">");
    for table in Schema::of_sandbox().tables() {
        write!(xml, "<EntitySet Name=\"{}\" EntityType=\"mscrm.{}\" />", table.set_name, table.logical_name)?;
    }
    for name in ["WhoAmI", "RetrieveVersion"] {
        write!(xml, "<FunctionImport Name=\"{name}\" Function=\"mscrm.{name}\" />")?;
    }
    xml.push_str("</EntityContainer>");
    Ok(())
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
