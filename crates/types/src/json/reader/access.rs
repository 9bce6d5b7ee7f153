//! What is inside of arrays, objects and variants, handed out piece by piece.

use std::borrow::Cow;

use serde::de::value::{BorrowedStrDeserializer, CowStrDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, Visitor};

use super::Reader;
use super::key::Key;
use crate::json::error::ReadError;
use crate::json::lexis::Quoted;
use crate::json::members::Members;

/// The items of an array.
pub(super) struct Items<'r, 'a, 'j> {
    pub(super) reader: &'r mut Reader<'a, 'j>,
    pub(super) next: usize,
    pub(super) index: usize,
}

impl Items<'_, '_, '_> {
    /// Stands behind the array, also when not all of its items were taken.
    pub(super) fn finish(self) {
        let document = self.reader.document;
        let mut at = self.next;
        while document.byte(at) != b']' {
            at = document.next(document.skip(at));
        }
        self.reader.at = at + 1;
    }
}

impl<'j> de::SeqAccess<'j> for Items<'_, '_, 'j> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'j>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        if self.reader.document.byte(self.next) == b']' {
            return Ok(None);
        }
        let index = self.index;
        let item = self.reader.inner(self.next, seed).map_err(|error| error.inside(format!("[{index}]")))?;
        self.next = self.reader.document.next(self.reader.at);
        self.index += 1;
        Ok(Some(item))
    }
}

/// The members of an object that is read as a map.
pub(super) struct Entries<'r, 'a, 'j> {
    pub(super) reader: &'r mut Reader<'a, 'j>,
    pub(super) members: Members,
    pub(super) current: Option<(Quoted<'j>, usize)>,
}

impl Entries<'_, '_, '_> {
    /// Stands behind the object, also when not all of its members were taken.
    pub(super) fn finish(mut self) {
        let document = self.reader.document;
        if let Some((_, value)) = self.current.take() {
            self.members.go_on(document, document.skip(value));
        }
        while let Some((_, value)) = self.members.next(document) {
            self.members.go_on(document, document.skip(value));
        }
        self.reader.at = self.members.end();
    }
}

impl<'j> de::MapAccess<'j> for Entries<'_, '_, 'j> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'j>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        self.current = self.members.next(self.reader.document);
        let Some((key, _)) = self.current else { return Ok(None) };
        seed.deserialize(Key(key.text())).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'j>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let (key, at) =
            self.current.take().ok_or_else(|| ReadError::new("a value was read before its key"))?;
        let value = self.reader.inner(at, seed).map_err(|error| error.inside(key.text()))?;
        self.members.go_on(self.reader.document, self.reader.at);
        Ok(value)
    }
}

/// The members of an object that is read as a struct: first its fields in their order, then whatever else is there.
pub(super) struct Fields<'r, 'a, 'j> {
    pub(super) reader: &'r mut Reader<'a, 'j>,
    pub(super) names: &'static [&'static str],
    /// Where the values are; 0 for fields that are not there.
    pub(super) places: &'r [u32],
    pub(super) next: usize,
    /// The first member that may not be a field.
    pub(super) unknown: Option<usize>,
    /// Whether the current member is no field.
    pub(super) is_unknown: bool,
    pub(super) current: Option<(Cow<'j, str>, usize)>,
}

impl<'j> de::MapAccess<'j> for Fields<'_, '_, 'j> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'j>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        while let Some(place) = self.places.get(self.next) {
            let name = self.names[self.next];
            self.next += 1;
            if *place != 0 {
                self.current = Some((Cow::Borrowed(name), *place as usize));
                return seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some);
            }
        }
        let document = self.reader.document;
        while let Some(at) = self.unknown {
            let Some((key, value)) = document.member(at) else { break };
            self.unknown = Some(document.next(document.skip(value)));
            self.is_unknown = true;
            if !self.names.iter().any(|name| key.is(name)) {
                self.current = Some((key.text(), value));
                return seed.deserialize(CowStrDeserializer::new(key.text())).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'j>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let (key, at) =
            self.current.take().ok_or_else(|| ReadError::new("a value was read before its key"))?;
        let value = self.reader.inner(at, seed).map_err(|error| error.inside(key))?;
        if self.is_unknown && self.reader.ignored == at {
            // A struct that ignores one member that is no field of it ignores all of them.
            self.unknown = None;
        }
        Ok(value)
    }
}

/// A variant with content, as `{"name": content}`. A variant without content is a string, never this.
pub(super) struct Variant<'r, 'a, 'j> {
    pub(super) name: Cow<'j, str>,
    pub(super) reader: &'r mut Reader<'a, 'j>,
}

impl<'j> de::EnumAccess<'j> for Variant<'_, '_, 'j> {
    type Error = ReadError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'j>>(self, seed: S) -> Result<(S::Value, Self), ReadError> {
        Ok((seed.deserialize(Key(self.name.clone()))?, self))
    }
}

impl<'j> de::VariantAccess<'j> for Variant<'_, '_, 'j> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        Err(ReadError::new("expected a string, got an object"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'j>>(self, seed: T) -> Result<T::Value, ReadError> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'j>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.reader.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'j>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.reader.deserialize_struct("", fields, visitor)
    }
}
