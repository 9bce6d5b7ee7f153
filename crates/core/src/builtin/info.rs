//! `info`: what a connector says about itself on its command line (contract §5).

use lumos_connector_types::envelope::{Empty, ResponseEnvelope};
use lumos_connector_types::info::{CapabilitySchema, Info};
use lumos_connector_types::json::JsonObject;
use lumos_connector_types::schema::{self, Object, Refs, title_case};
use lumos_connector_types::settings_field::{EmptySettings, SECRET};
use serde_json::{Value, json};

use crate::call::python_json;
use crate::dispatch::handler::CapabilityInfo;
use crate::integration::Integration;
use crate::oauth::Scopes;

impl Integration {
    /// The text of `info`: one JSON envelope with sorted keys, in ASCII.
    #[must_use]
    pub fn info(&self) -> String {
        let envelope = ResponseEnvelope { response: self.describe(), ..ResponseEnvelope::default() };
        // The envelope has string keys only, so it always has a JSON form, and the text is ASCII.
        let value = serde_json::to_value(envelope).unwrap_or_default();
        String::from_utf8(python_json::spaced(value)).unwrap_or_default()
    }

    /// The names, in lower case, of the fields that settings and credentials mark as secret.
    #[must_use]
    pub fn secret_fields(&self) -> Vec<String> {
        let login = self.auth_requirements();
        let credentials = login.credentials.iter().map(|config| config.schema);
        let schemas = login.single.map(|(_, schema)| schema).into_iter().chain(credentials);
        let schemas = schemas.chain(self.settings_model().map(|model| model.schema));
        let mut names = Vec::new();
        for schema in schemas.map(|schema| schema(Refs::Defs)) {
            for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                if property.get(SECRET) == Some(&Value::Bool(true)) {
                    names.push(name.to_lowercase());
                }
            }
        }
        names
    }

    fn describe(&self) -> Info {
        let declaration = self.declaration();
        let about = &declaration.about;
        let capabilities = declaration.capabilities.values().map(|registered| registered.facts());
        Info {
            app_id: self.app_id().to_owned(),
            app_vendor_domain: about.vendor_domain.clone(),
            version: self.version().to_owned(),
            capabilities: declaration.capabilities.keys().map(|name| (*name).to_owned()).collect(),
            capability_schema: capabilities
                .map(|facts| (facts.name.to_owned(), capability_schema(facts)))
                .collect(),
            oauth_scopes: self.fixed_scopes().map(|scopes| scopes.by_name().clone()),
            authentication_schema: self.authentication_schema().into(),
            credentials_schema: self.credentials_schema(),
            logo_url: about.logo_url.clone(),
            user_friendly_name: Some(about.user_friendly_name.clone()),
            description: about.description.clone(),
            categories: Some(about.categories.clone()),
            entitlement_types: about.entitlement_types.clone(),
            access_graph_entitlement_types: Some(about.access_graph_entitlement_types.clone()),
            access_graph_entitlement_rules: Some(about.entitlement_rules.clone()),
            implied_access_rules: Some(about.implied_access_rules.clone()),
            resource_types: about.resource_types.clone(),
            request_settings_schema: with_field_order(self.settings_schema(Refs::Defs)).into(),
        }
    }

    pub(crate) fn settings_schema(&self, refs: Refs) -> Object {
        match self.settings_model() {
            Some(model) => (model.schema)(refs),
            None => schema::of::<EmptySettings>(refs),
        }
    }

    /// The scopes of the integration's own OAuth flow, unless they are computed for each call.
    fn fixed_scopes(&self) -> Option<&Scopes> {
        self.auth_requirements().oauth.as_ref()?.scopes.as_ref()?.fixed()
    }

    fn authentication_schema(&self) -> Object {
        self.auth_requirements()
            .single
            .map(|(_, schema)| with_field_order(schema(Refs::Defs)))
            .unwrap_or_default()
    }

    fn credentials_schema(&self) -> Vec<JsonObject> {
        let credentials = self.auth_requirements().credentials.iter().map(|config| {
            let mut schema = with_field_order((config.schema)(Refs::Defs));
            schema.insert("id".to_owned(), json!(config.id));
            schema.insert("description".to_owned(), json!(config.description));
            schema.insert("x-optional".to_owned(), json!(config.optional));
            if let Some(flow) = &self.auth_requirements().oauth {
                let scopes = self.fixed_scopes().map(Scopes::by_name);
                let settings = json!({"oauth_type": flow.flow, "scopes": scopes, "pkce_enabled": flow.pkce});
                schema.insert("oauth_settings".to_owned(), settings);
            }
            schema.into()
        });
        credentials.collect()
    }
}

fn with_field_order(mut schema: Object) -> Object {
    let order: Vec<Value> = schema::field_order(&schema).into_iter().map(Value::from).collect();
    schema.insert("field_order".to_owned(), Value::Array(order));
    schema
}

fn capability_schema(facts: &CapabilityInfo) -> CapabilitySchema {
    let metadata = &facts.metadata;
    CapabilitySchema {
        argument: object_schema((facts.request_schema)(Refs::Defs)).into(),
        output: object_schema((facts.response_schema)(Refs::Defs)).into(),
        display_name: Some(metadata.display_name.clone().unwrap_or_else(|| title_case(facts.name))),
        description: metadata.description.clone(),
    }
}

/// A list is shown as an empty object.
fn object_schema(schema: Object) -> Object {
    if schema.get("type").is_some_and(|kind| kind == "array") {
        schema::of::<Empty>(Refs::Defs)
    } else {
        schema
    }
}
