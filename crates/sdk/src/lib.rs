//! Build a connector between Lumos and an app.
//!
//! A connector is a declaration and one async function for each thing it can do:
//!
//! ```
//! use lumos_connector::prelude::*;
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct AcmeSettings {
//!     /// The tenant's account.
//!     #[schemars(title = "Account ID", extend("x-semantic" = "tenant-id"))]
//!     account_id: String,
//! }
//!
//! async fn validate_credentials(
//!     (login, settings): (Auth<BasicCredential>, Settings<AcmeSettings>),
//!     _: ValidateCredentials,
//! ) -> Result<ValidatedCredentials> {
//!     if login.password.is_empty() {
//!         return Err(ConnectorError::authentication("The password is empty"));
//!     }
//!     Ok(ValidatedCredentials::valid(&settings.account_id))
//! }
//!
//! fn integration() -> Result<Integration, IntegrationError> {
//!     Integration::builder("acme", "1.0.0")
//!         .about("Acme", [AppCategory::Developers])
//!         .auth::<BasicCredential>()
//!         .settings::<AcmeSettings>()
//!         .capability(capability::ValidateCredentials, validate_credentials)
//!         .build()
//! }
//!
//! fn main() -> std::process::ExitCode {
//! # if std::env::args().len() > 0 { return std::process::ExitCode::SUCCESS }
//!     lumos_connector::run(integration())
//! }
//! ```
//!
//! [`prelude`] is all that a connector imports. The rooms behind it: [`core`] (what a connector is), [`types`] (what
//! crosses the wire), [`client`] (how it talks to its app), [`runtime`] (its command line).

use std::process::ExitCode;

use lumos_connector_core::Integration;
use lumos_connector_core::integration::IntegrationError;

pub use lumos_connector_client as client;
pub use lumos_connector_core as core;
pub use lumos_connector_runtime as runtime;
pub use lumos_connector_types as types;

#[cfg(feature = "tls")]
pub use lumos_connector_client::tls;
pub use lumos_connector_client::{
    arbitrary_endpoint, clock, graphql, jwt, lenient, limit, oauth1, retry, service_account,
};
pub use lumos_connector_core::{error, fingerprint, listing, oauth, token};

/// Making the streams that [`Reply::stream`](prelude::Reply::stream) takes, from the crate `futures-util`.
pub use futures_util::stream;
pub use lumos_connector_types::{payload, settings_field};

/// Runs a connector: the whole of its `main`.
///
/// Exit status (contract §8): 0 when there is an answer, error envelopes included; 1 when there is none; 2 when the
/// arguments make no sense; 3 for an error envelope when `--exit-code` is given.
pub fn run(integration: Result<Integration, IntegrationError>) -> ExitCode {
    lumos_connector_runtime::run(integration, lumos_connector_client::host())
}

/// What a connector imports: `use lumos_connector::prelude::*;`.
///
/// Names of the wire that would hide more common ones are in [`payload`]: `payload::Error`. So are deprecated ones, such as
/// `payload::ErrorCode`; a connector names its errors with `ConnectorErrorCode`.
///
/// ```compile_fail,E0433
/// use lumos_connector::prelude::*;
///
/// let deprecated = ErrorCode::ApiError;
/// ```
pub mod prelude {
    pub use std::process::ExitCode;

    pub use indexmap::IndexMap;
    pub use lumos_connector_client::retry::Retries;
    pub use lumos_connector_client::{HttpAnswer, HttpCall, HttpClient, HttpRequest, blocking};
    pub use lumos_connector_core::auth::CredentialConfig;
    pub use lumos_connector_core::error::{ConnectorError, ErrorClass, HttpStatusError, Result};
    pub use lumos_connector_core::integration::IntegrationError;
    pub use lumos_connector_core::listing::{
        Batch, Continuation, Expanded, Listing, Offset, PageNumber, PageSizes, PagingError,
    };
    pub use lumos_connector_core::oauth::{
        ClientAuthentication, OAuthSettings, Scopes, TokenMethod, TokenParameters, computed, try_computed,
    };
    pub use lumos_connector_core::page::PageRequest;
    pub use lumos_connector_core::probe::{ProbeCheckSpec, ProbeSettings};
    pub use lumos_connector_core::{
        Auth, Call, FromCall, Integration, LeftOut, NewPassword, Reply, Rows, Settings, fingerprint,
    };
    pub use lumos_connector_types::bounded::Bounded;
    pub use lumos_connector_types::capability::{
        Capability, StandardCapability, TrafficClass, marker as capability,
    };
    pub use lumos_connector_types::dns_label::DnsLabel;
    pub use lumos_connector_types::either::Either;
    pub use lumos_connector_types::host_port::HostPort;
    pub use lumos_connector_types::json::{Json, JsonObject};
    #[doc(no_inline)]
    pub use lumos_connector_types::payload::*;
    // Shadows the name in `payload::*` and is private: deprecated codes are not part of the prelude.
    #[expect(hidden_glob_reexports, unused_imports, reason = "takes a name out of a glob re-export")]
    use lumos_connector_types::payload::ErrorCode;
    pub use lumos_connector_types::secret::Secret;
    pub use lumos_connector_types::time::{Date, DateTime, Seconds};
    pub use lumos_connector_types::wire_enum;
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};
    pub use serde_json::json;
}

/// The connector in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// So does all code in the guide.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../../../docs/guide/your-first-connector.md")]
    struct YourFirstConnector;
    #[doc = include_str!("../../../docs/guide/test-your-connector.md")]
    struct TestYourConnector;
    #[doc = include_str!("../../../docs/guide/call-your-apps-api.md")]
    struct CallYourAppsApi;
    #[doc = include_str!("../../../docs/guide/custom-capabilities.md")]
    struct CustomCapabilities;
    #[doc = include_str!("../../../docs/guide/from-python.md")]
    struct FromPython;
    #[doc = include_str!("../../../docs/guide/authentication.md")]
    struct Authentication;
    #[doc = include_str!("../../../docs/guide/pagination.md")]
    struct Pagination;
    #[doc = include_str!("../../../docs/guide/rate-limits.md")]
    struct RateLimits;
    #[doc = include_str!("../../../docs/guide/errors.md")]
    struct Errors;
    #[doc = include_str!("../../../docs/guide/long-listings.md")]
    struct LongListings;
}
