//! What the sandbox's Entra remembers: sign-ins under way, codes, tokens, consents. Whether they are good is judged by
//! the grants, not here.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::claims::Claims;
use super::jwt;
use super::refusal::Refusal;
use super::scopes::{Resource, Scopes};
use crate::sandbox::{Caller, MANAGED_APP, Person, Platform, Registration};

/// Life of an authorization code, and of a sign-in page.
pub(super) const CODE_LIFE: Duration = Duration::from_secs(10 * 60);
/// Life of a device code (RFC 8628 `expires_in`).
pub(super) const DEVICE_CODE_LIFE: Duration = Duration::from_secs(15 * 60);
/// A refresh token dies when it isn't used for this long.
pub(super) const REFRESH_LIFE: Duration = Duration::from_secs(90 * 24 * 3600);

/// Whom a token speaks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Holder {
    /// A user.
    Person(Person),
    /// An app by itself.
    App(Registration),
}

impl Holder {
    /// As Dataverse sees it.
    pub(crate) fn caller(&self) -> Caller {
        let user_id = match self {
            Self::Person(person) => person.user_id,
            Self::App(registration) => registration.application_user_id,
        };
        Caller { user_id }
    }
}

/// An access token that was given out.
#[derive(Debug, Clone)]
pub(crate) struct Bearer {
    /// For whom.
    pub holder: Holder,
    /// For what.
    pub resource: Resource,
    /// The origin it was made at; its audience when the resource is Dataverse.
    pub origin: String,
    /// Until when.
    pub expires: Timestamp,
    /// What it was asked to hold.
    pub(super) claims: Claims,
    /// Its place in the order in which bearers were given out.
    pub(super) number: u64,
}

/// How the answer of an authorize request is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// 302 with a query string.
    Query,
    /// A page whose form posts itself.
    FormPost,
}

/// What a sign-in is for.
#[derive(Debug, Clone)]
pub(super) enum Errand {
    /// A code for an app that waits at a redirect URI.
    Code(CodeErrand),
    /// Letting a device in.
    Device {
        /// The code the device polls with.
        device_code: String,
    },
    /// Consent of an administrator for everybody.
    AdminConsent {
        /// Where to say so.
        redirect_uri: String,
        /// Echoed.
        state: Option<String>,
    },
}

/// The parts of an authorize request that are needed later.
#[derive(Debug, Clone)]
pub(super) struct CodeErrand {
    /// First segment of the path.
    pub tenant: String,
    /// Verbatim.
    pub redirect_uri: String,
    /// The platform under which it is registered.
    pub platform: Platform,
    /// Query or form post.
    pub mode: Mode,
    /// Echoed.
    pub state: Option<String>,
    /// For the ID token.
    pub nonce: Option<String>,
    /// PKCE, always `S256`.
    pub challenge: String,
    /// Whether `client_info=1` was sent.
    pub client_info: bool,
    /// What the token shall hold.
    pub claims: Claims,
}

/// A sign-in under way.
#[derive(Debug, Clone)]
pub(super) struct SignIn {
    /// The app that asks.
    pub client: Registration,
    /// What it asks for.
    pub scopes: Scopes,
    /// `prompt=consent`.
    pub always_ask: bool,
    /// What it is for.
    pub errand: Errand,
    /// Who gave a good password.
    pub person: Option<Person>,
    /// Until when.
    pub expires: Timestamp,
}

/// An authorization code.
#[derive(Debug, Clone)]
pub(super) struct Code {
    /// For which app.
    pub client: Registration,
    /// Who signed in.
    pub person: Person,
    /// What was consented to.
    pub scopes: Scopes,
    /// The request.
    pub errand: CodeErrand,
    /// Until when.
    pub expires: Timestamp,
    /// Whether it has been redeemed.
    pub is_spent: bool,
}

/// How far a device sign-in has come.
#[derive(Debug, Clone, Copy)]
pub(super) enum DeviceState {
    /// Nobody has typed the code.
    Pending,
    /// This user has.
    Approved(Person),
    /// A user pressed Cancel.
    Declined,
}

/// A device code (RFC 8628).
#[derive(Debug, Clone)]
pub(super) struct Device {
    /// For which app.
    pub client: Registration,
    /// What the user types.
    pub user_code: String,
    /// What it asks for.
    pub scopes: Scopes,
    /// How far it has come.
    pub state: DeviceState,
    /// When the device last asked.
    pub polled: Option<Timestamp>,
    /// Until when.
    pub expires: Timestamp,
}

/// Whether a refresh token works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Vitality {
    /// It does.
    Live,
    /// It has been used, which matters under reuse detection only.
    Spent,
    /// It doesn't, and this is what Entra says.
    Dead(Refusal),
}

/// A refresh token.
#[derive(Debug, Clone)]
pub(super) struct RefreshToken {
    /// For which app.
    pub client: Registration,
    /// For whom.
    pub person: Person,
    /// The platform of the redirect URI of its sign-in; `None` after a device code.
    pub platform: Option<Platform>,
    /// The sign-in it descends from.
    pub family: String,
    /// When it was made.
    pub issued: Timestamp,
    /// When it was last used.
    pub used: Timestamp,
    /// Whether it works.
    pub vitality: Vitality,
}

type Consent = (&'static str, &'static str, Resource);

/// Stands for everybody in a consent.
const EVERYBODY: &str = "*";

