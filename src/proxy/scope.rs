//! What a proxy lets through of the organisation's Web API: reads only, some tables only, or all of it. It judges a path
//! that is already known to be written plainly. No I/O.

use std::borrow::Cow;

use crate::proxy::Refusal;

/// The limits of a proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only GET and HEAD pass.
    pub is_read_only: bool,
    /// Entity set names; `None` is all of them.
    pub tables: Option<Vec<String>>,
}

/// Query options that can't lead out of the table in the path, as long as no path stands in them.
const OPTIONS: [&str; 10] = [
    "$select",
    "$filter",
    "$orderby",
    "$top",
    "$skip",
    "$count",
    "$format",
    "$skiptoken",
    "$deltatoken",
    // Elastic tables: Microsoft Learn, "Use elastic tables using code".
    "partitionId",
];
/// Those of them in which a `/` outside a text would step into another table.
const EXPRESSIONS: [&str; 3] = ["$select", "$filter", "$orderby"];

/// What is asked of the Web API.
#[derive(Debug, Clone, Copy)]
pub(super) struct Errand<'a> {
    /// In capitals.
    pub method: &'a str,
    /// What follows `/api/data/v9.2`: empty, or a `/` and more. Each segment decodes to itself in one way only.
    pub path: &'a str,
    /// After `?`.
    pub query: Option<&'a str>,
}

impl Scope {
    /// Whether bodies have to be looked into before they are passed on.
    pub(super) fn has_judged_bodies(&self) -> bool {
        self.tables.is_some()
    }

    /// Lets an errand pass, or not.
    pub(super) fn judge(&self, errand: Errand<'_>) -> Result<(), Refusal> {
        let is_read = matches!(errand.method, "GET" | "HEAD");
        let segments: Vec<Cow<'_, str>> = errand.path.split('/').skip(1).map(decoded).collect();
        let is_limited = self.is_read_only || self.tables.is_some();
        if is_limited && segments.iter().any(|segment| segment.trim().eq_ignore_ascii_case("$batch")) {
            return Err(Refusal::Batch);
        }
        if self.is_read_only && !is_read {
            return Err(Refusal::ReadOnly);
        }
        let Some(tables) = &self.tables else { return Ok(()) };
        let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        let is_open = match segments.as_slice() {
            // The list of entity sets, what columns they have, and who is asking.
            [] | ["" | "$metadata" | "WhoAmI" | "WhoAmI()"] => is_read,
            [one] => match set_and_key(one) {
                Some((set, None)) => tables.iter().any(|table| table == set) && (is_read || errand.method == "POST"),
                Some((set, Some(_))) => {
                    tables.iter().any(|table| table == set) && (is_read || matches!(errand.method, "PATCH" | "DELETE"))
                }
                None => false,
            },
            [set, "$count"] => tables.iter().any(|table| table == set) && is_read,
            _ => false,
        };
        if !is_open {
            return Err(Refusal::OtherTable);
        }
        let are_options_harmless = errand.query.is_none_or(|query| query.split('&').all(is_harmless));
        if are_options_harmless { Ok(()) } else { Err(Refusal::OtherTableByOption) }
    }
}

/// `accounts(…)` → `accounts`, `…`.
fn set_and_key(segment: &str) -> Option<(&str, Option<&str>)> {
    let Some((set, key)) = segment.split_once('(') else { return Some((segment, None)) };
    key.strip_suffix(')').filter(|key| !key.is_empty()).map(|key| (set, Some(key)))
}

fn is_harmless(option: &str) -> bool {
    if option.is_empty() {
        return true;
    }
    let (name, value) = option.split_once('=').unwrap_or((option, ""));
    let name = decoded(name);
    if !OPTIONS.contains(&name.as_ref()) {
        return false;
    }
    !EXPRESSIONS.contains(&name.as_ref()) || !has_path(&decoded(value))
}

/// Whether a step into another table can stand outside the texts in single quotes. A doubled quote inside a text ends it and begins it again.
fn has_path(expression: &str) -> bool {
    let mut is_text = false;
    let mut has_path = false;
    for character in expression.chars() {
        match character {
            '\'' => is_text = !is_text,
            // A percent sign is what a second decoding would begin at.
            '/' | '\\' | '%' => has_path |= !is_text,
            _ => {}
        }
    }
    // A text that never ends is read in nobody knows what way.
    has_path || (is_text && expression.contains(['/', '\\', '%']))
}

