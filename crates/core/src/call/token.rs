//! Page tokens: where a listing goes on, as MessagePack in hexadecimal (contract §7).

use lumos_connector_types::json::Document;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How deep lists and maps may be nested in a token: as deep as in the JSON of a request (contract §1).
const DEPTH: usize = 200;

/// Why a page token could not be read or made.
#[derive(Debug, thiserror::Error)]
#[error("not a page token of this listing: {0}")]
pub struct TokenError(String);

/// The token of a list of cursors, every field in the order of its declaration; `None` for an empty list.
///
/// # Errors
/// When a cursor cannot be serialised.
///
/// ```
/// use lumos_connector_core::token;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Cursor { endpoint: Option<String>, offset: i64 }
///
/// let token = token::encode(&[Cursor { endpoint: None, offset: 20 }]).unwrap();
/// assert_eq!(token.as_deref(), Some("9182a8656e64706f696e74c0a66f666673657414"));
/// assert_eq!(token::decode::<Cursor>(&token.unwrap()).unwrap()[0].offset, 20);
/// ```
pub fn encode<C: Serialize>(cursors: &[C]) -> Result<Option<String>, TokenError> {
    if cursors.is_empty() {
        return Ok(None);
    }
    let bytes = rmp_serde::to_vec_named(cursors).map_err(|error| TokenError(error.to_string()))?;
    Ok(Some(hex::encode(bytes)))
}

/// The cursors of a token.
///
/// Hexadecimal digits may be of either case with blanks between bytes. Values are coerced as settings are; keys that
/// the cursor does not have are refused.
///
/// # Errors
/// When the token was not made from cursors of this type.
pub fn decode<C: DeserializeOwned>(token: &str) -> Result<Vec<C>, TokenError> {
    let mut bytes = Vec::with_capacity(token.len() / 2);
    for group in token.split_ascii_whitespace() {
        bytes.extend(hex::decode(group).map_err(|error| TokenError(error.to_string()))?);
    }
    let mut rest = bytes.as_slice();
    let mut reader = rmp_serde::Deserializer::new(&mut rest);
    reader.set_max_depth(DEPTH);
    let value = serde_json::Value::deserialize(&mut reader).map_err(|error| TokenError(error.to_string()))?;
    if !rest.is_empty() {
        return Err(TokenError("bytes are left over".to_owned()));
    }
    let text = value.to_string();
    let cursors = Document::parse(&text).and_then(|document| document.read_closed());
    cursors.map_err(|error| TokenError(error.to_string()))
}
