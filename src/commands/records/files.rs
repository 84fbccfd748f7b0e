//! `files download` and `files upload`: a file out of a record and into one. Where inside a record it is kept is not known
//! here.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::commands::records::Place;
use crate::commands::records::add_note::LARGEST_FILE;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{Attachment, RecordId, safe_file_name};
use crate::paths::{read_given, write_given};
use crate::problem::{Exit, Problem};

/// Take a file out of a record, or put one in
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn records annotation files download NOTE_ID documentbody -
  d365conn records annotation files upload NOTE_ID documentbody contract.pdf")]
pub struct Files {
    #[command(subcommand)]
    way: Way,
}

#[derive(Debug, Subcommand)]
enum Way {
    Download(Download),
    Upload(Upload),
}

/// Save a record's file
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn records annotation files download NOTE_ID documentbody -
  d365conn records annotation files download NOTE_ID documentbody contract.pdf --force")]
struct Download {
    /// The record's id
    id: String,
    /// The column that keeps the file: `documentbody` of a note, `body` of an email's attachment
    column: String,
    /// Where to: a file, a directory, or `-` for stdout; its own name in this directory when left out
    file: Option<PathBuf>,
    /// Replace the file that is there
    #[arg(long)]
    force: bool,
}

/// Put a file into a record
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn records annotation files upload NOTE_ID documentbody contract.pdf")]
struct Upload {
    /// The record's id
    id: String,
    /// The column that keeps the file: `documentbody` of a note, `body` of an email's attachment
    column: String,
    /// The file
    file: PathBuf,
}

impl Files {
    /// Does it.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        match self.way {
            Way::Download(download) => download.run(context, place),
            Way::Upload(upload) => upload.run(context, place),
        }
    }
}

impl Download {
    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let id = RecordId::parse(&self.id)?;
        let client = context.client()?;
        let attachment = context.block_on(async {
            let table = place.table(&client).await?;
            client.attachment(&table, &id, &self.column).await
        })?;
        if self.file.as_deref() == Some(Path::new("-")) {
            let mut out = context.screen.data();
            out.put(&attachment.bytes)?;
            out.finish()?;
            return Ok(Exit::Done);
        }
        let name = safe_file_name(&attachment.name);
        let path = match self.file {
            None => PathBuf::from(name),
            Some(file) if file.is_dir() => file.join(name),
            Some(file) => file,
        };
        write_given(&path, &attachment.bytes, self.force)?;
        context.screen.note(&format!("{} bytes", attachment.bytes.len()));
        context.screen.line(&path.display().to_string())?;
        Ok(Exit::Done)
    }
}

impl Upload {
    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let id = RecordId::parse(&self.id)?;
        let name = self.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let attachment = Attachment { name, bytes: read_given(&self.file, LARGEST_FILE)? };
        let format = context.format()?;
        let client = context.client()?;
        context.block_on(async {
            let table = place.table(&client).await?;
            client.attach(&table, &id, &self.column, &attachment).await?;
            summary::changed(context, format, &table, &id, "changed")
        })
    }
}
