//! The schemas of capabilities.

use std::collections::BTreeSet;

use lumos_connector_types::capability::StandardCapability;
use lumos_connector_types::schema::Refs;
use serde_json::Value;

use super::{SCHEMAS_VALID, STANDARD_PAYLOADS, object};
use crate::run::Run;

pub(super) fn schemas(run: &Run<'_>) {
    let Some(info) = run.known.info.clone() else { return };
    let from_program = info.source == lumos_connection::InfoSource::Program;
    for (name, schema) in &info.info.capability_schema {
        for (part, text) in [("argument", schema.argument.text()), ("output", schema.output.text())] {
            let value = object(text);
            if from_program {
                valid(run, &format!("{name}.{part}"), &value);
            }
            if part == "argument" && from_program {
                standard_payload(run, name, &value);
            }
        }
    }
    if from_program {
        valid(run, "request_settings_schema", &object(info.info.request_settings_schema.text()));
        valid(run, "authentication_schema", &object(info.info.authentication_schema.text()));
        for (number, schema) in info.info.credentials_schema.iter().enumerate() {
            valid(run, &format!("credentials_schema[{number}]"), &object(schema.text()));
        }
    } else {
        run.skip(SCHEMAS_VALID, "schemas of `app_info` are those of OpenAPI 3.0");
        run.skip(STANDARD_PAYLOADS, "schemas of `app_info` are those of OpenAPI 3.0");
    }
}

fn valid(run: &Run<'_>, name: &str, schema: &Value) {
    let problem = jsonschema::validator_for(schema).err().map(|error| error.masked().to_string());
    run.expect(
        SCHEMAS_VALID,
        problem.is_none(),
        name,
        || format!("`{name}`: {}", problem.unwrap_or_default()),
        &[],
    );
}

/// The fields of a standard payload are the contract's, with their requiredness.
fn standard_payload(run: &Run<'_>, name: &str, argument: &Value) {
    let Some(request) = StandardCapability::from_wire(name).and_then(|it| it.request_schema(Refs::Defs))
    else {
        return;
    };
    let request = Value::Object(request);
    let mut payload = &request["properties"]["request"];
    if let Some(target) = payload["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
        payload = request.pointer(target).unwrap_or(payload);
    }
    let fields = |schema: &Value| -> BTreeSet<String> {
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let required = |schema: &Value| -> BTreeSet<String> {
        schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let (ours, theirs) = (fields(payload), fields(argument));
    let own = matches!(name, "create_account" | "update_account");
    let kept = if own {
        ours.is_subset(&theirs) && required(payload).is_subset(&required(argument))
    } else {
        ours == theirs && required(payload) == required(argument)
    };
    run.expect(
        STANDARD_PAYLOADS,
        kept,
        name,
        || format!("`{name}` has the fields {}; the contract has {}", list(&theirs), list(&ours)),
        &[],
    );
}

fn list(names: &BTreeSet<String>) -> String {
    if names.is_empty() { "none".to_owned() } else { names.iter().cloned().collect::<Vec<_>>().join(", ") }
}
