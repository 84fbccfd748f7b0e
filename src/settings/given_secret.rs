//! Secrets from the places a user may put them in: a variable, a file the user names. Nothing here is stored.

use std::path::Path;

use crate::environment::{self, Environment, Variable};
use crate::paths::read_given;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::settings::SettingsError;

/// More than any client secret, less than a mistake.
const SECRET_LIMIT: u64 = 64 * 1024;

/// Where a secret came from, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretOrigin {
    /// A variable.
    Variable(&'static str),
    /// A file.
    File(String),
}

/// The client secret that our own variables give, and which of them did.
///
/// # Errors
/// When both variables are set, or the file can't be read.
pub fn client_secret_from_environment(environment: &Environment) -> Result<Option<(Secret, SecretOrigin)>, Problem> {
    environment.check_filled_in()?;
    let value = secret_from_variable(environment, environment::CLIENT_SECRET)?;
    let file = environment.raw(environment::CLIENT_SECRET_FILE);
    match (value, file) {
        (Some(_), Some(_)) => Err(SettingsError::Contradiction {
            first: environment::CLIENT_SECRET.name,
            second: environment::CLIENT_SECRET_FILE.name,
        }
        .into()),
        (Some(value), None) => Ok(Some((value, SecretOrigin::Variable(environment::CLIENT_SECRET.name)))),
        (None, Some(file)) => {
            let path = Path::new(file);
            Ok(Some((secret_from_file(path)?, SecretOrigin::File(path.display().to_string()))))
        }
        (None, None) => Ok(None),
    }
}

/// A secret from a file the user names: one line of text, its line end left out. A mounted secret may be a symlink and
/// readable by others; that is the user's business.
///
/// # Errors
/// When the file can't be read, is empty or is not text.
pub fn secret_from_file(path: &Path) -> Result<Secret, Problem> {
    let bytes = zeroize::Zeroizing::new(read_given(path, SECRET_LIMIT)?);
    secret_from_bytes(&bytes, &path.display().to_string())
}

/// A connection string from a file the user names. It may be written on several lines.
///
/// # Errors
/// When the file can't be read, or is not text.
pub fn secret_from_string_file(path: &Path) -> Result<Secret, Problem> {
    let bytes = zeroize::Zeroizing::new(read_given(path, SECRET_LIMIT)?);
    let not_text = |_| SettingsError::NotText { origin: path.display().to_string() };
    Ok(Secret::new(std::str::from_utf8(&bytes).map_err(not_text)?))
}

/// A secret from a variable. One that was read from a file in a shell or a pipeline may end in a line break.
pub(super) fn secret_from_variable(environment: &Environment, variable: Variable) -> Result<Option<Secret>, Problem> {
    let text = environment.text(variable)?;
    text.map(|text| secret_from_bytes(text.as_bytes(), variable.name)).transpose()
}

/// A secret from bytes that came from `origin`: one line of text, its line end left out.
///
/// # Errors
/// When there is nothing, it is not text, or it is more than one line.
pub fn secret_from_bytes(bytes: &[u8], origin: &str) -> Result<Secret, Problem> {
    let origin = || origin.to_owned();
    let text = std::str::from_utf8(bytes).map_err(|_| SettingsError::NotText { origin: origin() })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(SettingsError::EmptySecret { origin: origin() }.into());
    }
    // What stands in a header or a form ends at a line break, and a secret cut short is refused without saying why.
    if text.contains(char::is_control) {
        return Err(SettingsError::SeveralLines { origin: origin() }.into());
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_end_is_no_part_of_a_secret_and_two_lines_are_none() {
        let check = |bytes: &[u8]| match secret_from_bytes(bytes, "it") {
            Ok(secret) => secret.expose().to_owned(),
            Err(problem) => problem.phrase().code.to_owned(),
        };
        assert_eq!(check(b"s\r\n"), "s");
        assert_eq!(check("\u{feff}s\n".as_bytes()), "s");
        assert_eq!(check(b" s "), " s ");
        assert_eq!(check(b"\n"), "settings/empty-secret");
        assert_eq!(check(b"s\nt"), "settings/several-lines");
        assert_eq!(check(b"\xff"), "settings/not-text");
    }
}
