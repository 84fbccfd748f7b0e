//! The service's own query functions in a `$filter`: `In`, `Between`, `LastXDays`. It never evaluates them.

use crate::sandbox::BUSINESS_UNIT_ID;
use crate::sandbox::data::{Kind, Table};
use crate::sandbox::dataverse::condition::{Condition, Setting};
use crate::sandbox::dataverse::dates::{around, stretch};
use crate::sandbox::dataverse::path::Path;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::values::{from_text, to_plain};
use crate::sandbox::odata::{Comparison, Literal, Parameter, json_list};
use crate::sandbox::world::{Value, World, day_of};

/// Query functions that the sandbox has not, besides those about fiscal periods. Source: Microsoft Learn, "Web API query
/// functions".
const ABSENT: [&str; 11] = [
    "Above",
    "AboveOrEqual",
    "Contains",
    "EqualUserLanguage",
    "EqualUserOrUserHierarchy",
    "EqualUserOrUserHierarchyAndTeams",
    "EqualUserOrUserTeams",
    "EqualUserTeams",
    "NotUnder",
    "Under",
    "UnderOrEqual",
];

/// The condition that a query function stands for.
pub(super) fn named(
    name: &str,
    parameters: &[(String, Parameter)],
    table: &'static Table,
    world: &World,
    setting: &Setting<'_>,
) -> Result<Condition, Refusal> {
    let call = Call { name, parameters, setting };
    call.check()?;
    let property = call.text("PropertyName")?;
    // These functions know lookups by their column, `ownerid`, where the rest of OData says `_ownerid_value`.
    let path = match table.place(&property).filter(|place| !table.column(*place).targets().is_empty()) {
        Some(lookup) => Path::of_column(table, lookup),
        None => Path::resolve(table, &property.split('/').map(str::to_owned).collect::<Vec<_>>())?,
    };
    Ok(match name {
        "In" => Condition::Among(path.clone(), call.values(&path)?),
        "NotIn" => negated(Condition::Among(path.clone(), call.values(&path)?)),
        "ContainValues" => Condition::Holds(path.clone(), call.choices(&path)?),
        "DoesNotContainValues" => negated(Condition::Holds(path.clone(), call.choices(&path)?)),
        "Between" => call.between(path)?,
        "NotBetween" => negated(call.between(path)?),
        "EqualUserId" | "NotEqualUserId" | "EqualBusinessId" | "NotEqualBusinessId" => {
            if !matches!(path.column().kind, Kind::Lookup(_) | Kind::Key | Kind::Guid) {
                return Err(call.unfit(path.column().name));
            }
            let comparison = if name.starts_with("Not") { Comparison::Ne } else { Comparison::Eq };
            let id = if name.ends_with("UserId") { Value::Id(setting.caller) } else { business_unit() };
            Condition::Compare(path, comparison, id)
        }
        "On" | "OnOrAfter" | "OnOrBefore" => {
            let text = call.text("PropertyValue")?;
            let date = text.get(..10).and_then(|date| date.parse().ok());
            let stretch = date.and_then(|date| around(name, date)).ok_or_else(|| call.unfit(&text))?;
            call.within(path, stretch)?
        }
        _ => {
            let amount = if name.contains('X') { call.number("PropertyValue")? } else { 0 };
            match stretch(name, amount, world.now()) {
                Some(stretch) => call.within(path, stretch)?,
                None => return Err(call.unknown()),
            }
        }
    })
}

struct Call<'call> {
    name: &'call str,
    parameters: &'call [(String, Parameter)],
    setting: &'call Setting<'call>,
}

