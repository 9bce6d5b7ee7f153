//! What it answers to a request that is wrong, and whether it keeps secrets to itself.

use lumos_connector_types::auth::AuthCredential;
use lumos_connector_types::capability::{Authentication, Level, StandardCapability};
use lumos_connector_types::schema::{self, Refs};
use serde_json::{Map, Value, json};

use crate::codes;
use crate::rule::{Rule, rules};
use crate::run::Run;
use crate::subject::{Call, Reply, Request, members, with, without};

rules! { Errors, "errors";
    ENVELOPE = "envelope", Error, "s3-error",
        "An error envelope lacks a key, has another one, or has them in another order.",
        "Write `is_error`, `error` with its eight fields and complete metadata, `raw_data` and `page`.";
    CODE = "code", Error, "s19-codes",
        "An error has a code that the contract does not have.",
        "Choose one of the table; what the app calls it goes into `app_error_code`.";
    MESSAGE = "message", Warning, "s19-classes",
        "An error has no message.",
        "Say what happened, without secrets.";
    APP_ID = "app-id", Warning, "s3-error",
        "The `app_id` of an error is not the connector's.",
        "Fill in the connector's own app id.";
    METADATA = "metadata", Error, "s19-codes",
        "The flags of an error contradict its code: a caller would repeat what cannot succeed.",
        "Take the flags from the table of codes.";
    FAULT = "fault", Error, "s19-codes",
        "The fault or category of an error is not that of its code.",
        "Take both from the table of codes.";
    RETRY_AFTER = "retry-after", Error, "s19-classes",
        "`retry_after_seconds` is negative.",
        "Give seconds from now on, or null.";
    MISSING_CREDENTIALS = "missing-credentials", Error, "s4-both",
        "A request without credentials is not refused as `bad_request`.",
        "Check credentials before the capability runs.";
    BOTH_CREDENTIALS = "both-credentials", Error, "s4-both",
        "A request with both `auth` and `credentials` is not refused as `bad_request`.",
        "Refuse it: which one counts cannot be known.";
    MALFORMED_CREDENTIALS = "malformed-credentials", Error, "s4-single",
        "Credentials of the wrong shape are not refused as `bad_request`.",
        "Read them by their schema before the capability runs.";
    UNKNOWN_CREDENTIAL = "unknown-credential", Error, "s4-several",
        "A credential with an id that is not declared is not refused as `bad_request`.",
        "Refuse ids that the connector does not know.";
    WRONG_CREDENTIALS = "wrong-credentials", Error, "s19-codes",
        "Credentials that the app cannot know are accepted, or refused with a code that is not about credentials.",
        "Ask the app in `validate_credentials`, and answer `unauthorized` when it refuses.";
    MISSING_SETTINGS = "missing-settings", Error, "s4-settings",
        "A request without settings is not refused as `bad_request`.",
        "Refuse null once settings are declared.";
    MALFORMED_SETTINGS = "malformed-settings", Error, "s4-settings",
        "Settings of the wrong type are not refused as `bad_request`.",
        "Read them by their schema before the capability runs.";
    INCOMPLETE_SETTINGS = "incomplete-settings", Error, "s4-settings",
        "Settings without a required field are not refused as `bad_request`.",
        "Refuse them, naming the titles of what is missing.";
    MALFORMED_JSON = "malformed-json", Error, "s2-text",
        "A request that is not JSON is not answered with `bad_request`.",
        "Answer it like any other request that cannot be read.";
    MISSING_REQUEST = "missing-request", Error, "s3-request",
        "An envelope without `request` is not refused as `bad_request`.",
        "Read the whole envelope before anything else.";
    MISSING_FIELDS = "missing-fields", Error, "s2-fields",
        "A payload without a required field is not refused as `bad_request`.",
        "Read payloads by the contract's schema.";
    WRONG_TYPES = "wrong-types", Error, "s2-strict",
        "A field of the wrong type is not refused as `bad_request`.",
        "Read standard payloads strictly, without making texts of numbers.";
    UNKNOWN_KEYS = "unknown-keys", Error, "s2-fields",
        "A request with keys that the contract does not have is refused.",
        "Ignore unknown keys at every level: a newer platform talks to an older connector.";
    NULL_IS_ABSENT = "null-is-absent", Error, "s2-fields",
        "Null in an optional field is refused.",
        "Take null and absent as the same.";
    DEEP_NESTING = "deep-nesting", Error, "s2-text",
        "A deeply nested request is not answered.",
        "Limit the depth at which JSON is read.";
    UNKNOWN_ID = "unknown-id", Error, "s19-codes",
        "An id that the app does not have is not answered with `not_found`.",
        "Answer `not_found`; another code makes the caller repeat the call or give up on the app.";
    CREDENTIAL_CONFIG = "credential-config", Error, "s4-credential-config",
        "`validate_credential_config` does not say what is wrong with a request.",
        "Answer `integration_missing_parameter` without an id, and `invalid_value` to an unknown one.";
    RAISED_BY = "raised-by", Note, "s3-order",
        "A request that was refused before the capability ran has `raised_by` or `raised_in`.",
        "Leave both null: nothing of the connector's own has run.";
    SECRETS_IN_ANSWER = "secrets-in-answer", Error, "s2-messages",
        "An answer repeats a secret of the request.",
        "Name the place and what was expected there, never the value.";
    SECRETS_IN_STDERR = "secrets-in-stderr", Error, "s10",
        "A secret of the request is written to standard error.",
        "Keep secrets in a type that does not print itself.";
    SECRETS_IN_LOG = "secrets-in-log", Error, "s10",
        "A secret of the request is in the log file.",
        "Keep secrets in a type that does not print itself.";
    SECRETS_IN_RESULT_FILE = "secrets-in-result-file", Error, "s10",
        "A result file repeats a secret of the request.",
        "Treat it like the answer on standard output.";
}

