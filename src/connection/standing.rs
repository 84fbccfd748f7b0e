//! What may be done over a saved connection at this moment. Commands that run long ask again before each change.

use std::sync::Arc;

/// Whether a connection may still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// For everything.
    Open,
    /// For reading: it refuses every write.
    ReadOnly,
    /// For nothing: it is saved no longer, or leads elsewhere.
    Gone,
}

/// Looks again.
pub type Look = Arc<dyn Fn() -> Standing + Send + Sync>;
