//! What the client makes of an app that fails, in one table.

use std::time::Duration;

use lumos_connector_client::HttpBuilder;
use lumos_connector_client::limit::RateLimit;
use lumos_connector_client::retry::Retries;
use reqwest::Method;
use serde_json::{Value, json};

use super::app::{Act, App, answer, json, whole};
use super::setup::answered;

struct Fault {
    what: &'static str,
    method: &'static str,
    script: Vec<Act>,
    limited: bool,
    idempotent: bool,
    /// Requests that the app gets, seconds between them, and what the caller reads: `ok` or a code, and after how many
    /// seconds it should come back.
    expected: (usize, &'static [f64], &'static str, Option<i64>),
}

fn fault(
    what: &'static str,
    method: &'static str,
    script: impl IntoIterator<Item = Act>,
    expected: (usize, &'static [f64], &'static str, Option<i64>),
) -> Fault {
    Fault { what, method, script: script.into_iter().collect(), limited: false, idempotent: false, expected }
}

fn limited(fault: Fault) -> Fault {
    Fault { limited: true, ..fault }
}

fn idempotent(fault: Fault) -> Fault {
    Fault { idempotent: true, ..fault }
}

/// Waits without chance, as `Retries::default()` makes them.
const GROWING: &[f64] = &[1.0, 1.5, 2.25, 3.375, 5.0625];

