//! The checks, in the order of a sign-in: address, network, challenge, authority, store, app, token, who am I. Each
//! reuses the step it examines, so that doctor and connect can't disagree. Nothing is mended here.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::auth::{AuthError, Authority, RedirectUri, Rehearsal, SignInRequest, check_metadata, discover, rehearse};
use crate::clock::Clock;
use crate::connection::{Connection, Flow, ResponseMode, SAMPLE_CLIENT_ID};
use crate::context::Context;
use crate::doctor::examine::{Examining, Seen, Subject};
use crate::doctor::{Finding, Verdict};
use crate::net::{Layer, NetError, Origin, TokenSource};
use crate::problem::Problem;
use crate::session::CLIENT_SECRET;
use crate::settings::EnvironmentConnection;
use crate::store::StoreError;
use crate::tenant::TenantUrl;

/// The links of the network, nearest first; one probe shows all of them.
const LINKS: [&str; 3] = ["dns", "tcp", "tls"];

/// Makes every check that fits the subject.
pub(super) async fn all(examining: &mut Examining<'_>, subject: Subject) {
    match subject {
        Subject::Address(parsed) => {
            let address = examining.check("address", async { judge_address(*parsed) }).await;
            match address {
                Some(tenant_url) => {
                    network(examining, &tenant_url, None).await;
                }
                None => skip_network(examining),
            }
        }
        Subject::Saved(connection) => Box::pin(saved(examining, &connection)).await,
        Subject::Environment(connection) => environment(examining, &connection).await,
    }
}

fn judge_address(
    parsed: Result<crate::tenant::Parsed, crate::tenant::TenantError>,
) -> Result<Seen<TenantUrl>, Problem> {
    let parsed = parsed?;
    let repairs: Vec<String> = parsed.repairs.iter().map(ToString::to_string).collect();
    let seen = vec![
        ("tenant_url", json!(parsed.url.as_str())),
        ("cloud", json!(parsed.url.cloud().name)),
        ("repairs", json!(repairs)),
    ];
    Ok(if repairs.is_empty() { Seen::ok(parsed.url, seen) } else { Seen::note(parsed.url, seen) })
}

fn skip_network(examining: &mut Examining<'_>) {
    examining.skip(&LINKS);
    examining.skip(&["challenge", "authority"]);
}

/// Asks the organisation who guards it, and the guard who it is.
async fn network(examining: &mut Examining<'_>, tenant_url: &TenantUrl, tenant: Option<&str>) -> Option<Authority> {
    if examining.is_offline {
        skip_network(examining);
        return None;
    }
    let context = examining.context;
    let began = Clock::steady();
    let probe = match context.http() {
        Ok(http) => {
            let work = async { discover(http, tenant_url).await.map_err(Problem::from) };
            examining.in_time("challenge", work).await
        }
        Err(problem) => Err(problem),
    };
    let took = began.elapsed();
    let found = match probe {
        Ok(found) => found,
        Err(problem) => {
            fault_of_network(examining, tenant_url, problem, took);
            return None;
        }
    };
    for id in LINKS {
        let (verdict, took) =
            if is_absent(tenant_url, id) { (Verdict::Skipped, Duration::ZERO) } else { (Verdict::Ok, took) };
        let evidence = way_out(examining.context, tenant_url, id);
        examining.record(Finding { id, verdict, took, evidence, problem: None });
    }
    let evidence = vec![("login", json!(found.origin().as_str())), ("tenant", json!(found.tenant()))];
    examining.record(Finding { id: "challenge", verdict: Verdict::Ok, took, evidence, problem: None });
    let authority = match tenant {
        Some(tenant) => found.with_tenant(tenant),
        None => Ok(found),
    };
    examining
        .check("authority", async {
            let authority = check_metadata(context.http()?, &authority?).await?;
            let evidence = vec![("login", json!(authority.origin().as_str())), ("tenant", json!(authority.tenant()))];
            Ok(Seen::ok(authority, evidence))
        })
        .await
}

/// The sandbox has no name to look up and no TLS.
fn is_absent(tenant_url: &TenantUrl, link: &str) -> bool {
    tenant_url.is_sandbox() && matches!(link, "dns" | "tls")
}

/// The place of the link that broke, among those of [`fault_of_network`].
fn broken_link(problem: &Problem) -> usize {
    let of_net = |error: &NetError| match error.layer() {
        Layer::Name => 0,
        Layer::Connection => 1,
        Layer::Tls => 2,
        Layer::Answer => 3,
    };
    match problem.find::<AuthError>() {
        Some(AuthError::Net(error)) => of_net(error),
        Some(AuthError::UntrustedAuthority { .. } | AuthError::ForeignResource { .. }) => 4,
        Some(_) => 3,
        None => problem.find::<NetError>().map_or(3, of_net),
    }
}

