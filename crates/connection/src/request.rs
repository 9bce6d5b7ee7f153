//! What a call says beyond the capability's name and what the connection itself brings.

use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use lumos_connector_types::capability::{Authentication, StandardCapability};
use lumos_connector_types::json::Json;
use lumos_connector_types::page::Page;
use lumos_connector_types::rate_limit::RateLimitRequestInfo;
use lumos_connector_types::secret::Secret;

use crate::error::CallError;
use crate::file::Limits;
use crate::secrets::{Resolved, named_secrets};

/// What the contract takes for `max_execution_time` when it is not sent, in seconds.
const CONTRACT_TIMEOUT: u64 = 1800;

/// Connectors keep ten seconds for themselves; with less than this they would have no time left.
const LEAST_TOLD: u64 = 30;

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
#[derive(Clone, Default)]
pub struct CallRequest {
    pub(crate) request: Option<Json>,
    pub(crate) page: Option<Page>,
    pub(crate) include_raw_data: bool,
    pub(crate) rate_limit: Option<RateLimitRequestInfo>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) without_credentials: bool,
    pub(crate) without_settings: bool,
    pub(crate) body: Option<Json>,
    pub(crate) record: Option<PathBuf>,
}

impl CallRequest {
    /// A request with a payload, which goes into `request`.
    #[must_use]
    pub fn new(request: Json) -> Self {
        Self { request: Some(request), ..Self::default() }
    }

    /// A request with a typed payload.
    ///
    /// # Errors
    /// [`CallError::Request`] when the payload has no JSON form.
    pub fn of<T: Serialize + ?Sized>(request: &T) -> Result<Self, CallError> {
        Json::new(request).map(Self::new).map_err(|error| CallError::Request { problem: error.to_string() })
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

    /// Has the connector's program write the HTTP exchanges behind this call into a file, secrets replaced: `--record`,
    /// which connectors of this SDK know ([`Connection::can_record`](crate::Connection::can_record)). The program runs
    /// for this call alone, whatever the mode of the connection. A call that made no HTTP request leaves no file.
    #[must_use]
    pub fn record(mut self, file: PathBuf) -> Self {
        self.record = Some(file);
        self
    }

    /// The secrets in it, by the names of its fields: those of OAuth requests, for example.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let parts = [&self.request, &self.body];
        let values = parts.into_iter().flatten().filter_map(|part| serde_json::from_str(part.text()).ok());
        values.flat_map(|value: serde_json::Value| named_secrets(&value)).collect()
    }

    /// The envelope that is sent.
    pub(crate) fn body(self, capability: &str, resolved: &Resolved, limits: &Limits) -> Secret {
        if let Some(body) = self.body {
            return body.text().to_owned().into();
        }
        let mut body = String::from("{\"request\":");
        body.push_str(self.request.as_ref().map_or("{}", Json::text));
        body.push(',');
        let standard = StandardCapability::from_wire(capability);
        let takes_credentials =
            standard.is_none_or(|standard| standard.authentication() != Authentication::Absent);
        if takes_credentials && !self.without_credentials {
            body.push_str(resolved.credentials.expose());
        }
        let settings = resolved.settings.expose();
        let settings = if settings.is_empty() { "{}" } else { settings };
        member(&mut body, "settings", if self.without_settings { "null" } else { settings });
        let page = paged(self.page, capability, limits);
        member(&mut body, "page", &text(&page));
        member(&mut body, "include_raw_data", if self.include_raw_data { "true" } else { "false" });
        let timeout = self.timeout.map_or(limits.call_timeout, |timeout| timeout.as_secs());
        member(&mut body, "rate_limit", &text(&timed(self.rate_limit, timeout)));
        // The comma after the last member.
        body.pop();
        body.push('}');
        body.into()
    }
}

impl fmt::Debug for CallRequest {
    /// Payloads may hold secrets; only their sizes are shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = |part: &Option<Json>| part.as_ref().map(|part| part.text().len());
        f.debug_struct("CallRequest")
            .field("request_bytes", &bytes(&self.request))
            .field("body_bytes", &bytes(&self.body))
            .field("page", &self.page)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// The page, with the size of the limits when a listing's request does not say one.
fn paged(page: Option<Page>, capability: &str, limits: &Limits) -> Option<Page> {
    let is_listing = limits.page_sizes.contains_key(capability)
        || ["list_", "find_"].iter().any(|prefix| capability.starts_with(prefix))
        || capability == "get_account_entitlement_associations";
    let size = if is_listing { limits.page_size_of(capability) } else { None };
    match (page, size) {
        (Some(page), size) => Some(Page { size: page.size.or(size.map(i64::from)), ..page }),
        (None, Some(size)) => Some(Page { token: None, size: Some(size.into()) }),
        (None, None) => None,
    }
}

/// What is said about rate limits, with the time that the call may take unless it is the contract's.
fn timed(rate_limit: Option<RateLimitRequestInfo>, seconds: u64) -> Option<RateLimitRequestInfo> {
    if seconds == CONTRACT_TIMEOUT || seconds < LEAST_TOLD {
        return rate_limit;
    }
    let mut rate_limit = rate_limit.unwrap_or_default();
    rate_limit.max_execution_time = rate_limit.max_execution_time.or(i64::try_from(seconds).ok());
    Some(rate_limit)
}

fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

fn member(body: &mut String, name: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = write!(body, "\"{name}\":{value},");
}
