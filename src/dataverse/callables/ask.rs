//! Asking an organisation for its `$metadata`, once a day. How it is read is known elsewhere.

use crate::dataverse::DataverseError;
use std::sync::Arc;

use crate::dataverse::callables::Callables;
use crate::dataverse::callables::csdl::Csdl;
use crate::dataverse::client::Client;
use crate::dataverse::encode::API;
use crate::net::{Idempotency, Request};

/// More than any organisation's.
const LONGEST: usize = 512 << 20;

impl Client {
    /// Every action and function there is. The answer is read as it arrives and never held as a whole.
    ///
    /// # Errors
    /// Whatever kept it away.
    pub async fn callables(&self) -> Result<Arc<Callables>, DataverseError> {
        let now = self.now();
        if let Some(callables) = self.catalog().callables(now) {
            return Ok(callables);
        }
        let request = Request::get(format!("{API}$metadata")).header("Accept", "application/xml");
        let mut retry = self.retry(Idempotency::Safe);
        loop {
            let mut sent = self.exchange(&request, &mut retry).await?;
            let (mut csdl, mut length) = (Csdl::default(), 0);
            let end = loop {
                match sent.response.body.chunk().await {
                    Ok(Some(bytes)) => {
                        length += bytes.len();
                        csdl.take(&bytes).map_err(|why| self.malformed(&why))?;
                        if length > LONGEST {
                            return Err(self.malformed(&"it has no end"));
                        }
                    }
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            match end {
                Ok(()) => {
                    let callables = csdl.finish().map_err(|why| self.malformed(&why))?;
                    return Ok(self.catalog().keep_callables(callables, now));
                }
                Err(error) => {
                    let Some(failure) = error.failure() else { return Err(error.into()) };
                    if !self.wait_after(failure, &mut retry, &error).await {
                        return Err(error.into());
                    }
                }
            }
        }
    }
}
