//! A question's names judged by what is kept of the organisation's metadata, so that a question that is right costs no request;
//! where that says no, it is asked for once more, because a column may have been made since. It reads no condition itself.

use std::pin::Pin;

use crate::dataverse::client::Client;
use crate::dataverse::names::{judge, mend};
use crate::dataverse::{DataverseError, Expand, Refusal, Table};

/// The parts of a question in which names stand, as typed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    /// OData `$filter`.
    pub filter: Option<&'a str>,
    /// OData `$orderby`.
    pub order_by: Option<&'a str>,
    /// Related records.
    pub expand: Option<&'a Expand>,
}

impl Client {
    /// Refuses names that the table does not have. What is not known, or not understood, passes: the service judges it.
    ///
    /// # Errors
    /// [`crate::dataverse::ValueError::UnknownColumn`], [`crate::dataverse::ValueError::UnknownWay`],
    /// [`crate::dataverse::ValueError::LookupByName`].
    pub async fn check_names(&self, table: &Table, asked: Asked<'_>) -> Result<(), DataverseError> {
        let now = self.now();
        let known = |name: &str| self.catalog().definition(name, now);
        let Some(definition) = known(&table.logical_name) else { return Ok(()) };
        let Some(wrong) = judge::first_wrong(&definition, asked, &known) else { return Ok(()) };
        self.forget_metadata();
        for name in [table.logical_name.as_str(), wrong.table()] {
            // Where it can't be asked for again, the service is left to judge.
            if self.definition(name, &[]).await.is_err() {
                return Ok(());
            }
        }
        let Some(definition) = known(&table.logical_name) else { return Ok(()) };
        match judge::first_wrong(&definition, asked, &known) {
            Some(wrong) => Err(wrong.into()),
            None => Ok(()),
        }
    }

    /// A refusal with what could have been meant, where the service knows no property of some name: only then is metadata worth
    /// a request. Where it can't be had, the refusal stays as it is. Where a condition has the wrong quotes, `path` has it.
    ///
    /// Boxed, because asking for metadata may itself be refused.
    pub(in crate::dataverse) fn advised<'a>(
        &'a self,
        refusal: Refusal,
        path: &'a str,
    ) -> Pin<Box<dyn Future<Output = Refusal> + Send + 'a>> {
        Box::pin(async move {
            if refusal.may_be_about_quotes() {
                let mended = mend::filter_of(path).and_then(|filter| mend::mended(&filter));
                return Refusal { mended: mended.as_deref().and_then(mend::for_shell), ..refusal };
            }
            let Some((table, name)) = refusal.unknown_property() else { return refusal };
            match self.definition(table, &[]).await {
                Ok(definition) => Refusal { near: judge::near(&definition, name), ..refusal },
                Err(_) => refusal,
            }
        })
    }
}
