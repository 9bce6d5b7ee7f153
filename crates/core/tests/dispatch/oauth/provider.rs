//! A token endpoint in place of a provider's, and a connector that uses it.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use lumos_connector_core::Integration;
use lumos_connector_core::auth::OAuthModel;
use lumos_connector_core::error::Result;
use lumos_connector_core::host::Host;
use lumos_connector_core::oauth::{OAuthSettings, TokenAnswer, TokenExchange, TokenRequest};
use serde_json::{Value, json};

use crate::acme::{answer, builder, bytes, dispatch_in};

pub(super) const AUTHORIZE: &str = "https://acme.test/authorize";
pub(super) const TOKEN: &str = "https://acme.test/token";
pub(super) const TOKENS: &str = r#"{"access_token":"at","refresh_token":"rt","token_type":"Bearer"}"#;

/// It notes what it is sent, and gives the same answer to all.
#[derive(Clone)]
pub(super) struct Provider {
    status: u16,
    body: String,
    sent: Arc<Mutex<Vec<TokenRequest>>>,
}

impl Provider {
    pub(super) fn answering(status: u16, body: impl Into<String>) -> Self {
        Self { status, body: body.into(), sent: Arc::default() }
    }

    pub(super) fn content() -> Self {
        Self::answering(200, TOKENS)
    }

    /// How many requests it was sent.
    pub(super) fn requests(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// The only request that it was sent.
    pub(super) fn request(&self) -> TokenRequest {
        let mut sent = self.sent.lock().unwrap();
        assert_eq!(sent.len(), 1, "one token request");
        sent.remove(0)
    }
}

impl TokenExchange for Provider {
    fn send(&self, request: TokenRequest) -> Pin<Box<dyn Future<Output = Result<TokenAnswer>> + Send>> {
        self.sent.lock().unwrap().push(request);
        let answer = TokenAnswer::new(self.status, self.body.clone());
        Box::pin(async { Ok(answer) })
    }
}

/// A connector with one OAuth flow.
pub(super) fn with_flow<T: OAuthModel>(flow: OAuthSettings) -> Integration {
    builder().auth::<T>().oauth(flow).build().unwrap()
}

/// Calls a capability of a connector that talks to a provider.
pub(super) fn call(acme: &Integration, provider: &Provider, capability: &str, request: &Value) -> Value {
    let host = Host::builder().token_exchange(provider.clone()).build();
    let answer = dispatch_in(&host, acme, capability, &request.to_string());
    serde_json::from_slice(&bytes(answer).unwrap()).unwrap()
}

/// Calls a capability of a connector that needs no provider for it.
pub(super) fn ask(acme: &Integration, capability: &str, request: &Value) -> Value {
    answer(acme, capability, &request.to_string())
}

/// The payload of a token request, with more fields.
pub(super) fn client(more: Value) -> Value {
    let mut payload = json!({"client_id": "the client", "client_secret": "s&cret"});
    let Value::Object(more) = more else { panic!("{more} is no object") };
    payload.as_object_mut().unwrap().extend(more);
    payload
}