fn faults() -> Vec<Fault> {
    let ok = || json("{}");
    let status = |status| answer(status, &[], "no");
    let after = |status, after| answer(status, &[("retry-after", after)], "no");
    let says = |status, text: &str| answer(status, &[], text);
    let broken = || {
        let mut bytes = whole(200, &[], br#"{"id":7}"#);
        bytes.truncate(bytes.len() - 3);
        Act::Break(bytes)
    };
    let stalled = || Act::Stall(b"HTTP/1.1 200 -\r\ncontent-length: 9\r\n\r\n{".to_vec());
    let elsewhere = || answer(302, &[("location", "https://evil.test/")], "");
    vec![
        fault("429, Retry-After 7, then fine", "GET", [after(429, "7"), ok()], (2, &[7.0], "ok", None)),
        fault(
            "429, Retry-After as a date, then fine",
            "POST",
            [after(429, "Tue, 14 Nov 2023 22:13:25 GMT"), ok()],
            (2, &[5.0], "ok", None),
        ),
        fault("429, then fine", "GET", [status(429), ok()], (2, &[1.0], "ok", None)),
        fault("429 for ever", "GET", [status(429)], (6, GROWING, "rate_limit", Some(8))),
        limited(fault(
            "429 for ever, with a limit",
            "GET",
            [status(429)],
            (6, &[60.0, 1.0, 1.5, 2.25, 3.375], "rate_limit", Some(6)),
        )),
        fault(
            "429, Retry-After beyond the caller's time",
            "GET",
            [after(429, "3600")],
            (1, &[], "budget_exhausted", Some(3600)),
        ),
        fault(
            "403 that says \"Rate Limit Exceeded\"",
            "POST",
            [says(403, "API Rate Limit Exceeded"), ok()],
            (2, &[1.0], "ok", None),
        ),
        fault(
            "429, Retry-After that no clock could show",
            "GET",
            [after(429, "99999999999999999999"), ok()],
            (1, &[], "budget_exhausted", Some(366 * 86_400)),
        ),
        fault(
            "429, Retry-After negative, then fine",
            "GET",
            [after(429, "-5"), ok()],
            (2, &[1.0], "ok", None),
        ),
        fault(
            "429, Retry-After in the past, then fine",
            "GET",
            [after(429, "Tue, 14 Nov 2023 22:13:10 GMT"), ok()],
            (2, &[], "ok", None),
        ),
        fault(
            "429, Retry-After a fraction, then fine",
            "GET",
            [after(429, "2.5"), ok()],
            (2, &[2.5], "ok", None),
        ),
        fault(
            "403 that says \"Rate Limit Exceeded\" for ever",
            "GET",
            [says(403, "API Rate Limit Exceeded")],
            (6, GROWING, "rate_limit", Some(8)),
        ),
        fault(
            "a body that is not the gzip it should be",
            "GET",
            [answer(200, &[("content-encoding", "gzip")], "{}"), ok()],
            (1, &[], "invalid_response", None),
        ),
        fault(
            "503 whose body is not the gzip it should be, then fine",
            "GET",
            [answer(503, &[("content-encoding", "gzip")], "{}"), ok()],
            (2, &[1.0], "ok", None),
        ),
        fault(
            "a burst of 503, then fine",
            "GET",
            [status(503), status(503), status(503), ok()],
            (4, &GROWING[..3], "ok", None),
        ),
        fault("503 for ever", "GET", [status(503)], (6, GROWING, "service_error", Some(8))),
        limited(fault(
            "503 for ever, with a limit",
            "GET",
            [status(503)],
            (6, GROWING, "bad_gateway", Some(8)),
        )),
        fault("503", "POST", [status(503), ok()], (1, &[], "service_error", None)),
        fault("503, Retry-After 2", "POST", [after(503, "2"), ok()], (2, &[2.0], "ok", None)),
        idempotent(fault("503, idempotent", "POST", [status(503), ok()], (2, &[1.0], "ok", None))),
        fault(
            "502, 504, 408, then fine",
            "DELETE",
            [status(502), status(504), status(408), ok()],
            (4, &GROWING[..3], "ok", None),
        ),
        fault("500", "GET", [status(500), ok()], (1, &[], "bad_gateway", None)),
        fault("a reset, then fine", "GET", [Act::Reset, ok()], (2, &[1.0], "ok", None)),
        fault("a reset", "POST", [Act::Reset, ok()], (1, &[], "connection_closed", None)),
        fault("an answer that breaks off, then fine", "GET", [broken(), ok()], (2, &[1.0], "ok", None)),
        fault("an answer that breaks off", "PATCH", [broken(), ok()], (1, &[], "connection_closed", None)),
        fault("an answer that never ends", "POST", [stalled()], (1, &[], "request_timeout", None)),
        fault("an answer that never ends, then fine", "GET", [stalled(), ok()], (2, &[1.0], "ok", None)),
        fault("truncated JSON", "GET", [json(r#"{"id":"#)], (1, &[], "invalid_response", None)),
        fault(
            "an answer of 2 MiB",
            "GET",
            [answer(200, &[], vec![b' '; 2 << 20])],
            (1, &[], "invalid_response", None),
        ),
        fault(
            "not HTTP",
            "POST",
            [Act::Break(b"SSH-2.0-x\r\n".to_vec())],
            (1, &[], "connection_closed", None),
        ),
        fault("a redirect to another host", "GET", [elsewhere()], (1, &[], "invalid_response", None)),
        fault("an expired token", "GET", [status(401), ok()], (1, &[], "unauthorized", None)),
    ]
}

#[tokio::test]
async fn every_fault_ends_as_it_should() {
    println!(
        "| the app | request | sent | waits (s) | the caller reads | retry after |\n|---|---|---|---|---|---|"
    );
    let mut wrong = Vec::new();
    for fault in faults() {
        let Fault { what, method, script, limited, idempotent, expected } = fault;
        // Only an app that is silent on purpose is given little time: the machine may be busy.
        let silent = script.iter().any(|act| matches!(act, Act::Stall(_)));
        let timeout = Duration::from_millis(if silent { 400 } else { 60_000 });
        let app = App::start(script).await;
        let url = app.url();
        let act = move |http: HttpBuilder| {
            let mut http = http.timeout(timeout).max_answer_bytes(1 << 20);
            if limited {
                http = http.rate_limit(RateLimit::stock("acme"));
            }
            let http = http.base_url(&url);
            async move {
                let mut request = http?.request(Method::from_bytes(method.as_bytes())?, "things");
                if idempotent {
                    request = request.idempotent();
                }
                let answer = request.send().await?;
                answer.json::<Value>()?;
                Ok(answer)
            }
        };
        let (read, clock) = answered(Value::Null, act).await;
        let waits: Vec<_> = clock.waits().iter().map(Duration::as_secs_f64).collect();
        let code = read["error"]["error_code"].as_str().unwrap_or("ok");
        let retry_after = read["error"]["error_metadata"]["retry_after_seconds"].as_i64();
        let shown: Vec<_> = waits.iter().map(|wait| format!("{wait:.1}")).collect();
        let after = retry_after.map_or(String::new(), |seconds| seconds.to_string());
        println!("| {what} | {method} | {} | {} | {code} | {after} |", app.asked().len(), shown.join(", "));
        // A wait is at most a quarter off, unless the app named it.
        let about = |wait: f64, expected: f64| (wait / expected - 1.0).abs() <= 0.25;
        let as_expected = app.asked().len() == expected.0
            && waits.len() == expected.1.len()
            && waits.iter().zip(expected.1).all(|(wait, expected)| about(*wait, *expected))
            && code == expected.2
            && match (retry_after, expected.3) {
                (Some(given), Some(expected)) => (given - expected).abs() <= expected / 3,
                (given, expected) => given == expected,
            };
        if !as_expected {
            wrong.push(format!("{what}: expected {expected:?}, got {read}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_mode_that_repeats_nothing_hands_the_answer_back() {
    for mode in ["bypass", "enforce_no_retry"] {
        let app = App::start([answer(429, &[("retry-after", "7")], "no"), json("{}")]).await;
        let url = app.url();
        let act = move |http: HttpBuilder| {
            let http = http.rate_limit(RateLimit::stock("acme")).base_url(&url);
            async move {
                let answer = http?.get("a").send_any().await?;
                assert_eq!((answer.status(), answer.retry_after()), (429, Some(Duration::from_secs(7))));
                answer.success()
            }
        };
        let (read, clock) = answered(json!({"caller_override_mode": mode}), act).await;
        assert_eq!((app.asked().len(), clock.waits().len()), (1, 0));
        assert_eq!(read["error"]["error_code"], "rate_limit");
        assert_eq!(read["error"]["raised_by"], "HttpStatusError");
    }
}

/// A client that knows the refusals of GitHub, Salesforce and an app that answers 200 to everything.
fn knowing(http: HttpBuilder) -> HttpBuilder {
    http.refused_when(|answer| answer.status() == 403 && answer.retry_after().is_some())
        .refused_when(|answer| answer.status() == 403 && answer.text().contains("REQUEST_LIMIT_EXCEEDED"))
        .refused_when(|answer| answer.json::<Value>().is_ok_and(|body| body["throttled"] == true))
        .on_status(403, lumos_connector_types::error::ConnectorErrorCode::Unauthorized)
}

#[tokio::test]
async fn refusals_of_an_app_are_waited_for_by_the_whole_client() {
    let secondary = || answer(403, &[("retry-after", "7")], "You have exceeded a secondary rate limit");
    let daily = || answer(403, &[], r#"[{"errorCode":"REQUEST_LIMIT_EXCEEDED"}]"#);
    let polite = || json(r#"{"throttled":true}"#);
    for (refusal, wait) in [(secondary(), 7.0), (daily(), 1.0), (polite(), 1.0)] {
        for method in ["GET", "POST"] {
            for (script, code) in
                [(vec![refusal.clone(), json("{}")], None), (vec![refusal.clone()], Some("rate_limit"))]
            {
                let app = App::start(script).await;
                let url = app.url();
                let act = move |http: HttpBuilder| {
                    let http = knowing(http).base_url(&url);
                    async move { http?.request(Method::from_bytes(method.as_bytes())?, "a").send().await }
                };
                let (read, clock) = answered(Value::Null, act).await;
                assert_eq!(read["error"]["error_code"].as_str(), code, "{read}");
                let first = clock.waits()[0].as_secs_f64();
                assert!((first / wait - 1.0).abs() <= 0.25, "{first}");
                if code.is_some() {
                    assert_eq!(read["error"]["error_metadata"]["throttled"], true);
                    assert!(read["error"]["error_metadata"]["retry_after_seconds"].is_number(), "{read}");
                }
            }
        }
    }
    // Any other 403 keeps its meaning.
    let app = App::start([answer(403, &[], "no")]).await;
    let url = app.url();
    let act = move |http: HttpBuilder| {
        let http = knowing(http).base_url(&url);
        async move { http?.get("a").send().await }
    };
    let (read, clock) = answered(Value::Null, act).await;
    assert_eq!((&read["error"]["error_code"], clock.waits().len()), (&json!("unauthorized"), 0));
}

#[tokio::test]
async fn an_app_with_refusals_of_its_own_is_understood() {
    let app = App::start([json(r#"{"throttled":true}"#), json("{}")]).await;
    let url = app.url();
    let act = move |http: HttpBuilder| {
        let http = http.base_url(&url);
        async move { http?.post("a").refused_when(|answer| answer.text().contains("throttled")).send().await }
    };
    let (read, clock) = answered(Value::Null, act).await;
    assert_eq!((read["response"].clone(), clock.waits().len()), (json!([]), 1));
}

#[tokio::test]
async fn nobody_there_is_tried_again_and_nobody_known_is_not() {
    let act = |url: &'static str, most| {
        move |http: HttpBuilder| {
            let http = http.retries(Retries::default().most(most)).base_url(url);
            async move { http?.post("a").send().await }
        }
    };
    // Port 1 of loopback refuses.
    let (read, clock) = answered(Value::Null, act("http://127.0.0.1:1", 2)).await;
    assert_eq!((clock.waits().len(), &read["error"]["error_code"]), (2, &json!("connection_timeout")));
    let (read, clock) = answered(Value::Null, act("http://no-such-host.invalid", 2)).await;
    assert_eq!((clock.waits().len(), &read["error"]["error_code"]), (0, &json!("connection_timeout")));
}

#[tokio::test]
async fn a_wrong_address_is_reported_by_validate_credentials_at_once_unless_retries_are_asked_for() {
    use lumos_connector_client::HttpCall as _;
    use lumos_connector_client::clock::VirtualClock;
    use lumos_connector_core::{Call, Integration};
    use lumos_connector_types::capability::marker as capability;
    use lumos_connector_types::payload::{ValidateCredentials, ValidatedCredentials};
    for (retries, waits) in [(None, 0), (Some(Retries::default().most(2)), 2)] {
        let validate = move |call: Call, _: ValidateCredentials| async move {
            let http = match retries {
                Some(retries) => call.http().retries(retries),
                None => call.http(),
            };
            // Port 1 of loopback refuses.
            http.base_url("http://127.0.0.1:1")?.get("me").send().await?;
            Ok(ValidatedCredentials::valid("acme"))
        };
        let acme = Integration::builder("acme", "1.2.3")
            .requires_authentication(false)
            .capability(capability::ValidateCredentials, validate)
            .build()
            .unwrap();
        let clock = VirtualClock::default();
        let host = lumos_connector_core::host::Host::builder().clock(clock.clone()).build();
        let answer = acme.dispatch(&host, "validate_credentials", r#"{"request":{}}"#).await;
        let answer: Value = serde_json::from_slice(&answer.into_bytes().await.unwrap()).unwrap();
        assert_eq!(answer["error"]["error_code"], "connection_timeout", "{answer}");
        assert_eq!(clock.waits().len(), waits);
    }
}

#[tokio::test]
async fn attempts_are_made_again_while_their_errors_may_pass_and_there_is_time() {
    use std::cell::Cell;

    use lumos_connector_client::clock::VirtualClock;
    use lumos_connector_core::error::{ConnectorError, ErrorClass, Result};

    use super::setup::call;

    let retries = Retries::default().most(4).first_delay(Duration::from_secs(8));
    let may_pass = |error: &ConnectorError| error.class() == Some(ErrorClass::Conflict);
    for (time, errors, attempts, done) in [
        (600, vec![], 1, true),
        (600, vec!["conflict", "conflict"], 3, true),
        (600, vec!["conflict"; 9], 5, false),
        (600, vec!["conflict", "other", "conflict"], 2, false),
        // The wait would go on beyond the call's time.
        (15, vec!["conflict"], 1, false),
    ] {
        let clock = VirtualClock::default();
        let limit = json!({"max_execution_time": time});
        let call = call(limit, |host| host.clock(clock.clone())).await;
        let made = Cell::new(0);
        let attempt = || {
            let error = errors.get(made.get()).copied();
            made.set(made.get() + 1);
            async move {
                match error {
                    None => Ok(()),
                    Some("conflict") => Err(ConnectorError::conflict("locked")),
                    Some(_) => Err(ConnectorError::internal("broken")),
                }
            }
        };
        let result: Result<()> = retries.run(&call, may_pass, attempt).await;
        assert_eq!((made.get(), result.is_ok()), (attempts, done), "{errors:?}");
        assert_eq!(clock.waits().len(), attempts - 1, "{errors:?}");
    }
}
