//! The fake app answers expected calls and names all others.

use lumos_connector_testing::prelude::*;
use reqwest::Client;

use crate::client;

/// What the fake app complains about after some calls.
async fn complaint(exchanges: Vec<Exchange>, calls: impl AsyncFnOnce(&Client, &str)) -> String {
    let upstream = Upstream::start(exchanges).await.unwrap();
    calls(&client().build().unwrap(), upstream.url()).await;
    upstream.finish().err().map(|error| error.to_string()).unwrap_or_default()
}

#[tokio::test]
async fn expected_calls_are_answered_whatever_their_order() {
    let complaint = complaint(
        vec![
            get("/a?x=1&y=2").header("accept", "text/csv").answers(answer(200).text("one")),
            post("/b").json(json!({"n": 1, "m": [2]})).answers((201, json!({"at": "{upstream}/b/1"}))),
            put("/c%2Fd").form([("k", "v w"), ("l", "")]).answers(204),
            patch("/e").text("plain").answers(answer(202).header("x-at", "{upstream}")),
        ],
        async |client, url| {
            let sent = client.patch(format!("{url}/e")).body("plain").send().await.unwrap();
            assert_eq!(sent.headers()["x-at"], url);
            let sent = client
                .put(format!("{url}/c%2Fd"))
                .header("content-type", "application/x-www-form-urlencoded");
            assert_eq!(sent.body("l=&k=v+w").send().await.unwrap().status(), 204);
            let sent = client.post(format!("{url}/b")).body(r#"{"m": [2], "n": 1}"#).send().await.unwrap();
            assert_eq!(
                (sent.status().as_u16(), sent.headers()["content-type"].to_str().unwrap()),
                (201, "application/json")
            );
            assert_eq!(sent.text().await.unwrap(), json!({"at": format!("{url}/b/1")}).to_string());
            let sent =
                client.get(format!("{url}/a?y=2&x=1")).header("Accept", "text/csv").send().await.unwrap();
            assert_eq!(sent.text().await.unwrap(), "one");
        },
    )
    .await;
    assert_eq!(complaint, "");
}

#[tokio::test]
async fn an_unexpected_call_is_named_with_the_nearest_expected_one() {
    let exchanges =
        vec![get("/groups").any_times(), get("/users?limit=2").any_times(), post("/users").any_times()];
    let complaint = complaint(exchanges, async |client, url| {
        let answer = client.get(format!("{url}/users?limit=5")).send().await.unwrap();
        assert_eq!(answer.status(), 501);
        assert!(answer.text().await.unwrap().contains("unexpected call GET /users?limit=5"));
    })
    .await;
    let expected = "upstream:\n  unexpected call GET /users?limit=5\n    nearest: GET /users?limit=2\n    \
                    query limit: expected \"2\", got \"5\"\ncalls:\n  GET /users?limit=5 → 501";
    assert_eq!(complaint, expected);
}

#[tokio::test]
async fn what_is_not_mentioned_must_not_be_there_except_headers() {
    for (exchange, path, body, problem) in [
        (get("/u"), "/u?a=1", "", "query a: expected none, got \"1\""),
        (get("/u"), "/u", "x", "body: expected none, got 1 bytes"),
        (get("/u").any_query().any_body(), "/u?a=1", "x", ""),
        (get("/u?b=2").any_query(), "/u?a=1&b=2", "", ""),
        (get("/u?b=2").any_query(), "/u?a=1&b=3", "", "query b: expected \"2\", got \"3\""),
        (get("/u?a=1&a=1"), "/u?a=1", "", "query a: expected \"1\", got none"),
        (get("/u").header("x-tenant", "7"), "/u", "", "header x-tenant: expected \"7\", got none"),
        (get("/u").json(json!({"a": 1})), "/u", r#"{"a":1,"b":null}"#, "body.b: expected nothing, got null"),
        (get("/u").json(json!({"a": 1})), "/u", "a=1", "body: expected JSON, got something else"),
        (get("/u").form([("a", "1")]), "/u", "a=2", "form field a: expected \"1\", got \"2\""),
        (get("/u").text("yes"), "/u", "no", "body: expected \"yes\", got \"no\""),
        (delete("/u"), "/u", "", "method: expected DELETE, got GET"),
    ] {
        let complaint = complaint(vec![exchange.any_times()], async |client, url| {
            client.get(format!("{url}{path}")).body(body).header("x-other", "1").send().await.unwrap();
        })
        .await;
        assert_eq!(complaint.is_empty(), problem.is_empty(), "{complaint}");
        assert!(complaint.contains(problem), "{complaint}");
    }
}

#[tokio::test]
async fn of_a_header_that_differs_the_scheme_is_shown_and_never_the_value() {
    for (name, expected, given, said) in [
        ("authorization", "Bearer planted", "Bearer real-secret", "the scheme Bearer with another value"),
        ("authorization", "Bearer planted", "Basic real-secret", "the scheme Basic"),
        ("Authorization", "Bearer planted", "bearer real-secret", "the scheme bearer"),
        ("authorization", "Acme planted", "Acme real-secret", "the scheme Acme with another value"),
        ("authorization", "Bearer planted", "real-secret", "a value without a scheme"),
        ("authorization", "Bearer planted", "real-secret of two words", "another scheme"),
        ("x-api-key", "planted", "Bearer real-secret", "another value"),
    ] {
        let complaint = complaint(vec![get("/u").header(name, expected).any_times()], async |client, url| {
            client.get(format!("{url}/u")).header(name, given).send().await.unwrap();
        })
        .await;
        assert!(
            complaint.contains(&format!("header {name}: expected \"{expected}\", got {said}\n")),
            "{complaint}"
        );
        assert!(!complaint.contains("real-secret"), "{complaint}");
    }
}

#[tokio::test]
async fn calls_that_never_came_or_came_too_often_are_problems() {
    let exchanges =
        vec![get("/once"), get("/twice").times(2), get("/never").times(0), get("/any").any_times()];
    let complaint = complaint(exchanges, async |client, url| {
        for path in ["/once", "/once", "/twice", "/never"] {
            client.get(format!("{url}{path}")).send().await.unwrap();
        }
    })
    .await;
    for problem in [
        "GET /once was expected once, came once more",
        "GET /never was expected never, came once more",
        "GET /twice was expected twice, came once",
    ] {
        assert!(complaint.replace("2 times", "twice").contains(problem), "{complaint}");
    }
    assert!(!complaint.contains("/any was"), "{complaint}");
}

#[tokio::test]
async fn equal_exchanges_are_taken_one_after_the_other() {
    let exchanges = vec![get("/job").answers(json!("running")), get("/job").answers(json!("done"))];
    let complaint = complaint(exchanges, async |client, url| {
        for state in [r#""running""#, r#""done""#] {
            assert_eq!(client.get(format!("{url}/job")).send().await.unwrap().text().await.unwrap(), state);
        }
    })
    .await;
    assert_eq!(complaint, "");
}

#[tokio::test]
async fn answers_can_follow_from_the_call() {
    let upstream = Upstream::start([get("/double").any_query().any_times().answers_with(|call| {
        let number: i64 = call.parameter("n").unwrap().parse().unwrap();
        answer(200).json(number * 2)
    })])
    .await
    .unwrap();
    let client = client().build().unwrap();
    for n in [3, 21] {
        let doubled = client.get(format!("{}/double?n={n}", upstream.url())).send().await.unwrap();
        assert_eq!(doubled.text().await.unwrap(), (n * 2).to_string());
    }
    assert_eq!(upstream.calls().len(), 2);
    upstream.finish().unwrap();
}

#[tokio::test]
async fn dropped_with_open_expectations_it_panics() {
    let upstream = Upstream::start([get("/never-called")]).await.unwrap();
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(upstream)));
    let message = *dropped.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("GET /never-called was expected once, came never"), "{message}");
}
