//! The front desk: takes every request, sends it to Entra, Graph or Dataverse, and lets the misfortunes of the Dataverse
//! side strike. It reads no sockets; that is the server's part.

use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use uuid::Uuid;

use super::entra::{Bearer, Entra, Resource, challenge_of, escape, gather, page, paragraph};
use super::faults::{Fault, Faults};
use super::journal::{Journal, Seen};
use super::provider::Provider;
use super::world::World;
use super::{
    Incoming, OWN_DESKTOP_APP, OWN_WEB_APP, Options, Outgoing, Person, TENANT_ID, dataverse, discovery, graph, provider,
};
use crate::clock::Clock;

/// The longest address of a request that is no part of a batch.
const LONGEST_ADDRESS: usize = 32_768;

/// How an answer goes out.
#[derive(Debug, Clone)]
pub(super) enum Delivery {
    /// As it is.
    Whole(Outgoing),
    /// Half of its body, then the end of the connection.
    Cut(Outgoing),
    /// Not at all: the connection closes.
    Lost,
    /// Not at all, and the connection stays open.
    Never,
}

/// Everything behind the sandbox's origin.
pub(super) struct Front {
    port: u16,
    clock: Clock,
    faults: Faults,
    beside: Vec<String>,
    inside: Mutex<Inside>,
}

impl std::fmt::Debug for Front {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Front").field("port", &self.port).finish_non_exhaustive()
    }
}

struct Inside {
    entra: Entra,
    world: World,
    journal: Journal,
    mark: String,
    /// Whether the last request brought a piece of a file.
    was_piece: bool,
}

impl Front {
    /// A new Entra and a new organisation at `port`.
    pub(super) fn new(port: u16, options: Options) -> Self {
        let Options { clock, faults, token_life, beside, .. } = options;
        let inside = Inside {
            entra: Entra::new(faults.clone(), token_life),
            world: World::new(clock.now()),
            journal: Journal::default(),
            mark: String::new(),
            was_piece: false,
        };
        Self { port, clock, faults, beside, inside: Mutex::new(inside) }
    }

    /// From now on every secret that is given out ends with `mark`.
    pub(super) fn mark(&self, mark: &str) {
        let mut inside = self.inside();
        inside.entra.mark(mark);
        inside.world.files.mark(mark);
        mark.clone_into(&mut inside.mark);
    }

    /// Takes the first certificate in `file` as one of the app `client_id`; `false` where there is none.
    pub(super) fn register_certificate(&self, client_id: &str, file: &[u8]) -> bool {
        self.inside().entra.register_certificate(client_id, file)
    }

    /// What the cluster says of its job now.
    pub(super) fn cluster_assertion(&self) -> Option<String> {
        let origin = format!("http://127.0.0.1:{}", self.port);
        Provider::Cluster.assertion(&origin, "api://AzureADTokenExchange", self.clock.now(), &self.faults)
    }

    /// The orders of misfortunes.
    pub(super) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// What was asked so far.
    pub(super) fn requests(&self) -> Vec<Seen> {
        self.inside().journal.entries()
    }

    /// What the Azure CLI prints for `person`.
    pub(super) fn azure_cli(&self, person: Person) -> String {
        let origin = format!("http://127.0.0.1:{}", self.port);
        self.inside().entra.azure_cli(&origin, self.clock.now(), person)
    }

    /// From now on requests to the Web API are kept whole.
    pub(super) fn listen(&self) {
        self.inside().journal.listen();
    }

    /// Kills every refresh token.
    pub(super) fn issued_secrets(&self) -> Vec<String> {
        self.inside().entra.issued()
    }

    pub(super) fn revoke_all(&self) {
        self.inside().entra.revoke_all();
    }

