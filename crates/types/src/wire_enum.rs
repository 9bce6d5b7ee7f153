//! Enumerations of the wire: closed sets of strings.

/// Declares an enumeration of the wire: the variants with the exact strings that stand for them.
///
/// The enum is read from those strings only (never from `{"variant": …}`), written as them, and described by a JSON
/// Schema `{"type": "string", "enum": […]}`. After the name may stand `= Variant`, its default, and `else Variant`,
/// which every other value is read as.
///
/// ```
/// lumos_connector_types::wire_enum! {
///     /// Where the data lives.
///     pub enum Region = Us else Elsewhere {
///         /// In the United States.
///         Us = "us",
///         /// Somewhere else.
///         Elsewhere = "elsewhere",
///     }
/// }
/// assert_eq!(Region::default().as_str(), "us");
/// assert_eq!(serde_json::from_str::<Region>("\"mars\"").unwrap(), Region::Elsewhere);
/// ```
#[macro_export]
macro_rules! wire_enum {
    (
        $(#[doc = $documentation:literal])*
        $visibility:vis enum $name:ident $(= $default:ident)? $(else $fallback:ident)? {
            $($(#[$variant_attribute:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[doc = $documentation])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        $visibility enum $name {
            $($(#[$variant_attribute])* $variant,)+
        }

        impl $name {
            /// Every value, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The string that stands for this value on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The value that a string of the wire stands for.
            #[must_use]
            pub fn from_wire(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                let fallback: Option<Self> = None $(.or(Some(Self::$fallback)))?;
                $crate::wire_enum::deserialize(deserializer, &[$($text),+], Self::from_wire, fallback)
            }
        }

        $(impl ::std::default::Default for $name {
            fn default() -> Self {
                Self::$default
            }
        })?

        impl $crate::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(
                _: &mut $crate::schemars::SchemaGenerator,
            ) -> $crate::schemars::Schema {
                $crate::wire_enum::schema(&[$($text),+], concat!($($documentation, "\n"),*))
            }
        }
    };
}

use std::fmt;

use schemars::{Schema, json_schema};
use serde::Deserializer;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

/// Reads one of the strings of an enumeration; anything else is the fallback, when there is one.
#[doc(hidden)]
pub fn deserialize<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    all: &'static [&'static str],
    from_wire: fn(&str) -> Option<T>,
    fallback: Option<T>,
) -> Result<T, D::Error> {
    let any = fallback.is_some();
    let visitor = NameVisitor { all, from_wire, fallback };
    if any { deserializer.deserialize_any(visitor) } else { deserializer.deserialize_str(visitor) }
}

struct NameVisitor<T> {
    all: &'static [&'static str],
    from_wire: fn(&str) -> Option<T>,
    fallback: Option<T>,
}

impl<T> NameVisitor<T> {
    fn other<E: Error>(self, found: Unexpected<'_>) -> Result<T, E> {
        match self.fallback {
            Some(fallback) => Ok(fallback),
            None => Err(E::invalid_type(found, &self)),
        }
    }
}

impl<'de, T> Visitor<'de> for NameVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of the strings {}", self.all.join(", "))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.from_wire)(text).or(self.fallback).ok_or_else(|| E::unknown_variant(text, self.all))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<T, E> {
        self.other(Unexpected::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.other(Unexpected::Signed(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.other(Unexpected::Unsigned(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        self.other(Unexpected::Float(number))
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        self.other(Unexpected::Unit)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        self.other(Unexpected::Seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<T, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.other(Unexpected::Map)
    }
}

/// The schema of an enumeration.
#[doc(hidden)]
#[must_use]
pub fn schema(all: &[&str], documentation: &str) -> Schema {
    let description = documentation.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    match description.trim() {
        "" => json_schema!({"type": "string", "enum": all}),
        description => json_schema!({"type": "string", "enum": all, "description": description}),
    }
}

/// Declares the type of a `kind` field: one fixed string, which may be left out on input (contract §2).
macro_rules! kind {
    ($($name:ident = $text:literal),+ $(,)?) => {
        $(
            #[doc = concat!("The fixed string `", $text, "`.")]
            #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
            #[expect(clippy::exhaustive_structs, reason = "it has no content and never will")]
            pub struct $name;

            impl ::serde::Serialize for $name {
                fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str($text)
                }
            }

            impl<'de> ::serde::Deserialize<'de> for $name {
                fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    $crate::wire_enum::deserialize(deserializer, &[$text], |text| (text == $text).then_some(Self), None)
                }
            }

            impl ::schemars::JsonSchema for $name {
                fn inline_schema() -> bool {
                    true
                }

                fn schema_name() -> ::std::borrow::Cow<'static, str> {
                    stringify!($name).into()
                }

                fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                    ::schemars::json_schema!({"type": "string"})
                }
            }
        )+
    };
}

pub(crate) use kind;

/// Reads the first of several variants that fits, as the reference reads its unions.
macro_rules! first_that_fits {
    ($union:ident: $($variant:ident),+ $(,)?) => {
        impl<'de> ::serde::Deserialize<'de> for $union {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let json = $crate::json::Json::deserialize(deserializer)?;
                let document = $crate::json::Document::parse(json.text()).map_err(::serde::de::Error::custom)?;
                $(if let Ok(value) = document.read() {
                    return Ok(Self::$variant(value));
                })+
                Err(::serde::de::Error::custom(concat!("matches no variant of ", stringify!($union))))
            }
        }
    };
}

pub(crate) use first_that_fits;
