//! What the service says about itself (RFC 7643 §5, RFC 9865 §4).

use lumos_connector::lenient::{as_boolean, as_number, field};
use lumos_connector::prelude::*;
use serde_json::{Map, Value};

use crate::refusal::{parse, status_of};
use crate::service::Scim;
use crate::settings::PagingSetting;
use crate::walk::PagingStrategy;

/// The service provider's configuration. Services leave out what they please; what they do not claim is not used.
#[derive(Debug, Default)]
pub(crate) struct ServiceProviderConfig(Map<String, Value>);

impl ServiceProviderConfig {
    /// Something in a part of the configuration, such as what is `supported` of `filter`.
    fn get(&self, part: &str, name: &str) -> Option<&Value> {
        field(field(&self.0, part)?.as_object()?, name)
    }

    fn has(&self, part: &str, name: &str) -> bool {
        self.get(part, name).and_then(as_boolean) == Some(true)
    }

    /// How a walk that begins now goes on.
    pub(crate) fn strategy(&self, setting: PagingSetting) -> PagingStrategy {
        let (can_filter, can_sort) = (self.can_filter(), self.has("sort", "supported"));
        let can_index = self.get("pagination", "index").is_none() || self.has("pagination", "index");
        match setting {
            PagingSetting::Keyset => PagingStrategy::Keyset,
            PagingSetting::Auto if can_filter && can_sort && can_index => PagingStrategy::Keyset,
            PagingSetting::Cursor => PagingStrategy::Cursor,
            PagingSetting::Auto if self.has("pagination", "cursor") => PagingStrategy::Cursor,
            PagingSetting::Auto | PagingSetting::Index if can_sort => PagingStrategy::SortedIndex,
            PagingSetting::Auto | PagingSetting::Index => PagingStrategy::Index,
        }
    }

    /// The most rows of a page.
    pub(crate) fn limit(&self) -> Option<i64> {
        let number = |part, name| self.get(part, name).and_then(as_number).filter(|number| *number > 0);
        number("pagination", "maxPageSize").or_else(|| number("filter", "maxResults"))
    }

    /// Whether queries may have filters.
    pub(crate) fn can_filter(&self) -> bool {
        self.has("filter", "supported")
    }
}

impl Scim {
    /// The configuration; an empty one when the service publishes none.
    pub(crate) async fn provider(&self) -> Result<ServiceProviderConfig> {
        match self.ask(&["ServiceProviderConfig"], &()).await {
            // What is no configuration says nothing; a wrong base URL shows with the first real read.
            Ok(answer) => Ok(ServiceProviderConfig(parse(&answer).unwrap_or_default())),
            // RFC 7644 §4 wants it, but many services do without.
            Err(error) => match status_of(&error) {
                300..=399 | 400 | 403..=406 | 410 | 500 | 501 => Ok(ServiceProviderConfig::default()),
                _ => Err(error),
            },
        }
    }
}
