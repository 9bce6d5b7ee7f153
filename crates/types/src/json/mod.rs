//! Reading and carrying JSON as the wire contract asks for.
//!
//! * [`Json`] and [`JsonObject`] carry free-form data as text, so that every number survives as it came.
//! * [`Document`] is one parsed text; typed values are read from it [strictly](Document::read) (standard payloads)
//!   or [laxly](Document::read_lax) (settings, custom payloads, page tokens).
//! * [`ReadError`] says where reading failed and what was expected there, never what was found: it may be a secret.

mod coerce;
mod compact;
mod deferred;
mod document;
mod error;
mod reader;
mod text;
mod typed;

pub use document::{Document, MAX_DEPTH};
pub use error::ReadError;
pub use text::{Json, JsonObject};
pub use typed::{read, read_lax};
