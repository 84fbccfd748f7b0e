//! A `$filter` against a table: names looked up, types checked, then asked of record after record. It never sorts or counts.

use std::cmp::Ordering;

use uuid::Uuid;

use crate::sandbox::data::{Kind, Table};
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::named::named;
use crate::sandbox::dataverse::path::Path;
use crate::sandbox::dataverse::pattern::Pattern;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::values::{chosen_values, from_literal};
use crate::sandbox::odata::{Comparison, Expression, Literal, Operand, Options, parse_filter};
use crate::sandbox::world::{Row, Value, World};

/// A condition on the records of one table.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    /// Every one holds.
    All(Vec<Self>),
    /// At least one holds.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// A column compared with a value.
    Compare(Path, Comparison, Value),
    /// Two columns of a record compared.
    Columns(Path, Comparison, Path),
    /// A column is null.
    Null(Path),
    /// A text fits a pattern.
    Like(Path, Pattern),
    /// A column is one of some values.
    Among(Path, Vec<Value>),
    /// A choice of several holds one of some values.
    Holds(Path, Vec<i64>),
    /// A column lies between values: the first included, the second not.
    Within(Path, Option<Value>, Option<Value>),
}

/// What a condition may refer to besides the table.
pub(super) struct Setting<'exchange> {
    /// Query options, for parameter aliases.
    pub options: &'exchange Options,
    /// Who asks.
    pub caller: Uuid,
    /// Whether it stands inside an `$expand`, where aliases do not work.
    pub is_inside_expand: bool,
}

impl Condition {
    /// Reads a `$filter` for a table.
    pub fn read(text: &str, table: &'static Table, world: &World, setting: &Setting<'_>) -> Result<Self, Refusal> {
        Self::compile(&parse_filter(text)?, table, world, setting)
    }

    fn compile(
        expression: &Expression,
        table: &'static Table,
        world: &World,
        setting: &Setting<'_>,
    ) -> Result<Self, Refusal> {
        let all = |parts: &[Expression]| {
            parts.iter().map(|part| Self::compile(part, table, world, setting)).collect::<Result<_, _>>()
        };
        Ok(match expression {
            Expression::All(parts) => Self::All(all(parts)?),
            Expression::Any(parts) => Self::Any(all(parts)?),
            Expression::Not(inner) => Self::Not(Box::new(Self::compile(inner, table, world, setting)?)),
            Expression::Compare { left, operator, right } => {
                let (left, right) = (setting.value(left)?, setting.value(right)?);
                match (left, right) {
                    (Operand::Path(path), Operand::Literal(literal)) => compare(table, &path, *operator, &literal)?,
                    (Operand::Literal(literal), Operand::Path(path)) => {
                        compare(table, &path, operator.turned(), &literal)?
                    }
                    (Operand::Path(left), Operand::Path(right)) => columns(table, &left, *operator, &right)?,
                    _ => return Err(Refusal::unsupported("A condition needs a property on one side at least.")),
                }
            }
            Expression::Text { function, within, sought } => {
                let (Operand::Path(path), Operand::Literal(Literal::Text(sought))) =
                    (setting.value(within)?, setting.value(sought)?)
                else {
                    let message = "The arguments of contains, startswith and endswith are a property and a text.";
                    return Err(Refusal::unsupported(message));
                };
                Self::Like(text_path(table, &path)?, Pattern::new(*function, &sought))
            }
            Expression::Query { name, parameters } => named(name, parameters, table, world, setting)?,
            Expression::Truth(operand) => match setting.value(operand)? {
                Operand::Path(path) => compare(table, &path, Comparison::Eq, &Literal::Flag(true))?,
                _ => {
                    return Err(Refusal::new(
                        400,
                        "0x0",
                        "The $filter expression must evaluate to a single boolean value.",
                    ));
                }
            },
        })
    }

    /// Whether the condition holds for a record.
    pub fn holds(&self, world: &World, row: &Row) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(world, row)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(world, row)),
            Self::Not(inner) => !inner.holds(world, row),
            Self::Null(path) => path.value(world, row).is_none(),
            Self::Compare(path, operator, value) => is_so(path.value(world, row), *operator, Some(value)),
            Self::Columns(left, operator, right) => is_so(left.value(world, row), *operator, right.value(world, row)),
            Self::Like(path, pattern) => {
                path.value(world, row).and_then(Value::as_text).is_some_and(|text| pattern.fits(text))
            }
            Self::Among(path, values) => path
                .value(world, row)
                .is_some_and(|found| values.iter().any(|value| found.compared_with(value) == Some(Ordering::Equal))),
            Self::Holds(path, wanted) => path.value(world, row).is_some_and(|found| holds_one(found, wanted)),
            Self::Within(path, from, until) => path.value(world, row).is_some_and(|found| {
                from.as_ref().is_none_or(|from| is_so(Some(found), Comparison::Ge, Some(from)))
                    && until.as_ref().is_none_or(|until| is_so(Some(found), Comparison::Lt, Some(until)))
            }),
        }
    }
}

