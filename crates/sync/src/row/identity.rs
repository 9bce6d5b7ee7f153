//! Which row it is: the values of its identifying fields, read from its text without building the rest.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::plan::IdentityField;

/// Why a row cannot be told from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityFault {
    /// It is not a JSON object, or not JSON at all.
    NotAnObject,
    /// The field is missing, null, or empty where it must not be.
    Missing(&'static str),
    /// The field is not text.
    NotText(&'static str),
}

/// Writes the key of a row to `key`: the text itself for one field, a JSON array of texts for several.
///
/// ```
/// use lumos_sync::plan::ListingKind;
/// use lumos_sync::row::identity;
///
/// let associations = ListingKind::labelled("associations").ok_or("no such listing")?;
/// let mut key = String::new();
/// let row = r#"{"account_id":"a","integration_specific_entitlement_id":"e","integration_specific_resource_id":""}"#;
/// identity::write_key(associations.identity, row, &mut key).map_err(|fault| format!("{fault:?}"))?;
/// assert_eq!(key, r#"["a","e",""]"#);
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
/// [`IdentityFault`], with `key` left empty.
pub fn write_key(fields: &'static [IdentityField], row: &str, key: &mut String) -> Result<(), IdentityFault> {
    key.clear();
    let mut values: [Value<'_>; MOST_FIELDS] = std::array::from_fn(|_| Value::Missing);
    let values = &mut values[..fields.len().min(MOST_FIELDS)];
    let mut deserializer = serde_json::Deserializer::from_str(row);
    Fields { fields, values }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|_| IdentityFault::NotAnObject)?;
    for (field, value) in fields.iter().zip(values.iter()) {
        match value {
            Value::Missing => return Err(IdentityFault::Missing(field.name)),
            Value::Text(text) if text.is_empty() && !field.may_be_empty => {
                return Err(IdentityFault::Missing(field.name));
            }
            Value::Text(_) => {}
            Value::Other => return Err(IdentityFault::NotText(field.name)),
        }
    }
    join(values.iter().map(Value::text), key);
    Ok(())
}

/// Joins the values of identifying fields to the key that [`write_key`] writes.
pub fn join<'a>(values: impl ExactSizeIterator<Item = &'a str>, key: &mut String) {
    key.clear();
    if values.len() == 1 {
        values.for_each(|value| key.push_str(value));
        return;
    }
    for (place, value) in values.enumerate() {
        key.push(if place == 0 { '[' } else { ',' });
        write_json_text(value, key);
    }
    key.push(']');
}

fn write_json_text(value: &str, key: &mut String) {
    let plain = value.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
    if plain {
        key.push('"');
        key.push_str(value);
        key.push('"');
    } else {
        // Writing text as JSON cannot fail.
        key.push_str(&serde_json::to_string(value).unwrap_or_default());
    }
}

/// The values that a key of `fields` fields was joined from.
#[must_use]
pub fn split(fields: usize, key: &str) -> Option<Vec<Cow<'_, str>>> {
    if fields == 1 {
        return Some(vec![Cow::Borrowed(key)]);
    }
    if key.contains('\\') {
        return serde_json::from_str(key).ok();
    }
    // Without a backslash, quotation marks only stand around values.
    let values = key.strip_prefix("[\"")?.strip_suffix("\"]")?.split('"').step_by(2);
    let mut parts = Vec::with_capacity(fields);
    parts.extend(values.map(Cow::Borrowed));
    Some(parts)
}

/// No listing of the contract has more.
const MOST_FIELDS: usize = 4;

enum Value<'a> {
    Missing,
    Text(Cow<'a, str>),
    Other,
}

impl Value<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Missing | Self::Other => "",
        }
    }
}

struct Fields<'v, 'a> {
    fields: &'static [IdentityField],
    values: &'v mut [Value<'a>],
}

impl<'a> DeserializeSeed<'a> for Fields<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Fields<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(place) = map.next_key_seed(FieldName(self.fields))? {
            match place.and_then(|place| self.values.get_mut(place)) {
                Some(value) => *value = map.next_value_seed(FieldValue)?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Which of the fields a key names.
struct FieldName(&'static [IdentityField]);

impl<'a> DeserializeSeed<'a> for FieldName {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldName {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|field| field.name == name))
    }
}

struct FieldValue;

impl<'a> DeserializeSeed<'a> for FieldValue {
    type Value = Value<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for FieldValue {
    type Value = Value<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Missing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_seq<A: serde::de::SeqAccess<'a>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ListingKind;

    fn key(label: &str, row: &str) -> Result<String, IdentityFault> {
        let mut key = String::new();
        write_key(ListingKind::labelled(label).unwrap().identity, row, &mut key).map(|()| key)
    }

    #[test]
    fn one_field_is_its_text_and_several_are_an_array() {
        assert_eq!(key("accounts", r#"{"email":null,"integration_specific_id":"a\u00e9"}"#).unwrap(), "aé");
        let row = r#"{"integration_specific_resource_id":"","integration_specific_id":"say \"x\"","label":{"a":[1]}}"#;
        assert_eq!(key("entitlements", row).unwrap(), r#"["say \"x\"",""]"#);
        assert_eq!(split(2, r#"["say \"x\"",""]"#).unwrap(), ["say \"x\"", ""]);
    }

    #[test]
    fn what_cannot_be_identified_says_why() {
        assert_eq!(key("accounts", "{}"), Err(IdentityFault::Missing("integration_specific_id")));
        assert_eq!(
            key("accounts", r#"{"integration_specific_id":null}"#),
            Err(IdentityFault::Missing("integration_specific_id"))
        );
        assert_eq!(
            key("accounts", r#"{"integration_specific_id":""}"#),
            Err(IdentityFault::Missing("integration_specific_id"))
        );
        for value in ["7", "true", "1.5", "[1]", r#"{"a":1}"#] {
            let row = format!(r#"{{"integration_specific_id":{value}}}"#);
            assert_eq!(
                key("accounts", &row),
                Err(IdentityFault::NotText("integration_specific_id")),
                "{value}"
            );
        }
        for row in ["[]", "7", r#""text""#, "{", r#"{"a":1}x"#] {
            assert_eq!(key("accounts", row), Err(IdentityFault::NotAnObject), "{row}");
        }
    }

    proptest::proptest! {
        #[test]
        fn keys_come_apart_again(values in proptest::collection::vec(".*", 2..5)) {
            let mut key = String::new();
            join(values.iter().map(String::as_str), &mut key);
            proptest::prop_assert_eq!(split(values.len(), &key).unwrap(), values);
        }
    }
}
