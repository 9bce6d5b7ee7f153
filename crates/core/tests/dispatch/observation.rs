//! What observers are told when a call ends, however it ends.

use std::sync::{Arc, Mutex};

use futures_util::stream;
use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_core::host::Host;
use lumos_connector_core::observation::{CallHandle, Observation, Observer, Stage};
use lumos_connector_core::{Integration, Reply, Rows};
use lumos_connector_types::capability::marker::{ListAccounts as List, ValidateCredentials as Validate};
use lumos_connector_types::error::ConnectorErrorCode as Code;
use lumos_connector_types::payload::{
    FoundAccountData, ListAccounts, ValidateCredentials, ValidatedCredentials,
};

use crate::acme::{builder, bytes, dispatch_in, valid, validate};

const REQUEST: &str = r#"{"request": {}}"#;

/// Keeps what it is told.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<Observation>>>);

impl Observer for Notes {
    fn call_ended(&self, observation: &Observation) {
        self.0.lock().unwrap().push(observation.clone());
    }
}

impl Notes {
    fn host(&self) -> Host {
        Host::builder().observer(self.clone()).build()
    }

    /// The stage, the code and `raised_by` of each call's failure.
    fn failures(&self) -> Vec<Option<(Stage, Code, Option<&'static str>)>> {
        let failure = |observation: &Observation| {
            observation.failure.as_ref().map(|failure| (failure.stage, failure.code, failure.raised_by))
        };
        self.0.lock().unwrap().iter().map(failure).collect()
    }
}

fn validating<F, Fut>(handler: F) -> Integration
where
    F: Fn((), ValidateCredentials) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<ValidatedCredentials>> + Send + 'static,
{
    let builder = builder().requires_authentication(false);
    let builder = builder.on_error(|_: &std::num::ParseIntError| ConnectorError::of_code(Code::Conflict));
    builder.capability(Validate, handler).build().unwrap()
}

fn listing<F, Fut>(handler: F) -> Integration
where
    F: Fn((), ListAccounts) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<Rows<FoundAccountData>>>> + Send + 'static,
{
    let builder = builder().requires_authentication(false);
    let builder = builder.on_error(|_: &std::num::ParseIntError| ConnectorError::of_code(Code::Conflict));
    builder.capability(List, handler).build().unwrap()
}

/// More rows than fit the first chunk, then perhaps an error.
fn many_rows(last: Option<ConnectorError>) -> Reply<Rows<FoundAccountData>> {
    let rows = (0..5000).map(|number| Ok(FoundAccountData::new(format!("account-{number}"))));
    Reply::stream(stream::iter(rows.chain(last.map(Err))))
}

#[test]
fn several_observers_are_told_of_each_call_once() {
    let (first, second) = (Notes::default(), Notes::default());
    let host = Host::builder().observer(first.clone()).observer(second.clone()).build();
    dispatch_in(&host, &validating(validate), "validate_credentials", REQUEST);
    dispatch_in(&host, &validating(validate), "validate_credentials", "{");
    let expected = [None, Some((Stage::Parsing, Code::BadRequest, None))];
    assert_eq!((first.failures(), second.failures()), (expected.to_vec(), expected.to_vec()));
}

#[test]
fn observers_are_told_the_code_that_the_caller_reads() {
    let notes = Notes::default();
    let acme = validating(|(), _| async { Err("x".parse::<i64>().unwrap_err().into()) });
    let answer = dispatch_in(&notes.host(), &acme, "validate_credentials", REQUEST);
    assert_eq!(answer.error_code(), Some(Code::Conflict));
    assert_eq!(notes.failures(), [Some((Stage::Execution, Code::Conflict, Some("ParseIntError")))]);
}

