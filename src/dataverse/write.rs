//! A change to one record, as a value, the request it becomes, and how it is sent so that a lost answer never doubles it.

use bytes::Bytes;

use crate::connection::{Look, Standing};
use crate::dataverse::client::{Client, Sent};
use crate::dataverse::encode::{API, resource};
use crate::dataverse::error::{Lost, Sending};
use crate::dataverse::manner::Manner;
use crate::dataverse::send_error::NotSent;
use crate::dataverse::values::lookup_as_value;
use crate::dataverse::{Body, DataverseError, RecordId, Refusal, SentOrShown, Table};
use crate::net::{Idempotency, Method, Request};
use crate::record::Record;

/// The longest record that is read behind a change.
const LONGEST_RECORD: usize = 64 << 20;
/// "A record with this id or unique value exists", by primary key or unique index, and by alternate key.
const DUPLICATES: [u32; 2] = [0x8004_0237, 0x8006_0892];

/// A change to one record. It is harmless to send any of them twice: a create carries its id, so that the second one is a
/// duplicate; the others say the same twice.
#[derive(Debug, Clone)]
pub enum Write {
    /// A new record under an id chosen here.
    Create {
        /// Where.
        table: Table,
        /// The id.
        id: RecordId,
        /// Values.
        body: Body,
    },
    /// Changes the named columns of a record, and never creates one.
    Update {
        /// Where.
        table: Table,
        /// Which record.
        id: RecordId,
        /// Values.
        body: Body,
        /// The version it must still have (an `ETag`); none means any.
        if_match: Option<String>,
    },
    /// Changes the record that a key leads to, or makes one there.
    Upsert {
        /// Where.
        table: Table,
        /// The key, as it stands in the address: `accountnumber='AC-1'`.
        key: String,
        /// Values, without those of the key.
        body: Body,
        /// What is not to happen.
        only: Option<Only>,
    },
    /// Removes a record.
    Delete {
        /// Where.
        table: Table,
        /// Which record.
        id: RecordId,
        /// The version it must still have (an `ETag`); none means any.
        if_match: Option<String>,
    },
}

/// The half of an upsert that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// A new record; one that is there stays as it is.
    Create,
    /// A change; what is not there is not made.
    Update,
}

/// A change that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The record it was made to.
    pub id: RecordId,
    /// The record as it stands now, where that was asked for.
    pub record: Option<Record>,
    /// Whether there was none before.
    pub is_new: bool,
}

impl Write {
    /// A new record. Its id is the one that `body` gives for the primary key, if it gives one, else `fresh`.
    ///
    /// # Errors
    /// [`DataverseError::BadRecordId`] when `body` gives an id that is none.
    pub fn create(table: &Table, fresh: RecordId, body: &Body) -> Result<Self, DataverseError> {
        let id = match body.value(&table.id_column) {
            None | Some("null") => fresh,
            Some(json) => match serde_json::from_str::<String>(json) {
                Ok(text) => RecordId::parse(&text)?,
                Err(_) => return Err(DataverseError::BadRecordId { text: json.to_owned(), column: None }),
            },
        };
        Ok(Self::Create { table: table.clone(), id, body: body.clone() })
    }

    /// The record that is changed; the key of an upsert leads to one that only the service knows.
    #[must_use]
    pub fn id(&self) -> Option<RecordId> {
        match self {
            Self::Create { id, .. } | Self::Update { id, .. } | Self::Delete { id, .. } => Some(*id),
            Self::Upsert { .. } => None,
        }
    }

    /// The table it is in.
    #[must_use]
    pub fn table(&self) -> &Table {
        match self {
            Self::Create { table, .. }
            | Self::Update { table, .. }
            | Self::Upsert { table, .. }
            | Self::Delete { table, .. } => table,
        }
    }

