//! GraphQL: what is sent, and what each kind of answer becomes.

use graphql_client::GraphQLQuery;
use lumos_connector_client::http::{HttpCall, HttpClient};
use lumos_connector_client::{graphql, retry::Retries};
use lumos_connector_core::error::{self, Result};
use lumos_connector_core::integration::IntegrationError;
use lumos_connector_core::{Call, FromCall, Integration};
use lumos_connector_testing::prelude::*;
use lumos_connector_types::capability::marker as capability;
use lumos_connector_types::error::ConnectorErrorCode;
use lumos_connector_types::payload::{FoundAccountData, GetAccount, ListAccounts, TokenCredential};
use serde::Deserialize;
use serde_json::Value;

/// The query in `users.graphql`, with types that `graphql_client` makes of it.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "tests/graphql/schema.graphql",
    query_path = "tests/graphql/users.graphql",
    response_derives = "Debug"
)]
struct Users;

struct Acme(HttpClient);

impl FromCall for Acme {
    async fn from_call(call: &Call) -> Result<Self> {
        let token: TokenCredential = call.auth()?;
        let http = call.http().bearer(token).retries(Retries::default().most(2));
        Ok(Self(http.base_url("https://api.acme.test")?))
    }
}

async fn list_accounts(acme: Acme, _: ListAccounts) -> Result<Vec<FoundAccountData>> {
    let body = Users::build_query(users::Variables { first: 2, after: None });
    let data: users::ResponseData = acme.0.graphql_body("graphql", &body).read().await?;
    let account =
        |user: users::UsersUsers| FoundAccountData { email: user.email, ..FoundAccountData::new(user.id) };
    Ok(data.users.into_iter().map(account).collect())
}

async fn get_account(acme: Acme, request: GetAccount) -> Result<FoundAccountData> {
    #[derive(Deserialize)]
    struct Data {
        touch: String,
    }
    let mutation = "mutation Touch($id: ID!) { touch(id: $id) } query Other { other }";
    let touch = acme.0.graphql("graphql?v=1", mutation).variable("id", &request.account_id);
    let data: Data = touch.operation("Touch").read().await?;
    Ok(FoundAccountData::new(data.touch))
}

fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("acme", "1.0.0")
        .about("Acme", [])
        .auth::<TokenCredential>()
        .on_error(error::http_status)
        .on_error(graphql::known_errors)
        .capability(capability::ListAccounts, list_accounts)
        .capability(capability::GetAccount, get_account)
        .build()
}

#[track_caller]
fn passes(case: Case) {
    let covering = [
        case_of_users(json!({"data": {"users": []}})).expect(response(json!([]))),
        touch().upstream(touched().answers(json!({"data": {"touch": "7"}}))).expect(response(account())),
    ];
    let suite = Suite::new(integration).auth(json!({"token": {"token": "t0ken-of-acme"}}));
    suite.cases(covering).cases([case]).check().unwrap();
}

/// The call that the query makes.
fn queried() -> Exchange {
    let query = include_str!("../graphql/users.graphql");
    let body = json!({"query": query, "variables": {"first": 2, "after": null}, "operationName": "Users"});
    post("/graphql").header("authorization", "Bearer t0ken-of-acme").json(body)
}

fn users_case(name: &str) -> Case {
    case(capability::ListAccounts, name)
}

fn case_of_users(answer: Value) -> Case {
    users_case("lists users").upstream(queried().answers(answer))
}

fn touched() -> Exchange {
    let query = "mutation Touch($id: ID!) { touch(id: $id) } query Other { other }";
    post("/graphql?v=1").json(json!({"query": query, "variables": {"id": "7"}, "operationName": "Touch"}))
}

fn touch() -> Case {
    touch_case("touches")
}

fn touch_case(name: &str) -> Case {
    case(capability::GetAccount, name).request(json!({"account_id": "7"}))
}

fn account() -> Value {
    json!({"integration_specific_id": "7"})
}

#[test]
fn queries_of_graphql_client_are_sent_and_read_as_its_types() {
    let data =
        json!({"data": {"users": [{"id": "7", "email": "ada@acme.test"}, {"id": "8", "email": null}]}});
    let rows =
        json!([{"integration_specific_id": "7", "email": "ada@acme.test"}, {"integration_specific_id": "8"}]);
    passes(users_case("reads").upstream(queried().answers(data)).expect(response(rows)));
}

#[test]
fn errors_get_the_code_that_the_app_gives_them() {
    for (extensions, code) in [
        (json!({"code": "UNAUTHENTICATED"}), ConnectorErrorCode::Unauthorized),
        (json!({"code": "FORBIDDEN"}), ConnectorErrorCode::PermissionDenied),
        (json!({"type": "not_found"}), ConnectorErrorCode::NotFound),
        (json!({"code": "GRAPHQL_VALIDATION_FAILED"}), ConnectorErrorCode::BadRequest),
        (json!({"code": "SOMETHING_ELSE"}), ConnectorErrorCode::InternalError),
        (json!(null), ConnectorErrorCode::InternalError),
    ] {
        let problem = json!({"message": "No such thing.", "path": ["users", 0], "extensions": extensions});
        let mut expected = error(code).message("No such thing.").raised_by("GraphQlError");
        if let Some(app_code) = extensions["code"].as_str().or(extensions["type"].as_str()) {
            expected = expected.app_error_code(app_code);
        }
        // Data beside an error is not the whole: a listing must not look shorter than it is.
        let answer = json!({"data": {"users": []}, "errors": [problem]});
        passes(users_case("fails").upstream(queried().answers(answer)).expect(expected));
    }
}

