//! The vocabulary of FetchXML: which attributes an element takes, which condition operators there are. What the service
//! knows and the sandbox has not is told apart from what nobody knows. Source: Microsoft Learn, "FetchXML reference".

use crate::sandbox::data::Kind;
use crate::sandbox::dataverse::dates::stretch;
use crate::sandbox::dataverse::fetch::plan::malformed;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::odata::Element;

/// An element with the attributes it takes, and those the sandbox has not.
type Word = (&'static str, &'static [&'static str], &'static [&'static str]);

const WORDS: [Word; 9] = [
    (
        "fetch",
        &[
            "version",
            "output-format",
            "mapping",
            "distinct",
            "aggregate",
            "top",
            "count",
            "page",
            "paging-cookie",
            "returntotalrecordcount",
            "no-lock",
            "latematerialize",
            "options",
        ],
        &["aggregatelimit", "datasource", "useraworderby", "utc-offset", "min-active-row-version"],
    ),
    ("entity", &["name"], &["enableprefiltering", "prefilterparametername"]),
    (
        "attribute",
        &["name", "alias", "aggregate", "groupby", "dategrouping", "distinct", "usertimezone", "build", "addedby"],
        &["rowaggregate"],
    ),
    ("all-attributes", &[], &[]),
    ("order", &["attribute", "alias", "descending", "entityname"], &[]),
    (
        "filter",
        &["type", "hint"],
        &["isquickfindfields", "overridequickfindrecordlimitenabled", "overridequickfindrecordlimitdisabled"],
    ),
    (
        "condition",
        &["attribute", "operator", "value", "entityname", "uiname", "uitype", "uihidden"],
        &["valueof", "column", "aggregate", "alias"],
    ),
    ("value", &["uiname", "uitype"], &[]),
    (
        "link-entity",
        &["name", "from", "to", "alias", "link-type", "visible", "intersect"],
        &["enableprefiltering", "prefilterparametername"],
    ),
];

/// Kinds of links the sandbox has not.
const LINKS: [&str; 7] = ["any", "not any", "all", "not all", "exists", "in", "matchfirstrowusingcrossapply"];

/// Condition operators the sandbox has not, besides those about fiscal periods.
const OPERATORS: [&str; 12] = [
    "above",
    "eq-or-above",
    "under",
    "eq-or-under",
    "not-under",
    "eq-userlanguage",
    "eq-userteams",
    "eq-useroruserteams",
    "eq-useroruserhierarchy",
    "eq-useroruserhierarchyandteams",
    "is-in",
    "is-not-in",
];

/// Holds an element against the vocabulary.
pub(super) fn check(element: &Element) -> Result<(), Refusal> {
    let word = WORDS.iter().find(|(name, ..)| *name == element.name);
    let Some((_, known, absent)) = word else {
        let message = format!("The element <{}> is not known in a Fetch query.", element.name);
        return Err(Refusal::new(400, "0x8004111C", message));
    };
    for (name, _) in &element.attributes {
        if absent.contains(&name.as_str()) {
            return Err(Refusal::not_built(&format!("the attribute '{name}' of <{}> in FetchXML", element.name)));
        }
        if !known.contains(&name.as_str()) {
            return Err(malformed(format!("The attribute '{name}' is not known on <{}>.", element.name)));
        }
    }
    Ok(())
}

/// Whether a link keeps rows without a counterpart.
pub(super) fn is_outer(element: &Element) -> Result<bool, Refusal> {
    match element.attribute("link-type") {
        None | Some("inner") => Ok(false),
        Some("outer") => Ok(true),
        Some(kind) if LINKS.contains(&kind) => {
            Err(Refusal::not_built(&format!("the link-type '{kind}' of <link-entity> in FetchXML")))
        }
        Some(kind) => Err(Refusal::new(400, "0x80041121", format!("The link-type '{kind}' is not valid."))),
    }
}

/// The values a condition operator takes, and the columns it is for.
pub(super) fn takes(operator: &str, kind: &Kind) -> Result<std::ops::RangeInclusive<usize>, Refusal> {
    let is_text = matches!(kind, Kind::Text(_) | Kind::Memo(_) | Kind::TableName);
    let is_id = matches!(kind, Kind::Lookup(_) | Kind::Key | Kind::Guid);
    let is_date = matches!(kind, Kind::Moment | Kind::Day);
    let (wanted, is_fit) = match operator {
        "null" | "not-null" => (0..=0, true),
        "eq-userid" | "ne-userid" | "eq-businessid" | "ne-businessid" => (0..=0, is_id),
        "between" | "not-between" => (2..=2, true),
        "in" | "not-in" => (1..=usize::MAX, true),
        "contain-values" | "not-contain-values" => (1..=usize::MAX, matches!(kind, Kind::Choices(_))),
        "eq" | "ne" | "neq" | "gt" | "ge" | "lt" | "le" => (1..=1, true),
        "like" | "not-like" | "begins-with" | "not-begin-with" | "ends-with" | "not-end-with" => (1..=1, is_text),
        "on" | "on-or-after" | "on-or-before" => (1..=1, is_date),
        date if stretch(&odata_name(date), 1, jiff::Timestamp::UNIX_EPOCH).is_some() => {
            let count = usize::from(date.contains("-x-"));
            (count..=count, is_date)
        }
        other if OPERATORS.contains(&other) || other.contains("fiscal") => {
            return Err(Refusal::not_built(&format!("the condition operator '{other}' in FetchXML")));
        }
        other => {
            return Err(Refusal::new(400, "0x80041120", format!("The condition operator '{other}' is not valid.")));
        }
    };
    if is_fit {
        return Ok(wanted);
    }
    let message = format!("The condition operator '{operator}' is not for a column of type '{}'.", kind.edm_type());
    Err(Refusal::new(400, "0x80041106", message))
}

/// `last-x-days` → `LastXDays`, `last-seven-days` → `Last7Days`.
pub(super) fn odata_name(operator: &str) -> String {
    let words = operator.split('-').map(|word| match word {
        "seven" => "7".to_owned(),
        "olderthan" => "OlderThan".to_owned(),
        word => word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect(),
    });
    words.collect()
}

/// The part of a date that an attribute is grouped by.
pub(super) fn date_part(element: &Element, kind: &Kind) -> Result<Option<String>, Refusal> {
    let Some(part) = element.attribute("dategrouping") else { return Ok(None) };
    match part {
        "day" | "week" | "month" | "quarter" | "year" if matches!(kind, Kind::Moment | Kind::Day) => {
            Ok(Some(part.to_owned()))
        }
        "fiscal-period" | "fiscal-year" => {
            Err(Refusal::not_built(&format!("the dategrouping '{part}' of <attribute> in FetchXML")))
        }
        _ => Err(Refusal::new(400, "0x80041135", format!("The dategrouping '{part}' is not valid here."))),
    }
}
