//! Rate limits: waiting, telling the caller, going on where the last call stopped.

use std::time::Duration;

use lumos_connector_client::HttpBuilder;
use lumos_connector_client::limit::{RateLimit, extractor};
use serde_json::{Value, json};

use super::app::{App, answer, json};
use super::setup::answered;

/// The virtual clock's first second.
const NOW: u64 = 1_700_000_000;

fn two_a_minute() -> RateLimit {
    RateLimit::new("acme", 2, Duration::from_secs(60))
}

/// Sends so many requests; what the caller reads, and the seconds of each wait.
async fn send(app: &App, rate_limit: Value, limit: RateLimit, requests: usize) -> (Value, Vec<f64>) {
    let url = app.url();
    let act = move |http: HttpBuilder| {
        let http = http.rate_limit(limit.clone()).base_url(&url);
        async move {
            let http = http?;
            for _ in 1..requests {
                http.get("a").send().await?;
            }
            http.clone().get("a").send().await
        }
    };
    let (answer, clock) = answered(rate_limit, act).await;
    (answer, clock.waits().iter().map(Duration::as_secs_f64).collect())
}

fn state(answer: &Value) -> &Value {
    &answer["rate_limit"]["current_state"]["acme"]
}

fn snapshot(remaining: u64, limit: u64, reset: Option<u64>, window: u64, source: &str) -> Value {
    json!({"remaining": remaining, "limit": limit, "reset": reset, "window_seconds": window, "current_delay": 0, "source": source})
}

#[tokio::test]
async fn requests_wait_for_room_and_the_caller_learns_what_is_left() {
    let app = App::start([json("{}")]).await;
    let (answer, waits) = send(&app, Value::Null, two_a_minute(), 1).await;
    assert_eq!(waits, [0.0; 0]);
    assert_eq!(state(&answer), &snapshot(1, 2, Some(NOW + 60), 60, "sdk_counter"));
    let (answer, waits) = send(&app, Value::Null, two_a_minute(), 5).await;
    assert_eq!(waits, [60.0, 60.0]);
    assert_eq!(state(&answer), &snapshot(1, 2, Some(NOW + 180), 60, "sdk_counter"));
}

#[tokio::test]
async fn the_mode_decides_what_the_limiter_does() {
    let app = App::start([json("{}")]).await;
    for (mode, waits, reported) in
        [("enforce", 2, true), ("enforce_no_retry", 2, true), ("retry_only", 0, true), ("bypass", 0, false)]
    {
        let rate_limit = json!({"caller_override_mode": mode});
        let (answer, waited) = send(&app, rate_limit, two_a_minute(), 5).await;
        assert_eq!((waited.len(), answer["rate_limit"].is_object()), (waits, reported), "{mode}");
    }
}

#[tokio::test]
async fn a_call_goes_on_where_the_last_one_stopped() {
    let app = App::start([json("{}")]).await;
    let known = |known: Value| json!({"last_known_state": {"acme": known, "other": {"remaining": 0}}});
    let cases = [
        (json!({"remaining": 0, "limit": 2, "reset": NOW + 30, "window_seconds": 60}), vec![30.0]),
        (json!({"remaining": 0, "limit": 2, "window_seconds": 40}), vec![40.0]),
        (json!({"remaining": 1, "reset": NOW + 30}), vec![]),
        (json!({"remaining": 0, "reset": NOW - 1}), vec![]),
        (json!({"remaining": 0, "reset": NOW + 30, "limit": 9}), vec![30.0]),
        (json!({}), vec![]),
        // What cannot be is no reason to fail, or to wait for ever.
        (json!({"remaining": -5, "limit": -1, "window_seconds": 0, "reset": NOW + 30}), vec![30.0]),
        (json!({"remaining": 1, "limit": i64::MAX, "window_seconds": i64::MAX, "reset": -1}), vec![]),
    ];
    for (seed, expected) in cases {
        let (answer, waits) = send(&app, known(seed.clone()), two_a_minute(), 1).await;
        assert_eq!(waits, expected, "{seed}");
        assert!(state(&answer).is_object(), "{seed}: {answer}");
        assert!(answer["rate_limit"]["current_state"].get("other").is_none());
    }
}

