//! What Dataverse said when it said no: status, code, text and ids, read from one answer. Pure: no request is made here.

use jiff::Timestamp;

use crate::dataverse::codes;
use crate::dataverse::error_body::ErrorBody;
use crate::dataverse::nearest;
use crate::dataverse::phrases::{access, load, records};
use crate::problem::Phrase;

/// The codes that say of one record that it is not there.
const RECORD_MISSING: [u32; 2] = [0x8004_0217, 0x8006_0891];
/// The codes that say that an operation, a form of query or a name does not exist here.
const UNSUPPORTED: [u32; 6] = [0x8004_0219, 0x8004_023B, 0x8004_0315, 0x8004_0800, 0x8006_0888, 0x8006_088A];

/// An answer that is a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Host that refused.
    pub host: String,
    /// HTTP status.
    pub status: u16,
    /// The service's code; `None` when it sent none or an empty one.
    pub code: Option<u32>,
    /// The service's text, as it came. It is a fact to be shown, never to be trusted as markup.
    pub message: String,
    /// Whether the service asks for a sign-in that meets a policy (`error="insufficient_claims"`).
    pub has_claims_challenge: bool,
    /// The service's id of the request.
    pub service_request_id: Option<String>,
    /// Our id of the request.
    pub client_request_id: String,
    /// When it was sent.
    pub at: Timestamp,
    /// What the connection is called, for the remedies.
    pub connection: Option<String>,
    /// The client id of the app that asked, where it asked for itself.
    pub app: Option<String>,
    /// Names that could have been meant, where the service does not know one.
    pub near: Vec<String>,
    /// The condition of the request as the service would read it, where it was written in another way.
    pub mended: Option<String>,
    /// The answer as it came, for those who pass it on.
    pub(super) whole: Option<Box<Whole>>,
}

