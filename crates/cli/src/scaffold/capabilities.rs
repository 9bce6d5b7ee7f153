//! What stands in a new project for each standard capability, made from the table of capabilities.

use lumos_connector_types::capability::{Authentication, Level, StandardCapability};
use lumos_connector_types::schema::{Object, Refs};
use serde::Serialize;
use serde_json::{Value, json};

/// Longer signatures take several lines, as the project's `rustfmt.toml` says.
const WIDTH: usize = 120;

/// The one capability that reads and yet counts as writing for rate limits (contract §12.1).
const READS_AFTER_ALL: StandardCapability = StandardCapability::ListExpenses;

/// What the SDK answers by itself.
const BROUGHT: &[StandardCapability] = &[
    StandardCapability::AppInfo,
    StandardCapability::ProbeIntegration,
    StandardCapability::ValidateCredentialConfig,
];

/// A capability, in the words of the templates.
#[derive(Debug, Serialize)]
pub(super) struct Stub {
    name: &'static str,
    /// The type that stands for it when it is registered.
    marker: String,
    summary: &'static str,
    /// The beginning of its function, up to the opening brace.
    signature: String,
    /// A request with every field that it needs.
    sample: String,
}

/// The capabilities that a connector implements: those that read, or those that write.
pub(super) fn stubs(level: Level) -> Vec<Stub> {
    let wanted = StandardCapability::ALL.iter().copied().filter(|capability| {
        let own = if *capability == READS_AFTER_ALL { Level::Read } else { capability.level() };
        own == level
            && !BROUGHT.contains(capability)
            && capability.authentication() == Authentication::Required
    });
    let mut wanted: Vec<_> = wanted.collect();
    // The first thing that a connector can do, and the only one that a new project does.
    wanted.sort_by_key(|capability| *capability != StandardCapability::ValidateCredentials);
    wanted.into_iter().filter_map(stub).collect()
}

fn stub(capability: StandardCapability) -> Option<Stub> {
    let request = capability.request_schema(Refs::Defs)?;
    let response = capability.response_schema(Refs::Defs)?;
    let marker = request.get("title")?.as_str()?.strip_suffix("Request")?.to_owned();
    let payload = referenced(field(&request, "request")?)?;
    let answer = field(&response, "response")?;
    let (takes, gives) = match answer.get("items") {
        Some(row) => ("(AppClient, PageRequest)", format!("Reply<Vec<{}>>", referenced(row)?)),
        None => ("AppClient", referenced(answer)?.to_owned()),
    };
    let own = if capability == StandardCapability::CreateAccount { "NewAccount" } else { payload };
    Some(Stub {
        name: capability.as_str(),
        marker,
        summary: capability.summary(),
        signature: signature(capability.as_str(), takes, own, &gives),
        sample: sample(&request, payload).to_string(),
    })
}

/// As rustfmt writes it.
fn signature(name: &str, takes: &str, request: &str, gives: &str) -> String {
    let line = format!("pub async fn {name}(_: {takes}, _: {request}) -> Result<{gives}> {{");
    if line.len() <= WIDTH {
        return line;
    }
    format!("pub async fn {name}(\n    _: {takes},\n    _: {request},\n) -> Result<{gives}> {{")
}

/// A payload with the fields that it must have.
fn sample(request: &Object, payload: &str) -> Value {
    let definitions = request.get("$defs").and_then(Value::as_object);
    definitions.and_then(|all| all.get(payload)).map_or(json!({}), |schema| value(schema, definitions))
}

fn value(schema: &Value, definitions: Option<&Object>) -> Value {
    if let Some(target) = referenced(schema).and_then(|name| definitions?.get(name)) {
        return value(target, definitions);
    }
    if let Some(first) = schema.get("enum").and_then(|values| values.get(0)) {
        return first.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") if schema.get("format").is_some() => json!("2026-01-02T03:04:05Z"),
        Some("string") => json!("1"),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => json!([value(&schema["items"], definitions)]),
        Some("object") => {
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            let fields = required.filter_map(|name| {
                let name = name.as_str()?;
                Some((name.to_owned(), value(&schema["properties"][name], definitions)))
            });
            Value::Object(fields.collect())
        }
        _ => Value::Null,
    }
}

fn field<'a>(schema: &'a Object, name: &str) -> Option<&'a Value> {
    schema.get("properties")?.get(name)
}

fn referenced(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_that_a_connector_implements_has_a_stub() {
        let stubs = [stubs(Level::Read), stubs(Level::Write)].map(|stubs| stubs.len());
        // All 52, without 2 reserved names, 4 steps of OAuth, and 3 that the SDK answers.
        assert_eq!(stubs.iter().sum::<usize>(), 43);
        assert!(stubs.iter().all(|number| *number > 10), "{stubs:?}");
    }

    #[test]
    fn a_sample_has_what_the_request_needs() {
        let stubs = stubs(Level::Write);
        let sample =
            |name: &str| stubs.iter().find(|stub| stub.name == name).map(|stub| stub.sample.as_str());
        assert_eq!(sample("deactivate_account"), Some(r#"{"account_id":"1"}"#));
    }
}