    /// The request. An update or a delete always says `If-Match`, because a PATCH without it creates what is missing.
    #[must_use]
    pub fn to_request(&self) -> Request {
        match self {
            Self::Upsert { table, key, body, only } => {
                let request = request(Method::PATCH, path(table, key), Some(body.to_json(None, None)));
                match only {
                    None => request,
                    Some(Only::Create) => request.header("If-None-Match", "*"),
                    Some(Only::Update) => request.header("If-Match", "*"),
                }
            }
            Self::Create { table, id, body } => {
                let json = body.to_json(Some((&table.id_column, &id.to_string())), Some(&table.id_column));
                request(Method::POST, format!("{API}{}", resource(&table.entity_set)), Some(json))
            }
            Self::Update { table, id, body, if_match } => {
                let json = body.to_json(None, None);
                request(Method::PATCH, path(table, &id.to_string()), Some(json))
                    .header("If-Match", if_match.as_deref().unwrap_or("*"))
            }
            Self::Delete { table, id, if_match } => request(Method::DELETE, path(table, &id.to_string()), None)
                .header("If-Match", if_match.as_deref().unwrap_or("*")),
        }
    }

    /// The error with the record that may have been made, if that is what is not known.
    fn told_of(&self, error: DataverseError) -> DataverseError {
        match self {
            Self::Create { table, id, .. } => error.about_making(table, *id),
            Self::Update { .. } | Self::Upsert { .. } | Self::Delete { .. } => error,
        }
    }

    /// Whether a refusal may come from our own first try, whose answer was lost.
    fn may_be_our_own(&self, refusal: &Refusal) -> bool {
        match self {
            Self::Create { .. } => refusal.code.is_some_and(|code| DUPLICATES.contains(&code)),
            Self::Update { if_match, .. } => if_match.is_some() && refusal.status == 412,
            Self::Upsert { only, .. } => *only == Some(Only::Create) && refusal.status == 412,
            Self::Delete { if_match, .. } => refusal.status == 404 || (if_match.is_some() && refusal.status == 412),
        }
    }
}

impl Client {
    /// Creates a record and gives its id: the one in `body` for the primary key, if there is one, else `fresh`.
    ///
    /// # Errors
    /// As [`Client::write`], and [`DataverseError::BadRecordId`] when `body` gives an id that is none.
    pub async fn create(
        &self,
        table: &Table,
        fresh: RecordId,
        body: &Body,
    ) -> Result<SentOrShown<RecordId>, DataverseError> {
        Ok(self.write(&Write::create(table, fresh, body)?).await?.map(|written| written.id))
    }

    /// Changes the columns of `body`, and never creates a record.
    ///
    /// # Errors
    /// As [`Client::write`].
    pub async fn update(&self, table: &Table, id: &RecordId, body: &Body) -> Result<SentOrShown<()>, DataverseError> {
        let write = Write::Update { table: table.clone(), id: *id, body: body.clone(), if_match: None };
        Ok(self.write(&write).await?.map(drop))
    }

    /// Removes a record.
    ///
    /// # Errors
    /// As [`Client::write`].
    pub async fn delete(&self, table: &Table, id: &RecordId) -> Result<SentOrShown<()>, DataverseError> {
        Ok(self.write(&Write::Delete { table: table.clone(), id: *id, if_match: None }).await?.map(drop))
    }

    /// The same way, which looks before every change whether the connection still allows it.
    #[must_use]
    pub fn looking_again(mut self, look: Look) -> Self {
        self.look = Some(look);
        self
    }

    /// What may be done over the connection by now.
    fn standing(&self) -> Standing {
        match (self.is_read_only(), &self.look) {
            (true, _) => Standing::ReadOnly,
            (false, Some(look)) => look(),
            (false, None) => Standing::Open,
        }
    }

    /// Refuses what would write over a connection that refuses every write, or is saved no longer.
    ///
    /// # Errors
    /// [`DataverseError::ReadOnly`], [`DataverseError::Disconnected`].
    pub fn check_writable(&self) -> Result<(), DataverseError> {
        let connection = self.connection().map(str::to_owned);
        match self.standing() {
            Standing::Open => Ok(()),
            Standing::ReadOnly => Err(DataverseError::ReadOnly { connection }),
            Standing::Gone => Err(DataverseError::Disconnected),
        }
    }

    /// Makes a change.
    ///
    /// # Errors
    /// As [`Client::write_in`].
    pub async fn write(&self, write: &Write) -> Result<SentOrShown<Written>, DataverseError> {
        self.write_in(write, &Manner::default()).await
    }

