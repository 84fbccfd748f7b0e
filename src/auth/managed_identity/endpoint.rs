//! Which of Azure's services gives out tokens here, by the variables that it sets, and how it is asked. Pure, but for one
//! look whether the agent of Azure Arc is installed.
//!
//! An address from the environment is believed only where it leads to this machine or to one beside it: whoever answers
//! there is whom the bearer of every later request comes from, and it is sent the machine's own secret header. The variable
//! that moves IMDS is the one that Azure's libraries read, `AZURE_POD_IDENTITY_AUTHORITY_HOST`.

use std::path::Path;

use crate::auth::managed_identity::answer::Said;
use crate::auth::{AuthError, IdentityError};
use crate::child::is_program;
use crate::connection::ManagedIdentity;
use crate::environment::{self, Environment, Variable};
use crate::net::{Origin, Request};
use crate::secret::Secret;
use crate::tenant::TenantUrl;

/// The address of IMDS on every virtual machine (Microsoft Learn, "Azure Instance Metadata Service").
const IMDS: &str = "http://169.254.169.254";
const METADATA: &str = "/metadata/identity/oauth2/token";
/// Where the agent of Azure Arc listens, and the program that it is.
const ARC: &str = "http://localhost:40342/metadata/identity/oauth2/token";
const ARC_AGENT: &str = if cfg!(windows) {
    r"C:\Program Files\AzureConnectedMachineAgent\himds.exe"
} else {
    "/var/opt/azcmagent/bin/himds"
};

/// The place where tokens of this machine's identities are had.
#[derive(Debug, Clone)]
pub struct IdentityEndpoint {
    service: Kind,
    origin: Origin,
    /// Path, and the query that was in the address, beginning with `/`.
    path: String,
    /// What named it.
    named_by: Option<&'static str>,
    /// The header's value that the environment holds, where the service wants one.
    header: Option<Secret>,
}

/// Azure's services; each has its own version, names and headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Imds,
    Arc,
    AppService,
    MachineLearning,
}

impl IdentityEndpoint {
    /// The endpoint that the environment tells of, in the order of Microsoft's libraries: App Service (Functions, Container
    /// Apps and Automation too), Machine Learning, Azure Arc, and IMDS where nothing is told.
    ///
    /// # Errors
    /// [`IdentityError::ForeignEndpoint`] for an address that leads away from the machine, [`IdentityError::Unserved`] for
    /// the services that work in other ways.
    pub fn of(environment: &Environment) -> Result<Self, AuthError> {
        let text = |variable: Variable| environment.text(variable).ok().flatten();
        let secret = |variable| text(variable).map(Secret::new);
        let endpoint = text(environment::IDENTITY_ENDPOINT);
        match (endpoint, secret(environment::IDENTITY_HEADER), text(environment::MSI_ENDPOINT)) {
            (Some(_), Some(_), _) if environment.is_set(environment::IDENTITY_SERVER_THUMBPRINT) => {
                Err(IdentityError::Unserved { service: "Service Fabric" }.into())
            }
            (Some(address), header @ Some(_), _) => {
                Self::at(Kind::AppService, address, environment::IDENTITY_ENDPOINT, header)
            }
            (_, _, Some(address)) => match secret(environment::MSI_SECRET) {
                Some(header) => Self::at(Kind::MachineLearning, address, environment::MSI_ENDPOINT, Some(header)),
                None => Err(IdentityError::Unserved { service: "Cloud Shell" }.into()),
            },
            (Some(address), None, None) if environment.is_set(environment::IMDS_ENDPOINT) => {
                Self::at(Kind::Arc, address, environment::IDENTITY_ENDPOINT, None)
            }
            _ if is_program(Path::new(ARC_AGENT)) => Self::at(Kind::Arc, ARC, environment::IDENTITY_ENDPOINT, None)
                .map(|endpoint| Self { named_by: None, ..endpoint }),
            _ => match text(environment::AZURE_POD_IDENTITY_AUTHORITY_HOST) {
                Some(host) => {
                    let address = format!("{}{METADATA}", host.trim_end_matches('/'));
                    Self::at(Kind::Imds, &address, environment::AZURE_POD_IDENTITY_AUTHORITY_HOST, None)
                }
                None => Self::at(Kind::Imds, &format!("{IMDS}{METADATA}"), environment::IDENTITY_ENDPOINT, None)
                    .map(|endpoint| Self { named_by: None, ..endpoint }),
            },
        }
    }

