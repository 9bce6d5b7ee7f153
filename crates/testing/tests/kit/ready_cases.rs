//! Cases that every connector should pass, against one that does and one that does not.

use lumos_connector::prelude::capability;
use lumos_connector_testing::AppFailures;
use lumos_connector_testing::prelude::*;

use crate::acme::{suite, users};

fn good() -> Case {
    case(capability::ListAccounts, "lists").upstream(users(1)).expect(listing().rows(1))
}

#[test]
fn a_connector_that_maps_errors_passes_all() {
    let cases: Vec<Case> = app_failures(good()).into_iter().collect();
    assert_eq!(cases.len(), 14);
    if let Err(failures) = suite(cases).check() {
        panic!("{failures}");
    }
}

#[test]
fn a_status_can_have_another_meaning_or_none() {
    let cases = app_failures(good())
        .status(403, ConnectorErrorCode::Unauthorized)
        .status(410, ConnectorErrorCode::NotFound)
        .without(404);
    let failures = suite(cases).check().unwrap_err();
    let failed: Vec<_> = failures.names().collect();
    assert_eq!(failed, ["list_accounts::the_app_answers_403", "list_accounts::the_app_answers_410"]);
}

#[test]
fn a_connector_that_waits_as_it_is_asked_passes_and_an_impatient_one_does_not() {
    suite([waits_when_throttled(good())]).check().unwrap();

    let impatient = waits_when_throttled(good()).settings(json!({"fault": "does not wait"}));
    let failures = suite([impatient]).check().unwrap_err();
    assert!(
        failures.to_string().contains("GET /v1/users?limit=100&offset=0 came 7.0 s too early"),
        "{failures}"
    );
}

#[test]
fn what_does_not_fit_a_call_is_left_out() {
    let names = |cases: AppFailures| cases.into_iter().map(|case| format!("{case:?}")).collect::<Vec<_>>();
    let without_html = names(app_failures(good()).without_html());
    assert_eq!(without_html.len(), 13);
    assert!(without_html.iter().all(|name| !name.contains("HTML")), "{without_html:?}");
    let without_statuses =
        names(app_failures(good()).without_statuses().status(409, ConnectorErrorCode::Conflict));
    assert_eq!(without_statuses.len(), 8);
    assert!(without_statuses[0].contains("the_app_answers_409"), "{without_statuses:?}");
}
