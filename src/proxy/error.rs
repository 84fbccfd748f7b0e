//! Why a proxy could not start. What becomes of a request is told in `refusal.rs`.

use std::io;

use crate::problem::{Diagnose, Phrase};
use crate::proxy::phrases;

/// The proxy does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// Another program listens there.
    #[error("port {port} of 127.0.0.1 is taken by another program")]
    PortTaken {
        /// The port asked for.
        port: u16,
    },
    /// The system refused to listen.
    #[error("port {port} of 127.0.0.1 can't be listened on")]
    Listen {
        /// The port asked for; 0 is any.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// A word among the allowed tables that can be no table.
    #[error("`{name}` in `--allow-tables` is no table name", name = name.escape_debug())]
    NoTableName {
        /// The word.
        name: String,
    },
}

impl Diagnose for ProxyError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::PortTaken { .. } | Self::Listen { .. } => &phrases::NOT_STARTED,
            Self::NoTableName { .. } => &phrases::NO_TABLE_NAME,
        }
    }
}
