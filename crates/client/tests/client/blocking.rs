//! Code that blocks, beside code that does not.

use std::sync::mpsc;

use lumos_connector_client::blocking;
use lumos_connector_core::error::ConnectorError;

#[tokio::test]
async fn other_work_goes_on_while_a_library_blocks() {
    let (send, receive) = mpsc::channel();
    let blocked = blocking(move || receive.recv());
    // On this one thread, the message can only be sent if the wait for it does not block it.
    let sent = async { send.send(7).unwrap() };
    assert_eq!(tokio::join!(blocked, sent).0.unwrap(), 7);
}

#[tokio::test]
async fn errors_and_panics_come_through() {
    let failed = blocking(|| "x".parse::<u8>()).await;
    assert_eq!(failed.unwrap_err().raised_by(), "ParseIntError");
    let panicked = tokio::spawn(blocking(|| -> Result<(), ConnectorError> { panic!("stop") })).await;
    assert!(panicked.unwrap_err().is_panic());
}
