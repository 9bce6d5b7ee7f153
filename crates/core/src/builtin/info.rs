//! `info`: what a connector says about itself on its command line (contract §5).

use lumos_connector_types::envelope::{Empty, ResponseEnvelope};
use lumos_connector_types::info::{CapabilitySchema, Info};
use lumos_connector_types::json::JsonObject;
use lumos_connector_types::schema::{self, Object, Refs, title_case};
use serde_json::{Value, json};

use super::oauth::{OAuthFlows, Scopes};
use crate::call::python_json;
use crate::declaration::Declaration;
use crate::declaration::capability::CapabilityInfo;

/// The text of `info`: one JSON envelope with sorted keys, in ASCII.
pub(crate) fn text(declaration: &Declaration, flows: &OAuthFlows) -> String {
    let envelope = ResponseEnvelope { response: describe(declaration, flows), ..ResponseEnvelope::default() };
    // The envelope has string keys only, so it always has a JSON form, and the text is ASCII.
    let value = serde_json::to_value(envelope).unwrap_or_default();
    String::from_utf8(python_json::spaced(value)).unwrap_or_default()
}

fn describe(declaration: &Declaration, flows: &OAuthFlows) -> Info {
    let about = &declaration.about;
    let capabilities = declaration.capabilities.values();
    Info {
        app_id: declaration.app_id.clone(),
        app_vendor_domain: about.vendor_domain.clone(),
        version: declaration.version.clone(),
        capabilities: declaration.capabilities.keys().map(|name| (*name).to_owned()).collect(),
        capability_schema: capabilities.map(|info| (info.name.to_owned(), capability_schema(info))).collect(),
        oauth_scopes: fixed_scopes(flows).map(|scopes| scopes.by_name().clone()),
        authentication_schema: authentication_schema(declaration).into(),
        credentials_schema: credentials_schema(declaration, flows),
        logo_url: about.logo_url.clone(),
        user_friendly_name: Some(about.user_friendly_name.clone()),
        description: about.description.clone(),
        categories: Some(about.categories.clone()),
        entitlement_types: about.entitlement_types.clone(),
        access_graph_entitlement_types: Some(about.access_graph_entitlement_types.clone()),
        access_graph_entitlement_rules: Some(about.entitlement_rules.clone()),
        implied_access_rules: Some(about.implied_access_rules.clone()),
        resource_types: about.resource_types.clone(),
        request_settings_schema: with_field_order(declaration.settings_schema(Refs::Defs)).into(),
    }
}

/// The scopes of the integration's own OAuth flow, unless they are computed for each call.
fn fixed_scopes(flows: &OAuthFlows) -> Option<&Scopes> {
    flows.single.as_ref()?.scopes.as_ref()?.fixed()
}

fn authentication_schema(declaration: &Declaration) -> Object {
    declaration.auth.single.map(|(_, schema)| with_field_order(schema(Refs::Defs))).unwrap_or_default()
}

fn credentials_schema(declaration: &Declaration, flows: &OAuthFlows) -> Vec<JsonObject> {
    let credentials = declaration.auth.credentials.iter().map(|config| {
        let mut schema = with_field_order((config.schema)(Refs::Defs));
        schema.insert("id".to_owned(), json!(config.id));
        schema.insert("description".to_owned(), json!(config.description));
        schema.insert("x-optional".to_owned(), json!(config.optional));
        if let Some(flow) = &flows.single {
            let scopes = fixed_scopes(flows).map(Scopes::by_name);
            let settings = json!({"oauth_type": flow.flow, "scopes": scopes, "pkce_enabled": flow.pkce});
            schema.insert("oauth_settings".to_owned(), settings);
        }
        schema.into()
    });
    credentials.collect()
}

fn with_field_order(mut schema: Object) -> Object {
    let order: Vec<Value> = schema::field_order(&schema).into_iter().map(Value::from).collect();
    schema.insert("field_order".to_owned(), Value::Array(order));
    schema
}

fn capability_schema(info: &CapabilityInfo) -> CapabilitySchema {
    let metadata = &info.metadata;
    CapabilitySchema {
        argument: object_schema((info.request_schema)(Refs::Defs)).into(),
        output: object_schema((info.response_schema)(Refs::Defs)).into(),
        display_name: Some(metadata.display_name.clone().unwrap_or_else(|| title_case(info.name))),
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
