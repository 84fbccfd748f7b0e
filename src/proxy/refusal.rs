//! What the proxy says to a request that it does not pass on, or whose answer it does not give back. Every text is constant:
//! nothing of a request is ever sent back.

use crate::problem::{Diagnose, Phrase, Problem};
use crate::proxy::phrases;

/// A request that ends here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another `Host`, two of them, none, or an address that names a place.
    #[error("the request is not addressed to this proxy")]
    ForeignHost,
    /// A browser sent it for a page.
    #[error("the request comes from a web page")]
    FromAWebPage,
    /// The path does not begin with the secret.
    #[error("the address does not hold this proxy's secret")]
    NoSecret,
    /// CONNECT, TRACE, OPTIONS, a method that nobody knows.
    #[error("the method is none of GET, HEAD, POST, PATCH, PUT and DELETE")]
    OddMethod,
    /// `Upgrade` to something that is not HTTP.
    #[error("the request asks for another protocol")]
    Upgrade,
    /// `X-HTTP-Method-Override` and its kin.
    #[error("a header asks for another method than the request line")]
    MethodOverride,
    /// Not below `/api/data/`.
    #[error("the path does not lead into the organisation's Web API")]
    OutsideTheApi,
    /// Dots, encoded slashes, backslashes, empty segments.
    #[error("the path is written in a way that hides where it leads")]
    OddPath,
    /// A write through a proxy that only reads.
    #[error("this proxy only reads")]
    ReadOnly,
    /// `$batch` where requests are limited.
    #[error("`$batch` is closed, because this proxy does not let every request through")]
    Batch,
    /// A connection that is saved no longer.
    #[error("the connection of this proxy has been forgotten")]
    Disconnected,
    /// Another table than the allowed ones, a function, an action.
    #[error("this proxy does not lead to that table, function or path")]
    OtherTable,
    /// `$expand`, `$apply`, a filter across tables.
    #[error("a query option could read another table than the one in the path")]
    OtherTableByOption,
    /// A body that writes records of other tables.
    #[error("the body could write records of another table than the one in the path")]
    OtherTableByBody,
    /// A compressed body.
    #[error("the body is compressed")]
    Compressed,
    /// A body beyond every limit.
    #[error("the body is longer than 128 MiB, or longer than 1 MiB where it has to be looked into")]
    TooLong,
    /// The client stopped in the middle.
    #[error("the body did not arrive whole")]
    BodyBroken,
    /// The service wants to send the client elsewhere.
    #[error("the organisation answered with a redirect, which is never followed")]
    Redirected,
    /// 401 with a fresh token.
    #[error("the organisation refused a fresh access token")]
    StillUnauthorised,
    /// 401, and a body that has gone.
    #[error("the access token was renewed while the request was sent, and its body is too long to be sent again")]
    NotRepeated,
}

impl Refusal {
    /// The HTTP status that goes with it.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::BodyBroken => 400,
            Self::TooLong => 413,
            Self::Compressed => 415,
            Self::Redirected | Self::StillUnauthorised => 502,
            Self::NotRepeated => 503,
            _ => 403,
        }
    }
}

impl Diagnose for Refusal {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::ForeignHost => &phrases::FOREIGN_HOST,
            Self::FromAWebPage => &phrases::FROM_A_WEB_PAGE,
            Self::NoSecret => &phrases::NO_SECRET,
            Self::OddMethod => &phrases::ODD_METHOD,
            Self::Upgrade => &phrases::UPGRADE,
            Self::MethodOverride => &phrases::METHOD_OVERRIDE,
            Self::OutsideTheApi => &phrases::OUTSIDE_THE_API,
            Self::OddPath => &phrases::ODD_PATH,
            Self::ReadOnly => &phrases::READ_ONLY,
            Self::Batch => &phrases::BATCH,
            Self::Disconnected => &phrases::DISCONNECTED,
            Self::OtherTable => &phrases::OTHER_TABLE,
            Self::OtherTableByOption => &phrases::OTHER_TABLE_BY_OPTION,
            Self::OtherTableByBody => &phrases::OTHER_TABLE_BY_BODY,
            Self::Compressed => &phrases::COMPRESSED,
            Self::TooLong => &phrases::TOO_LONG,
            Self::BodyBroken => &phrases::BODY_BROKEN,
            Self::Redirected => &phrases::REDIRECTED,
            Self::StillUnauthorised => &phrases::STILL_UNAUTHORISED,
            Self::NotRepeated => &phrases::NOT_REPEATED,
        }
    }
}

/// A problem in the form in which Dataverse tells its own: `{"error":{"code":"…","message":"…"}}`. The code is ours with
/// `d365conn/` in front.
pub(super) fn told(problem: &Problem) -> String {
    let (phrase, facts) = (problem.phrase(), problem.diagnosis().facts());
    let remedy = phrase.remedy_with(&facts).into_iter().next();
    let remedy = remedy.or_else(|| phrase.remedy_in_general().into_iter().next()).unwrap_or_default();
    let message = format!("{problem}: {}; {remedy}", phrase.meaning_with(&facts));
    let code = format!("d365conn/{}", phrase.code);
    serde_json::json!({ "error": { "code": code, "message": message } }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_as_dataverse_tells_its_own() {
        let told: serde_json::Value = serde_json::from_str(&told(&Refusal::NoSecret.into())).unwrap();
        assert_eq!(told["error"]["code"], "d365conn/proxy/no-secret");
        let message = told["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("the address does not hold this proxy's secret: "), "{message}");
    }
}
