//! What can go wrong between a request and its answer. Never the address's query, which may hold a code, nor a proxy's password.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::net::limits::Limits;
use crate::net::outbound_proxy::named;
use crate::net::phrases;
use crate::net::retry::Failure;
use crate::problem::{Diagnose, Phrase};

/// No answer, or half of one.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The name is not in DNS, or DNS did not answer.
    #[error("the host name {host} was not found")]
    HostNotFound {
        /// Host that was asked for.
        host: String,
        /// What the resolver said.
        #[source]
        cause: Cause,
    },
    /// Nobody listens there.
    #[error("{host} refused the connection")]
    ConnectionRefused {
        /// Host that was asked for.
        host: String,
        /// What the system said.
        #[source]
        cause: Cause,
    },
    /// No route, no network.
    #[error("{host} can't be reached from this network")]
    Unreachable {
        /// Host that was asked for.
        host: String,
        /// What the system said.
        #[source]
        cause: Cause,
    },
    /// No connection within its limit.
    #[error("connecting to {host} took longer than {}", seconds(*.after))]
    ConnectTimeout {
        /// Host that was asked for.
        host: String,
        /// The limit.
        after: Duration,
    },
    /// The certificate's issuer is not trusted on this machine.
    #[error("the certificate of {host} comes from an issuer that this machine does not trust")]
    UntrustedIssuer {
        /// Host that was asked for.
        host: String,
        /// What the TLS library said.
        #[source]
        cause: Cause,
    },
    /// The certificate is for another host.
    #[error("the certificate shown for {host} belongs to another host")]
    WrongName {
        /// Host that was asked for.
        host: String,
        /// What the TLS library said: the names in the certificate.
        #[source]
        cause: Cause,
    },
    /// The certificate is past its end or before its beginning, by this machine's clock.
    #[error("the certificate of {host} is outside its dates by this machine's clock")]
    OutsideDates {
        /// Host that was asked for.
        host: String,
        /// What the TLS library said: the dates.
        #[source]
        cause: Cause,
    },
    /// Any other failure of TLS.
    #[error("no secure connection to {host} could be made")]
    Tls {
        /// Host that was asked for.
        host: String,
        /// What the TLS library said.
        #[source]
        cause: Cause,
    },
    /// The proxy wants credentials.
    #[error("the proxy{} wants a user name and a password before it leads to {host}", named(proxy.as_ref()))]
    ProxyLogin {
        /// Host that was asked for.
        host: String,
        /// The proxy, where it is known.
        proxy: Option<String>,
    },
    /// The proxy wants credentials in another way than ours.
    #[error("the proxy{} wants a sign-in by {} before it leads to {host}, and d365conn signs in to proxies by Basic alone", named(proxy.as_ref()), schemes.join(" or "))]
    ProxyScheme {
        /// Host that was asked for.
        host: String,
        /// The proxy, where it is known.
        proxy: Option<String>,
        /// What it offers.
        schemes: Vec<String>,
    },
    /// The proxy takes credentials, and not these.
    #[error("the proxy{} refused the user name and the password that it was given for {host}", named(proxy.as_ref()))]
    ProxyCredentials {
        /// Host that was asked for.
        host: String,
        /// The proxy, where it is known.
        proxy: Option<String>,
    },
    /// The proxy says no.
    #[error("the proxy{} answered {status} and did not open the way to {host}", named(proxy.as_ref()))]
    ProxyForbids {
        /// Host that was asked for.
        host: String,
        /// The proxy, where it is known.
        proxy: Option<String>,
        /// Its status.
        status: u16,
    },
    /// The proxy can't be reached, or would not open the way.
    #[error("the proxy{} did not open the way to {host}", named(proxy.as_ref()))]
    ProxyRefused {
        /// Host that was asked for.
        host: String,
        /// The proxy, where it is known.
        proxy: Option<String>,
        /// What was met.
        #[source]
        cause: Cause,
    },
    /// Connected, and then silence instead of an answer.
    #[error("{host} sent no answer within {}", seconds(*.after))]
    NoResponse {
        /// Host that was asked for.
        host: String,
        /// The limit.
        after: Duration,
    },
    /// The answer began, and then fell silent.
    #[error("the answer of {host} stopped arriving for {}", seconds(*.after))]
    Silent {
        /// Host that was asked for.
        host: String,
        /// The limit.
        after: Duration,
    },
    /// Something comes all the time, and it gets nowhere.
    #[error("{host} got on too slowly: {} were not enough", seconds(*.within))]
    TooSlow {
        /// Host that was asked for.
        host: String,
        /// The limit.
        within: Duration,
    },
    /// The connection ended before the answer began.
    #[error("{host} closed the connection before it answered")]
    Dropped {
        /// Host that was asked for.
        host: String,
        /// What was met.
        #[source]
        cause: Cause,
    },
    /// The connection ended in the middle of the answer.
    #[error("the answer of {host} was cut short")]
    Broken {
        /// Host that was asked for.
        host: String,
        /// What was met.
        #[source]
        cause: Cause,
    },
    /// The body does not decompress.
    #[error("the answer of {host} is compressed, and damaged")]
    Garbled {
        /// Host that was asked for.
        host: String,
        /// What the decompressor said.
        #[source]
        cause: Cause,
    },
    /// The body is longer than its limit.
    #[error("the answer of {host} is longer than {limit} bytes")]
    TooLarge {
        /// Host that was asked for.
        host: String,
        /// The limit in bytes, after decompression.
        limit: usize,
    },
    /// A file of certificate authorities can't be read.
    #[error("{} names {path}, which can't be read", .given_by, path = .path.display())]
    CertificateFileUnreadable {
        /// `--ca-file` or `SSL_CERT_FILE`.
        given_by: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// A file of certificate authorities holds none.
    #[error("{} names {path}, which holds no certificate", .given_by, path = .path.display())]
    NoCertificate {
        /// `--ca-file` or `SSL_CERT_FILE`.
        given_by: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The system trusts nobody.
    #[error("this system has no certificate authorities")]
    NoRoots,
    /// A proxy's address is no address. The address itself may hold a password and is not kept.
    #[error("the proxy address in {variable} is not an address")]
    BadProxy {
        /// The variable's name.
        variable: &'static str,
    },
    /// A value that no header can hold.
    #[error("the header {header} of a request to {host} can't hold the value that it was given")]
    BadHeader {
        /// Host that was asked for.
        host: String,
        /// The header's name.
        header: String,
    },
    /// A request that HTTP can't carry.
    #[error("a request to {host} could not be written")]
    Unwritable {
        /// Host that was asked for.
        host: String,
    },
    /// The client could not be set up, or no answer came for a reason that is none of the above.
    #[error("the request to {host} got no answer")]
    NoAnswer {
        /// Host that was asked for.
        host: String,
        /// What was met.
        #[source]
        cause: Cause,
    },
}

/// The parts of the way to an answer, nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The name of the host.
    Name,
    /// The connection, directly or by a proxy.
    Connection,
    /// What makes it secure.
    Tls,
    /// The answer.
    Answer,
}

