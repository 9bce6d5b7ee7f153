//! What is judged of every answer, whatever it was asked for.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use lumos_connector_types::capability::StandardCapability;
use serde_json::Value;

use crate::codes;
use crate::groups::{answers, errors};
use crate::known::{identity, ids, key};
use crate::run::Run;
use crate::schema::AnswerSchema;
use crate::subject::{Call, Reply};

/// The keys of a success, in their order.
const SUCCESS: &[&str] = &["response", "raw_data", "page", "rate_limit", "execution_summary"];

/// The same for a custom capability.
const CUSTOM: &[&str] = &["page", "raw_data", "execution_summary", "rate_limit", "response"];

/// The keys of an error envelope, of the error in it, and of its metadata.
const ERROR: &[&str] = &["is_error", "error", "raw_data", "page"];
const ERROR_FIELDS: &[&str] = &[
    "message",
    "status_code",
    "app_error_code",
    "error_code",
    "app_id",
    "raised_by",
    "raised_in",
    "error_metadata",
];
const METADATA: &[&str] =
    &["fault", "category", "hint", "retryable", "throttled", "refreshable", "retry_after_seconds"];

/// Fields that hold a time as a text.
const TIMES: &[&str] = &[
    "created_at",
    "updated_at",
    "last_login",
    "last_used_at",
    "expires_at",
    "last_rotated_at",
    "happened_at",
    "timestamp",
    "transaction_date",
    "payment_date",
];

/// Schemas of answers, each made once.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    schemas: Mutex<HashMap<String, Option<Arc<AnswerSchema>>>>,
}

