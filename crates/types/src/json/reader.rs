//! Reading typed values in place: one serde `Deserializer`, strict or lax.

use std::borrow::Cow;

use serde::de::value::{BorrowedStrDeserializer, CowStrDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::coerce;
use super::document::{Document, Part};
use super::error::ReadError;
use super::lexis::Number;
use super::members::Members;
use super::scan::small;
use super::text::JSON_TOKEN;

/// Values between two looks at the clock.
const CLOCK_STRIDE: u32 = 4096;

/// Structs of more fields note the places of their values on the heap.
const SMALL_STRUCT: usize = 24;

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

/// A value, as far as it is a scalar.
#[derive(Debug)]
pub(super) enum Value<'j> {
    Null,
    Bool(bool),
    Int(i64),
    /// The digits of an integer beyond 64 bits.
    BigInt(&'j str),
    Float(f64),
    Str(Cow<'j, str>),
    Array,
    Object,
}

impl Value<'_> {
    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Value::Null => Unexpected::Unit,
            Value::Bool(flag) => Unexpected::Bool(*flag),
            Value::Int(number) => Unexpected::Signed(*number),
            Value::BigInt(_) => Unexpected::Other("an integer"),
            Value::Float(number) => Unexpected::Float(*number),
            Value::Str(text) => Unexpected::Str(text),
            Value::Array => Unexpected::Seq,
            Value::Object => Unexpected::Map,
        }
    }

    fn refused_by(&self, expected: &dyn de::Expected) -> ReadError {
        ReadError::invalid_type(self.unexpected(), expected)
    }
}

/// Reads the value at a place of a document, and stands behind it then.
#[derive(Debug)]
pub(super) struct Reader<'a, 'j> {
    document: &'a Document<'j>,
    at: usize,
    mode: Mode,
    /// Values until the next look at the clock.
    until_look: u32,
    /// The place of the last value that was passed over because nobody wanted it.
    ignored: usize,
}

impl<'a, 'j> Reader<'a, 'j> {
    pub(super) fn new(document: &'a Document<'j>, at: usize, mode: Mode) -> Self {
        Self { document, at, mode, until_look: CLOCK_STRIDE, ignored: usize::MAX }
    }

    #[inline]
    fn byte(&self) -> u8 {
        self.document.byte(self.at)
    }

    /// The value here. The reader then stands behind it, unless it is an array or an object.
    #[inline]
    fn value(&mut self) -> Value<'j> {
        match self.byte() {
            b'"' => {
                let (text, end) = self.document.quoted(self.at);
                self.at = end;
                Value::Str(text.text())
            }
            b'{' => Value::Object,
            b'[' => Value::Array,
            b't' => {
                self.at += 4;
                Value::Bool(true)
            }
            b'f' => {
                self.at += 5;
                Value::Bool(false)
            }
            b'n' => {
                self.at += 4;
                Value::Null
            }
            _ => {
                let (number, end) = self.document.number(self.at);
                self.at = end;
                match number {
                    Number::Int(number) => Value::Int(number),
                    Number::BigInt(digits) => Value::BigInt(digits),
                    Number::Float(number) => Value::Float(number),
                }
            }
        }
    }

    fn refuse(&mut self, expected: &dyn de::Expected) -> ReadError {
        self.value().refused_by(expected)
    }

    fn skip(&mut self) {
        self.at = self.document.skip(self.at);
    }

    #[inline]
    fn look_at_clock(&mut self) -> Result<(), ReadError> {
        self.until_look -= 1;
        if self.until_look > 0 {
            return Ok(());
        }
        self.until_look = CLOCK_STRIDE;
        self.document.check_deadline()
    }

    /// Reads the value at a place, whatever its reader takes of it, and stands behind it.
    #[inline]
    fn inner<S: DeserializeSeed<'j>>(&mut self, at: usize, seed: S) -> Result<S::Value, ReadError> {
        self.look_at_clock()?;
        self.at = at;
        let value = seed.deserialize(&mut *self)?;
        if self.at == at {
            self.skip();
        }
        Ok(value)
    }

    fn integer<V: Visitor<'j>>(&mut self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value() {
            Value::Int(number) => visitor.visit_i64(number),
            Value::BigInt(digits) => match digits.parse() {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => Err(ReadError::new("expected an integer of at most 64 bits, got a larger one")),
            },
            value if self.mode.coerce => match coerce::integer(&value) {
                Some(number) => visitor.visit_i64(number),
                None => Err(value.refused_by(&visitor)),
            },
            value => Err(value.refused_by(&visitor)),
        }
    }

    fn float<V: Visitor<'j>>(&mut self, visitor: V) -> Result<V::Value, ReadError> {
        let value = self.value();
        let fits = match value {
            Value::Float(_) => true,
            Value::Int(_) | Value::BigInt(_) => !self.mode.exact,
            _ => self.mode.coerce,
        };
        match coerce::float(&value).filter(|_| fits) {
            Some(number) => visitor.visit_f64(number),
            None => Err(value.refused_by(&visitor)),
        }
    }

    fn text<V: Visitor<'j>>(&mut self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value() {
            Value::Str(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Value::Str(Cow::Owned(text)) => visitor.visit_string(text),
            value => Err(value.refused_by(&visitor)),
        }
    }
}

