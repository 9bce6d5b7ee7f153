//! Reading and carrying JSON as the wire contract asks for.
//!
//! * [`Document`] is a text that has been checked. Typed values are read from it [strictly](Document::read) (standard
//!   payloads) or [laxly](Document::read_lax) (settings, custom payloads, page tokens), in place and without a tree.
//! * [`Json`] and [`JsonObject`] carry free-form data as text, so that every number survives as it came.
//! * [`ReadError`] says where reading failed and what was expected there, never what was found: it may be a secret.
//!
//! There is one reader, for small texts and large ones: `scan` checks the text and notes where large arrays and objects
//! end; `reader` is serde's view of a value at a place of the text; `members` finds the members that count among duplicate
//! keys; `write` makes compact text of free-form values; `lexis` knows strings and numbers, `coerce` what lax reading accepts.

mod coerce;
mod document;
mod error;
mod lexis;
mod members;
mod reader;
mod scan;
mod text;
mod write;

pub use document::{Document, Part, read, read_answer, read_lax};
pub use error::ReadError;
pub use scan::MAX_DEPTH;
pub use text::{Json, JsonObject};
