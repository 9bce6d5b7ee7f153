//! The fake app fails as it is told to.

use std::error::Error;
use std::io;

use lumos_connector_testing::prelude::*;

use crate::client;

/// What a client without retries gets; it waits no longer than this where nothing would ever come.
async fn get_from(fault: Fault, timeout: Option<Duration>) -> Result<String, reqwest::Error> {
    let exchange = get("/").any_times().answers(answer(200).text("0123456789").fault(fault));
    let upstream = Upstream::start([exchange]).await.unwrap();
    let client = match timeout {
        Some(timeout) => client().timeout(timeout),
        None => client(),
    };
    let answer = client.build()?.get(upstream.url()).send().await?;
    assert_eq!(answer.status(), 200);
    answer.text().await
}

/// Short: it always runs out.
const PATIENCE: Option<Duration> = Some(Duration::from_millis(200));

fn io_kind(error: &reqwest::Error) -> Option<io::ErrorKind> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        cause = error.source();
    }
    None
}

#[tokio::test]
async fn a_connection_is_closed_without_an_answer() {
    let error = get_from(Fault::Closed, None).await.unwrap_err();
    assert!(error.is_request() && !error.is_timeout() && !error.is_connect(), "{error:?}");
}

#[tokio::test]
async fn a_connection_is_reset() {
    let error = get_from(Fault::Reset, None).await.unwrap_err();
    assert_eq!(io_kind(&error), Some(io::ErrorKind::ConnectionReset), "{error:?}");
}

#[tokio::test]
async fn a_body_is_cut_off_after_its_first_half() {
    let upstream =
        Upstream::start([get("/").answers(answer(200).text("0123456789").fault(Fault::Truncated))]);
    let upstream = upstream.await.unwrap();
    let mut answer = client().build().unwrap().get(upstream.url()).send().await.unwrap();
    assert_eq!(answer.content_length(), Some(10));
    assert_eq!(answer.chunk().await.unwrap().as_deref(), Some("01234".as_bytes()));
    assert!(answer.chunk().await.is_err());
}

#[tokio::test]
async fn a_body_stops_coming() {
    let error = get_from(Fault::Stalled, PATIENCE).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

#[tokio::test]
async fn no_answer_comes() {
    let error = get_from(Fault::Silence, PATIENCE).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

#[tokio::test]
async fn another_protocol_is_spoken() {
    let error = get_from(Fault::NotHttp, None).await.unwrap_err();
    assert!(error.is_request() && !error.is_timeout(), "{error:?}");
}