/// The innermost text of a chain of errors: what the system, the resolver or the TLS library said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause(String);

impl Cause {
    fn innermost(error: &(dyn Error + 'static)) -> Self {
        let text = chain(error).last().map_or_else(String::new, ToString::to_string);
        Self(text)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Cause {}

impl NetError {
    /// Judges a failure before the answer began.
    pub(super) fn of_send(error: &reqwest::Error, host: &str, limits: Limits) -> Self {
        let host = host.to_owned();
        let cause = Cause::innermost(error);
        if error.is_builder() {
            return Self::Unwritable { host };
        }
        if let Some(refusal) = of_proxy(error, &host) {
            return refusal;
        }
        if error.is_dns() {
            return Self::HostNotFound { host, cause };
        }
        if let Some(tls) = of_tls(error, &host) {
            return tls;
        }
        if error.is_timeout() {
            if error.is_connect() {
                return Self::ConnectTimeout { host, after: limits.connect };
            }
            return Self::NoResponse { host, after: limits.answer };
        }
        if error.is_connect() {
            return of_connect(error, host, cause);
        }
        if is_lost(error) { Self::Dropped { host, cause } } else { Self::NoAnswer { host, cause } }
    }

    /// Judges a failure while the body arrives.
    pub(super) fn of_body(error: &reqwest::Error, host: &str) -> Self {
        let host = host.to_owned();
        let cause = Cause::innermost(error);
        if error.is_decode() && !is_lost(error) { Self::Garbled { host, cause } } else { Self::Broken { host, cause } }
    }

    /// Judges a failure to set the client up.
    pub(super) fn of_build(error: &reqwest::Error) -> Self {
        let is_rootless = chain(error).any(|layer| {
            matches!(layer.downcast_ref::<rustls::Error>(), Some(rustls::Error::General(text)) if text.contains("No CA certificates"))
        });
        if is_rootless {
            return Self::NoRoots;
        }
        Self::NoAnswer { host: "any host".to_owned(), cause: Cause::innermost(error) }
    }

    /// What kind of failure this is for the retry policy; `None` when trying again can't help.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        match self {
            Self::ConnectionRefused { .. } | Self::Unreachable { .. } | Self::ConnectTimeout { .. } => {
                Some(Failure::NotSent)
            }
            Self::NoResponse { .. }
            | Self::Silent { .. }
            | Self::Dropped { .. }
            | Self::Broken { .. }
            | Self::Garbled { .. }
            | Self::NoAnswer { .. } => Some(Failure::Broken),
            Self::HostNotFound { .. }
            | Self::UntrustedIssuer { .. }
            | Self::WrongName { .. }
            | Self::OutsideDates { .. }
            | Self::Tls { .. }
            | Self::ProxyLogin { .. }
            | Self::ProxyScheme { .. }
            | Self::ProxyCredentials { .. }
            | Self::ProxyForbids { .. }
            | Self::ProxyRefused { .. }
            | Self::BadHeader { .. }
            | Self::TooSlow { .. }
            | Self::TooLarge { .. }
            | Self::CertificateFileUnreadable { .. }
            | Self::NoCertificate { .. }
            | Self::NoRoots
            | Self::BadProxy { .. }
            | Self::Unwritable { .. } => None,
        }
    }

    /// The part of the way at which it broke.
    #[must_use]
    pub const fn layer(&self) -> Layer {
        match self {
            Self::HostNotFound { .. } => Layer::Name,
            Self::ConnectionRefused { .. }
            | Self::Unreachable { .. }
            | Self::ConnectTimeout { .. }
            | Self::ProxyLogin { .. }
            | Self::ProxyScheme { .. }
            | Self::ProxyCredentials { .. }
            | Self::ProxyForbids { .. }
            | Self::ProxyRefused { .. }
            | Self::BadProxy { .. } => Layer::Connection,
            Self::UntrustedIssuer { .. }
            | Self::WrongName { .. }
            | Self::OutsideDates { .. }
            | Self::Tls { .. }
            | Self::CertificateFileUnreadable { .. }
            | Self::NoCertificate { .. }
            | Self::NoRoots => Layer::Tls,
            Self::NoResponse { .. }
            | Self::Silent { .. }
            | Self::TooSlow { .. }
            | Self::Dropped { .. }
            | Self::Broken { .. }
            | Self::Garbled { .. }
            | Self::TooLarge { .. }
            | Self::BadHeader { .. }
            | Self::Unwritable { .. }
            | Self::NoAnswer { .. } => Layer::Answer,
        }
    }

    fn host(&self) -> Option<&str> {
        match self {
            Self::HostNotFound { host, .. }
            | Self::ConnectionRefused { host, .. }
            | Self::Unreachable { host, .. }
            | Self::ConnectTimeout { host, .. }
            | Self::UntrustedIssuer { host, .. }
            | Self::WrongName { host, .. }
            | Self::OutsideDates { host, .. }
            | Self::Tls { host, .. }
            | Self::ProxyLogin { host, .. }
            | Self::ProxyScheme { host, .. }
            | Self::ProxyCredentials { host, .. }
            | Self::ProxyForbids { host, .. }
            | Self::ProxyRefused { host, .. }
            | Self::BadHeader { host, .. }
            | Self::NoResponse { host, .. }
            | Self::Silent { host, .. }
            | Self::TooSlow { host, .. }
            | Self::Dropped { host, .. }
            | Self::Broken { host, .. }
            | Self::Garbled { host, .. }
            | Self::TooLarge { host, .. }
            | Self::Unwritable { host }
            | Self::NoAnswer { host, .. } => Some(host),
            Self::CertificateFileUnreadable { .. }
            | Self::NoCertificate { .. }
            | Self::NoRoots
            | Self::BadProxy { .. } => None,
        }
    }
}

impl Diagnose for NetError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::HostNotFound { .. } => &phrases::HOST_NOT_FOUND,
            Self::ConnectionRefused { .. } => &phrases::CONNECTION_REFUSED,
            Self::Unreachable { .. } => &phrases::UNREACHABLE,
            Self::ConnectTimeout { .. } => &phrases::CONNECT_TIMEOUT,
            Self::UntrustedIssuer { .. } => &phrases::UNTRUSTED_ISSUER,
            Self::WrongName { .. } => &phrases::WRONG_NAME,
            Self::OutsideDates { .. } => &phrases::OUTSIDE_DATES,
            Self::Tls { .. } => &phrases::TLS,
            Self::ProxyLogin { .. } => &phrases::PROXY_LOGIN,
            Self::ProxyScheme { .. } => &phrases::PROXY_SCHEME,
            Self::ProxyCredentials { .. } => &phrases::PROXY_CREDENTIALS,
            Self::ProxyForbids { .. } => &phrases::PROXY_FORBIDS,
            Self::BadHeader { .. } => &phrases::BAD_HEADER,
            Self::ProxyRefused { .. } => &phrases::PROXY_REFUSED,
            Self::NoResponse { .. } | Self::Silent { .. } => &phrases::SILENT,
            Self::TooSlow { .. } => &phrases::TOO_SLOW,
            Self::Dropped { .. } | Self::Broken { .. } => &phrases::BROKEN,
            Self::Garbled { .. } => &phrases::GARBLED,
            Self::TooLarge { .. } => &phrases::TOO_LARGE,
            Self::CertificateFileUnreadable { .. } | Self::NoCertificate { .. } => &phrases::BAD_CERTIFICATE_FILE,
            Self::NoRoots => &phrases::NO_ROOTS,
            Self::BadProxy { .. } => &phrases::BAD_PROXY,
            Self::Unwritable { .. } => &phrases::UNWRITABLE,
            Self::NoAnswer { .. } => &phrases::NO_ANSWER,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = Vec::new();
        if let Some(host) = self.host() {
            facts.push(("host", host.to_owned()));
        }
        match self {
            Self::CertificateFileUnreadable { given_by, path } | Self::NoCertificate { given_by, path } => {
                facts.push(("given_by", (*given_by).to_owned()));
                facts.push(("path", path.display().to_string()));
            }
            Self::BadProxy { variable } => facts.push(("variable", (*variable).to_owned())),
            _ => {}
        }
        facts
    }
}