#[test]
fn a_refusal_for_now_is_repeated_and_then_a_rate_limit() {
    let refusals = [
        json!({"message": "API Rate Limit Exceeded for you"}),
        json!({"message": "no", "extensions": {"code": "THROTTLED"}}),
    ];
    for problem in refusals {
        let refused = || answer(200).header("retry-after", "9").json(json!({"errors": [problem]}));
        passes(
            users_case("waits")
                .upstream(queried().quiet_for(Duration::from_secs(9)).answers(refused()))
                .upstream(queried().answers(json!({"data": {"users": []}})))
                .expect(response(json!([]))),
        );
        passes(
            users_case("gives up")
                .upstream(queried().times(3).answers(refused()))
                .expect(error(ConnectorErrorCode::RateLimit).retry_after_seconds(9)),
        );
        // Even a mutation: the app did not run it.
        passes(
            touch_case("changes after waiting")
                .upstream(touched().answers(refused()))
                .upstream(touched().answers(json!({"data": {"touch": "7"}})))
                .expect(response(account())),
        );
    }
}

#[test]
fn queries_are_repeated_when_the_app_fails_and_mutations_are_not() {
    passes(
        users_case("again")
            .upstream(queried().answers(503))
            .upstream(queried().answers(Fault::Closed))
            .upstream(queried().answers(json!({"data": {"users": []}})))
            .expect(response(json!([]))),
    );
    passes(
        touch_case("changes once")
            .upstream(touched().answers(502))
            .expect(error(ConnectorErrorCode::BadGateway)),
    );
}

#[test]
fn what_is_no_answer_of_graphql_is_named_as_such() {
    let no_answer =
        error(ConnectorErrorCode::BadGateway).message("not a GraphQL response").raised_by("GraphQlError");
    for answered in [
        answer(200).json(json!({})),
        answer(200).json(json!([])),
        answer(200).html("<html>Log in</html>"),
        answer(204),
    ] {
        passes(users_case("odd").upstream(queried().answers(answered)).expect(no_answer.clone()));
    }
    passes(
        users_case("null")
            .upstream(queried().answers(json!({"data": null})))
            .expect(error(ConnectorErrorCode::InvalidResponse).message("null")),
    );
    passes(
        users_case("mistyped")
            .upstream(queried().answers(json!({"data": {"users": [{"id": 5}]}})))
            .expect(error(ConnectorErrorCode::InvalidResponse).message("expected")),
    );
}

#[test]
fn an_error_status_counts_before_the_body() {
    let body = json!({"errors": [{"message": "Bad token", "extensions": {"code": "FORBIDDEN"}}]});
    let expected = error(ConnectorErrorCode::Unauthorized)
        .message("Bad token")
        .status_code(401)
        .raised_by("HttpStatusError");
    passes(users_case("status").upstream(queried().answers((401, body))).expect(expected));
}

#[test]
fn errors_of_any_shape_are_told_in_the_words_of_the_app() {
    for errors in [
        json!("No such thing."),
        json!({"message": "No such thing."}),
        json!(["No such thing."]),
        json!([{"message": "No such thing.", "path": "users", "extensions": []}]),
        json!([{"message": {"text": "No such thing."}}]),
        json!({"users": ["No such thing."]}),
    ] {
        for answer in [
            json!({"errors": errors}),
            json!({"data": null, "errors": errors}),
            json!({"data": {"users": []}, "errors": errors}),
        ] {
            let expected =
                error(ConnectorErrorCode::InternalError).message("No such thing.").raised_by("GraphQlError");
            passes(users_case("fails").upstream(queried().answers(answer)).expect(expected));
        }
    }
    for errors in [json!(null), json!([]), json!(""), json!(false)] {
        let answer = json!({"data": {"users": []}, "errors": errors});
        passes(users_case("reads").upstream(queried().answers(answer)).expect(response(json!([]))));
    }
}

#[test]
fn a_code_in_the_body_says_more_than_the_status_400() {
    let failed = |status: u16, code: &str| {
        (status, json!({"errors": [{"message": "Please log in", "extensions": {"code": code}}]}))
    };
    for (answer, code) in [
        (failed(400, "UNAUTHENTICATED"), ConnectorErrorCode::Unauthorized),
        (failed(422, "FORBIDDEN"), ConnectorErrorCode::PermissionDenied),
        (failed(400, "not-found"), ConnectorErrorCode::NotFound),
        (failed(400, "SOMETHING_ELSE"), ConnectorErrorCode::BadRequest),
        (failed(404, "UNAUTHENTICATED"), ConnectorErrorCode::NotFound),
    ] {
        let expected = error(code).message("Please log in").status_code(answer.0);
        passes(users_case("fails").upstream(queried().answers(answer)).expect(expected));
    }
    let throttled = failed(400, "THROTTLED");
    let expected = error(ConnectorErrorCode::RateLimit).message("Please log in");
    passes(users_case("waits").upstream(queried().times(3).answers(throttled)).expect(expected));
}
