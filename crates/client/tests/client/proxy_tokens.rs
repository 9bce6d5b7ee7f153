//! The tokens of proxy mode: asked for once, kept for a while, seen by nobody else.

use std::fs;

use lumos_connector_client::HttpCall;
use lumos_connector_client::transport::Route;
use lumos_connector_client::transport::proxy::{AwsKeys, Proxy, TokenFile, TokenService, Tokens};
use lumos_connector_core::error::Result;
use reqwest::Url;
use serde_json::Value;

use super::app::{App, answer, json};
use super::setup::call;

async fn send(proxy: &App, service: &App, file: &std::path::Path) -> Result<()> {
    let keys = AwsKeys { id: "AKID".into(), secret: "hunter2".into(), session: None };
    let service = TokenService::new(Url::parse(&service.url()).unwrap(), keys);
    let tokens = Tokens::of_service(service, TokenFile::at(file));
    let route = Route::from(Proxy::new(Url::parse(&proxy.url()).unwrap(), tokens));
    let call = call(Value::Null, |host| host.transport(route)).await;
    let http = call.http().base_url("https://app.test")?;
    for _ in 0..3 {
        http.get("users").send().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_kept_in_a_private_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token.json");
    let proxy = App::start([json("{}")]).await;
    let service = App::start([json(r#"{"macaroon":"m-1"}"#)]).await;
    for _ in 0..2 {
        send(&proxy, &service, &file).await.unwrap();
    }
    assert_eq!(service.asked().len(), 1);
    let asked = &service.asked()[0];
    assert!(asked.header("authorization").unwrap().starts_with("AWS4-HMAC-SHA256 Credential=AKID/"));
    assert!(proxy.asked().iter().all(|asked| asked.header("x-lumos-proxy-auth") == Some("m-1")));
    let kept: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(kept["token"], "m-1");
    assert!(kept["expire_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_token_that_is_over_or_that_others_could_have_written_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token.json");
    let over = r#"{"token":"old","expire_at":"2020-01-01T00:00:00Z"}"#;
    let foreign = r#"{"token":"old","expire_at":"2999-01-01T00:00:00Z"}"#;
    for (text, mode) in [(over, 0o600), (foreign, 0o644), (foreign, 0o600), ("nonsense", 0o600)] {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let proxy = App::start([json("{}")]).await;
        let service = App::start([json(r#"{"macaroon":"new"}"#)]).await;
        send(&proxy, &service, &file).await.unwrap();
        assert_eq!(proxy.asked()[0].header("x-lumos-proxy-auth"), Some("new"), "{text} {mode:o}");
    }
}

#[tokio::test]
async fn a_service_that_refuses_says_so_without_the_keys() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = App::start([json("{}")]).await;
    for (act, raised_by) in [
        (answer(403, &[], "no such key"), "AuthenticationError"),
        (json(r#"{"token":"x"}"#), "InvalidResponseError"),
    ] {
        let service = App::start([act]).await;
        let error = send(&proxy, &service, &folder.path().join("t")).await.unwrap_err();
        assert_eq!(error.raised_by(), raised_by);
        assert!(!format!("{error:?}").contains("hunter2"));
    }
    assert!(proxy.asked().is_empty());
}
