//! What handlers take from a call.

use std::future::Future;
use std::ops::Deref;

use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::call::page::PageRequest;
use crate::declaration::auth::CredentialModel;
use crate::declaration::error::Result;

/// Something that a handler can take as its first argument.
///
/// A handler takes one such thing or a tuple of up to six. Implement it for your own client, and every handler can
/// take the client:
///
/// ```
/// use lumos_connector_core::{Call, FromCall, error::Result};
/// use lumos_connector_types::payload::BasicCredential;
///
/// #[derive(serde::Deserialize)]
/// struct AcmeSettings { account_id: String }
///
/// struct AcmeClient { user: String, account_id: String }
///
/// impl FromCall for AcmeClient {
///     async fn from_call(call: &Call) -> Result<Self> {
///         let login: BasicCredential = call.auth()?;
///         let settings: AcmeSettings = call.settings()?;
///         Ok(AcmeClient { user: login.username, account_id: settings.account_id })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be built from a call",
    label = "not an argument that a handler can take first",
    note = "a handler takes first: `()`, `Call`, `PageRequest`, `Settings<T>`, `Auth<T>`, a type of yours that implements \
            `FromCall`, or a tuple of these"
)]
pub trait FromCall: Sized + HandlerArgument {
    /// Takes it from a call.
    ///
    /// # Errors
    /// Any; it becomes the answer of the call, as if the handler had returned it.
    fn from_call(call: &Call) -> impl Future<Output = Result<Self>> + Send;
}

/// What a handler may take: a value that can go from one thread to another, as calls do. Every `Send` type is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a handler: it is not `Send`",
    label = "it has to go from one thread to another with its call",
    note = "share with `Arc` in place of `Rc`, change with `Mutex` or an atomic in place of `RefCell` or `Cell`, and make \
            what cannot leave its thread inside of the handler"
)]
pub trait HandlerArgument {}

#[diagnostic::do_not_recommend]
impl<T: Send> HandlerArgument for T {}

impl FromCall for Call {
    async fn from_call(call: &Call) -> Result<Self> {
        Ok(call.clone())
    }
}

impl FromCall for PageRequest {
    async fn from_call(call: &Call) -> Result<Self> {
        Ok(call.page())
    }
}

macro_rules! wrapper {
    ($(#[doc = $doc:literal])+ $name:ident, $bound:path, $method:ident) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone)]
        #[expect(clippy::exhaustive_structs, reason = "taken apart in the arguments of handlers")]
        pub struct $name<T>(pub T);

        impl<T> Deref for $name<T> {
            type Target = T;

            fn deref(&self) -> &T {
                &self.0
            }
        }

        impl<T: $bound + Send + 'static> FromCall for $name<T> {
            async fn from_call(call: &Call) -> Result<Self> {
                call.$method().map(Self)
            }
        }
    };
}

wrapper! {
    /// The settings of the connection, as an argument of a handler; see [`Call::settings`].
    Settings, DeserializeOwned, settings
}

wrapper! {
    /// The credential of the request, as an argument of a handler; see [`Call::auth`].
    Auth, CredentialModel, auth
}

impl FromCall for () {
    async fn from_call(_: &Call) -> Result<Self> {
        Ok(())
    }
}

macro_rules! tuples {
    ($(($($part:ident),+))+) => {
        $(impl<$($part: FromCall + Send),+> FromCall for ($($part,)+) {
            async fn from_call(call: &Call) -> Result<Self> {
                Ok(($($part::from_call(call).await?,)+))
            }
        })+
    };
}

tuples! {
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
    (A, B, C, D, E)
    (A, B, C, D, E, F)
}
