//! Paging: where a listing continues, and how much of it to send at once. An author of a listing capability
//! reads it from the request and returns it with the answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Position in a listing. In a request it says where to continue; in an answer, where the next request
/// continues.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Page {
    /// Opaque token made by the connector; null in a request starts the listing, in an answer ends it.
    pub token: Option<String>,
    /// Number of records wanted or sent; null leaves it to the connector. Need not be obeyed exactly.
    pub size: Option<i64>,
}
