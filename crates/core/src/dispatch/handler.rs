//! Registered capabilities: handlers with their types erased.

use std::any::type_name;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use lumos_connector_types::capability::{Authentication, Capability, Metadata, StandardCapability};
use lumos_connector_types::envelope::{RequestEnvelope, ResponseEnvelope};
use lumos_connector_types::json::{Part, ReadError};
use lumos_connector_types::schema::{self, Object, Refs};

use crate::call::Call;
use crate::call::body::Body;
use crate::call::reply::IntoReply;
use crate::call::reply::sealed::IntoBody;
use crate::declaration::error::Result;
use crate::dispatch::from_call::FromCall;

/// A future on the heap.
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A call whose payload has been read, ready to run.
pub(crate) type Pending = Box<dyn FnOnce(Call) -> BoxFuture<Result<Body>> + Send>;

/// A capability of a connector.
pub(crate) trait Registered: Send + Sync {
    /// Reads the payload of a request.
    fn read(self: Arc<Self>, payload: Part<'_, '_>) -> std::result::Result<Pending, ReadError>;

    fn facts(&self) -> &CapabilityInfo;
}

/// What is known of a capability without running it.
#[derive(Debug)]
pub(crate) struct CapabilityInfo {
    pub(crate) name: &'static str,
    pub(crate) standard: Option<StandardCapability>,
    pub(crate) metadata: Arc<Metadata>,
    /// Whether its payloads are the connector's own, and therefore read laxly.
    pub(crate) customized: bool,
    pub(crate) request_schema: fn(Refs) -> Object,
    pub(crate) response_schema: fn(Refs) -> Object,
    pub(crate) request_envelope: fn(Refs) -> Object,
    pub(crate) response_envelope: fn(Refs) -> Object,
    /// The path of the handler, as `module:function`.
    pub(crate) handler: String,
}

impl CapabilityInfo {
    pub(crate) fn authentication(&self) -> Authentication {
        self.standard.map_or(Authentication::Required, StandardCapability::authentication)
    }
}

pub(crate) struct Handler<C, F, X, T> {
    facts: CapabilityInfo,
    handler: F,
    types: PhantomData<fn(C, X) -> T>,
}

impl<C: Capability, F, X, T> Handler<C, F, X, T> {
    pub(crate) fn new(capability: &C, handler: F) -> Self {
        Self {
            facts: CapabilityInfo {
                name: C::NAME,
                standard: C::STANDARD,
                metadata: Arc::new(capability.metadata()),
                customized: C::LAX,
                request_schema: schema::of::<C::Request>,
                response_schema: schema::of::<C::Response>,
                request_envelope: schema::of::<RequestEnvelope<C::Request>>,
                response_envelope: schema::of::<ResponseEnvelope<C::Response>>,
                handler: handler_path(type_name::<F>()),
            },
            handler,
            types: PhantomData,
        }
    }
}

impl<C, F, X, Fut, T> Registered for Handler<C, F, X, T>
where
    C: Capability,
    F: Fn(X, C::Request) -> Fut + Send + Sync + 'static,
    X: FromCall + 'static,
    Fut: Future<Output = Result<T>> + Send + 'static,
    T: IntoReply<C::Response> + 'static,
{
    fn read(self: Arc<Self>, payload: Part<'_, '_>) -> std::result::Result<Pending, ReadError> {
        let payload: C::Request = if self.facts.customized { payload.read_lax() } else { payload.read() }?;
        Ok(Box::new(move |call| {
            Box::pin(async move {
                let argument = X::from_call(&call).await?;
                let reply = (self.handler)(argument, payload).await?.into_reply();
                IntoBody::into_body(reply, call, self.facts.standard.is_none()).await
            })
        }))
    }

    fn facts(&self) -> &CapabilityInfo {
        &self.facts
    }
}

/// `acme::accounts::list_accounts` → `acme::accounts:list_accounts`.
fn handler_path(type_name: &str) -> String {
    let path = type_name.split('<').next().unwrap_or(type_name);
    match path.rsplit_once("::") {
        Some((module, function)) => format!("{module}:{function}"),
        None => path.to_owned(),
    }
}
