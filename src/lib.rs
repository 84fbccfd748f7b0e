//! # The map of the house
//!
//! d365conn is a command-line connection manager for Microsoft Dynamics 365 CRM (Dataverse). It signs in with OAuth 2.0
//! through the system's browser, keeps refresh tokens in the operating system's keyring, and gives scripts the rows of the
//! organisation. Its contract is argv, environment, stdout, stderr and exit status; **this library promises nothing** and
//! exists so that the program can be tested from inside.
//!
//! A run is a straight line: argv → [`cli`] → [`settings`] → a file of [`commands`] → the rooms below → the wire, and rows
//! back from the wire through [`record`] to a sink of [`output`]. Nothing turns back and nothing is called from below.
//!
//! ## Floors
//! A *room* is a module named by a noun of the domain. It uses rooms on lower floors only; neighbours don't know each other.
//! A *door* is the one file that may touch one piece of the outside world.
//!
//! | floor | rooms |
//! |---|---|
//! | 10 | `main`, this file |
//! | 9 | [`cli`]: what may be typed |
//! | 8 | [`commands`]: one file per word: arrange, don't know |
//! | 7 | [`doctor`]: examine a connection link by link; explain codes |
//! | 6 | [`context`]: opens things when first asked |
//! | 5 | [`session`]: a fresh token for a connection; signing in |
//! | 4 | [`auth`]: Entra · [`store`]: saved connections and secrets · [`dataverse`]: rows · [`proxy`]: requests of other programs |
//! | 3 | [`net`]: requests out · [`output`]: bytes to the user · [`settings`]: what was meant |
//! | 2 | [`connection`]: saved identity · [`paths`]: files · [`child`]: other programs · [`sandbox`]: the other side of the wire |
//! | 1 | [`tenant`], [`record`]: pure values |
//! | 0 | [`secret`] · [`clock`] · [`environment`] · [`guard`] · [`problem`] · `signals` |
//!
//! `auth`, `store` and `dataverse` are neighbours: Dataverse never learns what a refresh token is (it is given a
//! [`net::TokenSource`]), the store never learns what OAuth is (it keeps [`secret::Secret`]s under a name). Only `session`
//! knows both. `sandbox` uses `clock` and nothing else of ours, so that it can't share a misunderstanding with the client.
//!
//! ## Where is the thing that …
//!
//! | … | it lives in |
//! |---|---|
//! | decides whether an address is an organisation | [`tenant::TenantUrl::parse`] |
//! | knows the clouds and their login hosts | [`tenant::CLOUDS`] |
//! | finds who guards an organisation | `auth/discovery.rs`, judged in `auth/challenge.rs` and `auth/authority.rs` |
//! | waits for the browser | `auth/loopback.rs` (door), judged in `auth/callback.rs` |
//! | serves the browser while a question stands | `session/prompt_wait.rs`; how long: `session/wait.rs` |
//! | asks a machine of Azure's for its own token | `auth/managed_identity.rs`, where: `auth/managed_identity/endpoint.rs` |
//! | borrows a token of the Azure CLI | `auth/azure_cli.rs` |
//! | reads a certificate with its key, and signs with it | `auth/certificate.rs`, `auth/certificate_file.rs` |
//! | fetches what another identity provider says of a job | `auth/federated.rs` |
//! | shows a code for another device, and waits | `auth/device.rs`; offers it or the browser instead: `commands/other_way.rs` |
//! | explains an AADSTS number | `auth/aadsts` |
//! | renews a token, once among all processes | `session/tokens.rs` |
//! | turns a flow into the credential that is shown | `session/credential.rs`; from it to a token: `auth/credential.rs` |
//! | chooses among the environment's credentials | `settings/credential.rs` |
//! | runs the steps of `connect` | `session/sign_in.rs`, told by `commands/sign_in_words.rs`, saved by `commands/signing_in.rs` |
//! | keeps secrets | `store/keyring.rs` (door), `store/file.rs` |
//! | keeps the list of connections | `store/registry.rs`; looks at it again before a change: `store/standing.rs`, `paths/stamp.rs` |
//! | judges the rights of a directory before it is used | `paths/directory_handle.rs` |
//! | lets one browser open per name | `store/sign_in_turn.rs` |
//! | decides which token is good enough | `session/kept.rs` |
//! | reads a claims challenge | `auth/claims.rs` |
//! | lists the organisations of a user | `tenant/discovery.rs`, `dataverse/discovery.rs`; one sign-in for several: `session/shared_sign_in.rs` |
//! | asks for an administrator's consent | `auth/admin_consent.rs`, `session/admin_consent.rs` |
//! | keeps a secret out of every message | `secret/watch.rs`, by value |
//! | follows FetchXML from page to page | `dataverse/fetchxml.rs`, read in `dataverse/reader.rs` |
//! | tells a link back to a page that was read | `dataverse/seen_pages.rs` |
//! | takes what was typed for a record | `dataverse/values/reference.rs`; what leads to it: `dataverse/addressing.rs`; finds it: `dataverse/finding.rs` |
//! | finds a view, words | `dataverse/{views,search}.rs` |
//! | counts beyond 5,000 | `dataverse/count.rs` |
//! | sends any request, as it is | `commands/api`; judged in `dataverse/raw.rs` |
//! | passes records through jq | `output/filter.rs` |
//! | keeps the memory of the process to itself | `guard.rs` |
//! | hands a token to other programs | `commands/serving`; what they inherit: `commands/serving/inheritance.rs` |
//! | sends a secret to nobody but those it was made for | `connection/binding.rs`, judged in `store/resident.rs` |
//! | finds secrets that no connection owns | `commands/orphans.rs` |
//! | moves secrets between stores | `commands/connections/moving.rs` |
//! | keeps a finished sign-in when the keyring has gone | `commands/other_store.rs` |
//! | packs a connection for another machine | `store/bundle.rs`, sealed by `store/sealing.rs`; what travels: `session/travel.rs` |
//! | reads a connection string | `settings/connection_string.rs` |
//! | refuses empty arguments | `commands/empty_argument.rs` |
//! | notices misspelt variables and those that were not filled in | `environment/misspelling.rs` |
//! | says where a connection's name may be typed | `commands/naming.rs` |
//! | runs another program | `child.rs` (door) |
//! | lets another program's request through | `proxy/judge.rs` and `proxy/scope.rs` judge, `proxy/server.rs` (door) listens |
//! | attaches the bearer | [`net::Http::send`], the only place |
//! | ends answers that drip | `net/limits.rs`, `net/body.rs` |
//! | reads the proxy of the environment and what it refuses | `net/outbound_proxy.rs` |
//! | refuses headers that change the method | `net/method_override.rs` |
//! | refuses a link to elsewhere | [`net::Origin::adopt`] |
//! | knows what the CRM's own verbs send | `dataverse/crm.rs` (pure), sent once by `dataverse/call.rs` |
//! | says which noun has which verbs of its own | its row of [`commands::records::NOUNS`]; each verb: `commands/records/own` |
//! | reads actions and functions out of `$metadata` | `dataverse/callables/csdl.rs`; what was typed for them: `dataverse/callables/arguments.rs` |
//! | knows an organisation's status reasons | `dataverse/reasons.rs` |
//! | says who takes part in an activity | `dataverse/values/parties.rs` |
//! | says under which name a column is sent | [`dataverse::Definition::sent_as`] |
//! | waits when the service throttles | `net/retry.rs` judges, `dataverse/client.rs` waits |
//! | asks a long question | `dataverse/batch/carried.rs`, sent by `dataverse/client.rs` |
//! | judges the names in a question before it is sent | `dataverse/names`; those inside a new record: `dataverse/values/nested.rs` |
//! | writes and reads a batch | `dataverse/batch`: `operation.rs`, `wire.rs` and `answers.rs` are pure, `run.rs` sends |
//! | makes a file's name harmless | `dataverse/file_name.rs` |
//! | sends a file in blocks, and remembers how far it is | `dataverse/files/blocks.rs`, `store/uploads.rs` |
//! | fetches a file in ranges, and gives it its name when it is whole | `dataverse/files/fetch.rs`, `paths/partial.rs` |
//! | cuts records out of a page | `dataverse/page.rs` |
//! | knows a table's columns, choices, keys and relationships | `dataverse/metadata`: [`dataverse::Client::definition`], kept by [`dataverse::Catalog`] |
//! | follows collections inside records to their end | `dataverse/inner_pages.rs` |
//! | says what an answer without success means, and whether it is the service's | `dataverse/answer.rs`, `dataverse/error_body.rs` |
//! | decides which choice a label means | `dataverse/values/choice.rs` |
//! | turns a day into the moment at which it begins for its writer | `dataverse/time_zone.rs` |
//! | takes a printed record as the values of a change | `dataverse/record_input.rs` |
//! | tells a change that was sent from one that was shown | `dataverse/dry_run.rs` |
//! | says which request a command sends | `tests/data/requests`, played by `tests/it/features/requests.rs` |
//! | holds signals while the terminal is silent | `signals.rs` (door), asked by `output/prompt.rs` |
//! | makes text inert on a terminal | `output/term.rs` |
//! | puts a note, a warning or a trace line on stderr | `output/lines.rs` |
//! | shows a problem, our own bugs too | `output/problem.rs`, called once, in [`cli::start`] |
//!
//! ## Invariants, most of them absences
//! Nothing in `tenant`, `record` and the files marked pure does I/O or reads a clock. `reqwest` is named in `net` only,
//! `oauth2` in `auth` only, `keyring` in one file, `clap` in `cli` and `commands`. No secret is in argv, in a
//! [`connection::Connection`], in a trace line or in an error. Only [`cli::start`] prints a problem; only `main` ends
//! the process, but for [`child`], which lets another program take its place. A command without network builds no
//! runtime, no TLS and opens no keyring. stdout carries data only. Every wait ends. Redirects are never followed.
//! `tests/it/tidy` reads the source and holds these walls.
//!
//! ## One request: `d365conn accounts list --select name --top 5 -o json`
//! `main` hands over to [`run`]; [`cli`] parses, and `accounts` is a row of [`commands::records::NOUNS`]; [`settings`] turns
//! what was typed into what was meant, and nothing has touched network, keyring or TLS yet; `list.rs` makes a
//! [`dataverse::Query`] and asks [`context`] for a [`dataverse::Client`], which opens the registry, the
//! [`session::Session`] and the [`net::Http`] for the first and only time; the query becomes a request (pure), the session
//! gives its cached token or renews it under a lock; bytes come back, `page.rs` cuts them into records, and each goes to the
//! sink before the next is read.
//!
//! ## How to add …
//! * **a command**: a file in `commands/` with clap `Args`, examples and a `run`; a line in `cli::Word` and its dispatch. The
//!   tests run its examples.
//! * **a phrase**: a `static` in the room's `phrases.rs`, listed in its `PHRASES`, named by a variant of the room's error.
//! * **a check**: a call of `Examining::check` in `doctor/checks.rs` that ends in a problem with a phrase.
//! * **a cloud**: a row of [`tenant::CLOUDS`], and cases in `tests/data/tenant_urls.toml`.

