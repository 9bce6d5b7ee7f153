//! `fulfill_arbitrary_endpoint`: what reaches the app, and what comes back.

use lumos_connector_client::arbitrary_endpoint::{Policy, RateLimitReset};
use lumos_connector_client::http::{HttpCall, HttpClient};
use lumos_connector_core::error::{self, Result};
use lumos_connector_core::integration::IntegrationError;
use lumos_connector_core::{Call, FromCall, Integration};
use lumos_connector_testing::prelude::*;
use lumos_connector_types::capability::marker as capability;
use lumos_connector_types::error::ConnectorErrorCode;
use lumos_connector_types::payload::TokenCredential;
use serde_json::Value;

struct Acme(HttpClient);

impl FromCall for Acme {
    async fn from_call(call: &Call) -> Result<Self> {
        let token: TokenCredential = call.auth()?;
        Ok(Self(call.http().bearer(token).base_url("https://api.acme.test/v1")?))
    }
}

fn integration(reset: RateLimitReset) -> Result<Integration, IntegrationError> {
    let policy = Policy::new()
        .post("search", "application/json")
        .header("X-Trace")
        .header("Authorization")
        .rate_limit_reset(reset);
    Integration::builder("acme", "1.0.0")
        .about("Acme", [])
        .auth::<TokenCredential>()
        .on_error(error::http_status)
        .capability(capability::FulfillArbitraryEndpoint, policy.handler(|acme: Acme| acme.0))
        .build()
}

fn call_of(request: Value) -> Case {
    case(capability::FulfillArbitraryEndpoint, "calls").request(request)
}

#[track_caller]
fn passes_with(reset: RateLimitReset, case: Case) {
    let suite = Suite::new(move || integration(reset)).auth(json!({"token": {"token": "t0ken-of-acme"}}));
    suite.cases([case]).check().unwrap();
}

#[track_caller]
fn passes(case: Case) {
    passes_with(RateLimitReset::Epoch, case);
}

/// An answer that never came, with a reason and the address.
#[track_caller]
fn is_refused(request: Value, reason: &str, resolved_url: &str) {
    let refused = json!({"ok": false, "headers": {}, "error": reason, "resolved_url": resolved_url});
    passes(call_of(request).expect(response(refused)));
}

#[test]
fn a_get_carries_the_connectors_login_and_the_callers_parameters() {
    let answered = answer(200)
        .header("x-page", "1")
        .header("x-page", "2")
        .header("content-type", "text/csv; charset=iso-8859-1")
        .text("a,b");
    let expected = json!({
        "ok": true, "status_code": 200, "body": "a,b", "content_type": "text/csv; charset=iso-8859-1",
        "headers": {"x-page": "1, 2", "content-type": "text/csv; charset=iso-8859-1", "content-length": "3"},
        "resolved_url": "https://api.acme.test/v1/users?state=a&state=b",
    });
    passes(
        call_of(json!({"url": "users", "query": {"state": ["a", "b"]}, "headers": {"x-trace": "7"}}))
            .upstream(
                get("/v1/users?state=a&state=b")
                    .header("authorization", "Bearer t0ken-of-acme")
                    .header("x-trace", "7")
                    .answers(answered),
            )
            .expect(response(expected).partly()),
    );
}

#[test]
fn a_post_goes_to_listed_paths_with_their_content_type() {
    let accepted = response(json!({"ok": true, "status_code": 200})).partly();
    for url in ["search", "/search?x=1", "https://api.acme.test/v1/search"] {
        passes(
            call_of(json!({"url": url, "method": "POST", "body": "{\"q\": 1}"}))
                .upstream(
                    post("/v1/search")
                        .any_query()
                        .header("content-type", "application/json")
                        .json(json!({"q": 1})),
                )
                .expect(accepted.clone()),
        );
    }
    for (url, resolved) in
        [("users", "v1/users"), ("search/", "v1/search/"), ("https://api.acme.test/search", "search")]
    {
        let resolved = format!("https://api.acme.test/{resolved}");
        is_refused(
            json!({"url": url, "method": "POST", "body": "{}"}),
            "POST is not allowed for this path.",
            &resolved,
        );
    }
}

