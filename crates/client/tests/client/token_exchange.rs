//! Token requests of OAuth: no redirects, bounded in time and size.

use lumos_connector_client::token_exchange::HttpTokenExchange;
use lumos_connector_core::Integration;
use lumos_connector_core::host::Host;
use lumos_connector_core::oauth::{
    ClientAuthentication, MAX_ANSWER_BYTES, OAuthSettings, TokenMethod, TokenParameters,
};
use lumos_connector_types::payload::OAuthClientCredential;
use serde_json::{Value, json};

use super::app::{Act, App, answer, json, whole};

const TOKENS: &str = r#"{"access_token":"at","token_type":"Bearer"}"#;

/// What a connector with this flow answers to the request for a new token.
async fn refreshed(flow: OAuthSettings, client_secret: &str) -> Value {
    let acme =
        Integration::builder("acme", "1.2.3").auth::<OAuthClientCredential>().oauth(flow).build().unwrap();
    let host = Host::builder().token_exchange(HttpTokenExchange::default()).build();
    let request =
        json!({"request": {"client_id": "c", "client_secret": client_secret, "refresh_token": "r"}});
    let answer = acme.dispatch(&host, "refresh_access_token", &request.to_string()).await;
    serde_json::from_slice(&answer.into_bytes().await.unwrap()).unwrap()
}

async fn refreshed_by(app: &App) -> Value {
    refreshed(OAuthSettings::client_credentials(app.url()), "hunter2").await
}

#[tokio::test]
async fn a_form_is_posted_and_the_tokens_come_back() {
    let app = App::start([json(TOKENS)]).await;
    assert_eq!(refreshed_by(&app).await["response"]["access_token"], "at");
    let [asked] = app.asked().try_into().unwrap();
    assert_eq!(asked.line, "POST / HTTP/1.1");
    assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(asked.header("accept"), Some("application/json"));
    assert_eq!(asked.body, "grant_type=refresh_token&refresh_token=r&client_id=c&client_secret=hunter2");
}

#[tokio::test]
async fn a_query_is_got_with_the_client_in_the_header() {
    let app = App::start([json(TOKENS)]).await;
    let flow = OAuthSettings::client_credentials(app.url())
        .token_request(TokenMethod::Get, TokenParameters::Query)
        .client_authentication(ClientAuthentication::BasicHeader);
    assert_eq!(refreshed(flow, "hunter2").await["response"]["access_token"], "at");
    let [asked] = app.asked().try_into().unwrap();
    assert_eq!(asked.line, "GET /?grant_type=refresh_token&refresh_token=r HTTP/1.1");
    assert_eq!(asked.header("authorization"), Some("Basic YzpodW50ZXIy"));
    assert_eq!(asked.body, "");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let app = App::start([answer(status, &[("location", "/elsewhere")], ""), json(TOKENS)]).await;
        assert_eq!(refreshed_by(&app).await["error"]["error_code"], "unauthorized", "{status}");
        assert_eq!(app.asked().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn an_answer_may_have_so_many_bytes_and_no_more() {
    let padded = |bytes: usize| format!("{TOKENS}{}", " ".repeat(bytes - TOKENS.len()));
    let app = App::start([json(&padded(MAX_ANSWER_BYTES)), json(&padded(MAX_ANSWER_BYTES + 1))]).await;
    assert_eq!(refreshed_by(&app).await["response"]["access_token"], "at");
    assert_eq!(refreshed_by(&app).await["error"]["error_code"], "invalid_response");
}

/// Stops the real time as soon as the app is asked: from then on, the clock jumps to whatever is waited for next.
async fn refreshed_on_a_virtual_clock(app: &App) -> Value {
    let clock = async {
        while app.asked().is_empty() {
            tokio::task::yield_now().await;
        }
        tokio::time::pause();
    };
    let (answer, ()) = tokio::join!(refreshed_by(app), clock);
    answer
}

#[tokio::test]
async fn an_endpoint_that_never_answers_is_given_up() {
    let half = whole(200, &[], TOKENS.as_bytes())[..60].to_vec();
    for said in [Vec::new(), half] {
        let app = App::start([Act::Stall(said)]).await;
        let answer = refreshed_on_a_virtual_clock(&app).await;
        assert_eq!(answer["error"]["error_code"], "request_timeout", "{answer}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_an_error_without_the_secret() {
    let no_host = refreshed(OAuthSettings::client_credentials("https:///token"), "hunter2").await;
    let no_scheme = refreshed(OAuthSettings::client_credentials("acme.test/token"), "hunter2").await;
    let basic = OAuthSettings::client_credentials("https://acme.test/token")
        .client_authentication(ClientAuthentication::BasicHeader)
        .token_request(TokenMethod::Get, TokenParameters::Query);
    let app = App::start([Act::Reset]).await;
    let broken = refreshed_by(&app).await;
    for answer in [no_host, no_scheme, broken, refreshed(basic, "hunter2\n\u{0}").await] {
        assert_eq!(answer["is_error"], true, "{answer}");
        assert!(!answer.to_string().contains("hunter2"), "{answer}");
    }
}

#[tokio::test]
async fn tokens_are_read_with_a_byte_order_mark_and_packed() {
    use std::io::Write as _;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(TOKENS.as_bytes()).unwrap();
    let utf_16: Vec<u8> = TOKENS.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for act in [
        answer(200, &[], format!("\u{feff}{TOKENS}")),
        answer(200, &[], utf_16),
        answer(200, &[("content-encoding", "GZIP")], gzip.finish().unwrap()),
        json(r#"{"access_token":"at","expires_in":"3599"}"#),
    ] {
        let app = App::start([act]).await;
        assert_eq!(refreshed_by(&app).await["response"]["access_token"], "at");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_unpacked_hides_no_status() {
    let packed = |status| answer(status, &[("content-encoding", "gzip")], "no");
    let app = App::start([packed(429), packed(200)]).await;
    assert_eq!(refreshed_by(&app).await["error"]["error_code"], "rate_limit");
    assert_eq!(refreshed_by(&app).await["error"]["error_code"], "invalid_response");
}

#[tokio::test]
async fn the_answer_of_github_to_a_bad_code_is_its_error() {
    let body =
        r#"{"error":"bad_verification_code","error_description":"The code passed is incorrect or expired."}"#;
    let app = App::start([json(body)]).await;
    let error = refreshed_by(&app).await["error"].take();
    assert_eq!(error["error_code"], "authentication_expired");
    assert_eq!(error["error_metadata"]["retryable"], false);
    assert_eq!(error["app_error_code"], "bad_verification_code");
}

#[tokio::test]
async fn control_characters_in_a_token_url_are_refused() {
    let app = App::start([json(TOKENS)]).await;
    for place in ["\n", "\r", "\t", "\u{0}"] {
        for url in [format!("{}{place}/token", app.url()), format!("{}/tok{place}en", app.url())] {
            let answer = refreshed(OAuthSettings::client_credentials(url), "hunter2").await;
            assert_eq!(answer["error"]["error_code"], "internal_error", "{answer}");
        }
    }
    assert!(app.asked().is_empty());
}
