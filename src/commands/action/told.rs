//! An action or function as people and programs read it. Nothing is asked for here.

use serde_json::{Value, json};

use crate::dataverse::{Callable, Callables, Parameter};

/// What it is done to: `account record`, `all of incident`.
pub(super) fn bound_to(callable: &Callable) -> Option<String> {
    let table = callable.bound_to.as_deref()?;
    Some(if callable.is_of_set { format!("all of {table}") } else { format!("{table} record") })
}

/// Its parameters in one line, those that may be left out in brackets.
pub(super) fn parameters(callable: &Callable) -> String {
    let one = |it: &Parameter| if it.is_optional { format!("[{}]", it.name) } else { it.name.clone() };
    callable.parameters.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Its parameters for programs.
pub(super) fn structured(callables: &Callables, callable: &Callable) -> Value {
    let one = |it: &Parameter| {
        json!({
            "name": it.name,
            "type": it.kind,
            "required": !it.is_optional,
            "values": callables.values(&it.kind),
        })
    };
    callable.parameters.iter().map(one).collect()
}

/// The members of its result for programs.
pub(super) fn members(callables: &Callables, callable: &Callable) -> Value {
    let members = callables.members(callable.result.as_deref().unwrap_or_default());
    members.iter().map(|(name, kind)| json!({ "name": name, "type": kind })).collect()
}

/// Everything about it as a page.
pub(super) fn page(callables: &Callables, callable: &Callable) -> String {
    let done_to = bound_to(callable).map_or_else(String::new, |bound| format!(", on {bound}"));
    let mut page = format!("{}: {}{done_to}\n", callable.name, callable.kind());
    let widest = callable.parameters.iter().map(|it| it.name.len()).max().unwrap_or_default();
    for it in &callable.parameters {
        let needed = if it.is_optional { "" } else { " (needed)" };
        let values = callables.values(&it.kind);
        let values = if values.is_empty() { String::new() } else { format!(": {}", values.join(", ")) };
        page = format!("{page}\n  {:widest$}  {}{values}{needed}", it.name, it.kind);
    }
    if callable.parameters.is_empty() {
        page.push_str("\n  takes nothing");
    }
    if let Some(result) = &callable.result {
        let members: Vec<String> =
            callables.members(result).iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        let members = if members.is_empty() { String::new() } else { format!(" ({})", members.join(", ")) };
        page = format!("{page}\n\ngives {result}{members}");
    }
    format!("{page}\nrun:  {}", example(callable))
}

/// How it is run, with words in the place of values.
fn example(callable: &Callable) -> String {
    let on = match callable.bound_to.as_deref() {
        Some(table) if callable.is_of_set => format!(" --on {table}"),
        Some(table) => format!(" --on {table} ID"),
        None => String::new(),
    };
    let needed = callable.parameters.iter().filter(|it| !it.is_optional);
    let words = needed.map(|it| format!("{}{}", it.name, placeholder(&it.kind)));
    let line = [format!("d365conn action run {}{on}", callable.name)];
    line.into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

fn placeholder(kind: &str) -> &'static str {
    match kind {
        _ if kind.starts_with("Collection(") => ":=[…]",
        "Edm.Boolean" => "=true",
        "Edm.Int32" | "Edm.Int64" => "=1",
        "Edm.Date" => "=2026-03-31",
        "Edm.DateTimeOffset" => "=2026-03-31T09:00:00Z",
        _ if kind.starts_with("Edm.") => "=…",
        _ => "=TABLE:ID",
    }
}