#[test]
fn what_breaks_the_policy_is_not_sent() {
    let users = "https://api.acme.test/v1/users";
    is_refused(json!({"url": "users", "body": ""}), "Only POST takes a body.", users);
    for name in ["X-Other", "Authorization", "Host", "Cookie"] {
        let request = json!({"url": "users", "headers": {name: "1"}});
        is_refused(request, &format!("The header {name:?} is not allowed."), users);
    }
    is_refused(
        json!({"url": "users", "headers": {"x-trace": "a\r\nb: c"}}),
        "The value of the header \"x-trace\" contains characters that a header cannot carry.",
        users,
    );
    is_refused(json!({"url": "a/%2e./b"}), "The path of the URL must not contain '..'.", "a/%2e./b");
    is_refused(
        json!({"url": "https://evil.test/"}),
        "The URL is not on the host of this connection.",
        "https://evil.test/",
    );
}

#[test]
fn redirects_are_answers() {
    let elsewhere = answer(302).header("location", "https://evil.test/");
    let expected = json!({"ok": false, "status_code": 302, "headers": {"location": "https://evil.test/"}});
    passes(
        call_of(json!({"url": "x"}))
            .upstream(get("/v1/x").answers(elsewhere))
            .expect(response(expected).partly()),
    );
}

#[test]
fn a_refused_login_is_an_error_and_other_statuses_are_answers() {
    let x = || call_of(json!({"url": "x"}));
    passes(
        x().upstream(get("/v1/x").answers(401))
            .expect(error(ConnectorErrorCode::Unauthorized).status_code(401)),
    );
    for status in [400, 403, 404, 429, 500, 503] {
        // Once: no retries.
        let answered = get("/v1/x").answers((status, json!({"why": "no"})));
        let expected = json!({"ok": false, "status_code": status, "body": "{\"why\":\"no\"}"});
        passes(x().upstream(answered).expect(response(expected).partly()));
    }
}

#[test]
fn a_call_without_an_answer_says_why() {
    let x = || call_of(json!({"url": "x"}));
    let why = |reason| {
        let resolved = "https://api.acme.test/v1/x";
        response(json!({"ok": false, "headers": {}, "error": reason, "resolved_url": resolved}))
    };
    passes(x().upstream(get("/v1/x").answers(Fault::Silence)).expect(why("The app did not answer in time.")));
    passes(x().upstream(get("/v1/x").answers(Fault::Reset)).expect(why("The app could not be reached.")));
    passes(x().unreachable().expect(why("The app could not be reached.")));
    passes(
        x().part("rate_limit", json!({"max_execution_time": 10}))
            .expect(why("The time of this call was over.")),
    );
}

#[test]
fn retry_after_is_read_in_all_its_forms() {
    let date = "Wed, 21 Oct 2015 07:28:00 GMT";
    for (status, reset, headers, seconds) in [
        (503, RateLimitReset::Epoch, [("retry-after", "7")].as_slice(), json!(7.0)),
        (503, RateLimitReset::Epoch, &[("retry-after", "1.5")], json!(1.5)),
        (503, RateLimitReset::Epoch, &[("retry-after", "-1")], json!(0.0)),
        (503, RateLimitReset::Epoch, &[("retry-after", "inf")], json!(null)),
        (
            503,
            RateLimitReset::Epoch,
            &[("date", date), ("retry-after", "Wed, 21 Oct 2015 07:29:30 GMT")],
            json!(90.0),
        ),
        (
            503,
            RateLimitReset::Epoch,
            &[("date", date), ("retry-after", "Wed, 21 Oct 2015 07:00:00 GMT")],
            json!(0.0),
        ),
        (200, RateLimitReset::Epoch, &[("retry-after", "7")], json!(null)),
        (429, RateLimitReset::Seconds, &[("x-ratelimit-reset", "30")], json!(30.0)),
        (429, RateLimitReset::Seconds, &[("retry-after", "soon"), ("x-ratelimit-reset", "30")], json!(30.0)),
        (
            403,
            RateLimitReset::Seconds,
            &[("x-ratelimit-reset", "30"), ("x-ratelimit-remaining", "0")],
            json!(30.0),
        ),
        (
            403,
            RateLimitReset::Seconds,
            &[("x-ratelimit-reset", "30"), ("x-ratelimit-remaining", "5")],
            json!(null),
        ),
        (500, RateLimitReset::Seconds, &[("x-ratelimit-reset", "30")], json!(null)),
        (429, RateLimitReset::Epoch, &[("date", date), ("x-ratelimit-reset", "1445412540")], json!(60.0)),
    ] {
        let answered =
            headers.iter().fold(answer(status), |answer, (name, value)| answer.header(*name, *value));
        passes_with(
            reset,
            call_of(json!({"url": "x"}))
                .upstream(get("/v1/x").answers(answered))
                .expect(response(json!({"retry_after_seconds": seconds})).partly()),
        );
    }
}
