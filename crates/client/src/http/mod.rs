//! The HTTP client of a call.
//!
//! | | |
//! | --- | --- |
//! | [`HttpCall::http`] | begins it: `call.http()` |
//! | [`HttpBuilder`] | login, timeouts, meanings of statuses; ends with the app's address |
//! | [`HttpClient`] | makes requests; cheap to clone |
//! | [`HttpRequest`] | one request: path, parameters, body |
//! | [`HttpAnswer`] | what the app answered |
//!
//! Defaults: 30 seconds to connect, 300 seconds in all, never past the caller's deadline; redirects are not followed;
//! answers beyond 64 MiB are refused; gzip and HTTP/2 are used where the app can; authorities are those of the
//! operating system; proxies those of the environment (`HTTPS_PROXY`, `NO_PROXY`). Connections are kept and shared by
//! all calls of the process.
//!
//! An answer with an error status becomes an [`HttpStatusError`](lumos_connector_core::error::HttpStatusError), a
//! failure to get one a [`TransportError`](lumos_connector_core::error::TransportError).

mod answer;
mod builder;
mod client;
mod exchange;
mod link;
mod login;
mod path;
mod request;

use lumos_connector_core::Call;

pub use answer::HttpAnswer;
pub use builder::HttpBuilder;
pub use client::HttpClient;
pub use login::{Authorize, BasicLogin, SessionLogin, Token};
pub use path::IntoPath;
pub use request::HttpRequest;

/// HTTP from a [`Call`].
///
/// ```
/// use lumos_connector_client::http::{HttpCall, HttpClient};
/// use lumos_connector_core::{Call, FromCall, error::Result};
/// use lumos_connector_types::payload::BasicCredential;
///
/// #[derive(serde::Deserialize)]
/// struct User { id: String, email: String }
///
/// struct AcmeClient { http: HttpClient }
///
/// impl FromCall for AcmeClient {
///     async fn from_call(call: &Call) -> Result<Self> {
///         let login: BasicCredential = call.auth()?;
///         Ok(AcmeClient { http: call.http().basic(login).base_url("https://api.acme.test/v2")? })
///     }
/// }
///
/// impl AcmeClient {
///     async fn user(&self, id: &str) -> Result<User> {
///         self.http.get(["users", id]).read().await
///     }
/// }
/// ```
pub trait HttpCall {
    /// Begins an HTTP client for this call.
    fn http(&self) -> HttpBuilder;
}

impl HttpCall for Call {
    fn http(&self) -> HttpBuilder {
        HttpBuilder::new(self)
    }
}
