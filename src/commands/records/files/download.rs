//! `files download`: a file out of a record, whole under its name or not at all; one that broke off is gone on with. Where
//! inside a record it is kept is not known here.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::files::given::Meter;
use crate::commands::records::opened::Aim;
use crate::commands::records::which::{Which, WordsBehind};
use crate::context::Context;
use crate::dataverse::{Client, DataverseError, FileError, Stored, safe_file_name};
use crate::paths::Partial;
use crate::problem::{Exit, Problem};

/// Save a record's file
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn records annotation files download NOTE_ID documentbody -
  d365conn records nl_project files download --key nl_code=NLP-001 nl_contract contract.pdf --force

While it arrives it stands beside its place as `.NAME.….d365conn-part`. A download that broke off is gone on with by the
same command, unless the record has another file by then. Of an image the one that was given is fetched, or the small one
where the service keeps no other.")]
pub(super) struct Download {
    #[command(flatten)]
    which: Which,
    /// The column that keeps the file
    #[arg(required_unless_present = "key")]
    column: Option<String>,
    /// Where to: a file, a directory, or `-` for stdout; its own name in this directory when left out
    file: Option<String>,
    /// Replace the file that is there
    #[arg(long)]
    force: bool,
}

impl Download {
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let words = [self.column.as_ref(), self.file.as_ref()];
        let behind = WordsBehind { words, names: ["COLUMN", "FILE"], needed: 1 };
        let (reference, [column, file]) = self.which.read_with_words(place, behind)?;
        let (column, file) = (column.unwrap_or_default(), file.map(PathBuf::from));
        let is_stdout = file.as_deref() == Some(Path::new("-"));
        if let Some(file) = file.as_deref().filter(|file| !is_stdout && !file.is_dir()) {
            Partial::check(file, self.force)?;
        }
        place.open(context, Aim::Read, async |opened| {
            let client = &opened.client;
            let id = client.find_record(&opened.table, &reference).await?;
            let holder = client.holder(&opened.table, id, &column).await?;
            let stored = client.stored(&holder).await?;
            if is_stdout {
                return show(context, client, &stored).await;
            }
            let name = safe_file_name(&stored.name);
            let path = match file {
                None => PathBuf::from(name),
                Some(file) if file.is_dir() => file.join(name),
                Some(file) => file,
            };
            save(context, client, &stored, &path, self.force).await
        })
    }
}

async fn show(context: &Context, client: &Client, stored: &Stored) -> Result<Exit, Problem> {
    let mut out = context.screen.data();
    client.fetch(stored, 0, &mut |bytes| Ok(out.put(bytes)?), &|_, _| {}).await?;
    out.finish()?;
    Ok(Exit::Done)
}

async fn save(
    context: &Context,
    client: &Client,
    stored: &Stored,
    path: &Path,
    replaces: bool,
) -> Result<Exit, Problem> {
    let holder = &stored.holder;
    let mark =
        [client.address(), holder.table.logical_name.as_str(), &holder.id.to_string(), &holder.column, &stored.version];
    let mut partial = Partial::open(path, &mark.join("\n"), replaces)?;
    // The last byte comes again: a range that begins behind the end would be refused.
    let from = partial.length().saturating_sub(1);
    partial.cut(from)?;
    if from > 0 {
        context.screen.note(&format!("going on after {from} bytes that have arrived before"));
    }
    let meter = Meter::start(context, from, stored.length);
    let told = |at: u64, length: Option<u64>| meter.tell(at, length);
    let fetched = client.fetch(stored, from, &mut |bytes| Ok(partial.append(bytes)?), &told).await;
    drop(meter);
    match fetched {
        Ok(length) => {
            let path = partial.finish()?;
            context.screen.note(&format!("{length} bytes"));
            context.screen.line(&path.display().to_string())?;
            Ok(Exit::Done)
        }
        // Another file is there by now: what has arrived of this one is worth nothing.
        Err(error @ DataverseError::File(FileError::Changed { .. })) => {
            partial.discard();
            Err(error.into())
        }
        Err(error) => {
            if partial.length() > 0 {
                let arrived = partial.length();
                context
                    .screen
                    .note(&format!("{arrived} bytes have arrived and are kept; the same command goes on with them"));
            }
            Err(error.into())
        }
    }
}
