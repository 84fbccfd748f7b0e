//! The strict reading of an address: harmless noise is taken off and told, everything else names the part at fault. No
//! other parser runs before this one, because they fold, drop and decode what a person can't see.

use std::net::Ipv6Addr;

use crate::tenant::cloud::{Cloud, before_ending};
use crate::tenant::foreign::{Product, environment_of};
use crate::tenant::mend::resembles_an_organisation;
use crate::tenant::{Parsed, Repair, TenantUrl, error::Mistake};

/// First labels that Microsoft keeps for services of its own.
const SERVICE_LABELS: [&str; 5] = ["api", "dev", "disco", "globaldisco", "www"];

/// The longest host in DNS, in characters (RFC 1035 §2.3.4, without the root's dot).
pub(super) const LONGEST_HOST: usize = 253;
/// The longest label in DNS (RFC 1035 §2.3.4).
const LONGEST_LABEL: usize = 63;

/// The verdict on what a user typed.
pub(super) fn judge(text: &str) -> Result<Parsed, Mistake> {
    let mut repairs = Vec::new();
    let bare = text.trim_matches(is_wrapping);
    if bare.len() != text.len() {
        repairs.push(Repair::WrappingRemoved);
    }
    refuse_characters(bare)?;
    if let Ok(id) = uuid::Uuid::try_parse(bare) {
        return Err(Mistake::IdAlone { id: id.to_string() });
    }

    let parts = Parts::of(bare)?;
    let host = parts.host.to_ascii_lowercase();
    if parts.scheme.is_none() {
        repairs.push(Repair::SchemeAdded);
    }
    if host != parts.host || parts.scheme.is_some_and(|scheme| scheme != scheme.to_ascii_lowercase()) {
        repairs.push(Repair::LowerCased);
    }
    let is_http = parts.scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
    if is_http && matches!(host.as_str(), "127.0.0.1" | "[::1]") {
        let port = parts.port.and_then(sandbox_port).ok_or(Mistake::SandboxPort)?;
        return match parts.rest {
            "" => Ok(Parsed { url: TenantUrl::of_sandbox(host, port), repairs }),
            "/" => {
                repairs.push(Repair::SlashRemoved);
                Ok(Parsed { url: TenantUrl::of_sandbox(host, port), repairs })
            }
            _ => Err(Mistake::SandboxPath),
        };
    }

    refuse_host(&host)?;
    let labels: Vec<&str> = host.split('.').collect();
    let organisation = organisation_of(&labels).map_err(|mistake| match mistake {
        // What looks like a bare domain was probably typed as one.
        Mistake::UnknownHost { host } if parts.is_only_a_host() => Mistake::Domain { domain: host },
        Mistake::OtherProduct { product, host, .. } => {
            Mistake::OtherProduct { product, host, environment: environment_of(&labels, parts.rest) }
        }
        mistake => mistake,
    })?;
    if is_http {
        return Err(Mistake::Http { host });
    }
    if organisation.has_api_label {
        repairs.push(Repair::ApiLabelRemoved);
    }
    match parts.port {
        None => {}
        Some("443") => repairs.push(Repair::PortRemoved),
        Some(port) => return Err(Mistake::Port { port: shortened(port), host }),
    }
    match parts.rest {
        "" => {}
        "/" => repairs.push(Repair::SlashRemoved),
        _ => repairs.push(Repair::PathRemoved),
    }
    let region = &labels[labels.len() - organisation.ending_labels..];
    let host = format!("{}.{}", organisation.name, region.join("."));
    Ok(Parsed { url: TenantUrl::of_organisation(host, organisation.cloud), repairs })
}

/// What may stand around an address that was copied from a text: spaces, quotation marks, angle brackets.
pub(super) fn is_wrapping(character: char) -> bool {
    matches!(character, ' ' | '"' | '\'' | '`' | '<' | '>' | '\u{ab}' | '\u{bb}' | '\u{2039}' | '\u{203a}')
        || ('\u{2018}'..='\u{201f}').contains(&character)
}

