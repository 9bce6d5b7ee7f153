//! Rate-limit state, modes and deadlines.

use std::time::Duration;

use serde_json::{Value, json};

use crate::codes;
use crate::rule::rules;
use crate::run::Run;
use crate::subject::{Call, Reply, Request, with};

rules! { Limits, "limits";
    STATE_SENSIBLE = "state-sensible", Error, "s12-state",
        "The rate-limit state of an answer makes no sense.",
        "Give `remaining` between 0 and `limit`, and delays of at least 0.";
    STATE_IN = "state-in", Error, "s12-state",
        "A request that brings rate-limit state is refused.",
        "Take the state of limits that the connector has, and ignore the ids of others.";
    MODES = "modes", Error, "s12-modes",
        "A rate-limit mode of the contract is refused.",
        "Take each of `enforce`, `retry_only`, `bypass` and `enforce_no_retry`.";
    UNKNOWN_MODE = "unknown-mode", Error, "s2-unions",
        "A rate-limit mode that does not exist is not refused as `bad_request`.",
        "Read enums exactly.";
    DEADLINE = "deadline", Error, "s12-deadline",
        "A call takes longer than `max_execution_time` says.",
        "Stop ten seconds before, and answer `budget_exhausted`; who waits has given up by then.";
    SHORT_DEADLINE = "short-deadline", Error, "s12-deadline",
        "A call without time left is not answered with a success or `budget_exhausted`.",
        "Answer `budget_exhausted` before the first request that no time is left for.";
    HUGE_DEADLINE = "huge-deadline", Error, "s8-exit",
        "A `max_execution_time` that is very large is not answered.",
        "Take it, or answer `bad_request`.";
}

/// What starting a program and reading its answer may take beyond the deadline.
const MARGIN: Duration = Duration::from_secs(2);

pub(crate) async fn check(run: &Run<'_>) {
    let name = ["list_accounts", "validate_credentials", "list_entitlements", "list_non_human_accounts"]
        .into_iter()
        .find(|name| run.known.works(name));
    let Some(name) = name else {
        for rule in RULES {
            run.skip(rule, "no capability that reads answers");
        }
        return;
    };
    let request = Request::new(name, json!({}));
    let envelope = run.subject.envelope(&request);
    let limited = |limits: Value| with(envelope.clone(), &[("rate_limit", limits)]);

    tokio::join!(state(run, &request, &limited), modes(run, name, &limited), deadlines(run, name, &limited));
}

/// The state of limits that the caller brings.
async fn state(run: &Run<'_>, request: &Request, limited: &impl Fn(Value) -> Value) {
    let name = request.capability.as_str();
    let state = json!({"remaining": 0, "limit": 1, "reset": null, "window_seconds": 60, "current_delay": 0, "source": "sdk_counter"});
    let call = run.send(name, &limited(json!({"last_known_state": {"check-unknown": state}}))).await;
    answered(run, STATE_IN, name, "the state of another limit", &call);
    let first = run.call(request).await;
    let given = match first.reply() {
        Reply::Success(answer) => answer["rate_limit"]["current_state"].clone(),
        _ => Value::Null,
    };
    if given.is_object() {
        let call = run.send(name, &limited(json!({"last_known_state": given}))).await;
        answered(run, STATE_IN, name, "the state of the answer before", &call);
    } else {
        run.skip(STATE_SENSIBLE, "no answer has rate-limit state");
    }
}

async fn modes(run: &Run<'_>, name: &str, limited: &impl Fn(Value) -> Value) {
    for mode in ["enforce", "retry_only", "bypass", "enforce_no_retry"] {
        let call = run.send(name, &limited(json!({"caller_override_mode": mode}))).await;
        answered(run, MODES, name, mode, &call);
    }
    let call = run.send(name, &limited(json!({"caller_override_mode": "check"}))).await;
    run.expect(UNKNOWN_MODE, call.code() == Some("bad_request"), name, || call.summary(), &[&call]);
}

async fn deadlines(run: &Run<'_>, name: &str, limited: &impl Fn(Value) -> Value) {
    let seconds = run.options.deadline.as_secs();
    let call = run.send(name, &limited(json!({"max_execution_time": seconds}))).await;
    run.expect(
        DEADLINE,
        call.elapsed <= run.options.deadline + MARGIN && !matches!(call.reply(), Reply::None(_)),
        name,
        || format!("{:.0} s where {seconds} s were given", call.elapsed.as_secs_f64()),
        &[&call],
    );
    let call = run.send(name, &limited(json!({"max_execution_time": 5}))).await;
    let kept = call.is_success() || call.code().is_some_and(codes::is_transient);
    run.expect(SHORT_DEADLINE, kept, name, || call.summary(), &[&call]);
    let call = run.send(name, &limited(json!({"max_execution_time": 1_000_000_000_000_000_000_u64}))).await;
    let kept = call.is_success()
        || call.code().is_some_and(|code| code == "bad_request" || codes::is_transient(code));
    run.expect(HUGE_DEADLINE, kept, name, || call.summary(), &[&call]);
}

fn answered(run: &Run<'_>, rule: &'static crate::rule::Rule, name: &str, what: &str, call: &Call) {
    let kept = call.is_success() || call.code().is_some_and(codes::is_transient);
    run.expect(rule, kept, name, || format!("{what}: {}", call.summary()), &[call]);
}
