//! Requests out: the one HTTP client, the origin a bearer is pinned to, waits and retries, and the redacted trace.

mod body;
mod error;
mod http;
mod limits;
mod method_override;
mod origin;
mod outbound_proxy;
mod phrases;
mod retry;
mod runtime;
mod throttled;
mod token_source;
mod trace;
mod upload;

pub use body::Body;
pub use error::{Cause, Layer, NetError};
pub use http::{Content, Http, HttpOptions, Method, Parcel, Request, Response};
pub use method_override::overrides_method;
pub use origin::{ForeignLink, Origin};
pub use outbound_proxy::proxy_without_credentials;
pub use phrases::PHRASES;
pub use retry::{Failure, Idempotency, Jitter, Retry, Verdict, http_date, retry_after};
pub use runtime::{RuntimeError, runtime};
pub use throttled::Throttled;
pub use token_source::{AccessToken, TokenFuture, TokenSource};
pub use trace::{Trace, TraceLevel, path_without_values};
pub use upload::{BrokenOff, Feed, Upload};
