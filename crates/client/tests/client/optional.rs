//! What is asked for and not there, and answers that must have one status.

use lumos_connector_core::error::{ConnectorError, HttpStatusError};
use lumos_connector_types::error::ConnectorErrorCode;
use serde_json::Value;

use super::app::{App, answer, json};
use super::setup::http;

#[tokio::test]
async fn what_the_app_does_not_know_is_none_and_every_other_error_an_error() {
    let script = [json("7"), answer(404, &[], "no user"), answer(403, &[], "no"), json("not JSON")];
    let app = App::start(script).await;
    let (http, url) = http(&app).await;
    let http = http.base_url(&url).unwrap();
    let user = || http.get("users/7").read_optional::<u8>();
    assert_eq!(user().await.unwrap(), Some(7));
    assert_eq!(user().await.unwrap(), None);
    assert_eq!(user().await.unwrap_err().source_as::<HttpStatusError>().unwrap().status, 403);
    assert_eq!(user().await.unwrap_err().code(), ConnectorErrorCode::InvalidResponse);
}

#[tokio::test]
async fn a_404_with_another_meaning_is_that_error_and_another_status_may_mean_it() {
    let app = App::start([answer(404, &[], r#"{"code": "disabled"}"#), answer(410, &[], "")]).await;
    let (builder, url) = http(&app).await;
    let client = builder
        .on_status(404, ConnectorErrorCode::Unauthorized)
        .on_status(410, ConnectorErrorCode::NotFound)
        .base_url(&url)
        .unwrap();
    assert_eq!(
        client.get("a").read_optional::<Value>().await.unwrap_err().code(),
        ConnectorErrorCode::Unauthorized
    );
    assert_eq!(client.get("a").read_optional::<Value>().await.unwrap(), None);

    let app = App::start([answer(404, &[], r#"{"code": "disabled"}"#)]).await;
    let (builder, url) = http(&app).await;
    let client =
        builder.map_error(|_, error: ConnectorError| error.with_code(ConnectorErrorCode::PermissionDenied));
    let client = client.base_url(&url).unwrap();
    assert_eq!(
        client.get("a").read_optional::<Value>().await.unwrap_err().code(),
        ConnectorErrorCode::PermissionDenied
    );
}

#[tokio::test]
async fn of_a_batch_an_empty_id_costs_itself_and_an_error_nothing_but_its_own_place() {
    let app = App::start([answer(404, &[], ""), json("1"), answer(500, &[], ""), json("1")]).await;
    let (builder, url) = http(&app).await;
    // One after the other, as the script is.
    let client = builder.retries(lumos_connector_client::retry::Retries::none()).base_url(&url).unwrap();
    let mut found = Vec::new();
    for ids in [["", "a"], ["b", ".."], ["c", ""]] {
        let requests = ids.map(|id| client.get(["users", id]));
        found.extend(client.batch_read_optional::<u8>(requests).await);
    }
    let codes: Vec<_> = found.iter().map(|one| one.as_ref().map_err(ConnectorError::code).copied()).collect();
    assert_eq!(
        codes,
        [
            Ok(None),
            Ok(None),
            Ok(Some(1)),
            Err(ConnectorErrorCode::InvalidValue),
            Err(ConnectorErrorCode::InternalError),
            Ok(None)
        ]
    );
    let asked: Vec<_> = app.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(asked, ["a", "b", "c"].map(|id| format!("GET /users/{id} HTTP/1.1")));
}

#[tokio::test]
async fn the_answers_of_a_batch_are_read_in_the_order_of_the_requests() {
    let app = App::start([json("5")]).await;
    let (builder, url) = http(&app).await;
    let client = builder.base_url(&url).unwrap();
    let read = client.batch_read::<u8>(["a", "", "b"].map(|id| client.get(["users", id]))).await;
    let read: Vec<_> = read.into_iter().map(|one| one.map_err(|error| error.code())).collect();
    assert_eq!(read, [Ok(5), Err(ConnectorErrorCode::InvalidValue), Ok(5)]);
}

#[tokio::test]
async fn an_answer_with_another_status_than_expected_is_an_error() {
    let script =
        [answer(204, &[], ""), answer(404, &[], ""), answer(202, &[], "later"), answer(403, &[], "no")];
    let app = App::start(script).await;
    let (builder, url) = http(&app).await;
    let client = builder.base_url(&url).unwrap();
    let delete = || client.delete("users/7").once().expect_status([204, 404]);
    assert_eq!(delete().await.unwrap().status(), 204);
    assert_eq!(delete().await.unwrap().status(), 404);
    let accepted = delete().await.unwrap_err();
    assert_eq!(accepted.code(), ConnectorErrorCode::InvalidResponse);
    assert_eq!(accepted.message(), format!("[202][DELETE {url}/users/7] expected the status 204 or 404"));
    assert_eq!(delete().await.unwrap_err().source_as::<HttpStatusError>().unwrap().status, 403);
}
