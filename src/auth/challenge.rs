//! Reading `WWW-Authenticate`: what a 401 says about who may sign a user in. Whether to believe it is judged elsewhere.

/// Longest header that is looked at, in bytes; a real one has about 200.
const LONGEST: usize = 8 * 1024;
/// Most headers that are looked at.
const MOST: usize = 8;

/// What the `Bearer` challenge of a 401 says.
///
/// The shape is Dataverse's: `Bearer authorization_uri=…, resource_id=…`, unquoted. Quoted values, spaces in place of
/// commas, several challenges and several headers are understood too, because sibling services send them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The authorize endpoint of the tenant that owns the organisation, as sent.
    pub authorization_uri: String,
    /// The resource to ask a token for: the organisation's address, usually with a final slash, as sent.
    pub resource_id: String,
    /// `error`, for instance `invalid_token` or `insufficient_claims`.
    pub error: Option<String>,
    /// `claims`, still in base64: what the next token must hold.
    pub claims: Option<String>,
}

/// Why a 401 is not one of Dataverse's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// There is no readable header at all.
    #[error("its 401 has no `WWW-Authenticate` header")]
    Absent,
    /// More text than any honest server sends.
    #[error("its `WWW-Authenticate` header is longer than {LONGEST} bytes or comes more than {MOST} times")]
    TooLong,
    /// `Negotiate` or `NTLM` without `Bearer`: Dynamics on-premises.
    #[error("it asks for Windows authentication (Negotiate or NTLM)")]
    OnPremises,
    /// Some other scheme.
    #[error("its 401 offers no Bearer challenge")]
    NotBearer,
    /// A Bearer challenge of another service.
    #[error("its Bearer challenge has no `{0}`")]
    Missing(&'static str),
    /// The same parameter twice in one challenge: which one to believe?
    #[error("its Bearer challenge has `{0}` twice")]
    Repeated(&'static str),
    /// A quotation mark without its twin, or bytes no header may hold.
    #[error("its `WWW-Authenticate` header is garbled")]
    Garbled,
}

/// The parameters that matter, in the order of `Found`'s fields.
const WANTED: [&str; 4] = ["authorization_uri", "resource_id", "error", "claims"];

#[derive(Default)]
struct Found([Option<String>; 4]);

impl Challenge {
    /// Reads every `WWW-Authenticate` header of one answer and takes the first complete Bearer challenge.
    ///
    /// # Errors
    /// [`ChallengeError`] when there is none.
    pub fn parse<'a>(headers: impl Iterator<Item = &'a str>) -> Result<Self, ChallengeError> {
        let (bearers, schemes) = read_headers(headers)?;
        if bearers.is_empty() {
            let is_windows = |scheme: &String| {
                ["negotiate", "ntlm", "kerberos"].iter().any(|windows| scheme.eq_ignore_ascii_case(windows))
            };
            return Err(match (schemes.is_empty(), schemes.iter().any(is_windows)) {
                (true, _) => ChallengeError::Absent,
                (_, true) => ChallengeError::OnPremises,
                _ => ChallengeError::NotBearer,
            });
        }
        let mut first_fault = None;
        for Found([authorization_uri, resource_id, error, claims]) in bearers {
            match (authorization_uri, resource_id) {
                (Some(authorization_uri), Some(resource_id)) => {
                    return Ok(Self { authorization_uri, resource_id, error, claims });
                }
                (None, _) => first_fault = first_fault.or(Some(WANTED[0])),
                (_, None) => first_fault = first_fault.or(Some(WANTED[1])),
            }
        }
        Err(ChallengeError::Missing(first_fault.unwrap_or(WANTED[0])))
    }

    /// The `claims` of a 401 that says `insufficient_claims`, still in base64. Such a challenge may name no resource
    /// (Microsoft Learn, "Claims challenges, claims requests and client capabilities"). What can't be read demands nothing.
    pub(super) fn demand<'a>(headers: impl Iterator<Item = &'a str>) -> Option<String> {
        let (bearers, _) = read_headers(headers).ok()?;
        bearers.into_iter().find_map(|Found([_, _, error, claims])| {
            claims.filter(|_| error.is_some_and(|error| error.eq_ignore_ascii_case("insufficient_claims")))
        })
    }
}

/// Every Bearer challenge in these headers, and every scheme's name.
fn read_headers<'a>(headers: impl Iterator<Item = &'a str>) -> Result<(Vec<Found>, Vec<String>), ChallengeError> {
    let mut bearers = Vec::new();
    let mut schemes = Vec::new();
    for (count, header) in headers.enumerate() {
        if count >= MOST || header.len() > LONGEST {
            return Err(ChallengeError::TooLong);
        }
        read_header(header, &mut bearers, &mut schemes)?;
    }
    Ok((bearers, schemes))
}

fn read_header(header: &str, bearers: &mut Vec<Found>, schemes: &mut Vec<String>) -> Result<(), ChallengeError> {
    if header.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return Err(ChallengeError::Garbled);
    }
    let is_gap = |c: char| c == ',' || c == ' ' || c == '\t';
    let mut in_bearer = false;
    let mut rest = header.trim_start_matches(is_gap);
    while !rest.is_empty() {
        let end = rest.find(|c| is_gap(c) || c == '=' || c == '"').unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let after_gap = after.trim_start_matches([' ', '\t']);
        if let Some(value) = after_gap.strip_prefix('=') {
            let (value, after) = read_value(value.trim_start_matches([' ', '\t']))?;
            if let (true, Some(found)) = (in_bearer, bearers.last_mut()) {
                keep(found, word, value)?;
            }
            rest = after;
        } else if word.is_empty() {
            return Err(ChallengeError::Garbled);
        } else {
            in_bearer = word.eq_ignore_ascii_case("bearer");
            if in_bearer {
                bearers.push(Found::default());
            }
            schemes.push(word.to_owned());
            rest = after;
        }
        rest = rest.trim_start_matches(is_gap);
    }
    Ok(())
}

