//! Connections: kept, shared, and trusted as configured.

use std::collections::HashSet;

use lumos_connector_client::HttpCall;
use serde_json::Value;

use super::app::{App, json};
use super::setup::call;

#[tokio::test]
async fn clients_of_different_calls_share_connections() {
    let app = App::start([json("{}")]).await;
    for _ in 0..5 {
        let http = call(Value::Null, |_| {}).await.http().bearer("t").base_url(&app.url()).unwrap();
        http.get("a").send().await.unwrap();
    }
    let connections: HashSet<_> = app.asked().into_iter().map(|asked| asked.connection).collect();
    assert_eq!(connections.len(), 1);
}

#[tokio::test]
async fn a_file_of_authorities_that_holds_none_is_a_wrong_configuration() {
    let http = || async { call(Value::Null, |_| {}).await.http() };
    for file in ["no/such/file.pem", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")] {
        let error = http().await.extra_authorities(file).base_url("https://a.test").unwrap_err();
        assert_eq!(error.raised_by(), "InvalidConfigurationError");
        assert!(error.text().contains(file), "{}", error.text());
    }
}
