//! Reads a `scope` parameter: which resources it asks for, which `OpenID` scopes, and what is wrong with it. Who may have
//! them is decided elsewhere.

use super::refusal::Refusal;

/// Something tokens are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Resource {
    /// The organisation, under the sandbox's origin.
    Dataverse,
    /// Microsoft Graph.
    Graph,
    /// The Global Discovery Service.
    Discovery,
}

/// Graph's name in scopes and audiences.
pub(super) const GRAPH: &str = "https://graph.microsoft.com";
/// The discovery service's, which has no host of its own here.
const DISCOVERY: &str = "https://globaldisco.crm.dynamics.com";

impl Resource {
    /// The `aud` of its tokens, for a sandbox at `origin`.
    pub(super) fn audience(self, origin: &str) -> &str {
        match self {
            Self::Dataverse => origin,
            Self::Graph => GRAPH,
            Self::Discovery => DISCOVERY,
        }
    }

    /// `scope` of a user's token answer.
    pub(super) fn granted(self, origin: &str) -> String {
        match self {
            Self::Dataverse => format!("{origin}/user_impersonation {origin}/.default"),
            Self::Graph => format!("{GRAPH}/User.Read {GRAPH}/.default"),
            Self::Discovery => format!("{DISCOVERY}/user_impersonation {DISCOVERY}/.default"),
        }
    }

    /// What is consented to: the discovery service and every organisation are one application.
    pub(super) fn application(self) -> Self {
        match self {
            Self::Dataverse | Self::Discovery => Self::Dataverse,
            Self::Graph => Self::Graph,
        }
    }

    /// The one permission that a user can give for it.
    pub(super) fn permission(self) -> &'static str {
        match self {
            Self::Dataverse | Self::Discovery => "user_impersonation",
            Self::Graph => "User.Read",
        }
    }
}

/// What a `scope` parameter asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scopes {
    /// `openid`: an ID token.
    pub openid: bool,
    /// `offline_access`: a refresh token.
    pub offline_access: bool,
    /// Resources in the order named, each once.
    pub resources: Vec<Resource>,
    /// Whether some resource was asked for by `/.default`.
    pub has_default: bool,
}

impl Scopes {
    /// Reads `text`.
    ///
    /// # Errors
    /// AADSTS70011 for a permission that its resource doesn't have, 500011 for an unknown resource.
    pub(super) fn read(text: &str, origin: &str) -> Result<Self, Refusal> {
        let mut scopes = Self::default();
        let mut has_named = false;
        for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
            match scope {
                "openid" => scopes.openid = true,
                "offline_access" => scopes.offline_access = true,
                "profile" | "email" => {}
                _ => {
                    let (resource, permission) = read_one(scope, origin)?;
                    if permission == ".default" {
                        scopes.has_default = true;
                    } else {
                        has_named = true;
                    }
                    if !scopes.resources.contains(&resource) {
                        scopes.resources.push(resource);
                    }
                }
            }
        }
        if scopes.has_default && has_named {
            return Err(invalid(format!("'.default' can't be combined with other permissions in '{text}'.")));
        }
        Ok(scopes)
    }

    /// The one resource of a token request; `None` when it names none.
    ///
    /// # Errors
    /// AADSTS28000 when it names two.
    pub(super) fn only_resource(&self) -> Result<Option<Resource>, Refusal> {
        match self.resources.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            _ => Err(Refusal::request(28000, "The scope names more than one resource; a token is for one.")),
        }
    }
}

fn read_one<'a>(scope: &'a str, origin: &str) -> Result<(Resource, &'a str), Refusal> {
    // A permission without a resource in front means Microsoft Graph.
    let (place, permission) = scope.rsplit_once('/').unwrap_or((GRAPH, scope));
    // `https://x//.default` is how a resource whose name ends in a slash is written.
    let place = place.strip_suffix('/').unwrap_or(place);
    let resource = [Resource::Dataverse, Resource::Graph, Resource::Discovery]
        .into_iter()
        .find(|known| known.audience(origin) == place);
    let Some(resource) = resource else {
        let text = format!("The resource principal named '{place}' is not known in this tenant.");
        return Err(Refusal::new("invalid_resource", 500_011, text));
    };
    if permission != ".default" && permission != resource.permission() {
        return Err(invalid(format!("'{place}' has no permission '{permission}'.")));
    }
    Ok((resource, permission))
}

fn invalid(text: String) -> Refusal {
    Refusal::new("invalid_scope", 70011, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "http://127.0.0.1:4711";

    fn check(text: &str, expected: Result<(bool, bool, &[Resource]), u32>) {
        let text = text.replace('@', ORIGIN);
        let seen = Scopes::read(&text, ORIGIN);
        match (seen, expected) {
            (Ok(seen), Ok((openid, offline_access, resources))) => {
                let seen = (seen.openid, seen.offline_access, seen.resources.as_slice());
                assert_eq!(seen, (openid, offline_access, resources), "{text}");
            }
            (Err(refusal), Err(number)) => assert_eq!(refusal.number, number, "{text}"),
            (seen, expected) => panic!("{text}: {seen:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn scopes_are_read_by_resource_and_unknown_ones_are_refused() {
        use Resource::{Dataverse, Discovery, Graph};
        check("", Ok((false, false, &[])));
        check("openid profile email", Ok((true, false, &[])));
        check("@/user_impersonation openid offline_access", Ok((true, true, &[Dataverse])));
        check("@//user_impersonation", Ok((false, false, &[Dataverse])));
        check("@/.default", Ok((false, false, &[Dataverse])));
        check("@/user_impersonation @//user_impersonation", Ok((false, false, &[Dataverse])));
        check("User.Read", Ok((false, false, &[Graph])));
        check("https://globaldisco.crm.dynamics.com/user_impersonation", Ok((false, false, &[Discovery])));
        check("https://graph.microsoft.com/User.Read @/user_impersonation", Ok((false, false, &[Graph, Dataverse])));
        check("@/user_impersonation @/.default", Err(70011));
        check("user_impersonation", Err(70011));
        check("@/User.Read", Err(70011));
        check("@///user_impersonation", Err(500_011));
        check("https://contoso.crm.dynamics.com/user_impersonation", Err(500_011));
        check("http://127.0.0.1:4712/.default", Err(500_011));
    }

    #[test]
    fn a_token_is_for_one_resource() {
        let read = |text: &str| Scopes::read(&text.replace('@', ORIGIN), ORIGIN).unwrap().only_resource();
        assert_eq!(read("openid"), Ok(None));
        assert_eq!(read("@/user_impersonation openid"), Ok(Some(Resource::Dataverse)));
        assert_eq!(read("@/user_impersonation User.Read").unwrap_err().number, 28000);
    }
}
