//! Free-form JSON, carried as text.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::error::ReadError;

/// The name under which the document reader is asked for a value's own text.
pub(super) const JSON_TOKEN: &str = "$lumos_connector::Json";

/// Any JSON value, kept as the text it came as or was made from.
///
/// Numbers pass through unchanged, however long: `9007199254740993` and `1.0` stay what they are.
///
/// ```
/// use lumos_connector_types::json::Json;
/// use serde_json::json;
///
/// let made = Json::from(json!({"rank": 1.0}));
/// assert_eq!(made.text(), r#"{"rank":1.0}"#);
/// let read: Json = serde_json::from_str("12345678901234567890123").unwrap();
/// assert_eq!(serde_json::to_string(&read).unwrap(), "12345678901234567890123");
/// ```
#[derive(Clone)]
pub struct Json(Box<RawValue>);

impl Json {
    /// Any serialisable value as JSON.
    ///
    /// # Errors
    /// When the value has no JSON form, such as a map with keys that are not strings.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// A JSON text.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub fn from_text(text: String) -> Result<Self, ReadError> {
        RawValue::from_string(text).map(Self).map_err(|error| {
            ReadError::new(format!("not valid JSON at line {} column {}", error.line(), error.column()))
        })
    }

    /// The JSON text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// Reads a typed value without coercion, as standard payloads are read.
    ///
    /// # Errors
    /// When the JSON is not of that type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        super::read(self.text())
    }

    /// Reads a typed value with coercion, as settings are read.
    ///
    /// # Errors
    /// When the JSON cannot be coerced to that type.
    pub fn read_lax<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        super::read_lax(self.text())
    }

    /// One value under one key, as `raw_data` has the app's answers by call.
    ///
    /// # Errors
    /// When the value has no JSON form.
    pub fn entry<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<Self, serde_json::Error> {
        Self::new(&indexmap::IndexMap::from([(key, value)]))
    }

    /// The schema of a field that must be present and may hold any value, `null` included.
    #[must_use]
    pub fn nullable_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{}, {"type": "null"}]})
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        // A `Value` has string keys only, so it always has a JSON form.
        Self::new(&value).unwrap_or_default()
    }
}

impl Default for Json {
    /// `null`.
    fn default() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl PartialEq for Json {
    /// Equal as JSON: the order of keys and the spelling of numbers do not matter.
    fn eq(&self, other: &Self) -> bool {
        let value = |json: &Self| serde_json::from_str::<serde_json::Value>(json.text()).ok();
        self.text() == other.text() || value(self).is_some_and(|own| Some(own) == value(other))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
                Box::<RawValue>::deserialize(deserializer).map(Json)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Json, E> {
                self.visit_string(text.to_owned())
            }

            fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Json, E> {
                RawValue::from_string(text).map(Json).map_err(E::custom)
            }
        }

        deserializer.deserialize_newtype_struct(JSON_TOKEN, TextVisitor)
    }
}

impl JsonSchema for Json {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Json".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}

/// A JSON object with any content, kept as text like [`Json`].
///
/// ```
/// use lumos_connector_types::json::JsonObject;
/// use serde_json::json;
///
/// let extra: JsonObject = [("index", json!(7)), ("even", json!(false))].into_iter().collect();
/// assert_eq!(extra.text(), r#"{"index":7,"even":false}"#);
/// ```
#[derive(Clone, PartialEq)]
pub struct JsonObject(Json);

impl JsonObject {
    /// Any value that serialises as an object: a struct or a map.
    ///
    /// # Errors
    /// When the value has no JSON form or is not an object.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        let json = Json::new(value)?;
        Self::try_from(json).map_err(serde::ser::Error::custom)
    }

    /// The JSON text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.text()
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Json> {
        self.read::<indexmap::IndexMap<String, Json>>().ok()?.swap_remove(key)
    }

    /// Reads a typed value without coercion, as standard payloads are read.
    ///
    /// # Errors
    /// When the object is not of that type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        self.0.read()
    }

    /// Reads a typed value with coercion, as settings are read.
    ///
    /// # Errors
    /// When the object cannot be coerced to that type.
    pub fn read_lax<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        self.0.read_lax()
    }
}

impl Default for JsonObject {
    /// `{}`.
    fn default() -> Self {
        Self::from(serde_json::Map::new())
    }
}

impl fmt::Debug for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<Json> for JsonObject {
    type Error = ReadError;

    fn try_from(json: Json) -> Result<Self, ReadError> {
        // JSON has no leading blanks here: `RawValue` starts at the value.
        if json.text().starts_with('{') { Ok(Self(json)) } else { Err(ReadError::new("expected an object")) }
    }
}

impl TryFrom<serde_json::Value> for JsonObject {
    type Error = ReadError;

    fn try_from(value: serde_json::Value) -> Result<Self, ReadError> {
        Json::from(value).try_into()
    }
}

impl From<JsonObject> for Json {
    fn from(object: JsonObject) -> Self {
        object.0
    }
}

impl From<serde_json::Map<String, serde_json::Value>> for JsonObject {
    fn from(map: serde_json::Map<String, serde_json::Value>) -> Self {
        Self(Json::from(serde_json::Value::Object(map)))
    }
}

impl<K: Into<String>, V: Into<serde_json::Value>> FromIterator<(K, V)> for JsonObject {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (key.into(), value.into()));
        Self::from(entries.collect::<serde_json::Map<_, _>>())
    }
}

impl Serialize for JsonObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Json::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

impl JsonSchema for JsonObject {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "JsonObject".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "additionalProperties": true})
    }
}
