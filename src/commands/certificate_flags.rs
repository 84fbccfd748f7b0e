//! Which certificate an app signs in with and what opens it, shared by `connect` and `reconnect`. Its password never stands
//! on the command line.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::auth::AuthError;
use crate::commands::CommandError;
use crate::commands::auth_flags::Bound;
use crate::connection::{Connection, Flow};
use crate::context::Context;
use crate::output::prompt;
use crate::paths::absolute;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::session::{CERTIFICATE, CERTIFICATE_PASSWORD, certificate_of, certificate_to_keep};
use crate::settings::{certificate_from_environment, certificate_password_from_environment, secret_from_file};
use crate::store::Secrets;

/// The flag that a script uses where a person is asked.
const PASSWORD_FLAG: &str = "--certificate-password-file";

/// The certificate, and how it is opened.
#[derive(Debug, Args)]
pub struct CertificateFlags {
    /// With `--auth certificate`: the file with the certificate and its private key, PEM or PFX
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Read the password of the certificate from a file
    #[arg(long, value_name = "FILE", conflicts_with = "certificate_password_prompt")]
    certificate_password_file: Option<PathBuf>,
    /// Ask for the password of the certificate
    #[arg(long)]
    certificate_password_prompt: bool,
    /// Keep the certificate and its key with the secrets, instead of reading the file every time
    #[arg(long)]
    keep_certificate: bool,
}

/// A certificate that could be opened.
pub(super) struct Opened {
    /// How it signs in.
    pub(super) flow: Flow,
    /// What opened it.
    pub(super) password: Option<Secret>,
    /// Itself, where it shall be kept.
    pub(super) kept: Option<Secret>,
}

impl CertificateFlags {
    /// Whether a certificate was named.
    pub(super) fn is_given(&self) -> bool {
        self.certificate.is_some()
    }

    /// Its flags, which no other way to sign in has.
    pub(super) fn bound(&self) -> [Bound; 4] {
        let flows = &["certificate"];
        [
            Bound { flag: "--certificate", is_typed: self.certificate.is_some(), flows },
            Bound { flag: PASSWORD_FLAG, is_typed: self.certificate_password_file.is_some(), flows },
            Bound { flag: "--certificate-password-prompt", is_typed: self.certificate_password_prompt, flows },
            Bound { flag: "--keep-certificate", is_typed: self.keep_certificate, flows },
        ]
    }

    /// The certificate of a new connection: the one that is named, else the environment's.
    ///
    /// # Errors
    /// When none is named, or it can't be opened.
    pub(super) fn open(&self, context: &Context) -> Result<Opened, Problem> {
        let (file, password) = if let Some(file) = &self.certificate {
            (file.clone(), certificate_password_from_environment(&context.environment)?)
        } else {
            let given = certificate_from_environment(&context.environment)?.ok_or(CommandError::CertificateNeeded)?;
            (PathBuf::from(given.file), given.password)
        };
        self.opened(context, &file, password, self.keep_certificate)
    }

    /// The certificate of a connection that signs in again: the one that is named now, else its own. `stored` are those of
    /// its secrets that may be used again.
    ///
    /// # Errors
    /// When it can't be opened.
    pub(super) fn open_again(
        &self,
        context: &Context,
        old: &Connection,
        mut stored: Secrets,
    ) -> Result<Opened, Problem> {
        let Flow::Certificate { file } = &old.flow else {
            return Ok(Opened { flow: old.flow.clone(), password: None, kept: None });
        };
        let (password, kept) = (stored.take(CERTIFICATE_PASSWORD), stored.take(CERTIFICATE));
        match (&self.certificate, kept) {
            (Some(file), kept) => self.opened(context, file, password, self.keep_certificate || kept.is_some()),
            (None, None) => self.opened(context, Path::new(file), password, self.keep_certificate),
            (None, Some(kept)) => {
                let password = self.named_password(context)?.or(password);
                certificate_of(file, Some(&kept), password.as_ref())?;
                Ok(Opened { flow: old.flow.clone(), password, kept: Some(kept) })
            }
        }
    }

    /// The certificate in `file`; who sits at a terminal is asked for the password that it turns out to need.
    fn opened(
        &self,
        context: &Context,
        file: &Path,
        password: Option<Secret>,
        is_kept: bool,
    ) -> Result<Opened, Problem> {
        let file = absolute(file).display().to_string();
        let mut password = self.named_password(context)?.or(password);
        match certificate_of(&file, None, password.as_ref()) {
            Err(problem) if problem.find().is_some_and(AuthError::is_password_needed) && context.screen.can_ask() => {
                let asked = prompt::secret(&context.screen, "Password of the certificate", PASSWORD_FLAG)?;
                certificate_of(&file, None, Some(&asked))?;
                password = Some(asked);
            }
            tried => drop(tried?),
        }
        let kept = is_kept.then(|| certificate_to_keep(&file)).transpose()?;
        Ok(Opened { flow: Flow::Certificate { file }, password, kept })
    }

    /// The password from the place that was named.
    fn named_password(&self, context: &Context) -> Result<Option<Secret>, Problem> {
        if let Some(file) = &self.certificate_password_file {
            return secret_from_file(file).map(Some);
        }
        if self.certificate_password_prompt {
            return Ok(Some(prompt::secret(&context.screen, "Password of the certificate", PASSWORD_FLAG)?));
        }
        Ok(None)
    }
}
