//! `doctor`: examines a connection link by link and says what to do. The checks live in the room of that name.

use clap::Args;
use serde_json::json;

use crate::commands::{CommandError, orphans};
use crate::context::Context;
use crate::doctor::{CHECKS, Examination, Finding, Scope, Subject, Verdict, examine};
use crate::output::{Column, Format, SinkOptions, objects, problem, term};
use crate::problem::{Exit, Problem};
use crate::secret::masked;
use crate::settings::Target;
use crate::tenant::TenantUrl;

/// Examine a connection and say how to mend it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn doctor
  d365conn doctor contoso -o json
  d365conn doctor --tenant-url https://contoso.crm4.dynamics.com
  d365conn doctor --offline
  d365conn doctor --fix

The check `token` renews the token, even one that is still good: that is the only
proof that the sign-in lasts. The new token is kept.")]
pub struct Doctor {
    /// The connection; the one every command would use when left out
    #[arg(conflicts_with = "tenant_url")]
    name: Option<String>,
    /// Examine an address alone, before connecting
    #[arg(long, value_name = "URL")]
    tenant_url: Option<String>,
    /// Leave out everything that needs the network
    #[arg(long)]
    offline: bool,
    /// Instead of examining, list secrets that no connection owns and remove them after a question
    #[arg(long, conflicts_with_all = ["name", "tenant_url", "offline", "only"])]
    fix: bool,
    /// Report these checks only, such as `app,token`
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,
}

impl Doctor {
    /// Examines and reports.
    ///
    /// # Errors
    /// When there is no connection to examine.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        let format = context.format()?;
        if self.fix {
            return fix(context, format);
        }
        context.hurry();
        if let Some(id) = self.only.iter().find(|id| !CHECKS.contains(&id.as_str())) {
            return Err(CommandError::UnknownCheck { id: id.clone() }.into());
        }
        let subject = match (&self.tenant_url, &self.name) {
            (Some(address), _) => Subject::Address(Box::new(TenantUrl::parse(address))),
            (None, Some(name)) => Subject::Saved(Box::new(context.saved_connection(Some(name))?)),
            (None, None) => match context.target()? {
                Target::Environment(connection) => Subject::Environment(connection),
                Target::Named(name) => Subject::Saved(Box::new(context.saved_connection(Some(name.as_str()))?)),
                Target::Default => Subject::Saved(Box::new(context.saved_connection(None)?)),
            },
        };
        let scope = Scope { is_offline: self.offline, only: self.only };
        let examination = context.block_on(async { Ok::<_, Problem>(examine(context, subject, &scope).await) })?;
        match format {
            Format::Json | Format::Ndjson => context.screen.line(&masked(&examination.to_json().to_string()))?,
            Format::Id | Format::Tsv | Format::Csv => rows(context, format, &examination)?,
            Format::Table => report(context, &examination)?,
        }
        Ok(examination.exit())
    }
}

/// Lists what a command that died left behind, and removes it where that is agreed to.
fn fix(context: &Context, format: Format) -> Result<Exit, Problem> {
    let Some(found) = orphans::find(context)? else {
        context
            .screen
            .note("there is no list of connections, so nothing tells which secrets belong to one; nothing was removed");
        return Ok(Exit::Done);
    };
    for orphan in &found {
        context.screen.note(&format!("belongs to no connection: {}", orphan.line()));
    }
    if !found.is_empty() {
        context.confirm(&format!("Remove {} that no connection owns?", orphans::counted(found.len())))?;
    }
    let removed = orphans::remove(context, &found)?;
    if format.is_json() {
        let records: Vec<_> = found
            .iter()
            .map(|orphan| json!({"store": orphan.store.word(), "record": orphan.name, "tenant_url": orphan.address}))
            .collect();
        let repair = json!({"id": "orphans", "found": found.len(), "removed": removed, "records": records});
        context.screen.line(&json!({ "repairs": [repair] }).to_string())?;
    } else if removed > 0 {
        context.screen.note(&format!("removed {}", orphans::counted(removed)));
    } else {
        context.screen.note("there is nothing to mend: every record of secrets belongs to a connection");
    }
    Ok(Exit::Done)
}

/// One row a check: enough for a log to say what is wrong.
fn rows(context: &Context, format: Format, examination: &Examination) -> Result<(), Problem> {
    let columns = ["id", "verdict", "ms", "code", "message"].map(Column::named);
    let rows = examination.findings.iter().map(|finding| {
        let problem = finding.problem.as_ref();
        [
            ("id", json!(finding.id)),
            ("verdict", json!(finding.verdict.word())),
            ("ms", json!(u64::try_from(finding.took.as_millis()).unwrap_or(u64::MAX))),
            ("code", json!(problem.map(|problem| problem.phrase().code))),
            ("message", json!(problem.map(|problem| masked(&problem.to_string()).into_owned()))),
        ]
    });
    let options = SinkOptions { id_column: Some("id".to_owned()), ..SinkOptions::default() };
    Ok(objects(&context.screen, format, &columns, rows, options)?)
}

fn report(context: &Context, examination: &Examination) -> Result<(), Problem> {
    for finding in &examination.findings {
        context.screen.show(&masked(&format!("{}\n", line_of(context, finding))))?;
    }
    for finding in &examination.findings {
        if let Some(problem) = &finding.problem {
            context.screen.show(&masked(&format!("\n{}", problem::text(problem, context.screen.style()))))?;
        }
    }
    let verdict = if examination.is_well() { "all is well" } else { "something needs mending" };
    context.screen.line("")?;
    context.screen.line(verdict)?;
    Ok(())
}

fn line_of(context: &Context, finding: &Finding) -> String {
    let style = context.screen.style();
    let sign = match finding.verdict {
        Verdict::Ok => style.good("ok     "),
        Verdict::Note => style.warning("note   "),
        Verdict::Fault => style.error("FAULT  "),
        Verdict::Skipped => style.faint("skipped"),
    };
    let evidence: Vec<String> = finding
        .evidence
        .iter()
        .filter(|(_, value)| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()))
        .map(|(name, value)| format!("{name} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    let took =
        if finding.verdict == Verdict::Skipped { String::new() } else { format!("{} ms", finding.took.as_millis()) };
    format!("{sign}  {:<10}  {took:>7}  {}", finding.id, term::message(&evidence.join(", "))).trim_end().to_owned()
}
