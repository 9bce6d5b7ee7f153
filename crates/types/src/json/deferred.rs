//! Large texts, read value by value: each field is parsed when it is asked for, and free-form ones not into a tree.

use jiter::{Jiter, Peek};
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};

use super::compact::compact;
use super::document::Document;
use super::error::ReadError;
use super::reader::{Mode, Reader};
use super::text::JSON_TOKEN;

/// A value that is still text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deferred<'j> {
    text: &'j str,
    mode: Mode,
}

impl<'j> Deferred<'j> {
    pub(super) fn new(text: &'j str, mode: Mode) -> Self {
        Self { text, mode }
    }

    /// The fields of an object, of equal keys the last; `None` when the text is something else.
    fn fields(self) -> Option<Vec<(String, &'j str)>> {
        let mut reader = Jiter::new(self.text.as_bytes()).with_allow_inf_nan();
        let mut fields: Vec<(String, &'j str)> = Vec::new();
        if reader.peek().ok()? != Peek::Object {
            return None;
        }
        let mut key = reader.known_object().ok()?.map(str::to_owned);
        while let Some(name) = key {
            reader.peek().ok()?;
            let start = reader.current_index();
            reader.next_skip().ok()?;
            let value = std::str::from_utf8(reader.slice_to_current(start)).ok()?;
            fields.retain(|(known, _)| *known != name);
            fields.push((name, value));
            key = reader.next_key().ok()?.map(str::to_owned);
        }
        reader.finish().ok()?;
        Some(fields)
    }
}

/// A method for each type that is read from a parsed value.
macro_rules! parsed {
    ($($method:ident($($argument:ident: $type:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, ReadError> {
            let document = Document::parse(self.text)?;
            Reader::new(&document.0, self.mode).$method($($argument,)* visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Deferred<'_> {
    type Error = ReadError;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.fields() {
            Some(found) => {
                visitor.visit_map(Fields { fields: found.into_iter(), value: None, mode: self.mode })
            }
            None => {
                let document = Document::parse(self.text)?;
                Reader::new(&document.0, self.mode).deserialize_struct(name, fields, visitor)
            }
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if name != JSON_TOKEN {
            return visitor.visit_newtype_struct(self);
        }
        match compact(self.text) {
            Some(text) => visitor.visit_string(text),
            None => visitor.visit_string(Document::parse(self.text)?.to_text()),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.text == "null" { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    parsed! {
        deserialize_any() deserialize_bool()
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64()
        deserialize_char() deserialize_str() deserialize_string() deserialize_bytes() deserialize_byte_buf()
        deserialize_identifier() deserialize_ignored_any()
        deserialize_unit() deserialize_unit_struct(name: &'static str)
        deserialize_seq() deserialize_tuple(length: usize)
        deserialize_tuple_struct(name: &'static str, length: usize)
        deserialize_map() deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }
}

struct Fields<'j> {
    fields: std::vec::IntoIter<(String, &'j str)>,
    value: Option<(String, &'j str)>,
    mode: Mode,
}

impl<'de> de::MapAccess<'de> for Fields<'_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        self.value = self.fields.next();
        let Some((key, _)) = &self.value else { return Ok(None) };
        seed.deserialize(key.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let (key, text) =
            self.value.take().ok_or_else(|| ReadError::new("a value was read before its key"))?;
        seed.deserialize(Deferred { text, mode: self.mode }).map_err(|error| error.inside(key))
    }
}
