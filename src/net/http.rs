//! DOOR (sockets out): the one HTTP client, and the only file that names it. It follows no redirect, keeps no cookie, and
//! attaches a bearer in exactly one place, to exactly the origin it is given.

#![expect(clippy::disallowed_methods, reason = "this is the door to sockets that lead out")]

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
pub use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::net::limits::Limits;
use crate::net::outbound_proxy;
use crate::net::trace::path_without_values;
use crate::net::upload::{Pieces, Progress, Watched};
use crate::net::{Body, NetError, Origin, Trace, Upload};
use crate::secret::Secret;

/// How the client is set up. Every value comes from the settings; nothing is read from files or the process environment here.
#[derive(Debug, Clone, Default)]
pub struct HttpOptions {
    /// Longest silence of a connected peer, and longest wait for a connection where that is shorter than 10 s.
    pub idle_timeout: Duration,
    /// More certificate authorities: `--ca-file`, where it was found and its bytes (PEM).
    pub ca_pem: Option<(PathBuf, Vec<u8>)>,
    /// Proxy for https, as `HTTPS_PROXY` gives it.
    pub https_proxy: Option<Secret>,
    /// Proxy for everything, as `ALL_PROXY` gives it.
    pub all_proxy: Option<Secret>,
    /// Hosts without proxy, as `NO_PROXY` lists them.
    pub no_proxy: Option<String>,
    /// `SSL_CERT_FILE` and its bytes (PEM), `None` when it could not be read. Its authorities replace the system's; a
    /// missing file is an error, because the TLS library passes over it in silence.
    pub ssl_cert_file: Option<(PathBuf, Option<Vec<u8>>)>,
}

/// One request, without the place it goes to and without a credential.
#[derive(Debug, Clone)]
pub struct Request {
    /// GET, POST, …
    pub method: Method,
    /// Path and query, beginning with `/`, encoded as it goes on the wire.
    pub path: String,
    /// Headers besides `User-Agent`, `Authorization` and `Content-Length`.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body, if there is one.
    pub body: Option<Bytes>,
}

impl Request {
    /// A GET of `path`.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), headers: Vec::new(), body: None }
    }

    /// Another header.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Another header, unless there is one of this name.
    #[must_use]
    pub fn header_if_absent(self, name: &'static str, value: impl Into<String>) -> Self {
        let is_there = self.headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name));
        if is_there { self } else { self.header(name, value) }
    }
}

/// A request as [`Http::send`] takes it: made of a [`Request`] of ours, or of somebody else's that is passed on.
#[derive(Debug)]
pub struct Parcel {
    /// GET, POST, …
    pub method: Method,
    /// Path and query, beginning with `/`, encoded as it goes on the wire.
    pub path: String,
    /// Headers besides `User-Agent`, `Authorization`, `Accept-Encoding` and `Content-Length`.
    pub headers: Vec<(Cow<'static, str>, Vec<u8>)>,
    /// What follows the headers.
    pub content: Content,
}

/// The body of a [`Parcel`].
#[derive(Debug)]
pub enum Content {
    /// There is none.
    None,
    /// All of it is here.
    Whole(Bytes),
    /// It is still arriving.
    Arriving(Upload),
}

impl From<&Request> for Parcel {
    fn from(request: &Request) -> Self {
        let headers = request.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
        Self {
            method: request.method.clone(),
            path: request.path.clone(),
            headers: headers.collect(),
            content: request.body.clone().map_or(Content::None, Content::Whole),
        }
    }
}

/// The beginning of an answer; its body comes in pieces.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    headers: HeaderMap,
    /// The body, still arriving.
    pub body: Body,
}

impl Response {
    /// The answer that stood inside this one as its body. Its headers take the place of those of the same name.
    #[must_use]
    pub fn replaced_by(mut self, status: u16, headers: &[(String, String)], body: impl Into<Bytes>) -> Self {
        for (name, _) in headers {
            self.headers.remove(name);
        }
        for (name, value) in headers {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
                self.headers.append(name, value);
            }
        }
        Self { status, headers: self.headers, body: self.body.replaced_by(body.into()) }
    }

    /// The first value of a header, if it is readable text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Every header, its name in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }

    /// Every readable value of a header.
    pub fn header_all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// The values of `WWW-Authenticate` (RFC 9110 §11.6.1), the first eight of them, for
    /// [`TokenSource::token_instead_of`](crate::net::TokenSource::token_instead_of).
    #[must_use]
    pub fn challenges(&self) -> Vec<String> {
        self.header_all("www-authenticate").take(MOST_CHALLENGES).map(str::to_owned).collect()
    }
}