impl Run<'_> {
    fn schema(&self, capability: &str) -> Option<Arc<AnswerSchema>> {
        let mut schemas = self.judge.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || AnswerSchema::of(capability, self.known.info.as_deref()).map(Arc::new);
        schemas.entry(capability.to_owned()).or_insert_with(make).clone()
    }

    pub(crate) fn judge_answer(&self, call: &Call) {
        match call.reply() {
            Reply::Success(answer) => {
                self.judge_text(call);
                self.judge_success(call, answer);
            }
            Reply::Error(error) => {
                self.judge_text(call);
                self.judge_error(call, error);
            }
            Reply::None(_) => {}
        }
    }

    /// How an answer is written.
    fn judge_text(&self, call: &Call) {
        let problem = writing_problem(call.document());
        self.expect(
            answers::WRITING,
            problem.is_none(),
            call.name.as_str(),
            || problem.unwrap_or_default().to_owned(),
            &[call],
        );
    }

    fn judge_success(&self, call: &Call, answer: &Value) {
        let name = call.name.as_str();
        let standard = StandardCapability::from_wire(name);
        let keys: Vec<&str> = answer.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
        let expected = if standard.is_some() { SUCCESS } else { CUSTOM };
        self.expect(
            answers::ENVELOPE,
            keys == expected,
            name,
            || format!("the answer has the keys {}; expected {}", keys.join(", "), expected.join(", ")),
            &[call],
        );
        if let Some(schema) = self.schema(name) {
            let mut problems = schema.problems(answer);
            problems.dedup();
            self.expect(answers::SCHEMA, problems.is_empty(), name, || problems.join("; "), &[call]);
            // Of an envelope with other keys no more is said, and what has another type has no fields.
            if problems.is_empty() && keys.len() == expected.len() {
                let shape = schema.shape(&in_order(answer));
                for (rule, places, what) in [
                    (answers::EVERY_FIELD, shape.missing, "is left out"),
                    (answers::UNKNOWN_FIELDS, shape.unknown, "is not a field of the contract"),
                    (answers::FIELD_ORDER, shape.unordered, "is not where the schema has it"),
                ] {
                    self.expect(
                        rule,
                        places.is_empty(),
                        name,
                        || format!("{} {what}", places.join(", ")),
                        &[call],
                    );
                }
            }
        }
        self.expect(
            answers::RAW_DATA,
            answer["raw_data"].is_null() || wants_raw_data(call),
            name,
            || "`raw_data` is there although it was not asked for".to_owned(),
            &[call],
        );
        self.expect(
            crate::groups::paging::EMPTY_TOKEN,
            answer["page"]["token"] != "",
            name,
            || "the token of the next page is an empty text".to_owned(),
            &[call],
        );
        self.judge_rows(call);
        self.judge_limits(call, answer);
    }

    fn judge_rows(&self, call: &Call) {
        let name = call.name.as_str();
        let mut seen = HashSet::new();
        let unique = !identity(name).is_empty();
        for row in call.rows() {
            if !row.is_object() {
                continue;
            }
            if unique {
                let key = key(name, row);
                let new = seen.insert(key.clone());
                self.expect(
                    answers::IDS_UNIQUE,
                    new,
                    name,
                    || format!("{key} is on one page twice"),
                    &[call],
                );
            }
            for field in ids(name) {
                self.expect(
                    answers::IDS_NOT_EMPTY,
                    row[*field].as_str().is_none_or(|id| !id.is_empty()),
                    name,
                    || format!("`{field}` of a row is empty"),
                    &[call],
                );
                self.expect(
                    answers::IDS_TRIMMED,
                    row[*field].as_str().is_none_or(|id| id.trim() == id),
                    name,
                    || format!("`{field}` of a row has white space at its ends"),
                    &[call],
                );
            }
            self.judge_types(call, row);
            if let Some(email) = row["email"].as_str() {
                self.expect(
                    answers::EMAILS,
                    is_email(email),
                    name,
                    || "`email` of a row is not an email address".to_owned(),
                    &[call],
                );
            }
            for field in TIMES {
                if let Some(time) = row[*field].as_str() {
                    self.expect(
                        answers::TIMES,
                        is_time(time),
                        name,
                        || format!("`{field}` of a row is not a time of RFC 3339"),
                        &[call],
                    );
                }
            }
        }
    }

    fn judge_types(&self, call: &Call, row: &Value) {
        let Some(info) = &self.known.info else { return };
        let entitlement_types: HashSet<&str> =
            info.info.entitlement_types.iter().map(|it| it.type_id.as_str()).collect();
        let resource_types: HashSet<&str> =
            info.info.resource_types.iter().map(|it| it.type_id.as_str()).collect();
        for (rule, field, declared) in [
            (answers::ENTITLEMENT_TYPES, "entitlement_type", entitlement_types),
            (answers::RESOURCE_TYPES, "resource_type", resource_types),
        ] {
            if let Some(kind) = row[field].as_str() {
                // A connector without types has free ones.
                self.expect(
                    rule,
                    declared.is_empty() || declared.contains(kind),
                    format!("{}: {kind}", call.name),
                    || format!("`{field}` is `{kind}`, which is not declared"),
                    &[call],
                );
            }
        }
    }

    fn judge_limits(&self, call: &Call, answer: &Value) {
        let states = answer["rate_limit"]["current_state"].as_object();
        for (id, state) in states.into_iter().flatten() {
            let (remaining, limit) = (state["remaining"].as_i64(), state["limit"].as_i64());
            let sensible = remaining.is_none_or(|remaining| remaining >= 0)
                && limit.is_none_or(|limit| remaining.is_none_or(|remaining| remaining <= limit))
                && state["current_delay"].as_i64().is_none_or(|delay| delay >= 0);
            self.expect(
                crate::groups::limits::STATE_SENSIBLE,
                sensible,
                call.name.as_str(),
                || format!("the state of `{id}` has more remaining than its limit, or a negative number"),
                &[call],
            );
        }
    }

    fn judge_error(&self, call: &Call, error: &Value) {
        let name = call.name.as_str();
        let keys = |value: &Value| {
            value.as_object().map(|it| it.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
        };
        let envelope = call.answer.as_ref().map(keys).unwrap_or_default();
        let kept =
            envelope == ERROR && keys(error) == ERROR_FIELDS && keys(&error["error_metadata"]) == METADATA;
        self.expect(
            errors::ENVELOPE,
            kept,
            name,
            || "the error envelope lacks a key, has another one, or has them in another order".to_owned(),
            &[call],
        );
        if !kept {
            return;
        }
        let code = error["error_code"].as_str().unwrap_or_default();
        let known = codes::find(code);
        self.expect(
            errors::CODE,
            known.is_some(),
            name,
            || format!("`{code}` is not a code of the contract"),
            &[call],
        );
        self.expect(
            errors::MESSAGE,
            error["message"].as_str().is_some_and(|message| !message.trim().is_empty()),
            name,
            || "the error has no message".to_owned(),
            &[call],
        );
        if let Some(info) = &self.known.info {
            self.expect(
                errors::APP_ID,
                error["app_id"] == info.info.app_id.as_str(),
                name,
                || "`app_id` of the error is not the connector's".to_owned(),
                &[call],
            );
        }
        let metadata = &error["error_metadata"];
        if let Some(expected) = known {
            // OAuth's errors are final, and a connector may know better whether a failure of its own passes.
            let caller = expected.fault == "caller";
            let wrong = ["retryable", "throttled", "refreshable"]
                .into_iter()
                .find(|flag| caller && metadata[*flag] == true);
            let throttled = metadata["throttled"] == true && metadata["retryable"] == false;
            self.expect(
                errors::METADATA,
                wrong.is_none() && !throttled,
                name,
                || match wrong {
                    Some(flag) => format!("`{code}` is the caller's fault, and yet `{flag}`"),
                    None => "`throttled` without `retryable`".to_owned(),
                },
                &[call],
            );
            self.expect(
                errors::FAULT,
                metadata["fault"] == expected.fault && metadata["category"] == expected.category,
                name,
                || format!("`{code}` has another fault or category than the contract's table"),
                &[call],
            );
        }
        self.expect(
            errors::RETRY_AFTER,
            metadata["retry_after_seconds"].as_f64().is_none_or(|seconds| seconds >= 0.0),
            name,
            || "`retry_after_seconds` is negative".to_owned(),
            &[call],
        );
    }
}

