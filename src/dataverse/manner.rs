//! How a change is to be made: what the service is to skip or check meanwhile, and what it sends back. Pure.

use crate::dataverse::encode::query_value;
use crate::dataverse::query::ANNOTATIONS;
use crate::dataverse::write::Write;
use crate::net::Request;

/// What goes with a change beside its values. The default is: nothing.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// Headers that switch logic of the service on or off.
    pub headers: Vec<(&'static str, String)>,
    /// The columns to send back; none named means all of them, `None` that nothing comes back.
    pub returned: Option<Vec<String>>,
    /// Whether labels and names are to come with them.
    pub annotations: bool,
}

impl Manner {
    /// Whether the record comes back. An upsert always asks: only so its id is told, and whether it is new.
    pub(super) fn wants_record(&self, write: &Write) -> bool {
        match write {
            Write::Upsert { .. } => true,
            Write::Create { .. } | Write::Update { .. } => self.returned.is_some(),
            Write::Delete { .. } => false,
        }
    }

    /// The request for `write`. Source of the preference: Microsoft Learn, "Create a table row using the Web API".
    #[must_use]
    pub fn applied_to(&self, write: &Write) -> Request {
        let mut request = write.to_request();
        request.headers.extend(self.headers.iter().map(|(name, value)| ((*name).into(), value.clone())));
        if !self.wants_record(write) {
            return request;
        }
        let key = &write.table().id_column;
        let select = match &self.returned {
            None => vec![key.clone()],
            Some(columns) => columns.clone(),
        };
        if !select.is_empty() {
            request.path.push_str("?$select=");
            request.path.push_str(&query_value(&select.join(",")));
        }
        let annotations =
            if self.annotations { format!(",odata.include-annotations=\"{ANNOTATIONS}\"") } else { String::new() };
        request.header("Prefer", format!("return=representation{annotations}"))
    }
}
