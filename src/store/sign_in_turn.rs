//! One sign-in at a time under one name: who comes later waits, and sees whether it is still needed. What a sign-in is, is
//! not known here.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::connection::ConnectionName;
use crate::paths::{self, Places};
use crate::store::{StoreError, lock};

const LIMIT: u64 = 4096;

/// How the last sign-in under a name ended well. Nothing depends on it but whether a second one is begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Last {
    /// Another one for every sign-in.
    turn: String,
    /// What it was asked to do, in a form that can only be compared.
    settings: String,
}

/// The right to sign in under one name. Given back when dropped, or when the process ends in any way.
#[derive(Debug)]
pub struct SignInTurn {
    _file: File,
    path: PathBuf,
    /// What was written when this turn was first asked for.
    before: Option<Last>,
}

impl SignInTurn {
    /// Waits for its turn, for `wait` at most. `on_wait` is called with the owner's process id if there is a wait at all.
    ///
    /// # Errors
    /// [`StoreError::LockTimeout`] with the owner's process id, [`StoreError::LockUnusable`], [`StoreError::Files`].
    pub async fn take(
        places: &Places,
        name: &ConnectionName,
        wait: Duration,
        on_wait: impl FnOnce(Option<u32>),
    ) -> Result<Self, StoreError> {
        let directory = places.state.join("sign-ins");
        let (path, lock_path) = (directory.join(format!("{name}.json")), directory.join(format!("{name}.lock")));
        let before = read(&path);
        let mut file = paths::open_lock(&lock_path)?;
        if lock::is_taken(&file, &lock_path)? {
            lock::sign(&mut file);
        } else {
            on_wait(lock::owner(&mut file));
            lock::wait_for(&mut file, &lock_path, wait).await?;
        }
        Ok(Self { _file: file, path, before })
    }

    /// Whether somebody else signed in with the same `settings` since this turn was asked for.
    #[must_use]
    pub fn was_overtaken(&self, settings: &str) -> bool {
        let last = read(&self.path);
        last != self.before && last.is_some_and(|last| last.settings == settings)
    }

    /// Tells those who wait that a sign-in with these `settings` ended well.
    ///
    /// # Errors
    /// [`StoreError::Files`]: then they sign in again, and no more is lost.
    pub fn finish(self, settings: &str) -> Result<(), StoreError> {
        let last = Last { turn: uuid::Uuid::new_v4().to_string(), settings: settings.to_owned() };
        let json = serde_json::to_vec(&last).unwrap_or_default();
        Ok(paths::write_own(&self.path, &json)?)
    }
}

fn read(path: &Path) -> Option<Last> {
    serde_json::from_slice(&paths::read_own(path, LIMIT).ok().flatten()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    async fn take(places: &Places, name: &str, wait: Duration) -> Result<SignInTurn, StoreError> {
        SignInTurn::take(places, &ConnectionName::parse(name).unwrap(), wait, |_| ()).await
    }

    #[test]
    fn who_waits_learns_whether_the_first_one_did_the_same() {
        const LONG: Duration = Duration::from_secs(30);
        let home = tempfile::tempdir().unwrap();
        let places = Places { config: home.path().to_owned(), state: home.path().join("state") };
        run(async {
            let first = take(&places, "contoso", Duration::ZERO).await.unwrap();
            assert!(!first.was_overtaken("a"));
            assert!(take(&places, "fabrikam", Duration::ZERO).await.is_ok(), "another name is another turn");
            let late = take(&places, "contoso", Duration::ZERO).await;
            assert!(matches!(late, Err(StoreError::LockTimeout { .. })), "{late:?}");
            let (second, ()) = tokio::join!(take(&places, "contoso", LONG), async {
                tokio::task::yield_now().await;
                first.finish("a").unwrap();
            });
            let second = second.unwrap();
            assert!(second.was_overtaken("a") && !second.was_overtaken("b"));
            // A turn that ends without a sign-in says nothing to the next.
            let (third, ()) = tokio::join!(take(&places, "contoso", LONG), async {
                tokio::task::yield_now().await;
                drop(second);
            });
            assert!(!third.unwrap().was_overtaken("a"));
        });
    }
}
