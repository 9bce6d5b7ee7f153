//! A value of one of two types.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

use crate::json::{Document, Json};

/// A value of type `A` or of type `B`, for settings and custom payloads.
///
/// It is read as the reference reads its unions: as the type that matches exactly, `A` before `B`, and only then by coercion.
/// `Either<i64, String>` keeps `"5"` a string, and turns `5.0` into an integer. A text that can be read as a
/// [`Date`](crate::time::Date) or a [`DateTime`](crate::time::DateTime) fits these exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "two types, two variants")]
pub enum Either<A, B> {
    /// A value of the first type.
    First(A),
    /// A value of the second type.
    Second(B),
}

impl<'de, A: DeserializeOwned, B: DeserializeOwned> Deserialize<'de> for Either<A, B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        let document = Document::parse(json.text()).map_err(D::Error::custom)?;
        let exact =
            document.read_exact().map(Self::First).or_else(|_| document.read_exact().map(Self::Second));
        let strict = || document.read().map(Self::First).or_else(|_| document.read().map(Self::Second));
        let lax = || document.read_lax().map(Self::First).or_else(|_| document.read_lax().map(Self::Second));
        exact
            .or_else(|_| strict())
            .or_else(|_| lax())
            .map_err(|_| D::Error::custom("matches neither of the two types of this field"))
    }
}

impl<A: JsonSchema, B: JsonSchema> JsonSchema for Either<A, B> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Either_{}_{}", A::schema_name(), B::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [generator.subschema_for::<A>(), generator.subschema_for::<B>()]})
    }
}
