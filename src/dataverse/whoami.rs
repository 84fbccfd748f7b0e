//! Who is connected to which organisation. Nothing here knows how they signed in.

use serde::{Deserialize, Deserializer};

use crate::dataverse::client::Client;
use crate::dataverse::encode::API;
use crate::dataverse::{DataverseError, Query, RecordId};
use crate::net::Request;

/// The caller, as the organisation knows it: GUIDs in lower case. Source: Microsoft Learn, "`WhoAmI` Function".
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "they are ids, and the service calls them so")]
pub struct WhoAmI {
    /// `systemuserid` of the caller.
    #[serde(deserialize_with = "id")]
    pub user_id: String,
    /// The caller's business unit.
    #[serde(deserialize_with = "id")]
    pub business_unit_id: String,
    /// The organisation.
    #[serde(rename = "OrganizationId", deserialize_with = "id")]
    pub organisation_id: String,
}

/// A user's record, as far as it can be read: what is absent is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Full name; an application user has one too.
    pub full_name: String,
    /// Sign-in name.
    pub domain_name: String,
    /// Whether this is an application and no person.
    pub is_application: bool,
    /// Whether the record is disabled.
    pub is_disabled: bool,
    /// Object id in Entra.
    pub object_id: String,
}

/// The organisation, as far as it says: what is absent is empty. Source: Microsoft Learn,
/// "`RetrieveCurrentOrganization` Function".
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Organisation {
    /// Name for people: `Contoso (production)`.
    #[serde(deserialize_with = "text")]
    pub friendly_name: String,
    /// Version of the service: `9.2.26054.150`.
    #[serde(rename = "OrganizationVersion", deserialize_with = "text")]
    pub version: String,
    /// Name inside the service: `unq…`.
    #[serde(deserialize_with = "text")]
    pub unique_name: String,
    /// The Power Platform environment.
    #[serde(deserialize_with = "text")]
    pub environment_id: String,
    /// The Entra tenant.
    #[serde(deserialize_with = "text")]
    pub tenant_id: String,
    /// Where in the world: `EMEA`.
    #[serde(deserialize_with = "text")]
    pub geo: String,
    /// `Enabled` or `Disabled`.
    #[serde(deserialize_with = "text")]
    pub state: String,
}

impl Client {
    /// Asks who the caller is: the cheapest proof that a connection works.
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub async fn who_am_i(&self) -> Result<WhoAmI, DataverseError> {
        self.read_as(&Request::get(format!("{API}WhoAmI"))).await
    }

    /// Reads a user's record by its `systemuserid`.
    ///
    /// # Errors
    /// Whatever kept the answer away; a user without a role may not even read their own record.
    pub async fn user(&self, id: &str) -> Result<User, DataverseError> {
        #[derive(Deserialize)]
        struct Row {
            fullname: Option<String>,
            domainname: Option<String>,
            isdisabled: Option<bool>,
            applicationid: Option<String>,
            azureactivedirectoryobjectid: Option<String>,
        }
        let id = RecordId::parse(id)?;
        let columns = "fullname,domainname,isdisabled,applicationid,azureactivedirectoryobjectid";
        let row: Row = self.read_as(&Request::get(format!("{API}systemusers({id})?$select={columns}"))).await?;
        Ok(User {
            full_name: row.fullname.unwrap_or_default(),
            domain_name: row.domainname.unwrap_or_default(),
            is_application: row.applicationid.is_some(),
            is_disabled: row.isdisabled.unwrap_or_default(),
            object_id: row.azureactivedirectoryobjectid.unwrap_or_default(),
        })
    }

    /// Reads what the organisation says of itself.
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub async fn organisation(&self) -> Result<Organisation, DataverseError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            #[serde(default)]
            detail: Organisation,
        }
        let function = "RetrieveCurrentOrganization(AccessType=@p1)";
        let access = "@p1=Microsoft.Dynamics.CRM.EndpointAccessType%27Default%27";
        let answer: Answer = self.read_as(&Request::get(format!("{API}{function}?{access}"))).await?;
        Ok(answer.detail)
    }

    /// The names of the security roles that a user has directly, sorted. Roles that come through a team are not among them.
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub async fn roles(&self, user_id: &str) -> Result<Vec<String>, DataverseError> {
        let id = RecordId::parse(user_id)?;
        let query = Query {
            select: vec!["name".to_owned()],
            ..Query::of(format!("systemusers({id})/systemuserroles_association"))
        };
        let mut rows = self.rows(query);
        let mut names = Vec::new();
        while let Some(row) = rows.next().await? {
            names.extend(row.cell("name").map(|cell| cell.text().into_owned()));
        }
        names.sort_unstable();
        Ok(names)
    }
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    RecordId::deserialize(deserializer).map(|id| id.to_string())
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
