//! Dispatch: from the text of a request to an answer.
//!
//! The order is the contract's (§3): parse, authenticate, check the settings, execute. The first failure becomes the
//! answer, and nothing after it runs.
//!
//! | file | what it holds |
//! | --- | --- |
//! | this one | the order of a call |
//! | [`handler`] | handlers with their types erased |
//! | [`from_call`] | what handlers take from a call |

pub(crate) mod from_call;
pub(crate) mod handler;

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use lumos_connector_types::capability::Authentication;
use lumos_connector_types::error::ConnectorErrorCode;
use lumos_connector_types::json::{Document, Part, ReadError};
use serde::de::Error as _;

use self::handler::{Pending, Registered};
use crate::call::answer::Answer;
use crate::call::body::{Body, RowChunks};
use crate::call::envelope::{Envelope, Request};
use crate::call::host::Host;
use crate::call::observation::{CallHandle, Measurement, Stage};
use crate::call::{Call, Connector};
use crate::declaration::capability::CapabilityInfo;
use crate::declaration::error::ConnectorError;
use crate::declaration::redaction::values::{self, SecretSource};
use crate::declaration::{Declaration, auth};

/// A declaration with the handlers of its capabilities: what answers requests.
pub(crate) struct Dispatcher {
    pub(crate) declaration: Declaration,
    pub(crate) handlers: BTreeMap<&'static str, Arc<dyn Registered>>,
}

impl Connector for Dispatcher {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn answer<'a>(
        self: Arc<Self>,
        host: &'a Host,
        capability: &'a str,
        request: &'a str,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.dispatch(host, None, capability, request).await })
    }
}

impl Dispatcher {
    /// Answers one request. Whatever goes wrong, a panic of the handler included, is an answer.
    pub(crate) async fn dispatch(
        self: &Arc<Self>,
        host: &Host,
        handle: Option<&CallHandle>,
        capability: &str,
        request: &str,
    ) -> Answer {
        let Some(registered) = self.handlers.get(capability) else {
            return self.failure(
                ConnectorErrorCode::UnsupportedOperation,
                format!("{} has no capability '{capability}'", self.declaration.app_id),
            );
        };
        let deadline = handle.and_then(CallHandle::deadline);
        let mut measurement = Measurement::begin(host, handle, registered.info().name, request);
        match self.prepare(registered, host, request, deadline, &mut measurement) {
            Ok((call, pending)) => {
                let secrets = call.secret_source();
                values::scope(secrets, self.execute(registered, call, pending, measurement)).await
            }
            // Whatever was wrong with what had been read by then.
            Err((stage, _)) if deadline.is_some_and(|deadline| Instant::now() >= deadline) => {
                measurement.failed(stage, ConnectorErrorCode::RequestTimeout, None);
                let error = ConnectorError::request_timeout("The request could not be read in time");
                Answer::failure(self.declaration.own_error(error))
            }
            Err((stage, message)) => {
                measurement.failed(stage, ConnectorErrorCode::BadRequest, None);
                self.failure(ConnectorErrorCode::BadRequest, message)
            }
        }
    }

    /// The answer of the SDK itself, which nobody raised.
    fn failure(&self, code: ConnectorErrorCode, message: String) -> Answer {
        Answer::failure(self.declaration.own_error(ConnectorError::new(message).with_code(code)))
    }

    /// Everything before the handler; the error is the step that failed, and a sentence for the caller.
    fn prepare(
        self: &Arc<Self>,
        registered: &Arc<dyn Registered>,
        host: &Host,
        request: &str,
        deadline: Option<Instant>,
        measurement: &mut Measurement,
    ) -> Result<(Call, Pending), (Stage, String)> {
        let info = registered.info();
        let document = match deadline {
            Some(deadline) => Document::parse_before(request, deadline),
            None => Document::parse(request),
        };
        let parsed = document.as_ref().map_err(Clone::clone).and_then(|document| read(registered, document));
        let parsed = parsed.map_err(|error| (Stage::Parsing, format!("Invalid request: {error}")));
        let parsed = parsed.and_then(|parsed| self.authenticate(info, &parsed.envelope).map(|()| parsed));
        measurement.read();
        let Parsed { envelope, settings, pending, payload } = parsed?;
        let checked = match self.declaration.settings.filter(|_| info.checks_settings()) {
            Some(model) => model.check(settings).map(Some),
            None => Ok(None),
        };
        measurement.settings_checked();
        let settings: Option<Box<dyn Any + Send>> =
            checked.map_err(|message| (Stage::SettingsValidation, message))?;
        let connector = Arc::clone(self) as Arc<dyn Connector>;
        let call = Call::new(connector, host.clone(), Arc::clone(info), envelope, settings, payload);
        Ok((call, pending))
    }