pub mod auth;
pub mod child;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod connection;
pub mod context;
pub mod dataverse;
pub mod doctor;
pub mod environment;
pub mod guard;
pub mod net;
pub mod output;
pub mod paths;
pub mod problem;
pub mod proxy;
pub mod record;
pub mod sandbox;
pub mod secret;
pub mod session;
pub mod settings;
#[cfg(unix)]
pub mod signals;
pub mod store;
pub mod tenant;

use std::ffi::OsString;

use crate::auth::Browser;
use crate::clock::Clock;
use crate::environment::Environment;
use crate::output::Stdio;
use crate::problem::Exit;

pub use crate::commands::phrasebook;

/// What surrounds a run: everything it may read of the world, as values.
pub struct Surroundings {
    /// The environment.
    pub environment: Environment,
    /// The streams.
    pub stdio: Stdio,
    /// The time.
    pub clock: Clock,
    /// What opens the sign-in page.
    pub browser: Browser,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let environment = Environment::of_process();
        Self {
            browser: Browser::System(environment.clone()),
            environment,
            stdio: Stdio::of_process(),
            clock: Clock::system(),
        }
    }
}

/// Runs the command line of this process to its end: its memory is closed to others, and a panic on any thread of it is
/// told without a value that was in reach and ends with [`Exit::Bug`].
pub fn run_process(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    guard::raise();
    problem::take_charge_of_panics(output::tell_of_panic);
    let exit = run(arguments, Surroundings::of_process());
    if problem::has_stray_panic() { Exit::Bug } else { exit }
}

/// Runs one command line to its end.
pub fn run(arguments: impl IntoIterator<Item = OsString>, surroundings: Surroundings) -> Exit {
    let Surroundings { environment, stdio, clock, browser } = surroundings;
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    cli::start(&arguments, environment, stdio, clock, browser)
}