/// The client. Each of its two halves is set up when the first request needs it, because the one for https parses every
/// certificate authority of the system. Clones share both, and so the open connections.
#[derive(Clone)]
pub struct Http {
    shared: Arc<Shared>,
    trace: Trace,
    /// Longest silence before an answer begins.
    answer: Duration,
}

struct Shared {
    limits: Limits,
    /// For plain HTTP to this machine or beside it: no proxy, no certificate authorities.
    direct: OnceLock<reqwest::Client>,
    /// For https.
    secure: OnceLock<reqwest::Client>,
    proxy: Option<(reqwest::Proxy, Option<outbound_proxy::Proxy>)>,
    more_roots: Vec<reqwest::Certificate>,
    is_system_trusted: bool,
}

/// The most challenges of one refusal that are handed on.
const MOST_CHALLENGES: usize = 8;

impl Http {
    /// Takes the options in. No connection is made and no authority of the system is read yet.
    ///
    /// # Errors
    /// [`NetError`] when a certificate file can't be read or holds no certificate, or a proxy address is no address.
    pub fn open(options: &HttpOptions, trace: Trace) -> Result<Self, NetError> {
        let mut more_roots = Vec::new();
        if let Some((path, pem)) = &options.ca_pem {
            more_roots.extend(certificates("--ca-file", path, pem)?);
        }
        if let Some((path, pem)) = &options.ssl_cert_file {
            let pem = pem
                .as_ref()
                .ok_or_else(|| NetError::CertificateFileUnreadable { given_by: "SSL_CERT_FILE", path: path.clone() })?;
            more_roots.extend(certificates("SSL_CERT_FILE", path, pem)?);
        }
        let idle = options.idle_timeout;
        let limits = Limits { connect: idle.min(Duration::from_secs(10)), idle, answer: idle };
        let shared = Shared {
            limits,
            direct: OnceLock::new(),
            secure: OnceLock::new(),
            proxy: proxy(options)?,
            more_roots,
            is_system_trusted: options.ssl_cert_file.is_none(),
        };
        Ok(Self { shared: Arc::new(shared), trace, answer: idle })
    }

    /// The same client, with the same connections, for somebody who may take longer before an answer begins.
    #[must_use]
    pub fn awaiting_answers_for(&self, answer: Duration) -> Self {
        Self { answer, ..self.clone() }
    }

    /// The same client for somebody who may not be there at all: it waits no longer than `limit` for a connection.
    #[must_use]
    pub fn connecting_within(&self, limit: Duration) -> Self {
        let Shared { limits, proxy, more_roots, is_system_trusted, .. } = self.shared.as_ref();
        let shared = Shared {
            limits: Limits { connect: limits.connect.min(limit), ..*limits },
            direct: OnceLock::new(),
            secure: OnceLock::new(),
            proxy: proxy.clone(),
            more_roots: more_roots.clone(),
            is_system_trusted: *is_system_trusted,
        };
        Self { shared: Arc::new(shared), trace: self.trace.clone(), answer: self.answer }
    }

