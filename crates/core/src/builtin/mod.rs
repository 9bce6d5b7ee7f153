//! The capabilities that the SDK brings; a handler of the author's own takes the place of any of them.

mod app_info;
mod credentials;
mod info;
pub mod oauth;
pub mod probe;

use std::sync::Arc;

use lumos_connector_types::capability::{Capability, StandardCapability, marker};
use lumos_connector_types::rate_limit::RateLimitMode;

use crate::builtin::app_info::app_info;
use crate::builtin::credentials::validate_credential_config;
use crate::builtin::oauth::{
    get_authorization_url, handle_authorization_callback, handle_client_credentials, refresh_access_token,
};
use crate::builtin::probe::probe_integration;
use crate::declaration::auth::AuthRequirements;
use crate::dispatch::handler::{Handler, Registered};

/// What decides which capabilities the SDK brings.
pub(crate) struct Wanted<'a> {
    pub(crate) login: &'a AuthRequirements,
    pub(crate) probe: bool,
    pub(crate) credential_validation: bool,
}

pub(crate) fn capabilities(wanted: &Wanted<'_>) -> Vec<Arc<dyn Registered>> {
    let flows = || {
        wanted
            .login
            .oauth
            .iter()
            .chain(wanted.login.credentials.iter().filter_map(|entry| entry.oauth.as_ref()))
    };
    let has = |capability: StandardCapability| flows().any(|settings| settings.has(capability));
    let mut all: Vec<Arc<dyn Registered>> = vec![Arc::new(Handler::new(&marker::AppInfo, app_info))];
    if wanted.probe {
        let probe = marker::ProbeIntegration.rate_limit_mode(RateLimitMode::RetryOnly);
        all.push(Arc::new(Handler::new(&probe, probe_integration)));
    }
    if wanted.credential_validation && !wanted.login.credentials.is_empty() {
        all.push(Arc::new(Handler::new(&marker::ValidateCredentialConfig, validate_credential_config)));
    }
    if has(StandardCapability::GetAuthorizationUrl) {
        all.push(Arc::new(Handler::new(&marker::GetAuthorizationUrl, get_authorization_url)));
    }
    if has(StandardCapability::HandleAuthorizationCallback) {
        all.push(Arc::new(Handler::new(&marker::HandleAuthorizationCallback, handle_authorization_callback)));
    }
    if has(StandardCapability::HandleClientCredentials) {
        all.push(Arc::new(Handler::new(&marker::HandleClientCredentials, handle_client_credentials)));
    }
    if has(StandardCapability::RefreshAccessToken) {
        all.push(Arc::new(Handler::new(&marker::RefreshAccessToken, refresh_access_token)));
    }
    all
}
