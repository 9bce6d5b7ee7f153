//! The server on loopback.

use std::convert::Infallible;
use std::io::{self, Write};
use std::net::TcpStream as StdStream;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::answer::{Answer, Fault};
use super::ledger::Ledger;
use super::received::Received;

type Body = BoxBody<Bytes, io::Error>;

/// Accepts connections for as long as it is polled.
pub(super) async fn serve(listener: TcpListener, ledger: Arc<Ledger>, url: Arc<str>) {
    loop {
        // A connection that fails while it is accepted is the client's to notice.
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, Arc::clone(&ledger), Arc::clone(&url)));
        }
    }
}

async fn connection(stream: TcpStream, ledger: Arc<Ledger>, url: Arc<str>) -> io::Result<()> {
    let stream = stream.into_std()?;
    // What is not HTTP goes past hyper, through a second handle of the same socket.
    let raw = Arc::new(stream.try_clone()?);
    let stream = TokioIo::new(TcpStream::from_std(stream)?);
    let service = service_fn(move |request| {
        let (ledger, url, raw) = (Arc::clone(&ledger), Arc::clone(&url), Arc::clone(&raw));
        async move { respond(request, &ledger, &url, &raw).await }
    });
    // A connection that ends badly is what some exchanges ask for, or the client's to notice.
    let _ = http1::Builder::new()
        // Tests may have a clock of their own: an app without a `Date` is asked by that one.
        .auto_date_header(false)
        .serve_connection(stream, service)
        .await;
    Ok(())
}

async fn respond(
    request: Request<Incoming>,
    ledger: &Ledger,
    url: &str,
    raw: &StdStream,
) -> io::Result<Response<Body>> {
    let answer = ledger.enter(Received::read(request).await.map_err(io::Error::other)?).resolved(url);
    if answer.delay > Duration::ZERO {
        tokio::time::sleep(answer.delay).await;
    }
    match answer.fault {
        None => response(&answer, whole(answer.body.clone())),
        Some(Fault::Closed) => Err(abandoned()),
        Some(Fault::Reset) => {
            socket2::SockRef::from(raw).set_linger(Some(Duration::ZERO))?;
            Err(abandoned())
        }
        Some(Fault::Truncated) => response(&answer, half(&answer.body, false)),
        Some(Fault::Stalled) => response(&answer, half(&answer.body, true)),
        Some(Fault::Silence) => Ok(std::future::pending().await),
        Some(Fault::NotHttp) => {
            let mut raw = raw;
            raw.write_all(b"SSH-2.0-this is another protocol\r\n\r\n")?;
            Err(abandoned())
        }
    }
}

fn response(answer: &Answer, body: Body) -> io::Result<Response<Body>> {
    let mut response = Response::builder().status(answer.status).header(CONTENT_LENGTH, answer.body.len());
    let named = |name: &str| answer.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
    if let Some(content_type) = answer.content_type.filter(|_| !named("content-type")) {
        response = response.header(CONTENT_TYPE, content_type);
    }
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.body(body).map_err(io::Error::other)
}

fn whole(body: Vec<u8>) -> Body {
    Full::from(body).map_err(|never: Infallible| match never {}).boxed()
}

/// The first half of a body, and then the end of the connection, or nothing for ever.
fn half(body: &[u8], stall: bool) -> Body {
    let half = Bytes::copy_from_slice(&body[..body.len() / 2]);
    let rest = async move {
        if stall {
            std::future::pending::<()>().await;
        }
        // Give hyper the time to send the first half.
        tokio::task::yield_now().await;
        Err(abandoned())
    };
    let frames = stream::iter([Ok(Frame::data(half))]).chain(stream::once(rest));
    BodyExt::boxed(StreamBody::new(frames))
}

/// With this error hyper ends a connection without a word.
fn abandoned() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}
