//! The organisation's address as a value that exists only in its canonical form. Nothing here talks to anybody.

use std::fmt;

use crate::tenant::{Cloud, TenantError, judge, mend};

/// An organisation's address: `https`, a lower-case ASCII host of a known cloud, no user, no port, no path. The one
/// exception is the sandbox: `http` on a loopback IP literal with a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantUrl {
    text: String,
    host: String,
    port: Option<u16>,
    cloud: &'static Cloud,
}

/// What was done to an address to make it one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// Spaces, quotation marks or angle brackets around the address were taken off.
    WrappingRemoved,
    /// `https://` was put in front.
    SchemeAdded,
    /// Capital letters of the scheme or the host were made small.
    LowerCased,
    /// The label `api`, which marks the Web API's host of the same organisation, was taken out.
    ApiLabelRemoved,
    /// `:443` was taken off.
    PortRemoved,
    /// A path, query or fragment was taken off.
    PathRemoved,
    /// The final slash was taken off.
    SlashRemoved,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrappingRemoved => "spaces, quotation marks or brackets around it removed",
            Self::SchemeAdded => "`https://` added",
            Self::LowerCased => "capital letters made small",
            Self::ApiLabelRemoved => "`.api` removed",
            Self::PortRemoved => "`:443` removed",
            Self::PathRemoved => "everything after the host removed",
            Self::SlashRemoved => "final `/` removed",
        })
    }
}

/// An accepted address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The canonical address.
    pub url: TenantUrl,
    /// What was repaired, in the order of the text, for the user to see.
    pub repairs: Vec<Repair>,
}

impl TenantUrl {
    /// Judges what a user typed, offline.
    ///
    /// # Errors
    /// [`TenantError`] when it is not an organisation's address, or one that leads elsewhere than it seems to.
    pub fn parse(text: &str) -> Result<Parsed, TenantError> {
        judge::judge(text).map_err(|mistake| {
            let suggestion = mend::mend(text).map(|parsed| parsed.url.text);
            TenantError::new(mistake, suggestion)
        })
    }

    /// `host` is lower-case, without `api`, and known to belong to `cloud`.
    pub(super) fn of_organisation(host: String, cloud: &'static Cloud) -> Self {
        Self { text: format!("https://{host}"), host, port: None, cloud }
    }

    /// `host` is a loopback literal, in brackets if it is an IPv6 one.
    pub(super) fn of_sandbox(host: String, port: u16) -> Self {
        Self { text: format!("http://{host}:{port}"), host, port: Some(port), cloud: &super::SANDBOX }
    }

    /// `https://contoso.crm4.dynamics.com`: no trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Lower-case host, without port. IPv6 literals in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, only ever set for the sandbox.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether this is the sandbox's loopback address.
    #[must_use]
    pub fn is_sandbox(&self) -> bool {
        self.port.is_some()
    }

    /// The cloud the organisation lives in.
    #[must_use]
    pub fn cloud(&self) -> &'static Cloud {
        self.cloud
    }

    /// The first label, for a default name: `contoso`; `sandbox` for the sandbox.
    #[must_use]
    pub fn organisation(&self) -> &str {
        if self.is_sandbox() { "sandbox" } else { self.host.split('.').next().unwrap_or_default() }
    }

    /// Whether `resource` (a `resource_id` of a challenge, an `aud`) names this same organisation: same scheme, host
    /// and port; a final slash, letter case, `:443` and the `.api.` form make no difference. Nothing else is repaired.
    #[must_use]
    pub fn is_resource(&self, resource: &str) -> bool {
        let resource = resource.to_ascii_lowercase();
        let resource = resource.strip_suffix('/').unwrap_or(&resource);
        if self.is_sandbox() {
            return resource == self.text;
        }
        let Some(host) = resource.strip_prefix("https://") else { return false };
        let host = host.strip_suffix(":443").unwrap_or(host);
        host == self.host
            || host.split_once(".api.").is_some_and(|(organisation, ending)| {
                self.host.split_once('.').is_some_and(|ours| ours == (organisation, ending))
            })
    }
}

