//! From listening to the end, without losing a request.
//!
//! The end has three steps. For a moment the server goes on as before, but `/readyz` says no and every answer closes
//! its connection: whoever sends requests here learns to send them elsewhere. Then it listens no more, takes who waited
//! at the door, and lets every connection finish what is in flight. What is not finished within the bound is given up.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit};
use tokio::time::timeout;

use super::Server;
use super::connection;
use super::listener::{Listener, Socket};
use super::signals::Signals;
use crate::failure::Failure;
use crate::output;

/// How long to wait when the system has no more sockets to give.
const SHORT_OF_SOCKETS: Duration = Duration::from_millis(50);

/// How long after a connection was asked to close the next one is.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// How long after the end of listening requests on open connections are still read.
const LAST_REQUESTS: Duration = Duration::from_millis(500);

/// Serves until the first signal, then ends in good order; a second signal ends the process at once.
pub(super) async fn serve_until_signal(server: Arc<Server>) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let listener = Listener::bind(&server.options.address).await?;
    let scheme = if server.tls.is_some() { "https" } else { "http" };
    for warning in server.options.warnings() {
        output::message(format_args!("warning: {warning}"));
    }
    output::message(format_args!("{} listens on {}", server.integration.app_id(), listener.place(scheme)));

    let accepting = async {
        loop {
            // The semaphore is never closed.
            let Ok(slot) = free_place(&server).await else { return };
            match listener.accept().await {
                Ok(socket) => start(&server, socket, slot),
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(SHORT_OF_SOCKETS).await;
                }
            }
        }
    };
    let end = async {
        signals.next().await;
        server.draining.store(true, Ordering::Relaxed);
        output::message(format_args!("{} ends", server.integration.app_id()));
        tokio::select! {
            () = tokio::time::sleep(server.options.drain) => {}
            () = signals.next() => {}
        }
    };
    tokio::select! {
        () = accepting => {}
        () = end => {}
    }
    for socket in listener.close().unwrap_or_default() {
        let Ok(slot) = Arc::clone(&server.connections).try_acquire_owned() else { break };
        start(&server, socket, slot);
    }
    tokio::select! {
        finished = timeout(server.options.shutdown_timeout, finish(&server)) => {
            finished.map_err(|_| Failure::new("requests in flight were given up: they took too long"))
        }
        () = signals.next() => Err(Failure::new("requests in flight were given up: a second signal came")),
    }
}

/// A place for a connection; when there is none, the connection that has waited longest for a request gives up its own.
async fn free_place(server: &Server) -> Result<OwnedSemaphorePermit, AcquireError> {
    if let Ok(place) = Arc::clone(&server.connections).try_acquire_owned() {
        return Ok(place);
    }
    let place = Arc::clone(&server.connections).acquire_owned();
    tokio::pin!(place);
    loop {
        server.idle.close_longest();
        tokio::select! {
            place = &mut place => return place,
            () = tokio::time::sleep(ASK_AGAIN) => {}
        }
    }
}

fn start(server: &Arc<Server>, socket: Socket, slot: OwnedSemaphorePermit) {
    let server = Arc::clone(server);
    tokio::spawn(async move {
        connection::serve(server, socket).await;
        drop(slot);
    });
}

/// Waits for all connections, and for calls whose client has gone.
async fn finish(server: &Server) {
    // From now on connections that wait for a request are closed, so what is on its way is let in first.
    tokio::time::sleep(server.options.drain.min(LAST_REQUESTS)).await;
    server.ending.send_replace(true);
    for (places, all) in
        [(&server.connections, server.options.max_connections), (&server.calls, server.options.max_calls)]
    {
        // The semaphores are never closed.
        let _ = places.acquire_many(u32::try_from(all).unwrap_or(u32::MAX)).await;
    }
}
