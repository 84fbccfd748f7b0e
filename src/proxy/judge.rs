//! Judges one request by its first line and its headers: may it leave, and as what? The order is the one in which the least
//! is told to those who should not be here. No I/O, and no body is looked at.

use crate::net::{Method, overrides_method, path_without_values};
use crate::proxy::headers::{Kind, is_passed_on, is_utf8};
use crate::proxy::scope::{Errand, decoded};
use crate::proxy::{Refusal, Scope};
use crate::secret::Secret;

/// A request as it arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// As sent.
    pub method: &'a str,
    /// As sent: `/path?query`, or something else.
    pub target: &'a str,
    /// Names in lower case, in the order sent.
    pub headers: &'a [(&'a str, &'a [u8])],
}

/// What requests are measured by.
#[derive(Debug)]
pub(super) struct Rules {
    /// The port on 127.0.0.1.
    pub port: u16,
    /// The first segment of every path.
    pub secret: Secret,
    /// What is let through behind it.
    pub scope: Scope,
    /// The organisation's origin, without a slash at its end.
    pub origin: String,
}

/// A request that may leave.
#[derive(Debug)]
pub(super) struct Order {
    /// One of the six.
    pub method: Method,
    /// Path and query at the organisation.
    pub path: String,
    /// The headers that go along.
    pub headers: Vec<(String, Vec<u8>)>,
    /// What its body is.
    pub kind: Kind,
    /// Whether a body has to be [flat](crate::proxy::flat).
    pub must_be_flat: bool,
}

impl Order {
    /// How it is told: no secret, no value of its query.
    pub(super) fn told(&self) -> String {
        format!("{} {}", self.method, path_without_values(&self.path))
    }
}

impl Rules {
    /// The proxy's own address, secret included: what stands before `/api/data/…`.
    pub(super) fn prefix(&self) -> Secret {
        // The part of it that is secret is watched; the rest may be said.
        Secret::unwatched(format!("http://127.0.0.1:{}/{}", self.port, self.secret.expose()))
    }

    fn is_own_host(&self, host: &[u8]) -> bool {
        host == format!("127.0.0.1:{}", self.port).as_bytes() || (self.port == 80 && host == b"127.0.0.1")
    }
}

/// Lets a request leave, or says why not.
pub(super) fn judge(asked: Asked<'_>, rules: &Rules) -> Result<Order, Refusal> {
    let named = |name: &'static str| asked.headers.iter().filter(move |(header, _)| *header == name).map(|(_, v)| *v);
    let mut hosts = named("host");
    let is_ours = hosts.next().is_some_and(|host| rules.is_own_host(host)) && hosts.next().is_none();
    if !asked.target.starts_with('/') || !is_ours {
        return Err(Refusal::ForeignHost);
    }
    // `none` is an address that a person typed; programs send neither header.
    if named("origin").next().is_some() || named("sec-fetch-site").any(|site| site != b"none") {
        return Err(Refusal::FromAWebPage);
    }
    let rest = asked.target.trim_start_matches('/');
    let (secret, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if asked.target.len() - rest.len() != 1 || !rules.secret.is_text(secret) {
        return Err(Refusal::NoSecret);
    }
    // Java's client offers HTTP/2 with every first request; staying with HTTP/1.1 is the answer to that.
    if named("upgrade").any(|protocol| !protocol.eq_ignore_ascii_case(b"h2c")) {
        return Err(Refusal::Upgrade);
    }
    let method = match asked.method {
        "GET" => Method::GET,
        "HEAD" => Method::HEAD,
        "POST" => Method::POST,
        "PATCH" => Method::PATCH,
        "PUT" => Method::PUT,
        "DELETE" => Method::DELETE,
        _ => return Err(Refusal::OddMethod),
    };
    if asked.headers.iter().any(|(name, _)| overrides_method(name)) {
        return Err(Refusal::MethodOverride);
    }
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    if !is_plain(path) {
        return Err(Refusal::OddPath);
    }
    let behind = behind_the_api(path).ok_or(Refusal::OutsideTheApi)?;
    rules.scope.judge(Errand { method: asked.method, path: behind, query })?;
    if named("content-encoding").next().is_some() {
        return Err(Refusal::Compressed);
    }
    let hops: Vec<String> = named("connection").flat_map(words).collect();
    let is_kept = |name: &str| is_passed_on(name) && !hops.iter().any(|hop| hop == name);
    let headers = asked.headers.iter().filter(|(name, _)| is_kept(name));
    let is_write = !matches!(method, Method::GET | Method::HEAD | Method::DELETE);
    let must_be_flat = is_write && rules.scope.has_judged_bodies();
    let mut kinds = named("content-type");
    let kind = match (kinds.next(), kinds.next()) {
        (Some(kind), None) if !must_be_flat || is_utf8(kind) => Kind::of(kind),
        // None, or several, of which the service may take another one.
        _ => Kind::Other,
    };
    Ok(Order {
        path: match query {
            Some(query) => format!("{path}?{}", with_own_addresses(query, rules)),
            None => path.to_owned(),
        },
        headers: headers.map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect(),
        kind,
        must_be_flat,
        method,
    })
}

/// The same once more for a connection that has come to refuse every write while the proxy runs.
pub(super) fn judge_as_read(order: &Order) -> Result<(), Refusal> {
    let path = order.path.split('?').next().unwrap_or_default();
    let behind = behind_the_api(path).ok_or(Refusal::OutsideTheApi)?;
    let errand = Errand { method: order.method.as_str(), path: behind, query: None };
    Scope { is_read_only: true, tables: None }.judge(errand)
}

/// How a refused request is told: by whom it could have been written is known only where it held the secret.
pub(super) fn told_of(asked: Asked<'_>, refusal: Refusal, rules: &Rules) -> String {
    if matches!(refusal, Refusal::ForeignHost | Refusal::FromAWebPage | Refusal::NoSecret) {
        return "a stranger's request".to_owned();
    }
    let secret = rules.secret.expose();
    let path = asked.target.strip_prefix('/').and_then(|target| target.strip_prefix(secret)).unwrap_or_default();
    format!("{} {}", asked.method, path_without_values(path).replace(secret, "…"))
}

/// The words of a list with commas, in lower case.
fn words(list: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(list).split(',').map(|word| word.trim().to_ascii_lowercase()).collect()
}

/// Whether every server reads this path in the same way.
fn is_plain(path: &str) -> bool {
    let has_odd_byte = path.bytes().any(|byte| byte.is_ascii_control() || byte == b'\\' || byte == b' ');
    let has_odd_code = path.split('%').skip(1).any(|code| {
        let digits = code.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        byte.is_none_or(|byte| byte.is_ascii_control() || matches!(byte, b'/' | b'\\' | b'%'))
    });
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let last = segments.len().saturating_sub(1);
    let has_odd_segment = segments.iter().enumerate().any(|(at, segment)| {
        (segment.is_empty() && at != last) || matches!(decoded(segment).trim_matches([' ', ';']), "." | "..")
    });
    !has_odd_byte && !has_odd_code && !has_odd_segment
}

/// What follows `/api/data/v9.2`.
fn behind_the_api(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/api/data/v")?;
    let (version, behind) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (major, minor) = version.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(major) && is_number(minor)).then_some(behind)
}

/// Addresses of this proxy in a query (`?$id=…` of a link to be removed) become the organisation's own.
fn with_own_addresses(query: &str, rules: &Rules) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let prefix = rules.prefix();
    query.replace(prefix.expose(), &rules.origin).replace(&encode(prefix.expose()), &encode(&rules.origin))
}

#[cfg(test)]
mod tests;
