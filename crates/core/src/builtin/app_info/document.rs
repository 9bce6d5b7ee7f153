//! The OpenAPI document: its head, its tags, and everything put together.

use lumos_connector_types::schema::Object;
use serde_json::{Value, json};

use super::AppInfoContext;
use super::components::{self, AUTH, CREDENTIALS, SETTINGS};
use super::definitions::Definitions;
use super::oauth_settings::{self, Flows};
use super::paths::Operations;
use super::security;
use super::type_substitution::DeclaredTypes;
use crate::builtin::probe::{ProbeSettings, performable_checks};
use crate::call::Call;
use crate::declaration::Declaration;

/// The document of the connector that is called.
pub(super) fn document(call: &Call, context: &AppInfoContext) -> Object {
    let declaration = call.declaration();
    let flows = oauth_settings::flows(call, &context.flows);
    let types = DeclaredTypes::of(declaration);
    let mut definitions = Definitions::without(&[SETTINGS, AUTH, CREDENTIALS]);

    let mut schemas = Object::new();
    let settings = components::settings(declaration, &types, &mut definitions);
    schemas.insert(SETTINGS.to_owned(), Value::Object(settings));
    let (name, credentials) = components::credentials(declaration, &types, &mut definitions);
    schemas.insert(name.to_owned(), credentials);
    let paths =
        Operations { declaration, flows: &flows, types: &types, definitions: &mut definitions }.paths();
    schemas.extend(definitions.into_schemas());

    let mut document = Object::new();
    document.insert("openapi".to_owned(), json!("3.0.0"));
    document.insert("info".to_owned(), head(declaration, &flows, context.probe.as_deref()));
    document.insert("servers".to_owned(), json!([]));
    document.insert("paths".to_owned(), Value::Object(paths));
    let schemes = security::schemes(declaration, &flows);
    document.insert("components".to_owned(), json!({"securitySchemes": schemes, "schemas": schemas}));
    document.insert("tags".to_owned(), tags());
    document
}

/// The value of `info`, with what the platform reads in `x-` fields.
fn head(declaration: &Declaration, flows: &Flows, probe: Option<&ProbeSettings>) -> Value {
    let about = &declaration.about;
    let login = &declaration.auth;
    let combinations: Vec<_> = login.combinations().into_iter().filter(|ids| !ids.is_empty()).collect();
    json!({
        "title": about.user_friendly_name,
        "description": about.description.as_deref().unwrap_or_default(),
        "version": declaration.version,
        "x-app-id": declaration.app_id.as_str(),
        "x-app-logo-url": about.logo_url.as_deref().unwrap_or_default(),
        "x-app-vendor-domain": about.vendor_domain.as_deref().unwrap_or_default(),
        "x-entitlement-types": about.entitlement_types,
        "x-access-graph-entitlement-types": about.access_graph_entitlement_types,
        "x-access-graph-entitlement-rules": about.entitlement_rules,
        "x-implied-access-rules": about.implied_access_rules,
        "x-resource-types": about.resource_types,
        "x-categories": {"type": "enum", "enum": about.categories},
        "x-oauth-settings": oauth_settings::described(declaration, flows),
        "x-capabilities": declaration.capabilities.keys().collect::<Vec<_>>(),
        "x-multi-credential": !login.credentials.is_empty(),
        "x-probe-checks": performable_checks(declaration, probe),
        "x-allowed-credentials": combinations,
    })
}

fn tags() -> Value {
    json!([
        {"name": "Read Capabilities", "description": "They change nothing in the app."},
        {"name": "Write Capabilities", "description": "They may change something in the app."},
        {"name": "Authorization", "description": "The steps of OAuth 2.0."},
        {"name": "Specification", "description": "What the connector says about itself."},
        {"name": "Validation", "description": "Whether credentials have the form that the connector needs."},
    ])
}