    /// Makes a change in a certain manner.
    ///
    /// When an answer is lost, the same request is sent again, and a refusal that the first one may have caused itself is
    /// looked into: a create is done if the record is there under our id, a delete if it is gone.
    ///
    /// # Errors
    /// [`DataverseError::ReadOnly`] before anything is sent; [`DataverseError::Refused`];
    /// [`DataverseError::OutcomeUnknown`] when it can't be told whether the change was made.
    pub async fn write_in(&self, write: &Write, manner: &Manner) -> Result<SentOrShown<Written>, DataverseError> {
        self.check_writable()?;
        let mut retry = self.retry(Idempotency::Keyed);
        match self.send(&manner.applied_to(write), &mut retry).await {
            Ok(SentOrShown::Shown) => Ok(SentOrShown::Shown),
            Ok(SentOrShown::Sent(sent)) => Ok(SentOrShown::Sent(self.done(write, manner, sent).await?)),
            Err(NotSent::Refused { refusal, may_have_happened, sending })
                if may_have_happened && write.may_be_our_own(&refusal) =>
            {
                self.settle(write, refusal, sending).await?;
                let record = match (write.id(), &manner.returned) {
                    (Some(id), Some(columns)) if !matches!(write, Write::Delete { .. }) => {
                        Some(self.get(write.table(), &id, columns, manner.annotations).await?)
                    }
                    _ => None,
                };
                let id = write.id().unwrap_or_else(RecordId::random);
                Ok(SentOrShown::Sent(Written { id, record, is_new: matches!(write, Write::Create { .. }) }))
            }
            Err(NotSent::Refused { mut refusal, may_have_happened, sending }) => {
                if refusal.status == 400 && refusal.near.is_empty() {
                    refusal.near = self.bindings_for(write).await;
                }
                Err(write.told_of(NotSent::Refused { refusal, may_have_happened, sending }.into()))
            }
            Err(not_sent) => Err(write.told_of(not_sent.into())),
        }
    }

    /// How lookups are written to which a refused change gave plain values. Only a remedy hangs on it, so a failure gives none.
    async fn bindings_for(&self, write: &Write) -> Vec<String> {
        let (Write::Create { body, .. } | Write::Update { body, .. } | Write::Upsert { body, .. }) = write else {
            return Vec::new();
        };
        let Ok(definition) = self.definition(&write.table().logical_name, &[]).await else { return Vec::new() };
        let lookups = body.columns().filter_map(|(name, json)| lookup_as_value(&definition, name, json));
        let ways = lookups.flat_map(|lookup| definition.many_to_one.iter().filter(|way| way.column == lookup.name));
        ways.map(|way| format!("{}@odata.bind", way.navigation)).collect()
    }

    /// What came of a change that succeeded.
    async fn done(&self, write: &Write, manner: &Manner, mut sent: Sent) -> Result<Written, DataverseError> {
        let is_new = matches!(write, Write::Create { .. }) || sent.response.status == 201;
        if !manner.wants_record(write) {
            if sent.response.status == 200 {
                // Changes are answered with 204, or 201; a page behind 200 is somebody else's.
                self.expect_json(&sent.response)?;
            }
            let id = write.id().unwrap_or_else(RecordId::random);
            return Ok(Written { id, record: None, is_new });
        }
        self.expect_json(&sent.response)?;
        let table = write.table();
        let record = match (sent.response.body.read(LONGEST_RECORD).await, write.id(), &manner.returned) {
            (Ok(body), _, _) => {
                let record = Record::parse(body).map_err(|error| self.malformed(&error))?;
                record.without("@odata.context")
            }
            // The change was made; only its picture was lost on the way.
            (Err(_), Some(id), Some(columns)) => self.get(table, &id, columns, manner.annotations).await?,
            (Err(error), _, _) => return Err(error.into()),
        };
        let id = match (write.id(), record.cell(&table.id_column)) {
            (Some(id), _) => id,
            (None, Some(cell)) => RecordId::parse(&cell.text())?,
            (None, None) => return Err(self.malformed(&"it has no id")),
        };
        Ok(Written { id, record: manner.returned.is_some().then_some(record), is_new })
    }

