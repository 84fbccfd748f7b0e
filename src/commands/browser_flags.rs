//! The flags of a sign-in in the browser, shared by `connect` and `reconnect`. What they lead to is not known here.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::auth::Prompt;
use crate::commands::CommandError;
use crate::commands::auth_flags::Bound;
use crate::connection::ResponseMode;
use crate::context::Context;
use crate::problem::Problem;
use crate::session::Wait;
use crate::settings::parse_duration;

/// The flags of a sign-in in the browser, shared by `connect` and `reconnect`.
#[derive(Debug, Args)]
pub struct BrowserFlags {
    /// How Entra sends its answer to this computer
    #[arg(long, value_enum, value_name = "MODE")]
    pub response_mode: Option<ResponseModeFlag>,
    /// Print the address and open nothing
    #[arg(long)]
    pub no_browser: bool,
    /// Leave Microsoft Graph's User.Read out, where an administrator would have to approve it
    #[arg(long)]
    pub no_graph: bool,
    /// Sign-in name to fill in
    #[arg(long, value_name = "UPN")]
    pub login_hint: Option<String>,
    /// What Entra must ask, even if it need not
    #[arg(long, value_enum, value_name = "WHAT")]
    pub prompt: Option<PromptFlag>,
    /// Paste the address at which the browser ended, where no browser can reach this computer
    #[arg(long)]
    pub paste: bool,
    /// How long the whole command may take; without it, 5m from when the address is shown, or as long as a device code lives
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub wait: Option<Duration>,
}

/// How much longer a question stands than what it is asked for, so that the better reason is told.
const SLACK: Duration = Duration::from_secs(1);

impl BrowserFlags {
    /// How long is waited. It counts from now on, and bounds every question from now on.
    pub(super) fn begin_wait(&self, context: &Context) -> Wait {
        let wait = Wait::beginning_now(self.wait);
        if let Some(end) = wait.end().and_then(|end| end.checked_add(SLACK)) {
            context.screen.end_questions_at(end);
        }
        wait
    }

    /// What becomes of the address.
    pub(super) const fn opening(&self) -> Opening {
        match (self.paste, self.no_browser) {
            (true, _) => Opening::Pasted,
            (false, true) => Opening::Nobody,
            (false, false) => Opening::Browser,
        }
    }

    /// How Entra sends its answer, where a flag decides that: only an answer in the address can be copied.
    ///
    /// # Errors
    /// When one flag rules the other out.
    pub(super) fn response_mode(&self) -> Result<Option<ResponseMode>, Problem> {
        match (self.paste, self.response_mode) {
            (true, Some(ResponseModeFlag::FormPost)) => Err(CommandError::PasteNeedsTheAddress.into()),
            (true, _) => Ok(Some(ResponseMode::Query)),
            (false, mode) => Ok(mode.map(ResponseMode::from)),
        }
    }

    /// Those that mean something to some ways to sign in only; `--wait` means something to all.
    pub(super) fn bound(&self) -> [Bound; 6] {
        let browser = |flag, is_typed| Bound { flag, is_typed, flows: &["browser"] };
        [
            browser("--response-mode", self.response_mode.is_some()),
            browser("--no-browser", self.no_browser),
            browser("--paste", self.paste),
            browser("--login-hint", self.login_hint.is_some()),
            browser("--prompt", self.prompt.is_some()),
            browser("--no-graph", self.no_graph),
        ]
    }
}

/// What becomes of a sign-in address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// It is opened.
    Browser,
    /// It is only shown.
    Nobody,
    /// It is only shown, and the one at which the browser ends is pasted here.
    Pasted,
}

impl Opening {
    /// Whether nothing may be opened.
    pub(super) fn is_forbidden(self) -> bool {
        self != Self::Browser
    }
}

/// Values of `--response-mode`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ResponseModeFlag {
    /// In the body of a POST; the code stays out of the browser's history
    FormPost,
    /// In the address
    Query,
}

/// Values of `--prompt`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum PromptFlag {
    /// Which user signs in
    SelectAccount,
    /// Consent to the app's permissions
    Consent,
    /// The password
    Login,
}

impl From<ResponseModeFlag> for ResponseMode {
    fn from(flag: ResponseModeFlag) -> Self {
        match flag {
            ResponseModeFlag::FormPost => Self::FormPost,
            ResponseModeFlag::Query => Self::Query,
        }
    }
}

impl From<PromptFlag> for Prompt {
    fn from(flag: PromptFlag) -> Self {
        match flag {
            PromptFlag::SelectAccount => Self::SelectAccount,
            PromptFlag::Consent => Self::Consent,
            PromptFlag::Login => Self::Login,
        }
    }
}