    /// Answers one request and writes it down.
    pub(super) fn receive(&self, request: &Incoming) -> Delivery {
        let mut inside = self.inside();
        let now = self.clock.now();
        let delivery = match self.origin_of(request) {
            Some(origin) => self.route(&mut inside, &origin, now, request),
            None => Delivery::Whole(Outgoing::with_body(421, "text/plain", "This host name isn't the sandbox's.\n")),
        };
        let delivery = delivery.dated(&self.date(now));
        inside.journal.note(request, delivery.answer());
        delivery
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The origin that the client named; `None` unless every `Host` header is one of the two loopback literals with this
    /// port. A page of some other site that points its name at 127.0.0.1 gets no further.
    fn origin_of(&self, request: &Incoming) -> Option<String> {
        let own = [format!("127.0.0.1:{}", self.port), format!("[::1]:{}", self.port)];
        let mut hosts = request.headers.iter().filter(|(name, _)| name == "host").map(|(_, value)| value);
        let host = hosts.next().filter(|host| own.contains(host))?;
        hosts.next().is_none().then(|| format!("http://{host}"))
    }

    fn route(&self, inside: &mut Inside, origin: &str, now: Timestamp, request: &Incoming) -> Delivery {
        let path = request.path.as_str();
        if path == "/api/data" || path.starts_with("/api/data/") || path.starts_with("/api/search/") {
            return self.dataverse(inside, origin, now, request);
        }
        if path.ends_with("/oauth2/v2.0/token") && self.faults.strikes(&Fault::TokenSilent) {
            return Delivery::Never;
        }
        let answer = match path {
            _ if path.starts_with(discovery::PATH) => match bearer(inside, origin, now, request, Resource::Discovery) {
                Some(bearer) => discovery::answer(origin, &bearer.holder, &self.beside, request),
                None => discovery::unauthorised(origin),
            },
            _ if path.starts_with(provider::PATH) => provider::answer(origin, now, &self.faults, request),
            "/" => welcome(origin),
            "/v1.0/me" => match bearer(inside, origin, now, request, Resource::Graph) {
                Some(bearer) if request.method == "GET" => graph::me(&bearer.holder),
                Some(_) => graph::refusal(405, "BadRequest", "Only GET is answered here."),
                None => graph::unauthorised(),
            },
            "/error" => {
                page(200, "About errors", &paragraph("Run `d365conn explain` with the AADSTS number in a terminal."))
            }
            _ => inside.entra.answer(origin, now, request).unwrap_or_else(not_found),
        };
        Delivery::Whole(answer)
    }

    fn dataverse(&self, inside: &mut Inside, origin: &str, now: Timestamp, request: &Incoming) -> Delivery {
        if origin.len() + request.path.len() + 1 + request.query.len() > LONGEST_ADDRESS {
            // It never gets to the organisation: the web server before it answers, with a page.
            return Delivery::Whole(page(414, "Request-URI Too Long", &paragraph("The requested URL is too long.")));
        }
        let Some(bearer) = bearer(inside, origin, now, request, Resource::Dataverse) else {
            return Delivery::Whole(self.challenge(origin, None));
        };
        if let Some(demand) = inside.entra.demand(&bearer) {
            return Delivery::Whole(self.challenge(origin, Some(&demand)));
        }
        let is_later_piece = std::mem::replace(&mut inside.was_piece, is_piece(request)) && inside.was_piece;
        if let Some(answer) = self.misfortune(origin, request, is_later_piece) {
            return Delivery::Whole(answer);
        }
        inside.world.set_time(now);
        if request.query.contains("expand=") {
            let size = self.faults.strikes_as(|fault| match fault {
                Fault::InnerPages { size } => Some(*size),
                _ => None,
            });
            inside.world.inner_page = size.or(inside.world.inner_page);
        }
        let mut answer = dataverse::answer(&mut inside.world, origin, &bearer.holder.caller(), request);
        if !inside.mark.is_empty() {
            answer = answer.header("set-cookie", format!("session=c00kie{}; Path=/; HttpOnly", inside.mark));
        }
        self.bend_next_link(&mut answer);
        let is_write = matches!(request.method.as_str(), "POST" | "PATCH" | "PUT" | "DELETE");
        let is_lost = is_later_piece && self.faults.strikes(&Fault::LosePiece);
        if is_lost || is_write && self.faults.strikes(&Fault::LoseAnswer) {
            return Delivery::Lost;
        }
        let is_file = answer.headers.iter().any(|(name, _)| name == "content-disposition");
        let is_cut = is_file && self.faults.strikes(&Fault::CutDownload);
        if answer.body.len() > 1 && (is_cut || self.faults.strikes(&Fault::CutConnection)) {
            return Delivery::Cut(answer);
        }
        Delivery::Whole(answer)
    }

    /// The 401 that tells a client where to sign in: two parameters, not quoted, and no body. With a `demand` it says what
    /// the next token must hold, and no resource.
    fn challenge(&self, origin: &str, demand: Option<&str>) -> Outgoing {
        let authority = self.faults.strikes_as(|fault| match fault {
            Fault::ChallengeNames { authorization_uri } => Some(authorization_uri.clone()),
            _ => None,
        });
        let resource = self.faults.strikes_as(|fault| match fault {
            Fault::ChallengeResource { resource_id } => Some(resource_id.clone()),
            _ => None,
        });
        let authority = authority.unwrap_or_else(|| format!("{origin}/{TENANT_ID}/oauth2/authorize"));
        let resource = resource.unwrap_or_else(|| format!("{origin}/"));
        let challenge = match demand {
            None => format!("Bearer authorization_uri={authority}, resource_id={resource}"),
            Some(demand) => {
                format!(r#"Bearer realm="", authorization_uri="{authority}", {}"#, challenge_of(demand))
            }
        };
        let request_id = Uuid::new_v4().to_string();
        Outgoing::empty(401)
            .header("www-authenticate", challenge)
            .header("x-ms-service-request-id", request_id.clone())
            .header("req_id", request_id)
    }

    /// What goes wrong before the organisation sees the request.
    fn misfortune(&self, origin: &str, request: &Incoming, is_later_piece: bool) -> Option<Outgoing> {
        if self.faults.strikes(&Fault::TokenRejected) {
            return Some(self.challenge(origin, None));
        }
        let reflected = self.faults.strikes_as(|fault| match fault {
            Fault::DataverseReflects { status } => Some(*status),
            _ => None,
        });
        if let Some(status) = reflected {
            return Some(refusal(status, "0x80048d19", &reflection(request)));
        }
        let throttled = self.faults.strikes_as(|fault| match fault {
            Fault::DataverseThrottled { retry_after } => Some(*retry_after),
            _ => None,
        });
        if let Some(retry_after) = throttled {
            let message = "Number of requests exceeded the limit of 6000 over time window of 300 seconds.";
            return Some(refusal(429, "0x80072322", message).header("retry-after", retry_after.to_string()));
        }
        let is_missed = is_later_piece && self.faults.strikes(&Fault::PieceUnavailable);
        if is_missed || self.faults.strikes(&Fault::DataverseUnavailable) {
            return Some(page(503, "Service unavailable", &paragraph("Try again in a moment.")));
        }
        if self.faults.strikes(&Fault::DataverseHtml) {
            return Some(page(200, "Welcome to the guest network", &paragraph("Accept the terms of use to go on.")));
        }
        if self.faults.strikes(&Fault::NotAMember) {
            return Some(refusal(403, "0x80072560", "The user is not a member of the organization."));
        }
        let name = self.faults.strikes_as(|fault| match fault {
            Fault::PrivilegeDenied { name } if needs_privilege(request, name) => Some(name.clone()),
            _ => None,
        })?;
        let message =
            format!("Principal user (roleCount=1, privilegeCount=412, accessMode=0), is missing {name} privilege.");
        Some(refusal(403, "0x80040220", &message))
    }

    fn bend_next_link(&self, answer: &mut Outgoing) {
        let Some(place) = std::str::from_utf8(&answer.body).ok().and_then(next_link) else { return };
        let url = self.faults.strikes_as(|fault| match fault {
            Fault::NextLinkTo { url } => Some(url.clone()),
            _ => None,
        });
        if let Some(url) = url {
            answer.body.splice(place, serde_json::Value::from(url).to_string().into_bytes());
        }
    }

    fn date(&self, now: Timestamp) -> String {
        let shown = now.checked_add(self.faults.clock_ahead()).unwrap_or(now);
        shown.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

impl Delivery {
    /// The answer, whole or not.
    pub(super) fn answer(&self) -> Option<&Outgoing> {
        match self {
            Self::Whole(answer) | Self::Cut(answer) => Some(answer),
            Self::Lost | Self::Never => None,
        }
    }

    fn dated(self, date: &str) -> Self {
        match self {
            Self::Whole(answer) => Self::Whole(answer.header("date", date)),
            Self::Cut(answer) => Self::Cut(answer.header("date", date)),
            Self::Lost => Self::Lost,
            Self::Never => Self::Never,
        }
    }
}

fn bearer(inside: &Inside, origin: &str, now: Timestamp, request: &Incoming, resource: Resource) -> Option<Bearer> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    let bearer = inside.entra.bearer(origin, now, token.trim())?;
    (scheme.eq_ignore_ascii_case("bearer") && bearer.resource == resource).then(|| bearer.clone())
}

fn refusal(status: u16, code: &str, message: &str) -> Outgoing {
    let body = serde_json::json!({"error": {"code": code, "message": message}}).to_string();
    Outgoing::with_body(status, "application/json; odata.metadata=minimal", body)
        .header("odata-version", "4.0")
        .header("x-ms-service-request-id", Uuid::new_v4().to_string())
}

/// A request repeated as careless gateways and debug pages do: its headers as they are, and in what they may be encoded in.
fn reflection(request: &Incoming) -> String {
    let headers = gather(&request.headers, |(name, value)| format!("{name}: {value}\n"));
    let encoded: String = url::form_urlencoded::byte_serialize(headers.as_bytes()).collect();
    let digits = gather(headers.as_bytes(), |byte| format!("{byte:02x}"));
    format!("The request was refused:\n{headers}\n{encoded}\n{}\n{digits}", STANDARD.encode(&headers))
}

/// Whether a request brings a piece of a file.
fn is_piece(request: &Incoming) -> bool {
    request.path.ends_with("/UploadBlock") || request.header("content-range").is_some()
}

/// Whether a request needs the privilege `name`: its verb by the method, its table by the first segment of the path. A
/// privilege of another verb, such as `prvAssignAccount`, is judged by the table alone.
fn needs_privilege(request: &Incoming, name: &str) -> bool {
    let verbs = [("prvRead", "GET"), ("prvCreate", "POST"), ("prvWrite", "PATCH"), ("prvDelete", "DELETE")];
    let known = verbs.iter().find_map(|(verb, method)| name.strip_prefix(verb).map(|table| (table, *method)));
    let verb_length =
        |name: &str| name.char_indices().skip(4).find(|(_, letter)| letter.is_uppercase()).map(|(at, _)| at);
    let (table, fits) = match known {
        Some((table, method)) => (table, request.method == method),
        None => (verb_length(name).and_then(|at| name.get(at..)).unwrap_or_default(), true),
    };
    let set = request.path.split('/').nth(4).and_then(|segment| segment.split('(').next()).unwrap_or_default();
    // `opportunity` is the set `opportunities`.
    let stem = table.trim_end_matches('y').to_lowercase();
    fits && !stem.is_empty() && set.to_lowercase().starts_with(&stem)
}

/// Where in `json` the value of `@odata.nextLink` stands, quotes included.
fn next_link(json: &str) -> Option<std::ops::Range<usize>> {
    let name = "\"@odata.nextLink\"";
    let after = json.find(name)? + name.len();
    let start = after + json.get(after..)?.find('"')?;
    let mut escaped = false;
    let end = json.get(start + 1..)?.char_indices().find_map(|(at, letter)| {
        let closes = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        closes.then_some(at)
    })?;
    Some(start..start + 1 + end + 1)
}

fn not_found() -> Outgoing {
    page(404, "Nothing here", &paragraph("The sandbox has no such address."))
}

fn welcome(origin: &str) -> Outgoing {
    let origin = escape(origin);
    let apps = gather(&[OWN_WEB_APP, OWN_DESKTOP_APP], |app| {
        let secret = app.secret.map(|secret| format!(", secret <code>{}</code>", escape(secret))).unwrap_or_default();
        format!("<dt>{}</dt><dd><code>{}</code>{secret}</dd>", escape(app.name), app.client_id)
    });
    let body = format!(
        "<p>A local Entra and a local Dataverse, for trying things out. To connect:</p>\n\
         <p><code>d365conn connect --tenant-url {origin}</code></p>\n\
         <p>Apps for <code>--client-id</code>:</p><dl>{apps}</dl>"
    );
    page(200, "The sandbox is running", &body)
}

#[cfg(test)]
mod tests;
