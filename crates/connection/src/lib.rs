//! The caller's side of a connector: how one reaches it and calls its capabilities. It works with any connector that
//! keeps the wire contract, those on the Python reference too.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`mod@file`] | the connection file: which connector, with which credentials and settings |
//! | [`mod@reference`] | secrets by reference: from the environment, a file, or a command |
//! | [`connection`] | an open connection: [`Connection`] and what one can do with it |
//! | [`request`] | what a call says beyond the capability's name: [`CallRequest`] |
//! | [`answer`] | what comes back: [`Answer`], [`TypedAnswer`], [`PageEnd`] |
//! | [`rows`] | rows that are handed out while they arrive: [`RowSink`], [`RowBatch`] |
//! | [`info`] | what a connector says about itself: [`ConnectorInfo`] |
//! | [`exchange`] | the bytes themselves, for whoever judges a connector |
//! | [`template`] | a connection file written from what a connector says about itself |
//! | [`error`] | why a connection could not be opened, and why a call failed |
//!
//! A connector is reached in one of three ways: as a program that runs once for each call, as a program's own server
//! (`dev http-server`) which is started and stopped here, or as a server at an address. All three are the same to the
//! caller.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use lumos_connection::{Connection, ConnectionFile, OpenOptions};
//! use lumos_connector_types::capability::marker::ValidateCredentials;
//! use lumos_connector_types::payload;
//!
//! let file = ConnectionFile::read("acme.toml".as_ref())?;
//! let connection = Connection::open(file, OpenOptions::default()).await?;
//! let answer = connection.call_typed::<ValidateCredentials>(&payload::ValidateCredentials {}).await?;
//! println!("tenant {}", answer.response.unique_tenant_id);
//! connection.close().await;
//! # Ok(())
//! # }
//! ```

pub mod answer;
pub mod connection;
pub mod error;
pub mod exchange;
pub mod file;
pub mod info;
pub mod reference;
pub mod request;
pub mod rows;
pub mod template;

mod fingerprint;
mod outcome;
mod program;
mod reader;
mod receiver;
mod secrets;
mod server;
mod transport;

pub use answer::{Answer, PageEnd, TypedAnswer};
pub use connection::{Connection, OpenOptions};
pub use error::{CallError, ConnectionError, ErrorAnswer};
pub use file::ConnectionFile;
pub use info::{ConnectorInfo, InfoSource};
pub use request::CallRequest;
pub use rows::{RowBatch, RowSink, SinkError};
