//! The token that is handed out, and how long it lasts: got from wherever the connection's tokens come from, renewed at
//! most once, never printed here.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::auth::BearerClaims;
use crate::commands::serving::ServingError;
use crate::connection::Connection;
use crate::context::Context;
use crate::net::{AccessToken, TokenSource};
use crate::problem::Problem;
use crate::secret::Secret;
use crate::settings::{Credential, EnvironmentConnection, Target};
use crate::tenant::TenantUrl;

/// No token of Entra lives longer: one for a client that understands continuous access evaluation (Microsoft Learn,
/// "Configurable token lifetimes").
const LONGEST: Duration = Duration::from_secs(28 * 60 * 60);

/// How much of its life a token must still have before it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Freshness {
    /// As every command of ours has it: five minutes, or what is left when Entra can't be reached.
    Usual,
    /// This long, or it is an error.
    AtLeast(Duration),
    /// This long if that can be had; else what there is.
    Rather(Duration),
}

/// A token on its way to another program.
pub(super) struct Lease {
    /// The bearer.
    pub(super) secret: Secret,
    /// When it ends, if anybody says so.
    pub(super) end: Option<Timestamp>,
    /// The Entra tenant, if it is known.
    pub(super) tenant: Option<String>,
    /// The organisation.
    pub(super) tenant_url: TenantUrl,
    /// The saved connection's name, or the organisation's address, which is no name.
    pub(super) connection: String,
}

/// Where a token comes from, before it is asked for.
struct Source {
    tokens: Arc<dyn TokenSource>,
    tenant: Option<String>,
    tenant_url: TenantUrl,
    connection: String,
    kind: Kind,
}

#[derive(PartialEq, Eq)]
enum Kind {
    /// Kept between runs: it may be old, and then it is renewed.
    Kept,
    /// Asked for now: there is no fresher one.
    New,
    /// Handed in: there is no other one.
    Given,
}

impl Lease {
    /// A token of the connection that is meant.
    pub(super) fn take(context: &Context, freshness: Freshness) -> Result<Self, Problem> {
        if let Freshness::AtLeast(wanted) = freshness
            && wanted > LONGEST
        {
            let lasts = format!("no token of Entra lasts longer than {}", spelt(LONGEST));
            return Err(ServingError::TooLong { wanted: spelt(wanted), lasts }.into());
        }
        let source = match context.target()? {
            Target::Environment(connection) => Source::of_environment(context, &connection)?,
            Target::Named(name) => Source::saved(context, &context.saved_connection(Some(name.as_str()))?)?,
            Target::Default => Source::saved(context, &context.saved_connection(None)?)?,
        };
        let lease = context.block_on(source.lease(context, freshness))?;
        if !lease.secret.expose().bytes().all(|byte| byte.is_ascii_graphic()) || lease.secret.is_empty() {
            return Err(ServingError::Unfit.into());
        }
        lease.tell(context);
        Ok(lease)
    }

    /// How long it lasts from `now` on; nothing once it has ended, and nothing where nobody says.
    fn left(&self, now: Timestamp) -> Option<Duration> {
        self.end.map(|end| Duration::try_from(end.duration_since(now)).unwrap_or_default())
    }

    fn tell(&self, context: &Context) {
        let left = self.left(context.clock.now());
        if let (Some(Duration::ZERO), Some(end)) = (left, self.end) {
            context.screen.warn(&format!("this access token ended at {end:.0}"));
        }
        context.trace().decision(|| match (left, self.end) {
            (Some(left), Some(end)) => format!("the token lasts {}, until {end:.0}", spelt(left)),
            _ => "nobody says how long the token lasts".to_owned(),
        });
    }
}

impl Source {
    fn saved(context: &Context, connection: &Connection) -> Result<Self, Problem> {
        refuse_read_only(context, connection.read_only.then_some(connection.name.as_str()))?;
        Ok(Self {
            tokens: context.tokens_of(connection)?,
            tenant: Some(connection.account.tenant.clone()),
            tenant_url: connection.tenant_url.clone(),
            connection: connection.name.to_string(),
            kind: Kind::Kept,
        })
    }

