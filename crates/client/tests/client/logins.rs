//! How requests say who sends them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lumos_connector_client::http::{Authorize, SessionLogin, Token};
use lumos_connector_client::{HttpBuilder, HttpCall};
use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_types::payload::{BasicCredential, OAuthCredential, TokenCredential};
use lumos_connector_types::secret::Secret;
use serde_json::Value;

use super::app::{App, Asked, answer, json};
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

/// A session login that counts how often it logs in, and gives the tokens `s1`, `s2` and so on.
fn session(logins: &Arc<AtomicUsize>) -> SessionLogin {
    let logins = Arc::clone(logins);
    SessionLogin::bearer(move || {
        let number = logins.fetch_add(1, Ordering::SeqCst) + 1;
        async move { Ok(Token::from(format!("s{number}"))) }
    })
}

fn sent_tokens(app: &App) -> Vec<String> {
    let token = |asked: &Asked| asked.header("authorization").unwrap_or_default().to_owned();
    app.asked().iter().map(token).collect()
}

#[tokio::test]
async fn a_session_is_opened_once_and_shared() {
    let app = App::start([json("{}")]).await;
    let logins = Arc::default();
    let (http, url) = http(&app).await;
    let http = http.authorize_with(session(&logins)).base_url(&url).unwrap();
    let (first, second) = tokio::join!(http.get("a").send(), http.get("b").send());
    assert!(first.unwrap().is_success() && second.unwrap().is_success());
    assert_eq!(sent_tokens(&app), ["Bearer s1", "Bearer s1"]);
    assert_eq!(logins.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn after_a_401_the_session_is_opened_again_and_the_request_sent_once_more() {
    let app = App::start([answer(401, &[], ""), json("{}")]).await;
    let logins = Arc::default();
    let (http, url) = http(&app).await;
    let http = http.authorize_with(session(&logins)).base_url(&url).unwrap();
    assert!(http.post("users").body("text/plain", "body").send().await.unwrap().is_success());
    assert_eq!(sent_tokens(&app), ["Bearer s1", "Bearer s2"]);
    let bodies: Vec<_> = app.asked().iter().map(|asked| asked.body.clone()).collect();
    assert_eq!(bodies, ["body", "body"]);
}

#[tokio::test]
async fn a_second_401_is_the_answer() {
    let app = App::start([answer(401, &[], "")]).await;
    let logins = Arc::default();
    let (http, url) = http(&app).await;
    let http = http.authorize_with(session(&logins)).base_url(&url).unwrap();
    let refused = http.get("users").send().await.unwrap_err();
    assert_eq!(refused.raised_by(), "HttpStatusError");
    assert_eq!(sent_tokens(&app), ["Bearer s1", "Bearer s2"]);
}

#[tokio::test]
async fn a_login_that_fails_is_the_answer_of_the_request() {
    let app = App::start([json("{}")]).await;
    let (http, url) = http(&app).await;
    let failing = SessionLogin::bearer(async || Err(ConnectorError::authentication("Wrong password")));
    let http = http.authorize_with(failing).base_url(&url).unwrap();
    assert_eq!(http.get("users").send().await.unwrap_err().message(), "Wrong password");
    assert!(app.asked().is_empty());
}
