//! The settings, and how many rows they and the page ask for.

use lumos_connector::prelude::*;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct BenchSettings {
    pub(crate) host: String,
    #[serde(default = "thousand")]
    account_count: i64,
}

fn thousand() -> i64 {
    1000
}

impl BenchSettings {
    /// The numbers of the rows: as many as the page asks for, else as the settings say. A negative
    /// number counts as 0.
    pub(crate) fn rows(&self, page: &PageRequest) -> std::ops::Range<i64> {
        0..page.size.unwrap_or(self.account_count)
    }
}
