//! What a handler leaves out of its answer, told to the log and to the caller.

use std::sync::{Mutex, PoisonError};

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Call;
use super::reply::Reply;

/// What is not in an answer, and why, as sentences: a row of the app that could not be read costs itself, not the page,
/// and the caller is told.
///
/// Each sentence goes to the log once, as a warning, and into the answer's `raw_data` as `left_out` when the request asks
/// for raw data. Name rows by number or by id, never by values that may be secret.
///
/// ```
/// use lumos_connector_core::{Call, LeftOut, Reply};
/// use serde_json::{Value, json};
///
/// #[derive(Debug, PartialEq, serde::Deserialize)]
/// struct User { id: String }
///
/// fn answer(call: &Call, users: Vec<Value>) -> Reply<Vec<String>> {
///     let left_out = LeftOut::default();
///     let users: Vec<User> = left_out.read_rows("users", users);
///     left_out.add_to(call, Reply::new(users.into_iter().map(|user| user.id).collect()))
/// }
///
/// let left_out = LeftOut::default();
/// let users: Vec<User> = left_out.read_rows("users", vec![json!({"id": "u1"}), json!({"id": 2})]);
/// assert_eq!(users, [User { id: "u1".to_owned() }]);
/// assert_eq!(left_out.sentences(), ["1 of 2 users are not understood"]);
/// ```
#[derive(Debug, Default)]
pub struct LeftOut(Mutex<IndexMap<String, Value>>);

impl LeftOut {
    /// Adds a sentence, unless it was added before.
    pub fn add(&self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        let value = sentence.as_str().into();
        self.add_as(sentence, value);
    }

    /// Adds a sentence for the log, unless it was added before, and what stands for it in `raw_data`: an object, say,
    /// that programs can read.
    ///
    /// ```
    /// # let left_out = lumos_connector_core::LeftOut::default();
    /// let why = "permission denied";
    /// left_out.add_as(format!("the database \"app\": {why}"), serde_json::json!({"database": "app", "reason": why}));
    /// ```
    pub fn add_as(&self, sentence: impl Into<String>, value: Value) {
        let sentence = sentence.into();
        let mut sentences = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !sentences.contains_key(&sentence) {
            tracing::warn!("left out: {sentence}");
            sentences.insert(sentence, value);
        }
    }

    /// The rows that are of a type. The others are left out: "2 of 50 users are not understood". `of` is what the rows
    /// are called, in the plural.
    #[must_use]
    pub fn read_rows<T: DeserializeOwned>(&self, of: &str, rows: Vec<Value>) -> Vec<T> {
        self.read_rows_with(of, rows, |row| serde_json::from_value(row).ok())
    }

    /// The rows that a function reads. Those for which it answers `None` are left out, as in
    /// [`read_rows`](Self::read_rows).
    #[must_use]
    pub fn read_rows_with<T>(
        &self,
        of: &str,
        rows: Vec<Value>,
        read: impl FnMut(Value) -> Option<T>,
    ) -> Vec<T> {
        let count = rows.len();
        let read: Vec<T> = rows.into_iter().filter_map(read).collect();
        if read.len() < count {
            self.add(format!("{} of {count} {of} are not understood", count - read.len()));
        }
        read
    }

    /// What was left out so far.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Takes what was left out so far, and puts it into the `raw_data` of a reply when the call's request asks for raw
    /// data. It takes the place of other raw data there.
    #[must_use]
    pub fn add_to<P>(&self, call: &Call, reply: Reply<P>) -> Reply<P> {
        let left_out = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if left_out.is_empty() || !call.include_raw_data() {
            return reply;
        }
        let left_out: Vec<Value> = left_out.into_values().collect();
        reply.raw_data(json!({ "left_out": left_out }))
    }
}
