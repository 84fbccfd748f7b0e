//! What can go wrong on the way to an assertion, and what to do about it. Never a part of one.

use crate::paths::PathError;
use crate::problem::{Diagnose, Exit, Phrase, Who};

/// Why there is no assertion.
#[derive(Debug, thiserror::Error)]
pub enum FederatedError {
    /// The job may not ask GitHub for one.
    #[error("this job may not ask GitHub for an identity")]
    GithubPermission,
    /// The step does not know what Azure Pipelines must be asked with.
    #[error("{missing} is not set in this step of the pipeline")]
    PipelineVariable {
        /// The variable.
        missing: &'static str,
    },
    /// The address to ask is not one.
    #[error("the address in {variable} is none that a credential may be sent to")]
    BadAddress {
        /// The variable.
        variable: &'static str,
    },
    /// The service says no.
    #[error("{name} gives this job no identity (status {status})")]
    Declined {
        /// The service.
        name: &'static str,
        /// What it answered.
        status: u16,
    },
    /// The service says something else.
    #[error("the answer of {name} holds no identity")]
    OddAnswer {
        /// The service.
        name: &'static str,
    },
    /// The file can't be read.
    #[error(transparent)]
    File(#[from] PathError),
    /// The file holds something else.
    #[error("`{file}` does not hold one signed token")]
    NoAssertion {
        /// As it was named.
        file: String,
    },
    /// The file has not been written anew in time.
    #[error("the token in `{file}` ended at {ended}")]
    AssertionEnded {
        /// As it was named.
        file: String,
        /// When.
        ended: String,
    },
}

impl Diagnose for FederatedError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::GithubPermission => &GITHUB_PERMISSION,
            Self::PipelineVariable { .. } => &PIPELINE_VARIABLE,
            Self::BadAddress { .. } => &BAD_ADDRESS,
            Self::Declined { .. } => &DECLINED,
            Self::OddAnswer { .. } => &ODD_ANSWER,
            Self::File(error) => error.phrase(),
            Self::NoAssertion { .. } => &NO_ASSERTION,
            Self::AssertionEnded { .. } => &ASSERTION_ENDED,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::GithubPermission => Vec::new(),
            Self::PipelineVariable { missing } => vec![("missing", (*missing).to_owned())],
            Self::BadAddress { variable } => vec![("variable", (*variable).to_owned())],
            Self::Declined { name, status } => vec![("provider", (*name).to_owned()), ("status", status.to_string())],
            Self::OddAnswer { name } => vec![("provider", (*name).to_owned())],
            Self::File(error) => error.facts(),
            Self::NoAssertion { file } => vec![("token_file", file.clone())],
            Self::AssertionEnded { file, ended } => vec![("token_file", file.clone()), ("ended", ended.clone())],
        }
    }
}

pub(super) static GITHUB_PERMISSION: Phrase = Phrase {
    code: "auth/github-permission",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a runner sets ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN only for a job with that permission; a pull request from a fork never has it",
    remedy: &[
        "give it to the job in the workflow file: under `permissions:`, the line `id-token: write` (and `contents: read`, for the checkout)",
        "elsewhere than on GitHub, name a file that holds the token: `--federated-token-file FILE`, or D365CONN_FEDERATED_TOKEN_FILE",
    ],
};

pub(super) static PIPELINE_VARIABLE: Phrase = Phrase {
    code: "auth/pipeline-variable",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the agent is asked for the identity of a service connection, with the access token of the job, which a step gets only where it is mapped",
    remedy: &[
        "map the access token in the step: under `env:`, the line `SYSTEM_ACCESSTOKEN: $(System.AccessToken)`",
        "run the step as AzureCLI@2 with `azureSubscription:`, or set AZURESUBSCRIPTION_SERVICE_CONNECTION_ID to the id in the address of Project settings → Service connections → the connection",
        "elsewhere than in Azure Pipelines, name a file that holds the token: `--federated-token-file FILE`, or D365CONN_FEDERATED_TOKEN_FILE",
    ],
};

pub(super) static BAD_ADDRESS: Phrase = Phrase {
    code: "auth/provider-address",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the runner sets it, to an https address without a user in it; anything else might lead the job's own token astray, so nothing was sent",
    remedy: &["leave `{variable}` as the runner sets it: nothing in the pipeline's own file should set it"],
};

pub(super) static DECLINED: Phrase = Phrase {
    code: "auth/provider-declined",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "it did not accept the job's own token, or the job may not use what it asked for",
    remedy: &[
        "on GitHub, give the job the line `id-token: write` under `permissions:`, and run it again: its own token ends with the job",
        "in Azure Pipelines, map `SYSTEM_ACCESSTOKEN: $(System.AccessToken)` under `env:` and let the pipeline use the service connection: Project settings → Service connections → the connection → Security",
    ],
};

pub(super) static ODD_ANSWER: Phrase = Phrase {
    code: "auth/provider-odd-answer",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "something answered in its place, as a proxy of the runner's network may",
    remedy: &[
        "run again with `-vv` to see who was asked and how it answered",
        "let the runner reach it without a proxy: set `NO_PROXY`",
    ],
};

pub(super) static NO_ASSERTION: Phrase = Phrase {
    code: "auth/token-file-unfit",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "such a file holds one token in three parts, `eyJ….….…`, and nothing else",
    remedy: &[
        "see what writes {token_file}, and name the file it writes: `--federated-token-file FILE`, D365CONN_FEDERATED_TOKEN_FILE or AZURE_FEDERATED_TOKEN_FILE",
    ],
};

pub(super) static ASSERTION_ENDED: Phrase = Phrase {
    code: "auth/token-file-ended",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "whoever writes the file has to write a new token before the old one ends; it is read anew every time, and nothing was sent",
    remedy: &[
        "have a new token written into {token_file}, and run `d365conn whoami` again",
        "if the time is wrong, compare the clock with Entra's: `d365conn doctor`",
    ],
};