    /// Finds out whether a change whose first answer was lost has been made.
    async fn settle(&self, write: &Write, refusal: Box<Refusal>, sending: Sending) -> Result<(), DataverseError> {
        match write {
            Write::Delete { .. } if refusal.is_record_missing() => Ok(()),
            Write::Create { table, id, .. } => {
                match self.get(table, id, std::slice::from_ref(&table.id_column), false).await {
                    Ok(_) => Ok(()),
                    Err(error) if error.is_not_found() => Err(DataverseError::Refused(refusal)),
                    // It could not be looked up either.
                    Err(error) => {
                        Err(write.told_of(DataverseError::unknown(Lost::AtTheService(Box::new(error)), sending)))
                    }
                }
            }
            Write::Update { .. } | Write::Upsert { .. } | Write::Delete { .. } => {
                Err(DataverseError::unknown_after(refusal, sending))
            }
        }
    }
}

/// The path of a record with such a key, encoded.
fn path(table: &Table, key: &str) -> String {
    format!("{API}{}({})", resource(&table.entity_set), resource(key))
}

fn request(method: Method, path: String, json: Option<String>) -> Request {
    Request { method, path, headers: Vec::new(), body: json.map(Bytes::from) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Diagnose as _, Exit};

    const ID: &str = "5d0c0001-1111-ef11-8400-000d3ab1c111";

    fn body(words: &[&str]) -> Body {
        Body::parse(None, words).expect("values")
    }

    fn accounts() -> Table {
        Table {
            logical_name: "account".into(),
            entity_set: "accounts".into(),
            id_column: "accountid".into(),
            name_column: Some("name".into()),
        }
    }

    fn id() -> RecordId {
        RecordId::parse(ID).expect("an id")
    }

    fn text(request: &Request) -> &str {
        std::str::from_utf8(request.body.as_deref().unwrap_or_default()).expect("text")
    }

    fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
        request.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_create_carries_its_own_id() {
        let write =
            Write::create(&accounts(), RecordId::random(), &body(&["name=Alder", "revenue:=1.10"])).expect("a write");
        let request = write.to_request();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/api/data/v9.2/accounts"));
        assert_eq!(
            text(&request),
            format!(r#"{{"accountid":"{}","name":"Alder","revenue":1.10}}"#, write.id().expect("an id"))
        );
        assert_eq!(write.to_request().body, request.body, "the same write is the same request");
    }

    #[test]
    fn an_id_that_was_given_is_kept_and_given_once() {
        let given = body(&["name=Alder", "accountid={5D0C0001-1111-EF11-8400-000D3AB1C111}"]);
        let write = Write::create(&accounts(), RecordId::random(), &given).expect("a write");
        assert_eq!(text(&write.to_request()), format!(r#"{{"accountid":"{ID}","name":"Alder"}}"#));
        for bad in ["accountid=x", "accountid:=7", "accountid:={}"] {
            let error = Write::create(&accounts(), RecordId::random(), &body(&[bad])).expect_err(bad);
            assert_eq!(error.phrase().exit, Exit::Usage);
        }
    }

    #[test]
    fn an_update_never_creates() {
        let write = Write::Update { table: accounts(), id: id(), body: body(&["name=B"]), if_match: None };
        let request = write.to_request();
        assert_eq!(request.method, Method::PATCH);
        assert_eq!(request.path, format!("/api/data/v9.2/accounts({ID})"));
        assert_eq!(header(&request, "If-Match"), Some("*"));
        assert_eq!(text(&request), r#"{"name":"B"}"#);
    }

    #[test]
    fn a_version_is_asked_for_when_it_is_named() {
        let etag = "W/\"4410277\"".to_owned();
        let write = Write::Delete { table: accounts(), id: id(), if_match: Some(etag.clone()) };
        let request = write.to_request();
        assert_eq!(request.method, Method::DELETE);
        assert_eq!(header(&request, "If-Match"), Some(etag.as_str()));
        assert!(request.body.is_none());
    }
}