impl fmt::Display for TenantUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::problem::{Diagnose, Exit};
    use crate::tenant::CLOUDS;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        accepted: Vec<Accepted>,
        refused: Vec<Refused>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Accepted {
        given: String,
        url: String,
        cloud: String,
        organisation: String,
        #[serde(default)]
        repairs: Vec<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Refused {
        given: String,
        code: String,
        suggestion: Option<String>,
        says: Option<String>,
    }

    fn table() -> Table {
        toml::from_str(include_str!("../../tests/data/tenant_urls.toml")).unwrap()
    }

    /// The verdict in one comparable line: the address with its repairs, or the code with what it offers.
    fn check(given: &str) -> (String, Vec<String>) {
        match TenantUrl::parse(given) {
            Ok(parsed) => (parsed.url.to_string(), parsed.repairs.iter().map(|repair| format!("{repair:?}")).collect()),
            Err(error) => {
                assert_eq!(error.phrase().exit, Exit::Usage, "{given:?}");
                (error.phrase().code.to_owned(), error.suggestion().map(str::to_owned).into_iter().collect())
            }
        }
    }

    #[test]
    fn every_address_of_the_table_gets_its_verdict() {
        let table = table();
        assert!(table.accepted.len() + table.refused.len() >= 120);
        for row in &table.accepted {
            assert_eq!(check(&row.given), (row.url.clone(), row.repairs.clone()), "{:?}", row.given);
            let url = TenantUrl::parse(&row.given).unwrap().url;
            assert_eq!(url.cloud().name, row.cloud, "{:?}", row.given);
            assert_eq!(url.organisation(), row.organisation, "{:?}", row.given);
        }
        for row in &table.refused {
            let offered: Vec<String> = row.suggestion.clone().into_iter().collect();
            assert_eq!(check(&row.given), (row.code.clone(), offered), "{:?}", row.given);
            let said = TenantUrl::parse(&row.given).unwrap_err().to_string();
            assert!(row.says.as_ref().is_none_or(|part| said.contains(part)), "{:?}: {said}", row.given);
        }
    }

    #[test]
    fn every_phrase_of_the_room_is_reached_by_the_table() {
        let reached: Vec<String> = table().refused.into_iter().map(|row| row.code).collect();
        for phrase in crate::tenant::PHRASES {
            assert!(reached.iter().any(|code| code == phrase.code), "{}", phrase.code);
        }
    }

    #[test]
    fn every_refusal_can_be_followed_whole() {
        for row in table().refused {
            let error = TenantUrl::parse(&row.given).unwrap_err();
            let facts = error.facts();
            assert!(!error.phrase().remedy_with(&facts).is_empty(), "{:?}", row.given);
            assert!(!error.phrase().meaning_with(&facts).contains('{'), "{:?}", row.given);
        }
    }

    #[test]
    fn a_refusal_never_repeats_a_password_or_a_query() {
        for given in [
            "https://ines:hunter2@contoso.crm4.dynamics.com",
            "ines:hunter2@evil.example",
            "https://evil.example/?code=hunter2",
            "https://evil.example:99/#hunter2",
            "https://make.powerapps.com/environments/hunter2",
        ] {
            let error = TenantUrl::parse(given).unwrap_err();
            assert!(!format!("{error} {error:?} {:?}", error.facts()).contains("hunter2"), "{given}");
        }
    }

    #[test]
    fn a_resource_is_the_same_organisation_or_nothing() {
        let url = TenantUrl::parse("contoso.crm4.dynamics.com").unwrap().url;
        for same in [
            "https://contoso.crm4.dynamics.com",
            "https://contoso.crm4.dynamics.com/",
            "https://Contoso.CRM4.dynamics.com/",
            "https://contoso.api.crm4.dynamics.com/",
            "https://contoso.crm4.dynamics.com:443/",
        ] {
            assert!(url.is_resource(same), "{same}");
        }
        for other in [
            "",
            "contoso.crm4.dynamics.com",
            "http://contoso.crm4.dynamics.com/",
            "https://contoso.crm.dynamics.com/",
            "https://fabrikam.crm4.dynamics.com/",
            "https://contoso.crm4.dynamics.com/x",
            "https://contoso.crm4.dynamics.com//",
            "https://contoso.crm4.dynamics.com:8443/",
            "https://contoso.crm4.dynamics.com.evil.example/",
            "https://contoso.api.api.crm4.dynamics.com/",
            "https://contoso.crm4.api.dynamics.com/",
            "https://graph.microsoft.com/",
        ] {
            assert!(!url.is_resource(other), "{other}");
        }
        let sandbox = TenantUrl::parse("http://[::1]:8080").unwrap().url;
        assert!(sandbox.is_resource("http://[::1]:8080/"));
        assert!(!sandbox.is_resource("http://[::1]:8081/"));
        assert!(!sandbox.is_resource("http://[::1]/"));
    }

    /// Holds for whatever is accepted, however it was written.
    fn promises(given: &str, parsed: &Parsed) {
        let url = &parsed.url;
        // A browser that is given the same text goes to the same host.
        let bare = given.trim_matches(judge::is_wrapping);
        let scheme = if parsed.repairs.contains(&Repair::SchemeAdded) { "https://" } else { "" };
        let browsed = ::url::Url::parse(&format!("{scheme}{bare}")).unwrap();
        assert_eq!(browsed.host_str().map(|host| host.replacen(".api.", ".", 1)).as_deref(), Some(url.host()));
        assert_eq!((browsed.username(), browsed.password()), ("", None));
        assert!(url.as_str().is_ascii());
        let parts = ::url::Url::parse(url.as_str()).unwrap();
        assert_eq!(parts.host_str(), Some(url.host()));
        assert_eq!((parts.path(), parts.query(), parts.fragment()), ("/", None, None));
        assert_eq!((parts.username(), parts.password()), ("", None));
        if url.is_sandbox() {
            assert_eq!(parts.scheme(), "http");
            assert!(matches!(url.host(), "127.0.0.1" | "[::1]"));
            assert_eq!(parts.port_or_known_default(), url.port());
        } else {
            assert_eq!(parts.scheme(), "https");
            assert_eq!((parts.port(), url.port()), (None, None));
            let labels: Vec<&str> = url.host().split('.').collect();
            assert_eq!(labels.len(), 4);
            assert!(CLOUDS.iter().any(|cloud| {
                cloud.ending.split('.').zip(&labels[1..]).all(|(pattern, label)| {
                    pattern == *label || (pattern == "crm*" && label.starts_with("crm") && label.len() <= 6)
                })
            }));
        }
        let again = TenantUrl::parse(url.as_str()).unwrap();
        assert_eq!(&again.url, url);
        assert!(again.repairs.is_empty());
        assert!(url.is_resource(url.as_str()));
    }

    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            3 => prop::sample::select(vec![
                "https://", "http://", "HTTPS://", "https:", "//", "ftp://", "contoso", "CONTOSO", "evil", ".example",
                ".api", ".crm4", ".crm", ".CRM9", ".crm1234", ".dynamics.com", ".dynamics.cn", ".microsoftdynamics.us",
                ".appsplatform.us", "127.0.0.1", "[::1]", "localhost", ":443", ":8080", ":", "/", "\\", "@", "u:p@", "?",
                "#", "%2e", "%", ".", "..", "_", "-", "xn--", " ", "\t", "\n", "\0", "<", ">", "\u{201c}", "\u{3002}",
                "\u{ad}", "\u{200b}", "\u{feff}", "\u{43e}", "\u{24d2}", "/main.aspx?appid=1", "/api/data/v9.2",
            ]).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(2000)))]

        #[test]
        fn any_text_is_judged_without_a_panic(text in any::<String>()) {
            if let Ok(parsed) = TenantUrl::parse(&text) {
                promises(&text, &parsed);
            }
        }

        #[test]
        fn whatever_is_accepted_keeps_the_promises(text in pieces()) {
            match TenantUrl::parse(&text) {
                Ok(parsed) => promises(&text, &parsed),
                Err(error) => {
                    if let Some(suggestion) = error.suggestion() {
                        let offered = TenantUrl::parse(suggestion).unwrap();
                        prop_assert!(offered.repairs.is_empty());
                        promises(suggestion, &offered);
                    }
                }
            }
        }

        #[test]
        fn harmless_noise_changes_nothing(
            organisation in "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?",
            region in "crm[0-9]{0,3}",
            scheme in prop::sample::select(vec!["", "https://", "HTTPS://"]),
            api in prop::sample::select(vec!["", ".api", ".API"]),
            port in prop::sample::select(vec!["", ":443"]),
            rest in prop::sample::select(vec!["", "/", "/main.aspx?appid=1#x", "?x=1", "/api/data/v9.2/"]),
        ) {
            prop_assume!(!matches!(organisation.as_str(), "api" | "dev" | "disco" | "globaldisco" | "www"));
            prop_assume!(!organisation.starts_with("xn--"));
            let text = format!("{scheme}{organisation}{api}.{region}.dynamics.com{port}{rest}");
            let parsed = TenantUrl::parse(&text).unwrap();
            prop_assert_eq!(parsed.url.as_str(), format!("https://{organisation}.{region}.dynamics.com"));
            promises(&text, &parsed);
        }

        #[test]
        fn nothing_put_before_or_after_an_address_leads_elsewhere(
            before in "[a-z0-9.@:%_\\\\-]{0,12}",
            after in "[a-z0-9.@:%_\\\\-]{1,12}",
        ) {
            let text = format!("https://{before}contoso.crm4.dynamics.com{after}");
            if let Ok(parsed) = TenantUrl::parse(&text) {
                // Only `:443` may follow, and only letters that make another organisation's label may precede.
                prop_assert_eq!(after.as_str(), ":443");
                prop_assert_eq!(parsed.url.host(), format!("{before}contoso.crm4.dynamics.com"));
            }
        }

        #[test]
        fn no_look_alike_letter_is_ever_accepted(
            letter in prop_oneof![Just('\u{43e}'), Just('\u{3bf}'), Just('\u{24de}'), Just('\u{ff4f}'), Just('\u{3002}'),
                Just('\u{ad}'), Just('\u{200b}'), Just('\u{2024}'), Just('\u{ff0f}'), prop::char::range('\u{80}', '\u{10ffff}')],
            at in 0_usize..=33,
        ) {
            let mut text = "https://contoso.crm4.dynamics.com".to_owned();
            text.insert(at, letter);
            // Typographic quotes around an address are the one thing outside ASCII that is taken off.
            prop_assume!(!(at == 0 || at == 33) || !judge::is_wrapping(letter));
            prop_assert!(TenantUrl::parse(&text).is_err());
        }
    }
}