    fn of_environment(context: &Context, connection: &EnvironmentConnection) -> Result<Self, Problem> {
        refuse_read_only(context, connection.read_only.as_deref())?;
        let is_given = matches!(connection.credential, Credential::AccessToken(_));
        Ok(Self {
            tokens: context.tokens_of_environment(connection)?,
            tenant: connection.tenant.clone(),
            tenant_url: connection.tenant_url.clone(),
            connection: connection.tenant_url.to_string(),
            kind: if is_given { Kind::Given } else { Kind::New },
        })
    }

    async fn lease(self, context: &Context, freshness: Freshness) -> Result<Lease, Problem> {
        let token = self.tokens.token().await?;
        let lease = self.lease_of(token.clone());
        let wanted = match freshness {
            Freshness::Usual => return Ok(lease),
            Freshness::AtLeast(wanted) | Freshness::Rather(wanted) => wanted,
        };
        let left = |lease: &Lease| lease.left(context.clock.now());
        let is_enough = |lease: &Lease| left(lease).is_some_and(|left| left >= wanted);
        if is_enough(&lease) {
            return Ok(lease);
        }
        let lease = if self.kind == Kind::Kept {
            context.trace().decision(|| format!("the token ends in less than {}", spelt(wanted)));
            // Once only: the next one would have no longer life.
            match (self.tokens.token_instead_of(&token, &[]).await, freshness) {
                (Ok(newer), _) => self.lease_of(newer),
                (Err(problem), Freshness::Rather(_)) => {
                    let warning = format!("the token could not be renewed, so the old one has to do: {problem}");
                    context.screen.warn(&warning);
                    lease
                }
                (Err(problem), _) => return Err(problem),
            }
        } else {
            lease
        };
        match freshness {
            Freshness::AtLeast(_) if !is_enough(&lease) => Err(self.too_short(wanted, left(&lease)).into()),
            _ => Ok(lease),
        }
    }

    fn too_short(&self, wanted: Duration, left: Option<Duration>) -> ServingError {
        let (wanted, left) = (spelt(wanted), left.map(spelt));
        if self.kind == Kind::Given {
            let lasts = left.map_or_else(|| "does not say when it ends".to_owned(), |left| format!("lasts {left}"));
            ServingError::EndsSooner { wanted, lasts }
        } else {
            let new = |left| format!("a new one lasts {left}");
            ServingError::TooLong {
                wanted,
                lasts: left.map_or_else(|| "nobody says how long one lasts".to_owned(), new),
            }
        }
    }

    fn lease_of(&self, token: AccessToken) -> Lease {
        let claims = BearerClaims::of(&token.secret);
        Lease {
            end: token.expires_on.or_else(|| claims.end()),
            tenant: self.tenant.clone().or(claims.tenant),
            tenant_url: self.tenant_url.clone(),
            connection: self.connection.clone(),
            secret: token.secret,
        }
    }
}

/// A token of a connection that refuses every write is handed out only if that is overruled.
fn refuse_read_only(context: &Context, read_only: Option<&str>) -> Result<(), ServingError> {
    match read_only {
        Some(connection) if !context.settings.yes => Err(ServingError::ReadOnly { connection: connection.to_owned() }),
        _ => Ok(()),
    }
}

/// A length of time as it is typed behind a flag, in the largest unit that is not too coarse.
fn spelt(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds}s"),
        seconds if seconds >= 7200 && seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        seconds => format!("{}m", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_spelt_as_it_is_typed() {
        for (seconds, text) in [
            (0, "0s"),
            (90, "90s"),
            (120, "2m"),
            (4611, "76m"),
            (3600, "60m"),
            (7200, "2h"),
            (7260, "121m"),
            (100_800, "28h"),
        ] {
            assert_eq!(spelt(Duration::from_secs(seconds)), text);
        }
    }
}
