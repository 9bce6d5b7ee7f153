//! The settings, and how many rows they and the page ask for.

use lumos_connector::payload;
use lumos_connector::prelude::*;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct BenchSettings {
    pub(crate) host: String,
    #[serde(default = "thousand")]
    account_count: i64,
    /// Whether listings come in pages, and there are five associations for each account: a tenant to read whole.
    #[serde(default)]
    paged: bool,
}

/// The numbers of the rows of a page, and the token of the next.
pub(crate) struct Numbers {
    pub(crate) rows: std::ops::Range<i64>,
    pub(crate) next: payload::Page,
}

fn thousand() -> i64 {
    1000
}

impl BenchSettings {
    /// As many rows as the page asks for, else as the settings say; a negative number counts as 0. Of a paged listing, those
    /// from the token on, up to `per_account` for each account.
    pub(crate) fn numbers(&self, page: &PageRequest, per_account: i64) -> Numbers {
        if !self.paged {
            return Numbers {
                rows: 0..page.size.unwrap_or(self.account_count),
                next: payload::Page::default(),
            };
        }
        let start = page.token.as_deref().and_then(|token| token.parse().ok()).unwrap_or(0);
        let total = self.account_count * per_account;
        let end = total.min(start + page.size.unwrap_or(1000));
        let token = (end < total).then(|| end.to_string());
        Numbers { rows: start..end, next: payload::Page { token, size: None } }
    }

    /// Whether listings come in pages.
    pub(crate) fn is_paged(&self) -> bool {
        self.paged
    }
}