/// All that is remembered.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Sign-ins under way, by the opaque id in their forms.
    pub sign_ins: HashMap<String, SignIn>,
    /// Codes.
    pub codes: HashMap<String, Code>,
    /// Device codes.
    pub devices: HashMap<String, Device>,
    /// Refresh tokens.
    pub refresh_tokens: HashMap<String, RefreshToken>,
    /// What every code and token ends with, so that it is recognised wherever it turns up.
    pub mark: String,
    bearers: HashMap<String, Bearer>,
    /// How many bearers were given out.
    given: u64,
    /// The first bearer that met a demand, by the demand.
    met: HashMap<String, u64>,
    consents: HashSet<Consent>,
    withdrawn: HashSet<Consent>,
}

impl Ledger {
    /// Every token that was given out and is still remembered.
    pub(super) fn issued(&self) -> Vec<String> {
        self.bearers.keys().chain(self.refresh_tokens.keys()).cloned().collect()
    }

    /// A secret with the mark at its end.
    pub(super) fn marked(&self, secret: String) -> String {
        secret + &self.mark
    }

    /// Remembers a sign-in and returns the id for its forms.
    pub(super) fn begin(&mut self, sign_in: SignIn, now: Timestamp) -> String {
        self.sign_ins.retain(|_, old| old.expires > now);
        let ticket = jwt::ticket();
        self.sign_ins.insert(ticket.clone(), sign_in);
        ticket
    }

    /// Remembers a code. Codes are kept a while after their end, so that using one twice is told from never having had it.
    pub(super) fn remember_code(&mut self, code: Code, now: Timestamp) -> String {
        self.codes.retain(|_, old| later(old.expires, CODE_LIFE) > now);
        let text = self.marked(jwt::opaque(24));
        self.codes.insert(text.clone(), code);
        text
    }

    /// Remembers a refresh token. Those past their life are kept as long again, so that Entra can say what became of them.
    pub(super) fn remember_refresh(&mut self, token: RefreshToken, now: Timestamp) -> String {
        self.refresh_tokens.retain(|_, old| later(old.used, 2 * REFRESH_LIFE) > now);
        let text = self.marked(jwt::opaque(64));
        self.refresh_tokens.insert(text.clone(), token);
        text
    }

    /// Remembers an access token.
    pub(super) fn remember_bearer(&mut self, token: &str, mut bearer: Bearer, now: Timestamp) {
        self.bearers.retain(|_, old| old.expires > now);
        self.given += 1;
        bearer.number = self.given;
        self.bearers.insert(token.to_owned(), bearer);
    }

    /// The access token `token`, if it was given out at `origin` and hasn't expired.
    pub(super) fn bearer(&self, token: &str, origin: &str, now: Timestamp) -> Option<&Bearer> {
        self.bearers.get(token).filter(|bearer| bearer.origin == origin && bearer.expires > now)
    }

    /// Whether a bearer is good in the face of `demand`: it was asked for with it, or after one that was.
    pub(super) fn meets(&mut self, bearer: &Bearer, demand: &str) -> bool {
        if bearer.claims.meets(demand) {
            let first = self.met.entry(demand.to_owned()).or_insert(bearer.number);
            *first = bearer.number.min(*first);
        }
        self.met.get(demand).is_some_and(|first| *first <= bearer.number)
    }

    /// Kills the live refresh tokens that `is_meant`; `refusal` is what their owners hear.
    pub(super) fn kill(&mut self, refusal: &Refusal, is_meant: impl Fn(&RefreshToken) -> bool) {
        for token in self.refresh_tokens.values_mut().filter(|token| is_meant(token)) {
            if !matches!(token.vitality, Vitality::Dead(_)) {
                token.vitality = Vitality::Dead(refusal.clone());
            }
        }
    }

    /// Whether `person` let `client` use `resource`. Microsoft's sample app needs nobody's leave for Dataverse.
    pub(super) fn has_consent(&self, person: &Person, client: &Registration, resource: Resource) -> bool {
        let resource = resource.application();
        let own = (person.object_id, client.client_id, resource);
        let everybody = (EVERYBODY, client.client_id, resource);
        let is_preauthorised = client.client_id == MANAGED_APP.client_id && resource == Resource::Dataverse;
        let is_given = is_preauthorised || self.consents.contains(&own) || self.consents.contains(&everybody);
        is_given && !self.withdrawn.contains(&own)
    }

    /// Remembers that `person` let `client` use `resources`.
    pub(super) fn consent(&mut self, person: &Person, client: &Registration, resources: &[Resource]) {
        for resource in resources {
            let consent = (person.object_id, client.client_id, resource.application());
            self.withdrawn.remove(&consent);
            self.consents.insert(consent);
        }
    }

    /// Remembers that an administrator let `client` use `resources` for everybody.
    pub(super) fn consent_for_everybody(&mut self, client: &Registration, resources: &[Resource]) {
        let granted: Vec<Resource> = resources.iter().map(|resource| resource.application()).collect();
        self.withdrawn.retain(|(_, client_id, resource)| *client_id != client.client_id || !granted.contains(resource));
        self.consents.extend(granted.into_iter().map(|resource| (EVERYBODY, client.client_id, resource)));
    }

    /// Takes the consent of `person` for `client` back, for every resource.
    pub(super) fn withdraw(&mut self, person: &Person, client: &Registration) {
        let both = [Resource::Dataverse, Resource::Graph];
        self.withdrawn.extend(both.map(|resource| (person.object_id, client.client_id, resource)));
    }
}

/// `moment` and `by`, or the end of time.
pub(super) fn later(moment: Timestamp, by: Duration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}