    fn at(service: Kind, address: &str, variable: Variable, header: Option<Secret>) -> Result<Self, AuthError> {
        let foreign = || IdentityError::ForeignEndpoint { variable: variable.name, address: shown(address) };
        let url = url::Url::parse(address.trim()).map_err(|_| foreign())?;
        let (host, port) = (url.host_str().unwrap_or_default(), url.port().map(|port| format!(":{port}")));
        let is_anonymous = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let origin = format!("{}://{host}{}", url.scheme(), port.unwrap_or_default());
        let origin = Origin::of_machine(&origin).filter(|_| is_anonymous).ok_or_else(foreign)?;
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        Ok(Self { service, origin, path, named_by: Some(variable.name), header })
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(super) fn host(&self) -> String {
        self.origin.host().to_owned()
    }

    pub(super) fn is_arc(&self) -> bool {
        self.service == Kind::Arc
    }

    pub(super) fn is_imds(&self) -> bool {
        self.service == Kind::Imds
    }

    /// The service in prose.
    fn word(&self) -> &'static str {
        match self.service {
            Kind::Imds => "IMDS",
            Kind::Arc => "Azure Arc",
            Kind::AppService => "App Service",
            Kind::MachineLearning => "Machine Learning",
        }
    }

    /// What was looked for, and where.
    pub(super) fn looked_for(&self) -> String {
        match self.named_by {
            Some(variable) => format!("{self}, as {variable} names it"),
            None => format!("{self}, because neither IDENTITY_ENDPOINT nor MSI_ENDPOINT is set"),
        }
    }

    /// The request for a token of `identity` for `resource`.
    ///
    /// # Errors
    /// [`IdentityError::OnlyOne`] for a choice that the service does not offer.
    pub(super) fn request(&self, identity: &ManagedIdentity, resource: &str) -> Result<Request, AuthError> {
        let only = || IdentityError::OnlyOne { service: self.word() };
        let chosen = match (self.service, identity) {
            (_, ManagedIdentity::System) => None,
            (Kind::MachineLearning, ManagedIdentity::ClientId(id)) => Some(("clientid", id)),
            (Kind::Arc | Kind::MachineLearning, _) => return Err(only().into()),
            (_, ManagedIdentity::ClientId(id)) => Some(("client_id", id)),
            (_, ManagedIdentity::ObjectId(id)) => Some(("object_id", id)),
            (Kind::AppService, ManagedIdentity::ResourceId(id)) => Some(("mi_res_id", id)),
            (Kind::Imds, ManagedIdentity::ResourceId(id)) => Some(("msi_res_id", id)),
        };
        let version = match self.service {
            Kind::Imds => "2018-02-01",
            Kind::Arc => "2020-06-01",
            Kind::AppService => "2019-08-01",
            Kind::MachineLearning => "2017-09-01",
        };
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("api-version", version).append_pair("resource", resource);
        if let Some((name, id)) = chosen {
            query.append_pair(name, id);
        }
        let sign = if self.path.contains('?') { '&' } else { '?' };
        let request =
            Request::get(format!("{}{sign}{}", self.path, query.finish())).header("accept", "application/json");
        let header = self.header.as_ref().map(|header| header.expose().to_owned()).unwrap_or_default();
        Ok(match self.service {
            Kind::Imds | Kind::Arc => request.header("metadata", "true"),
            Kind::AppService => request.header("x-identity-header", header),
            Kind::MachineLearning => request.header("secret", header),
        })
    }

    /// Why there is no token, out of an answer that is none.
    pub(super) fn refusal(
        &self,
        status: u16,
        body: &[u8],
        identity: &ManagedIdentity,
        tenant_url: &TenantUrl,
    ) -> AuthError {
        let said = Said::parse(body);
        let (host, service, tenant_url) = (self.host(), self.word(), tenant_url.to_string());
        let code = said.code;
        let error = match status {
            // Docker Desktop answers so for an address that it can't reach, and other clouds have other paths.
            403 if self.is_imds() => IdentityError::Absent { looked_for: self.looked_for(), cause: None },
            404 | 410 if self.named_by.is_none() => {
                IdentityError::Absent { looked_for: self.looked_for(), cause: None }
            }
            _ if code.is_some() => IdentityError::Refused { service, status, text: said.text, code, tenant_url },
            _ if said.is_about_several() => IdentityError::Several { service },
            _ if said.is_about_none(status) => IdentityError::NoIdentity { service, identity: identity.clone() },
            401 | 403 if self.header.is_some() || self.is_arc() => IdentityError::HeaderRefused { service },
            404 | 408 | 410 | 500.. => IdentityError::OutOfOrder { host, service, status },
            _ => IdentityError::Refused { service, status, text: said.text, code, tenant_url },
        };
        error.into()
    }
}

impl std::fmt::Display for IdentityEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.word(), self.origin)
    }
}

