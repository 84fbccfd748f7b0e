//! A read whose address is too long to go out alone: carried inside a batch, where an address may be twice as long. Pure.
//! Source: Microsoft Learn, "Use FetchXML to query data", "Execute batch operations using the Web API".

use crate::dataverse::DataverseError;
use crate::dataverse::batch::answers::Answer;
use crate::dataverse::batch::operation::LONGEST_TARGET;
use crate::dataverse::batch::{Operation, answers, wire};
use crate::net::{Method, Request};

/// The longest address that goes out alone. The service takes 32,768 characters; what stands between may count others in.
const LONGEST_ALONE: usize = 30_000;
/// The longest address of anything but a read. Source: Microsoft Learn, "Query data using the Web API".
const LONGEST_ADDRESS: usize = 32_768;

/// The batch that carries `request`, which has all its headers; `None` where it can go alone. `origin` counts, because the
/// service counts the whole address.
///
/// # Errors
/// [`DataverseError::AddressTooLong`] where no batch may carry it.
pub(in crate::dataverse) fn carry(
    origin: &str,
    request: &Request,
    boundary: &str,
) -> Result<Option<Request>, DataverseError> {
    let length = origin.len() + request.path.len();
    let is_read = request.method == Method::GET;
    let longest = if is_read { LONGEST_TARGET } else { LONGEST_ADDRESS };
    if length > longest {
        return Err(DataverseError::AddressTooLong { length, longest });
    }
    if !is_read || length <= LONGEST_ALONE {
        return Ok(None);
    }
    let operation = Operation {
        id: "1".to_owned(),
        method: Method::GET,
        target: request.path.clone(),
        headers: request.headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
        body: None,
    };
    Ok(Some(wire::request(&[&operation], boundary, false, false)))
}

/// The one answer in what a carrying batch was answered with.
pub(in crate::dataverse) fn unpack(kind: &str, body: &[u8]) -> Option<Answer> {
    answers::read(kind, body, &["1"], false)?.pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://contoso.crm4.dynamics.com";

    fn of_length(length: usize) -> Request {
        let path = format!("/api/data/v9.2/accounts?$filter={}", "a".repeat(length));
        Request::get(path).header("Prefer", "odata.maxpagesize=5")
    }

    #[test]
    fn a_long_read_stands_inside_a_batch_with_its_headers() {
        assert!(carry(ORIGIN, &of_length(29_000), "1").expect("short enough").is_none());
        let request = of_length(31_000);
        let carrier = carry(ORIGIN, &request, "1").expect("short enough").expect("a batch");
        assert_eq!((carrier.method, carrier.path.as_str()), (Method::POST, "/api/data/v9.2/$batch"));
        let body = String::from_utf8(carrier.body.expect("a body").to_vec()).expect("text");
        assert!(body.contains(&format!("\r\n\r\nGET {} HTTP/1.1\r\n", request.path)), "{body}");
        assert!(body.contains("\r\nPrefer: odata.maxpagesize=5\r\n"), "{body}");
    }

    #[test]
    fn what_no_batch_may_carry_is_refused() {
        for request in [of_length(66_000), Request { method: Method::POST, ..of_length(33_000) }] {
            assert!(matches!(carry(ORIGIN, &request, "1"), Err(DataverseError::AddressTooLong { .. })));
        }
        let change = Request { method: Method::POST, ..of_length(31_000) };
        assert!(carry(ORIGIN, &change, "1").expect("short enough").is_none(), "a change goes alone");
    }

    #[test]
    fn the_answer_inside_is_taken_out_whole() {
        let body = "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\n\r\n{}\r\n--b--\r\n";
        let answer = unpack("multipart/mixed; boundary=b", body.as_bytes()).expect("an answer");
        assert_eq!((answer.status, answer.body.as_slice()), (429, &b"{}"[..]));
        assert_eq!(answer.header("retry-after"), Some("3"));
        assert!(unpack("multipart/mixed; boundary=b", b"").is_none());
    }
}
