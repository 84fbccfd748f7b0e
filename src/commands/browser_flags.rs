//! The flags of a sign-in in the browser, shared by `connect` and `reconnect`. What they lead to is not known here.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::auth::Prompt;
use crate::commands::auth_flags::Bound;
use crate::connection::ResponseMode;
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
    /// How long to wait for the sign-in
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "5m")]
    pub wait: Duration,
}

impl BrowserFlags {
    /// Those that mean something to some ways to sign in only; `--wait` means something to all.
    pub(super) fn bound(&self) -> [Bound; 5] {
        let browser = |flag, is_typed| Bound { flag, is_typed, flows: &["browser"] };
        [
            browser("--response-mode", self.response_mode.is_some()),
            browser("--no-browser", self.no_browser),
            browser("--login-hint", self.login_hint.is_some()),
            browser("--prompt", self.prompt.is_some()),
            browser("--no-graph", self.no_graph),
        ]
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
