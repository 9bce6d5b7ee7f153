//! Reading typed values in place: one serde `Deserializer`, strict or lax.

mod access;
mod key;

use std::borrow::Cow;

use serde::de::value::CowStrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, Error as _, Unexpected, Visitor};

use access::{Entries, Fields, Items, Variant};

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
        loop {
            // Most objects have their fields in the order of the struct.
            let in_order = names.get(expected).and_then(|name| self.document.member_named(at, name));
            let (place, value) = if let Some(value) = in_order {
                (Some(expected), value)
            } else {
                let Some((key, value)) = self.document.member(at) else { break };
                let place = names.iter().position(|name| key.is(name));
                if place.is_none() && self.mode.refuse_unknown {
                    return Err(ReadError::unknown_field(&key.text(), names));
                }
                (place, value)
            };
            self.look_at_clock()?;
            match place {
                Some(place) => {
                    places[place] = small(value);
                    expected = place + 1;
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
