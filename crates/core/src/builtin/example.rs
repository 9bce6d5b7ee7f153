//! A request of a capability and its answer, to begin from: what is required, with this connector's credentials and
//! settings.

use lumos_connector_types::capability::Authentication;
use lumos_connector_types::schema::{Example, Refs};
use serde_json::{Map, Value, json};

use crate::declaration::Declaration;
use crate::declaration::auth::CredentialEntry;

/// Stands for a text that the reader fills in.
const TEXT: &str = "…";

/// The request and the answer of a capability; `None` when the connector has none of that name.
pub(crate) fn of(declaration: &Declaration, capability: &str) -> Option<(Value, Value)> {
    let info = declaration.capabilities.get(capability)?;
    let example = Example::new(TEXT);
    let mut request = Map::new();
    if info.authentication() != Authentication::Absent {
        request.extend(credentials(declaration));
    }
    if let Some(settings) = declaration.settings.as_ref().filter(|_| info.checks_settings()) {
        let all = example.with_optional_fields();
        request.insert("settings".to_owned(), all.of(&(settings.schema)(Refs::Defs)));
    }
    request.insert("request".to_owned(), example.of(&(info.request_schema)(Refs::Defs)));
    let schema = (info.response_schema)(Refs::Defs);
    let is_listing = schema.get("type").and_then(Value::as_str) == Some("array");
    if is_listing {
        request.insert("page".to_owned(), json!({"size": 100}));
    }
    let page = is_listing.then(|| json!({"token": TEXT, "size": 100}));
    let answer = json!({
        "response": example.of(&schema),
        "raw_data": null,
        "page": page,
        "rate_limit": null,
        "execution_summary": null,
    });
    Some((Value::Object(request), answer))
}

/// The credentials of a request, under the key that they have in it.
fn credentials(declaration: &Declaration) -> Option<(String, Value)> {
    let auth = &declaration.auth;
    if let Some((model, schema)) = auth.single {
        return Some((
            "auth".to_owned(),
            json!({ model.as_str(): Example::new(TEXT).of(&schema(Refs::Defs)) }),
        ));
    }
    let combinations = auth.combinations();
    let ids = combinations.iter().find(|ids| !ids.is_empty())?;
    let credential = |entry: &CredentialEntry| {
        let value = Example::new(TEXT).of(&(entry.schema)(Refs::Defs));
        json!({"id": entry.id, entry.model.as_str(): value})
    };
    let credentials = ids.iter().filter_map(|id| auth.credential(id)).map(credential).collect();
    Some(("credentials".to_owned(), Value::Array(credentials)))
}
