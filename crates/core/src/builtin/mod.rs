//! The capabilities that the SDK brings; a handler of the author's own takes the place of any of them.
//!
//! | file | capability |
//! | --- | --- |
//! | [`info`] | `info` on the command line |
//! | [`app_info`] | `app_info` |
//! | [`probe`] | `probe_integration` |
//! | [`oauth`] | the steps of OAuth 2.0 |
//! | [`credentials`] | `validate_credential_config` |

pub(crate) mod app_info;
pub mod credentials;
pub(crate) mod example;
pub(crate) mod info;
pub mod oauth;
pub mod probe;

use std::any::type_name;
use std::sync::Arc;

use lumos_connector_types::capability::{Capability as _, Registrable, StandardCapability, marker};
use lumos_connector_types::rate_limit::RateLimitMode;

use self::app_info::{AppInfoContext, app_info};
use self::credentials::{Validations, validate_credential_config};
use self::oauth::{
    OAuthFlows, get_authorization_url, handle_authorization_callback, handle_client_credentials,
    refresh_access_token,
};
use self::probe::{ProbeSettings, probe_integration};
use crate::call::Call;
use crate::call::reply::IntoReply;
use crate::declaration::error::Result;
use crate::dispatch::handler::{Handler, Registered};

/// What the connector declares for the capabilities that the SDK brings.
pub(crate) struct Declared {
    pub(crate) flows: Arc<OAuthFlows>,
    /// `None` for a connector that does not probe.
    pub(crate) probe: Option<Arc<ProbeSettings>>,
    /// `None` for a connector without several credentials, or that checks their form itself.
    pub(crate) validations: Option<Arc<Validations>>,
}

/// The capabilities that follow from what is declared.
pub(crate) fn capabilities(declared: Declared) -> Vec<Arc<dyn Registered>> {
    let Declared { flows, probe, validations } = declared;
    let has = |capability: StandardCapability| flows.all().any(|settings| settings.has(capability));
    let context = Arc::new(AppInfoContext { flows: Arc::clone(&flows), probe: probe.clone() });
    let mut all = vec![handler(&marker::AppInfo, &context, app_info)];
    if let Some(settings) = &probe {
        let probe = marker::ProbeIntegration.rate_limit_mode(RateLimitMode::RetryOnly);
        all.push(handler(&probe, settings, probe_integration));
    }
    if let Some(validations) = &validations {
        all.push(handler(&marker::ValidateCredentialConfig, validations, validate_credential_config));
    }
    if has(StandardCapability::GetAuthorizationUrl) {
        all.push(handler(&marker::GetAuthorizationUrl, &flows, get_authorization_url));
    }
    if has(StandardCapability::HandleAuthorizationCallback) {
        all.push(handler(&marker::HandleAuthorizationCallback, &flows, handle_authorization_callback));
    }
    if has(StandardCapability::HandleClientCredentials) {
        all.push(handler(&marker::HandleClientCredentials, &flows, handle_client_credentials));
    }
    if has(StandardCapability::RefreshAccessToken) {
        all.push(handler(&marker::RefreshAccessToken, &flows, refresh_access_token));
    }
    all
}

/// A handler that is also given what the connector declares for it.
fn handler<C, S, F, Fut, T>(capability: &C, declared: &Arc<S>, function: F) -> Arc<dyn Registered>
where
    C: Registrable,
    S: Send + Sync + 'static,
    F: Fn(Arc<S>, Call, C::Request) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T>> + Send + 'static,
    T: IntoReply<C::Response> + 'static,
{
    let declared = Arc::clone(declared);
    let with_declared = move |call: Call, request| function(Arc::clone(&declared), call, request);
    Arc::new(Handler::<C, _, Call, _, T>::named(capability, type_name::<F>(), with_declared))
}
