//! One connection: HTTP/1.1 with limits on what a client sends and on how slowly.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use super::Server;
use super::idle::Idling;
use super::listener::Socket;
use super::routes;
use super::write_timeout::WriteTimeout;

/// Requests on one connection, and its age, after which it ends with its next answer: what holds a connection for ever
/// would hold its place among [`max_connections`](super::Options) for ever.
const MAX_REQUESTS: u32 = 10_000;
const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// Speaks with one client until it, a limit or the end of the server closes the connection.
pub(super) async fn serve(server: Arc<Server>, socket: Socket) {
    match socket {
        Socket::Tcp(stream) => match &server.tls {
            None => speak(server, stream).await,
            Some(tls) => {
                let tls = tls.clone();
                // A handshake that does not end in time is not worth a log line.
                if let Ok(Ok(stream)) =
                    tokio::time::timeout(server.options.read_timeout, tls.accept(stream)).await
                {
                    speak(server, stream).await;
                }
            }
        },
        #[cfg(unix)]
        Socket::Unix(stream) => speak(server, stream).await,
    }
}

async fn speak<I>(server: Arc<Server>, io: I)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(WriteTimeout::new(io, server.options.write_timeout));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // A client that says it will send no more still reads its answer.
        .half_close(true)
        .header_read_timeout(server.options.read_timeout)
        .max_header_size(server.options.max_head);
    let idling = Idling::new(&server.idle);
    let requests = AtomicU32::new(0);
    let connection = builder.serve_connection(
        io,
        service_fn(|request| {
            idling.busy();
            let last = requests.fetch_add(1, Ordering::Relaxed) + 1 >= MAX_REQUESTS;
            let answer = routes::answer(Arc::clone(&server), request);
            let idling = &idling;
            async move {
                let mut answer = answer.await;
                if let (true, Ok(answer)) = (last, &mut answer) {
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                idling.waits();
                answer
            }
        }),
    );
    let mut connection = pin!(connection);
    let mut ending = server.ending.subscribe();
    let ends = async {
        tokio::select! {
            () = idling.closing() => {}
            () = tokio::time::sleep(MAX_AGE) => {}
            // The sender lives as long as the server.
            _ = ending.wait_for(|ending| *ending) => {}
        }
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = ends => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // A client that breaks the rules of HTTP or goes away is no failure of the server.
    if let Err(error) = ended {
        tracing::debug!("a connection ended: {error}");
    }
}
