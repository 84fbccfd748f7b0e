//! Letting connections go from a list that can't be read: what can be made out of it leads to their secrets, and these are
//! removed. One connection leaves the list as it is; when all go, the list is set aside.

use crate::commands::forgetting::forget_filed;
use crate::commands::moving_error::MovingError;
use crate::commands::orphans;
use crate::connection::ConnectionName;
use crate::context::Context;
use crate::problem::{Exit, Problem};
use crate::store::{Remains, StoreError};

/// Why the list can't be read, if it is damaged. One that a later release wrote is not touched, nor is what it leads to.
pub(super) fn unreadable(context: &Context) -> Result<Option<StoreError>, Problem> {
    match context.registry()?.read() {
        Err(error @ StoreError::RegistryDamaged { .. }) => Ok(Some(error)),
        Ok(_) | Err(_) => Ok(None),
    }
}

/// Removes the secrets of the connection called `name`, and says what is left: the entry always is.
pub(super) fn forget(context: &Context, name: &ConnectionName, source: StoreError) -> Result<Problem, Problem> {
    let found = context.registry()?.remains()?;
    let Some(Remains { name, id, store }) = found.into_iter().find(|remains| remains.name == *name) else {
        return not_found(context, format!("`{name}`"), source);
    };
    Ok(match forget_filed(context, name.as_str(), &id, store, || Ok(()))? {
        None => MovingError::EntryLeft { names: format!("`{name}`"), path: path_of(&source), source }.into(),
        Some(left) => left.into(),
    })
}

/// Removes the secrets of every connection that the damaged list, or the one before it, names, and whatever else says that
/// it belongs to this configuration, and sets the list aside.
///
/// # Errors
/// When neither list leads to anything, or something can't be removed: the list then stays, because it leads there.
pub(super) fn forget_all(context: &Context, source: StoreError) -> Result<Exit, Problem> {
    let registry = context.registry()?;
    let (found, configuration) = registry.remains_of_both()?;
    if found.is_empty() && configuration.is_none() {
        return Err(not_found(context, "any connection".to_owned(), source)?);
    }
    context.screen.warn(&source.to_string());
    let mut names: Vec<String> = found.iter().map(|remains| format!("`{}`", remains.name)).collect();
    if configuration.is_some() {
        names.push("every other connection of this list".to_owned());
    }
    let names = names.join(", ");
    context.confirm(&format!("Remove the secrets of {names}, and set the damaged list aside?"))?;
    let mut left = None;
    for Remains { name, id, store } in found {
        if let Some(more) = forget_filed(context, name.as_str(), &id, store, || Ok(()))?
            && let Some(told) = left.replace(more)
        {
            context.screen.warn(&told.to_string());
        }
    }
    if let Some(left) = left {
        return Err(left.into());
    }
    if let Some(configuration) = &configuration {
        orphans::remove_all_of(context, configuration)?;
    }
    let aside = registry.set_aside()?;
    context.screen.note(&format!(
        "no secrets of {names} are left on this computer; the damaged list is kept as `{}`",
        aside.display()
    ));
    Ok(Exit::Done)
}

fn not_found(context: &Context, names: String, source: StoreError) -> Result<Problem, Problem> {
    let secrets = context.places()?.state.join("secrets.d365").display().to_string();
    Ok(MovingError::NotFound { names, path: path_of(&source), secrets, source }.into())
}

fn path_of(source: &StoreError) -> String {
    match source {
        StoreError::RegistryDamaged { path, .. } => path.display().to_string(),
        _ => String::new(),
    }
}