/// An answer as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whole {
    /// Names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Refusal {
    /// Takes over what the service says in the body.
    pub(super) fn with_body(mut self, body: &ErrorBody) -> Self {
        self.code = body.number();
        self.message = body.words();
        self
    }

    /// What to do: by the code where it is known, else by the status.
    pub(super) fn phrase(&self) -> &'static Phrase {
        if self.has_claims_challenge {
            return &access::CLAIMS_CHALLENGE;
        }
        if self.mended.is_some() {
            return &records::MISQUOTED;
        }
        if self.unknown_property().is_some() {
            return &records::UNKNOWN_COLUMN;
        }
        if let Some(phrase) = self.code.and_then(codes::phrase_of) {
            let is_missing_app = self.app.is_some() && phrase.is(&access::NOT_A_MEMBER);
            return if is_missing_app { &access::NOT_A_MEMBER_APP } else { phrase };
        }
        if self.is_without_route() {
            return &records::UNKNOWN_RESOURCE;
        }
        match self.status {
            401 => &access::TOKEN_REJECTED,
            403 => &access::FORBIDDEN,
            404 if self.is_record_missing() => &records::RECORD_MISSING,
            404 => &records::NOT_FOUND,
            412 => &records::CHANGED_MEANWHILE,
            413 => &records::TOO_BIG,
            429 => &load::BUSY,
            500.. => &load::UNAVAILABLE,
            _ => &records::REFUSED,
        }
    }

    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("host", self.host.clone()), ("status", self.status.to_string())];
        let mut note = |name, value: Option<String>| {
            if let Some(value) = value {
                facts.push((name, value));
            }
        };
        note("privilege", self.privilege().map(str::to_owned));
        note("table", self.table().map(str::to_owned));
        note("user", self.user().map(str::to_owned));
        note("nearest", (!self.near.is_empty()).then(|| nearest::any_of(&self.near)));
        note("code", self.code.map(|code| format!("0x{code:08X}")));
        note("name", self.code.and_then(codes::find).and_then(|code| code.name).map(str::to_owned));
        note("mended", self.mended.clone());
        note("connection", self.connection.clone());
        if self.phrase().is(&access::NOT_A_MEMBER_APP) {
            note("client_id", self.app.clone());
        }
        facts
    }

    /// Whether the service says of the very record that was asked for that it does not exist: by its code, or, where it sent
    /// none, in its words. Source: Microsoft Learn, "Web service error codes" and "Perform conditional operations using the
    /// Web API", whose example has no code.
    pub(super) fn is_record_missing(&self) -> bool {
        match self.code {
            Some(code) => RECORD_MISSING.contains(&code),
            None => self.status == 404 && self.message.to_ascii_lowercase().contains("does not exist"),
        }
    }

    /// Whether it says that this user may not.
    pub(super) fn is_forbidden(&self) -> bool {
        self.status == 403 || self.code.is_some_and(codes::is_about_rights)
    }

    /// Whether it says that it does not know what was asked for.
    pub(super) fn is_unknown_to_service(&self) -> bool {
        self.is_without_route() || self.code.is_some_and(|code| UNSUPPORTED.contains(&code))
    }

    /// Whether it is the router's own answer, before Dataverse proper: a wrong verb or no such route. It has no code.
    fn is_without_route(&self) -> bool {
        self.status == 404 && self.code.is_none() && self.message.starts_with("No HTTP resource")
    }

    /// Whether it would say so again: neither a sign-in, nor a limit, nor a fault of its own.
    pub(super) fn is_lasting(&self) -> bool {
        match self.status {
            401 | 408 | 429 => false,
            400..=499 => true,
            // The service tells some refusals for good with 500 or 501; their codes say so.
            _ => self.code.is_some_and(codes::is_lasting),
        }
    }

    /// The privilege that is missing, such as `prvReadAccount`, out of the service's text.
    #[must_use]
    pub fn privilege(&self) -> Option<&str> {
        let at = self.message.find("prv")?;
        let rest = &self.message[at..];
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(rest.len());
        (end > 3).then(|| &rest[..end])
    }

    /// The table that the service's text names, such as `account`.
    fn table(&self) -> Option<&str> {
        let name = ["for entity '", "on type 'Microsoft.Dynamics.CRM."]
            .iter()
            .find_map(|opening| self.after(opening))
            .and_then(|rest| rest.split_once('\''))?
            .0;
        is_name(name).then_some(name)
    }

    /// The table and the name, where the service says that the table has no property of that name.
    pub(super) fn unknown_property(&self) -> Option<(&str, &str)> {
        let (name, _) = self.message.strip_prefix("Could not find a property named '")?.split_once('\'')?;
        Some((self.table()?, name))
    }

    /// Whether it may be the quotes of a condition that the service could not read: an id in quotes is text to it, and a
    /// query function takes JSON.
    pub(super) fn may_be_about_quotes(&self) -> bool {
        let is_typed = self.message.contains("incompatible types") && self.message.contains("Edm.Guid");
        self.status == 400 && (is_typed || self.message.contains("Invalid JSON"))
    }

    /// The user or team that the service's text says is the one who may not, as its id.
    fn user(&self) -> Option<&str> {
        ["rincipal user (Id=", "rincipal team (Id=", "user (Id=", "CallingUser: ", "UserId: ", "User: ", "User Id: "]
            .iter()
            .filter_map(|opening| self.after(opening))
            .filter_map(|rest| rest.get(..36))
            .find(|id| uuid::Uuid::try_parse(id).is_ok())
    }

    /// The rest of the service's text after the first `opening`.
    fn after(&self, opening: &str) -> Option<&str> {
        self.message.find(opening).map(|at| &self.message[at + opening.len()..])
    }

    /// The ids as one line.
    pub(super) fn trace(&self) -> String {
        let at = self.at.strftime("%Y-%m-%dT%H:%M:%SZ");
        match &self.service_request_id {
            Some(id) => format!("request {id} client-request {} at {at}", self.client_request_id),
            None => format!("client-request {} at {at}", self.client_request_id),
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Exit;

    fn refusal(status: u16, body: &str) -> Refusal {
        let bare = Refusal {
            host: "contoso.crm4.dynamics.com".into(),
            status,
            code: None,
            message: String::new(),
            has_claims_challenge: false,
            service_request_id: Some("7b2e".into()),
            client_request_id: "c0ff".into(),
            at: "2026-03-01T12:00:00.5Z".parse().unwrap(),
            connection: None,
            app: None,
            near: Vec::new(),
            mended: None,
            whole: None,
        };
        match ErrorBody::parse(body.as_bytes()) {
            Some(body) => bare.with_body(&body),
            None => bare,
        }
    }

    #[test]
    fn every_answer_that_says_no_has_its_exit() {
        let table = [
            (403, r#"{"error":{"code":"0x80072560","message":"The user is not a member."}}"#, Exit::Forbidden),
            (401, r#"{"error":{"code":"0x80072560","message":"The user is not a member."}}"#, Exit::Forbidden),
            (404, r#"{"error":{"code":"0x80040217","message":"account With Id = x Does Not Exist"}}"#, Exit::NotFound),
            (
                404,
                r#"{"error":{"code":"0x8006088a","message":"Resource not found for the segment 'x'."}}"#,
                Exit::Usage,
            ),
            (404, r#"{"error":{"code":"","message":"No HTTP resource was found that matches"}}"#, Exit::Usage),
            (404, r#"{"error":{"code":"","message":"account With Id = x Does Not Exist"}}"#, Exit::NotFound),
            (404, r#"{"error":{"code":"","message":"no such thing"}}"#, Exit::Failed),
            (404, r#"{"Message":"File not found"}"#, Exit::Failed),
            (404, "", Exit::Failed),
            (400, r#"{"error":{"code":"0x0","message":"Could not find a property named 'x'"}}"#, Exit::Failed),
            (412, r#"{"error":{"code":"0x80040237","message":"exists"}}"#, Exit::Conflict),
            (412, r#"{"error":{"code":"","message":"version"}}"#, Exit::Conflict),
            (500, r#"{"error":{"code":"0x80040333","message":"duplicates"}}"#, Exit::Conflict),
            (500, r#"{"error":{"code":"0x80040265","message":"our rule"}}"#, Exit::Failed),
            (500, r#"{"error":{"code":"0x8BADF00D","message":"?"}}"#, Exit::Unreachable),
            (501, "", Exit::Unreachable),
            (401, "", Exit::SignIn),
            (429, "", Exit::Busy),
            (400, r#"{"error":{"code":"-2147220960","message":"x"}}"#, Exit::Forbidden),
            (418, "", Exit::Failed),
        ];
        for (status, body, exit) in table {
            assert_eq!(refusal(status, body).phrase().exit, exit, "{status} {body}");
        }
    }

    /// The forms in which the service words it, across its versions.
    #[test]
    fn who_lacks_which_privilege_on_what_is_read_in_every_wording() {
        let user = "6d2ef3c1-9f6e-4e11-8179-000d3a000002";
        let table = [
            (
                "Principal user (Id=USER, type=8, roleCount=1, privilegeCount=12), is missing prvDeleteAccount privilege (Id=9b1e) on OTC=1 for entity 'account' (LocalizedName='Account'). context.Caller=USER.",
                Some("prvDeleteAccount"),
                Some("account"),
                Some(user),
            ),
            (
                "Principal team (Id=USER, type=9) is missing prvReadnew_Boat privilege on OTC=10042 for entity 'new_boat'.",
                Some("prvReadnew_Boat"),
                Some("new_boat"),
                Some(user),
            ),
            (
                "SecLib::CrmCheckPrivilege failed. Returned hr = -2147220960 on UserId: USER and Privilege: prvCreateLead",
                Some("prvCreateLead"),
                None,
                Some(user),
            ),
            (
                "SecLib::CheckPrivilege failed. User: USER, PrivilegeName: prvWriteRole, PrivilegeId: 7, Required Depth: Basic",
                Some("prvWriteRole"),
                None,
                Some(user),
            ),
            (
                "SecLib::AccessCheckEx failed. Returned hr = -2147187962, ObjectID: 1, OwnerId: 2, OwnerIdType: 8 and CallingUser: USER. ObjectTypeCode: 4, AccessRights: ReadAccess",
                None,
                None,
                Some(user),
            ),
            ("", None, None, None),
            ("prv", None, None, None),
            ("a prv b, Principal user (Id=x)", None, None, None),
            ("Principal user (Id=éééééééééééééééééé) for entity 'a b' for entity '", None, None, None),
        ];
        for (message, privilege, logical_name, who) in table {
            let message = message.replace("USER", user);
            let told = refusal(403, &format!(r#"{{"error":{{"code":"0x80040220","message":"{message}"}}}}"#));
            assert_eq!((told.privilege(), told.table(), told.user()), (privilege, logical_name, who), "{message}");
            let remedy = told.phrase().remedy_with(&told.facts());
            for fact in [privilege, logical_name, who].into_iter().flatten().filter(|_| privilege.is_some()) {
                assert!(remedy.iter().any(|line| line.contains(fact)), "{fact} is missing in {remedy:?}");
            }
        }
    }

    #[test]
    fn an_unknown_column_leads_to_the_columns_of_its_table() {
        let told = refusal(
            400,
            r#"{"error":{"code":"0x0","message":"Could not find a property named 'Name' on type 'Microsoft.Dynamics.CRM.account'."}}"#,
        );
        let remedy = told.phrase().remedy_with(&told.facts());
        assert!(remedy[0].contains("`d365conn tables show account --columns`"), "{remedy:?}");
        let told = Refusal { near: vec!["name".to_owned()], ..told };
        assert_eq!(told.phrase().remedy_with(&told.facts())[0], "run the command again with `name`");
    }

    #[test]
    fn the_ids_are_one_line() {
        assert_eq!(refusal(500, "").trace(), "request 7b2e client-request c0ff at 2026-03-01T12:00:00Z");
    }
}