/// How deep a request is nested.
const DEPTH: usize = 100_000;

pub(crate) async fn check(run: &Run<'_>) {
    let target = target(run);
    let Some(target) = target else {
        for rule in RULES.iter().skip(7) {
            run.skip(rule, "no capability that reads answers");
        }
        return;
    };
    let payload = run.known.payload(&target).unwrap_or_else(|_| json!({}));
    let request = Request::new(&target, payload);
    let envelope = run.subject.envelope(&request);
    tokio::join!(
        texts(run, &target, &envelope),
        credentials(run, &target, &envelope),
        settings(run, &target, &envelope),
        payloads(run),
        ids(run),
        credential_config(run, &envelope),
    );
}

/// The capability on which envelopes are tried: one that reads, with credentials, and answers soon.
fn target(run: &Run<'_>) -> Option<String> {
    let reads = |name: &String| {
        StandardCapability::from_wire(name).is_some_and(|standard| {
            standard.level() == Level::Read && standard.authentication() == Authentication::Required
        }) && run.known.works(name)
            && run.known.payload(name).is_ok()
            && name != "probe_integration"
    };
    let first = ["validate_credentials", "list_accounts"].into_iter().map(str::to_owned);
    first.chain(run.known.capabilities()).find(reads)
}

/// A request that is wrong has to be refused before the capability runs.
fn refused(run: &Run<'_>, rule: &'static Rule, subject: &str, what: &str, call: &Call) {
    run.expect(
        rule,
        call.code() == Some("bad_request"),
        subject,
        || format!("{what}: {}", call.summary()),
        &[call],
    );
    if let (Reply::Error(error), Some("bad_request")) = (call.reply(), call.code()) {
        run.expect(
            RAISED_BY,
            error["raised_by"].is_null() && error["raised_in"].is_null(),
            subject,
            || format!("{what}: `raised_by` or `raised_in` is not null"),
            &[call],
        );
    }
}

