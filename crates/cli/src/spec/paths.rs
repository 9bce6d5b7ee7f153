//! One operation for each standard capability, at `POST /{connector_id}/{name}`.

use lumos_connector_types::capability::{Authentication, Level, StandardCapability};
use lumos_connector_types::schema::{Object, Refs, title_case};
use serde_json::{Value, json};

use super::{composition, form};

/// The one capability that reads and yet counts as writing for rate limits (contract §12.1).
const READS_AFTER_ALL: StandardCapability = StandardCapability::ListExpenses;

/// The groups of operations.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tag {
    Learning,
    Specification,
    OAuth,
    Validation,
    Read,
    Write,
}

impl Tag {
    /// Every group, in the order in which to read them.
    pub(super) const ALL: &[Self] =
        &[Self::Learning, Self::Specification, Self::OAuth, Self::Validation, Self::Read, Self::Write];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Learning => "Learning about connectors",
            Self::Specification => "Open API Specification",
            Self::OAuth => "OAuth Capabilities",
            Self::Validation => "Validation Capabilities",
            Self::Read => "Read Capabilities",
            Self::Write => "Write Capabilities",
        }
    }

    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Learning => "Which connectors there are, and what each of them can do.",
            Self::Specification => "A connector as an OpenAPI document of its own.",
            Self::OAuth => "The steps of OAuth 2.0, by which a user or a client obtains tokens.",
            Self::Validation => "Whether credentials have the form that a connector needs.",
            Self::Read => "They change nothing in the app.",
            Self::Write => "They may change something in the app.",
        }
    }

    fn of(capability: StandardCapability) -> Self {
        match capability {
            StandardCapability::Info | StandardCapability::ListCustomAttributesSchema => Self::Learning,
            StandardCapability::AppInfo => Self::Specification,
            StandardCapability::ValidateCredentialConfig => Self::Validation,
            StandardCapability::ConnectedInfo | READS_AFTER_ALL => Self::Read,
            _ if capability.authentication() == Authentication::Absent => Self::OAuth,
            _ => match capability.level() {
                Level::Read => Self::Read,
                Level::Write => Self::Write,
            },
        }
    }
}

/// The value of `paths`.
pub(super) fn paths() -> Value {
    let mut paths = Object::new();
    paths.insert("/list-connector-app-ids".to_owned(), json!({"post": list_of_connectors()}));
    for capability in super::capabilities() {
        let item = json!({
            "parameters": [{
                "name": "connector_id",
                "in": "path",
                "required": true,
                "description": "The `app_id` of the connector.",
                "schema": {"type": "string"},
            }],
            "post": operation(capability),
        });
        paths.insert(format!("/{{connector_id}}/{capability}"), item);
    }
    let mut paths = Value::Object(paths);
    form::settle_references(&mut paths);
    paths
}

fn operation(capability: StandardCapability) -> Value {
    let mut operation = json!({
        "operationId": operation_id(capability),
        "tags": [Tag::of(capability).name()],
        "summary": title_case(capability.as_str()),
        "description": capability.summary(),
    });
    if let (Some(body), Some(operation)) = (body(capability), operation.as_object_mut()) {
        operation.insert("requestBody".to_owned(), json!({"required": true, "content": content(&body)}));
    }
    let answer = json!({"anyOf": [reference(&answer(capability)), reference("ErrorResponse")]});
    operation["responses"] = json!({"200": {
        "description": "The answer, or the error envelope that stands for it: read `is_error` first.",
        "content": content(&answer),
    }});
    operation
}

fn operation_id(capability: StandardCapability) -> &'static str {
    match capability {
        StandardCapability::ConnectedInfo => "get_connected_info",
        other => other.as_str(),
    }
}

/// The whole request. `info` needs none.
fn body(capability: StandardCapability) -> Option<Value> {
    if capability == StandardCapability::Info {
        return None;
    }
    // Reserved, so that the types have no request for it; the payload of the one that it reserves is known.
    let payload = (capability == StandardCapability::ConnectedInfo).then_some("GetConnectedInfo");
    let like = if payload.is_some() { StandardCapability::ListAccounts } else { capability };
    let mut envelope = like.request_schema(Refs::Components)?;
    if let Some(name) = envelope.get("title").and_then(Value::as_str)
        && composition::is_named_request(name)
    {
        return Some(reference(name));
    }
    envelope.shift_remove("$defs");
    let mut envelope = form::of(envelope);
    let properties = envelope.get_mut("properties").and_then(Value::as_object_mut)?;
    if let Some(payload) = payload {
        properties.insert("request".to_owned(), reference(payload));
    }
    for credentials in ["auth", "credentials"] {
        if let Some(field) = properties.shift_remove(credentials) {
            properties.insert(credentials.to_owned(), field);
        }
    }
    Some(Value::Object(envelope))
}

/// The name of the schema of the whole answer.
fn answer(capability: StandardCapability) -> String {
    let schema = capability.response_schema(Refs::Components);
    match schema.as_ref().and_then(|schema| schema.get("title")).and_then(Value::as_str) {
        Some(title) => title.to_owned(),
        None if capability == StandardCapability::Info => "InfoResponse".to_owned(),
        None => "GetConnectedInfoResponse".to_owned(),
    }
}

fn list_of_connectors() -> Value {
    let answer = json!({
        "type": "object",
        "required": ["response"],
        "properties": {
            "response": {
                "type": "array",
                "items": {"type": "string"},
                "description": "The `app_id` of each connector.",
            },
            "raw_data": {"description": "The app's own answers, by call."},
            "page": reference("Page"),
            "rate_limit": reference("RateLimitResponseInfo"),
            "execution_summary": reference("ExecutionSummary"),
        },
    });
    json!({
        "operationId": "list_connector_app_ids",
        "tags": [Tag::Learning.name()],
        "summary": "List Connector App Ids",
        "description": "Lists the connectors that are hosted here. It belongs to the host, not to a connector.",
        "responses": {"200": {"description": "The connectors.", "content": content(&answer)}},
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn content(schema: &Value) -> Value {
    json!({"application/json": {"schema": schema}})
}