/// An answer with its envelope in the order of the schema: custom capabilities have another one.
fn in_order(answer: &Value) -> Value {
    let members = SUCCESS.iter().filter_map(|key| Some(((*key).to_owned(), answer.get(*key)?.clone())));
    Value::Object(members.collect())
}

fn wants_raw_data(call: &Call) -> bool {
    serde_json::from_str::<Value>(call.body.expose()).is_ok_and(|body| body["include_raw_data"] == true)
}

/// What is wrong with how a JSON text is written.
fn writing_problem(text: &str) -> Option<&'static str> {
    let (mut inside, mut escaped) = (false, false);
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match (inside, byte) {
            (true, _) if escaped => {
                escaped = false;
                let hex = text.get(at + 1..at + 5);
                if *byte == b'u'
                    && hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).is_some_and(|code| code >= 0x80)
                {
                    return Some("characters beyond ASCII are escaped");
                }
            }
            (true, b'\\') => escaped = true,
            (_, b'"') => inside = !inside,
            (false, b' ' | b'\t' | b'\r' | b'\n') => return Some("there is white space between its tokens"),
            _ => {}
        }
    }
    None
}

fn is_email(text: &str) -> bool {
    let Some((name, domain)) = text.rsplit_once('@') else { return false };
    !name.is_empty() && !domain.is_empty() && !text.contains(char::is_whitespace)
}

fn is_time(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
        || text.parse::<jiff::civil::DateTime>().is_ok()
        || text.parse::<jiff::civil::Date>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_utf8_is_right() {
        assert_eq!(writing_problem(r#"{"a":"b c","d":["ü\n\u0007\"x"]}"#), None);
    }

    #[test]
    fn spaces_and_escapes_are_told() {
        assert!(writing_problem(r#"{"a": 1}"#).unwrap().contains("white space"));
        assert!(writing_problem(r#"{"a":"\u00fc"}"#).unwrap().contains("escaped"));
    }
}
