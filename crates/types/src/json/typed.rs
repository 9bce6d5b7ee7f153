//! Typed values straight from a text.

use serde::de::DeserializeOwned;

use super::deferred::Deferred;
use super::document::Document;
use super::error::ReadError;
use super::reader::Mode;

/// Longer texts are never read by `serde_json` alone. This bounds how deep a plain text can be nested: `{"":` takes five bytes a
/// level.
const PLAIN_LIMIT: usize = 4 * 1024;

/// Longer texts are read field by field, so that free-form ones need no tree.
const DEFERRED_FROM: usize = 64 * 1024;

/// Reads a typed value without coercion, as standard payloads are read; see [`Document::read`].
///
/// # Errors
/// When the text is not JSON or not of that type.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, ReadError> {
    match plainly(text) {
        Some(value) => Ok(value),
        None if text.len() > DEFERRED_FROM => T::deserialize(Deferred::new(text, Mode::STRICT)),
        None => Document::parse(text)?.read(),
    }
}

/// Reads a typed value with coercion, as settings are read; see [`Document::read_lax`].
///
/// # Errors
/// When the text is not JSON or cannot be coerced to that type.
pub fn read_lax<T: DeserializeOwned>(text: &str) -> Result<T, ReadError> {
    match plainly(text) {
        Some(value) => Ok(value),
        None if text.len() > DEFERRED_FROM => T::deserialize(Deferred::new(text, Mode::LAX)),
        None => Document::parse(text)?.read_lax(),
    }
}

/// Most texts, read by `serde_json` without a tree between.
///
/// It reads as the document does wherever it succeeds: without arrays none can stand for a struct, without `null` no
/// object can stand for a variant, without escapes no lone surrogate can hide in what is skipped, and for everything
/// else that only one of them takes (duplicate keys, `NaN`, coercion) `serde_json` is the one that refuses.
fn plainly<T: DeserializeOwned>(text: &str) -> Option<T> {
    let plain = text.len() <= PLAIN_LIMIT
        && !text.bytes().any(|byte| matches!(byte, b'[' | b'\\'))
        && !text.contains("null");
    if plain { serde_json::from_str(text).ok() } else { None }
}