/// What of flags and environment bears on a link: a proxy on the connection, files of authorities on TLS. A sandbox is
/// reached past both.
fn way_out(context: &Context, tenant_url: &TenantUrl, link: &str) -> Vec<(&'static str, serde_json::Value)> {
    if tenant_url.is_sandbox() {
        return Vec::new();
    }
    let link_of = |name: &str| if name.ends_with("proxy") { "tcp" } else { "tls" };
    let all = context.way_out().into_iter();
    all.filter(|(name, _)| link_of(name) == link).map(|(name, value)| (name, json!(value))).collect()
}

/// Puts a failed probe where it belongs: the links before it are sound, those after it were not seen.
fn fault_of_network(examining: &mut Examining<'_>, tenant_url: &TenantUrl, problem: Problem, took: Duration) {
    const ORDER: [&str; 5] = ["dns", "tcp", "tls", "challenge", "authority"];
    let broken = broken_link(&problem);
    let mut problem = Some(problem);
    for (position, id) in ORDER.into_iter().enumerate() {
        let verdict = match position.cmp(&broken) {
            std::cmp::Ordering::Less if is_absent(tenant_url, id) => Verdict::Skipped,
            std::cmp::Ordering::Less => Verdict::Ok,
            std::cmp::Ordering::Equal => Verdict::Fault,
            std::cmp::Ordering::Greater => Verdict::Skipped,
        };
        let problem = if verdict == Verdict::Fault { problem.take() } else { None };
        let took = if verdict == Verdict::Skipped { Duration::ZERO } else { took };
        let evidence = way_out(examining.context, tenant_url, id);
        examining.record(Finding { id, verdict, took, evidence, problem });
    }
}

async fn saved(examining: &mut Examining<'_>, connection: &Connection) {
    let context = examining.context;
    let evidence = vec![
        ("tenant_url", json!(connection.tenant_url.as_str())),
        ("cloud", json!(connection.tenant_url.cloud().name)),
    ];
    examining.check("address", async { Ok(Seen::ok((), evidence)) }).await;
    // An address that the secrets were not made for is not even asked who it is.
    examining.is_offline |= !is_made_for(context, connection);
    let authority = network(examining, &connection.tenant_url, connection.tenant_override.as_deref()).await;
    examining.check("app", judge_app(context, connection, authority.as_ref())).await;
    let stored = examining
        .check("store", async {
            let secrets = context.stored_secrets(connection)?;
            let evidence = vec![
                ("store", json!(connection.store.word())),
                ("client_secret", json!(secrets.find(CLIENT_SECRET).is_some())),
            ];
            Ok(Seen::ok((), evidence))
        })
        .await
        .is_some();
    if authority.is_none() || !stored {
        examining.skip(&["token", "whoami"]);
        return;
    }
    let origin = Origin::of(&connection.tenant_url);
    match examining.check("token", renew(context, connection)).await {
        Some(tokens) => whoami(examining, origin, tokens).await,
        None => examining.skip(&["whoami"]),
    }
}

/// Whether the secrets of a saved connection were made for what it is now, as far as that can be told.
fn is_made_for(context: &Context, connection: &Connection) -> bool {
    let read = context.vault_of(connection).map(|vault| vault.read());
    !matches!(read, Ok(Err(StoreError::MadeForAnother { .. })))
}

/// So many days before its end a certificate is spoken of.
const SOON: i64 = 30;

