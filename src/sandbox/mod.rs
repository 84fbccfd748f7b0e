//! The other side of the wire: a local Entra and a local Dataverse on one loopback origin, with a demo company inside.
//! It may use `clock` and nothing else of ours, so that it cannot share a misunderstanding with the client it tests.

mod data;
mod dataverse;
mod discovery;
mod entra;
mod faults;
mod front;
mod graph;
mod journal;
mod odata;
mod robot;
mod server;
mod world;

pub use faults::{Fault, Faults};
pub use journal::{Seen, Wire};
pub use robot::{Robot, RobotError, RobotReport};
pub use server::{Options, Sandbox, StartError, start};

/// The tenant that owns the sandbox's organisation.
pub const TENANT_ID: &str = "3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711";
/// `OrganizationId` of the sandbox.
pub const ORGANISATION_ID: &str = "7e3f04d2-9f6e-4e11-8179-000d3a000003";
/// The root business unit.
pub const BUSINESS_UNIT_ID: &str = "5c1de2b0-9f6e-4e11-8179-000d3a000001";

/// A person who may sign in.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// Sign-in name.
    pub user_name: &'static str,
    /// Password, printed for everybody to see: the sandbox guards nothing.
    pub password: &'static str,
    /// Full name.
    pub full_name: &'static str,
    /// Object id in Entra.
    pub object_id: &'static str,
    /// `systemuserid` in the organisation; `None` when the person has no user record there.
    pub user_id: Option<&'static str>,
}

/// The demo user, a salesperson of the demo company.
pub const INES: Person = Person {
    user_name: "ines.moreau@northlight.example",
    password: "sandbox",
    full_name: "Inès Moreau",
    object_id: "7d1c2b9a-0f3e-4b6d-9a55-0c7f6e2d1b43",
    user_id: Some("6d2ef3c1-9f6e-4e11-8179-000d3a000002"),
};

/// A guest of the tenant without a user record in the organisation: every call of theirs ends with `0x80072560`.
pub const GUEST: Person = Person {
    user_name: "guest@elsewhere.example",
    password: "sandbox",
    full_name: "Guest of the House",
    object_id: "0b6f2a55-1d7c-4c2e-8f10-3a9d5b7e6c21",
    user_id: None,
};

/// How a redirect URI is registered; Entra decides by it whether a secret is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// "Web": a secret is due.
    Web,
    /// "Mobile and desktop applications": no secret may be sent.
    Desktop,
    /// "Single-page application": not for a command-line tool.
    SinglePage,
}

/// An app registration.
#[derive(Debug, Clone, Copy)]
pub struct Registration {
    /// Application (client) id.
    pub client_id: &'static str,
    /// Name in the portal.
    pub name: &'static str,
    /// The valid client secret, if it has one.
    pub secret: Option<&'static str>,
    /// Registered redirect URIs.
    pub redirect_uris: &'static [(&'static str, Platform)],
    /// `systemuserid` of its application user in the organisation, if an administrator made one.
    pub application_user_id: Option<&'static str>,
}

/// Microsoft's sample app, as every tenant knows it.
pub const MANAGED_APP: Registration = Registration {
    client_id: "51f81489-12ee-4a9e-aaae-a2591f45987d",
    name: "Dynamics 365 Example Client Application",
    secret: None,
    redirect_uris: &[("http://localhost", Platform::Desktop)],
    application_user_id: None,
};

/// An own app registered under "Web", with a secret.
pub const OWN_WEB_APP: Registration = Registration {
    client_id: "b6a9d0c4-71e2-4f0b-8d35-1f2e9c7a5580",
    name: "Northlight Web",
    secret: Some("sandbox~web+secret&1"),
    redirect_uris: &[("http://localhost", Platform::Web), ("http://localhost:8400/callback", Platform::Web)],
    application_user_id: None,
};

/// An own app registered under "Mobile and desktop applications", without a secret.
pub const OWN_DESKTOP_APP: Registration = Registration {
    client_id: "e2c7b1f0-3a58-4d96-9b0e-6f4d8a21c573",
    name: "Northlight Desktop",
    secret: None,
    redirect_uris: &[("http://localhost", Platform::Desktop)],
    application_user_id: None,
};

/// The Azure CLI, as every tenant knows it.
pub const AZURE_CLI: Registration = Registration {
    client_id: "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
    name: "Microsoft Azure CLI",
    secret: None,
    redirect_uris: &[],
    application_user_id: None,
};

/// An own app registered under "Single-page application": the mistake that AADSTS9002327 tells.
pub const SINGLE_PAGE_APP: Registration = Registration {
    client_id: "4c0d9e7a-62b8-4f31-a5de-1b7c3e90d284",
    name: "Northlight Page",
    secret: None,
    redirect_uris: &[("http://localhost", Platform::SinglePage)],
    application_user_id: None,
};

