//! What the environment says about authorities and proxies. It is a process's own, so each case runs in one of its own.

use std::process::Command;

use lumos_connector_client::HttpCall;
use serde_json::Value;

use super::app::{App, json};
use super::setup::call;

/// The variable that tells the test below that it runs for another one.
const ADDRESS: &str = "LUMOS_TEST_ADDRESS";

/// What a process with an environment prints that asks an app at an address.
async fn asked(address: &str, environment: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "environment::a_process_with_an_environment", "--nocapture"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        child.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    child.env(ADDRESS, address).envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.split_once("outcome: "));
    line.map_or_else(|| format!("no outcome: {text}"), |(_, outcome)| outcome.to_owned())
}

#[tokio::test]
async fn a_process_with_an_environment() {
    let Ok(address) = std::env::var(ADDRESS) else { return };
    let http =
        call(Value::Null, |host| host).await.http().retries(lumos_connector_client::retry::Retries::none());
    let outcome = match http.base_url(&address) {
        Ok(http) => http.get("a").send().await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(answer) => println!("\noutcome: {}", answer.text()),
        Err(error) => println!("\noutcome: {error}"),
    }
}

#[tokio::test]
async fn plain_http_needs_no_authorities() {
    let app = App::start([json("fine")]).await;
    let nowhere = [("SSL_CERT_FILE", "/nowhere/ca.pem"), ("SSL_CERT_DIR", "/nowhere")];
    assert_eq!(asked(&app.url(), &nowhere).await, "fine");
}

#[tokio::test]
async fn https_without_authorities_is_a_wrong_configuration_that_names_the_variable() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    let file = empty.path().to_str().unwrap();
    for (environment, variable) in [
        (
            vec![("SSL_CERT_FILE", "/nowhere/ca.pem"), ("SSL_CERT_DIR", "/nowhere")],
            "SSL_CERT_FILE (/nowhere/ca.pem)",
        ),
        (vec![("SSL_CERT_FILE", file)], "SSL_CERT_FILE"),
        (vec![("SSL_CERT_DIR", "/nowhere")], "SSL_CERT_DIR (/nowhere)"),
    ] {
        let outcome = asked("https://127.0.0.1:1", &environment).await;
        assert!(outcome.starts_with("invalid_value (InvalidConfigurationError)"), "{outcome}");
        assert!(outcome.contains(variable), "{outcome}");
    }
}

#[tokio::test]
async fn requests_go_through_the_proxy_of_the_environment_with_its_login() {
    let (proxy, app) = (App::start([json("proxy")]).await, App::start([json("app")]).await);
    let address = proxy.url().replace("http://", "http://user:pa%20ss@");
    let outcome = asked(&app.url(), &[("HTTP_PROXY", &address)]).await;
    assert_eq!((outcome.as_str(), app.asked().len()), ("proxy", 0));
    let [asked_proxy] = proxy.asked().try_into().unwrap();
    assert_eq!(asked_proxy.line, format!("GET {}/a HTTP/1.1", app.url()));
    assert_eq!(asked_proxy.header("proxy-authorization"), Some("Basic dXNlcjpwYSBzcw=="));
}

#[tokio::test]
async fn hosts_of_no_proxy_are_asked_directly() {
    let (proxy, app) = (App::start([json("proxy")]).await, App::start([json("app")]).await);
    for (entries, expected) in [
        ("*", "app"),
        ("127.0.0.1", "app"),
        ("127.0.0.0/8", "app"),
        ("10.0.0.0/8, .acme.test", "proxy"),
        ("", "proxy"),
    ] {
        let environment = [("http_proxy", proxy.url()), ("no_proxy", entries.to_owned())];
        let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(asked(&app.url(), &environment).await, expected, "{entries}");
    }
}

#[tokio::test]
async fn a_proxy_that_requests_cannot_go_through_is_refused() {
    let app = App::start([json("app")]).await;
    for proxy in
        ["ftp://user:hunter2@127.0.0.1:1", "socks5://user:hunter2@127.0.0.1:1", "http://user:hunter2@"]
    {
        let outcome = asked(&app.url(), &[("HTTP_PROXY", proxy)]).await;
        assert!(outcome.starts_with("invalid_value (InvalidConfigurationError): HTTP_PROXY"), "{outcome}");
        assert!(!outcome.contains("hunter2"), "{outcome}");
        assert_eq!(asked(&app.url(), &[("HTTP_PROXY", proxy), ("NO_PROXY", "127.0.0.1")]).await, "app");
        assert_eq!(asked(&app.url(), &[("HTTPS_PROXY", proxy)]).await, "app");
    }
}
