//! The schemas that all operations refer to: `Settings`, and `Auth` or `Credentials`.

use std::collections::HashSet;

use lumos_connector_types::auth::{
    BasicAuthentication, OAuthAuthentication, OAuthClientCredentialAuthentication, TokenAuthentication,
};
use lumos_connector_types::schema::{self, Object, Refs, openapi};
use serde_json::{Value, json};

use super::definitions::{Definitions, referenced};
use super::type_substitution::DeclaredTypes;
use crate::declaration::Declaration;
use crate::declaration::auth::{AuthModel, CredentialEntry, SchemaOf};

/// The name of the schema of the settings.
pub(super) const SETTINGS: &str = "Settings";

/// The name of the schema of a request's `auth`.
pub(super) const AUTH: &str = "Auth";

/// The name of the schema of a request's `credentials`.
pub(super) const CREDENTIALS: &str = "Credentials";

/// The schema of the settings.
///
/// The models and enums that its fields name directly are shown as they are; they belong to forms. Those that only
/// appear inside lists, behind `null` or in other models are defined like any other; the reference forgets them.
pub(super) fn settings(
    declaration: &Declaration,
    types: &DeclaredTypes,
    definitions: &mut Definitions,
) -> Object {
    let schema = declaration.settings_schema(Refs::Components);
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Object::values);
    let named = properties.filter_map(|property| referenced(property.as_object()?));
    let named: HashSet<String> = named.map(str::to_owned).collect();
    let schema = definitions.adopt(schema, |name, definition| {
        if named.contains(name) { definition } else { types.narrow(openapi(definition)) }
    });
    with_field_order(openapi(schema))
}

/// The name and the schema of the credentials that requests carry.
pub(super) fn credentials(
    declaration: &Declaration,
    types: &DeclaredTypes,
    definitions: &mut Definitions,
) -> (&'static str, Value) {
    let login = &declaration.auth;
    let mut form = |schema: SchemaOf| {
        let schema = schema(Refs::Components);
        with_field_order(openapi(
            definitions.adopt(schema, |_, definition| types.narrow(openapi(definition))),
        ))
    };
    if let Some((model, schema)) = login.single {
        let name = model.as_str();
        return (AUTH, json!({"properties": { name: form(schema) }, "required": [name]}));
    }
    let all: Vec<Value> =
        login.credentials.iter().map(|entry| credential(entry, form(form_of(entry)))).collect();
    (CREDENTIALS, json!({"type": "array", "items": {"allOf": all}}))
}

/// One of several credentials, under the key that its form names, which is that of its model if it names none.
fn credential(entry: &CredentialEntry, mut form: Object) -> Value {
    let key =
        form.get("x-credential-type").and_then(Value::as_str).unwrap_or(entry.model.as_str()).to_owned();
    let name = entry.name.as_deref().unwrap_or(default_name(entry.model));
    form.insert("description".to_owned(), json!(entry.description));
    form.insert("x-optional".to_owned(), json!(entry.optional));
    form.insert("x-credential-name".to_owned(), json!(name));
    json!({
        "type": "object",
        "properties": {"id": {"type": "string", "enum": [entry.id]}, (key.as_str()): form},
        "required": ["id", key],
    })
}

/// The connector's own form, or what requests carry of the model: a token, without what once obtained it.
fn form_of(entry: &CredentialEntry) -> SchemaOf {
    entry.input_model.unwrap_or(match entry.model {
        AuthModel::OAuth => schema::of::<OAuthAuthentication>,
        AuthModel::OAuthClientCredentials => schema::of::<OAuthClientCredentialAuthentication>,
        AuthModel::Basic => schema::of::<BasicAuthentication>,
        AuthModel::Token => schema::of::<TokenAuthentication>,
        _ => entry.schema,
    })
}

fn default_name(model: AuthModel) -> &'static str {
    match model {
        AuthModel::OAuth => "OAuth 2.0",
        AuthModel::OAuthClientCredentials => "OAuth 2.0 Client Credentials",
        AuthModel::OAuth1 => "OAuth 1.0",
        AuthModel::Basic => "Basic Auth",
        AuthModel::Token => "Token",
        AuthModel::Jwt => "JWT",
        AuthModel::ServiceAccount => "Service Account",
        AuthModel::KeyPair => "Key Pair",
        AuthModel::Empty => "Empty Credentials",
    }
}

fn with_field_order(mut schema: Object) -> Object {
    let order: Vec<Value> = schema::field_order(&schema).into_iter().map(Value::from).collect();
    schema.insert("x-field_order".to_owned(), Value::Array(order));
    schema
}
