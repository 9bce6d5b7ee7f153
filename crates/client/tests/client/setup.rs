//! Calls of a connector, for tests that need one.

use std::future::Future;
use std::sync::{Arc, Mutex};

use lumos_connector_client::clock::VirtualClock;
use lumos_connector_client::{HttpAnswer, HttpBuilder, HttpCall};
use lumos_connector_core::error::{self, Result};
use lumos_connector_core::host::{Host, HostBuilder};
use lumos_connector_core::{Call, Integration};
use lumos_connector_types::capability::marker as capability;
use lumos_connector_types::payload::{FoundAccountData, ListAccounts};
use serde_json::{Value, json};

use super::app::App;

fn integration<Fut>(handler: impl Fn(Call, ListAccounts) -> Fut + Send + Sync + 'static) -> Integration
where
    Fut: Future<Output = Result<Vec<FoundAccountData>>> + Send + 'static,
{
    Integration::builder("acme", "1.2.3")
        .requires_authentication(false)
        .on_error(error::http_status)
        .capability(capability::ListAccounts, handler)
        .build()
        .unwrap()
}

async fn dispatch(integration: &Integration, host: &Host, rate_limit: &Value) -> Value {
    let request = json!({"request": {}, "rate_limit": rate_limit}).to_string();
    let answer = integration.dispatch(host, "list_accounts", &request).await;
    serde_json::from_slice(&answer.into_bytes().await.unwrap()).unwrap()
}

/// A call of `list_accounts` with a `rate_limit`, in a host.
pub(crate) async fn call(rate_limit: Value, with: impl FnOnce(HostBuilder) -> HostBuilder) -> Call {
    let slot = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&slot);
    let integration = integration(move |call: Call, _| {
        *kept.lock().unwrap() = Some(call);
        async { Ok(Vec::new()) }
    });
    dispatch(&integration, &with(Host::builder()).build(), &rate_limit).await;
    slot.lock().unwrap().take().unwrap()
}

/// The beginning of a client for an app, and the app's address.
pub(crate) async fn http(app: &App) -> (HttpBuilder, String) {
    (call(Value::Null, |host| host).await.http(), app.url())
}

/// What a caller reads from a connector that does this with its client, on a virtual clock; and the clock.
pub(crate) async fn answered<F, Fut>(rate_limit: Value, act: F) -> (Value, VirtualClock)
where
    F: Fn(HttpBuilder) -> Fut + Send + Sync + Clone + 'static,
    Fut: Future<Output = Result<HttpAnswer>> + Send + 'static,
{
    let clock = VirtualClock::at_unix(std::time::Duration::from_secs(1_700_000_000));
    let integration = integration(move |call: Call, _| {
        let act = act.clone();
        async move {
            act(call.http()).await?;
            Ok(Vec::new())
        }
    });
    let host = Host::builder().clock(clock.clone()).build();
    (dispatch(&integration, &host, &rate_limit).await, clock)
}