/// A daemon with a secret and an application user.
pub const DAEMON: Registration = Registration {
    client_id: "c1a5e8d2-0b94-4e67-8f3a-5d2b9c6e1740",
    name: "Northlight Nightly",
    secret: Some("sandbox~daemon+secret&2"),
    redirect_uris: &[],
    application_user_id: Some("8f40a1d5-9f6e-4e11-8179-000d3a000004"),
};

/// A daemon with a secret that nobody made an application user for: every call ends with `0x80072560`.
pub const STRANGER: Registration = Registration {
    client_id: "d7f3b6c9-5e12-4a80-b9d4-7c8e0f1a2b35",
    name: "Northlight Stranger",
    secret: Some("sandbox~stranger+secret&3"),
    redirect_uris: &[],
    application_user_id: None,
};

/// An identity that Azure gave a machine: a service principal without a registration, so Entra itself takes no credential
/// of it.
#[derive(Debug, Clone, Copy)]
pub struct MachineIdentity {
    /// Its ids and its application user, in the form of a registration's.
    pub app: Registration,
    /// Object (principal) id in Entra.
    pub object_id: &'static str,
    /// Azure resource id.
    pub resource_id: &'static str,
}

/// The identity of the machine itself, with an application user.
pub const SYSTEM_IDENTITY: MachineIdentity = MachineIdentity {
    app: Registration {
        client_id: "92b4e0d7-3c61-4f5a-a8e2-60d1f7b9c384",
        name: "northlight-vm",
        secret: None,
        redirect_uris: &[],
        application_user_id: Some("9a51b2e6-9f6e-4e11-8179-000d3a000005"),
    },
    object_id: "1e8d5c20-74ab-4b93-9d06-f2a3c47b5e69",
    resource_id: "/subscriptions/6f1d2c3b-8e47-4a59-b0d1-95c7e2a4f836/resourceGroups/northlight/providers/Microsoft.Compute/virtualMachines/northlight-vm",
};

/// An identity that was assigned to the machine, with an application user.
pub const ASSIGNED_IDENTITY: MachineIdentity = MachineIdentity {
    app: Registration {
        client_id: "a7c39f51-08e6-4d2b-b47f-3e9d6a1c5082",
        name: "northlight-import",
        secret: None,
        redirect_uris: &[],
        application_user_id: Some("ab62c3f7-9f6e-4e11-8179-000d3a000006"),
    },
    object_id: "5b07e9d4-1f38-4c6a-82b5-d90c3e7a4f12",
    resource_id: "/subscriptions/6f1d2c3b-8e47-4a59-b0d1-95c7e2a4f836/resourceGroups/northlight/providers/Microsoft.ManagedIdentity/userAssignedIdentities/northlight-import",
};

/// An identity that was assigned to the machine and has no application user: every call ends with `0x80072560`.
pub const IDLE_IDENTITY: MachineIdentity = MachineIdentity {
    app: Registration {
        client_id: "c80e6d13-95f4-4a7c-9b21-7d4f0e3a6b58",
        name: "northlight-idle",
        secret: None,
        redirect_uris: &[],
        application_user_id: None,
    },
    object_id: "8d31f6b0-2a59-47ec-a0d4-6c5e9b7f1284",
    resource_id: "/subscriptions/6f1d2c3b-8e47-4a59-b0d1-95c7e2a4f836/resourceGroups/northlight/providers/Microsoft.ManagedIdentity/userAssignedIdentities/northlight-idle",
};

/// Every identity of the machine on which the sandbox pretends to run.
pub const MACHINE_IDENTITIES: &[MachineIdentity] = &[SYSTEM_IDENTITY, ASSIGNED_IDENTITY, IDLE_IDENTITY];
/// The `IDENTITY_HEADER` of the sandbox's App Service, at `/msi/token`.
pub const IDENTITY_HEADER: &str = "8Kq2~sandbox~vX5m9R4t";
/// The file that the sandbox's Azure Arc says its key is in. It doesn't write it.
pub const ARC_KEY_FILE: &str = "/var/opt/azcmagent/tokens/sandbox.key";
/// What that file is to hold.
pub const ARC_KEY: &str = "c3Jh~sandbox~Lw7pB2nZ";

/// Everybody the sandbox knows.
pub const PEOPLE: &[Person] = &[INES, GUEST];
/// Every registration the sandbox knows.
pub const REGISTRATIONS: &[Registration] =
    &[MANAGED_APP, OWN_WEB_APP, OWN_DESKTOP_APP, SINGLE_PAGE_APP, DAEMON, STRANGER];

/// Who calls Dataverse, as the token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// `systemuserid` of the user or application user; `None` when there is no record.
    pub user_id: Option<&'static str>,
}

/// A request as the handlers see it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Incoming {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path, still percent-encoded.
    pub path: String,
    /// Query without `?`, still percent-encoded; empty when there is none.
    pub query: String,
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Incoming {
    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// An answer as the handlers make it.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    /// The HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Outgoing {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// An answer with a body of `content_type`.
    pub fn with_body(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type".to_owned(), content_type.to_owned())], body: body.into() }
    }

    /// Another header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}