/// A value and what follows it: quoted text with `\"` inside, or everything up to a comma or a space.
fn read_value(text: &str) -> Result<(String, &str), ChallengeError> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, &quoted[at + 1..])),
            '\\' => value.push(letters.next().ok_or(ChallengeError::Garbled)?.1),
            other => value.push(other),
        }
    }
    Err(ChallengeError::Garbled)
}

fn keep(found: &mut Found, name: &str, value: String) -> Result<(), ChallengeError> {
    let Some(slot) = WANTED.iter().position(|wanted| wanted.eq_ignore_ascii_case(name)) else { return Ok(()) };
    if found.0[slot].replace(value).is_some() {
        return Err(ChallengeError::Repeated(WANTED[slot]));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const URI: &str = "https://login.microsoftonline.com/3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711/oauth2/authorize";
    const RESOURCE: &str = "https://adventure.crm4.dynamics.com/";

    fn check(headers: &[&str], expected: Result<(&str, &str), ChallengeError>) {
        let actual = Challenge::parse(headers.iter().copied());
        let actual = actual.map(|challenge| (challenge.authorization_uri, challenge.resource_id));
        assert_eq!(actual, expected.map(|(uri, resource)| (uri.to_owned(), resource.to_owned())), "{headers:?}");
    }

    #[test]
    fn every_honest_spelling_of_a_challenge_is_understood() {
        let plain = format!("Bearer authorization_uri={URI}, resource_id={RESOURCE}");
        for header in [
            plain.clone(),
            format!("bEaReR Authorization_URI={URI}, RESOURCE_id={RESOURCE}"),
            format!("Bearer authorization_uri=\"{URI}\", resource_id=\"{RESOURCE}\""),
            format!("Bearer authorization_uri={URI} resource_id={RESOURCE}"),
            format!("Bearer authorization_uri={URI},resource_id={RESOURCE}"),
            format!("Bearer resource_id = {RESOURCE} , authorization_uri = \"{URI}\""),
            format!("Negotiate, Bearer authorization_uri={URI}, resource_id={RESOURCE}"),
            format!("Basic realm=\"a, b=c\", Bearer authorization_uri={URI}, resource_id={RESOURCE}"),
            format!("Bearer realm=\"x=1, Bearer y\", authorization_uri={URI}, resource_id={RESOURCE}"),
        ] {
            check(&[&header], Ok((URI, RESOURCE)));
        }
        check(&["Negotiate", &plain], Ok((URI, RESOURCE)));
        check(&["Negotiate YIIabc==", "NTLM", &plain], Ok((URI, RESOURCE)));
        check(&["Bearer", &plain], Ok((URI, RESOURCE)));
    }

    #[test]
    fn the_error_and_the_claims_of_a_rejected_token_are_kept() {
        let header = format!(
            "Bearer realm=\"\", authorization_uri=\"{URI}\", resource_id=\"{RESOURCE}\", \
             error=\"insufficient_claims\", claims=\"eyJhIjoiYiJ9==\""
        );
        let challenge = Challenge::parse([header.as_str()].into_iter()).unwrap();
        assert_eq!(challenge.error.as_deref(), Some("insufficient_claims"));
        assert_eq!(challenge.claims.as_deref(), Some("eyJhIjoiYiJ9=="));
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        let uri_only = format!("Bearer authorization_uri={URI}");
        let resource_only = format!("Bearer resource_id={RESOURCE}");
        let twice = format!(
            "Bearer authorization_uri={URI}, authorization_uri=https://evil.example/x/oauth2/authorize, resource_id={RESOURCE}"
        );
        let stranger = format!("BearerX authorization_uri={URI}, resource_id={RESOURCE}");
        let long = format!("Bearer authorization_uri={}", "a".repeat(64 * 1024));
        check(&[], Err(ChallengeError::Absent));
        check(&[""], Err(ChallengeError::Absent));
        check(&["Bearer"], Err(ChallengeError::Missing("authorization_uri")));
        check(&[&uri_only], Err(ChallengeError::Missing("resource_id")));
        check(&[&resource_only], Err(ChallengeError::Missing("authorization_uri")));
        check(&["BearerX foo"], Err(ChallengeError::NotBearer));
        check(&[&stranger], Err(ChallengeError::NotBearer));
        check(&["Basic realm=\"x\""], Err(ChallengeError::NotBearer));
        check(&["Negotiate", "NTLM"], Err(ChallengeError::OnPremises));
        check(&[&twice], Err(ChallengeError::Repeated("authorization_uri")));
        check(&[&long], Err(ChallengeError::TooLong));
        check(&["Bearer"; 9], Err(ChallengeError::TooLong));
        check(&["Bearer authorization_uri=\"https://x"], Err(ChallengeError::Garbled));
        check(&["Bearer \"x\""], Err(ChallengeError::Garbled));
        check(&["Bearer a=\"x\\"], Err(ChallengeError::Garbled));
    }

    proptest! {
        #[test]
        fn no_header_makes_the_reader_panic(headers in proptest::collection::vec(".{0,200}", 0..4)) {
            let _ = Challenge::parse(headers.iter().map(String::as_str));
        }

        #[test]
        fn a_quoted_value_comes_out_as_it_went_in(value in "[ -~]{0,60}") {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
            let header = format!("Bearer authorization_uri=\"{escaped}\", resource_id=r");
            let challenge = Challenge::parse([header.as_str()].into_iter());
            prop_assert_eq!(challenge.map(|challenge| challenge.authorization_uri), Ok(value));
        }
    }
}