impl Call<'_> {
    /// Refuses parameters that the function does not have.
    fn check(&self) -> Result<(), Refusal> {
        let value = match self.name {
            "In" | "NotIn" | "Between" | "NotBetween" | "ContainValues" | "DoesNotContainValues" => "PropertyValues",
            "On" | "OnOrAfter" | "OnOrBefore" => "PropertyValue",
            name if name.contains('X') => "PropertyValue",
            _ => "",
        };
        if ABSENT.contains(&self.name) || self.name.contains("Fiscal") {
            return Err(self.unknown());
        }
        match self.parameters.iter().find(|(name, _)| name != "PropertyName" && name != value) {
            Some((name, _)) => {
                let message = format!("Microsoft.Dynamics.CRM.{} has no parameter '{name}'.", self.name);
                Err(Refusal::new(400, "0x0", message))
            }
            None => Ok(()),
        }
    }

    /// A function that nobody knows, or one that the sandbox has not.
    fn unknown(&self) -> Refusal {
        let name = format!("Microsoft.Dynamics.CRM.{}", self.name);
        if ABSENT.contains(&self.name) || self.name.contains("Fiscal") {
            return Refusal::not_built(&format!("the query function {name}"));
        }
        Refusal::new(400, "0x0", format!("An unknown function with name '{name}' was found."))
    }

    fn unfit(&self, what: &str) -> Refusal {
        let message = format!("'{what}' is no fit argument for Microsoft.Dynamics.CRM.{}.", self.name);
        Refusal::new(400, "0x80040203", message)
    }

    fn parameter(&self, name: &str) -> Result<&Parameter, Refusal> {
        let found = self.parameters.iter().find(|(parameter, _)| parameter == name);
        found.map(|(_, value)| value).ok_or_else(|| {
            Refusal::new(400, "0x0", format!("Microsoft.Dynamics.CRM.{} misses its parameter '{name}'.", self.name))
        })
    }

    fn literal(&self, name: &str) -> Result<Literal, Refusal> {
        match self.parameter(name)? {
            Parameter::One(literal) => Ok(literal.clone()),
            Parameter::Alias(alias) => {
                self.setting.alias(alias)?.and_then(Literal::parse).ok_or_else(|| self.unfit(alias))
            }
            Parameter::Many(_) => Err(self.unfit(name)),
        }
    }

    fn text(&self, name: &str) -> Result<String, Refusal> {
        match self.literal(name)? {
            Literal::Text(text) => Ok(text),
            Literal::Moment(moment) => Ok(to_plain(&Value::Moment(moment))),
            Literal::Day(day) => Ok(to_plain(&Value::Day(day))),
            Literal::Number(number) => Ok(number.to_string()),
            _ => Err(self.unfit(name)),
        }
    }

    fn number(&self, name: &str) -> Result<i64, Refusal> {
        let text = self.text(name)?;
        text.parse().ok().filter(|number| *number >= 0).ok_or_else(|| self.unfit(&text))
    }

    fn list(&self) -> Result<Vec<String>, Refusal> {
        match self.parameter("PropertyValues")? {
            Parameter::Many(values) => Ok(values.clone()),
            Parameter::Alias(alias) => {
                let list = self.setting.alias(alias)?.ok_or_else(|| self.unfit(alias))?;
                Ok(json_list(list)?)
            }
            Parameter::One(_) => Err(self.unfit("PropertyValues")),
        }
    }

    /// Values of a choice of several; only such a column holds any.
    fn choices(&self, path: &Path) -> Result<Vec<i64>, Refusal> {
        if !matches!(path.column().kind, Kind::Choices(_)) {
            return Err(self.unfit(path.column().name));
        }
        self.list()?.iter().map(|text| text.trim().parse().map_err(|_| self.unfit(text))).collect()
    }

    fn values(&self, path: &Path) -> Result<Vec<Value>, Refusal> {
        let kind = &path.column().kind;
        self.list()?.iter().map(|text| from_text(kind, text).ok_or_else(|| self.unfit(text))).collect()
    }

    fn between(&self, path: Path) -> Result<Condition, Refusal> {
        match self.values(&path)?.as_slice() {
            [least, most] => Ok(Condition::All(vec![
                Condition::Compare(path.clone(), Comparison::Ge, least.clone()),
                Condition::Compare(path, Comparison::Le, most.clone()),
            ])),
            _ => Err(self.unfit("PropertyValues")),
        }
    }

    fn within(
        &self,
        path: Path,
        (from, until): (Option<jiff::Timestamp>, Option<jiff::Timestamp>),
    ) -> Result<Condition, Refusal> {
        match path.column().kind {
            Kind::Moment => Ok(Condition::Within(path, from.map(Value::Moment), until.map(Value::Moment))),
            Kind::Day => {
                // A day counts when it begins inside; "until now" therefore takes today along.
                let day = |moment| Value::Day(day_of(moment));
                let last = until.map(|until| day(until - jiff::SignedDuration::from_secs(1)));
                let mut parts = vec![Condition::Within(path.clone(), from.map(day), None)];
                parts.extend(last.map(|last| Condition::Compare(path, Comparison::Le, last)));
                Ok(Condition::All(parts))
            }
            _ => Err(self.unfit(path.column().name)),
        }
    }
}

fn negated(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

fn business_unit() -> Value {
    Value::Id(BUSINESS_UNIT_ID.parse().unwrap_or_default())
}
