//! Tokens borrowed from the Azure CLI: whoever is signed in to it on this computer, person or not. The program is run by its
//! absolute path, without a shell, without any secret of ours and for a limited time; what it says is judged in `said.rs`.
//! Nothing of it is kept but the access token.

mod error;
mod said;

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use crate::auth::{AuthError, BearerClaims, TokenSet};
use crate::child::{Answer, ChildError, Program};
use crate::clock::Clock;
use crate::environment::{self, Environment};
use crate::tenant::TenantUrl;

pub use error::AzureCliError;

/// How long the Azure CLI may take. It is a Python program that may have to ask Entra, and needs seconds for both.
const LIMIT: Duration = Duration::from_secs(30);
/// What it is told besides: no colour, no hints.
const MANNERS: [(&str, &str); 2] = [("AZURE_CORE_NO_COLOR", "true"), ("AZURE_CORE_ONLY_SHOW_ERRORS", "true")];
/// What every variable of ours begins with.
const OURS: &str = "D365CONN_";

/// A token for the organisation, of whoever is signed in to the Azure CLI, in the tenant that owns the organisation.
///
/// # Errors
/// [`AuthError::AzureCli`], [`AuthError::OddToken`], and [`AuthError::OtherTenant`] where it could not be told the tenant.
pub async fn azure_cli_token(
    environment: &Environment,
    clock: &Clock,
    tenant_url: &TenantUrl,
    tenant: &str,
) -> Result<TokenSet, AuthError> {
    let asked = Asked { environment, tenant_url, tenant };
    let mut answer = asked.run(true).await?;
    // Signed in as a machine, as in Cloud Shell, it has one tenant and refuses to be told any.
    if !answer.is_success && said::is_about_naming_a_tenant(&answer.complaint) {
        answer = asked.run(false).await?;
    }
    if !answer.is_success {
        return Err(said::refusal(&answer.complaint, tenant_url, tenant).into());
    }
    let odd = |what| AuthError::OddToken { host: "the Azure CLI".to_owned(), what };
    let tokens = said::tokens(&answer.output, clock).map_err(odd)?;
    match BearerClaims::of(&tokens.access_token).tenant {
        Some(actual) if uuid::Uuid::try_parse(tenant).is_ok() && !actual.eq_ignore_ascii_case(tenant) => {
            Err(AuthError::OtherTenant { expected: tenant.to_owned(), actual })
        }
        _ => Ok(tokens),
    }
}

/// What is asked of it.
struct Asked<'a> {
    environment: &'a Environment,
    tenant_url: &'a TenantUrl,
    tenant: &'a str,
}

impl Asked<'_> {
    async fn run(&self, names_tenant: bool) -> Result<Answer, AuthError> {
        let path = self.environment.raw(environment::PATH);
        let program = Program::find(OsStr::new("az"), path).map_err(AzureCliError::Missing)?;
        let answer = program.ask(&self.arguments(names_tenant), &inheritance(self.environment), LIMIT).await;
        Ok(answer.map_err(|error| match error {
            slow @ ChildError::TooSlow { .. } => AzureCliError::TooSlow(slow),
            error => AzureCliError::Missing(error),
        })?)
    }

    fn arguments(&self, names_tenant: bool) -> Vec<OsString> {
        let resource = self.tenant_url.as_str().trim_end_matches('/');
        let mut words = vec!["account", "get-access-token", "--output", "json", "--resource", resource];
        if names_tenant {
            words.extend(["--tenant", self.tenant]);
        }
        words.into_iter().map(OsString::from).collect()
    }
}

/// All but what is ours and what may be a secret. The proxy stays, password and all: it is the way out for both of us.
fn inheritance(environment: &Environment) -> Vec<(OsString, OsString)> {
    let is_inherited = |name: &OsStr| {
        let Some(name) = name.to_str().map(str::to_ascii_uppercase) else { return true };
        let is_secret = environment::VARIABLES.iter().any(|it| it.secret && it.name == name);
        !name.starts_with(OURS) && (!is_secret || name.ends_with("_PROXY"))
    };
    let inherited = environment.pairs().filter(|(name, _)| is_inherited(name));
    let inherited = inherited.map(|(name, value)| (name.to_owned(), value.to_owned()));
    inherited.chain(MANNERS.map(|(name, value)| (name.into(), value.into()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_azure_cli_inherits_the_way_out_and_no_secret() {
        let environment = Environment::of([
            ("PATH", "/bin"),
            ("AZURE_CONFIG_DIR", "/home/x/.azure"),
            ("https_proxy", "http://u:p@proxy:3128"),
            ("D365CONN_TENANT_URL", "https://contoso.crm4.dynamics.com"),
            ("d365conn_client_secret", "x"),
            ("AZURE_CLIENT_SECRET", "x"),
            ("IDENTITY_HEADER", "x"),
        ]);
        let names: Vec<String> =
            inheritance(&environment).into_iter().map(|(name, _)| name.display().to_string()).collect();
        let expected =
            ["AZURE_CONFIG_DIR", "PATH", "https_proxy", "AZURE_CORE_NO_COLOR", "AZURE_CORE_ONLY_SHOW_ERRORS"];
        assert_eq!(names, expected);
    }

    #[test]
    fn it_is_asked_for_a_token_of_the_organisation_in_its_tenant() {
        let url = TenantUrl::parse("https://contoso.crm4.dynamics.com").unwrap().url;
        let asked = Asked { environment: &Environment::default(), tenant_url: &url, tenant: "contoso.com" };
        let line = |names| asked.arguments(names).join(OsStr::new(" ")).display().to_string();
        let plain = "account get-access-token --output json --resource https://contoso.crm4.dynamics.com";
        assert_eq!((line(false), line(true)), (plain.to_owned(), format!("{plain} --tenant contoso.com")));
    }
}
