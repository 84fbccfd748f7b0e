//! One request with what was read from it: options, preferences, caller. It never looks at a record.

use uuid::Uuid;

use crate::sandbox::dataverse::preferences::Preferences;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::odata::Options;
use crate::sandbox::{Incoming, Outgoing};

/// The content type of every JSON answer.
const JSON: &str = "application/json; odata.metadata=minimal";
/// Query options the sandbox takes.
const OPTIONS: [&str; 7] = ["$select", "$filter", "$orderby", "$top", "$count", "$expand", "$skiptoken"];

/// A request being answered.
pub(super) struct Exchange<'request> {
    /// The request.
    pub request: &'request Incoming,
    /// The service's root: `http://127.0.0.1:5000/api/data/v9.2`.
    pub root: String,
    /// Query options.
    pub options: Options,
    /// Preferences.
    pub preferences: Preferences,
    /// `systemuserid` of the caller.
    pub caller: Uuid,
}

impl Exchange<'_> {
    /// Refuses query options the sandbox does not take. Those without `$` are a caller's own, and pass by.
    pub fn check_options(&self) -> Result<(), Refusal> {
        self.check_names(|_| false)
    }

    fn check_names(&self, is_known_too: impl Fn(&str) -> bool) -> Result<(), Refusal> {
        for name in self.options.names().filter(|name| !is_known_too(name)) {
            let is_known = !name.starts_with('$') || OPTIONS.contains(&name);
            if name == "$skip" {
                return Err(Refusal::unsupported("Skip Clause is not supported in CRM"));
            }
            if name == "$deltatoken" {
                return Err(Refusal::not_built("change tracking ($deltatoken)"));
            }
            if name == "sql" {
                return Err(Refusal::not_built("queries in SQL (the option sql)"));
            }
            if !is_known || matches!(name, "fetchXml" | "savedQuery" | "userQuery") {
                return Err(Refusal::unsupported(format!("The query parameter {name} is not supported")));
            }
        }
        Ok(())
    }

    /// Refuses query options that a change does not take, too: what it shows afterwards is shaped, nothing is chosen or ordered.
    pub fn check_options_of_change(&self) -> Result<(), Refusal> {
        for name in self.options.names().filter(|name| *name != "$id") {
            if matches!(name, "$filter" | "$orderby" | "$top" | "$count" | "$skiptoken" | "$apply") {
                return Err(Refusal::unsupported(format!("The query parameter {name} is not supported")));
            }
        }
        let is_id = self.options.value("$id").is_some();
        if is_id && (self.request.method != "DELETE" || !self.request.path.ends_with("/$ref")) {
            return Err(Refusal::unsupported("The query parameter $id is not supported"));
        }
        self.check_names(|name| name == "$id")
    }

    /// An answer with JSON and the preferences that were honoured.
    pub fn json(&self, status: u16, body: String) -> Outgoing {
        self.with_preferences(Outgoing::with_body(status, JSON, body))
    }

    /// Says which preferences were honoured: one header each, as the service does.
    pub fn with_preferences(&self, mut answer: Outgoing) -> Outgoing {
        for applied in &self.preferences.applied {
            answer = answer.header("preference-applied", applied);
        }
        answer
    }

    /// `@odata.context` for `what`.
    pub fn context(&self, what: &str) -> String {
        format!("{}/$metadata#{what}", self.root)
    }

    /// A header that holds an entity tag or `*`; the literal `null` counts as none, as the service's own samples send it.
    pub fn condition(&self, name: &str) -> Option<&str> {
        self.request.header(name).map(str::trim).filter(|value| !value.is_empty() && *value != "null")
    }
}

#[cfg(test)]
mod tests {
    use crate::sandbox::dataverse::trial::Trial;

    #[test]
    fn a_change_takes_options_that_shape_its_answer_and_no_others() {
        let mut trial = Trial::new();
        let account = format!("accounts({})", trial.find("accounts", "accountnumber eq 'NL-0001'"));
        let before = trial.world.version();
        for (option, named) in [
            ("$filter=name eq 'x'", "$filter"),
            ("$top=1", "$top"),
            ("$orderby=name", "$orderby"),
            ("$count=true", "$count"),
            ("$frob=1", "$frob"),
            ("$Select=name", "$Select"),
            ("$id=contacts(1)", "$id"),
            ("$apply=aggregate($count as n)", "$apply"),
        ] {
            for (method, address) in
                [("POST", "accounts"), ("PATCH", &account), ("DELETE", &account), ("POST", "Merge")]
            {
                let asking = trial.ask(method, &format!("{address}?{option}"));
                let (status, code, message) = asking.body("{\"name\":\"x\"}").answer().error();
                assert_eq!((status, code.as_str()), (400, "0x80060888"), "{method} {option}: {message}");
                assert!(message.contains(named), "{message}");
            }
        }
        assert_eq!(trial.world.version(), before);
        for option in ["$select=name", "$expand=primarycontactid", "tag=mine"] {
            let asking = trial.ask("PATCH", &format!("{account}?{option}"));
            assert_eq!(asking.body("{\"name\":\"x\"}").answer().status, 204, "{option}");
        }
    }
}
