//! Leading the calls of a connector to the fake app.

use lumos_connector_client::token_exchange::HttpTokenExchange;
use lumos_connector_core::Integration;

/// Leads the calls of a connector to the fake app at an address.
pub(crate) fn set(integration: &Integration, _upstream: &str) {
    integration.exchange_tokens_with(HttpTokenExchange::default());
}
