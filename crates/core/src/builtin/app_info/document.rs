//! The OpenAPI document: its head, its tags, and everything put together.

use lumos_connector_types::schema::Object;
use serde_json::{Value, json};

use super::components::{self, AUTH, CREDENTIALS, SETTINGS};
use super::definitions::Definitions;
use super::oauth_settings::{self, Flows};
use super::paths::Operations;
use super::security;
use super::type_substitution::DeclaredTypes;
use crate::builtin::probe;
use crate::call::Call;
use crate::integration::Integration;

/// The document of the connector that is called.
pub(super) fn document(call: &Call) -> Object {
    let integration = call.integration();
    let flows = oauth_settings::flows(call);
    let types = DeclaredTypes::of(integration);
    let mut definitions = Definitions::without(&[SETTINGS, AUTH, CREDENTIALS]);

    let mut schemas = Object::new();
    let settings = components::settings(integration, &types, &mut definitions);
    schemas.insert(SETTINGS.to_owned(), Value::Object(settings));
    let (name, credentials) = components::credentials(integration, &types, &mut definitions);
    schemas.insert(name.to_owned(), credentials);
    let paths =
        Operations { integration, flows: &flows, types: &types, definitions: &mut definitions }.paths();
    schemas.extend(definitions.into_schemas());

    let mut document = Object::new();
    document.insert("openapi".to_owned(), json!("3.0.0"));
    document.insert("info".to_owned(), head(integration, &flows));
    document.insert("servers".to_owned(), json!([]));
    document.insert("paths".to_owned(), Value::Object(paths));
    let schemes = security::schemes(integration, &flows);
    document.insert("components".to_owned(), json!({"securitySchemes": schemes, "schemas": schemas}));
    document.insert("tags".to_owned(), tags());
    document
}

/// The value of `info`, with what the platform reads in `x-` fields.
fn head(integration: &Integration, flows: &Flows) -> Value {
    let declaration = integration.declaration();
    let about = &declaration.about;
    let login = integration.auth_requirements();
    let combinations: Vec<_> = login.combinations().into_iter().filter(|ids| !ids.is_empty()).collect();
    json!({
        "title": about.user_friendly_name,
        "description": about.description.as_deref().unwrap_or_default(),
        "version": integration.version(),
        "x-app-id": integration.app_id(),
        "x-app-logo-url": about.logo_url.as_deref().unwrap_or_default(),
        "x-app-vendor-domain": about.vendor_domain.as_deref().unwrap_or_default(),
        "x-entitlement-types": about.entitlement_types,
        "x-access-graph-entitlement-types": about.access_graph_entitlement_types,
        "x-access-graph-entitlement-rules": about.entitlement_rules,
        "x-implied-access-rules": about.implied_access_rules,
        "x-resource-types": about.resource_types,
        "x-categories": {"type": "enum", "enum": about.categories},
        "x-oauth-settings": oauth_settings::described(integration, flows),
        "x-capabilities": declaration.capabilities.keys().collect::<Vec<_>>(),
        "x-multi-credential": !login.credentials.is_empty(),
        "x-probe-checks": probe::performable_checks(integration),
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
