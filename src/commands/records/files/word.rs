//! `files` itself and what may follow it. Each way's own file does the doing.

use clap::{Args, Subcommand};

use crate::commands::records::Place;
use crate::commands::records::files::{delete, download, upload};
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// Take a file out of a record, put one in, or remove one
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn records nl_project files upload --key nl_code=NLP-001 nl_contract contract.pdf
  d365conn records nl_project files download --key nl_code=NLP-001 nl_contract - > contract.pdf
  d365conn records annotation files download NOTE_ID documentbody -

Files are kept in columns of the kinds file and image, in `documentbody` of a note and in `body` of an email's
attachment. `d365conn tables show TABLE --columns` tells which columns those are.")]
pub struct Files {
    #[command(subcommand)]
    way: Way,
}

#[derive(Debug, Subcommand)]
enum Way {
    /// Save a record's file
    Download(download::Download),
    /// Put a file into a record
    Upload(upload::Upload),
    /// Remove a record's file; the record stays
    Delete(delete::Delete),
}

impl Files {
    /// Does it.
    pub(in crate::commands::records) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        match self.way {
            Way::Download(download) => download.run(context, place),
            Way::Upload(upload) => upload.run(context, place),
            Way::Delete(delete) => delete.run(context, place),
        }
    }
}