    /// Sends `request` to `origin`, with `bearer` if one is given. This is the only way a bearer leaves the process.
    ///
    /// # Errors
    /// [`NetError`] when no answer came, or when there is no authority on this system to check one. Any status is an answer.
    pub async fn send(
        &self,
        origin: &Origin,
        request: impl Into<Parcel>,
        bearer: Option<&Secret>,
    ) -> Result<Response, NetError> {
        let parcel = request.into();
        let client = self.shared.client_for(origin)?;
        let limits = Limits { answer: self.answer, ..self.shared.limits };
        self.trace.request(|| format!("→ {} {origin}{}", parcel.method, path_without_values(&parcel.path)));
        let mut outgoing = client.request(parcel.method, format!("{origin}{}", parcel.path));
        for (name, value) in &parcel.headers {
            // Most values come from flags, fields and variables: what they hold is the user's to mend.
            let (Ok(header), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value))
            else {
                return Err(NetError::BadHeader { host: origin.host().to_owned(), header: name.to_string() });
            };
            outgoing = outgoing.header(header, value);
        }
        if let Some(bearer) = bearer {
            outgoing = outgoing.bearer_auth(bearer.expose());
        }
        let (content, progress) = watched(parcel.content);
        if let Some(content) = content {
            outgoing = outgoing.body(content);
        }
        let sent = progress.answered(outgoing.send(), origin.host(), limits).await;
        let sent = sent.and_then(|sent| sent.map_err(|error| NetError::of_send(&error, origin.host(), limits)));
        let sent = match sent {
            // Boxed, because every request would carry the question with it otherwise.
            Err(error) => Err(Box::pin(self.shared.explained(error, origin)).await),
            sent => sent,
        };
        let incoming = sent.inspect_err(|error| self.trace.request(|| format!("← {error}")))?;
        let status = incoming.status().as_u16();
        self.trace.request(|| format!("← {status}"));
        let headers = incoming.headers().clone();
        Ok(Response { status, headers, body: Body::arriving(incoming, origin.host(), limits) })
    }
}

impl Shared {
    fn client_for(&self, origin: &Origin) -> Result<&reqwest::Client, NetError> {
        let (cell, is_direct) = if origin.is_beside() { (&self.direct, true) } else { (&self.secure, false) };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let client = if is_direct { self.build_direct() } else { self.build_secure() };
        let client = client.map_err(|error| NetError::of_build(&error))?;
        Ok(cell.get_or_init(|| client))
    }

    /// The client says of a proxy only that it did not open the way, so the proxy is asked once more for what it has against
    /// it. Nothing but the question is sent.
    async fn explained(&self, error: NetError, origin: &Origin) -> NetError {
        let Some((_, Some(proxy))) = &self.proxy else { return error };
        if !error.is_of_proxy() || !proxy.is_plain {
            return error.by_proxy(&proxy.place);
        }
        let said = timeout(self.limits.connect, said_by(proxy, origin)).await.ok().flatten();
        error.by_proxy(&proxy.place).explained_by(said, proxy.authorization.is_some())
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // Proxies come from the options alone: this turns off the library's own look into the process environment.
            .no_proxy()
            .user_agent(concat!("d365conn/", env!("CARGO_PKG_VERSION")))
            // Silence is watched by the limits of each request, because a body on its way out is none.
            .connect_timeout(self.limits.connect)
            .pool_idle_timeout(Duration::from_secs(55))
            .tcp_keepalive(Duration::from_secs(30))
    }

    fn build_direct(&self) -> reqwest::Result<reqwest::Client> {
        self.builder().tls_certs_only([]).build()
    }

    fn build_secure(&self) -> reqwest::Result<reqwest::Client> {
        let mut builder = self.builder().https_only(true);
        if let Some((proxy, _)) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        let roots = self.more_roots.iter().cloned();
        builder = if self.is_system_trusted { builder.tls_certs_merge(roots) } else { builder.tls_certs_only(roots) };
        builder.build()
    }
}

/// What a proxy answers to the question for the way to `origin`.
async fn said_by(proxy: &outbound_proxy::Proxy, origin: &Origin) -> Option<outbound_proxy::ProxyAnswer> {
    let port = url::Url::parse(origin.as_str()).ok().and_then(|url| url.port_or_known_default()).unwrap_or(443);
    let mut stream = tokio::net::TcpStream::connect(&proxy.place).await.ok()?;
    stream.write_all(proxy.question(origin.host(), port).expose().as_bytes()).await.ok()?;
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while head.len() < 64 * 1024 {
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        head.extend_from_slice(&buffer[..count]);
        if let Some(said) = outbound_proxy::ProxyAnswer::parse(&head) {
            return Some(said);
        }
    }
    None
}

