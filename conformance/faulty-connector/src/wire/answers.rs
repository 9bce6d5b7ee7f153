//! Faults in what is answered.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::fault::is;

/// An error envelope.
pub(super) fn error(code: &str, message: &str) -> String {
    let caller = code == "bad_request";
    json!({
        "is_error": true,
        "error": {
            "message": message, "status_code": null, "app_error_code": null, "error_code": code,
            "app_id": "faulty-connector", "raised_by": null, "raised_in": null,
            "error_metadata": {
                "fault": if caller { "caller" } else { "connector" },
                "category": if caller { "client" } else { "internal" },
                "hint": null, "retryable": !caller, "throttled": false, "refreshable": false, "retry_after_seconds": null
            }
        },
        "raw_data": null, "page": null
    })
    .to_string()
}

/// The document of `info` with the fault.
pub(super) fn info(text: &str) -> String {
    if is("info-empty") {
        return String::new();
    }
    let Ok(mut document) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    if is("info-compact") {
        return format!("{document}\n");
    }
    let response = &mut document["response"];
    let mut changed = true;
    if is("info-without-field") {
        remove(response, "oauth_scopes");
    } else if is("info-changes") {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        response["description"] = json!(format!("Started at {}.", now.as_nanos()));
    } else if is("capability-undescribed") {
        remove(&mut response["capability_schema"], "get_account");
    } else if is("schema-invalid") {
        response["request_settings_schema"]["properties"]["host"]["type"] = json!("strnig");
    } else if is("payload-field-added") {
        let argument = &mut response["capability_schema"]["get_account"]["argument"];
        argument["properties"]["region"] = json!({"title": "Region", "type": "string"});
    } else if is("secret-unmarked") {
        remove(&mut response["request_settings_schema"]["properties"]["api_key"], "x-secret");
    } else if is("field-order-short") {
        response["request_settings_schema"]["field_order"] = json!(["host"]);
    } else if is("field-untitled") {
        remove(&mut response["request_settings_schema"]["properties"]["host"], "title");
    } else if is("field-undescribed") {
        remove(&mut response["request_settings_schema"]["properties"]["host"], "description");
    } else if is("description-missing") {
        response["description"] = Value::Null;
    } else if is("logo-relative") {
        response["logo_url"] = json!("logo.png");
    } else if is("credential-twice") {
        if let Some(schemas) = response["credentials_schema"].as_array_mut() {
            schemas.extend(schemas.first().cloned());
        }
    } else {
        changed = declared(response, "capabilities", "entitlement_types", "app_id");
        if is("capability-misnamed") {
            response["capability_schema"]["List-Things"] =
                response["capability_schema"]["list_resources"].clone();
            sort(&mut response["capability_schema"]);
        }
        if is("app-info-missing") {
            remove(&mut response["capability_schema"], "app_info");
        }
    }
    if changed || is("capability-misnamed") || is("app-info-missing") {
        format!("{}\n", written(&document))
    } else {
        text.to_owned()
    }
}

/// Faults of what both documents say; whether something was changed.
fn declared(response: &mut Value, capabilities: &str, types: &str, app_id: &str) -> bool {
    let kinds = &mut response[types];
    if is("capabilities-unsorted") {
        if let Some(names) = response[capabilities].as_array_mut() {
            names.reverse();
        }
    } else if is("capability-misnamed") {
        if let Some(names) = response[capabilities].as_array_mut() {
            names.insert(0, json!("List-Things"));
        }
    } else if is("app-info-missing") {
        if let Some(names) = response[capabilities].as_array_mut() {
            names.retain(|name| name != "app_info");
        }
    } else if is("app-id-spaced") {
        response[app_id] = json!("faulty connector");
    } else if is("type-twice") {
        if let Some(kinds) = kinds.as_array_mut() {
            kinds.extend(kinds.first().cloned());
        }
    } else if is("type-of-no-resource") {
        kinds[0]["resource_type_id"] = json!("NOWHERE");
    } else if is("type-max-below-min") {
        kinds[0]["min"] = json!(2);
        kinds[0]["max"] = json!(1);
    } else {
        return false;
    }
    true
}