    /// Whether the request has the credentials that the connector asks for.
    fn authenticate(&self, info: &CapabilityInfo, envelope: &Envelope) -> Result<(), (Stage, String)> {
        let requirements = &self.declaration.auth;
        if info.authentication() != Authentication::Required || !requirements.required {
            return Ok(());
        }
        auth::check(requirements, envelope.auth.as_deref(), envelope.credentials.as_deref())
            .map_err(|message| (Stage::Authentication, message))
    }

    async fn execute(
        self: &Arc<Self>,
        registered: &Arc<dyn Registered>,
        call: Call,
        pending: Pending,
        mut measurement: Measurement,
    ) -> Answer {
        let secrets = call.secret_source();
        call.host().observers().for_each(|observer| observer.settings_checked(&call));
        measurement.execution_begins();
        let outcome = AssertUnwindSafe(async move { pending(call).await }).catch_unwind().await;
        let error = match outcome {
            Ok(Ok(Body::Streamed { start, rest })) => {
                let rest = Arc::clone(self).observed(rest, secrets, measurement);
                return Answer::success(Body::Streamed { start, rest });
            }
            Ok(Ok(body)) => {
                measurement.answered();
                return Answer::success(body);
            }
            Ok(Err(error)) => error,
            Err(_) => ConnectorError::internal("The capability stopped unexpectedly; the log says where"),
        };
        let error = self.declaration.mapped(error);
        tracing::error!(code = %error.code(), "{error:?}");
        measurement.failed(Stage::Execution, error.code(), Some(error.raised_by()));
        Answer::failure(error.into_wire(&self.declaration.app_id, Some(registered.info().handler.clone())))
    }

    /// Streamed rows, whose end is the end of the call.
    fn observed(
        self: Arc<Self>,
        rows: RowChunks,
        call: Arc<dyn SecretSource>,
        measurement: Measurement,
    ) -> RowChunks {
        let chunks = stream::unfold(Some((self, rows, call, measurement)), |state| async {
            let (dispatcher, mut rows, call, measurement) = state?;
            match values::scope(Arc::clone(&call), rows.next()).await {
                Some(Ok(chunk)) => Some((Ok(chunk), Some((dispatcher, rows, call, measurement)))),
                Some(Err(error)) => {
                    let error = dispatcher.declaration.mapped(error);
                    values::enter(&call, || {
                        tracing::error!(code = %error.code(), "after a part of the answer was sent: {error:?}");
                    });
                    measurement.failed(Stage::Execution, error.code(), Some(error.raised_by()));
                    Some((Err(error), None))
                }
                None => {
                    measurement.answered();
                    None
                }
            }
        });
        chunks.boxed()
    }
}

/// What the steps before the handler need: the envelope, the settings in the text, and the payload.
struct Parsed<'a, 'j> {
    envelope: Envelope,
    settings: Option<Part<'a, 'j>>,
    pending: Pending,
    payload: Box<str>,
}

fn read<'a, 'j>(
    registered: &Arc<dyn Registered>,
    document: &'a Document<'j>,
) -> Result<Parsed<'a, 'j>, ReadError> {
    let info = registered.info();
    let request = Request::of(document)?;
    let envelope = request.envelope(info.authentication())?;
    if (info.standard.is_none() || info.customized) && !request.mentions_settings() {
        return Err(ReadError::missing_field("settings"));
    }
    let payload = request.payload()?;
    let pending = Arc::clone(registered).read(payload).map_err(|error| error.inside("request"))?;
    Ok(Parsed { envelope, settings: request.settings()?, pending, payload: payload.source().into() })
}
