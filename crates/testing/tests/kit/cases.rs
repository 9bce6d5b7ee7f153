//! A case passes when everything is as it says, and otherwise names each difference.

use lumos_connector::prelude::{Offset, capability};
use lumos_connector_testing::prelude::*;

use crate::acme::{suite, users, verdict};

fn one_account() -> Case {
    case(capability::GetAccount, "gives one account").request(json!({"account_id": "a/b"}))
}

#[track_caller]
fn passes(case: Case) {
    assert_eq!(verdict(case), "");
}

#[track_caller]
fn fails(case: Case, problems: &[&str]) {
    let verdict = verdict(case);
    for problem in problems {
        assert!(verdict.contains(problem), "{problem:?} is not in\n{verdict}");
    }
}

#[test]
fn the_app_is_found_at_the_address_in_the_code_and_at_the_one_in_the_settings() {
    let user = json!({"id": "a/b", "email": "{upstream}"});
    let account = response(json!({"integration_specific_id": "a/b", "email": "{upstream}"}));
    passes(
        one_account()
            .upstream(get("/v1/users/a%2Fb").header("host", "api.acme.test").answers(user.clone()))
            .expect(account.clone()),
    );
    passes(
        one_account()
            .settings(json!({"base_url": "{upstream}/eu"}))
            .upstream(get("/eu/users/a%2Fb").answers(user))
            .expect(account),
    );
}

#[test]
fn credentials_reach_the_app() {
    let exchange = get("/v1/users/a%2Fb").header("authorization", "Basic YWRhOmNvcnJlY3QgaG9yc2U=");
    passes(
        one_account()
            .upstream(exchange.answers(json!({"id": "1"})))
            .expect(response(json!({"integration_specific_id": "1"}))),
    );
}

#[test]
fn each_difference_of_a_response_is_named() {
    fails(
        one_account()
            .upstream(get("/v1/users/a%2Fb").answers(json!({"id": "1", "email": "x"})))
            .expect(response(json!({"integration_specific_id": "2", "username": "u"}))),
        &[
            "---- get_account::gives_one_account",
            r#"response.integration_specific_id: expected "2", got "1""#,
            r#"response.username: expected "u", got null"#,
            r#"response.email: expected nothing, got "x""#,
        ],
    );
}

#[test]
fn a_response_can_be_compared_partly() {
    passes(
        one_account()
            .upstream(get("/v1/users/a%2Fb").answers(json!({"id": "1", "email": "x"})))
            .expect(response(json!({"integration_specific_id": "1"})).partly()),
    );
}

#[test]
fn an_error_is_compared_in_what_matters() {
    let not_found = || one_account().upstream(get("/v1/users/a%2Fb").answers((404, json!({"why": "gone"}))));
    passes(not_found().expect(error(ConnectorErrorCode::NotFound)));
    passes(
        not_found().expect(
            error(ConnectorErrorCode::NotFound)
                .message("gone")
                .status_code(404)
                .raised_by("HttpStatusError")
                .retryable(false),
        ),
    );
    passes(not_found().expect(error(ConnectorErrorCode::Conflict).or(ConnectorErrorCode::NotFound)));
    fails(
        not_found().expect(
            error(ConnectorErrorCode::Conflict)
                .message("taken")
                .hint("wait")
                .status_code(409)
                .retry_after_seconds(7),
        ),
        &[
            r#"error_code: expected conflict, got "not_found": "#,
            r#"message: expected "taken" in it, got "#,
            r#"hint: expected "wait" in it, got null"#,
            "status_code: expected 409, got 404",
            "retry_after_seconds: expected 7, got null",
        ],
    );
}