#[test]
fn a_panic_is_the_end_of_a_call() {
    let notes = Notes::default();
    let acme = validating(|(), _| async { panic!("oh") });
    let answer = dispatch_in(&notes.host(), &acme, "validate_credentials", REQUEST);
    assert_eq!(answer.error_code(), Some(Code::InternalError));
    assert_eq!(notes.failures(), [Some((Stage::Execution, Code::InternalError, Some("InternalError")))]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_waits_for_any_more_has_timed_out() {
    let notes = Notes::default();
    let acme = validating(|(), _| std::future::pending());
    let host = notes.host();
    let call = acme.dispatch(&host, "validate_credentials", REQUEST);
    tokio::time::timeout(std::time::Duration::from_secs(1), call).await.unwrap_err();
    assert_eq!(notes.failures(), [Some((Stage::Execution, Code::RequestTimeout, None))]);
    assert!(notes.0.lock().unwrap()[0].executing.is_some());
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_call_is_observed_once_with_the_error_of_its_answer() {
    let notes = Notes::default();
    let acme = validating(|(), _| std::future::pending());
    let handle = CallHandle::new(&notes.host(), "validate_credentials");
    let call = acme.dispatch_with(&handle, REQUEST);
    tokio::time::timeout(std::time::Duration::from_secs(1), call).await.unwrap_err();
    assert_eq!(notes.failures(), [], "whoever holds the handle says how it ended");
    let answer = acme.interrupt(&handle, ConnectorError::budget_exhausted("too late"));
    assert_eq!(answer.error_code(), Some(Code::BudgetExhausted));
    drop(handle);
    assert_eq!(notes.failures(), [Some((Stage::Execution, Code::BudgetExhausted, None))]);
    assert_eq!(notes.0.lock().unwrap()[0].request_bytes, REQUEST.len());
}

#[tokio::test]
async fn a_call_that_goes_on_after_its_interruption_is_not_observed_again() {
    let notes = Notes::default();
    let handle = CallHandle::new(&notes.host(), "validate_credentials");
    let ended = handle.clone();
    let acme = validating(move |(), _| {
        drop(validating(validate).interrupt(&ended, ConnectorError::request_timeout("late")));
        async { Ok(valid()) }
    });
    assert_eq!(acme.dispatch_with(&handle, REQUEST).await.error_code(), None);
    assert_eq!(notes.failures(), [Some((Stage::Execution, Code::RequestTimeout, None))]);
}

#[tokio::test]
async fn a_handle_that_is_dropped_unused_ends_its_call() {
    let notes = Notes::default();
    drop(CallHandle::new(&notes.host(), "validate_credentials"));
    assert_eq!(notes.failures(), [Some((Stage::Execution, Code::RequestTimeout, None))]);
}

#[test]
fn a_streamed_answer_has_ended_with_its_last_row() {
    let notes = Notes::default();
    let acme = listing(|(), _| async { Ok(many_rows(None)) });
    let answer = dispatch_in(&notes.host(), &acme, "list_accounts", REQUEST);
    assert_eq!(notes.failures(), []);
    bytes(answer).unwrap();
    assert_eq!(notes.failures(), [None]);
}

#[test]
fn rows_that_break_off_are_a_failed_call() {
    let notes = Notes::default();
    let acme = listing(|(), _| async { Ok(many_rows(Some("x".parse::<i64>().unwrap_err().into()))) });
    let error = bytes(dispatch_in(&notes.host(), &acme, "list_accounts", REQUEST)).unwrap_err();
    assert!(error.to_string().contains("conflict"), "{error}");
    assert_eq!(notes.failures(), [Some((Stage::Execution, Code::Conflict, Some("ParseIntError")))]);
}

#[test]
fn rows_that_nobody_reads_to_the_end_have_timed_out() {
    let notes = Notes::default();
    let acme = listing(|(), _| async { Ok(many_rows(None)) });
    drop(dispatch_in(&notes.host(), &acme, "list_accounts", REQUEST));
    assert_eq!(notes.failures(), [Some((Stage::Execution, Code::RequestTimeout, None))]);
}
