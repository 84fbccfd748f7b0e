//! What was probably meant by an address that was refused. It guesses generously, and the guess is only ever offered:
//! it has to pass the strict reading, and nobody is sent there unasked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::tenant::cloud::{Cloud, before_ending, is_region};
use crate::tenant::judge::{LONGEST_HOST, is_wrapping, judge};
use crate::tenant::{CLOUDS, Parsed};

/// The repaired address, if the guess is one that would be accepted.
pub(super) fn mend(text: &str) -> Option<Parsed> {
    // A long text is no address with a slip of the pen in it.
    if text.len() > 4096 {
        return None;
    }
    let plain: String = text.chars().filter(|character| !is_unseen(*character)).map(look_alike).collect();
    let plain = plain.trim_matches(|character: char| is_wrapping(character) || character.is_whitespace());
    let after_scheme = without_scheme(plain).trim_start_matches('/');
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = cut_port(host_and_port);
    let host = folded(host).filter(|host| host.len() <= LONGEST_HOST)?;

    let loopback = loopback_literal(&host);
    let guess = match (loopback, port) {
        (Some(literal), Some(port)) => format!("http://{literal}:{port}"),
        (Some(_), None) => return None,
        (None, _) => {
            let labels: Vec<&str> = host.split('.').filter(|label| !label.is_empty()).collect();
            format!("https://{}", embedded(&labels).or_else(|| misspelt(&labels))?)
        }
    };
    judge(&guess).ok()
}

/// Whether a host that is in no cloud was made, by a slip or on purpose, to be read as an organisation's.
pub(super) fn resembles_an_organisation(labels: &[&str]) -> bool {
    embedded(labels).is_some()
        || misspelt(labels).is_some()
        || labels.iter().any(|label| label.contains("dynamics") || label.contains("appsplatform"))
}

/// Characters that take no room: controls, soft hyphen, zero-width spaces and joiners, byte order mark.
fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// `о` → `o`, `\` → `/`: letters of other scripts that are drawn like Latin ones (Unicode TS 39, the common cases).
fn look_alike(character: char) -> char {
    match character {
        '\\' => '/',
        'а' | 'α' => 'a',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' => 'e',
        'ɡ' => 'g',
        'һ' => 'h',
        'і' | 'ι' | 'ı' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ⅼ' | 'ӏ' => 'l',
        'м' => 'm',
        'п' => 'n',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' => 'u',
        'ѵ' | 'ν' => 'v',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        other => other,
    }
}

/// Takes off `https://`, `https:`, `ftp://`: any word and its colon, unless the colon stands before a port.
fn without_scheme(text: &str) -> &str {
    match text.split_once(':') {
        Some((word, rest))
            if word.chars().all(|character| character.is_ascii_alphabetic())
                && !rest.starts_with(|first: char| first.is_ascii_digit()) =>
        {
            rest
        }
        _ => text,
    }
}

fn cut_port(text: &str) -> (&str, Option<u16>) {
    if text.parse::<Ipv6Addr>().is_ok() || text.ends_with(']') {
        return (text, None);
    }
    match text.rsplit_once(':') {
        Some((host, port)) => {
            (host.split(':').next().filter(|_| !host.starts_with('[')).unwrap_or(host), port.parse().ok())
        }
        None => (text, None),
    }
}

/// Percent-decoding and the folding of UTS 46, exactly as a browser does them.
fn folded(host: &str) -> Option<String> {
    let host = host.trim_end_matches('.');
    match ::url::Host::parse(host).ok()? {
        ::url::Host::Domain(domain) => Some(domain),
        ::url::Host::Ipv4(address) => Some(address.to_string()),
        ::url::Host::Ipv6(address) => Some(address.to_string()),
    }
}

fn loopback_literal(host: &str) -> Option<&'static str> {
    match host.parse::<IpAddr>() {
        Ok(address) if address == IpAddr::V6(Ipv6Addr::LOCALHOST) => Some("[::1]"),
        Ok(address) if address == IpAddr::V4(Ipv4Addr::LOCALHOST) => Some("127.0.0.1"),
        Ok(_) => None,
        Err(_) => (host == "localhost" || host.ends_with(".localhost")).then_some("127.0.0.1"),
    }
}

/// The last organisation's host that is spelled out somewhere in `labels`: behind `www.`, or in front of another domain.
fn embedded(labels: &[&str]) -> Option<String> {
    (0..=labels.len()).rev().find_map(|end| {
        CLOUDS.iter().find_map(|cloud| {
            let before = before_ending(&labels[..end], cloud.ending)?;
            let ([.., name, "api"] | [.., name]) = before else { return None };
            Some(format!("{name}.{}", labels[before.len()..end].join(".")))
        })
    })
}

/// `contoso.crm4.dynamic.com`: a name and a region that are well-formed, and a domain that is at most two letters off.
fn misspelt(labels: &[&str]) -> Option<String> {
    let (name, region, domain) = match labels {
        [name, "api", region, domain @ ..] | [name, region, domain @ ..] => (name, region, domain.join(".")),
        _ => return None,
    };
    // The German domain was no misspelling of the American one.
    if !is_region(region) || domain.len() > 32 || domain == "microsoftdynamics.de" {
        return None;
    }
    let nearest = CLOUDS.iter().map(Cloud::domain).min_by_key(|known| distance(known, &domain))?;
    // A region's number exists in one domain only; `contoso.crm4.dynamics.cn` is no better than what was typed.
    let is_likely = distance(nearest, &domain) <= 2 && (nearest == "dynamics.com" || *region == "crm");
    is_likely.then(|| format!("{name}.{region}.{nearest}"))
}

/// How many letters have to be added, dropped or changed to make one word of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, candidate) in other.bytes().enumerate() {
            let changed = diagonal + usize::from(letter != candidate);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_letters() {
        for (one, other, wanted) in
            [("", "", 0), ("dynamics.com", "dynamics.com", 0), ("dynamics.com", "dynamic.com", 1), ("ab", "ba", 2)]
        {
            assert_eq!(distance(one, other), wanted, "{one} {other}");
        }
    }

    #[test]
    fn nothing_is_offered_that_would_be_refused() {
        for hopeless in ["", "::::", "@", "evil.example", "http://127.0.0.1", "https://www.crm.dynamics.com", "[", "%"]
        {
            assert!(mend(hopeless).is_none(), "{hopeless:?}");
        }
    }

    #[test]
    fn several_slips_at_once_are_mended_at_once() {
        let text = "ftp:\\\\ines:pw@www.c\u{43e}ntoso.api.crm4.dynamics.com.:8443\\main.aspx";
        let mended = mend(text).map(|parsed| parsed.url.to_string());
        assert_eq!(mended.as_deref(), Some("https://contoso.crm4.dynamics.com"));
    }
}
