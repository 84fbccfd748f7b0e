//! The connection strings of Microsoft's XRM tooling, read: what they name, and how they would sign in. Pure; nothing here
//! signs in, and no text of a string is ever repeated, because a password with a `;` in it ends up anywhere.
//!
//! Source: Microsoft Learn, "Use connection strings in XRM tooling to connect to Microsoft Dataverse" (names and synonyms);
//! .NET's `DbConnectionStringBuilder` (quotation marks, doubled inside; blanks around names and values don't count).

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

use zeroize::Zeroizing;

use crate::connection::client_id_of;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::settings::ConnectionStringError;
use crate::tenant::{Parsed, TenantUrl};

/// What a connection string says.
#[derive(Debug)]
pub struct ConnectionString {
    /// The organisation, and what had to be repaired of its address.
    pub tenant_url: Parsed,
    /// The app, in lower case; XRM tooling takes Microsoft's sample app when it is left out.
    pub client_id: Option<String>,
    /// The app's secret.
    pub client_secret: Option<Secret>,
    /// How it signs in.
    pub method: Method,
    /// Parts that mean something to XRM tooling and nothing here.
    pub left_aside: Vec<&'static str>,
}

/// How a connection string signs in.
#[derive(Debug, PartialEq, Eq)]
pub enum Method {
    /// `OAuth`: a user, in a window or a browser.
    Browser {
        /// The redirect URI as it is written.
        redirect_uri: Option<String>,
        /// The sign-in name.
        user_name: Option<String>,
        /// When to ask.
        prompt: LoginPrompt,
    },
    /// `ClientSecret`: an application.
    ClientSecret,
    /// `Certificate`: an application.
    Certificate,
}

/// Values of `LoginPrompt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoginPrompt {
    /// When a sign-in is needed. `Never` comes to the same: a first sign-in always needs somebody.
    #[default]
    Auto,
    /// The password each time.
    Always,
    /// The choice of the user each time.
    SelectAccount,
}

/// A part that XRM tooling knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Url,
    AuthType,
    ClientId,
    ClientSecret,
    RedirectUri,
    UserName,
    Password,
    LoginPrompt,
    Thumbprint,
    StoreName,
    TokenCacheStorePath,
    RequireNewInstance,
    SkipDiscovery,
    IntegratedSecurity,
    HomeRealmUri,
    Domain,
}

/// Every name of every part, small and without blanks: `Service Uri` is `serviceuri`.
const NAMES: [(&str, Part); 27] = [
    ("url", Part::Url),
    ("serviceuri", Part::Url),
    ("server", Part::Url),
    ("authtype", Part::AuthType),
    ("authenticationtype", Part::AuthType),
    ("clientid", Part::ClientId),
    ("appid", Part::ClientId),
    ("applicationid", Part::ClientId),
    ("clientsecret", Part::ClientSecret),
    ("secret", Part::ClientSecret),
    ("redirecturi", Part::RedirectUri),
    ("replyurl", Part::RedirectUri),
    ("username", Part::UserName),
    ("userid", Part::UserName),
    ("password", Part::Password),
    ("loginprompt", Part::LoginPrompt),
    ("thumbprint", Part::Thumbprint),
    ("certthumbprint", Part::Thumbprint),
    ("certificatethumbprint", Part::Thumbprint),
    ("storename", Part::StoreName),
    ("certificatestorename", Part::StoreName),
    ("tokencachestorepath", Part::TokenCacheStorePath),
    ("requirenewinstance", Part::RequireNewInstance),
    ("skipdiscovery", Part::SkipDiscovery),
    ("integratedsecurity", Part::IntegratedSecurity),
    ("homerealmuri", Part::HomeRealmUri),
    ("domain", Part::Domain),
];