async fn texts(run: &Run<'_>, target: &str, envelope: &Value) {
    for text in ["", "{", "[]", "{\"request\":{},}"] {
        let call = run.send_text(target, text).await;
        refused(run, MALFORMED_JSON, target, &format!("the text `{text}`"), &call);
    }
    let call = run.send(target, &without(envelope.clone(), &["request"])).await;
    refused(run, MISSING_REQUEST, target, "no `request`", &call);
    for (what, page) in [
        ("`page.size` is a text", json!({"size": "5"})),
        ("`page.token` is a number", json!({"token": 5})),
        ("`page` is a list", json!([])),
    ] {
        let call = run.send(target, &with(envelope.clone(), &[("page", page)])).await;
        refused(run, WRONG_TYPES, target, what, &call);
    }
    let unknown = with(envelope.clone(), &[("check_unknown_key", json!({"a": [1]}))]);
    accepted(run, UNKNOWN_KEYS, target, &run.send(target, &unknown).await);
    let mut nulls = envelope.clone();
    for name in ["page", "rate_limit", "include_raw_data"] {
        nulls = with(nulls, &[(name, Value::Null)]);
    }
    accepted(run, NULL_IS_ABSENT, target, &run.send(target, &nulls).await);
    let deep = format!("{{\"request\":{}{}}}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    let call = run.send_text(target, deep).await;
    run.expect(
        DEEP_NESTING,
        matches!(call.reply(), Reply::Error(_)),
        target,
        || format!("{DEPTH} levels: {}", call.summary()),
        &[],
    );
}

fn accepted(run: &Run<'_>, rule: &'static Rule, subject: &str, call: &Call) {
    let refused = matches!(call.code(), Some("bad_request")) || matches!(call.reply(), Reply::None(_));
    run.expect(rule, !refused, subject, || call.summary(), &[call]);
}

async fn credentials(run: &Run<'_>, target: &str, envelope: &Value) {
    let rules =
        [MISSING_CREDENTIALS, BOTH_CREDENTIALS, MALFORMED_CREDENTIALS, UNKNOWN_CREDENTIAL, WRONG_CREDENTIALS];
    let single = envelope["auth"].is_object();
    let several = envelope["credentials"].is_array();
    if !single && !several {
        for rule in rules {
            run.skip(rule, "the connection has no credentials");
        }
        return;
    }
    let bare = without(envelope.clone(), &["auth", "credentials"]);
    let call = run.send(target, &bare).await;
    refused(run, MISSING_CREDENTIALS, target, "no credentials", &call);
    let both = with(bare.clone(), &[("auth", json!({})), ("credentials", json!([]))]);
    refused(run, BOTH_CREDENTIALS, target, "both", &run.send(target, &both).await);

    let mut malformed =
        vec![("`auth` is a text", with(bare.clone(), &[("auth", json!(run.canaries.text()))]))];
    if single {
        malformed.push(("`auth` is empty", with(bare.clone(), &[("auth", json!({}))])));
        for kind in members(&envelope["auth"]).keys() {
            let number = json!({kind: 5});
            malformed.push(("a credential is a number", with(bare.clone(), &[("auth", number)])));
            let canary = run.canaries.text();
            let mut fields = members(&envelope["auth"][kind]);
            for (_, value) in &mut fields {
                *value = json!({"not a text": canary});
            }
            if !fields.is_empty() {
                let wrong = json!({kind: fields});
                malformed
                    .push(("the fields of a credential are objects", with(bare.clone(), &[("auth", wrong)])));
            }
        }
    } else {
        malformed.push(("`credentials` is empty", with(bare.clone(), &[("credentials", json!([]))])));
        malformed.push((
            "a credential is a text",
            with(bare.clone(), &[("credentials", json!([run.canaries.text()]))]),
        ));
        let unknown = json!([{"id": "check-unknown", "token": {"token": run.canaries.text()}}]);
        let call = run.send(target, &with(bare.clone(), &[("credentials", unknown)])).await;
        refused(run, UNKNOWN_CREDENTIAL, target, "an unknown id", &call);
    }
    for (what, envelope) in &malformed {
        let call = run.send(target, envelope).await;
        refused(run, MALFORMED_CREDENTIALS, target, what, &call);
    }
    if single {
        run.skip(UNKNOWN_CREDENTIAL, "the connector has a single credential");
    }
    let wrong = wrong_credentials(run, envelope);
    let call = run.send(target, &wrong).await;
    let about_credentials = match call.reply() {
        Reply::Success(answer) => target == "validate_credentials" && answer["response"]["valid"] == false,
        Reply::Error(_) => call.code().is_some_and(|code| {
            matches!(
                code,
                "unauthorized"
                    | "authentication_expired"
                    | "creds_revoked"
                    | "permission_denied"
                    | "bad_request"
                    | "invalid_value"
            )
        }),
        Reply::None(_) => false,
    };
    run.expect(WRONG_CREDENTIALS, about_credentials, target, || call.summary(), &[&call]);
}

/// The connection's envelope with a canary in place of each secret of its credentials.
pub(crate) fn wrong_credentials(run: &Run<'_>, envelope: &Value) -> Value {
    let schema = Value::Object(schema::of::<AuthCredential>(Refs::Defs));
    let replace = |credential: &Value| -> Value {
        let mut credential = members(credential);
        for (kind, fields) in &mut credential {
            if kind == "id" {
                continue;
            }
            let Value::Object(fields) = fields else { continue };
            let all = fields.len() == 1;
            for (name, value) in fields {
                let secret = is_secret(&schema, kind, name);
                if value.is_string() && (all || secret) {
                    *value = json!(run.canaries.text());
                }
            }
        }
        Value::Object(credential)
    };
    let mut wrong = envelope.clone();
    if envelope["auth"].is_object() {
        wrong["auth"] = replace(&envelope["auth"]);
    }
    if let Some(list) = envelope["credentials"].as_array() {
        wrong["credentials"] = list.iter().map(replace).collect();
    }
    wrong
}

fn is_secret(schema: &Value, kind: &str, name: &str) -> bool {
    let mut node = &schema["properties"][kind];
    if let Some(alternatives) = node["anyOf"].as_array() {
        node = alternatives.iter().find(|one| one.get("$ref").is_some()).unwrap_or(node);
    }
    if let Some(target) = node["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
        node = schema.pointer(target).unwrap_or(node);
    }
    node["properties"][name]["x-secret"] == true
        || ["token", "secret", "password", "key"].iter().any(|part| name.contains(part))
}

async fn settings(run: &Run<'_>, target: &str, envelope: &Value) {
    let rules = [MISSING_SETTINGS, MALFORMED_SETTINGS, INCOMPLETE_SETTINGS];
    let schema: Value = run
        .known
        .info
        .as_ref()
        .and_then(|info| serde_json::from_str(info.info.request_settings_schema.text()).ok())
        .unwrap_or_default();
    let properties: Map<String, Value> = schema["properties"].as_object().cloned().unwrap_or_default();
    let call = run.send(target, &with(envelope.clone(), &[("settings", json!([run.canaries.text()]))])).await;
    refused(run, MALFORMED_SETTINGS, target, "`settings` is a list", &call);
    if properties.is_empty() {
        for rule in [rules[0], rules[2]] {
            run.skip(rule, "the connector declares no settings");
        }
        return;
    }
    let call = run.send(target, &with(envelope.clone(), &[("settings", Value::Null)])).await;
    refused(run, MISSING_SETTINGS, target, "no settings", &call);
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if required.is_empty() {
        run.skip(INCOMPLETE_SETTINGS, "no setting is required");
    }
    for name in &required {
        let mut settings = members(&envelope["settings"]);
        settings.shift_remove(*name);
        let call = run.send(target, &with(envelope.clone(), &[("settings", Value::Object(settings))])).await;
        refused(run, INCOMPLETE_SETTINGS, target, &format!("no `{name}`"), &call);
    }
    for name in properties.keys() {
        let mut settings = members(&envelope["settings"]);
        // No type but a free one takes a list of objects.
        settings.insert(name.clone(), json!([{"check": run.canaries.text()}]));
        let takes =
            properties[name]["type"].as_str() == Some("array") || properties[name].get("type").is_none();
        let call = run.send(target, &with(envelope.clone(), &[("settings", Value::Object(settings))])).await;
        if !takes {
            refused(run, MALFORMED_SETTINGS, target, &format!("`{name}` is a list of objects"), &call);
        }
    }
}

/// Payloads of the wrong shape, on every capability that reads.
async fn payloads(run: &Run<'_>) {
    let mut tried = false;
    for name in run.known.capabilities() {
        let Some(standard) = StandardCapability::from_wire(&name) else { continue };
        if standard.level() != Level::Read || !run.known.works(&name) {
            continue;
        }
        let Some(request) = standard.request_schema(Refs::Defs) else { continue };
        let request = Value::Object(request);
        let mut payload = &request["properties"]["request"];
        if let Some(target) = payload["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
            payload = request.pointer(target).unwrap_or(payload);
        }
        let Ok(good) = run.known.payload(&name) else { continue };
        let envelope = run.subject.envelope(&Request::new(&name, good.clone()));
        let required: Vec<&str> =
            payload["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for field in &required {
            tried = true;
            let mut without = members(&good);
            without.shift_remove(*field);
            let call = run.send(&name, &with(envelope.clone(), &[("request", Value::Object(without))])).await;
            refused(run, MISSING_FIELDS, &name, &format!("no `{field}`"), &call);
            let mut wrong = members(&good);
            wrong.insert((*field).to_owned(), json!(5));
            let call = run.send(&name, &with(envelope.clone(), &[("request", Value::Object(wrong))])).await;
            refused(run, WRONG_TYPES, &name, &format!("`{field}` is a number"), &call);
        }
    }
    if !tried {
        run.skip(MISSING_FIELDS, "no capability that reads has a required field");
    }
}

async fn ids(run: &Run<'_>) {
    let unknown = "check-no-such-id-7f3a9c";
    let mut tried = false;
    for (name, payload) in [
        ("get_account", json!({"account_id": unknown})),
        ("get_application", json!({"application_instance_id": unknown})),
        ("get_application_account", json!({"application_instance_id": unknown, "account_id": unknown})),
    ] {
        if !run.known.works(name) {
            continue;
        }
        tried = true;
        let call = run.call(&Request::new(name, payload)).await;
        let code = call.code();
        let kept = code
            .is_some_and(|code| matches!(code, "not_found" | "unknown_value") || codes::is_transient(code));
        run.expect(UNKNOWN_ID, kept, name, || call.summary(), &[&call]);
    }
    if !tried {
        run.skip(UNKNOWN_ID, "no capability asks for an id");
    }
}

async fn credential_config(run: &Run<'_>, envelope: &Value) {
    let name = "validate_credential_config";
    if !run.known.works(name) {
        return run.skip(CREDENTIAL_CONFIG, "the connector does not have it");
    }
    let settings = envelope["settings"].clone();
    let token = json!({"token": {"token": run.canaries.text()}});
    for (what, credential, code) in [
        ("no id", token.clone(), "integration_missing_parameter"),
        ("an unknown id", with(token, &[("id", json!("check-unknown"))]), "invalid_value"),
    ] {
        let request = json!({"credential": credential});
        let call = run.send(name, &json!({"request": request, "settings": settings})).await;
        run.expect(
            CREDENTIAL_CONFIG,
            call.code() == Some(code),
            name,
            || format!("{what}: {} where `{code}` is expected", call.summary()),
            &[&call],
        );
    }
}
