//! The command `api`: puts the request together, and passes the answer on. What may be sent is judged elsewhere.

use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr as _;

use bytes::Bytes;
use clap::Args;

use crate::commands::api::address::{Address, with_option};
use crate::commands::api::fields::{Field, body};
use crate::commands::api::{ApiError, headers};
use crate::context::Context;
use crate::dataverse::{Client, Raw, RawAnswer, SentOrShown};
use crate::net::Method;
use crate::output::passed;
use crate::paths::read_given;
use crate::problem::{Exit, Problem};

/// More than any body that may be sent.
const BODY_LIMIT: usize = 256 * 1024 * 1024;

/// Send any request to the organisation's Web API
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn api WhoAmI
  d365conn api 'accounts?$select=name&$top=3' --jq '.value[].name'
  d365conn api accounts -X GET -f '$select=name' -F '$top=2' -i
  d365conn api accounts -f name='Alder Freight' -F revenue=125000.50
  d365conn api accounts -f name='Alder Freight' --dry-run
  d365conn api 'contacts(CONTACT_ID)' -X PATCH -f jobtitle=Buyer -H 'If-Match: *'
  d365conn api 'contacts?$select=fullname' -H 'Prefer: odata.maxpagesize=200' --paginate --jq '.value[].fullname'")]
pub struct Api {
    /// Path beneath /api/data/v9.2/, or one that begins with /api/
    path: String,
    /// HTTP method; GET without fields or input, else POST
    #[arg(short = 'X', long, value_name = "METHOD", value_parser = ["GET", "POST", "PATCH", "PUT", "DELETE"], ignore_case = true)]
    method: Option<String>,
    /// Another header, `Name: value`
    #[arg(short = 'H', long, value_name = "HEADER")]
    header: Vec<String>,
    /// A field whose value is text; part of the JSON body, or of the address for GET
    #[arg(short = 'f', long, value_name = "KEY=TEXT")]
    raw_field: Vec<String>,
    /// A field whose value may be true, false, null, a number or @FILE
    #[arg(short = 'F', long, value_name = "KEY=VALUE")]
    field: Vec<String>,
    /// File to send as the body; - is standard input
    #[arg(long, value_name = "FILE")]
    input: Option<String>,
    /// Follow the links to further pages
    #[arg(long)]
    paginate: bool,
    /// Show status and headers too
    #[arg(short, long)]
    include: bool,
}

impl Api {
    /// Sends it and passes the answer on.
    ///
    /// # Errors
    /// When it may not be sent, when no answer came, and when the service refused: its own words are on stdout then.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        let address = Address::parse(&self.path)?;
        let raw = self.raw(context)?;
        let client = context.client()?;
        let path = match address {
            Address::Path(path) => path,
            Address::Whole(link) => client.adopt(&link)?,
        };
        let raw = Raw { path: path + &raw.path, ..raw };
        context.block_on(self.send(context, &client, raw))
    }

    /// The request, with the options that fields add where its path goes.
    fn raw(&self, context: &Context) -> Result<Raw, Problem> {
        let text = |place: &str| -> Result<String, Problem> {
            let bytes = bytes_of(context, place)?;
            String::from_utf8(bytes).map_err(|_| ApiError::BadField { word: format!("@{place}") }.into())
        };
        let mut fields =
            self.raw_field.iter().map(|word| Ok(Field::text(word)?)).collect::<Result<Vec<_>, Problem>>()?;
        for word in &self.field {
            fields.push(Field::typed(word, text)?);
        }
        let has_body = self.input.is_some() || !fields.is_empty();
        let method = self.method.as_deref().map(str::to_ascii_uppercase);
        let method = method.unwrap_or_else(|| if has_body { "POST" } else { "GET" }.to_owned());
        if self.paginate && method != "GET" {
            return Err(ApiError::PagesOfAWrite { method }.into());
        }
        let mut path = self.path.clone();
        let written = path.len();
        let mut sent = self.input.as_deref().map(|place| bytes_of(context, place)).transpose()?;
        if sent.is_some() || method == "GET" {
            for field in &fields {
                let (name, value) = field.option()?;
                with_option(&mut path, name, &value);
            }
        } else if !fields.is_empty() {
            sent = Some(body(&fields)?.into_bytes());
        }
        let headers = self.header.iter().map(|word| headers::parse(word)).collect::<Result<Vec<_>, _>>();
        if let Err(ApiError::MethodOverride { .. }) = headers {
            context.client()?.check_writable()?;
        }
        let headers = headers?;
        let method = Method::from_str(&method).unwrap_or(Method::GET);
        Ok(Raw { method, path: path.split_off(written), headers, body: sent.map(Bytes::from) })
    }

    async fn send(&self, context: &Context, client: &Client, mut raw: Raw) -> Result<Exit, Problem> {
        let mut seen = BTreeSet::new();
        loop {
            let SentOrShown::Sent(mut answer) = client.raw(&raw).await? else {
                return Ok(Exit::Done);
            };
            if self.include {
                context.screen.data().put(headers::shown(answer.status, &answer.headers).as_bytes())?;
            }
            if let Some(refused) = answer.refused.take() {
                stream(context, &mut answer).await?;
                return Err(refused.into());
            }
            if !self.paginate && !context.screen.is_filtered() {
                stream(context, &mut answer).await?;
                tell_of_more(context, &answer);
                return Ok(Exit::Done);
            }
            let page = answer.read().await?;
            passed(&context.screen, &page)?;
            let Some(next) = client.next_path(&answer)?.filter(|_| self.paginate) else {
                tell_of_more(context, &answer);
                return Ok(Exit::Done);
            };
            seen.insert(std::mem::replace(&mut raw.path, next));
            if seen.contains(&raw.path) {
                return Err(Client::cyclic(seen.len() + 1).into());
            }
        }
    }
}

/// Says that this is not all that there is.
fn tell_of_more(context: &Context, answer: &RawAnswer) {
    if answer.has_next_link() {
        context.screen.note("there is a next page; --paginate follows the links");
    } else if answer.has_more_records() {
        context.screen.note("there are more rows, and no link leads to them; `query --fetchxml` reads them all");
    }
    if answer.has_cut_rows() {
        context
            .screen
            .note("collections inside its records go on in further pages; `query --odata` reads them to their end");
    }
}

/// The body, piece by piece, untouched; on a terminal a line ends it.
async fn stream(context: &Context, answer: &mut RawAnswer) -> Result<(), Problem> {
    let mut out = context.screen.data();
    let mut last = b'\n';
    while let Some(piece) = answer.chunk().await? {
        last = piece.last().copied().unwrap_or(last);
        out.put(&piece)?;
    }
    if last != b'\n' && context.screen.is_terminal_stdout() {
        out.put(b"\n")?;
    }
    Ok(out.finish()?)
}

fn bytes_of(context: &Context, place: &str) -> Result<Vec<u8>, Problem> {
    if place == "-" {
        return Ok(context.screen.read_stdin_to_end(BODY_LIMIT)?);
    }
    Ok(read_given(Path::new(place), BODY_LIMIT as u64)?)
}
