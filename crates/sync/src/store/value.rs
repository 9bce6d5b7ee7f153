//! What goes into a statement and what comes out of it, whichever engine runs it.

use std::io;

use bytes::BytesMut;
use rusqlite::types::{ToSql as ToSqlite, ToSqlOutput, ValueRef};
use tokio_postgres::types::{IsNull, ToSql as ToPostgres, Type, to_sql_checked};

use super::error::Trouble;

/// A value for a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
}

/// The values of a statement's placeholders.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::value::Value::from($value)),*]
    };
}
pub(crate) use values;

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u8> for Value<'_> {
    fn from(number: u8) -> Self {
        Self::Integer(number.into())
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Value<'_> {
    /// The value for a statement that goes out later.
    pub(super) fn boxed(&self) -> Box<dyn ToPostgres + Send + Sync> {
        Box::new(match *self {
            Self::Null => Owned::Null,
            Self::Integer(number) => Owned::Integer(number),
            Self::Text(text) => Owned::Text(text.to_owned()),
        })
    }
}

/// A value that is kept until its statement goes out.
#[derive(Debug)]
enum Owned {
    Null,
    Integer(i64),
    Text(String),
}

impl ToPostgres for Owned {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let value = match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(*number),
            Self::Text(text) => Value::Text(text),
        };
        ToPostgres::to_sql(&value, ty, out)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl ToSqlite for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl ToPostgres for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) if *ty == Type::INT4 => {
                ToPostgres::to_sql(&i32::try_from(*number)?, ty, out)
            }
            Self::Integer(number) => ToPostgres::to_sql(number, ty, out),
            Self::Text(text) => ToPostgres::to_sql(&storable(text).as_ref(), ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// PostgreSQL's text holds no NUL; its symbol, U+2400, stands in its place.
pub(super) fn storable(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{2400}").into() } else { text.into() }
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Null,
    Integer(i64),
    Text(String),
}

/// A row of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row(pub(super) Vec<Field>);

/// What can be read from a row.
pub(crate) trait FromField: Sized {
    fn from_field(field: Field) -> Option<Self>;
}

impl FromField for i64 {
    fn from_field(field: Field) -> Option<Self> {
        match field {
            Field::Integer(number) => Some(number),
            Field::Null | Field::Text(_) => None,
        }
    }
}

impl FromField for u32 {
    fn from_field(field: Field) -> Option<Self> {
        i64::from_field(field).and_then(|number| number.try_into().ok())
    }
}

impl FromField for u8 {
    fn from_field(field: Field) -> Option<Self> {
        i64::from_field(field).and_then(|number| number.try_into().ok())
    }
}

impl FromField for bool {
    fn from_field(field: Field) -> Option<Self> {
        i64::from_field(field).map(|number| number != 0)
    }
}

impl FromField for String {
    fn from_field(field: Field) -> Option<Self> {
        match field {
            Field::Text(text) => Some(text),
            Field::Null | Field::Integer(_) => None,
        }
    }
}

impl<T: FromField> FromField for Option<T> {
    fn from_field(field: Field) -> Option<Self> {
        match field {
            Field::Null => Some(None),
            field => T::from_field(field).map(Some),
        }
    }
}

impl Row {
    /// Takes the value of a column, by its number from 0.
    pub(crate) fn take<T: FromField>(&mut self, column: usize) -> Result<T, Trouble> {
        let field = self.0.get_mut(column).map(|field| std::mem::replace(field, Field::Null));
        field.and_then(T::from_field).ok_or_else(|| {
            Trouble::File(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("column {column} of an answer holds something unexpected"),
            ))
        })
    }
}
