//! Which headers pass the proxy, in either direction: those on a list, and no others. Credentials, cookies, hop-by-hop
//! headers and whatever nobody thought of stay where they are. No I/O.

/// What a client may tell the service, in lower case. Names that begin like [`REQUEST_FAMILIES`] pass too.
const REQUEST: [&str; 18] = [
    "accept",
    "accept-language",
    "callerobjectid",
    "consistency",
    "content-disposition",
    "content-language",
    "content-range",
    "content-type",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "mscrmcallerid",
    "odata-isolation",
    "odata-maxversion",
    "odata-version",
    "prefer",
    "range",
];
/// Microsoft Learn, "Compose HTTP requests": optional headers of Dataverse, and of file columns.
const REQUEST_FAMILIES: [&str; 2] = ["mscrm.", "x-ms-"];
/// These carry credentials of other services.
const NEVER: &str = "x-ms-authorization";

/// What the service may tell the client, in lower case.
const ANSWER: [&str; 16] = [
    "accept-ranges",
    "allow",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-range",
    "content-type",
    "etag",
    "last-modified",
    "location",
    "odata-entityid",
    "odata-version",
    "preference-applied",
    "req_id",
    "retry-after",
    "service-request-id",
];
/// Limits, request ids, file names.
const ANSWER_FAMILY: &str = "x-ms-";

/// Whether a request header of this name (in lower case) is passed on.
pub(super) fn is_passed_on(name: &str) -> bool {
    let is_of_a_family = REQUEST_FAMILIES.iter().any(|family| name.starts_with(family)) && !name.starts_with(NEVER);
    REQUEST.contains(&name) || is_of_a_family
}

/// Whether an answer's header of this name (in lower case) is given back.
pub(super) fn is_given_back(name: &str) -> bool {
    ANSWER.contains(&name) || name.starts_with(ANSWER_FAMILY)
}

/// The kind in a `Content-Type`, without its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// JSON.
    Json,
    /// The parts of a batch.
    Multipart,
    /// Everything else.
    Other,
}

impl Kind {
    /// Reads a `Content-Type`.
    pub(super) fn of(content_type: &[u8]) -> Self {
        let text = String::from_utf8_lossy(content_type).to_ascii_lowercase();
        let kind = text.split(';').next().unwrap_or_default().trim();
        if kind == "application/json" || kind.ends_with("+json") {
            Self::Json
        } else if kind == "multipart/mixed" {
            Self::Multipart
        } else {
            Self::Other
        }
    }
}

/// Whether a JSON body is in UTF-8, by its `Content-Type`. In another encoding (UTF-7 above all) the same bytes may say
/// something else to the service than they say here.
pub(super) fn is_utf8(content_type: &[u8]) -> bool {
    let text = String::from_utf8_lossy(content_type).to_ascii_lowercase();
    let parameters = text.split(';').skip(1).map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")));
    let mut charsets = parameters.filter(|(name, _)| name.trim() == "charset").map(|(_, value)| value.trim());
    charsets.all(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_cookies_and_hops_stay_where_they_are() {
        for name in [
            "authorization",
            "cookie",
            "host",
            "connection",
            "keep-alive",
            "proxy-authorization",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "expect",
            "content-length",
            "accept-encoding",
            "content-encoding",
            "user-agent",
            "forwarded",
            "x-forwarded-host",
            "x-original-url",
            "x-rewrite-url",
            "referer",
            "x-ms-authorization-auxiliary",
        ] {
            assert!(!is_passed_on(name), "{name}");
        }
        for name in ["prefer", "if-match", "mscrm.suppressduplicatedetection", "x-ms-file-name", "odata-version"] {
            assert!(is_passed_on(name), "{name}");
        }
        for name in [
            "set-cookie",
            "www-authenticate",
            "access-control-allow-origin",
            "connection",
            "transfer-encoding",
            "content-length",
            "server",
            "strict-transport-security",
            "operation-location",
        ] {
            assert!(!is_given_back(name), "{name}");
        }
        for name in ["odata-entityid", "retry-after", "x-ms-ratelimit-time-remaining-xrm-requests", "etag"] {
            assert!(is_given_back(name), "{name}");
        }
    }

    #[test]
    fn a_kind_is_read_without_its_parameters() {
        for (text, kind) in [
            ("application/json; odata.metadata=minimal", Kind::Json),
            ("Application/JSON", Kind::Json),
            ("application/problem+json", Kind::Json),
            ("multipart/mixed; boundary=x", Kind::Multipart),
            ("application/jsonx", Kind::Other),
            ("application/octet-stream", Kind::Other),
            ("", Kind::Other),
        ] {
            assert_eq!(Kind::of(text.as_bytes()), kind, "{text}");
        }
    }

    #[test]
    fn another_encoding_than_utf_8_is_seen() {
        for fine in
            ["application/json", "application/json; charset=utf-8", "a/b;odata.metadata=none; charset=\"UTF-8\""]
        {
            assert!(is_utf8(fine.as_bytes()), "{fine}");
        }
        for odd in ["a/b; charset=utf-7", "a/b;charset=utf-8;charset=utf-16", "a/b; Charset = utf-7", "a/b; charset="] {
            assert!(!is_utf8(odd.as_bytes()), "{odd}");
        }
    }
}
