//! Reading typed values from a parsed document: one serde `Deserializer`, strict or lax.

use std::borrow::Cow;

use jiter::JsonValue;
use serde::de::{self, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::coerce;
use super::document::{Effective, into_text, write};
use super::error::ReadError;
use super::text::JSON_TOKEN;

/// How values are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode {
    coerce: bool,
    refuse_unknown: bool,
    /// An integer is no float.
    exact: bool,
}

impl Mode {
    pub(super) const STRICT: Self = Self { coerce: false, refuse_unknown: false, exact: false };
    pub(super) const EXACT: Self = Self { exact: true, ..Self::STRICT };
    pub(super) const LAX: Self = Self { coerce: true, ..Self::STRICT };
    pub(super) const CLOSED: Self = Self { refuse_unknown: true, ..Self::LAX };
}

/// One value of the document, about to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a, 'j> {
    value: &'a JsonValue<'j>,
    mode: Mode,
}

impl<'a, 'j> Reader<'a, 'j> {
    pub(super) fn new(value: &'a JsonValue<'j>, mode: Mode) -> Self {
        Self { value, mode }
    }

    fn refuse<'de, V: Visitor<'de>>(self, visitor: &V) -> ReadError {
        ReadError::invalid_type(unexpected(self.value), visitor)
    }

    fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            JsonValue::Int(number) => visitor.visit_i64(*number),
            JsonValue::BigInt(number) => match u64::try_from(number) {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => Err(ReadError::new("expected an integer of at most 64 bits, got a larger one")),
            },
            value if self.mode.coerce => match coerce::integer(value) {
                Some(number) => visitor.visit_i64(number),
                None => Err(self.refuse(&visitor)),
            },
            _ => Err(self.refuse(&visitor)),
        }
    }

    fn float<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            JsonValue::Float(_) => {}
            JsonValue::Int(_) | JsonValue::BigInt(_) if !self.mode.exact => {}
            _ if self.mode.coerce => {}
            _ => return Err(self.refuse(&visitor)),
        }
        match coerce::float(self.value) {
            Some(number) => visitor.visit_f64(number),
            None => Err(self.refuse(&visitor)),
        }
    }

    fn text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            JsonValue::Str(text) => visitor.visit_str(text),
            _ => Err(self.refuse(&visitor)),
        }
    }
}

fn unexpected<'a>(value: &'a JsonValue<'_>) -> Unexpected<'a> {
    match value {
        JsonValue::Null => Unexpected::Unit,
        JsonValue::Bool(flag) => Unexpected::Bool(*flag),
        JsonValue::Int(number) => Unexpected::Signed(*number),
        JsonValue::BigInt(_) => Unexpected::Other("an integer"),
        JsonValue::Float(number) => Unexpected::Float(*number),
        JsonValue::Str(text) => Unexpected::Str(text),
        JsonValue::Array(_) => Unexpected::Seq,
        JsonValue::Object(_) => Unexpected::Map,
    }
}