/// Refuses what other parsers drop, fold or turn into something else without a word.
fn refuse_characters(text: &str) -> Result<(), Mistake> {
    for character in text.chars() {
        if character.is_ascii_control() {
            return Err(Mistake::ControlCharacter { character: code_point(character) });
        }
        if !character.is_ascii() {
            return Err(Mistake::NotAscii { character: code_point(character) });
        }
        if character == '\\' {
            return Err(Mistake::Backslash);
        }
    }
    Ok(())
}

/// `U+200B`: safe on a terminal, and visible where the character isn't.
fn code_point(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

/// An address cut at its joints, nothing decoded.
struct Parts<'a> {
    scheme: Option<&'a str>,
    host: &'a str,
    port: Option<&'a str>,
    /// Path, query and fragment, from their first character on.
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Result<Self, Mistake> {
        if text.is_empty() {
            return Err(Mistake::NoHost);
        }
        let (scheme, after_scheme) = cut_scheme(text)?;
        let end = after_scheme.find(['/', '?', '#']).unwrap_or(after_scheme.len());
        let (authority, rest) = after_scheme.split_at(end);
        if let Some((user, host)) = authority.rsplit_once('@') {
            return Err(user_or_email(scheme, user, host));
        }
        if authority.contains('%') {
            return Err(Mistake::PercentEncoded);
        }
        let (host, port) = cut_port(authority);
        if host.is_empty() {
            return Err(Mistake::NoHost);
        }
        Ok(Self { scheme, host, port, rest })
    }

    fn is_only_a_host(&self) -> bool {
        self.scheme.is_none() && self.port.is_none() && self.rest.is_empty()
    }
}

/// Takes `https://` or `http://` off the front; a missing one is fine, another one or half of one is not.
fn cut_scheme(text: &str) -> Result<(Option<&str>, &str), Mistake> {
    let refuse = |scheme: &str| Err(Mistake::Scheme { scheme: shortened(scheme) });
    if text.starts_with("//") {
        return refuse("//");
    }
    let is_scheme = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    };
    if let Some((scheme, rest)) = text.split_once("://")
        && is_scheme(scheme)
    {
        let is_web = ["https", "http"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
        return match rest.chars().next() {
            None | Some('?' | '#') => Err(Mistake::NoHost),
            _ if !is_web => refuse(&format!("{scheme}://")),
            Some('/') => refuse(&format!("{scheme}:///")),
            Some(_) => Ok((Some(scheme), rest)),
        };
    }
    // `https:contoso…` and `https:/contoso…` are addresses to a browser; `contoso…:443` is a host and its port.
    let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
    if !authority.contains('@')
        && let Some((word, after)) = authority.split_once(':')
        && is_scheme(word)
        && !word.contains('.')
        && (after.is_empty() || !after.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return refuse(&format!("{word}:"));
    }
    Ok((None, text))
}

/// Something stands before an `@`: a name and a password, or the first half of an e-mail address.
fn user_or_email(scheme: Option<&str>, user: &str, host: &str) -> Mistake {
    let host = host.to_ascii_lowercase();
    let is_host = host.len() <= LONGEST_HOST && refuse_host(&host).is_ok();
    let is_organisation = is_host && organisation_of(&host.split('.').collect::<Vec<_>>()).is_ok();
    let user = user.strip_prefix("mailto:").unwrap_or(user);
    if is_host && !is_organisation && scheme.is_none() && !user.is_empty() && !user.contains([':', '@']) {
        Mistake::Email { domain: host }
    } else {
        Mistake::UserInformation { host: shortened(&host) }
    }
}

/// Cuts at the colon before the port; the colons inside an IPv6 literal, with or without brackets, belong to the host.
fn cut_port(authority: &str) -> (&str, Option<&str>) {
    if authority.parse::<Ipv6Addr>().is_ok() {
        return (authority, None);
    }
    let from = if authority.starts_with('[') { authority.find(']').unwrap_or(0) } else { 0 };
    match authority[from..].find(':') {
        Some(at) => (&authority[..from + at], Some(&authority[from + at + 1..])),
        None => (authority, None),
    }
}

