//! Registered capabilities: handlers with their types erased.

use std::any::type_name;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use lumos_connector_types::capability::Registrable;
use lumos_connector_types::json::{Part, ReadError};

use super::from_call::FromCall;
use crate::call::Call;
use crate::call::body::Body;
use crate::call::reply::IntoReply;
use crate::call::reply::sealed::IntoBody;
use crate::declaration::capability::CapabilityInfo;
use crate::declaration::error::Result;

/// A call whose payload has been read, ready to run.
pub(crate) type Pending = Box<dyn FnOnce(Call) -> BoxFuture<'static, Result<Body>> + Send>;

/// A capability of a connector.
pub(crate) trait Registered: Send + Sync {
    /// Reads the payload of a request.
    fn read(self: Arc<Self>, payload: Part<'_, '_>) -> std::result::Result<Pending, ReadError>;

    fn info(&self) -> &Arc<CapabilityInfo>;
}

/// The payload of a request, as the second argument of a handler: of the same type. It exists for the compiler to say
/// so.
#[diagnostic::on_unimplemented(
    message = "the handler takes `{Q}`, but this capability's request is `{Self}`",
    label = "expected a handler whose second argument is `{Self}`",
    note = "accounts are created from fields of your own with `capability::CreateAccount::of::<…>()`, and updated with \
            `capability::UpdateAccount::of::<…, …>()`"
)]
pub trait PassedAs<Q> {
    /// The same payload.
    fn passed(self) -> Q;
}

impl<Q> PassedAs<Q> for Q {
    fn passed(self) -> Q {
        self
    }
}

/// No payload has this type. Because of it, the compiler takes `Q` from the handler rather than from here, and so can
/// say what is wrong with a handler.
#[derive(Debug)]
pub struct Unpassed<Q>(std::convert::Infallible, PhantomData<Q>);

impl<Q> PassedAs<Unpassed<Q>> for Q {
    fn passed(self) -> Unpassed<Q> {
        unreachable!("no handler can be given a value of this type")
    }
}

pub(crate) struct Handler<C, F, X, Q, T> {
    info: Arc<CapabilityInfo>,
    handler: F,
    types: PhantomData<fn(C, X, Q) -> T>,
}

impl<C: Registrable, F, X, Q, T> Handler<C, F, X, Q, T> {
    pub(crate) fn new(capability: &C, handler: F) -> Self {
        Self::named(capability, type_name::<F>(), handler)
    }

    /// A handler under the name of the function that it calls.
    pub(crate) fn named(capability: &C, name: &str, handler: F) -> Self {
        Self { info: CapabilityInfo::of(capability, name), handler, types: PhantomData }
    }
}

impl<C, F, X, Q, Fut, T> Registered for Handler<C, F, X, Q, T>
where
    C: Registrable,
    F: Fn(X, Q) -> Fut + Send + Sync + 'static,
    C::Request: PassedAs<Q>,
    Q: 'static,
    X: FromCall + Send + 'static,
    Fut: Future<Output = Result<T>> + Send + 'static,
    T: IntoReply<C::Response> + 'static,
{
    fn read(self: Arc<Self>, payload: Part<'_, '_>) -> std::result::Result<Pending, ReadError> {
        let payload: C::Request = if self.info.customized { payload.read_lax() } else { payload.read() }?;
        Ok(Box::new(move |call| {
            Box::pin(async move {
                let argument = X::from_call(&call).await?;
                let reply = (self.handler)(argument, payload.passed()).await?.into_reply();
                IntoBody::into_body(reply, call, self.info.standard.is_none()).await
            })
        }))
    }

    fn info(&self) -> &Arc<CapabilityInfo> {
        &self.info
    }
}