/// The types of these failures are private to the HTTP library, so their texts are all there is to tell them by.
fn of_proxy(error: &(dyn Error + 'static), host: &str) -> Option<NetError> {
    chain(error).find_map(|layer| {
        let text = layer.to_string();
        if text.contains("tunnel error") && text.contains("authorization required") {
            return Some(NetError::ProxyLogin { host: host.to_owned(), proxy: None });
        }
        if text.contains("tunnel error") {
            return Some(NetError::ProxyRefused { host: host.to_owned(), proxy: None, cause: Cause::innermost(layer) });
        }
        let text = format!("{layer:?}");
        let is_socks = text.starts_with("Socks");
        is_socks.then(|| NetError::ProxyRefused { host: host.to_owned(), proxy: None, cause: Cause(text) })
    })
}

fn of_tls(error: &(dyn Error + 'static), host: &str) -> Option<NetError> {
    use rustls::CertificateError as Certificate;
    let tls = chain(error).find_map(|layer| layer.downcast_ref::<rustls::Error>())?;
    let host = host.to_owned();
    let cause = Cause(tls.to_string());
    Some(match tls {
        rustls::Error::InvalidCertificate(Certificate::UnknownIssuer) => NetError::UntrustedIssuer { host, cause },
        rustls::Error::InvalidCertificate(
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. },
        ) => NetError::WrongName { host, cause },
        rustls::Error::InvalidCertificate(
            Certificate::Expired
            | Certificate::ExpiredContext { .. }
            | Certificate::NotValidYet
            | Certificate::NotValidYetContext { .. },
        ) => NetError::OutsideDates { host, cause },
        _ => NetError::Tls { host, cause },
    })
}

fn of_connect(error: &(dyn Error + 'static), host: String, cause: Cause) -> NetError {
    use std::io::ErrorKind;
    let kind = chain(error).find_map(|layer| layer.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    match kind {
        Some(ErrorKind::ConnectionRefused) => NetError::ConnectionRefused { host, cause },
        Some(ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown) => {
            NetError::Unreachable { host, cause }
        }
        // A reset or an end in the middle of a handshake is what a firewall that inspects TLS looks like.
        Some(ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => NetError::Tls { host, cause },
        _ => NetError::Unreachable { host, cause },
    }
}

/// Whether the connection ended where it should not.
fn is_lost(error: &(dyn Error + 'static)) -> bool {
    use std::io::ErrorKind;
    chain(error).any(|layer| {
        if let Some(http) = layer.downcast_ref::<hyper::Error>() {
            return http.is_incomplete_message()
                || http.is_closed()
                || http.is_canceled()
                || http.is_body_write_aborted();
        }
        layer.downcast_ref::<std::io::Error>().is_some_and(|io| {
            matches!(
                io.kind(),
                ErrorKind::UnexpectedEof
                    | ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::BrokenPipe
                    | ErrorKind::NotConnected
            )
        })
    })
}

/// An error and the causes beneath it. An [`std::io::Error`] that wraps another error hides it from `source()`, so it is
/// opened here.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    fn beneath<'a>(layer: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        if let Some(hidden) = layer.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            return Some(hidden);
        }
        layer.source()
    }
    std::iter::successors(Some(error), |layer| beneath(*layer))
}

fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 { format!("{} s", duration.as_secs()) } else { format!("{duration:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::CertificateError;

    fn judged(error: rustls::Error) -> &'static str {
        let wrapped = std::io::Error::new(std::io::ErrorKind::InvalidData, error);
        of_tls(&wrapped, "contoso.crm.dynamics.com").map_or("", |error| error.phrase().code)
    }

    #[test]
    fn each_kind_of_bad_certificate_has_its_own_way_out() {
        assert_eq!(judged(CertificateError::UnknownIssuer.into()), "net/untrusted-issuer");
        assert_eq!(judged(CertificateError::NotValidForName.into()), "net/wrong-name");
        assert_eq!(judged(CertificateError::Expired.into()), "net/certificate-dates");
        assert_eq!(judged(CertificateError::NotValidYet.into()), "net/certificate-dates");
        assert_eq!(judged(CertificateError::Revoked.into()), "net/tls");
        assert_eq!(judged(rustls::Error::General("x".into())), "net/tls");
    }

    #[test]
    fn a_cause_is_the_innermost_text() {
        let inner = std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "nobody listens");
        let outer = std::io::Error::other(inner);
        assert_eq!(Cause::innermost(&outer).to_string(), "nobody listens");
    }
}
