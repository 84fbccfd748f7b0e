//! How somebody outside says that the proxy should end. What ends then is not decided here.

use crate::problem::Exit;

/// Waits for Ctrl-C or a polite request to end, and gives the status that the shell expects after it. From then on a second
/// one does nothing by itself, so this is waited for again by whoever lets requests come to their end.
pub async fn told_to_end() -> Exit {
    tokio::select! {
        () = interrupted() => Exit::Interrupted,
        () = terminated() => Exit::Terminated,
    }
}

async fn interrupted() {
    // Where no signal can be waited for, the system's own way of ending a program still works.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminated() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
