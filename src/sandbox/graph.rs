//! The little of Microsoft Graph that a connection asks for: `/v1.0/me`. Who may ask is found out by the front.

use serde_json::json;

use super::entra::Holder;
use super::{Outgoing, Person};

const JSON: &str = "application/json; odata.metadata=minimal; charset=utf-8";

/// `GET /v1.0/me` (<https://learn.microsoft.com/graph/api/user-get>) for whoever the token speaks for.
pub(super) fn me(holder: &Holder) -> Outgoing {
    match holder {
        Holder::Person(person) => Outgoing::with_body(200, JSON, user(person)),
        Holder::App(_) => refusal(400, "BadRequest", "/me request is only valid with delegated authentication flow."),
    }
}

/// Answer for a request without a good bearer for Graph.
pub(super) fn unauthorised() -> Outgoing {
    refusal(401, "InvalidAuthenticationToken", "The access token is missing, expired or made for another resource.")
}

/// An error in Graph's shape.
pub(super) fn refusal(status: u16, code: &str, message: &str) -> Outgoing {
    Outgoing::with_body(status, JSON, json!({"error": {"code": code, "message": message}}).to_string())
}

fn user(person: &Person) -> String {
    let (given, surname) = person.full_name.split_once(' ').unwrap_or((person.full_name, ""));
    let user = json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity",
        "businessPhones": [],
        "displayName": person.full_name,
        "givenName": given,
        "jobTitle": null,
        "mail": person.user_name,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": "fr-FR",
        "surname": surname,
        "userPrincipalName": person.user_name,
        "id": person.object_id,
    });
    user.to_string()
}