/// Percent-encoding undone, once. What is no text then is replaced, and everything around it still read.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let pair = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = pair.filter(|_| *first == b'%').filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()));
        if let Some(byte) = byte.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(scope: &Scope, line: &str) -> Result<(), Refusal> {
        let (method, target) = line.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        scope.judge(Errand { method, path, query })
    }

    #[test]
    fn without_limits_everything_passes() {
        for line in ["GET ", "POST /$batch", "DELETE /accounts(1)", "POST /accounts(1)/X.Y", "GET /a?fetchXml=x"] {
            assert_eq!(judge(&Scope::default(), line), Ok(()), "{line}");
        }
    }

    #[test]
    fn a_proxy_that_only_reads_lets_nothing_pass_that_writes() {
        let scope = Scope { is_read_only: true, tables: None };
        for line in ["GET /accounts", "HEAD /accounts(1)", "GET /accounts(1)/name/$value", "GET /a?$expand=b", "GET "] {
            assert_eq!(judge(&scope, line), Ok(()), "{line}");
        }
        for line in ["POST /accounts", "PATCH /accounts(1)", "PUT /accounts(1)/name", "DELETE /accounts(1)", "POST /X"]
        {
            assert_eq!(judge(&scope, line), Err(Refusal::ReadOnly), "{line}");
        }
        for line in ["POST /$batch", "POST /%24batch", "POST /$BATCH", "GET /$batch", "POST /accounts/$batch"] {
            assert_eq!(judge(&scope, line), Err(Refusal::Batch), "{line}");
        }
    }

    fn accounts() -> Scope {
        Scope { is_read_only: false, tables: Some(vec!["accounts".into(), "new_things".into()]) }
    }

    #[test]
    fn allowed_tables_are_read_and_written() {
        for line in [
            "GET /accounts",
            "HEAD /accounts",
            "GET /new_things",
            "GET /accounts(003f1e5f-9f6e-4e11-8179-000d3a77e05b)",
            "GET /accounts(accountnumber='AC-1')",
            "GET /accounts%28accountnumber=%27AC-1%27%29",
            "GET /accounts/$count",
            "GET /accounts?$select=name,accountid&$filter=name%20eq%20%27a/b%27&$orderby=name&$top=3&$count=true",
            "GET /accounts?$filter=name eq 'O''Neil / Sons'",
            "GET /accounts?$filter=contains(name,'100%25')",
            "GET /accounts?$skiptoken=%3Ccookie%20pagenumber=%222%22%20/%3E&$select=name",
            "POST /accounts",
            "POST /accounts?$select=name",
            "PATCH /accounts(1)",
            "DELETE /accounts(1)",
            "GET /$metadata",
            "GET ",
            "GET /",
            "GET /WhoAmI",
            "GET /WhoAmI()",
            "GET /accounts?",
        ] {
            assert_eq!(judge(&accounts(), line), Ok(()), "{line}");
        }
    }

    #[test]
    fn no_other_table_is_reached_by_a_path() {
        for line in [
            "GET /contacts",
            "GET /contacts(1)",
            "GET /Accounts",
            "GET /accounts2",
            "GET /account",
            "GET /accounts(1)/primarycontactid",
            "GET /accounts(1)/contact_customer_accounts",
            "GET /accounts(1)/contact_customer_accounts/$ref",
            "GET /accounts(1)/name",
            "GET /accounts(1)/name/$value",
            "GET /accounts(1)(2)x",
            "GET /accounts()",
            "GET /accounts(1",
            "GET /accounts/",
            "GET /contacts/$count",
            "POST /accounts/$count",
            "POST /accounts(1)/contact_customer_accounts/$ref",
            "POST /accounts(1)/Microsoft.Dynamics.CRM.AddToQueue",
            "POST /accounts/Microsoft.Dynamics.CRM.X",
            "GET /accounts(1)/Microsoft.Dynamics.CRM.RetrieveX()",
            "PUT /accounts(1)/name",
            "PUT /accounts(1)",
            "PATCH /accounts",
            "DELETE /accounts",
            "POST /accounts(1)",
            "POST /WhoAmI",
            "POST /$metadata",
            "POST ",
            "POST /Merge",
            "GET /RetrieveMultiple()",
            "GET /EntityDefinitions",
            "GET /$crossjoin(accounts,contacts)",
            "GET /$all",
            "GET /$entity",
        ] {
            assert_eq!(judge(&accounts(), line), Err(Refusal::OtherTable), "{line}");
        }
        assert_eq!(judge(&accounts(), "POST /$batch"), Err(Refusal::Batch));
    }

    #[test]
    fn no_other_table_is_read_by_an_option() {
        for line in [
            "GET /accounts?$expand=primarycontactid",
            "GET /accounts?%24expand=primarycontactid",
            "GET /accounts?$apply=groupby((primarycontactid/fullname))",
            "GET /accounts?fetchXml=%3Cfetch/%3E",
            "GET /accounts?FetchXml=x",
            "GET /accounts?savedQuery=1",
            "GET /accounts?userQuery=1",
            "GET /accounts?expand=primarycontactid",
            "GET /accounts?$filter=primarycontactid/fullname eq 'A'",
            "GET /accounts?$filter=primarycontactid%2Ffullname eq 'A'",
            "GET /accounts?$filter=primarycontactid%2Ffullname eq '%ff'",
            "GET /accounts?$filter=primarycontactid%252Ffullname eq 'A'",
            "GET /accounts?$filter=name eq 'it''s' and a/b eq 'c'",
            "GET /accounts?$filter=name eq 'x and a/b eq c",
            "GET /accounts?$filter=contact_customer_accounts/any(c:c/fullname eq 'A')",
            "GET /accounts?$orderby=primarycontactid/fullname",
            "GET /accounts?$select=primarycontactid/fullname",
            "GET /accounts?$filter=@p eq 'A'&@p=primarycontactid/fullname",
            "GET /accounts?$top=3&$expand=ownerid",
            "POST /accounts?$expand=primarycontactid",
            "GET /accounts?$levels=2",
            "GET /accounts?$select=name;$expand=x&x=y",
        ] {
            assert_eq!(judge(&accounts(), line), Err(Refusal::OtherTableByOption), "{line}");
        }
    }
}
