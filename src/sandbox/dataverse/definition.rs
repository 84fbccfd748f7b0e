//! Definitions in metadata: members to select from and to filter by. They never say what is defined.

use crate::sandbox::Outgoing;
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::json::{Object, array, quote};
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::odata::{Comparison, Expression, Literal, Number, Operand, Options, parse_filter, parse_names};

/// Something defined: a table, a column, a relationship, a key.
pub(super) struct Definition {
    /// The type, for errors: `EntityMetadata`.
    kind: &'static str,
    /// The type as the answer tells it, where it tells one.
    told: Option<String>,
    members: Vec<Member>,
}

struct Member {
    name: &'static str,
    json: String,
    /// What a filter compares with: text, a number or a truth.
    value: Option<Literal>,
    /// Shown only when it is expanded.
    is_expanded: bool,
}

impl Definition {
    /// Nothing defined yet.
    pub fn new(kind: &'static str) -> Self {
        Self { kind, told: None, members: Vec::new() }
    }

    /// The type the answer tells in `@odata.type`.
    pub fn told(mut self, type_name: String) -> Self {
        self.told = Some(type_name);
        self
    }

    /// A member with text; empty text is null.
    pub fn text(mut self, name: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        let (json, value) =
            if text.is_empty() { ("null".to_owned(), Literal::Null) } else { (quote(&text), Literal::Text(text)) };
        self.members.push(Member { name, json, value: Some(value), is_expanded: false });
        self
    }

    /// A member with a truth.
    pub fn flag(mut self, name: &'static str, flag: bool) -> Self {
        let value = Some(Literal::Flag(flag));
        self.members.push(Member { name, json: flag.to_string(), value, is_expanded: false });
        self
    }

    /// A member with a number.
    pub fn number(mut self, name: &'static str, number: Number) -> Self {
        let value = Some(Literal::Number(number));
        self.members.push(Member { name, json: number.to_string(), value, is_expanded: false });
        self
    }

    /// A member of the shape `{"Value":…}`, filtered as `Name/Value`.
    pub fn wrapped(mut self, name: &'static str, text: &str) -> Self {
        let mut object = Object::new();
        object.text("Value", text).plain("CanBeChanged", false);
        let value = Some(Literal::Text(text.to_owned()));
        self.members.push(Member { name, json: object.finish(), value, is_expanded: false });
        self
    }

    /// A member with any JSON, not to be filtered by.
    pub fn raw(mut self, name: &'static str, json: String) -> Self {
        self.members.push(Member { name, json, value: None, is_expanded: false });
        self
    }

    /// A member with any JSON, shown only when it is expanded.
    pub fn expanded(mut self, name: &'static str, json: String) -> Self {
        self.members.push(Member { name, json, value: None, is_expanded: true });
        self
    }

    /// The definition as JSON: what `$select` names, `MetadataId` always, what is in `expanded`.
    pub fn show(&self, options: &Options, expanded: &[&str], context: Option<&str>) -> Result<String, Refusal> {
        check(options)?;
        let names = options.value("$select").map(parse_names).unwrap_or_default();
        let known = |name: &&&str| !self.members.iter().any(|member| member.name == **name);
        if let Some(unknown) = names.iter().find(known) {
            return Err(Refusal::unknown_property(unknown, &format!("Microsoft.Dynamics.CRM.{}", self.kind)));
        }
        let mut object = Object::new();
        if let Some(context) = context {
            object.text("@odata.context", context);
        }
        if let Some(told) = &self.told {
            object.text("@odata.type", &format!("#Microsoft.Dynamics.CRM.{told}"));
        }
        for member in &self.members {
            let is_selected = names.is_empty() || names.contains(&member.name) || member.name == "MetadataId";
            let is_shown = if member.is_expanded { expanded.contains(&member.name) } else { is_selected };
            if is_shown {
                object.raw(member.name, &member.json);
            }
        }
        Ok(object.finish())
    }

    fn holds(&self, expression: &Expression) -> Result<bool, Refusal> {
        let unsupported = || Refusal::unsupported("The filter is not supported on metadata.");
        Ok(match expression {
            Expression::All(parts) => {
                let each: Vec<bool> = parts.iter().map(|part| self.holds(part)).collect::<Result<_, _>>()?;
                each.into_iter().all(|holds| holds)
            }
            Expression::Any(parts) => {
                let each: Vec<bool> = parts.iter().map(|part| self.holds(part)).collect::<Result<_, _>>()?;
                each.into_iter().any(|holds| holds)
            }
            Expression::Not(inner) => !self.holds(inner)?,
            Expression::Compare { left: Operand::Path(path), operator, right: Operand::Literal(literal) } => {
                let name = path.first().map_or("", String::as_str);
                let member = self.members.iter().find(|member| member.name == name);
                let unknown = || Refusal::unknown_property(name, &format!("Microsoft.Dynamics.CRM.{}", self.kind));
                let value = member.ok_or_else(unknown)?.value.as_ref().ok_or_else(unsupported)?;
                let is_equal = match literal {
                    // The names of enumerations are compared without their type.
                    Literal::Member { name, .. } => *value == Literal::Text(name.clone()),
                    literal => value == literal,
                };
                match operator {
                    Comparison::Eq => is_equal,
                    Comparison::Ne => !is_equal,
                    _ => return Err(unsupported()),
                }
            }
            _ => return Err(unsupported()),
        })
    }
}

/// Refuses the options that definitions are not asked with.
fn check(options: &Options) -> Result<(), Refusal> {
    match options.names().find(|name| name.starts_with('$') && !matches!(*name, "$select" | "$filter" | "$expand")) {
        Some(name @ ("$orderby" | "$top" | "$count")) => {
            Err(Refusal::not_built(&format!("{name} on definitions of tables and columns")))
        }
        Some(name) => Err(Refusal::unsupported(format!("The query parameter {name} is not supported"))),
        None => Ok(()),
    }
}

/// Those of some definitions that `$filter` leaves, as a JSON array.
pub(super) fn chosen(definitions: &[Definition], options: &Options, expanded: &[&str]) -> Result<String, Refusal> {
    check(options)?;
    let filter = options.value("$filter").map(parse_filter).transpose()?;
    let mut shown = Vec::new();
    for definition in definitions {
        let is_chosen = match &filter {
            Some(filter) => definition.holds(filter)?,
            None => true,
        };
        if is_chosen {
            shown.push(definition.show(options, expanded, None)?);
        }
    }
    Ok(array(shown))
}

/// Answers with a list of definitions.
pub(super) fn list(
    exchange: &Exchange<'_>,
    definitions: &[Definition],
    expanded: &[&str],
    what: &str,
) -> Result<Outgoing, Refusal> {
    let mut object = Object::new();
    let selected = exchange.options.value("$select").map(|names| format!("({names})")).unwrap_or_default();
    object.text("@odata.context", &exchange.context(&format!("{what}{selected}")));
    object.raw("value", &chosen(definitions, &exchange.options, expanded)?);
    Ok(exchange.json(200, object.finish()))
}
