//! JSON of apps that write it in their own way: names in another case, numbers as texts, one value in place of a list.
//!
//! | the app writes | it is read as |
//! | --- | --- |
//! | `"UserName"` for the documented `userName` | that field: [`field`] |
//! | `null` | no field |
//! | `7` for an id, `"25"` for a total | [`as_text`], [`as_number`] |
//! | `"True"` | [`as_boolean`] |
//! | `{…}` or `"x"` where a list is meant | a list of one: [`as_list`] |
//!
//! Nothing is guessed beyond: `25.5` is not a whole number, and `"yes"` is not a boolean. Types that an app writes as
//! documented are better read with `serde`.
//!
//! ```
//! use lumos_connector_client::lenient::{as_number, field, is_true, list_of, text_of};
//! use serde_json::json;
//!
//! let answer = json!({"TOTAL": "2", "users": {"Id": 7, "Name": null, "active": "True"}});
//! let answer = answer.as_object().unwrap();
//! assert_eq!(field(answer, "total").and_then(as_number), Some(2));
//! let users = list_of(answer, "users");
//! let user = users[0].as_object().unwrap();
//! assert_eq!((text_of(user, "id").as_deref(), text_of(user, "name")), (Some("7"), None));
//! assert!(is_true(user, "active"));
//! ```

use std::borrow::Cow;

use indexmap::IndexMap;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The field of a name, in any case of letters; the exact name comes first, and null is no field.
#[must_use]
pub fn field<'v>(fields: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    let is_named = |(key, value): &(&String, &Value)| key.eq_ignore_ascii_case(name) && !value.is_null();
    let exact = fields.get(name).filter(|value| !value.is_null());
    exact.or_else(|| fields.iter().find(is_named).map(|(_, value)| value))
}

/// A text that is not empty, or a number as text.
#[must_use]
pub fn as_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// The [text](as_text) of a field.
#[must_use]
pub fn text_of<'v>(fields: &'v Map<String, Value>, name: &str) -> Option<Cow<'v, str>> {
    as_text(field(fields, name)?)
}

/// A whole number, or a text that is one. `25.0` and `1e2` are whole numbers, `25.5` is not.
#[must_use]
pub fn as_number(value: &Value) -> Option<i64> {
    let whole = |number: f64| format!("{number:.0}").parse().ok().filter(|_| number.fract() == 0.0);
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A boolean, or `true` or `false` as text, in any case of letters.
#[must_use]
pub fn as_boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// Whether a field is [true](as_boolean).
#[must_use]
pub fn is_true(fields: &Map<String, Value>, name: &str) -> bool {
    field(fields, name).and_then(as_boolean) == Some(true)
}

/// The values of a list, or the one value that stands in its place; none for null.
#[must_use]
pub fn as_list(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        Value::Null => &[],
        single => std::slice::from_ref(single),
    }
}

/// The [values](as_list) of a field.
#[must_use]
pub fn list_of<'v>(fields: &'v Map<String, Value>, name: &str) -> &'v [Value] {
    field(fields, name).map(as_list).unwrap_or_default()
}

/// An object whose values are not read yet: for answers with long lists, whose rows are read one by one, so that an odd one
/// costs itself and what is not needed of a row is never held.
///
/// ```
/// use lumos_connector_client::lenient::{Unread, as_text};
/// use serde_json::value::RawValue;
///
/// let text = RawValue::from_string(r#"{"Users": [{"id": 1}, "odd", {"ID": "b"}]}"#.to_owned()).unwrap();
/// let answer = Unread::of(&text).unwrap();
/// let users = answer.list("users").into_iter().filter_map(Unread::of);
/// let ids: Vec<_> = users.filter_map(|user| Some(as_text(&user.get("id"))?.into_owned())).collect();
/// assert_eq!(ids, ["1", "b"]);
/// ```
#[derive(Debug)]
pub struct Unread<'t>(IndexMap<String, &'t RawValue>);

impl<'t> Unread<'t> {
    /// The object that a JSON text is; `None` when it is not an object.
    #[must_use]
    pub fn of(text: &'t RawValue) -> Option<Self> {
        serde_json::from_str(text.get()).ok().map(Self)
    }

    /// The values of the list that a JSON text is, or the one value that stands in its place; none for null.
    #[must_use]
    pub fn items(text: &'t RawValue) -> Vec<&'t RawValue> {
        serde_json::from_str::<Option<_>>(text.get()).map_or_else(|_| vec![text], Option::unwrap_or_default)
    }

    /// Whether there is a field of a name, be it null.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.keys().any(|key| key.eq_ignore_ascii_case(name))
    }

    /// The field of a name, read; null when there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> Value {
        self.raw(name).and_then(|text| serde_json::from_str(text.get()).ok()).unwrap_or_default()
    }

    /// The values of a field that is a list, not read yet; see [`items`](Self::items).
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<&'t RawValue> {
        self.raw(name).map(Self::items).unwrap_or_default()
    }

    fn raw(&self, name: &str) -> Option<&'t RawValue> {
        let mut named = self.0.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.find(|(_, text)| text.get() != "null").map(|(_, text)| *text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_have_any_case_and_null_is_absent() {
        let value = json!({"ID": null, "Id": 7, "name": "Ada", "NAME": "other", "gone": null});
        let fields = value.as_object().unwrap();
        assert_eq!(field(fields, "id"), Some(&json!(7)));
        assert_eq!(field(fields, "name"), Some(&json!("Ada")));
        assert_eq!((field(fields, "gone"), field(fields, "more")), (None, None));
        let text = RawValue::from_string(value.to_string()).unwrap();
        let unread = Unread::of(&text).unwrap();
        assert_eq!((unread.get("id"), unread.get("gone")), (json!(7), json!(null)));
        assert_eq!((unread.has("GONE"), unread.has("more")), (true, false));
    }

    #[test]
    fn values_are_what_they_stand_for_and_no_more() {
        for (value, text, number, boolean) in [
            (json!("7"), Some("7"), Some(7), None),
            (json!(" 7 "), Some(" 7 "), Some(7), None),
            (json!(25.0), Some("25.0"), Some(25), None),
            (json!(25.5), Some("25.5"), None, None),
            (json!(u64::MAX), Some("18446744073709551615"), None, None),
            (json!(""), None, None, None),
            (json!("False"), Some("False"), None, Some(false)),
            (json!("yes"), Some("yes"), None, None),
            (json!(true), None, None, Some(true)),
            (json!(1), Some("1"), Some(1), None),
            (json!([7]), None, None, None),
        ] {
            assert_eq!(as_text(&value).as_deref(), text, "{value}");
            assert_eq!(as_number(&value), number, "{value}");
            assert_eq!(as_boolean(&value), boolean, "{value}");
        }
    }

    #[test]
    fn one_value_may_stand_in_place_of_a_list() {
        for (value, length) in
            [(json!([1, null]), 2), (json!({"a": 1}), 1), (json!("x"), 1), (json!(null), 0)]
        {
            assert_eq!(as_list(&value).len(), length, "{value}");
            let text = RawValue::from_string(value.to_string()).unwrap();
            assert_eq!(Unread::items(&text).len(), length, "{value}");
        }
    }
}