macro_rules! forward {
    ($($method:ident => $reader:ident),* $(,)?) => {
        $(fn $method<V: Visitor<'j>>(self, visitor: V) -> Result<V::Value, ReadError> {
            self.$reader(visitor)
        })*
    };
}

impl<'j> Deserializer<'j> for &mut Reader<'_, 'j> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'j>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value() {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(flag),
            Value::Int(number) => visitor.visit_i64(number),
            value @ Value::BigInt(digits) => match digits.parse() {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => visitor.visit_f64(coerce::float(&value).unwrap_or(f64::NAN)),
            },
            Value::Float(number) => visitor.visit_f64(number),
            Value::Str(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Value::Str(Cow::Owned(text)) => visitor.visit_string(text),
            Value::Array => self.deserialize_seq(visitor),
            Value::Object => self.deserialize_map(visitor),
        }
    }

    forward! {
        deserialize_i8 => integer, deserialize_i16 => integer, deserialize_i32 => integer,
        deserialize_i64 => integer, deserialize_i128 => integer,
        deserialize_u8 => integer, deserialize_u16 => integer, deserialize_u32 => integer,
        deserialize_u64 => integer, deserialize_u128 => integer,
        deserialize_f32 => float, deserialize_f64 => float,
        deserialize_char => text, deserialize_str => text, deserialize_string => text,
        deserialize_bytes => text, deserialize_byte_buf => text, deserialize_identifier => text,
    }

    fn deserialize_bool<V: Visitor<'j>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value() {
            Value::Bool(flag) => visitor.visit_bool(flag),
            value if self.mode.coerce => match coerce::boolean(&value) {
                Some(flag) => visitor.visit_bool(flag),
                None => Err(value.refused_by(&visitor)),
            },
            value => Err(value.refused_by(&visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'j>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.byte() == b'n' {
            self.skip();
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'j>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value() {
            Value::Null => visitor.visit_unit(),
            value => Err(value.refused_by(&visitor)),
        }
    }

    /// An empty struct is an object like any other.
    fn deserialize_unit_struct<V: Visitor<'j>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if self.byte() != b'{' {
            return Err(self.refuse(&"an object"));
        }
        self.skip();
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'j>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if name == JSON_TOKEN {
            let text = Part::new(self.document, self.at).to_text()?;
            self.skip();
            return visitor.visit_string(text);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'j>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.byte() != b'[' {
            return Err(self.refuse(&"an array"));
        }
        let mut items = Items { next: self.document.enter(self.at), index: 0, reader: self };
        let value = visitor.visit_seq(&mut items)?;
        items.finish();
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'j>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        if self.byte() == b'[' {
            let count = Part::new(self.document, self.at).items().count();
            if count != length {
                return Err(ReadError::new(format!("expected an array of {length} items, got {count}")));
            }
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'j>>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'j>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.byte() != b'{' {
            return Err(self.refuse(&"an object"));
        }
        let mut entries =
            Entries { members: Members::of(self.document, self.at), current: None, reader: self };
        let value = visitor.visit_map(&mut entries)?;
        entries.finish();
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'j>>(
        self,
        _name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if self.byte() != b'{' {
            return Err(self.refuse(&"an object"));
        }
        let (mut few, mut many);
        let places: &mut [u32] = if names.len() <= SMALL_STRUCT {
            few = [0; SMALL_STRUCT];
            &mut few[..names.len()]
        } else {
            many = vec![0; names.len()];
            &mut many
        };
        let mut unknown = None;
        let mut expected = 0;
        let mut at = self.document.enter(self.at);
        while let Some((key, value)) = self.document.member(at) {
            self.look_at_clock()?;
            // Most objects have their fields in the order of the struct.
            let place = match names.get(expected) {
                Some(name) if key.is(name) => Some(expected),
                _ => names.iter().position(|name| key.is(name)),
            };
            match place {
                Some(place) => {
                    places[place] = small(value);
                    expected = place + 1;
                }
                None if self.mode.refuse_unknown => {
                    return Err(ReadError::unknown_field(&key.text(), names));
                }
                None => unknown = unknown.or(Some(at)),
            }
            at = self.document.next(self.document.skip(value));
        }
        let fields =
            Fields { names, places, next: 0, unknown, is_unknown: false, current: None, reader: &mut *self };
        let value = visitor.visit_map(fields)?;
        self.at = at + 1;
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'j>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let document = self.document;
        if self.byte() == b'{'
            && let Some((key, value)) = document.member(document.enter(self.at))
            && document.byte(document.next(document.skip(value))) == b'}'
        {
            let end = document.next(document.skip(value)) + 1;
            self.at = value;
            let value = visitor.visit_enum(Variant { name: key.text(), reader: &mut *self })?;
            self.at = end;
            return Ok(value);
        }
        match self.value() {
            Value::Str(text) => visitor.visit_enum(CowStrDeserializer::new(text)),
            value => Err(value.refused_by(&"a string")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'j>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.ignored = self.at;
        self.skip();
        visitor.visit_unit()
    }
}

/// The items of an array.
struct Items<'r, 'a, 'j> {
    reader: &'r mut Reader<'a, 'j>,
    next: usize,
    index: usize,
}

