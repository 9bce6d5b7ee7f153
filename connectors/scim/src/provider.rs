//! What the service says about itself (RFC 7643 §5, RFC 9865 §4).

use lumos_connector::prelude::*;
use serde_json::{Map, Value};

use crate::refusal::refusal;
use crate::service::Scim;
use crate::settings::PagingSetting;
use crate::value::{as_number, attribute_of, is_true, parse};
use crate::walk::PagingStrategy;

/// The service provider's configuration. Services leave out what they please; what they do not claim is not used.
#[derive(Debug, Default)]
pub(crate) struct ServiceProviderConfig(Map<String, Value>);

impl ServiceProviderConfig {
    /// A part of the configuration, such as `filter`.
    fn part(&self, name: &str) -> Option<&Map<String, Value>> {
        attribute_of(&self.0, name)?.as_object()
    }

    fn supports(&self, name: &str) -> bool {
        self.part(name).is_some_and(|part| is_true(part, "supported"))
    }

    fn number(&self, part: &str, name: &str) -> Option<i64> {
        attribute_of(self.part(part)?, name).and_then(as_number).filter(|number| *number > 0)
    }
}

impl Scim {
    /// The configuration; an empty one when the service publishes none.
    pub(crate) async fn provider(&self) -> Result<ServiceProviderConfig> {
        let answer = self.ask(&["ServiceProviderConfig"], &[]).await?;
        match answer.status() {
            // What is no configuration says nothing; a wrong base URL shows with the first real read.
            200..=299 => Ok(ServiceProviderConfig(parse(&answer).unwrap_or_default())),
            // RFC 7644 §4 wants it, but many services do without.
            300..=399 | 400 | 403..=406 | 410 | 500 | 501 => Ok(ServiceProviderConfig::default()),
            _ => Err(refusal(&answer)),
        }
    }

    /// How a walk that begins now goes on, and the most rows of its pages.
    pub(crate) async fn way(&self) -> Result<(PagingStrategy, Option<i64>)> {
        let provider = self.provider().await?;
        let (can_filter, can_sort) = (provider.supports("filter"), provider.supports("sort"));
        let pagination = provider.part("pagination");
        let has_cursor = pagination.is_some_and(|pagination| is_true(pagination, "cursor"));
        let can_index = pagination.and_then(|pagination| attribute_of(pagination, "index"));
        let can_index = can_index.is_none_or(|_| pagination.is_some_and(|part| is_true(part, "index")));
        let way = match self.settings.paging {
            PagingSetting::Keyset => PagingStrategy::Keyset,
            PagingSetting::Cursor => PagingStrategy::Cursor,
            PagingSetting::Index if can_sort => PagingStrategy::SortedIndex,
            PagingSetting::Index => PagingStrategy::Index,
            PagingSetting::Auto if can_filter && can_sort && can_index => PagingStrategy::Keyset,
            PagingSetting::Auto if has_cursor => PagingStrategy::Cursor,
            PagingSetting::Auto if can_sort => PagingStrategy::SortedIndex,
            PagingSetting::Auto => PagingStrategy::Index,
        };
        Ok((way, provider.number("pagination", "maxPageSize").or(provider.number("filter", "maxResults"))))
    }

    /// Whether queries may have filters.
    pub(crate) async fn can_filter(&self) -> Result<bool> {
        Ok(self.provider().await?.supports("filter"))
    }
}
