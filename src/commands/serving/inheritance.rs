//! What of our environment a program under `exec` inherits: all that is not ours, and of ours what says how to behave, not
//! who to be. Nothing is read or set here but the values it is given.

use std::ffi::{OsStr, OsString};

use crate::commands::serving::lease::Lease;
use crate::environment::{self, Environment, Variable};
use crate::settings::{Credential, Target};

/// Variables of ours that a program keeps. Every other one belongs to a connection or its credential, and the program has
/// its own: also those that only point at a secret, because a d365conn below shall not find half of another connection.
/// The passphrase's file stays: it is for saved connections, which a program may name with `-c`.
const KEPT: [Variable; 8] = [
    environment::MANAGED_CLIENT_ID,
    environment::CONFIG_DIR,
    environment::STATE_DIR,
    environment::STORE,
    environment::STORE_PASSPHRASE_FILE,
    environment::NO_INPUT,
    environment::OUTPUT,
    environment::LOG,
];

const OURS: &str = "D365CONN_";
const AZURES: &str = "AZURE_";

/// The whole environment of a program under `exec`.
pub(super) fn inheritance(environment: &Environment, target: &Target, lease: &Lease) -> Vec<(OsString, OsString)> {
    let is_inherited = |name: &OsStr| {
        let Some(name) = name.to_str().map(str::to_ascii_uppercase) else { return true };
        if name.starts_with(OURS) {
            return KEPT.iter().any(|kept| kept.name == name);
        }
        !is_spent(&name, environment, target)
    };
    let inherited = environment.pairs().filter(|(name, _)| is_inherited(name));
    let given = [
        (environment::TENANT_URL, lease.tenant_url.as_str()),
        (environment::ACCESS_TOKEN, lease.secret.expose()),
        (environment::EXEC_CONNECTION, lease.connection.as_str()),
    ];
    inherited
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .chain(given.map(|(variable, value)| (variable.name.into(), value.into())))
        .collect()
}

/// Whether a secret of Azure's was the credential of this run. One that was not used is the user's own business: the program
/// may be `terraform`, and need it.
fn is_spent(name: &str, environment: &Environment, target: &Target) -> bool {
    let Target::Environment(connection) = target else { return false };
    let Some(azures) = environment::VARIABLES.iter().find(|it| it.secret && it.name == name) else { return false };
    let Some(rest) = azures.name.strip_prefix(AZURES) else { return false };
    // Ours come first: Azure's only fills what they leave open, and a bundle leaves nothing open.
    let is_ours_set = environment::VARIABLES.iter().filter(|ours| environment.is_set(**ours)).any(|ours| {
        let ours = ours.name.strip_prefix(OURS).map(|ours| ours.strip_suffix("_FILE").unwrap_or(ours));
        ours.is_some_and(|ours| ours == rest || ours == "BUNDLE")
    });
    !matches!(connection.credential, Credential::AccessToken(_)) && !is_ours_set
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::settings::EnvironmentConnection;
    use crate::tenant::TenantUrl;

    const ADDRESS: &str = "https://contoso.crm4.dynamics.com";

    /// What a program inherits of `variables`, without the three that it is given.
    fn inherited(variables: &[(&str, &str)]) -> Vec<String> {
        let environment = Environment::of(variables.iter().copied());
        let target = match EnvironmentConnection::of(&environment).unwrap() {
            Some(connection) => Target::Environment(Box::new(connection)),
            None => Target::Default,
        };
        let lease = Lease {
            secret: Secret::new("the-new-token"),
            end: None,
            tenant: None,
            tenant_url: TenantUrl::parse(ADDRESS).unwrap().url,
            connection: "contoso".to_owned(),
        };
        let all = inheritance(&environment, &target, &lease);
        let text: Vec<String> =
            all.iter().map(|(name, value)| format!("{}={}", name.display(), value.display())).collect();
        let (rest, given) = text.split_at(text.len() - 3);
        assert_eq!(
            given,
            [
                format!("D365CONN_TENANT_URL={ADDRESS}"),
                "D365CONN_ACCESS_TOKEN=the-new-token".to_owned(),
                "D365CONN_EXEC_CONNECTION=contoso".to_owned()
            ]
        );
        rest.iter().map(|text| text.split_once('=').unwrap().0.to_owned()).collect()
    }

    #[test]
    fn what_is_not_ours_is_inherited() {
        let others = [("HTTPS_PROXY", "http://u:p@h"), ("LANG", "C"), ("PATH", "/bin"), ("SSL_CERT_FILE", "/c")];
        assert_eq!(inherited(&others), ["HTTPS_PROXY", "LANG", "PATH", "SSL_CERT_FILE"]);
    }

    #[test]
    fn of_ours_only_what_says_how_to_behave_is_inherited() {
        let all: Vec<(&str, &str)> = environment::VARIABLES
            .iter()
            .filter(|variable| variable.name.starts_with(OURS))
            // These would be a connection of their own here.
            .filter(|variable| {
                let switches = [environment::TENANT_URL, environment::AUTH];
                let tokens = [environment::ACCESS_TOKEN, environment::REFRESH_TOKEN];
                !switches.contains(variable) && !tokens.contains(variable)
            })
            .map(|variable| (variable.name, "x"))
            .chain([("D365CONN_LATER_SECRET", "x"), ("d365conn_client_secret", "x")])
            .collect();
        let mut kept: Vec<String> = KEPT.iter().map(|kept| kept.name.to_owned()).collect();
        kept.sort();
        assert_eq!(inherited(&all), kept);
        assert!(KEPT.iter().all(|kept| !kept.secret));
    }

    #[test]
    fn azures_secret_goes_where_it_was_the_credential_and_stays_where_it_was_not() {
        let app = "c1a5e8d2-0b94-4e67-8f3a-5d2b9c6e1740";
        let azures = [("AZURE_CLIENT_ID", app), ("AZURE_CLIENT_SECRET", "s")];
        let with = |more: &[(&'static str, &'static str)]| inherited(&[&azures, more].concat());
        let secret = "AZURE_CLIENT_SECRET".to_owned();
        assert!(with(&[]).contains(&secret), "a saved connection has its own");
        assert!(!with(&[("D365CONN_TENANT_URL", ADDRESS)]).contains(&secret));
        assert!(!with(&[("D365CONN_TENANT_URL", ADDRESS), ("D365CONN_REFRESH_TOKEN", "r")]).contains(&secret));
        assert!(with(&[("D365CONN_TENANT_URL", ADDRESS), ("D365CONN_CLIENT_SECRET", "s")]).contains(&secret));
        assert!(with(&[("D365CONN_TENANT_URL", ADDRESS), ("D365CONN_ACCESS_TOKEN", "a")]).contains(&secret));
    }
}