impl Part {
    fn of(name: &str) -> Option<Self> {
        let plain: String = name.chars().filter(|letter| *letter != ' ').flat_map(char::to_lowercase).collect();
        NAMES.iter().find(|(known, _)| *known == plain).map(|(_, part)| *part)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Url => "Url",
            Self::AuthType => "AuthType",
            Self::ClientId => "ClientId",
            Self::ClientSecret => "ClientSecret",
            Self::RedirectUri => "RedirectUri",
            Self::UserName => "Username",
            Self::Password => "Password",
            Self::LoginPrompt => "LoginPrompt",
            Self::Thumbprint => "Thumbprint",
            Self::StoreName => "StoreName",
            Self::TokenCacheStorePath => "TokenCacheStorePath",
            Self::RequireNewInstance => "RequireNewInstance",
            Self::SkipDiscovery => "SkipDiscovery",
            Self::IntegratedSecurity => "Integrated Security",
            Self::HomeRealmUri => "HomeRealmUri",
            Self::Domain => "Domain",
        }
    }

    const fn means_nothing_here(self) -> bool {
        matches!(
            self,
            Self::TokenCacheStorePath
                | Self::RequireNewInstance
                | Self::SkipDiscovery
                | Self::IntegratedSecurity
                | Self::HomeRealmUri
                | Self::Domain
        )
    }
}

impl ConnectionString {
    /// Reads a connection string.
    ///
    /// # Errors
    /// [`ConnectionStringError`] when it can't be read or signs in with a user's password; what [`TenantUrl::parse`] and
    /// [`client_id_of`] say of its address and its app.
    pub fn parse(text: &Secret) -> Result<Self, Problem> {
        let parts = Parts::of(text.expose())?;
        let way = parts.way()?;
        let tenant_url = TenantUrl::parse(parts.must(Part::Url)?)?;
        let client_id = parts.text(Part::ClientId).map(client_id_of).transpose()?;
        let method = match way {
            Way::OAuth => Method::Browser {
                redirect_uri: parts.text(Part::RedirectUri).map(str::to_owned),
                user_name: parts.text(Part::UserName).map(str::to_owned),
                prompt: parts.prompt()?,
            },
            Way::ClientSecret => {
                parts.must(Part::ClientId)?;
                parts.must(Part::ClientSecret)?;
                Method::ClientSecret
            }
            Way::Certificate => {
                parts.must(Part::ClientId)?;
                parts.must(Part::Thumbprint)?;
                Method::Certificate
            }
        };
        let left_aside = parts.0.keys().filter(|part| part.means_nothing_here()).map(|part| part.name()).collect();
        let client_secret = parts.0.get(&Part::ClientSecret).cloned().flatten();
        Ok(Self { tenant_url, client_id, client_secret, method, left_aside })
    }
}

enum Way {
    OAuth,
    ClientSecret,
    Certificate,
}

/// The parts that are there; `None` for one without a value, which counts as left out.
struct Parts(BTreeMap<Part, Option<Secret>>);

impl Parts {
    fn of(text: &str) -> Result<Self, ConnectionStringError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut letters = Letters { rest: text.chars().peekable(), room: text.len(), part: 0 };
        let mut parts = BTreeMap::new();
        while let Some((part, value)) = letters.next_part()? {
            let value = Some(value).filter(|value| !value.is_empty());
            if parts.insert(part, value).is_some() {
                return Err(ConnectionStringError::Twice { part: letters.part, name: part.name() });
            }
        }
        if parts.is_empty() { Err(ConnectionStringError::Empty) } else { Ok(Self(parts)) }
    }

    fn text(&self, part: Part) -> Option<&str> {
        self.0.get(&part)?.as_ref().map(Secret::expose)
    }

    fn must(&self, part: Part) -> Result<&str, ConnectionStringError> {
        self.text(part).ok_or(ConnectionStringError::Missing { name: part.name() })
    }

    fn way(&self) -> Result<Way, ConnectionStringError> {
        let named = self.text(Part::AuthType).map(str::to_ascii_lowercase);
        let refused = |auth_type| {
            let tenant_url = self.text(Part::Url).and_then(|url| TenantUrl::parse(url).ok());
            ConnectionStringError::SignInRetired {
                auth_type,
                tenant_url: tenant_url.map(|parsed| parsed.url.to_string()),
            }
        };
        match named.as_deref() {
            Some("office365") => Err(refused("Office365")),
            Some("ad") => Err(refused("AD")),
            Some("ifd") => Err(refused("IFD")),
            Some("claims") => Err(refused("Claims")),
            _ if self.text(Part::Password).is_some() => Err(refused("Password")),
            Some("oauth") => Ok(Way::OAuth),
            Some("clientsecret") => Ok(Way::ClientSecret),
            Some("certificate") => Ok(Way::Certificate),
            Some(_) => Err(ConnectionStringError::UnknownAuthType),
            None => Err(ConnectionStringError::Missing { name: Part::AuthType.name() }),
        }
    }

    fn prompt(&self) -> Result<LoginPrompt, ConnectionStringError> {
        match self.text(Part::LoginPrompt).map(str::to_ascii_lowercase).as_deref() {
            None | Some("auto" | "never") => Ok(LoginPrompt::Auto),
            Some("always") => Ok(LoginPrompt::Always),
            Some("selectaccount") => Ok(LoginPrompt::SelectAccount),
            Some(_) => Err(ConnectionStringError::UnknownLoginPrompt),
        }
    }
}

