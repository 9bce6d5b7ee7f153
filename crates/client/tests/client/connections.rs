//! Connections: kept, shared, and trusted as configured.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use lumos_connector_client::limit::RateLimit;
use lumos_connector_client::{HttpBuilder, HttpCall};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::app::{Act, App, json, whole};
use super::setup::{answered, call};

#[tokio::test]
async fn clients_of_different_calls_share_connections() {
    let app = App::start([json("{}")]).await;
    for _ in 0..5 {
        let http = call(Value::Null, |host| host).await.http().bearer("t").base_url(&app.url()).unwrap();
        http.get("a").send().await.unwrap();
    }
    let connections: HashSet<_> = app.asked().into_iter().map(|asked| asked.connection).collect();
    // A connection that is not free again when the next request comes is not waited for.
    assert!(connections.len() < 5, "every call has made a connection of its own");
}

#[tokio::test]
async fn a_file_of_authorities_that_holds_none_is_a_wrong_configuration() {
    let http = || async { call(Value::Null, |host| host).await.http() };
    for file in ["no/such/file.pem", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")] {
        let error = http().await.extra_authorities(file).base_url("https://a.test").unwrap_err();
        assert_eq!(error.raised_by(), "InvalidConfigurationError");
        assert!(error.message().contains(file), "{}", error.message());
    }
}

/// An app that speaks TLS with a certificate of its own; its address, and the certificate in PEM.
async fn secure_app() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(&whole(200, &[], b"secure")).await;
            let _ = stream.shutdown().await;
        }
    });
    (url, made.cert.pem())
}

#[tokio::test]
async fn an_authority_in_a_file_is_trusted_and_others_are_not() {
    let (url, certificate) = secure_app().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, certificate).unwrap();
    let http =
        call(Value::Null, |host| host).await.http().extra_authorities(file.path()).base_url(&url).unwrap();
    assert_eq!(http.get("a").send().await.unwrap().text(), "secure");
    let act = move |http: HttpBuilder| {
        let http = http.base_url(&url);
        async move { http?.get("a").send().await }
    };
    let (read, clock) = answered(Value::Null, act).await;
    assert_eq!(read["error"]["error_code"], "connection_timeout");
    assert!(clock.waits().is_empty(), "who is not trusted is not asked again");
}

#[tokio::test]
async fn a_request_that_is_given_up_frees_its_place() {
    let app = App::start([Act::Stall(Vec::new()), json("{}")]).await;
    let limit = RateLimit::new("acme", 100, Duration::from_secs(60)).max_concurrent(1);
    let http = call(Value::Null, |host| host).await.http().rate_limit(limit).base_url(&app.url()).unwrap();
    let given_up = tokio::time::timeout(Duration::from_millis(100), http.get("a").send()).await;
    assert!(given_up.is_err());
    http.get("a").send().await.unwrap();
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_the_limit_allows() {
    let app = App::start([json("{}")]).await;
    let limit = RateLimit::new("acme", 100, Duration::from_secs(60)).max_concurrent(3);
    let http = call(Value::Null, |host| host).await.http().rate_limit(limit).base_url(&app.url()).unwrap();
    http.batch((0..12).map(|_| http.get("a"))).await.into_iter().for_each(|answer| drop(answer.unwrap()));
    let connections: HashSet<_> = app.asked().into_iter().map(|asked| asked.connection).collect();
    assert!((1..=3).contains(&connections.len()), "{}", connections.len());
}