/// An address for a message: no user, no password, no query.
fn shown(address: &str) -> String {
    match url::Url::parse(address) {
        Ok(url) if url.has_host() => format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default()),
        _ => "something that is no address".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Diagnose as _;

    fn of(variables: &[(&str, &str)]) -> Result<(&'static str, String), &'static str> {
        let endpoint = IdentityEndpoint::of(&Environment::of(variables.iter().copied()));
        endpoint
            .map(|endpoint| (endpoint.word(), format!("{}{}", endpoint.origin, endpoint.path)))
            .map_err(|error| error.phrase().code)
    }

    #[test]
    fn the_variables_of_each_service_are_told_apart() {
        let imds = format!("{IMDS}{METADATA}");
        let endpoint = ("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token/");
        for (variables, service, address) in [
            (&[][..], "IMDS", imds.as_str()),
            (
                &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9/")],
                "IMDS",
                "http://127.0.0.1:9/metadata/identity/oauth2/token",
            ),
            (&[endpoint, ("IDENTITY_HEADER", "h")], "App Service", "http://127.0.0.1:41741/msi/token/"),
            (
                &[
                    ("IDENTITY_ENDPOINT", "http://169.254.131.5:8081/msi/token?a=b"),
                    ("IDENTITY_HEADER", "h"),
                    ("MSI_ENDPOINT", "http://x"),
                    ("MSI_SECRET", "h"),
                ],
                "App Service",
                "http://169.254.131.5:8081/msi/token?a=b",
            ),
            (
                &[("MSI_ENDPOINT", "http://localhost:7/m"), ("MSI_SECRET", "s")],
                "Machine Learning",
                "http://127.0.0.1:7/m",
            ),
            (
                &[
                    ("IDENTITY_ENDPOINT", "http://localhost:40342/metadata/identity/oauth2/token"),
                    ("IMDS_ENDPOINT", "http://localhost:40342"),
                ],
                "Azure Arc",
                "http://127.0.0.1:40342/metadata/identity/oauth2/token",
            ),
            // Half of a service is none.
            (&[endpoint], "IMDS", imds.as_str()),
        ] {
            assert_eq!(of(variables), Ok((service, address.to_owned())), "{variables:?}");
        }
    }

    #[test]
    fn an_endpoint_that_leads_away_from_the_machine_or_works_in_another_way_is_refused() {
        for address in
            ["http://10.0.0.1/msi", "https://evil.example/", "http://u:p@127.0.0.1/", "http://127.0.0.1/#x", "x"]
        {
            let header = ("IDENTITY_HEADER", "h");
            assert_eq!(
                of(&[("IDENTITY_ENDPOINT", address), header]),
                Err("auth/identity-endpoint-foreign"),
                "{address}"
            );
            let moved = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", address)];
            assert_eq!(of(&moved), Err("auth/identity-endpoint-foreign"), "{address}");
        }
        let fabric = [
            ("IDENTITY_ENDPOINT", "https://localhost:1"),
            ("IDENTITY_HEADER", "h"),
            ("IDENTITY_SERVER_THUMBPRINT", "t"),
        ];
        assert_eq!(of(&fabric), Err("auth/identity-service-unserved"));
        assert_eq!(of(&[("MSI_ENDPOINT", "http://localhost:50342")]), Err("auth/identity-service-unserved"));
    }

    #[test]
    fn each_service_is_asked_in_its_own_words() {
        let resource_id = ManagedIdentity::ResourceId("/subscriptions/s/x y".to_owned());
        let client_id = ManagedIdentity::ClientId("c".to_owned());
        let app_service = [("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi?a=b"), ("IDENTITY_HEADER", "h-e-a-d-e-r")];
        let arc = [("IDENTITY_ENDPOINT", "http://localhost:1/t"), ("IMDS_ENDPOINT", "http://localhost:1")];
        let learning = [("MSI_ENDPOINT", "http://localhost:1/t"), ("MSI_SECRET", "s")];
        for (variables, identity, path, header) in [
            (
                &[][..],
                ManagedIdentity::System,
                "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fo",
                "metadata",
            ),
            (
                &[],
                resource_id.clone(),
                "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fo&msi_res_id=%2Fsubscriptions%2Fs%2Fx+y",
                "metadata",
            ),
            (
                &app_service,
                resource_id,
                "/msi?a=b&api-version=2019-08-01&resource=https%3A%2F%2Fo&mi_res_id=%2Fsubscriptions%2Fs%2Fx+y",
                "x-identity-header",
            ),
            (
                &app_service,
                ManagedIdentity::ObjectId("o".to_owned()),
                "/msi?a=b&api-version=2019-08-01&resource=https%3A%2F%2Fo&object_id=o",
                "x-identity-header",
            ),
            (&arc, ManagedIdentity::System, "/t?api-version=2020-06-01&resource=https%3A%2F%2Fo", "metadata"),
            (&learning, client_id.clone(), "/t?api-version=2017-09-01&resource=https%3A%2F%2Fo&clientid=c", "secret"),
        ] {
            let endpoint = IdentityEndpoint::of(&Environment::of(variables.iter().copied())).unwrap();
            let request = endpoint.request(&identity, "https://o").unwrap();
            assert_eq!(request.path, path);
            assert!(request.headers.iter().any(|(name, value)| *name == header && !value.is_empty()), "{path}");
            let shown = format!("{endpoint:?}");
            assert!(!shown.contains("h-e-a-d-e-r"), "{shown}");
        }
        let endpoint = IdentityEndpoint::of(&Environment::of(arc)).unwrap();
        assert_eq!(
            endpoint.request(&client_id, "https://o").unwrap_err().phrase().code,
            "auth/identity-is-the-only-one"
        );
    }
}
