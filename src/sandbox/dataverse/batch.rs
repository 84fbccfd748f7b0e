//! `$batch`: requests inside one request, change sets that happen whole or not at all. What a single request means is
//! decided by whoever answers it alone.

use std::fmt::Write as _;

use std::collections::HashMap;

use uuid::Uuid;

use crate::sandbox::dataverse::mime::{Inner, Part, boundary, inner_parts, parts, request};
use crate::sandbox::dataverse::preferences::prefers;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::route;
use crate::sandbox::world::{World, made_id};
use crate::sandbox::{Caller, Incoming, Outgoing};

/// The most requests in one batch.
const MOST_REQUESTS: usize = 1000;
/// The longest address inside a batch.
const LONGEST_TARGET: usize = 65_536;

/// A batch being answered.
struct Batch<'batch> {
    origin: &'batch str,
    caller: &'batch Caller,
    /// Entity addresses of what was created in this change set, by `Content-ID`.
    references: HashMap<String, Option<String>>,
    /// How many ids were made for the answer.
    made: u64,
}

/// What one part of a batch asks for.
enum Item<'body> {
    One(Operation<'body>),
    ChangeSet(Vec<Operation<'body>>),
}

struct Operation<'body> {
    content_id: Option<String>,
    inner: Inner<'body>,
}

/// `POST $batch`.
pub(super) fn batch(world: &mut World, origin: &str, caller: &Caller, asked: &Incoming) -> Result<Outgoing, Refusal> {
    if asked.method != "POST" {
        return Err(Refusal::wrong_method(&asked.method));
    }
    let boundary = asked.header("content-type").and_then(boundary).ok_or_else(not_multipart)?;
    let items = items(&asked.body, boundary)?;
    let goes_on = prefers(asked, "odata.continue-on-error");
    let mut batch = Batch { origin, caller, references: HashMap::new(), made: 0 };
    let outer = format!("batchresponse_{}", batch.next_id(world));
    let (mut body, mut status) = (Vec::new(), 200);
    for item in &items {
        let failure = match item {
            Item::One(operation) => {
                let answer = batch.one(world, operation);
                let failure = (answer.status >= 400).then_some(answer.status);
                batch.write(world, &mut body, &outer, None, &answer);
                failure
            }
            Item::ChangeSet(operations) => batch.change_set(world, &mut body, &outer, operations),
        };
        if let Some(failure) = failure.filter(|_| !goes_on) {
            status = failure;
            break;
        }
    }
    body.extend_from_slice(format!("--{outer}--\r\n").as_bytes());
    let answer = Outgoing::with_body(status, &format!("multipart/mixed; boundary={outer}"), body);
    Ok(if goes_on { answer.header("preference-applied", "odata.continue-on-error") } else { answer })
}

fn items<'body>(body: &'body [u8], boundary: &str) -> Result<Vec<Item<'body>>, Refusal> {
    let mut items = Vec::new();
    let (mut count, mut seen) = (0, Vec::new());
    for part in parts(body, boundary).ok_or_else(unreadable)? {
        let Some(inner) = part.boundary() else {
            count += 1;
            items.push(Item::One(operation(&part)?));
            continue;
        };
        let inner = inner_parts(part.content, inner).ok_or_else(unreadable)?;
        let operations = inner.iter().map(operation).collect::<Result<Vec<_>, _>>()?;
        count += operations.len();
        for operation in &operations {
            check_in_change_set(operation, &mut seen)?;
        }
        items.push(Item::ChangeSet(operations));
    }
    if count > MOST_REQUESTS {
        let message = format!("The batch holds {count} requests; the most that one may hold are {MOST_REQUESTS}.");
        return Err(Refusal::new(400, "0x80060888", message));
    }
    Ok(items)
}

fn operation<'body>(part: &Part<'body>) -> Result<Operation<'body>, Refusal> {
    if !part.header("content-type").is_some_and(|kind| kind.to_lowercase().starts_with("application/http")) {
        return Err(unreadable());
    }
    let inner = request(part.content).ok_or_else(unreadable)?;
    let is_nested = inner.target.split('?').next().is_some_and(|path| path.ends_with("$batch"));
    if is_nested || inner.target.len() > LONGEST_TARGET {
        let message = "A batch may hold no batch, and no address of more than 65,536 characters.";
        return Err(Refusal::new(400, "0x80060888", message));
    }
    Ok(Operation { content_id: part.header("content-id").map(str::to_owned), inner })
}

fn check_in_change_set(operation: &Operation<'_>, seen: &mut Vec<String>) -> Result<(), Refusal> {
    let method = &operation.inner.method;
    if method == "GET" {
        let message = format!(
            "An invalid HTTP method '{method}' was detected for a request in a change set. Requests in change sets only \
             support the HTTP methods 'POST', 'PUT', 'DELETE', and 'PATCH'."
        );
        return Err(Refusal::new(400, "0x80060888", message));
    }
    if let Some(id) = &operation.content_id {
        if seen.contains(id) {
            let message = format!("The content ID '{id}' was found more than once in the batch.");
            return Err(Refusal::new(400, "0x80060888", message));
        }
        seen.push(id.clone());
    }
    Ok(())
}

fn unreadable() -> Refusal {
    let message = "Error identified in Payload provided by the user for Entity :'', ----> InnerException : \
                   System.ArgumentException: Stream was not readable.";
    Refusal::new(400, "0x80048d19", message)
}

fn not_multipart() -> Refusal {
    let message = "The content type of a batch is multipart/mixed with a boundary.";
    Refusal::new(400, "0x80060888", message)
}

