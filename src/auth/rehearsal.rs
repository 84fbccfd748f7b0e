//! A sign-in without a user, to learn whether Entra would send its answer back to us: what the browser would show and the
//! listener never hears. No token is asked for, and nothing is signed in.

use crate::auth::{AuthError, Authorization, EntraError, Refusal};
use crate::net::{Http, Request};

/// More than any of Entra's pages that matters here.
const LONGEST: usize = 1 << 20;
/// "No session" (Microsoft Learn, "Microsoft identity platform error codes"): exactly what nobody at the browser means.
const NO_SESSION: u32 = 50_058;
/// What Entra says of an app, its redirect URI or a tenant whoever signs in, so that no sign-in can succeed.
const FINAL: [u32; 7] = [50_011, 500_113, 900_971, 700_016, 90_002, 900_382, 900_432];

/// What Entra thinks of an app and its redirect URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rehearsal {
    /// It would come back to us: app and redirect URI are known.
    Registered,
    /// It answered in a way that tells nothing.
    Unclear,
}

/// Asks for the sign-in page with `prompt=none`. Entra answers a request that it would serve by coming back with
/// `login_required`, and one that it would not with a page that names an AADSTS number (`OpenID` Connect Core §3.1.2.6).
///
/// # Errors
/// [`AuthError::Refused`] with what the browser would show whoever signed in; [`AuthError::Net`] when no answer comes.
pub async fn rehearse(http: &Http, authorization: &Authorization) -> Result<Rehearsal, AuthError> {
    let origin = authorization.authority.origin();
    let Some(path) = authorization.url.strip_prefix(origin.as_str()) else { return Ok(Rehearsal::Unclear) };
    let request = Request::get(format!("{path}&prompt=none")).header("accept", "text/html");
    let mut response = http.send(origin, &request, None).await?;
    let location = response.header("location").map(str::to_owned);
    let page = match &location {
        Some(location) if location.starts_with(&authorization.redirect_uri) => location.clone(),
        // Somebody else's sign-in page: the user's own organisation, for example.
        Some(_) => return Ok(Rehearsal::Unclear),
        None => String::from_utf8_lossy(&response.body.read(LONGEST).await?).into_owned(),
    };
    match number_in(&page) {
        Some(number) if FINAL.contains(&number) => {
            let said = if location.is_some() { format!("AADSTS{number}") } else { words_in(&page) };
            let error = EntraError::from_redirect("invalid_request", Some(&said), None);
            Err(AuthError::Refused(Box::new(Refusal::of_sign_in(error, authorization))))
        }
        Some(NO_SESSION) => Ok(Rehearsal::Registered),
        None if location.is_some() || page.contains("login_required") => Ok(Rehearsal::Registered),
        // Any other number may be about whoever asks without a session, and not about what is asked for.
        Some(_) | None => Ok(Rehearsal::Unclear),
    }
}

/// The first AADSTS number of a text.
fn number_in(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("AADSTS")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    if (4..=8).contains(&digits.len()) { digits.parse().ok() } else { None }
}

/// The sentence that the first number of a page begins, as far as it is plain text.
fn words_in(page: &str) -> String {
    let from = page.find("AADSTS").unwrap_or_default();
    let rest = page.get(from..).unwrap_or_default();
    let plain = rest.split(['<', '\n', '\r']).next().unwrap_or_default();
    let mut plain: String = plain.chars().take(400).collect();
    for (written, meant) in
        [("&#39;", "'"), ("&#x27;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
    {
        plain = plain.replace(written, meant);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_page_are_taken_as_far_as_they_are_plain() {
        let page = "<h1>Sorry</h1><p>AADSTS50011: The redirect URI does not match.</p><p>x</p>";
        assert_eq!(words_in(page), "AADSTS50011: The redirect URI does not match.");
        assert_eq!(words_in("AADSTS50011: &#39;a&amp;b&#39;"), "AADSTS50011: 'a&b'");
    }

    #[test]
    fn a_number_is_found_in_a_page_and_in_an_address() {
        assert_eq!(number_in("<p>AADSTS50011: no such redirect URI</p>"), Some(50_011));
        assert_eq!(
            number_in("http://localhost/?error=login_required&error_description=AADSTS50058%3a+no"),
            Some(50_058)
        );
        for nothing in ["", "AADSTS", "AADSTSx", "AADSTS12", "50011"] {
            assert_eq!(number_in(nothing), None, "{nothing}");
        }
    }
}
