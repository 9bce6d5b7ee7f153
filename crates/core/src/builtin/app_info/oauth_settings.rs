//! OAuth flows, with their addresses and scopes computed for the call (contract §6).

use indexmap::IndexMap;
use lumos_connector_types::schema::Object;
use serde_json::{Value, json};

use crate::builtin::oauth::{Computed, OAuthFlow, OAuthFlows, OAuthSettings, Scopes};
use crate::call::Call;
use crate::declaration::Declaration;
use crate::declaration::auth::AuthModel;

/// The OAuth flow of a credential, as it is for one call.
pub(super) struct Flow {
    pub(super) kind: OAuthFlow,
    pub(super) authorization_url: String,
    pub(super) token_url: String,
    pub(super) scopes: Scopes,
    capabilities: Object,
    pkce: bool,
}

/// The flows of a connector: by credential, or by app id for a single credential.
pub(super) type Flows = IndexMap<String, Flow>;

/// All flows of the connector that is called.
pub(super) fn flows(call: &Call, flows: &OAuthFlows) -> Flows {
    match (&call.declaration().auth.single, &flows.single) {
        (Some((model, _)), Some(settings)) => {
            let flow = Flow::of(settings, call).limited_to(*model);
            Flows::from_iter([(call.app_id().to_owned(), flow)])
        }
        _ => {
            let flows = flows.by_credential.iter();
            flows.map(|(id, settings)| (id.clone(), Flow::of(settings, call))).collect()
        }
    }
}

/// The value of `x-oauth-settings`: the flow of a single credential, or each flow by its credential.
pub(super) fn described(declaration: &Declaration, flows: &Flows) -> Value {
    match (declaration.auth.single, flows.first()) {
        (Some(_), Some((_, flow))) => flow.described(),
        _ => flows.iter().map(|(id, flow)| (id.clone(), flow.described())).collect::<Object>().into(),
    }
}

impl Flow {
    /// What cannot be computed is empty: `app_info` answers before there are settings.
    fn of(settings: &OAuthSettings, call: &Call) -> Self {
        let address = |url: &Computed<String>| url.of(call).unwrap_or_default();
        let capabilities = settings.flow_capabilities().iter();
        Self {
            kind: settings.flow,
            authorization_url: settings.authorization_url.as_ref().map(address).unwrap_or_default(),
            token_url: address(&settings.token_url),
            scopes: settings.scopes_of(call).unwrap_or_default(),
            capabilities: capabilities
                .map(|one| (one.as_str().to_owned(), json!(settings.has(*one))))
                .collect(),
            pkce: settings.pkce,
        }
    }

    /// A single credential shows the addresses that its model has a use for, whatever flow is declared.
    fn limited_to(mut self, model: AuthModel) -> Self {
        if model != AuthModel::OAuth {
            self.authorization_url.clear();
        }
        if !matches!(model, AuthModel::OAuth | AuthModel::OAuthClientCredentials) {
            self.token_url.clear();
        }
        self
    }

    fn described(&self) -> Value {
        json!({
            "oauth_type": self.kind,
            "token_url": self.token_url,
            "authorization_url": self.authorization_url,
            "capabilities": self.capabilities,
            "scopes": self.described_scopes(),
            "pkce_enabled": self.pkce,
        })
    }

    /// From each scope text to the capabilities that need it.
    pub(super) fn described_scopes(&self) -> Object {
        let mut users: IndexMap<&str, Vec<&str>> = IndexMap::new();
        for (capability, scope) in self.scopes.by_name().iter().filter(|(_, scope)| !scope.is_empty()) {
            users.entry(scope).or_default().push(capability);
        }
        let described = |capabilities: Vec<&str>| json!(format!("Required for {}", capabilities.join(", ")));
        users.into_iter().map(|(scope, capabilities)| (scope.to_owned(), described(capabilities))).collect()
    }
}
