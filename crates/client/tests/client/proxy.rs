//! Proxy mode: what the proxy is sent, and what its answers mean.

use lumos_connector_client::HttpCall;
use lumos_connector_client::transport::Route;
use lumos_connector_client::transport::proxy::{Proxy, Tokens};
use lumos_connector_core::error::Result;
use lumos_connector_core::host::Host;
use lumos_connector_types::secret::Secret;
use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::app::{Act, App, answer};
use super::setup::call;

async fn sent(proxy: &App, method: Method) -> Result<String> {
    let url = Url::parse(&format!("{}/forward", proxy.url())).unwrap();
    let route = Route::from(Proxy::new(url, Tokens::fixed(Secret::from("let-me-in"))));
    let call = call(Value::Null, |host| host.transport(route)).await;
    let http = call.http().query_login("key", "hunter2").header("x-lumos-proxy-auth", "mine");
    let http = http.base_url("https://app.test/api")?;
    let answer = http.request(method, "users?x=1").json(&json!({"a": 1})).send().await?;
    Ok(answer.text().into_owned())
}

#[tokio::test]
async fn the_proxy_learns_where_to_forward_and_keeps_the_body_of_every_method() {
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let proxy = App::start([answer(200, &[], "hello")]).await;
        assert_eq!(sent(&proxy, method.clone()).await.unwrap(), "hello");
        let asked = &proxy.asked()[0];
        assert_eq!(asked.line, format!("{method} /forward HTTP/1.1"));
        assert_eq!(asked.header("x-forward-to"), Some("https://app.test/api/users?x=1&key=hunter2"));
        assert_eq!(asked.header("x-lumos-proxy-auth"), Some("let-me-in"));
        assert_eq!(asked.header("host"), proxy.url().strip_prefix("http://"));
        assert_eq!(asked.body, r#"{"a":1}"#);
    }
}

#[tokio::test]
async fn an_answer_counts_when_proxy_and_app_both_succeeded() {
    let sip = |status| ("x-lumos-sip-status-code", status);
    let app = |status| ("x-lumos-target-hostname-status-code", status);
    let cases: [(Act, Option<i64>); 9] = [
        (answer(200, &[], ""), None),
        (answer(201, &[], ""), None),
        (answer(204, &[], ""), None),
        (answer(500, &[sip("200"), app("201")], ""), Some(500)),
        (answer(200, &[sip("202"), app("204")], ""), None),
        (answer(200, &[sip("407")], ""), Some(407)),
        (answer(403, &[], ""), Some(403)),
        (answer(200, &[app("404")], ""), Some(404)),
        (answer(200, &[app("gone")], ""), Some(0)),
    ];
    for (act, failed_with) in cases {
        let shown = format!("{act:?}");
        let proxy = App::start([act]).await;
        match (sent(&proxy, Method::POST).await, failed_with) {
            (Ok(_), None) => {}
            (Err(error), Some(status)) if status != 500 => {
                assert_eq!(error.raised_by(), "InvalidResponseError", "{shown}");
                assert!(
                    error.message().contains(&format!("[{status}][https://app.test/api/users]")),
                    "{}",
                    error.message()
                );
                assert!(!error.message().contains("hunter2"));
            }
            // The proxy says in its header that it worked; the status is the app's.
            (Err(error), Some(500)) => assert_eq!(error.raised_by(), "HttpStatusError"),
            (other, _) => panic!("{shown}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_the_proxy_says_is_unpacked() {
    use std::io::Write as _;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"no route to the app").unwrap();
    for (body, said) in [(gzip.finish().unwrap(), "no route to the app"), (b"plain".to_vec(), "")] {
        let proxy = App::start([answer(502, &[("content-encoding", "gzip")], body)]).await;
        let error = sent(&proxy, Method::GET).await.unwrap_err();
        assert!(error.message().contains("[502]") && error.message().contains(said), "{}", error.message());
    }
}

#[tokio::test]
async fn a_host_with_this_client_has_proxy_mode_and_another_has_not() {
    assert!(Host::builder().use_proxy().is_err());
    assert!(lumos_connector_client::host().build().transport::<Route>().is_none());
    let proxied = lumos_connector_client::host().use_proxy().unwrap().build();
    assert!(proxied.transport::<Route>().is_some());
}