impl<'exchange> Setting<'exchange> {
    /// That of a request's own options.
    pub fn of(exchange: &'exchange Exchange<'_>) -> Self {
        Self { options: &exchange.options, caller: exchange.caller, is_inside_expand: false }
    }

    /// What the address gives for an alias.
    pub fn alias(&self, alias: &str) -> Result<Option<&'exchange str>, Refusal> {
        if self.is_inside_expand {
            let message = format!("The parameter alias '{alias}' is not supported inside $expand.");
            return Err(Refusal::unsupported(message));
        }
        Ok(self.options.value(alias))
    }

    /// An operand with its alias replaced by what the address gives for it, a value or a property; an alias without a value
    /// is null.
    fn value(&self, operand: &Operand) -> Result<Operand, Refusal> {
        let Operand::Alias(alias) = operand else { return Ok(operand.clone()) };
        let Some(text) = self.alias(alias)? else { return Ok(Operand::Literal(Literal::Null)) };
        if let Some(literal) = Literal::parse(text) {
            return Ok(Operand::Literal(literal));
        }
        let names = named_path(text);
        let unfit = || format!("The value of the parameter alias '{alias}' is neither a literal nor a property.");
        names.map(Operand::Path).ok_or_else(|| Refusal::new(400, "0x0", unfit()))
    }
}

/// The names of a path through lookups, as an alias may stand for one.
pub(super) fn named_path(text: &str) -> Option<Vec<String>> {
    let is_name =
        |name: &&str| !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let names: Vec<&str> = text.trim().split('/').collect();
    names.iter().all(is_name).then(|| names.into_iter().map(str::to_owned).collect())
}

/// Whether the value of a choice of several holds one of some values.
pub(super) fn holds_one(found: &Value, wanted: &[i64]) -> bool {
    found.as_text().and_then(chosen_values).is_some_and(|values| values.iter().any(|value| wanted.contains(value)))
}

/// Not equal to a value is also what is null, as the service has it; no other comparison holds for null.
fn is_so(left: Option<&Value>, operator: Comparison, right: Option<&Value>) -> bool {
    let (Some(left), Some(right)) = (left, right) else {
        return operator == Comparison::Ne && (left.is_some() || right.is_some());
    };
    let Some(ordering) = left.compared_with(right) else { return operator == Comparison::Ne };
    match operator {
        Comparison::Eq => ordering.is_eq(),
        Comparison::Ne => ordering.is_ne(),
        Comparison::Gt => ordering.is_gt(),
        Comparison::Ge => ordering.is_ge(),
        Comparison::Lt => ordering.is_lt(),
        Comparison::Le => ordering.is_le(),
    }
}

fn compare(
    table: &'static Table,
    names: &[String],
    operator: Comparison,
    literal: &Literal,
) -> Result<Condition, Refusal> {
    let path = Path::resolve(table, names)?;
    if *literal == Literal::Null {
        return match operator {
            Comparison::Eq => Ok(Condition::Null(path)),
            Comparison::Ne => Ok(Condition::Not(Box::new(Condition::Null(path)))),
            // Nothing is greater or less than null.
            _ => Ok(Condition::Any(Vec::new())),
        };
    }
    let kind = &path.column().kind;
    match from_literal(kind, literal) {
        Some(value) => Ok(Condition::Compare(path, operator, value)),
        None => Err(incompatible(kind.edm_type(), literal.edm_type(), operator)),
    }
}

/// Two columns of one row are compared where their types match. Source: Microsoft Learn, "Filter rows using OData".
fn columns(
    table: &'static Table,
    left: &[String],
    operator: Comparison,
    right: &[String],
) -> Result<Condition, Refusal> {
    let through = |names: &[String]| names.split_last().map(|(_, through)| through.to_vec());
    if through(left) != through(right) {
        let (left, right) = (left.join("/"), right.join("/"));
        let message = format!("Columns of different tables can't be compared: '{left}' and '{right}'.");
        return Err(Refusal::unsupported(message));
    }
    let (left, right) = (Path::resolve(table, left)?, Path::resolve(table, right)?);
    let kinds = (left.column().kind.edm_type(), right.column().kind.edm_type());
    if kinds.0 != kinds.1 {
        return Err(incompatible(kinds.0, kinds.1, operator));
    }
    Ok(Condition::Columns(left, operator, right))
}

fn incompatible(left: &str, right: &str, operator: Comparison) -> Refusal {
    let message = format!(
        "A binary operator with incompatible types was detected. Found operand types '{left}' and '{right}' for operator \
         kind '{}'.",
        operator.kind()
    );
    Refusal::new(400, "0x0", message)
}

fn text_path(table: &'static Table, names: &[String]) -> Result<Path, Refusal> {
    let path = Path::resolve(table, names)?;
    match path.column().kind {
        Kind::Text(_) | Kind::Memo(_) | Kind::TableName => Ok(path),
        _ => Err(Refusal::unsupported(format!("The property '{}' holds no text to search.", names.join("/")))),
    }
}