impl Items<'_, '_, '_> {
    /// Stands behind the array, also when not all of its items were taken.
    fn finish(self) {
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
struct Entries<'r, 'a, 'j> {
    reader: &'r mut Reader<'a, 'j>,
    members: Members,
    current: Option<(super::lexis::Quoted<'j>, usize)>,
}

impl Entries<'_, '_, '_> {
    /// Stands behind the object, also when not all of its members were taken.
    fn finish(mut self) {
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
struct Fields<'r, 'a, 'j> {
    reader: &'r mut Reader<'a, 'j>,
    names: &'static [&'static str],
    /// Where the values are; 0 for fields that are not there.
    places: &'r [u32],
    next: usize,
    /// The first member that may not be a field.
    unknown: Option<usize>,
    /// Whether the current member is no field.
    is_unknown: bool,
    current: Option<(Cow<'j, str>, usize)>,
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
struct Variant<'r, 'a, 'j> {
    name: Cow<'j, str>,
    reader: &'r mut Reader<'a, 'j>,
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

/// The key of an entry; maps keyed by numbers or booleans parse it.
struct Key<'j>(Cow<'j, str>);

macro_rules! parse_keys {
    ($($method:ident => $visit:ident),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            match self.0.parse() {
                Ok(key) => visitor.$visit(key),
                Err(_) => Err(ReadError::invalid_type(Unexpected::Str(&self.0), &visitor)),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
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
