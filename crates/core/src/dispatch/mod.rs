//! Dispatch: from the text of a request to an answer.
//!
//! The order is the contract's (§3): parse, authenticate, check the settings, execute. The first failure becomes the
//! answer, and nothing after it runs.

pub(crate) mod from_call;
pub(crate) mod handler;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use futures_util::FutureExt;
use lumos_connector_types::capability::Authentication;
use lumos_connector_types::error::{ConnectorErrorCode, Error as WireError};
use lumos_connector_types::json::{Document, Part, ReadError};
use serde::de::Error as _;

use crate::call::answer::Answer;
use crate::call::envelope::{Envelope, Request};
use crate::call::observation::{Observation, Stage, Steps};
use crate::call::{Call, CapabilityRef};
use crate::declaration::auth;
use crate::declaration::error::{self, ConnectorError};
use crate::dispatch::handler::{CapabilityInfo, Pending, Registered};
use crate::integration::Integration;

impl Integration {
    /// Answers one request of a capability.
    ///
    /// Whatever goes wrong, a panic of the handler included, is an answer.
    pub async fn dispatch(&self, capability: &str, request: &str) -> Answer {
        self.answer(capability, request, None).await
    }

    /// Answers one request that is to be read by a deadline, as [`dispatch`](Self::dispatch) does.
    ///
    /// Reading a request does not wait for anything, so nobody outside can end it: it looks at the clock itself, and gives
    /// up with `request_timeout` when the deadline has passed. The handler is not ended by it; whoever has a deadline for
    /// the whole call drops this future then.
    pub async fn dispatch_before(&self, capability: &str, request: &str, deadline: Instant) -> Answer {
        self.answer(capability, request, Some(deadline)).await
    }

    async fn answer(&self, capability: &str, request: &str, deadline: Option<Instant>) -> Answer {
        let Some(registered) = self.registered(capability) else {
            return Answer::failure(self.framework_error(
                ConnectorErrorCode::UnsupportedOperation,
                format!("{} has no capability '{capability}'", self.app_id()),
            ));
        };
        let mut observation = Observation::new(registered.facts().name, request);
        let answer = match self.prepare(registered, request, deadline, &mut observation) {
            Ok((call, pending)) => self.execute(registered.facts(), call, pending, &mut observation).await,
            // Whatever was wrong with what had been read by then.
            Err((stage, _)) if deadline.is_some_and(|deadline| Instant::now() >= deadline) => {
                observation.failed(stage, ConnectorErrorCode::RequestTimeout, None);
                self.interrupted(ConnectorError::request_timeout("The request could not be read in time"))
            }
            Err((stage, message)) => {
                observation.failed(stage, ConnectorErrorCode::BadRequest, None);
                Answer::failure(self.framework_error(ConnectorErrorCode::BadRequest, message))
            }
        };
        if let Some(observer) = self.observer() {
            observer.call_ended(&observation);
        }
        answer
    }

    /// The answer to a call that something other than its handler ended, such as the deadline of a server.
    #[must_use]
    pub fn interrupted(&self, error: ConnectorError) -> Answer {
        Answer::failure(WireError { raised_by: None, ..error.into_wire(self.app_id(), None, &[]) })
    }

    fn framework_error(&self, code: ConnectorErrorCode, message: String) -> WireError {
        error::framework(self.app_id(), code, message)
    }

    /// Everything before the handler; the error is the step that failed, and a sentence for the caller.
    fn prepare(
        &self,
        registered: &Arc<dyn Registered>,
        request: &str,
        deadline: Option<Instant>,
        observation: &mut Observation,
    ) -> Result<(Call, Pending), (Stage, String)> {
        let mut steps = Steps::begin();
        let facts = registered.facts();
        let document = match deadline {
            Some(deadline) => Document::parse_before(request, deadline),
            None => Document::parse(request),
        };
        let parsed = document.as_ref().map_err(Clone::clone).and_then(|document| read(registered, document));
        observation.reading = steps.next();
        let (envelope, settings, pending) =
            parsed.map_err(|error| (Stage::Parsing, format!("Invalid request: {error}")))?;
        if facts.authentication() == Authentication::Required && self.auth_requirements().required {
            auth::check(self.auth_requirements(), envelope.auth.as_ref(), envelope.credentials.as_deref())
                .map_err(|message| (Stage::Authentication, message))?;
        }
        observation.reading += steps.next();
        let checked = match self.settings_model().filter(|_| facts.checks_settings()) {
            Some(model) => model.check(settings).map(Some),
            None => Ok(None),
        };
        observation.checking_settings = Some(steps.next());
        let settings = checked.map_err(|message| (Stage::SettingsValidation, message))?;
        let capability = CapabilityRef {
            name: facts.name,
            standard: facts.standard,
            metadata: Arc::clone(&facts.metadata),
        };
        let call = Call::new(self.clone(), capability, envelope);
        *call.parts().checked_settings.lock().unwrap_or_else(PoisonError::into_inner) = settings;
        Ok((call, pending))
    }

    async fn execute(
        &self,
        facts: &CapabilityInfo,
        call: Call,
        pending: Pending,
        observation: &mut Observation,
    ) -> Answer {
        if let Some(observer) = self.observer() {
            observer.settings_checked(&call);
        }
        let mut steps = Steps::begin();
        let outcome = AssertUnwindSafe(async move { pending(call).await }).catch_unwind().await;
        observation.executing = Some(steps.next());
        let error = match outcome {
            Ok(Ok(body)) => return Answer::success(body),
            Ok(Err(error)) => error,
            Err(_) => ConnectorError::internal("The capability stopped unexpectedly; the log says where"),
        };
        tracing::error!(code = %error.current_code(), "{error:?}");
        let raised_by = error.raised_by();
        let error = error.into_wire(self.app_id(), Some(facts.handler.clone()), self.error_handlers());
        observation.failed(Stage::Execution, error.error_code, Some(raised_by));
        Answer::failure(error)
    }
}

impl CapabilityInfo {
    /// `app_info` must answer before there are settings.
    fn checks_settings(&self) -> bool {
        self.authentication() != Authentication::Optional
    }
}

/// What the steps before the handler need: the envelope, the settings in the text, and the payload.
type Parsed<'a, 'j> = (Envelope, Option<Part<'a, 'j>>, Pending);

fn read<'a, 'j>(
    registered: &Arc<dyn Registered>,
    document: &'a Document<'j>,
) -> Result<Parsed<'a, 'j>, ReadError> {
    let facts = registered.facts();
    let request = Request::of(document)?;
    let envelope = request.envelope(facts.authentication())?;
    if (facts.standard.is_none() || facts.customized) && !request.mentions_settings() {
        return Err(ReadError::missing_field("settings"));
    }
    let pending = Arc::clone(registered).read(request.payload()?).map_err(|error| error.inside("request"))?;
    Ok((envelope, request.settings()?, pending))
}
