//! Azure Arc's proof that whoever asks may read the machine's own files: its agent names a file, and what is in it is sent
//! back. Nothing is read but a small file of that kind in the agent's own directory.

use std::path::{Path, PathBuf};

use crate::auth::{AuthError, IdentityError};
use crate::net::{Request, Response};
use crate::paths::read_given;
use crate::secret::Secret;

/// Where the agent puts its keys (Microsoft Learn, "Authenticate against Azure resources with Azure Arc-enabled servers").
pub(super) const KEYS: &str =
    if cfg!(windows) { r"C:\ProgramData\AzureConnectedMachineAgent\Tokens" } else { "/var/opt/azcmagent/tokens" };
/// The most bytes that a key may have.
const LIMIT: u64 = 4096;

/// The key that a 401 of the agent asks for.
///
/// # Errors
/// [`IdentityError::OddChallenge`] when it names a file elsewhere or none, [`IdentityError::KeyUnreadable`].
pub(super) fn key_of(response: &Response, keys: &Path) -> Result<Secret, AuthError> {
    let name = response.header_all("www-authenticate").find_map(|value| file_of(value, keys));
    let path = keys.join(name.ok_or(IdentityError::OddChallenge)?);
    let unreadable = |cause| IdentityError::KeyUnreadable { path: path.display().to_string(), cause };
    let bytes = zeroize::Zeroizing::new(read_given(&path, LIMIT).map_err(unreadable)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| IdentityError::OddChallenge)?.trim();
    let is_sendable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_sendable { Ok(Secret::new(text)) } else { Err(IdentityError::OddChallenge.into()) }
}

/// The request once more, with the key.
pub(super) fn with_key(request: Request, key: &Secret) -> Request {
    request.header("authorization", format!("Basic {}", key.expose()))
}

/// The bare name in `Basic realm=PATH`, where the path is one in `keys` that ends in `.key`. The path is put together anew
/// from it, so that nothing which the answer says about directories is followed.
fn file_of(challenge: &str, keys: &Path) -> Option<PathBuf> {
    let (scheme, parameters) = challenge.trim().split_once(' ')?;
    let (name, realm) = parameters.trim().split_once('=')?;
    if !scheme.eq_ignore_ascii_case("basic") || !name.trim().eq_ignore_ascii_case("realm") {
        return None;
    }
    let path = Path::new(realm.trim().trim_matches('"'));
    let file = path.file_name()?;
    let is_key = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("key"));
    // The text is compared, so that no `..` is worked out.
    let is_there = path.parent().is_some_and(|parent| parent.as_os_str() == keys.as_os_str());
    (is_key && is_there).then(|| PathBuf::from(file))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn only_a_key_in_the_agent_s_own_directory_is_read() {
        let name = |challenge: &str| file_of(challenge, Path::new(KEYS)).map(|path| path.display().to_string());
        assert_eq!(name("Basic realm=/var/opt/azcmagent/tokens/a1.key").as_deref(), Some("a1.key"));
        assert_eq!(name("basic Realm=\"/var/opt/azcmagent/tokens/a1.KEY\"").as_deref(), Some("a1.KEY"));
        for odd in [
            "Basic realm=/etc/shadow",
            "Basic realm=/etc/a.key",
            "Basic realm=/var/opt/azcmagent/tokens/../../../../etc/a.key",
            "Basic realm=/var/opt/azcmagent/tokens/deeper/a.key",
            "Basic realm=/var/opt/azcmagent/tokens/.key",
            "Basic realm=/var/opt/azcmagent/tokens/",
            "Basic realm=a.key",
            "Basic realm=",
            "Basic",
            "Bearer realm=/var/opt/azcmagent/tokens/a.key",
            "",
        ] {
            assert_eq!(name(odd), None, "{odd}");
        }
    }
}
