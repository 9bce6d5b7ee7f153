//! One check while it runs: what has been found so far, and what is known about the app.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use lumos_connection::CallError;
use lumos_connection::exchange::{ProgramOutput, ProgramRun};
use lumos_connector_types::secret::Secret;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::finding::Finding;
use crate::groups::process;
use crate::judge::Judge;
use crate::known::Known;
use crate::observer::{Event, Observer};
use crate::options::CheckOptions;
use crate::rule::Rule;
use crate::secrets::Canaries;
use crate::subject::{Call, Request, Subject};

/// A check while it runs.
pub(crate) struct Run<'a> {
    pub(crate) subject: Subject,
    pub(crate) options: &'a CheckOptions,
    pub(crate) observer: &'a dyn Observer,
    pub(crate) known: Known,
    pub(crate) judge: Judge,
    pub(crate) canaries: Canaries,
    /// A permit for each call that may be made at the same time.
    permits: Semaphore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    results: HashMap<&'static str, Outcome>,
    calls: u64,
}

/// What came of a rule so far.
#[derive(Debug, Default, Clone)]
pub(crate) struct Outcome {
    /// How often it was kept.
    pub(crate) passed: u64,
    pub(crate) findings: BTreeMap<String, Finding>,
    /// Why it could not be checked.
    pub(crate) skipped: Option<String>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(subject: Subject, options: &'a CheckOptions, observer: &'a dyn Observer) -> Self {
        Self {
            subject,
            options,
            observer,
            known: Known::default(),
            judge: Judge::default(),
            canaries: Canaries::default(),
            permits: Semaphore::new(options.parallel.max(1)),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A rule was kept once more.
    pub(crate) fn pass(&self, rule: &'static Rule) {
        self.state().results.entry(rule.id).or_default().passed += 1;
    }

    /// A rule cannot be checked.
    pub(crate) fn skip(&self, rule: &'static Rule, why: impl Into<String>) {
        self.state().results.entry(rule.id).or_default().skipped.get_or_insert_with(|| why.into());
    }

    /// A rule is broken.
    pub(crate) fn find(
        &self,
        rule: &'static Rule,
        subject: impl Into<String>,
        message: impl Into<String>,
        calls: &[&Call],
    ) {
        if !self.options.selects(rule) {
            return;
        }
        let subject = subject.into();
        let mut state = self.state();
        let findings = &mut state.results.entry(rule.id).or_default().findings;
        if let Some(finding) = findings.get_mut(&subject) {
            finding.times += 1;
            return;
        }
        let mut finding = Finding {
            rule: rule.id,
            severity: rule.severity,
            subject: subject.clone(),
            message: self.subject.connection.redact(&message.into()),
            times: 1,
            exchanges: calls.iter().map(|call| self.subject.exchange(call)).collect(),
            accepted: None,
        };
        finding.accepted = self.options.baseline.reason(&finding).map(str::to_owned);
        findings.insert(subject, finding.clone());
        drop(state);
        self.observer.event(&Event::Finding { finding: &finding });
    }

    /// A rule is kept, or it is broken.
    pub(crate) fn expect(
        &self,
        rule: &'static Rule,
        kept: bool,
        subject: impl Into<String>,
        message: impl FnOnce() -> String,
        calls: &[&Call],
    ) {
        if kept { self.pass(rule) } else { self.find(rule, subject, message(), calls) }
    }

    fn count(&self, name: &str) {
        let calls = {
            let mut state = self.state();
            state.calls += 1;
            state.calls
        };
        self.observer.event(&Event::Call { name, calls });
    }

    /// Waits until one more call may be made.
    async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.permits.acquire().await.ok()
    }

    /// From now on there is one call at a time. Only while none is made.
    pub(crate) fn one_by_one(&self) {
        self.permits.forget_permits(self.permits.available_permits().saturating_sub(1));
    }

    /// Makes some calls at the same time, as a caller would. Where an answer is another one than alone, calls are made
    /// one by one from then on, so that this is not found by every rule.
    pub(crate) async fn try_parallel(&self, capability: &str) {
        let request = Request::new(capability, json!({}));
        let alone = self.call(&request).await;
        if self.options.parallel < 2 || !alone.is_success() {
            return self.one_by_one();
        }
        let together = join_all((0..self.options.parallel).map(|_| self.subject.call(&request))).await;
        for call in &together {
            self.made(call);
        }
        if together.iter().any(|call| call.response() != alone.response()) {
            self.one_by_one();
        }
    }

    /// A call that was made elsewhere: it counts, and its answer is judged.
    pub(crate) fn made(&self, call: &Call) {
        self.count(&call.name);
        self.look_for_secrets(call);
        self.judge_answer(call);
        process::judge(self, call);
    }

    /// A call as a caller would make it.
    pub(crate) async fn call(&self, request: &Request) -> Call {
        let call = {
            let _permit = self.permit().await;
            self.subject.call(request).await
        };
        self.made(&call);
        call
    }

    /// A call of the program, whether calls go to it or to a server.
    pub(crate) async fn run_call(&self, request: &Request) -> Call {
        let _permit = self.permit().await;
        self.subject.run_call(request).await
    }

    /// The same with a body as it is.
    pub(crate) async fn run_body(&self, capability: &str, body: impl Into<Secret>) -> Call {
        let _permit = self.permit().await;
        self.subject.run_body(capability, body.into()).await
    }

    /// A run of the program that is set up by the caller.
    pub(crate) async fn program(&self, program: ProgramRun) -> Result<ProgramOutput, CallError> {
        let _permit = self.permit().await;
        self.subject.connection.run_program(program).await
    }

    /// A call with an envelope that a caller would not send.
    pub(crate) async fn send(&self, capability: &str, envelope: &Value) -> Call {
        self.send_text(capability, envelope.to_string()).await
    }

    /// A call with a body that a caller would not send.
    pub(crate) async fn send_text(&self, capability: &str, body: impl Into<Secret>) -> Call {
        let call = {
            let _permit = self.permit().await;
            self.subject.send(capability, body.into()).await
        };
        self.made(&call);
        call
    }

    /// A call of the program with a body that is too large to look at.
    pub(crate) async fn send_big(&self, capability: &str, envelope: &Value) -> Call {
        let program =
            ProgramRun::call(capability, envelope.to_string().into()).timeout(self.options.call_timeout);
        let output = self.program(program).await;
        self.count(capability);
        Call::of_run(capability, String::new().into(), &[capability], output)
    }

    /// A run of the program; `None` without one.
    pub(crate) async fn run(&self, name: &str, arguments: &[&str], body: Option<Secret>) -> Option<Call> {
        let call = {
            let _permit = self.permit().await;
            self.subject.run(name, arguments, body).await?
        };
        self.count(name);
        self.look_for_secrets(&call);
        Some(call)
    }

    pub(crate) fn end(self) -> (HashMap<&'static str, Outcome>, u64) {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        (state.results, state.calls)
    }
}
