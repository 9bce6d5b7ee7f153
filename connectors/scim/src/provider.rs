//! What the service says about itself (RFC 7643 §5, RFC 9865 §4).

use lumos_connector::prelude::*;

use crate::refusal::refusal;
use crate::service::Scim;
use crate::settings::PagingSetting;
use crate::walk::PagingStrategy;

/// The parts of the service provider's configuration that matter here. Services leave out what they please; what they do
/// not claim is not used.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ServiceProviderConfig {
    #[serde(default)]
    filter: Feature,
    #[serde(default)]
    sort: Feature,
    #[serde(default)]
    pagination: Pagination,
}

#[derive(Debug, Default, Deserialize)]
struct Feature {
    #[serde(default)]
    supported: bool,
    #[serde(rename = "maxResults")]
    max_results: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
struct Pagination {
    #[serde(default)]
    cursor: bool,
    index: Option<bool>,
    #[serde(rename = "maxPageSize")]
    max_page_size: Option<i64>,
}

impl Scim {
    /// The configuration; an empty one when the service publishes none.
    pub(crate) async fn provider(&self) -> Result<ServiceProviderConfig> {
        let answer = self.ask(&["ServiceProviderConfig"], &[]).await?;
        match answer.status() {
            200..=299 => answer.json(),
            // RFC 7644 §4 wants it, but many services do without; a wrong base URL shows with the first real read.
            403..=405 | 501 => Ok(ServiceProviderConfig::default()),
            _ => Err(refusal(&answer)),
        }
    }

    /// How a walk that begins now goes on, and the most rows of its pages.
    pub(crate) async fn way(&self) -> Result<(PagingStrategy, Option<i64>)> {
        let provider = self.provider().await?;
        let can_keyset = provider.filter.supported && provider.sort.supported;
        let can_index = provider.pagination.index.unwrap_or(true);
        let way = match self.settings.paging {
            PagingSetting::Keyset => PagingStrategy::Keyset,
            PagingSetting::Cursor => PagingStrategy::Cursor,
            PagingSetting::Index if provider.sort.supported => PagingStrategy::SortedIndex,
            PagingSetting::Index => PagingStrategy::Index,
            PagingSetting::Auto if can_keyset && can_index => PagingStrategy::Keyset,
            PagingSetting::Auto if provider.pagination.cursor => PagingStrategy::Cursor,
            PagingSetting::Auto if provider.sort.supported => PagingStrategy::SortedIndex,
            PagingSetting::Auto => PagingStrategy::Index,
        };
        Ok((way, provider.pagination.max_page_size.or(provider.filter.max_results).filter(|most| *most > 0)))
    }

    /// Whether queries may have filters.
    pub(crate) async fn can_filter(&self) -> Result<bool> {
        Ok(self.provider().await?.filter.supported)
    }
}
