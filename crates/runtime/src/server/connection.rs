//! One connection: HTTP/1.1 with limits on what a client sends and on how slowly.

use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Server;
use super::listener::Socket;
use super::routes;
use super::write_timeout::WriteTimeout;

/// Speaks with one client until it, a limit or the end of the server closes the connection.
pub(super) async fn serve(server: Arc<Server>, socket: Socket, watcher: Watcher) {
    match socket {
        Socket::Tcp(stream) => match &server.tls {
            None => speak(server, stream, watcher).await,
            Some(tls) => {
                let tls = tls.clone();
                // Whoever does not manage the handshake in time is not worth a line in the log.
                if let Ok(Ok(stream)) =
                    tokio::time::timeout(server.options.read_timeout, tls.accept(stream)).await
                {
                    speak(server, stream, watcher).await;
                }
            }
        },
        #[cfg(unix)]
        Socket::Unix(stream) => speak(server, stream, watcher).await,
    }
}

async fn speak<I>(server: Arc<Server>, io: I, watcher: Watcher)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(WriteTimeout::new(io, server.options.write_timeout));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(server.options.read_timeout)
        .max_header_size(server.options.max_head);
    let connection =
        builder.serve_connection(io, service_fn(move |request| routes::answer(Arc::clone(&server), request)));
    // A client that breaks the rules of HTTP or goes away is no failure of the server.
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!("a connection ended: {error}");
    }
}
