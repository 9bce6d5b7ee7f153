//! The request of a case, of which each part is the case's own or the suite's.

use serde_json::{Map, Value, json};

use crate::placeholder;

/// Some parts of a request's envelope.
#[derive(Debug, Clone, Default)]
pub(crate) struct Envelope(Map<String, Value>);

impl Envelope {
    pub(crate) fn set(&mut self, part: &str, value: Value) {
        self.0.insert(part.to_owned(), value);
    }

    /// Sets one field of a part that is an object.
    pub(crate) fn set_in(&mut self, part: &str, field: &str, value: Value) {
        let part = self.0.entry(part).or_insert_with(|| json!({}));
        if let Value::Object(fields) = part {
            fields.insert(field.to_owned(), value);
        }
    }

    /// These parts, and those of the defaults where there are none.
    pub(crate) fn over(&self, defaults: &Self) -> Self {
        let mut parts = defaults.0.clone();
        parts.extend(self.0.clone());
        Self(parts)
    }

    /// The whole request for a fake app at an address. Custom capabilities need the key `settings`, even when there are
    /// none.
    pub(crate) fn request(&self, upstream: &str) -> Value {
        let mut request = json!({"request": {}, "settings": null});
        for (part, value) in &self.0 {
            request[part] = placeholder::resolve(value, upstream);
        }
        request
    }
}
