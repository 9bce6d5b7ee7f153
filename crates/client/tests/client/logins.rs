//! How requests say who sends them.

use lumos_connector_client::http::Authorize;
use lumos_connector_client::{HttpBuilder, HttpCall};
use lumos_connector_core::error::Result;
use lumos_connector_types::payload::{BasicCredential, OAuthCredential, TokenCredential};
use lumos_connector_types::secret::Secret;
use serde_json::Value;

use super::app::{App, Asked, json};
use super::setup::{call, http};

async fn asked(login: impl FnOnce(HttpBuilder) -> HttpBuilder) -> Asked {
    let app = App::start([json("{}")]).await;
    let (http, url) = http(&app).await;
    let answer = login(http).base_url(&url).unwrap().get("users").send().await.unwrap();
    assert!(!format!("{answer:?} {:?}", answer.url()).contains("hunter2"));
    app.asked().remove(0)
}

#[tokio::test]
async fn a_password_goes_into_the_basic_scheme() {
    let credential = BasicCredential { username: "é:".into(), password: "hunter2".into() };
    assert_eq!(
        asked(|http| http.basic(credential)).await.header("authorization"),
        Some("Basic w6k6Omh1bnRlcjI=")
    );
    assert_eq!(asked(|http| http.basic(("u", "p"))).await.header("authorization"), Some("Basic dTpw"));
}

#[tokio::test]
async fn tokens_of_every_credential_go_into_bearer() {
    let expected = Some("Bearer hunter2");
    let token = TokenCredential { token: "hunter2".into() };
    assert_eq!(asked(|http| http.bearer(token)).await.header("authorization"), expected);
    let oauth = OAuthCredential { access_token: "hunter2".into() };
    assert_eq!(asked(|http| http.bearer(oauth)).await.header("authorization"), expected);
    assert_eq!(asked(|http| http.bearer(Secret::from("hunter2"))).await.header("authorization"), expected);
}

#[tokio::test]
async fn apps_with_ways_of_their_own_are_served() {
    let scheme = asked(|http| http.authorization("SSWS", "hunter2")).await;
    assert_eq!(scheme.header("authorization"), Some("SSWS hunter2"));
    let header = asked(|http| http.header_login("X-Api-Key", "hunter2")).await;
    assert_eq!(header.header("x-api-key"), Some("hunter2"));
    let parameter = asked(|http| http.query_login("api key", "hunter2&")).await;
    assert_eq!(parameter.line, "GET /users?api+key=hunter2%26 HTTP/1.1");
}

#[tokio::test]
async fn a_signature_sees_the_whole_request() {
    struct Signature;
    impl Authorize for Signature {
        fn authorize(&self, request: &mut reqwest::Request) -> Result<()> {
            let size = request.body().and_then(reqwest::Body::as_bytes).map_or(0, <[u8]>::len);
            let signature = format!("{} {} {size}", request.method(), request.url().path());
            request.headers_mut().insert("signature", signature.parse()?);
            Ok(())
        }
    }
    let asked = asked(|http| http.authorize_with(Signature)).await;
    assert_eq!(asked.header("signature"), Some("GET /users 0"));
}

#[tokio::test]
async fn a_token_that_fits_no_header_is_a_bad_request_that_does_not_show_it() {
    let error = call(Value::Null, |host| host)
        .await
        .http()
        .bearer("hunter2\n")
        .base_url("https://a.test")
        .unwrap_err();
    assert_eq!(error.raised_by(), "ClientError");
    assert!(!error.message().contains("hunter2"));
}
