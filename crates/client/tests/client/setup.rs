//! Calls of a connector, for tests that need one.

use std::sync::{Arc, Mutex};

use lumos_connector_client::{HttpBuilder, HttpCall};
use lumos_connector_core::{Call, Integration};
use lumos_connector_types::capability::marker as capability;
use lumos_connector_types::payload::{FoundAccountData, ListAccounts};
use serde_json::{Value, json};

use super::app::App;

pub(crate) fn integration(slot: Arc<Mutex<Option<Call>>>) -> Integration {
    let keep = move |call: Call, _: ListAccounts| {
        *slot.lock().unwrap() = Some(call);
        async { Ok(Vec::<FoundAccountData>::new()) }
    };
    Integration::builder("acme", "1.2.3")
        .requires_authentication(false)
        .capability(capability::ListAccounts, keep)
        .build()
        .unwrap()
}

/// A call of `list_accounts` with a `rate_limit`, by a process that provides something.
pub(crate) async fn call(rate_limit: Value, provide: impl FnOnce(&Integration)) -> Call {
    let slot = Arc::new(Mutex::new(None));
    let integration = integration(Arc::clone(&slot));
    provide(&integration);
    let request = json!({"request": {}, "rate_limit": rate_limit}).to_string();
    let answer = integration.dispatch("list_accounts", &request).await;
    assert_eq!(answer.error_code(), None);
    slot.lock().unwrap().take().unwrap()
}

/// The beginning of a client for an app, and the app's address.
pub(crate) async fn http(app: &App) -> (HttpBuilder, String) {
    (call(Value::Null, |_| {}).await.http(), app.url())
}