/// A body as it is sent, and how its way can be followed. One that fits into a few packets has gone when it is handed over.
fn watched(content: Content) -> (Option<reqwest::Body>, Progress) {
    let progress = Progress::new();
    match content {
        Content::None => (None, progress.over()),
        Content::Whole(body) if body.len() <= Pieces::SIZE => (Some(body.into()), progress.over()),
        Content::Whole(body) => {
            let body = Watched::new(Pieces::of(body), progress.clone());
            (Some(reqwest::Body::wrap(body)), progress)
        }
        Content::Arriving(upload) => {
            let body = Watched::new(upload, progress.clone());
            (Some(reqwest::Body::wrap(body)), progress)
        }
    }
}

/// The usable certificates of a PEM bundle. One odd certificate among many is passed over, as the system's own are.
fn certificates(given_by: &'static str, path: &Path, pem: &[u8]) -> Result<Vec<reqwest::Certificate>, NetError> {
    let mut scratch = rustls::RootCertStore::empty();
    let usable: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .filter_map(Result::ok)
        .filter(|certificate| scratch.add(certificate.clone()).is_ok())
        .filter_map(|certificate| reqwest::Certificate::from_der(&certificate).ok())
        .collect();
    if usable.is_empty() { Err(NetError::NoCertificate { given_by, path: path.to_owned() }) } else { Ok(usable) }
}

fn proxy(options: &HttpOptions) -> Result<Option<(reqwest::Proxy, Option<outbound_proxy::Proxy>)>, NetError> {
    let (variable, address) = match (&options.https_proxy, &options.all_proxy) {
        (Some(address), _) => ("HTTPS_PROXY", address),
        (None, Some(address)) => ("ALL_PROXY", address),
        (None, None) => return Ok(None),
    };
    let bad = || NetError::BadProxy { variable };
    let url = outbound_proxy::address(address.expose()).ok_or_else(bad)?;
    let asked = outbound_proxy::Proxy::of(&url);
    let exceptions = outbound_proxy::exceptions(options.no_proxy.as_deref().unwrap_or_default());
    let proxy = reqwest::Proxy::all(url).map_err(|_| bad())?;
    Ok(Some((proxy.no_proxy(reqwest::NoProxy::from_string(&exceptions)), asked)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Diagnose as _, Exit};

    fn refusal(options: &HttpOptions) -> Option<NetError> {
        Http::open(options, Trace::default()).err()
    }

    #[test]
    fn a_file_of_authorities_must_hold_one_before_anything_is_sent() {
        let path = PathBuf::from("/etc/corp.pem");
        let empty = HttpOptions { ca_pem: Some((path.clone(), b"hello".to_vec())), ..HttpOptions::default() };
        let missing = HttpOptions { ssl_cert_file: Some((path.clone(), None)), ..HttpOptions::default() };
        let der =
            HttpOptions { ssl_cert_file: Some((path, Some(vec![0x30, 0x82, 0x01, 0x02]))), ..HttpOptions::default() };
        for (options, says) in [
            (empty, "--ca-file names /etc/corp.pem, which holds no certificate"),
            (missing, "SSL_CERT_FILE names /etc/corp.pem, which can't be read"),
            (der, "SSL_CERT_FILE names /etc/corp.pem, which holds no certificate"),
        ] {
            let error = refusal(&options).expect("refused");
            assert_eq!(error.to_string(), says);
            assert_eq!(error.phrase().exit, Exit::Unreachable);
            assert!(!error.phrase().remedy_with(&error.facts()).is_empty());
        }
    }

    #[test]
    fn a_bad_proxy_address_is_refused_without_showing_it() {
        for address in
            ["http://", "ftp://user:hunter2@proxy", "http://user:hunter2@:x", "http://user:hunter2@proxy:99999"]
        {
            let options = HttpOptions { https_proxy: Some(Secret::of_address(address)), ..HttpOptions::default() };
            let error = refusal(&options).unwrap_or_else(|| panic!("{address} was accepted"));
            let shown = format!("{error} {error:?} {:?}", error.facts());
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn proxies_are_taken_with_and_without_a_scheme() {
        for address in
            ["proxy:3128", "http://u:p@proxy:3128", "https://proxy", "socks5://proxy:1080", "socks5h://proxy:1080"]
        {
            let options = HttpOptions { all_proxy: Some(Secret::of_address(address)), ..HttpOptions::default() };
            assert!(refusal(&options).is_none(), "{address}");
        }
    }
}
