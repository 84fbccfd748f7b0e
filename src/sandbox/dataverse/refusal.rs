//! What the service says when it refuses: status, code, message. It never decides to refuse.

use uuid::Uuid;

use crate::sandbox::Outgoing;
use crate::sandbox::data::Table;
use crate::sandbox::dataverse::json::Object;
use crate::sandbox::odata::Malformed;

/// A refused request. Codes are those of the service's catalogue, messages follow its shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// `0x…`, or empty where the service leaves it so.
    pub code: &'static str,
    /// The message.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// No such entity set, function or navigation property.
    pub fn unknown_segment(name: &str) -> Self {
        Self::new(404, "0x8006088a", format!("Resource not found for the segment '{name}'."))
    }

    /// No such property in a query.
    pub fn unknown_property(name: &str, type_name: &str) -> Self {
        Self::new(400, "0x0", format!("Could not find a property named '{name}' on type '{type_name}'."))
    }

    /// A query the grammar knows and the service does not take.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(400, "0x80060888", message)
    }

    /// Something the service has and the sandbox has not. It is never passed over: an answer without it would be wrong.
    pub fn not_built(feature: &str) -> Self {
        Self::new(501, "0x80040219", format!("The sandbox does not have {feature}."))
    }

    /// No record with this id.
    pub fn no_record(table: &Table, id: Uuid) -> Self {
        Self::new(404, "0x80040217", format!("{} With Id = {id} Does Not Exist", table.logical_name))
    }

    /// No record with this alternate key.
    pub fn no_record_by_key(table: &Table) -> Self {
        let message = format!("A record with the specified key values does not exist in {} entity", table.logical_name);
        Self::new(404, "0x80060891", message)
    }

    /// A body that does not fit the table.
    pub fn payload(table: &Table, inner: &str) -> Self {
        let message = format!(
            "Error identified in Payload provided by the user for Entity :'{}' ----> InnerException : \
             Microsoft.OData.ODataException: {inner}",
            table.set_name
        );
        Self::new(400, "0x80048d19", message)
    }

    /// A name in a body that the table does not have, or a navigation property under a wrong name.
    pub fn undeclared(table: &Table, name: &str) -> Self {
        let inner = format!(
            "An undeclared property '{name}' was found in the payload for type '{}'. Only declared properties and \
             navigation properties can be given.",
            table.type_name()
        );
        Self::payload(table, &inner)
    }

    /// A navigation property in a binding that the table does not have.
    pub fn undeclared_binding(table: &Table, name: &str) -> Self {
        let inner = format!(
            "An undeclared property '{name}' which only has property annotations in the payload but no property value was \
             found in the payload. In OData, only declared navigation properties and declared named streams can be \
             represented as properties without values."
        );
        Self::payload(table, &inner)
    }

    /// A key that the table does not have.
    pub fn no_such_key(table: &Table) -> Self {
        let message = format!(
            "The key in the request URI is not valid for resource '{}'. Ensure that the names and number of key \
             properties match the declared or alternate key properties for the resource.",
            table.type_name()
        );
        Self::new(400, "0x80060890", message)
    }

    /// The version in `If-Match` is not the record's.
    pub fn version_mismatch() -> Self {
        let message = "The version of the existing record doesn't match the RowVersion property provided.";
        Self::new(412, "0x80060882", message)
    }

    /// A record with this key exists already.
    pub fn duplicate() -> Self {
        Self::new(412, "0x80040237", "A record with matching key values already exists.")
    }

    /// A record without an owner.
    pub fn no_owner(table: &Table) -> Self {
        let message = format!("The owner of a record of the table '{}' can't be null.", table.logical_name);
        Self::new(400, "0x80040229", message)
    }

    /// A wrong verb for a resource.
    pub fn wrong_method(method: &str) -> Self {
        Self::new(405, "", format!("The requested resource does not support http method '{method}'."))
    }

    /// A wrong verb for a function or action.
    pub fn no_resource(url: &str) -> Self {
        Self::new(404, "", format!("No HTTP resource was found that matches the request URI '{url}'."))
    }

    /// The answer; with `has_details` it carries the annotations that `odata.include-annotations` asks for.
    pub fn answer(&self, has_details: bool) -> Outgoing {
        let mut error = Object::new();
        error.text("code", self.code).text("message", &self.message);
        if has_details {
            let code = self.code.trim_start_matches("0x");
            let link =
                format!("http://go.microsoft.com/fwlink/?LinkID=398563&error=Microsoft.Crm.CrmException%3a{code}");
            error.text("@Microsoft.PowerApps.CDS.HelpLink", &format!("{link}&client=platform"));
            error.text("@Microsoft.PowerApps.CDS.InnerError.Message", &self.message);
        }
        let mut body = Object::new();
        body.raw("error", &error.finish());
        Outgoing::with_body(self.status, "application/json; odata.metadata=minimal", body.finish())
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Syntax(message) => Self::new(400, "0x0", message),
            Malformed::Unsupported(message) => Self::unsupported(message),
            Malformed::NotBuilt(feature) => Self::not_built(&feature),
            Malformed::TooManyConditions => {
                Self::new(400, "0x8004430C", "Number of conditions in the query exceeded the limit of 500.")
            }
        }
    }
}