/// A document as `info` writes it; its keys are sorted already.
fn written(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(key, value)| format!("{}: {}", escaped(&json!(key)), written(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        other => escaped(other),
    }
}

/// A value with everything beyond ASCII escaped.
fn escaped(value: &Value) -> String {
    let mut text = String::new();
    for letter in value.to_string().chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

fn sort(value: &mut Value) {
    if let Value::Object(members) = value {
        members.sort_keys();
    }
}

fn remove(value: &mut Value, key: &str) {
    if let Value::Object(members) = value {
        members.shift_remove(key);
    }
}

/// An answer with the fault; `text` is the answer as the healthy connector wrote it.
pub(super) fn answer(capability: &str, body: &str, mut answer: Value, text: String, served: bool) -> String {
    let changed = if answer["is_error"] == true {
        of_error(capability, body, &mut answer)
    } else if capability == "app_info" {
        of_app_info(&mut answer["response"]["app_schema"])
    } else {
        if let Some(text) = rewritten(capability, &answer) {
            return text;
        }
        of_success(capability, &mut answer, served)
    };
    if changed { format!("{answer}\n") } else { text }
}

fn of_app_info(schema: &mut Value) -> bool {
    if is("app-info-of-3-1") {
        schema["openapi"] = json!("3.1.0");
        return true;
    }
    let head = &mut schema["info"];
    if is("versions-differ") {
        head["version"] = json!("9.9.9");
        return true;
    }
    if is("description-missing") {
        head["description"] = Value::Null;
        return true;
    }
    if is("logo-relative") {
        head["x-app-logo-url"] = json!("logo.png");
        return true;
    }
    if is("combination-unknown") {
        head["x-allowed-credentials"] = json!([["login"], ["key"]]);
        return true;
    }
    let changed = declared(head, "x-capabilities", "x-entitlement-types", "x-app-id");
    if is("capability-misnamed") {
        schema["paths"]["/List-Things"] = schema["paths"]["/list_resources"].clone();
    }
    if is("app-info-missing") {
        remove(&mut schema["paths"], "/app_info");
    }
    changed
}

/// Faults of how a text is written, and of the order of keys.
fn rewritten(capability: &str, answer: &Value) -> Option<String> {
    if capability != "list_accounts" {
        return None;
    }
    if is("spaces") {
        return Some(format!("{}\n", answer.to_string().replacen(',', ", ", 1)));
    }
    if is("escapes") {
        return Some(format!("{}\n", escaped(answer)));
    }
    None
}

fn of_success(capability: &str, answer: &mut Value, served: bool) -> bool {
    if capability == "probe_integration" && is("probe-fails") {
        answer["response"]["status"] = json!("failed");
        return true;
    }
    if capability == "get_authorization_url" && is("authorization-without-state") {
        let url = answer["response"]["authorization_url"].as_str().unwrap_or_default();
        answer["response"]["authorization_url"] = json!(url.replace("state=", "stage="));
        return true;
    }
    if capability != "list_accounts" {
        return false;
    }
    if is("key-missing") {
        remove(answer, "rate_limit");
    } else if is("keys-swapped") {
        let response = answer["response"].clone();
        remove(answer, "response");
        answer["response"] = response;
    } else if is("number-as-email") {
        answer["response"][0]["email"] = json!(5);
    } else if is("nulls-left-out") {
        for row in answer["response"].as_array_mut().into_iter().flatten() {
            if let Value::Object(members) = row {
                members.retain(|_, value| !value.is_null());
            }
        }
    } else if is("field-moved") {
        for row in answer["response"].as_array_mut().into_iter().flatten() {
            let email = row["email"].clone();
            remove(row, "email");
            row["email"] = email;
        }
    } else if is("field-added") {
        for row in answer["response"].as_array_mut().into_iter().flatten() {
            row["nickname"] = json!("x");
        }
    } else if is("raw-data-unasked") {
        answer["raw_data"] = json!({"GET /accounts": {}});
    } else if is("state-senseless") {
        let state = json!({"remaining": 5, "limit": 1, "reset": null, "window_seconds": 60, "current_delay": 0, "source": "sdk_counter"});
        answer["rate_limit"] = json!({"current_state": {"app": state}});
    } else if is("server-answers-otherwise") && served {
        answer["response"][0]["email"] = json!("other@acme.test");
    } else {
        return false;
    }
    true
}

fn of_error(capability: &str, body: &str, answer: &mut Value) -> bool {
    let error = &mut answer["error"];
    let refused = error["error_code"] == "bad_request";
    if is("error-key-missing") {
        remove(error, "raised_in");
    } else if is("unknown-code") && capability == "get_account" && body.contains("check-no-such-id") {
        error["error_code"] = json!("no_such_record");
    } else if is("credential-config-silent") && error["error_code"] == "invalid_value" {
        error["error_code"] = json!("not_found");
    } else if is("no-message") {
        error["message"] = json!("");
    } else if is("other-app-id") {
        error["app_id"] = json!("another-connector");
    } else if is("bad-request-retryable") && refused {
        error["error_metadata"]["retryable"] = json!(true);
    } else if is("other-fault") {
        error["error_metadata"]["fault"] = json!("infrastructure");
    } else if is("negative-retry-after") {
        error["error_metadata"]["retry_after_seconds"] = json!(-5);
    } else if is("raised-by-the-sdk") && refused {
        error["raised_by"] = json!("ClientError");
        error["raised_in"] = json!("sdk:check");
    } else if is("secret-in-answer") && refused {
        let input: Value = serde_json::from_str(body).unwrap_or_default();
        error["message"] = json!(format!(
            "cannot read {}",
            Value::Object(Map::from_iter([("auth".to_owned(), input["auth"].clone())]))
        ));
    } else {
        return false;
    }
    true
}
