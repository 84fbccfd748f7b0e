//! Actions and functions as an organisation declares them, with ways to look them up. Nothing is asked for here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::dataverse::call::NAMESPACE;
use crate::dataverse::{CallableError, nearest};

/// Types that stand for records of any table, or of many.
const ABSTRACT: [&str; 4] = ["crmbaseentity", "expando", "activitypointer", "principal"];

/// One action or function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callable {
    /// Its name without the namespace.
    pub name: String,
    /// Whether it only reads.
    pub is_function: bool,
    /// The table it is bound to.
    pub bound_to: Option<String>,
    /// Whether it is bound to the whole table instead of a record.
    pub is_of_set: bool,
    /// What it takes, besides what it is bound to.
    pub parameters: Vec<Parameter>,
    /// The type of what it gives.
    pub result: Option<String>,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name; case counts.
    pub name: String,
    /// Its type: `Edm.String`, `account`, `Collection(Edm.String)`. Types of the service's own have no namespace.
    pub kind: String,
    /// Whether it may be left out.
    pub is_optional: bool,
}

/// Everything that can be called, and the types that come with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callables {
    /// In the order of their names.
    pub(super) list: Vec<Callable>,
    /// Types whose values are records.
    pub(super) records: BTreeSet<String>,
    /// Types with a few values, and these.
    pub(super) choices: BTreeMap<String, Vec<String>>,
    /// Types of results, and their members with types.
    pub(super) results: BTreeMap<String, Vec<(String, String)>>,
}

/// What a type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort<'a> {
    /// `Edm.…`.
    Primitive(&'a str),
    /// A record of this table, or of any where `None`.
    Record(Option<&'a str>),
    /// One of these.
    Choice(&'a [String]),
    /// Several of a type.
    Several(&'a str),
    /// Something with members.
    Complex,
}

impl Callable {
    /// Whether somebody made it: names of the platform's own have no prefix.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.name.contains('_')
    }

    /// `action` or `function`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        if self.is_function { "function" } else { "action" }
    }

    /// Whether it can be done to a record of `table`, or without `is_record` to the whole table.
    #[must_use]
    pub fn is_for(&self, table: &str, is_record: bool) -> bool {
        let fits = |bound: &str| bound == table || ABSTRACT.contains(&bound);
        self.is_of_set != is_record && self.bound_to.as_deref().is_some_and(fits)
    }
}

impl Callables {
    /// All of them, in the order of their names.
    #[must_use]
    pub fn all(&self) -> &[Callable] {
        &self.list
    }

    /// Those of a name, with or without the namespace, in any letter case.
    ///
    /// # Errors
    /// [`CallableError::Unknown`] with names that look like it.
    pub fn named(&self, typed: &str) -> Result<Vec<&Callable>, CallableError> {
        let name = typed.strip_prefix(NAMESPACE).unwrap_or(typed);
        let found: Vec<&Callable> = self.list.iter().filter(|it| it.name.eq_ignore_ascii_case(name)).collect();
        if found.is_empty() {
            let all: Vec<String> = self.list.iter().map(|it| it.name.clone()).collect();
            return Err(CallableError::Unknown { typed: typed.to_owned(), near: nearest::names(name, &all) });
        }
        Ok(found)
    }

    /// The one of a name that is bound to nothing, or to what `on` says: a table, and whether it is one of its records.
    ///
    /// # Errors
    /// [`CallableError`] that says what else it needs.
    pub fn one(&self, typed: &str, on: Option<(&str, bool)>) -> Result<&Callable, CallableError> {
        let named = self.named(typed)?;
        let found = match on {
            None => named.iter().find(|it| it.bound_to.is_none()),
            Some((table, is_record)) => named.iter().find(|it| it.is_for(table, is_record)),
        };
        found.copied().ok_or_else(|| {
            let name = named.first().map(|it| it.name.clone()).unwrap_or_default();
            let bound: Vec<String> = named
                .iter()
                .filter_map(|it| {
                    let table = it.bound_to.as_deref()?;
                    Some(if it.is_of_set { format!("--on {table}") } else { format!("--on {table} ID") })
                })
                .collect();
            if bound.is_empty() { CallableError::NotBound { name } } else { CallableError::Bound { name, bound } }
        })
    }

    /// The members of a result.
    #[must_use]
    pub fn members(&self, result: &str) -> &[(String, String)] {
        self.results.get(result).map(Vec::as_slice).unwrap_or_default()
    }

    /// The values of a type that has a few.
    #[must_use]
    pub fn values(&self, kind: &str) -> &[String] {
        self.choices.get(kind).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn sort<'a>(&'a self, kind: &'a str) -> Sort<'a> {
        if let Some(inner) = kind.strip_prefix("Collection(").and_then(|kind| kind.strip_suffix(')')) {
            return Sort::Several(inner);
        }
        if kind.starts_with("Edm.") {
            return Sort::Primitive(kind);
        }
        if let Some(choices) = self.choices.get(kind) {
            return Sort::Choice(choices);
        }
        if ABSTRACT.contains(&kind) {
            return Sort::Record(None);
        }
        if self.records.contains(kind) { Sort::Record(Some(kind)) } else { Sort::Complex }
    }
}