/// A port as the sandbox prints it: decimal, without leading zeros, not zero.
fn sandbox_port(text: &str) -> Option<u16> {
    let port = text.parse::<u16>().ok().filter(|port| *port != 0)?;
    (port.to_string() == text).then_some(port)
}

/// Refuses a lower-case host that no organisation can have, whatever its labels say.
fn refuse_host(host: &str) -> Result<(), Mistake> {
    if host.starts_with('[') || host.parse::<Ipv6Addr>().is_ok() {
        return Err(Mistake::IpAddress { host: shortened(host) });
    }
    if host.len() > LONGEST_HOST {
        return Err(Mistake::LongHost { length: host.len() });
    }
    let is_odd = |character: &char| !(character.is_ascii_alphanumeric() || matches!(character, '-' | '.'));
    if let Some(character) = host.chars().find(is_odd) {
        return Err(Mistake::HostCharacter { character });
    }
    if let Some(undotted) = host.strip_suffix('.')
        && !undotted.is_empty()
        && !undotted.ends_with('.')
    {
        return Err(Mistake::TrailingDot { host: host.to_owned() });
    }
    for label in host.split('.') {
        if label.is_empty() {
            return Err(Mistake::EmptyLabel);
        }
        if label.len() > LONGEST_LABEL {
            return Err(Mistake::LongLabel { length: label.len() });
        }
        if label.starts_with("xn--") {
            return Err(Mistake::Punycode { label: label.to_owned() });
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(Mistake::Hyphen { label: label.to_owned() });
        }
    }
    Ok(())
}

/// An organisation's host, understood.
struct Organisation<'a> {
    name: &'a str,
    has_api_label: bool,
    cloud: &'static Cloud,
    /// How many labels, from the right, are the cloud's.
    ending_labels: usize,
}

/// Finds the organisation in the labels of a host that [`refuse_host`] let through.
fn organisation_of<'a>(labels: &[&'a str]) -> Result<Organisation<'a>, Mistake> {
    let host = || labels.join(".");
    if let Some((before, cloud)) = Cloud::cut(labels) {
        let ending_labels = labels.len() - before.len();
        return match *before {
            [] => Err(Mistake::Incomplete { host: host() }),
            [name] | [name, "api"] if SERVICE_LABELS.contains(&name) => {
                Err(Mistake::ServiceLabel { host: host(), label: name.to_owned() })
            }
            [name] => Ok(Organisation { name, has_api_label: false, cloud, ending_labels }),
            [name, "api"] => Ok(Organisation { name, has_api_label: true, cloud, ending_labels }),
            _ => Err(Mistake::ExtraLabel { host: host(), count: before.len() }),
        };
    }
    Err(stranger(labels, host()))
}

/// Words the refusal of a host that is in no cloud.
fn stranger(labels: &[&str], host: String) -> Mistake {
    let last = labels.last().copied().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    if last == "localhost" {
        Mistake::Localhost { host }
    } else if is_number {
        // Whatever ends in a number is an IPv4 address to a browser (WHATWG URL, "ends in a number").
        Mistake::IpAddress { host }
    } else if let Ok(id) = uuid::Uuid::try_parse(&host) {
        Mistake::IdAlone { id: id.to_string() }
    } else if labels.len() == 1 {
        Mistake::BareName { name: host }
    } else if let Some(product) = Product::of(labels) {
        Mistake::OtherProduct { product, host, environment: None }
    } else if before_ending(labels, "crm*.microsoftdynamics.de").is_some() {
        Mistake::RetiredCloud { host }
    } else if before_ending(labels, "onmicrosoft.com").is_some() {
        Mistake::Domain { domain: host }
    } else if super::CLOUDS.iter().any(|cloud| before_ending(labels, cloud.domain()).is_some()) {
        Mistake::Incomplete { host }
    } else if resembles_an_organisation(labels) {
        Mistake::LookAlike { host }
    } else {
        Mistake::UnknownHost { host }
    }
}

/// Enough of an odd part to recognise it by.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.len() <= LONGEST { text.to_owned() } else { format!("{}…", &text[..LONGEST]) }
}
