//! TLS: rustls over ring.
//!
//! HTTP needs nothing of this but the provider. A connector that speaks another protocol, that of a database, a directory or
//! a message broker, gets the configuration of its TLS client from `Trust`, and what to tell people when the
//! handshake fails from `Problem`.

#[cfg(feature = "tls")]
mod certificates;
#[cfg(feature = "tls")]
mod problem;
mod provider;
#[cfg(feature = "tls")]
mod trust;
#[cfg(feature = "tls")]
mod verifier;

#[cfg(feature = "tls")]
pub use problem::Problem;
pub(crate) use provider::install_provider;
/// The TLS library beneath.
#[cfg(feature = "tls")]
pub use rustls;
#[cfg(feature = "tls")]
pub use trust::Trust;
