//! How a connection signs in, with what must be remembered of that from run to run. Never a secret: a file is named, what
//! is in it is not.

use crate::problem::{Diagnose, Exit, Phrase, Who};

/// How a connection signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flow {
    /// Authorization code with PKCE in the system's browser.
    Browser,
    /// Device code: a browser anywhere else (RFC 8628).
    Device,
    /// Client credentials with a secret: an application, no user.
    Secret,
    /// Client credentials with an assertion signed by the key of a certificate.
    Certificate {
        /// Absolute path of the certificate with its key, PEM or PFX.
        file: String,
    },
    /// Client credentials with an assertion of another identity provider.
    Federated {
        /// Where each assertion comes from.
        source: AssertionSource,
    },
    /// The identity that Azure gave the machine.
    ManagedIdentity {
        /// Which one, where it has several.
        identity: ManagedIdentity,
    },
    /// Whoever is signed in to the Azure CLI of this computer.
    Az,
    /// A ready access token from outside.
    AccessToken,
    /// A refresh token from outside.
    RefreshToken,
}

/// Who vouches for an application, again at every renewal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssertionSource {
    /// The runner of GitHub Actions.
    Github,
    /// The agent of Azure Pipelines.
    AzurePipelines,
    /// Whoever writes this file anew before its content ends, as Kubernetes does.
    File(String),
}

/// Which of a machine's identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManagedIdentity {
    /// The machine's own.
    System,
    /// The one with this application (client) id.
    ClientId(String),
    /// The one with this object (principal) id.
    ObjectId(String),
    /// The one with this Azure resource id.
    ResourceId(String),
}

impl ManagedIdentity {
    /// Takes `text` as the Azure resource id of an identity.
    ///
    /// # Errors
    /// [`ResourceIdError`] when it has another shape.
    pub fn of_resource_id(text: &str) -> Result<Self, ResourceIdError> {
        let text = text.trim();
        let fits =
            text.to_ascii_lowercase().starts_with("/subscriptions/") && text.bytes().all(|it| it.is_ascii_graphic());
        if fits { Ok(Self::ResourceId(text.to_owned())) } else { Err(ResourceIdError) }
    }
}

/// A text that can't be the Azure resource id of an identity.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the resource id is not the id of an Azure resource")]
pub struct ResourceIdError;

impl Diagnose for ResourceIdError {
    fn phrase(&self) -> &'static Phrase {
        &INVALID_RESOURCE_ID
    }
}

pub(super) static INVALID_RESOURCE_ID: Phrase = Phrase {
    code: "connection/invalid-resource-id",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a resource id begins with `/subscriptions/` and names subscription, resource group, kind and name",
    remedy: &[
        "copy it from the Azure portal → Managed Identities → the identity → Properties → Id, or from `az identity list --query '[].id'`",
    ],
};

impl Flow {
    /// The word of `--auth` and of `connections list`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Device => "device",
            Self::Secret => "secret",
            Self::Certificate { .. } => "certificate",
            Self::Federated { .. } => "federated",
            Self::ManagedIdentity { .. } => "managed-identity",
            Self::Az => "az",
            Self::AccessToken => "access-token",
            Self::RefreshToken => "refresh-token",
        }
    }

    /// Whether a token comes from a credential that can be shown again whenever one is due: no person is needed for it, and
    /// there is no refresh token.
    #[must_use]
    pub const fn is_unattended(&self) -> bool {
        match self {
            Self::Secret
            | Self::Certificate { .. }
            | Self::Federated { .. }
            | Self::ManagedIdentity { .. }
            | Self::Az => true,
            Self::Browser | Self::Device | Self::AccessToken | Self::RefreshToken => false,
        }
    }
}
