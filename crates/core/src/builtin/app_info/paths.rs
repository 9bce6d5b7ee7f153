//! One operation for each capability, at `POST /{name}` (contract §6).

use lumos_connector_types::capability::Authentication;
use lumos_connector_types::schema::{Object, Refs, openapi, title_case};
use serde_json::{Value, json};

use super::components::{AUTH, CREDENTIALS, SETTINGS};
use super::definitions::{Definitions, reference, referenced};
use super::oauth_settings::Flows;
use super::security;
use super::type_substitution::DeclaredTypes;
use crate::declaration::Declaration;
use crate::declaration::capability::CapabilityInfo;

/// On a payload: whether its capability reads or writes.
const LEVEL: &str = "x-capability-level";

/// On a payload: what its capability is for.
const CATEGORY: &str = "x-capability-category";

/// Makes the operations and notes the schemas they need.
pub(super) struct Operations<'a> {
    pub(super) declaration: &'a Declaration,
    pub(super) flows: &'a Flows,
    pub(super) types: &'a DeclaredTypes,
    pub(super) definitions: &'a mut Definitions,
}

impl Operations<'_> {
    /// The value of `paths`.
    pub(super) fn paths(&mut self) -> Object {
        let capabilities = self.declaration.capabilities.values();
        capabilities.map(|info| (format!("/{}", info.name), json!({"post": self.operation(info)}))).collect()
    }

    fn operation(&mut self, info: &CapabilityInfo) -> Value {
        let request = self.request(info);
        let response = self.payload((info.response_envelope)(Refs::Components), "response", &Object::new());
        let metadata = &info.metadata;
        json!({
            "operationId": info.name,
            "tags": [tag(&request)],
            "summary": metadata.display_name.clone().unwrap_or_else(|| title_case(info.name)),
            "description": metadata.description,
            "requestBody": {"content": json_content(&self.body(info, request))},
            "responses": {"200": {"description": "The answer.", "content": json_content(&Value::Object(response))}},
            "security": security::requirements(self.declaration, self.flows, info.name),
        })
    }

    /// The payload of a request. What a connector made itself counts as writing.
    fn request(&mut self, info: &CapabilityInfo) -> Object {
        let mut marks = Object::new();
        if info.customized {
            marks.insert(LEVEL.to_owned(), json!("write"));
        }
        self.payload((info.request_envelope)(Refs::Components), "request", &marks)
    }

    /// A request around its payload. Both `auth` and `credentials` are required when the capability knows them,
    /// though a connector has one of them.
    fn body(&self, info: &CapabilityInfo, request: Object) -> Value {
        let mut properties = Object::new();
        properties.insert("request".to_owned(), Value::Object(request));
        properties.insert("settings".to_owned(), reference(SETTINGS));
        let mut required = vec!["request", "settings"];
        if info.authentication() != Authentication::Absent {
            let (key, schema) = if self.declaration.auth.single.is_some() {
                ("auth", AUTH)
            } else {
                ("credentials", CREDENTIALS)
            };
            properties.insert(key.to_owned(), reference(schema));
            required.extend(["auth", "credentials"]);
        }
        json!({"type": "object", "properties": properties, "required": required})
    }

    /// The schema of an envelope's payload in place, with marks on a model that no capability before it used.
    fn payload(&mut self, envelope: Object, field: &str, marks: &Object) -> Object {
        let name = property(&envelope, field).and_then(referenced).map(str::to_owned);
        let envelope = self.definitions.adopt(envelope, |own, definition| {
            let mut definition = self.types.narrow(openapi(definition));
            if name.as_deref() == Some(own) {
                definition.extend(marks.clone());
            }
            definition
        });
        let payload = openapi(property(&envelope, field).cloned().unwrap_or_default());
        self.definitions.resolve(&payload).cloned().unwrap_or(payload)
    }
}

fn property<'a>(schema: &'a Object, name: &str) -> Option<&'a Object> {
    schema.get("properties")?.get(name)?.as_object()
}

fn json_content(schema: &Value) -> Value {
    json!({"application/json": {"schema": schema}})
}

/// The group of an operation, after the marks of its request.
fn tag(request: &Object) -> String {
    let mark = |key: &str| request.get(key).and_then(Value::as_str).map(capitalized);
    match (mark(LEVEL), mark(CATEGORY)) {
        (Some(level), _) => format!("{level} Capabilities"),
        (None, Some(category)) => category,
        (None, None) => "Capabilities".to_owned(),
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect())
        .unwrap_or_default()
}
