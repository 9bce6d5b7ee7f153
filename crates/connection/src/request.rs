//! What a call says beyond the capability's name and what the connection itself brings.

use std::time::Duration;

use lumos_connector_types::json::Json;
use lumos_connector_types::page::Page;
use lumos_connector_types::rate_limit::RateLimitRequestInfo;

/// A request of one capability. Credentials and settings come from the connection.
///
/// ```
/// use lumos_connection::CallRequest;
/// use serde_json::json;
///
/// let first = CallRequest::new(json!({"custom_attributes": ["department"]}).into()).page_size(500);
/// let second = first.clone().page_token("9183a8".to_owned());
/// # let _ = second;
/// ```
#[derive(Debug, Clone, Default)]
pub struct CallRequest {
    pub(crate) request: Option<Json>,
    pub(crate) page: Option<Page>,
    pub(crate) include_raw_data: bool,
    pub(crate) rate_limit: Option<RateLimitRequestInfo>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) without_credentials: bool,
    pub(crate) without_settings: bool,
    pub(crate) body: Option<Json>,
}

impl CallRequest {
    /// A request with a payload, which goes into `request`.
    #[must_use]
    pub fn new(request: Json) -> Self {
        Self { request: Some(request), ..Self::default() }
    }

    /// A request with an empty payload, `{}`.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Sets which page is asked for.
    #[must_use]
    pub fn page(mut self, page: Page) -> Self {
        self.page = Some(page);
        self
    }

    /// Sets the token of the page that is asked for, and keeps its size.
    #[must_use]
    pub fn page_token(mut self, token: String) -> Self {
        self.page.get_or_insert_default().token = Some(token);
        self
    }

    /// Sets the number of rows that are asked for, and keeps the page's token. Without it, the size of the
    /// connection file's `[limits]` is sent with listings.
    #[must_use]
    pub fn page_size(mut self, size: u32) -> Self {
        self.page.get_or_insert_default().size = Some(size.into());
        self
    }

    /// Asks for the app's own answers in `raw_data`.
    #[must_use]
    pub fn include_raw_data(mut self) -> Self {
        self.include_raw_data = true;
        self
    }

    /// Sets what is said about rate limits, such as the state that the last answer gave back.
    #[must_use]
    pub fn rate_limit(mut self, rate_limit: RateLimitRequestInfo) -> Self {
        self.rate_limit = Some(rate_limit);
        self
    }

    /// Sets how long this call may take, in place of the connection file's limit.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Leaves out the connection's credentials.
    #[must_use]
    pub fn without_credentials(mut self) -> Self {
        self.without_credentials = true;
        self
    }

    /// Leaves out the connection's settings.
    #[must_use]
    pub fn without_settings(mut self) -> Self {
        self.without_settings = true;
        self
    }

    /// Replaces the whole envelope: this text is sent as it is, and nothing of the connection with it.
    #[must_use]
    pub fn whole_body(mut self, body: Json) -> Self {
        self.body = Some(body);
        self
    }
}