macro_rules! forward_numbers {
    ($($method:ident => $reader:ident),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            self.$reader(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Reader<'_, '_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            JsonValue::Null => visitor.visit_unit(),
            JsonValue::Bool(flag) => visitor.visit_bool(*flag),
            JsonValue::Int(number) => visitor.visit_i64(*number),
            JsonValue::BigInt(number) => match u64::try_from(number) {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => self.float(visitor),
            },
            JsonValue::Float(number) => visitor.visit_f64(*number),
            JsonValue::Str(text) => visitor.visit_str(text),
            JsonValue::Array(_) => self.deserialize_seq(visitor),
            JsonValue::Object(_) => self.deserialize_map(visitor),
        }
    }

    forward_numbers! {
        deserialize_i8 => integer, deserialize_i16 => integer, deserialize_i32 => integer,
        deserialize_i64 => integer, deserialize_i128 => integer,
        deserialize_u8 => integer, deserialize_u16 => integer, deserialize_u32 => integer,
        deserialize_u64 => integer, deserialize_u128 => integer,
        deserialize_f32 => float, deserialize_f64 => float,
        deserialize_char => text, deserialize_str => text, deserialize_string => text,
        deserialize_bytes => text, deserialize_byte_buf => text, deserialize_identifier => text,
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            JsonValue::Bool(flag) => visitor.visit_bool(*flag),
            value if self.mode.coerce => match coerce::boolean(value) {
                Some(flag) => visitor.visit_bool(flag),
                None => Err(self.refuse(&visitor)),
            },
            _ => Err(self.refuse(&visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            JsonValue::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            JsonValue::Null => visitor.visit_unit(),
            _ => Err(self.refuse(&visitor)),
        }
    }

    /// An empty struct is an object like any other.
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.value {
            JsonValue::Object(_) => visitor.visit_unit(),
            _ => Err(ReadError::invalid_type(unexpected(self.value), &"an object")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if name == JSON_TOKEN {
            let mut text = Vec::new();
            write(self.value, &mut text);
            return visitor.visit_string(into_text(text));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            JsonValue::Array(items) => {
                visitor.visit_seq(Items { items: items.iter().enumerate(), mode: self.mode })
            }
            _ => Err(ReadError::invalid_type(unexpected(self.value), &"an array")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            JsonValue::Array(items) if items.len() != length => {
                Err(ReadError::new(format!("expected an array of {length} items, got {}", items.len())))
            }
            _ => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            JsonValue::Object(entries) => visitor.visit_map(Entries::new(entries, self.mode)),
            _ => Err(ReadError::invalid_type(unexpected(self.value), &"an object")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if let (true, JsonValue::Object(entries)) = (self.mode.refuse_unknown, self.value)
            && let Some((key, _)) = entries.iter().find(|(key, _)| !fields.contains(&key.as_ref()))
        {
            return Err(ReadError::unknown_field(key, fields));
        }
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.value {
            JsonValue::Str(text) => visitor.visit_enum(text.as_ref().into_deserializer()),
            JsonValue::Object(entries) if entries.len() == 1 => {
                let (name, value) = &entries[0];
                visitor.visit_enum(Variant { name, value: Reader::new(value, self.mode) })
            }
            _ => Err(ReadError::invalid_type(unexpected(self.value), &"a string")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }
}

struct Items<'a, 'j> {
    items: std::iter::Enumerate<std::slice::Iter<'a, JsonValue<'j>>>,
    mode: Mode,
}

impl<'de> de::SeqAccess<'de> for Items<'_, '_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Some((index, value)) = self.items.next() else { return Ok(None) };
        let item = seed.deserialize(Reader::new(value, self.mode));
        item.map(Some).map_err(|error| error.inside(format!("[{index}]")))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries<'a, 'j> {
    entries: Effective<'a, 'j>,
    current: Option<&'a (Cow<'j, str>, JsonValue<'j>)>,
    mode: Mode,
}

impl<'a, 'j> Entries<'a, 'j> {
    fn new(entries: &'a [(Cow<'j, str>, JsonValue<'j>)], mode: Mode) -> Self {
        Self { entries: Effective::of(entries), current: None, mode }
    }
}

impl<'de> de::MapAccess<'de> for Entries<'_, '_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        self.current = self.entries.next();
        let Some((key, _)) = self.current else { return Ok(None) };
        seed.deserialize(Key(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let (key, value) = self.current.ok_or_else(|| ReadError::new("a value was read before its key"))?;
        seed.deserialize(Reader::new(value, self.mode)).map_err(|error| error.inside(key.as_ref()))
    }
}

/// A variant with content, as `{"name": content}`. A variant without content is a string, never this.
struct Variant<'a, 'j> {
    name: &'a str,
    value: Reader<'a, 'j>,
}

impl<'de, 'a, 'j> de::EnumAccess<'de> for Variant<'a, 'j> {
    type Error = ReadError;
    type Variant = Reader<'a, 'j>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Reader<'a, 'j>), ReadError> {
        Ok((seed.deserialize(Key(self.name))?, self.value))
    }
}

impl<'de> de::VariantAccess<'de> for Reader<'_, '_> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        Err(ReadError::new("expected a string, got an object"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ReadError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_map(visitor)
    }
}

/// The key of an entry; maps keyed by numbers or booleans parse it.
struct Key<'a>(&'a str);

macro_rules! parse_keys {
    ($($method:ident => $visit:ident),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            match self.0.parse() {
                Ok(key) => visitor.$visit(key),
                Err(_) => Err(ReadError::invalid_type(Unexpected::Str(self.0), &visitor)),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_str(self.0)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    parse_keys! {
        deserialize_bool => visit_bool,
        deserialize_i8 => visit_i8, deserialize_i16 => visit_i16,
        deserialize_i32 => visit_i32, deserialize_i64 => visit_i64,
        deserialize_u8 => visit_u8, deserialize_u16 => visit_u16,
        deserialize_u32 => visit_u32, deserialize_u64 => visit_u64,
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}