#[test]
fn a_response_is_no_error_and_an_error_no_response() {
    let found = one_account().upstream(get("/v1/users/a%2Fb").answers(json!({"id": "1"})));
    fails(
        found.expect(error(ConnectorErrorCode::NotFound)),
        &["expected the error not_found, got a response: {"],
    );
    let missing = one_account().upstream(get("/v1/users/a%2Fb").answers(404));
    fails(missing.expect(response(json!({}))), &[r#"expected a response, got the error "not_found": "#]);
}

#[test]
fn unexpected_and_missing_calls_fail_the_case() {
    fails(
        one_account()
            .upstream(get("/v2/users/a%2Fb"))
            .expect(error(ConnectorErrorCode::UnsupportedOperation)),
        &[
            "unexpected call GET /v1/users/a%2Fb\n    nearest: GET /v2/users/a%2Fb",
            "GET /v2/users/a%2Fb was expected once, came never",
        ],
    );
}

#[test]
fn pages_are_asked_for_and_given() {
    let page = || case(capability::ListAccounts, "gives a page").page_size(2).position(Offset { offset: 2 });
    let upstream = get("/v1/users?limit=2&offset=2");
    let full = upstream.clone().answers(json!([{"id": "2"}, {"id": "3"}]));
    let rows = json!([{"integration_specific_id": "2"}, {"integration_specific_id": "3"}]);
    passes(page().upstream(full.clone()).expect(response(rows.clone()).next_position(Offset { offset: 4 })));
    passes(page().upstream(full.clone()).expect(response(rows.clone()).more_pages()));
    passes(page().upstream(upstream.answers(json!([]))).expect(response(json!([])).last_page()));
    fails(
        page().upstream(full.clone()).expect(response(rows.clone()).last_page()),
        &["page.token: expected the last page, got \""],
    );
    fails(
        page().upstream(full).expect(response(rows).next_position(Offset { offset: 5 })),
        &["page.token: the next position.offset: expected 5, got 4"],
    );
}

#[test]
fn a_token_that_is_not_the_connectors_can_be_sent() {
    passes(
        case(capability::ListAccounts, "refuses a token")
            .page_token("not hexadecimal")
            .expect(error(ConnectorErrorCode::InvalidPageToken)),
    );
}

#[test]
fn credentials_and_settings_of_the_suite_can_be_left_out() {
    passes(one_account().without_auth().expect(error(ConnectorErrorCode::BadRequest)));
    passes(
        one_account().settings(json!(null)).expect(error(ConnectorErrorCode::BadRequest).message("settings")),
    );
}

#[test]
fn an_app_can_be_out_of_reach() {
    passes(one_account().unreachable().expect(error(ConnectorErrorCode::ConnectionTimeout)));
}

#[test]
fn a_listing_is_walked_to_its_end() {
    let whole = || case(capability::ListAccounts, "walks").page_size(3);
    let listing = || listing().unique_by("integration_specific_id");
    passes(whole().upstream(users(7)).expect(listing().rows(7).pages(3)));
    passes(whole().upstream(users(0)).expect(listing().rows(0).pages(1).exactly(json!([]))));
    fails(
        whole().upstream(users(7)).expect(listing().rows(8).pages(2)),
        &["expected 8 rows in all, got 7", "expected 2 pages, got 3"],
    );
    fails(
        whole().settings(json!({"fault": "stands still"})).upstream(users(7)).expect(listing()),
        &["the listing does not end: page 2 leads to where page 1 led"],
    );
    fails(
        whole().settings(json!({"fault": "repeats a row"})).upstream(users(7)).expect(listing()),
        &["page 2 repeats a row of page 1: integration_specific_id \"2\""],
    );
    fails(
        whole().upstream(users(7)).upstream(get("/v1/users?limit=3&offset=9")).expect(listing().rows(7)),
        &["GET /v1/users?limit=3&offset=9 was expected once, came never"],
    );
}

#[test]
fn a_secret_in_an_answer_or_in_the_log_fails_the_case() {
    fails(
        one_account()
            .settings(json!({"fault": "shows the password"}))
            .expect(response(json!({"integration_specific_id": "hunter2"}))),
        &["the answer holds the secret auth.basic.password"],
    );
    let list = case(capability::ListAccounts, "logs").settings(json!({"fault": "logs the password"}));
    fails(
        list.upstream(users(1)).expect(listing().rows(1)),
        &["the log holds the secret auth.basic.password"],
    );
}

#[test]
fn waiting_costs_no_time_and_for_ever_is_noticed() {
    let slow = answer(200).json(json!({"id": "1"})).after(Duration::from_secs(250));
    passes(
        one_account()
            .upstream(get("/v1/users/a%2Fb").answers(slow))
            .expect(response(json!({"integration_specific_id": "1"}))),
    );
    fails(
        one_account()
            .settings(json!({"fault": "waits for ever"}))
            .upstream(get("/never"))
            .expect(error(ConnectorErrorCode::RequestTimeout)),
        &["no answer came: the connector waits for ever"],
    );
}

#[test]
fn a_case_without_an_expectation_or_a_capability_is_a_mistake() {
    fails(one_account(), &["the case expects nothing"]);
    fails(
        case(capability::DeleteAccount, "deletes").expect(response(json!({}))),
        &["acme has no capability delete_account: register it, or skip the case"],
    );
    passes(case(capability::DeleteAccount, "deletes").skip("not written yet"));
}

#[test]
fn a_capability_without_a_case_and_two_cases_of_one_name_are_mistakes() {
    let bare = lumos_connector_testing::Suite::new(crate::acme::integration);
    let failures = bare.check().unwrap_err();
    assert_eq!(failures.names().collect::<Vec<_>>(), ["suite::every_capability_has_a_case"]);
    assert!(failures.to_string().contains("get_account, list_accounts"), "{failures}");

    let twice = case(capability::ListAccounts, "covers!").upstream(users(0)).expect(response(json!([])));
    let failures = suite([twice]).check().unwrap_err();
    assert!(failures.to_string().contains("two cases have the name list_accounts::covers"), "{failures}");
}

#[test]
fn a_header_is_named_once_for_a_suite() {
    // `ada:correct horse`.
    const LOGIN: &str = "Basic YWRhOmNvcnJlY3QgaG9yc2U=";
    let user = || get("/v1/users/7").answers(json!({"id": "7"}));
    let one = |name: &str, exchange: Exchange| {
        case(capability::GetAccount, name)
            .request(json!({"account_id": "7"}))
            .upstream(exchange)
            .expect(response(json!({"integration_specific_id": "7"})))
    };
    let cases = || {
        [
            one("the suite's", user()),
            one("its own", user().header("Authorization", LOGIN)),
            one("any", user().any_header("authorization")),
            one("the case's", user()).header("authorization", LOGIN),
        ]
    };
    suite(cases()).header("authorization", LOGIN).check().unwrap();
    let failures = suite(cases()).header("authorization", "Bearer t0ken").check().unwrap_err();
    let failed: Vec<_> = failures.names().collect();
    assert_eq!(
        failed,
        ["list_accounts::covers", "get_account::covers", "get_account::the_suite_s"],
        "{failures}"
    );
    assert!(failures.to_string().contains("expected \"Bearer t0ken\", got the scheme Basic"), "{failures}");
}
