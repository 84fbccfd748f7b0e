//! The request that several operations become. Pure. Source: Microsoft Learn, "Execute batch operations using the Web API".

use std::fmt::Write as _;

use bytes::Bytes;

use crate::dataverse::batch::{Operation, mime};
use crate::dataverse::encode::API;
use crate::net::{Method, Request};

/// The request. `boundary` must not occur in any body: it is made anew for each batch. An atomic batch is one change set.
pub(super) fn request(operations: &[&Operation], boundary: &str, atomic: bool, goes_on: bool) -> Request {
    let parts: Vec<Vec<u8>> = operations.iter().map(|operation| part(operation, atomic)).collect();
    let body = if atomic {
        let set = format!("changeset_{boundary}");
        let head = format!("Content-Type: multipart/mixed; boundary=\"{set}\"\r\n\r\n");
        mime::join(&format!("batch_{boundary}"), &[[head.into_bytes(), mime::join(&set, &parts)].concat()])
    } else {
        mime::join(&format!("batch_{boundary}"), &parts)
    };
    let kind = format!("multipart/mixed; boundary=\"batch_{boundary}\"");
    let path = format!("{API}$batch");
    let request = Request { method: Method::POST, path, headers: Vec::new(), body: Some(Bytes::from(body)) };
    let request = request.header("Content-Type", kind);
    if goes_on { request.header("Prefer", "odata.continue-on-error") } else { request }
}

fn part(operation: &Operation, atomic: bool) -> Vec<u8> {
    let mut text = String::from("Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n");
    if atomic {
        let _ = write!(text, "Content-ID: {}\r\n", operation.id);
    }
    let _ = write!(text, "\r\n{} {} HTTP/1.1\r\n", operation.method, operation.target);
    let is_given = |name: &str| operation.headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name));
    if !is_given("accept") {
        text.push_str("Accept: application/json\r\n");
    }
    if operation.body.is_some() && !is_given("content-type") {
        text.push_str("Content-Type: application/json; charset=utf-8\r\n");
    }
    for (name, value) in &operation.headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    text.push_str("\r\n");
    text.push_str(operation.body.as_deref().unwrap_or_default());
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataverse::batch::operations;

    fn text(lines: &str, atomic: bool) -> (Request, String) {
        let operations = operations(lines, atomic).expect("operations");
        let request = request(&operations.iter().collect::<Vec<_>>(), "1", atomic, !atomic);
        let body = String::from_utf8(request.body.clone().expect("a body").to_vec()).expect("text");
        (request, body)
    }

    #[test]
    fn every_line_ends_as_the_service_demands() {
        let lines = "{\"method\":\"GET\",\"path\":\"WhoAmI\"}\n\
                     {\"method\":\"PATCH\",\"path\":\"accounts(1)\",\"body\":{\"a\":1.10},\"headers\":{\"If-Match\":\"*\"}}";
        let (request, body) = text(lines, false);
        assert_eq!((request.method, request.path.as_str()), (Method::POST, "/api/data/v9.2/$batch"));
        assert_eq!(
            request.headers,
            [
                ("Content-Type".into(), "multipart/mixed; boundary=\"batch_1\"".to_owned()),
                ("Prefer".into(), "odata.continue-on-error".to_owned())
            ]
        );
        assert_eq!(
            body,
            "--batch_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\
             GET /api/data/v9.2/WhoAmI HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n\
             --batch_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\
             PATCH /api/data/v9.2/accounts(1) HTTP/1.1\r\nAccept: application/json\r\n\
             Content-Type: application/json; charset=utf-8\r\nIf-Match: *\r\n\r\n{\"a\":1.10}\r\n--batch_1--\r\n"
        );
    }

    #[test]
    fn a_change_set_stands_inside_with_its_content_ids() {
        let lines = "{\"id\":\"a\",\"method\":\"POST\",\"path\":\"accounts\",\"body\":{}}\n\
                     {\"id\":\"b\",\"method\":\"DELETE\",\"path\":\"$a\"}";
        let (request, body) = text(lines, true);
        assert_eq!(request.headers.len(), 1);
        let start = "--batch_1\r\nContent-Type: multipart/mixed; boundary=\"changeset_1\"\r\n\r\n--changeset_1\r\n";
        assert!(body.starts_with(start), "{body}");
        assert!(body.contains("\r\nContent-ID: b\r\n\r\nDELETE $a HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n"));
        assert!(body.ends_with("\r\n--changeset_1--\r\n\r\n--batch_1--\r\n"), "{body}");
    }
}
