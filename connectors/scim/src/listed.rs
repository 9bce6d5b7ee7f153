//! The answer to a query (RFC 7644 §3.4.2), whose envelope is a hint and no more.

use std::borrow::Cow;
use std::collections::HashSet;

use lumos_connector::lenient::{Unread, as_number, as_text};
use lumos_connector::prelude::*;
use serde::de::Deserializer;
use serde_json::value::RawValue;

use crate::refusal::parse;
use crate::resource::Row;

/// The rows of an answer, and what its envelope says.
pub(crate) struct Listed<R> {
    pub(crate) rows: Vec<R>,
    /// Rows that are none: without an id, or not even objects.
    pub(crate) odd: usize,
    pub(crate) total: Option<i64>,
    pub(crate) next_cursor: Option<String>,
    /// Whether the answer is a list at all.
    is_list: bool,
}

impl<R: Row> Listed<R> {
    /// The list that an answer is. A bare array is one, too.
    pub(crate) fn of(answer: &HttpAnswer) -> Result<Self> {
        let listed: Self = parse(answer)?;
        if !listed.is_list {
            let message = format!("{} does not answer with a list of SCIM resources", answer.url().path());
            return Err(ConnectorError::invalid_response(message)
                .with_hint("Check the SCIM base URL and the names of endpoints in the settings."));
        }
        Ok(listed)
    }

    /// Where the row with an id stands.
    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.id() == id)
    }

    /// Whether two answers start with the same row.
    pub(crate) fn starts_as(&self, other: &Self) -> bool {
        self.rows.first().map(Row::id) == other.rows.first().map(Row::id)
    }

    /// How many rows the answer has, odd ones included, as the service counts them.
    pub(crate) fn len(&self) -> i64 {
        count(self.rows.len() + self.odd)
    }
}

impl<'de, R: Row> Deserialize<'de> for Listed<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = <&RawValue>::deserialize(deserializer)?;
        let envelope = Unread::of(body);
        let (all, is_list) = match &envelope {
            Some(fields) => {
                let is_list = ["Resources", "totalResults", "nextCursor"].iter().any(|name| fields.has(name));
                (fields.list("Resources"), is_list)
            }
            None => (Unread::items(body), body.get().starts_with('[')),
        };
        let count = all.len();
        let mut rows: Vec<R> = all.into_iter().filter_map(R::read).collect();
        let odd = count - rows.len();
        // Some services give a row twice on one page.
        let mut ids = HashSet::new();
        rows.retain(|row| ids.insert(row.id().to_owned()));
        let said = |name| envelope.as_ref().map(|fields| fields.get(name)).unwrap_or_default();
        let next_cursor = as_text(&said("nextCursor")).map(Cow::into_owned);
        Ok(Self { rows, odd, total: as_number(&said("totalResults")), next_cursor, is_list })
    }
}

/// A number of rows as queries and tokens have it.
pub(crate) fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