#[tokio::test]
async fn a_limit_follows_what_the_app_says() {
    let headers = |left: &'static str| {
        let reset = ("x-ratelimit-reset", "1700000025");
        answer(200, &[("x-ratelimit-limit", "50"), ("x-ratelimit-remaining", left), reset], "{}")
    };
    let app = App::start([headers("1"), headers("0"), headers("49")]).await;
    let limit = two_a_minute().adaptive(extractor::x_rate_limit);
    let (answer, waits) = send(&app, Value::Null, limit.clone(), 2).await;
    assert_eq!(waits, [0.0; 0]);
    assert_eq!(state(&answer), &snapshot(0, 50, Some(NOW + 25), 60, "api_headers"));
    let app = App::start([headers("1"), headers("0"), headers("49")]).await;
    assert_eq!(send(&app, Value::Null, limit, 3).await.1, [25.0]);
}

#[tokio::test]
async fn a_wait_beyond_the_callers_time_is_not_begun() {
    let app = App::start([json("{}")]).await;
    let cases = [(69, 3, json!(60)), (71, 3, Value::Null), (10, 1, json!(0)), (-5, 1, json!(0))];
    for (time, requests, retry_after) in cases {
        let (answer, _) = send(&app, json!({"max_execution_time": time}), two_a_minute(), requests).await;
        if retry_after.is_null() {
            assert_eq!(answer["response"], json!([]), "{time}");
            continue;
        }
        assert_eq!(answer["error"]["error_code"], "budget_exhausted", "{time}");
        assert_eq!(answer["error"]["error_metadata"]["retry_after_seconds"], retry_after, "{time}");
    }
}

#[tokio::test]
async fn a_batch_is_answered_in_order_and_no_more_at_once_than_the_limit_allows() {
    let app = App::start((0..20).map(|number| json(&number.to_string()))).await;
    let url = app.url();
    let act = move |http: HttpBuilder| {
        let limit = RateLimit::new("acme", 100, Duration::from_secs(60));
        let http = http.rate_limit(limit).base_url(&url);
        async move {
            let http = http?;
            let requests = (0..20).map(|number| http.get(["a".to_owned(), number.to_string()]));
            let answers = http.batch(requests).await;
            for (number, answer) in answers.iter().enumerate() {
                let answer = answer.as_ref().unwrap();
                assert_eq!(
                    (answer.json::<usize>()?, answer.url().path()),
                    (number, &*format!("/a/{number}"))
                );
            }
            answers.into_iter().next().unwrap()
        }
    };
    let (answer, _) = answered(Value::Null, act).await;
    assert_eq!(state(&answer)["remaining"], 80);
    assert!(app.asked().iter().all(|asked| asked.connection == 0), "one at a time needs one connection");
}

/// The seconds that the second of two requests waits, when the answer of the first says that nothing is left.
async fn waited_for_reset(headers: &[(&str, &str)]) -> Vec<f64> {
    let mut all = vec![("x-ratelimit-remaining", "0")];
    all.extend_from_slice(headers);
    let app = App::start([answer(200, &all, "{}"), json("{}")]).await;
    let limit = RateLimit::new("acme", 100, Duration::from_secs(60)).adaptive(extractor::x_rate_limit);
    send(&app, Value::Null, limit, 2).await.1
}

#[tokio::test]
async fn a_reset_is_read_in_every_form() {
    for reset in [
        "3",
        "1700000003",
        "1700000003000",
        "2023-11-14T22:13:23Z",
        "2023-11-14T23:13:23+01:00",
        "3s",
        "Tue, 14 Nov 2023 22:13:23 GMT",
    ] {
        assert_eq!(waited_for_reset(&[("x-ratelimit-reset", reset)]).await, [3.0], "{reset}");
    }
}

#[tokio::test]
async fn a_reset_is_read_by_the_clock_of_the_app() {
    // The app's clock is ten minutes ahead.
    let date = ("date", "Tue, 14 Nov 2023 22:23:20 GMT");
    for reset in ["1700000601", "2023-11-14T22:23:21Z"] {
        assert_eq!(waited_for_reset(&[date, ("x-ratelimit-reset", reset)]).await, [1.0], "{reset}");
    }
    assert_eq!(waited_for_reset(&[("date", "nonsense"), ("x-ratelimit-reset", "1700000001")]).await, [1.0]);
}
