//! One check while it runs: what has been found so far, and what is known about the app.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lumos_connection::exchange::ProgramRun;
use lumos_connector_types::secret::Secret;
use serde_json::Value;

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

    /// A call that was made elsewhere: it counts, and its answer is judged.
    pub(crate) fn made(&self, call: &Call) {
        self.count(&call.name);
        self.look_for_secrets(call);
        self.judge_answer(call);
        process::judge(self, call);
    }

    /// A call as a caller would make it.
    pub(crate) async fn call(&self, request: &Request) -> Call {
        let call = self.subject.call(request).await;
        self.made(&call);
        call
    }

    /// A call with an envelope that a caller would not send.
    pub(crate) async fn send(&self, capability: &str, envelope: &Value) -> Call {
        self.send_text(capability, envelope.to_string()).await
    }

    /// A call with a body that a caller would not send.
    pub(crate) async fn send_text(&self, capability: &str, body: impl Into<Secret>) -> Call {
        let call = self.subject.send(capability, body.into()).await;
        self.made(&call);
        call
    }

    /// A call of the program with a body that is too large to look at.
    pub(crate) async fn send_big(&self, capability: &str, envelope: &Value) -> Call {
        let program =
            ProgramRun::call(capability, envelope.to_string().into()).timeout(self.options.call_timeout);
        let output = self.subject.connection.run_program(program).await;
        self.count(capability);
        Call::of_run(capability, String::new().into(), &[capability], output)
    }

    /// A run of the program; `None` without one.
    pub(crate) async fn run(&self, name: &str, arguments: &[&str], body: Option<Secret>) -> Option<Call> {
        let call = self.subject.run(name, arguments, body).await?;
        self.count(name);
        self.look_for_secrets(&call);
        Some(call)
    }

    pub(crate) fn end(self) -> (HashMap<&'static str, Outcome>, u64) {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        (state.results, state.calls)
    }
}
