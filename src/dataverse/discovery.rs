//! The organisations that a user can reach, as the Global Discovery Service lists them. Which of them may be believed and
//! which one is wanted is decided elsewhere.

use crate::dataverse::DataverseError;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::dataverse::client::Client;
use crate::net::Request;

/// Microsoft Learn, "Discover user organizations with Global Discovery Service".
const PATH: &str = "/api/discovery/v2.0/Instances?$select=ApiUrl,Url,FriendlyName,UniqueName,UrlName,Id,EnvironmentId,\
State,Version,Region,TenantId";
/// The service answers in one page; more than these are a circle.
const MOST_PAGES: usize = 100;

/// An organisation as it is listed. What is absent is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Instance {
    /// `OrganizationId`.
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// Name for people: `Contoso (production)`.
    #[serde(deserialize_with = "text")]
    pub friendly_name: String,
    /// Name inside the service: `unq…`.
    #[serde(deserialize_with = "text")]
    pub unique_name: String,
    /// Address of the application.
    #[serde(deserialize_with = "text")]
    pub url: String,
    /// Where in the world: `EMEA`.
    #[serde(deserialize_with = "text")]
    pub region: String,
    /// Version of the service: `9.2.26111.00142`.
    #[serde(deserialize_with = "text")]
    pub version: String,
    /// The Entra tenant.
    #[serde(deserialize_with = "text")]
    pub tenant_id: String,
    /// The Power Platform environment.
    #[serde(deserialize_with = "text")]
    pub environment_id: String,
    /// Whether it can be used: state 0. An administrator's disabling, or the service's own, makes it 1.
    #[serde(rename = "State", deserialize_with = "is_enabled")]
    pub is_enabled: bool,
}

/// One page of the answer. Its context names an address inside the service and is not looked at.
#[derive(Deserialize)]
struct Page {
    value: Vec<Instance>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

/// Every organisation that the user of `discovery`'s token can reach, in the service's order. None is no error: it says
/// that there is none.
///
/// # Errors
/// Whatever kept the answer away.
pub async fn instances(discovery: &Client) -> Result<Vec<Instance>, DataverseError> {
    let mut path = PATH.to_owned();
    let mut found = Vec::new();
    for _ in 0..MOST_PAGES {
        let page: Page = discovery.read_as(&Request::get(path)).await?;
        found.extend(page.value);
        match page.next {
            Some(next) => path = discovery.origin().adopt(&next)?,
            None => return Ok(found),
        }
    }
    Err(discovery.malformed(&"its pages never end"))
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A number, or a number or word as text: libraries of Microsoft's expect either.
fn is_enabled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text == "0" || text.eq_ignore_ascii_case("enabled"),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn an_instance_is_read_as_the_service_writes_it() {
        let page = page(
            r#"{"@odata.context":"https://10.0.1.76:20193/api/discovery/v2.0/$metadata#Instances","value":[{"Id":"7e3f04d2-9f6e-ee11-8179-000d3a000003","UniqueName":"unq7e3f","UrlName":"adventure","FriendlyName":"Adventure Works (prod)","State":0,"StatusMessage":6,"Version":"9.2.26111.00142","Url":"https://adventure.crm4.dynamics.com","ApiUrl":"https://adventure.api.crm4.dynamics.com","Region":"EMEA","TenantId":"3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711","EnvironmentId":"9a8b7c6d","Purpose":null,"IsUserSysAdmin":false}]}"#,
        );
        let [instance] = &page.value[..] else { panic!("{}", page.value.len()) };
        assert_eq!(instance.friendly_name, "Adventure Works (prod)");
        assert_eq!(instance.url, "https://adventure.crm4.dynamics.com");
        assert_eq!((instance.region.as_str(), instance.environment_id.as_str()), ("EMEA", "9a8b7c6d"));
        assert!(instance.is_enabled && page.next.is_none());
    }

    #[test]
    fn only_state_zero_is_enabled_in_whatever_form_it_comes() {
        for (state, enabled) in [
            ("0", true),
            ("1", false),
            ("\"0\"", true),
            ("\"Enabled\"", true),
            ("\"Disabled\"", false),
            ("null", false),
        ] {
            let page = page(&format!(r#"{{"value":[{{"Id":null,"State":{state}}}]}}"#));
            assert_eq!(page.value[0].is_enabled, enabled, "{state}");
            assert_eq!(page.value[0].id, "");
        }
        assert!(page(r#"{"value":[]}"#).value.is_empty());
        assert!(serde_json::from_str::<Page>(r#"{"error":{}}"#).is_err());
    }
}
