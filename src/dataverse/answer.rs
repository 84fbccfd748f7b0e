//! What an answer that is no success says, and whether it is the service's at all. Nothing is sent here.

use jiff::Timestamp;

use crate::dataverse::DataverseError;
use crate::dataverse::client::{Client, headers_of, is_json, is_multipart};
use crate::dataverse::error::{Lost, Sending};
use crate::dataverse::error_body::{ErrorBody, clipped, is_of_front_door, page_words};
use crate::dataverse::refusal::{Refusal, Whole};
use crate::dataverse::send_error::NotSent;
use crate::net::{AccessToken, NetError, Response};

/// The longest refusal that is read.
pub(super) const LONGEST_REFUSAL: usize = 1 << 20;
/// Headers with the service's id of a request, the one that support asks for first.
const IDS: [&str; 3] = ["x-ms-service-request-id", "req_id", "x-ms-request-id"];
/// Headers that only the service itself sends.
const MARKS: [&str; 3] = ["x-ms-service-request-id", "req_id", "odata-version"];
/// What the web server of Windows calls itself, which stands in front of the service.
const FRONT_DOOR: &str = "Microsoft-HTTPAPI/";

impl Client {
    /// What a refusal under this answer says before its body is read.
    pub(super) fn bare_refusal(
        &self,
        response: &Response,
        token: &AccessToken,
        client_request_id: String,
        at: Timestamp,
    ) -> Refusal {
        // Whoever is acted for may be the one who is missed; and a success is no reason to read a token.
        let may_be_about_the_bearer = matches!(response.status, 401 | 403) || is_multipart(response);
        let is_about_the_bearer = may_be_about_the_bearer && !self.acts_as_another();
        Refusal {
            host: self.host(),
            status: response.status,
            code: None,
            message: String::new(),
            has_claims_challenge: response.status == 401
                && response.header_all("www-authenticate").any(|value| value.contains("insufficient_claims")),
            service_request_id: IDS.iter().find_map(|name| response.header(name)).map(str::to_owned),
            client_request_id,
            at,
            connection: self.connection().map(str::to_owned),
            app: is_about_the_bearer.then(|| self.app_of(token)).flatten(),
            near: Vec::new(),
            mended: None,
            whole: None,
        }
    }

    /// A refusal with what it says. `change` is how a change was sent. The outer error ends the request, because an answer
    /// that drips would drip again.
    pub(super) async fn refused(
        &self,
        bare: Refusal,
        response: &mut Response,
        change: Option<Sending>,
    ) -> Result<Result<Refusal, DataverseError>, NotSent> {
        match words_unless_too_slow(response.body.read(LONGEST_REFUSAL).await) {
            Ok(body) => Ok(self.read_refusal(bare, response, &body)),
            Err(error) => match change {
                Some(sending) if response.status >= 500 => {
                    Err(DataverseError::unknown(Lost::OnTheWay(error), sending).into())
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Reads a refusal, with whatever it says of itself. A page is the service's where its headers say so, or where it is
    /// the page of the web server in front of it; any other is told as what it may be, except where the status alone says
    /// enough.
    fn read_refusal(&self, bare: Refusal, response: &Response, body: &[u8]) -> Result<Refusal, DataverseError> {
        let whole = Whole { headers: headers_of(response), body: body.to_owned() };
        let bare = Refusal { whole: Some(Box::new(whole)), ..bare };
        if let Some(body) = ErrorBody::parse(body) {
            return Ok(bare.with_body(&body));
        }
        let text = String::from_utf8_lossy(body);
        if text.trim().is_empty() {
            return Ok(bare);
        }
        let kind = response.header("content-type").unwrap_or_default();
        let is_page = kind.contains("html") || text.trim_start().starts_with("<!") || text.contains("<html");
        let is_own = MARKS.iter().any(|name| response.header(name).is_some())
            || response.header("server").is_some_and(|server| server.starts_with(FRONT_DOOR))
            || (is_page && is_of_front_door(&text));
        let says_enough = matches!(response.status, 401 | 413 | 429 | 503);
        let message = if is_page { page_words(&text) } else { clipped(&text) };
        if is_own || says_enough || (!is_page && (kind.is_empty() || is_json(kind))) {
            return Ok(Refusal { message, ..bare });
        }
        let kind = if kind.is_empty() { "a page" } else { kind };
        Err(self.not_dataverse_but(response.status, kind, message))
    }

    /// The error of an answer that is not the service's, with what its page says.
    fn not_dataverse_but(&self, status: u16, kind: &str, words: String) -> DataverseError {
        match self.not_dataverse(status, kind) {
            DataverseError::NotDataverse { host, status, kind, .. } => {
                DataverseError::NotDataverse { host, status, kind, words }
            }
            other => other,
        }
    }
}

/// What a refusal says, as far as it came: one that can't be read to its end is still a refusal, unless it drips.
pub(super) fn words_unless_too_slow(body: Result<Vec<u8>, NetError>) -> Result<Vec<u8>, NetError> {
    match body {
        Err(error @ NetError::TooSlow { .. }) => Err(error),
        body => Ok(body.unwrap_or_default()),
    }
}
