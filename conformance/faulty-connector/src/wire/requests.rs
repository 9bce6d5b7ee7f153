//! Faults in how a request is taken.

use std::time::Duration;

use serde_json::{Value, json};

use super::answers::error;
use crate::fault::is;

/// What becomes of a request.
pub(super) enum Taken {
    /// It goes on to the healthy connector, changed perhaps.
    On,
    /// It is answered here.
    Answered(String),
    /// The program ends without an answer.
    Crash,
}

/// A short text that is not JSON.
const SHORT: usize = 100;

/// More levels than a healthy reader takes.
const DEEP: usize = 50_000;

pub(super) fn take(capability: &str, body: &mut String) -> Taken {
    if is("deep-nesting-crashes") && body.matches('[').count() > DEEP {
        return Taken::Crash;
    }
    if is("big-input-refused") && body.len() > 4 << 20 {
        return Taken::Answered(error("bad_request", "the request is too large"));
    }
    let Ok(mut value) = serde_json::from_str::<Value>(body) else {
        return if is("malformed-json-crashes") && body.len() < SHORT { Taken::Crash } else { Taken::On };
    };
    if !value.is_object() {
        return Taken::On;
    }
    if let Some(text) = refused(capability, &value) {
        return Taken::Answered(text);
    }
    if is("huge-deadline-crashes") && value["rate_limit"]["max_execution_time"].as_f64() > Some(1e15) {
        return Taken::Crash;
    }
    if is("deadline-ignored")
        && value["rate_limit"]["max_execution_time"].as_u64().is_some_and(|time| time > 10 && time < 1000)
    {
        std::thread::sleep(Duration::from_secs(14));
    }
    soften(capability, &mut value);
    *body = value.to_string();
    Taken::On
}

/// What a fault refuses although it is right, or refuses with another code.
fn refused(capability: &str, value: &Value) -> Option<String> {
    let limits = &value["rate_limit"];
    let bad = |message: &str| Some(error("bad_request", message));
    if is("malformed-credentials-fail") && value["auth"].is_string() {
        return Some(error("internal_error", "a credential has no such attribute"));
    }
    if is("unknown-key-refused") && value.get("check_unknown_key").is_some() && capability != "app_info" {
        return bad("unknown key");
    }
    if is("null-refused") && value.get("include_raw_data") == Some(&Value::Null) {
        return bad("include_raw_data is null");
    }
    if is("state-refused") && limits["last_known_state"].is_object() {
        return bad("unknown limit");
    }
    if is("mode-refused") && limits["caller_override_mode"] == "bypass" {
        return bad("unknown mode");
    }
    if is("short-deadline-fails") && limits["max_execution_time"].as_i64().is_some_and(|time| time <= 10) {
        return Some(error("internal_error", "the time is negative"));
    }
    None
}

/// What a fault takes although it is wrong: it is put right here.
fn soften(capability: &str, value: &mut Value) {
    let login = json!({"basic": {"username": "nobody", "password": "nothing"}});
    let auth = &value["auth"];
    let (has_auth, has_list) =
        (auth.is_object(), value.get("credentials").is_some_and(|list| !list.is_null()));
    if is("no-credentials-taken")
        && value.get("auth").is_none_or(Value::is_null)
        && !has_list
        && capability != "app_info"
    {
        value["auth"] = login.clone();
    }
    if is("both-credentials-taken") && has_auth && has_list {
        value["auth"] = login.clone();
        value["credentials"] = Value::Null;
    }
    if is("unknown-credential-taken") && value["credentials"][0]["id"] == "check-unknown" {
        value["credentials"] = json!([{"id": "login", "basic": login["basic"]}]);
    }
    if is("no-settings-taken") && value.get("settings").is_none_or(Value::is_null) {
        value["settings"] = json!({"host": "acme.test"});
    }
    if is("settings-list-taken") && value["settings"].is_array() {
        value["settings"] = json!({"host": "acme.test"});
    }
    if is("incomplete-settings-taken")
        && value["settings"].is_object()
        && value["settings"].get("host").is_none()
    {
        value["settings"]["host"] = json!("acme.test");
    }
    if is("no-request-taken") && value.get("request").is_none() {
        value["request"] = json!({});
    }
    if is("missing-field-taken")
        && capability == "get_account"
        && value["request"].get("account_id").is_none()
    {
        value["request"] = json!({"account_id": "acct-0000"});
    }
    if is("wrong-type-taken") && value["page"]["size"].is_string() {
        value["page"]["size"] = json!(5);
    }
    if is("unknown-mode-taken") && value["rate_limit"]["caller_override_mode"] == "check" {
        value["rate_limit"]["caller_override_mode"] = Value::Null;
    }
}
