//! The document of `info`.

use lumos_connector_types::schema::Refs;
use serde_json::Value;

use super::{INFO_ANSWERS, INFO_FIELDS, INFO_STABLE, INFO_WRITING};
use crate::run::Run;
use crate::subject::Call;

/// The members of `response`.
const FIELDS: &[&str] = &[
    "app_id",
    "app_vendor_domain",
    "version",
    "capabilities",
    "capability_schema",
    "oauth_scopes",
    "authentication_schema",
    "credentials_schema",
    "logo_url",
    "user_friendly_name",
    "description",
    "categories",
    "entitlement_types",
    "access_graph_entitlement_types",
    "access_graph_entitlement_rules",
    "implied_access_rules",
    "resource_types",
    "request_settings_schema",
];

/// Asks what the connector is. Everything else depends on it.
pub(crate) async fn learn(run: &mut Run<'_>) -> Result<(), String> {
    if let Some(call) = run.run("info", &["info"], None).await {
        let kept = call.is_success() && matches!(call.status, crate::subject::Status::Exit(Some(0), _));
        run.expect(INFO_ANSWERS, kept, "info", || call.summary(), &[&call]);
        if let Some(response) = call.response() {
            document(run, &call, response);
        }
        let again = run.run("info", &["info"], None).await;
        let started = again.as_ref().map_or(call.elapsed, |again| again.elapsed.min(call.elapsed));
        run.expect(
            crate::groups::process::START_UP,
            started <= run.options.start_up,
            "info",
            || {
                format!(
                    "{:.1} s; more than {:.1} s are long",
                    started.as_secs_f64(),
                    run.options.start_up.as_secs_f64()
                )
            },
            &[&call],
        );
        if let (true, Some(again)) = (call.is_success(), again) {
            run.expect(
                INFO_STABLE,
                again.text == call.text,
                "info",
                || "the second answer differs from the first".to_owned(),
                &[&call, &again],
            );
        }
    } else {
        for rule in [INFO_ANSWERS, INFO_FIELDS, INFO_WRITING, INFO_STABLE] {
            run.skip(rule, "the connection has no program");
        }
    }
    match run.subject.connection.info().await {
        Ok(info) => {
            run.known.info = Some(info);
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    }
}

fn document(run: &Run<'_>, call: &Call, response: &Value) {
    let missing: Vec<_> = FIELDS.iter().filter(|field| response.get(**field).is_none()).copied().collect();
    let mut problems = Vec::new();
    if !missing.is_empty() {
        problems.push(format!("{} missing", missing.join(", ")));
    }
    let schema =
        Value::Object(lumos_connector_types::schema::of::<lumos_connector_types::info::Info>(Refs::Defs));
    if let Ok(validator) = jsonschema::validator_for(&schema) {
        problems.extend(
            validator
                .iter_errors(response)
                .take(5)
                .map(|error| format!("{}: {}", error.instance_path(), error.masked())),
        );
    }
    run.expect(INFO_FIELDS, problems.is_empty(), "info", || problems.join("; "), &[call]);
    let problem = writing_problem(call.text.trim_end_matches('\n'));
    run.expect(INFO_WRITING, problem.is_none(), "info", || problem.unwrap_or_default().to_owned(), &[call]);
}

fn writing_problem(text: &str) -> Option<&'static str> {
    if !text.is_ascii() {
        return Some("characters beyond ASCII are not escaped");
    }
    let value: Value = serde_json::from_str(text).ok()?;
    if !is_sorted(&value) {
        return Some("keys are not sorted");
    }
    let (mut inside, mut escaped) = (false, false);
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match (inside, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => inside = !inside,
            (false, b',' | b':') if bytes.get(at + 1) != Some(&b' ') => {
                return Some("there is no space after a separator");
            }
            (false, b' ') if !matches!(bytes.get(at.wrapping_sub(1)), Some(b',' | b':')) => {
                return Some("there is a space that does not follow a separator");
            }
            (false, b'\n' | b'\t' | b'\r') => return Some("it has line breaks"),
            _ => {}
        }
    }
    None
}

fn is_sorted(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.keys().zip(members.keys().skip(1)).all(|(one, next)| one <= next)
                && members.values().all(is_sorted)
        }
        Value::Array(items) => items.iter().all(is_sorted),
        _ => true,
    }
}