impl Batch<'_> {
    fn next_id(&mut self, world: &World) -> Uuid {
        self.made += 1;
        let second = u64::try_from(world.now().as_second()).unwrap_or(0);
        made_id(world.version().rotate_left(24) ^ second.rotate_left(40) ^ self.made)
    }

    fn one(&mut self, world: &mut World, operation: &Operation<'_>) -> Outgoing {
        match self.incoming(operation) {
            Ok(incoming) => route::answer(world, self.origin, self.caller, &incoming),
            Err(refusal) => refusal.answer(false).header("odata-version", "4.0"),
        }
    }

    /// Carries a change set out: all of it, or nothing and the one refusal that speaks for all. Gives a failure's status.
    fn change_set(
        &mut self,
        world: &mut World,
        body: &mut Vec<u8>,
        outer: &str,
        operations: &[Operation<'_>],
    ) -> Option<u16> {
        let before = world.clone();
        self.references.clear();
        let mut answers = Vec::with_capacity(operations.len());
        for operation in operations {
            let answer = self.one(world, operation);
            if answer.status >= 400 {
                *world = before;
                self.references.clear();
                self.write(world, body, outer, None, &answer);
                return Some(answer.status);
            }
            if let Some(id) = &operation.content_id {
                let address = answer.headers.iter().find(|(name, _)| name == "odata-entityid");
                self.references.insert(id.clone(), address.map(|(_, address)| address.clone()));
            }
            answers.push(answer);
        }
        self.references.clear();
        let inner = format!("changesetresponse_{}", self.next_id(world));
        let head = format!("--{outer}\r\nContent-Type: multipart/mixed; boundary={inner}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        for (operation, answer) in operations.iter().zip(&answers) {
            self.write(world, body, &inner, operation.content_id.as_deref(), answer);
        }
        body.extend_from_slice(format!("--{inner}--\r\n\r\n").as_bytes());
        None
    }

    /// The request as if it had come alone.
    fn incoming(&self, operation: &Operation<'_>) -> Result<Incoming, Refusal> {
        let inner = &operation.inner;
        let target = match inner.target.strip_prefix('$') {
            Some(reference) => {
                let end = reference.find(['/', '?']).unwrap_or(reference.len());
                let (id, rest) = reference.split_at(end);
                format!("{}{rest}", self.referenced(id)?)
            }
            None => inner.target.clone(),
        };
        let path = target.strip_prefix(self.origin).unwrap_or(&target);
        if !path.starts_with('/') || path.starts_with("//") {
            return Err(Refusal::new(400, "0x80060888", format!("Invalid URI: '{target}' in the batch.")));
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let body = match std::str::from_utf8(inner.body) {
            Ok(text) => self.resolved(text)?.into_bytes(),
            Err(_) => inner.body.to_vec(),
        };
        let (method, path, query) = (inner.method.clone(), path.to_owned(), query.to_owned());
        Ok(Incoming { method, path, query, headers: inner.headers.clone(), body })
    }

    fn referenced(&self, id: &str) -> Result<&str, Refusal> {
        let missing = || {
            let message = format!("Content-ID Reference: '${id}' does not exist in the batch context.");
            Refusal::new(400, "0x80060888", message)
        };
        // What was answered with a representation has no entity id to refer to.
        self.references.get(id).and_then(Option::as_deref).ok_or_else(missing)
    }

    /// The body with the references in its bindings replaced by the addresses they stand for.
    fn resolved(&self, body: &str) -> Result<String, Refusal> {
        let (mut resolved, mut rest) = (String::with_capacity(body.len()), body);
        while let Some(at) = rest.find("\"$") {
            let (before, reference) = rest.split_at(at);
            let name = before.trim_end().strip_suffix(':').map(str::trim_end);
            let is_bound = name.is_some_and(|name| name.ends_with("@odata.bind\"") || name.ends_with("@odata.id\""));
            let end = reference[1..].find('"').map(|end| end + 1).filter(|_| is_bound);
            resolved.push_str(before);
            rest = if let Some(end) = end {
                let _ = write!(resolved, "\"{}\"", self.referenced(&reference[2..end])?);
                &reference[end + 1..]
            } else {
                resolved.push_str("\"$");
                &reference[2..]
            };
        }
        resolved.push_str(rest);
        Ok(resolved)
    }

    fn write(
        &mut self,
        world: &World,
        body: &mut Vec<u8>,
        boundary: &str,
        content_id: Option<&str>,
        answer: &Outgoing,
    ) {
        let mut head = format!(
            "--{boundary}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n{}\r\nHTTP/1.1 {} {}\r\n",
            content_id.map(|id| format!("Content-ID: {id}\r\n")).unwrap_or_default(),
            answer.status,
            reason(answer.status)
        );
        if answer.status >= 400 {
            let id = self.next_id(world);
            let _ = write!(head, "REQ_ID: {id}\r\n");
        }
        for (name, value) in answer.headers.iter().filter(|(name, _)| name != "x-ms-service-request-id") {
            let _ = write!(head, "{}: {value}\r\n", shown(name));
        }
        head.push_str("\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&answer.body);
        body.extend_from_slice(b"\r\n");
    }
}

/// A header's name as the service writes it inside a batch.
fn shown(name: &str) -> &str {
    match name {
        "odata-version" => "OData-Version",
        "odata-entityid" => "OData-EntityId",
        "content-type" => "Content-Type",
        "location" => "Location",
        "preference-applied" => "Preference-Applied",
        "etag" => "ETag",
        "retry-after" => "Retry-After",
        other => other,
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        412 => "Precondition Failed",
        413 => "Payload Too Large",
        429 => "Too Many Requests",
        501 => "Not Implemented",
        _ => "Error",
    }
}

#[cfg(test)]
mod tests;
