//! A file goes away, and its record stays. Nothing else of the record changes.

use crate::dataverse::client::Client;
use crate::dataverse::files::{FileError, Holder, requests};
use crate::dataverse::send_error::NotSent;
use crate::dataverse::{DataverseError, SentOrShown};
use crate::net::Idempotency;

impl Client {
    /// Removes the file that `holder` keeps.
    ///
    /// # Errors
    /// [`FileError::Empty`] when there is none, [`crate::dataverse::DataverseError::ReadOnly`], whatever the service refuses.
    pub async fn remove_file(&self, holder: &Holder) -> Result<SentOrShown<()>, DataverseError> {
        self.check_writable()?;
        if self.version(holder).await?.is_none() {
            let (table, column) = (holder.table.logical_name.clone(), holder.column.clone());
            return Err(FileError::Empty { table, id: holder.id, column }.into());
        }
        match self.send(&requests::remove(holder), &mut self.retry(Idempotency::Keyed)).await {
            Ok(sent) => Ok(sent.map(drop)),
            // The first answer was lost: what is there now says whether it had done it.
            Err(NotSent::Refused { refusal, may_have_happened: true, .. }) if refusal.status == 404 => {
                match self.version(holder).await? {
                    None => Ok(SentOrShown::Sent(())),
                    Some(_) => Err(DataverseError::Refused(refusal)),
                }
            }
            Err(other) => Err(other.into()),
        }
    }
}
