//! Forms from JSON schemas: what a connector says of its credentials, its settings and its requests.
//!
//! | file | what it does |
//! | --- | --- |
//! | `field` | the fields of a schema, in their order |
//! | `draw` | fields as HTML |
//! | `read` | what was filled in, as JSON |

pub(crate) mod draw;
mod field;
pub(crate) mod read;

pub(crate) use field::{Field, Kind, fields};
