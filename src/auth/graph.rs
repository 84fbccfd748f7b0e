//! Asks Microsoft Graph who signed in. Best effort: a connection never fails because of it.

use serde::Deserialize;

use crate::net::{Http, NetError, Origin, Request};
use crate::secret::Secret;

/// Longest answer that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// The user as Microsoft Graph knows them (Microsoft Learn, "Get a user").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// Object id in the tenant; the `oid` of the ID token.
    pub id: String,
    /// Full name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Sign-in name.
    #[serde(default)]
    pub user_principal_name: Option<String>,
    /// E-mail address.
    #[serde(default)]
    pub mail: Option<String>,
}

/// Who the bearer of a Graph token is; `None` when Graph does not say.
///
/// # Errors
/// [`NetError`] when no answer came.
pub async fn me(http: &Http, graph: &Origin, bearer: &Secret) -> Result<Option<Me>, NetError> {
    let request =
        Request::get("/v1.0/me?$select=id,displayName,userPrincipalName,mail").header("accept", "application/json");
    let mut response = http.send(graph, &request, Some(bearer)).await?;
    if response.status != 200 {
        return Ok(None);
    }
    Ok(serde_json::from_slice(&response.body.read(LONGEST).await?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::graph_origin;
    use crate::auth::stand_in::{StandIn, answer, http, json};

    async fn asked(reply: String) -> (Option<Me>, Vec<String>) {
        let stand_in = StandIn::answering(|_| [reply]).await;
        let me = me(&http(), &graph_origin(&stand_in.tenant_url), &Secret::new("bearer")).await.unwrap();
        (me, stand_in.asked())
    }

    #[tokio::test]
    async fn graph_knows_the_user_by_the_same_object_id() {
        let body =
            r#"{"id":"7d1c","displayName":"Inès Moreau","userPrincipalName":"ines@contoso.example","mail":null}"#;
        let (me, asked) = asked(json(200, body)).await;
        assert_eq!(me.as_ref().map(|me| me.id.as_str()), Some("7d1c"));
        assert_eq!(me.and_then(|me| me.mail), None);
        assert!(asked[0].to_ascii_lowercase().contains("authorization: bearer bearer"));
    }

    #[tokio::test]
    async fn a_graph_that_says_nothing_is_no_failure() {
        for reply in [json(403, r#"{"error":{"code":"x"}}"#), answer(503, "", ""), json(200, "<html>"), json(200, "{}")]
        {
            assert_eq!(asked(reply).await.0, None);
        }
    }
}
