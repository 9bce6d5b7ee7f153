//! The answer to a query (RFC 7644 §3.4.2), whose envelope is a hint and no more.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use lumos_connector::prelude::*;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::refusal::refusal;
use crate::resource::Row;
use crate::value::{as_list, as_number, as_text, parse};

/// The rows of an answer, and what its envelope says.
pub(crate) struct Listed<R> {
    pub(crate) rows: Vec<R>,
    /// Rows that are none: without an id, or not even objects.
    pub(crate) odd: usize,
    pub(crate) total: Option<i64>,
    pub(crate) next_cursor: Option<String>,
    /// Whether the answer is a list at all, and whether it is an error that came with a good status.
    is_list: bool,
    is_error: bool,
}

impl<R: Row> Listed<R> {
    /// The list that an answer is. A bare array is one, too.
    pub(crate) fn of(answer: &HttpAnswer) -> Result<Self> {
        let mut listed: Self = parse(answer)?;
        if listed.is_error && listed.rows.is_empty() {
            return Err(refusal(answer));
        }
        if !listed.is_list {
            let message = format!("{} does not answer with a list of SCIM resources", answer.url().path());
            return Err(ConnectorError::invalid_response(message)
                .with_hint("Check the SCIM base URL and the names of endpoints in the settings."));
        }
        let mut ids = std::collections::HashSet::new();
        listed.rows.retain(|row| ids.insert(row.id().to_owned()));
        Ok(listed)
    }

    fn add(&mut self, row: Option<R>) {
        match row {
            Some(row) => self.rows.push(row),
            None => self.odd += 1,
        }
    }
}

impl<'de, R: Row> Deserialize<'de> for Listed<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Envelope(PhantomData))
    }
}

struct Envelope<R>(PhantomData<R>);

impl<R> Envelope<R> {
    fn empty(is_list: bool) -> Listed<R> {
        Listed { rows: Vec::new(), odd: 0, total: None, next_cursor: None, is_list, is_error: false }
    }
}

impl<'de, R: Row> Visitor<'de> for Envelope<R> {
    type Value = Listed<R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of resources")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Listed<R>, A::Error> {
        let mut listed = Self::empty(true);
        while let Some(One(row)) = seq.next_element()? {
            listed.add(row);
        }
        Ok(listed)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Listed<R>, A::Error> {
        let mut listed = Self::empty(false);
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            match name.to_ascii_lowercase().as_str() {
                "resources" => {
                    listed.is_list = true;
                    let rows: Rows<R> = map.next_value()?;
                    (listed.rows, listed.odd) = (rows.0.rows, rows.0.odd);
                }
                "totalresults" => {
                    listed.is_list = true;
                    listed.total = as_number(&map.next_value()?);
                }
                "nextcursor" => {
                    listed.is_list = true;
                    listed.next_cursor = as_text(&map.next_value()?).map(Cow::into_owned);
                }
                "schemas" => {
                    let schemas: Value = map.next_value()?;
                    let mut schemas = as_list(&schemas).iter().filter_map(Value::as_str);
                    listed.is_error |= schemas.any(|schema| schema.ends_with(":Error"));
                }
                "status" => {
                    let status = as_number(&map.next_value()?);
                    listed.is_error |= status.is_some_and(|status| (400..600).contains(&status));
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(listed)
    }
}

/// The rows: a list, the one resource in its place, or null.
struct Rows<R>(Listed<R>);

impl<'de, R: Row> Deserialize<'de> for Rows<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<R>(PhantomData<R>);

        impl<'de, R: Row> Visitor<'de> for List<R> {
            type Value = Listed<R>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("resources")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Listed<R>, A::Error> {
                Envelope(PhantomData).visit_seq(seq)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Listed<R>, A::Error> {
                let mut listed = Envelope::empty(true);
                listed.add(R::read(serde::de::value::MapAccessDeserializer::new(map))?);
                Ok(listed)
            }

            fn visit_unit<E>(self) -> Result<Listed<R>, E> {
                Ok(Envelope::empty(true))
            }
        }

        deserializer.deserialize_any(List(PhantomData)).map(Self)
    }
}

/// One row, or none.
struct One<R>(Option<R>);

impl<'de, R: Row> Deserialize<'de> for One<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        R::read(deserializer).map(Self)
    }
}
