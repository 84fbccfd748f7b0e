//! Reads the actions and functions out of an organisation's `$metadata`, piece by piece as it arrives: it is megabytes, and
//! all that is held is what was found and the beginning of one tag. Source: OData CSDL XML 4.0, §12 and §13.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::dataverse::call::NAMESPACE;
use crate::dataverse::callables::{Callable, Callables, Parameter};

/// No tag is longer.
const LONGEST_TAG: usize = 1 << 20;
/// What the service calls its namespace within its own schema.
const ALIAS: &str = "mscrm.";
/// The annotation of a parameter that may be left out.
const OPTIONAL: &str = "Org.OData.Core.V1.OptionalParameter";

/// A schema that is arriving.
#[derive(Default)]
pub(super) struct Csdl {
    rest: Vec<u8>,
    found: Callables,
    open: Option<Open>,
    has_begun: bool,
    /// The elements around the current place. A schema that arrives without its end looks whole but for these.
    around: Vec<String>,
}

/// What the next tags belong to.
enum Open {
    Callable(Callable, bool),
    Choice(String, Vec<String>),
    Result(String, Vec<(String, String)>),
}

impl Csdl {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.rest.extend_from_slice(bytes);
        let rest = std::mem::take(&mut self.rest);
        // The last letter may have arrived by half.
        let whole = match std::str::from_utf8(&rest) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => {
                std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(error) => return Err(error.to_string()),
        };
        let mut reader = Reader::from_str(whole);
        reader.config_mut().allow_unmatched_ends = true;
        reader.config_mut().check_end_names = false;
        let mut read = 0;
        loop {
            match reader.read_event() {
                Ok(Event::Start(tag)) => {
                    self.begin(&tag)?;
                    self.around.push(tag.name().as_ref().to_owned());
                }
                Ok(Event::Empty(tag)) => {
                    self.begin(&tag)?;
                    self.end(tag.local_name().as_ref());
                }
                Ok(Event::End(tag)) => {
                    if self.around.pop().as_deref() != Some(tag.name().as_ref()) {
                        return Err(format!("`</{}>` closes nothing", tag.name().as_ref()));
                    }
                    self.end(tag.local_name().as_ref());
                }
                // The end, or a tag whose end has not arrived.
                Ok(Event::Eof) | Err(quick_xml::Error::Syntax(_)) => break,
                Ok(_) => {}
                Err(error) => return Err(error.to_string()),
            }
            read = usize::try_from(reader.buffer_position()).unwrap_or(rest.len());
        }
        self.rest = rest[read..].to_vec();
        if self.rest.len() > LONGEST_TAG { Err("a tag has no end".to_owned()) } else { Ok(()) }
    }

    /// What was found.
    ///
    /// # Errors
    /// When it was no schema, or not all of one.
    pub fn finish(self) -> Result<Callables, String> {
        if !self.has_begun {
            return Err("it is no schema".to_owned());
        }
        if self.open.is_some() || !self.around.is_empty() || !self.rest.iter().all(u8::is_ascii_whitespace) {
            return Err("the schema ends in the middle".to_owned());
        }
        let mut found = self.found;
        found.list.sort_by(|a, b| (&a.name, &a.bound_to).cmp(&(&b.name, &b.bound_to)));
        let used = |name: &String| found.list.iter().any(|it| it.result.as_deref().map(inner) == Some(name));
        found.results = std::mem::take(&mut found.results).into_iter().filter(|(name, _)| used(name)).collect();
        Ok(found)
    }

    fn begin(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        match (tag.local_name().as_ref(), &mut self.open) {
            ("Schema", _) => self.has_begun = true,
            ("EntityType", _) => {
                self.found.records.insert(text(tag, "Name")?);
            }
            ("EnumType", _) => self.open = Some(Open::Choice(text(tag, "Name")?, Vec::new())),
            ("ComplexType", _) => self.open = Some(Open::Result(text(tag, "Name")?, Vec::new())),
            ("Member", Some(Open::Choice(_, members))) => members.push(text(tag, "Name")?),
            ("Property", Some(Open::Result(_, members))) => {
                members.push((text(tag, "Name")?, plain(&text(tag, "Type")?)));
            }
            (word @ ("Action" | "Function"), _) => {
                let callable = Callable {
                    name: text(tag, "Name")?,
                    is_function: word == "Function",
                    bound_to: None,
                    is_of_set: false,
                    parameters: Vec::new(),
                    result: None,
                };
                self.open = Some(Open::Callable(callable, text(tag, "IsBound")? == "true"));
            }
            ("Parameter", Some(Open::Callable(callable, is_bound))) => {
                let kind = plain(&text(tag, "Type")?);
                if *is_bound && callable.bound_to.is_none() {
                    callable.is_of_set = kind.starts_with("Collection(");
                    callable.bound_to = Some(inner(&kind).to_owned());
                } else {
                    let is_optional = text(tag, "Nullable")? != "false";
                    callable.parameters.push(Parameter { name: text(tag, "Name")?, kind, is_optional });
                }
            }
            ("Annotation", Some(Open::Callable(callable, _))) if text(tag, "Term")? == OPTIONAL => {
                if let Some(last) = callable.parameters.last_mut() {
                    last.is_optional = true;
                }
            }
            ("ReturnType", Some(Open::Callable(callable, _))) => {
                callable.result = Some(plain(&text(tag, "Type")?));
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, word: &str) {
        if !matches!(word, "Action" | "Function" | "EnumType" | "ComplexType") {
            return;
        }
        match self.open.take() {
            Some(Open::Callable(callable, _)) => self.found.list.push(callable),
            Some(Open::Choice(name, members)) => {
                self.found.choices.insert(name, members);
            }
            Some(Open::Result(name, members)) => {
                self.found.results.insert(name, members);
            }
            None => {}
        }
    }
}

/// An attribute, decoded; empty when there is none.
fn text(tag: &BytesStart<'_>, name: &str) -> Result<String, String> {
    let attribute = tag.try_get_attribute(name).map_err(|error| error.to_string())?;
    let Some(attribute) = attribute else { return Ok(String::new()) };
    let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
    Ok(value.into_owned())
}

/// A type without the service's namespace: `Collection(mscrm.account)` is `Collection(account)`.
fn plain(kind: &str) -> String {
    let bare = |kind: &str| kind.strip_prefix(ALIAS).or(kind.strip_prefix(NAMESPACE)).unwrap_or(kind).to_owned();
    match kind.strip_prefix("Collection(").and_then(|kind| kind.strip_suffix(')')) {
        Some(inner) => format!("Collection({})", bare(inner)),
        None => bare(kind),
    }
}

fn inner(kind: &str) -> &str {
    kind.strip_prefix("Collection(").and_then(|kind| kind.strip_suffix(')')).unwrap_or(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" xmlns="http://docs.oasis-open.org/odata/ns/edm">
  <!-- a <comment> with > in it -->
  <EntityType Name="account" BaseType="mscrm.crmbaseentity"><Key><PropertyRef Name="accountid" /></Key>
    <Property Name="name" Type="Edm.String"><Annotation Term="x" String="a &gt; b > c" /></Property></EntityType>
  <EnumType Name="Colour"><Member Name="Red" Value="0" /><Member Name="Blue" Value="1" /></EnumType>
  <ComplexType Name="new_DoResponse"><Property Name="Total" Type="Edm.Decimal" Scale="Variable" /></ComplexType>
  <ComplexType Name="Unused"><Property Name="X" Type="Edm.String" /></ComplexType>
  <Action Name="new_Do" IsBound="true">
    <Parameter Name="entity" Type="mscrm.account" Nullable="false" />
    <Parameter Name="Reason" Type="Edm.String" Nullable="false" Unicode="false" />
    <Parameter Name="Colour" Type="Microsoft.Dynamics.CRM.Colour" />
    <Parameter Name="Late" Type="Edm.Boolean" Nullable="false"><Annotation Term="Org.OData.Core.V1.OptionalParameter" /></Parameter>
    <ReturnType Type="mscrm.new_DoResponse" Nullable="false" />
  </Action>
  <Function Name="Oldest" IsBound="true"><Parameter Name="entityset" Type="Collection(mscrm.account)" Nullable="false" />
    <ReturnType Type="Collection(mscrm.account)" Nullable="false" /></Function>
  <Action Name="Bare" />
  <EntityContainer Name="System"><ActionImport Name="Bare" Action="mscrm.Bare" /></EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>
"#;

    fn read(text: &str, size: usize) -> Result<Callables, String> {
        let mut csdl = Csdl::default();
        for piece in text.as_bytes().chunks(size) {
            csdl.take(piece)?;
        }
        csdl.finish()
    }

    #[test]
    fn a_schema_is_read_alike_in_pieces_of_every_size() {
        let whole = read(SCHEMA, SCHEMA.len()).expect("a schema");
        for size in [1, 2, 3, 7, 64, 1000] {
            assert_eq!(read(SCHEMA, size).as_ref(), Ok(&whole), "{size}");
        }
        let names: Vec<_> = whole.all().iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["Bare", "Oldest", "new_Do"]);
        let action = &whole.all()[2];
        assert_eq!((action.bound_to.as_deref(), action.is_of_set, action.is_custom()), (Some("account"), false, true));
        let parameters: Vec<_> =
            action.parameters.iter().map(|it| (it.name.as_str(), it.kind.as_str(), it.is_optional)).collect();
        assert_eq!(
            parameters,
            [("Reason", "Edm.String", false), ("Colour", "Colour", true), ("Late", "Edm.Boolean", true)]
        );
        assert_eq!(whole.members("new_DoResponse"), [("Total".to_owned(), "Edm.Decimal".to_owned())]);
        assert!(whole.members("Unused").is_empty());
        assert_eq!(whole.values("Colour"), ["Red", "Blue"]);
        let function = &whole.all()[1];
        assert_eq!((function.is_of_set, function.result.as_deref()), (true, Some("Collection(account)")));
    }

    #[test]
    fn what_is_no_schema_or_only_half_of_one_is_refused() {
        for text in ["", "<html><body>Sign in</body></html>", "{\"error\":{}}"] {
            assert!(read(text, 10).is_err(), "{text}");
        }
        assert!(read(&SCHEMA[..SCHEMA.find("<ReturnType").unwrap() + 4], 50).is_err());
        // Cut behind any tag before the last one, it is a schema with elements missing.
        for (at, _) in SCHEMA.trim_end().match_indices('>') {
            let cut = &SCHEMA[..=at];
            assert_eq!(read(cut, 50).is_ok(), cut.ends_with("</edmx:Edmx>"), "{cut}");
        }
        let crossed = SCHEMA.replace("</edmx:DataServices></edmx:Edmx>", "</edmx:Edmx></edmx:DataServices>");
        assert!(read(&crossed, 50).is_err());
        let endless = format!("{} <Action Name=\"{}", &SCHEMA[..300], "x".repeat(LONGEST_TAG + 1));
        assert!(read(&endless, 65_536).is_err());
    }
}
