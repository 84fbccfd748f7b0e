//! What a request becomes before it goes out, and an answer before it is judged: the headers that go with every request, the
//! batch around an address that is too long to go alone. Nothing is sent here.

use crate::dataverse::DataverseError;
use crate::dataverse::batch::{carry, unpack};
use crate::dataverse::client::{Client, is_change};
use crate::net::{NetError, Request, Response};

/// The longest page that is read at once, because its address was too long to go alone.
const LONGEST_CARRIED: usize = 256 << 20;

impl Client {
    /// The request with all its headers, and whether it is inside a batch because its address is too long to go alone.
    pub(super) async fn outgoing(&self, request: &Request) -> Result<(Request, bool), DataverseError> {
        let request = with_standard_headers(self.on_behalf(request).await?);
        let boundary = uuid::Uuid::new_v4().simple().to_string();
        match carry(self.address(), &request, &boundary)? {
            Some(carrier) => Ok((with_standard_headers(self.on_behalf(&carrier).await?), true)),
            None => Ok((request, false)),
        }
    }

    /// The request with the header that says on whose behalf it is made.
    async fn on_behalf(&self, request: &Request) -> Result<Request, DataverseError> {
        Ok(match self.behalf().await? {
            Some((name, value)) => request.clone().header(name, value),
            None => request.clone(),
        })
    }

    /// The answer to a read that was carried inside a batch, out of the answer to the batch.
    pub(super) async fn unpacked(&self, mut response: Response) -> Result<Result<Response, DataverseError>, NetError> {
        let kind = response.header("content-type").unwrap_or_default().to_owned();
        let body = response.body.read(LONGEST_CARRIED).await?;
        let answer = unpack(&kind, &body).ok_or_else(|| self.malformed(&"it is no answer to a batch"));
        Ok(answer.map(|answer| response.replaced_by(answer.status, &answer.headers, answer.body)))
    }
}

/// Microsoft Learn, "Compose HTTP requests and handle errors": `If-None-Match: null` keeps expanded rows from coming out
/// of a cache; with a change it would mean something else.
fn with_standard_headers(request: Request) -> Request {
    let is_read = !is_change(&request);
    let has_kind = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Content-Type"));
    let has_body = request.body.is_some() && !has_kind;
    let mut request = request
        .header_if_absent("Accept", "application/json")
        .header_if_absent("OData-MaxVersion", "4.0")
        .header_if_absent("OData-Version", "4.0");
    if is_read {
        request = request.header_if_absent("If-None-Match", "null");
    }
    if has_body {
        request = request.header_if_absent("Content-Type", "application/json; charset=utf-8");
    }
    request
}