/// Whether the app may sign users in here, as far as Entra tells without a user. Of an app that signs in by itself only
/// what it is.
async fn judge_app(
    context: &Context,
    connection: &Connection,
    authority: Option<&Authority>,
) -> Result<Seen<()>, Problem> {
    let client_id = connection.app.client_id();
    if connection.flow.is_unattended() || connection.flow == Flow::Device {
        // Without a redirect there is nothing to rehearse: the token that follows is the proof.
        let mut evidence = vec![
            ("kind", json!(connection.app.word())),
            ("client_id", json!(client_id)),
            ("auth", json!(connection.flow.word())),
        ];
        let Some(end) = context.certificate_end(connection) else { return Ok(Seen::ok((), evidence)) };
        let days_left = end.as_second().saturating_sub(context.clock.now().as_second()) / (24 * 3600);
        evidence.extend([("certificate_ends", json!(end.to_string())), ("days_left", json!(days_left))]);
        if days_left > SOON {
            return Ok(Seen::ok((), evidence));
        }
        evidence.push(("advice", json!("the certificate ends soon: make a new one, upload it, and reconnect with it")));
        return Ok(Seen::note((), evidence));
    }
    let redirect_uri = match &connection.redirect_uri {
        Some(uri) => RedirectUri::parse(uri)?,
        None => RedirectUri::default(),
    };
    let mut evidence = vec![
        ("kind", json!(connection.app.word())),
        ("client_id", json!(client_id)),
        ("redirect_uri", json!(redirect_uri.to_register())),
    ];
    if let Some(authority) = authority {
        let authorization = SignInRequest {
            tenant_url: &connection.tenant_url,
            authority,
            client_id,
            redirect_uri: redirect_uri.to_register(),
            response_mode: ResponseMode::Query,
            no_graph: true,
            prompt: None,
            login_hint: None,
            claims: None,
        }
        .to_authorization()?;
        let rehearsal = rehearse(context.http()?, &authorization)
            .await
            .map_err(|error| error.with_connection(connection.name.as_str()))?;
        evidence.push(("registered", json!((rehearsal == Rehearsal::Registered).then_some(true))));
    }
    if client_id == SAMPLE_CLIENT_ID && !connection.tenant_url.is_sandbox() {
        evidence.push(("advice", json!("Microsoft's sample app is for development; register your own for production")));
        return Ok(Seen::note((), evidence));
    }
    Ok(Seen::ok((), evidence))
}

async fn environment(examining: &mut Examining<'_>, connection: &EnvironmentConnection) {
    let context = examining.context;
    let evidence = vec![
        ("tenant_url", json!(connection.tenant_url.as_str())),
        ("cloud", json!(connection.tenant_url.cloud().name)),
        ("credential", json!(connection.credential.word())),
    ];
    examining.check("address", async { Ok(Seen::ok((), evidence)) }).await;
    let reached = network(examining, &connection.tenant_url, connection.tenant.as_deref()).await.is_some();
    if !reached {
        examining.skip(&["token", "whoami"]);
        return;
    }
    token_and_whoami(examining, Origin::of(&connection.tenant_url), context.tokens_of_environment(connection)).await;
}

/// Renews the token although the present one may be good: an hour from now everything depends on the refresh token, and
/// only Entra knows whether it still works.
async fn renew(context: &Context, connection: &Connection) -> Result<Seen<Arc<dyn TokenSource>>, Problem> {
    let session = context.session_of(connection)?;
    let (token, is_renewed) = match session.renewed().await? {
        Some(token) => (token, true),
        // Such a connection lives as long as its access token. That is no fault yet.
        None => (session.token().await?, false),
    };
    let left = token.expires_on.map(|end| end.as_second() - context.clock.now().as_second());
    let mut evidence = vec![("seconds_left", json!(left)), ("renewed", json!(is_renewed))];
    let session: Arc<dyn TokenSource> = session;
    if is_renewed {
        return Ok(Seen::ok(session, evidence));
    }
    let advice = format!("it can't be renewed; run `d365conn reconnect {} --prompt consent`", connection.name);
    evidence.push(("advice", json!(advice)));
    Ok(Seen::note(session, evidence))
}

async fn token_and_whoami(
    examining: &mut Examining<'_>,
    origin: Origin,
    tokens: Result<Arc<dyn TokenSource>, Problem>,
) {
    let context = examining.context;
    let now = context.clock.now();
    let source = examining
        .check("token", async {
            let tokens = tokens?;
            let token = tokens.token().await?;
            let left = token.expires_on.map(|end| end.as_second() - now.as_second());
            Ok(Seen::ok(tokens, vec![("seconds_left", json!(left))]))
        })
        .await;
    match source {
        Some(tokens) => whoami(examining, origin, tokens).await,
        None => examining.skip(&["whoami"]),
    }
}

async fn whoami(examining: &mut Examining<'_>, origin: Origin, tokens: Arc<dyn TokenSource>) {
    let context = examining.context;
    examining
        .check("whoami", async {
            let ids = context.client_with(origin, tokens, None)?.who_am_i().await?;
            let evidence = vec![
                ("user_id", json!(ids.user_id)),
                ("organisation_id", json!(ids.organisation_id)),
                ("business_unit_id", json!(ids.business_unit_id)),
            ];
            Ok(Seen::ok((), evidence))
        })
        .await;
}