/// What is still to be read, and which part it is in, counted from 1.
struct Letters<'a> {
    rest: Peekable<Chars<'a>>,
    room: usize,
    part: usize,
}

impl Letters<'_> {
    fn next_part(&mut self) -> Result<Option<(Part, Secret)>, ConnectionStringError> {
        while self.rest.next_if(|letter| letter.is_whitespace() || *letter == ';').is_some() {}
        if self.rest.peek().is_none() {
            return Ok(None);
        }
        self.part += 1;
        let name = self.name()?;
        let value = self.value()?;
        let part = Part::of(name.trim()).ok_or(ConnectionStringError::UnknownPart { part: self.part })?;
        // Whatever it belongs to ends at a line break on its way to the wire.
        if value.contains(char::is_control) {
            return Err(self.unreadable("there is a line break or another control character in its value"));
        }
        let is_secret = matches!(part, Part::Password | Part::ClientSecret);
        let value = if is_secret { Secret::new(value.as_str()) } else { Secret::unwatched(value.as_str()) };
        Ok(Some((part, value)))
    }

    /// Up to the `=`. Held as if it were a secret: a value with a `;` in it goes on here.
    fn name(&mut self) -> Result<Zeroizing<String>, ConnectionStringError> {
        if self.rest.peek().is_some_and(|letter| matches!(letter, '"' | '\'')) {
            return Err(self.unreadable("it begins with a quotation mark where a name should be"));
        }
        let mut name = self.text();
        loop {
            match self.rest.next() {
                Some('=') => break,
                Some(';') | None => return Err(self.unreadable("it has no `=`")),
                Some(letter) => name.push(letter),
            }
        }
        if self.rest.peek() == Some(&'=') {
            return Err(self
                .unreadable("there are two `=` behind its name; a value that begins with `=` needs quotation marks"));
        }
        Ok(name)
    }

    fn value(&mut self) -> Result<Zeroizing<String>, ConnectionStringError> {
        while self.rest.next_if(|letter| letter.is_whitespace()).is_some() {}
        let mut value = self.text();
        let Some(mark) = self.rest.next_if(|letter| matches!(letter, '"' | '\'')) else {
            while let Some(letter) = self.rest.next_if(|letter| *letter != ';') {
                value.push(letter);
            }
            let end = value.trim_end().len();
            value.truncate(end);
            return Ok(value);
        };
        loop {
            match self.rest.next() {
                // Twice is the mark itself.
                Some(letter) if letter == mark && self.rest.next_if_eq(&mark).is_none() => break,
                Some(letter) => value.push(letter),
                None => return Err(self.unreadable("the quotation mark before its value has no other one behind it")),
            }
        }
        while self.rest.next_if(|letter| letter.is_whitespace()).is_some() {}
        match self.rest.peek() {
            None | Some(';') => Ok(value),
            Some(_) => {
                Err(self.unreadable("something follows the quotation marks; one inside a value is written twice"))
            }
        }
    }

    /// Room for all there is, so that no copy is left behind by one that grows.
    fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(String::with_capacity(self.room))
    }

    const fn unreadable(&self, reason: &'static str) -> ConnectionStringError {
        ConnectionStringError::Unreadable { part: self.part, reason }
    }
}

#[cfg(test)]
mod tests;
