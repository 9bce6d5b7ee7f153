//! Integers within bounds.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An integer from `MIN` to `MAX`, for settings and custom payloads: the schema states the bounds, and reading enforces them.
///
/// ```
/// use lumos_connector_types::bounded::Bounded;
/// let batch: Bounded<1, 50> = serde_json::from_str("50").unwrap();
/// assert_eq!(batch.get(), 50);
/// assert!(serde_json::from_str::<Bounded<1, 50>>("51").is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bounded<const MIN: i64, const MAX: i64>(i64);

impl<const MIN: i64, const MAX: i64> Bounded<MIN, MAX> {
    /// The number, when it is within the bounds.
    #[must_use]
    pub const fn new(number: i64) -> Option<Self> {
        if MIN <= number && number <= MAX { Some(Self(number)) } else { None }
    }

    /// The number `N`; one out of bounds does not compile. It is what the default of a setting is named by:
    ///
    /// ```
    /// use lumos_connector_types::bounded::Bounded;
    /// use schemars::JsonSchema;
    ///
    /// #[derive(serde::Deserialize, JsonSchema)]
    /// struct Settings {
    ///     #[serde(default = "Bounded::<1, 65535>::of::<5432>")]
    ///     port: Bounded<1, 65535>,
    /// }
    /// assert_eq!(serde_json::from_str::<Settings>("{}").unwrap().port.get(), 5432);
    /// ```
    ///
    /// ```compile_fail,E0080
    /// lumos_connector_types::bounded::Bounded::<1, 65535>::of::<0>();
    /// ```
    #[must_use]
    pub const fn of<const N: i64>() -> Self {
        const { assert!(MIN <= N && N <= MAX, "the number is out of bounds") };
        Self(N)
    }

    /// The number, or the nearest bound.
    #[must_use]
    pub fn clamped(number: i64) -> Self {
        Self(number.clamp(MIN, MAX))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl<const MIN: i64, const MAX: i64> fmt::Display for Bounded<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const MIN: i64, const MAX: i64> Serialize for Bounded<MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Bounded<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        Self::new(number).ok_or_else(|| {
            let expected = format!("an integer from {MIN} to {MAX}");
            D::Error::invalid_value(Unexpected::Signed(number), &expected.as_str())
        })
    }
}

impl<const MIN: i64, const MAX: i64> JsonSchema for Bounded<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Bounded_{MIN}_{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": MIN, "maximum": MAX})
    }
}
