//! A case: one request, the calls to the app that it causes, and the answer that is expected.

mod envelope;
mod expected;
mod listing;
mod run;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use lumos_connector_core::token;
use lumos_connector_types::capability::Capability;
use serde::Serialize;
use serde_json::{Value, json};

pub use expected::{Expected, ExpectedError, ExpectedListing, ExpectedResponse, error, listing, response};

pub(crate) use envelope::Envelope;
pub(crate) use run::run;

use crate::upstream::Exchange;

/// One request to a connector, the calls to the app that it causes, and the answer that is expected.
///
/// Credentials and settings come from the [`Suite`](crate::Suite) unless the case brings its own. `{upstream}` in any
/// text of the case becomes the address of the fake app, such as `http://127.0.0.1:34567`.
///
/// ```
/// use lumos_connector::prelude::capability;
/// use lumos_connector_testing::prelude::*;
///
/// fn cases() -> Vec<Case> {
///     vec![
///         case(capability::ListAccounts, "gives a page of users")
///             .page_size(2)
///             .upstream(get("/users?limit=2").answers(json!([{"id": "7"}])))
///             .expect(response(json!([{"integration_specific_id": "7"}])).last_page()),
///         case(capability::GetAccount, "says which account is missing")
///             .request(json!({"account_id": "9"}))
///             .upstream(get("/users/9").answers(404))
///             .expect(error(ConnectorErrorCode::NotFound).message("9")),
///     ]
/// }
/// # drop(cases());
/// ```
#[derive(Clone)]
#[must_use = "a case runs in a suite"]
pub struct Case {
    pub(crate) capability: Cow<'static, str>,
    pub(crate) name: String,
    pub(crate) skipped: Option<String>,
    pub(crate) envelope: Envelope,
    pub(crate) exchanges: Vec<Exchange>,
    /// Headers that every call to the app must have.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) unreachable: bool,
    pub(crate) real_time: bool,
    pub(crate) expected: Option<Expected>,
    /// Parts of the case that could not be made, as sentences.
    pub(crate) mistakes: Vec<String>,
}

/// A case of a capability, with a sentence on what it shows.
///
/// Its test is named after both: `list_accounts::gives_a_page_of_users`.
pub fn case<C: Capability>(_: C, name: impl Into<String>) -> Case {
    Case::named(C::NAME, name.into())
}

impl Case {
    /// A case of a capability that has only a name.
    pub(crate) fn named(capability: impl Into<Cow<'static, str>>, name: String) -> Self {
        Self {
            capability: capability.into(),
            name,
            skipped: None,
            envelope: Envelope::default(),
            exchanges: Vec::new(),
            headers: Vec::new(),
            unreachable: false,
            real_time: false,
            expected: None,
            mistakes: Vec::new(),
        }
    }

    /// A case that cannot be made, for this reason.
    pub(crate) fn mistaken(capability: &'static str, name: String, mistake: String) -> Self {
        Self { mistakes: vec![mistake], ..Self::named(capability, name) }
    }

    /// Sets a part of the envelope as it was recorded.
    pub(crate) fn recorded_part(mut self, name: &str, value: Value) -> Self {
        self.envelope.set(name, value);
        self
    }

    /// Sets the payload: JSON, or the payload's own type. Without one it is `{}`.
    pub fn request(self, payload: impl Serialize) -> Self {
        self.part("request", payload)
    }

    /// Sets the credential of a connector that declares a single one: `{"basic": {"username": …}}`.
    pub fn auth(mut self, auth: impl Serialize) -> Self {
        self.envelope.set("credentials", Value::Null);
        self.part("auth", auth)
    }

    /// Sets the credentials of a connector that declares several: `[{"id": "main", "basic": {…}}]`.
    pub fn credentials(mut self, credentials: impl Serialize) -> Self {
        self.envelope.set("auth", Value::Null);
        self.part("credentials", credentials)
    }

    /// Leaves out all credentials.
    pub fn without_auth(mut self) -> Self {
        self.envelope.set("auth", Value::Null);
        self.envelope.set("credentials", Value::Null);
        self
    }

    /// Sets the settings of this case.
    pub fn settings(self, settings: impl Serialize) -> Self {
        self.part("settings", settings)
    }

    /// Asks for this many rows.
    pub fn page_size(mut self, size: i64) -> Self {
        self.envelope.set_in("page", "size", json!(size));
        self
    }

    /// Sets the page that is asked for, by the position that the connector's
    /// [`listing`](lumos_connector_core::page::PageRequest::listing) starts it at: JSON, or the position's own type.
    pub fn position(mut self, position: impl Serialize) -> Self {
        let token = PageToken { listing: self.capability.clone(), at: position };
        match token::encode(&[token]) {
            Ok(token) => self.envelope.set_in("page", "token", token.into()),
            Err(error) => self.mistakes.push(format!("the position cannot be written: {error}")),
        }
        self
    }

    /// Sends this page token as it is, for tokens that are not the connector's.
    pub fn page_token(mut self, token: impl Into<String>) -> Self {
        self.envelope.set_in("page", "token", Value::String(token.into()));
        self
    }

    /// Sets another part of the request's envelope: `include_raw_data`, `rate_limit`.
    pub fn part(mut self, name: &'static str, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => self.envelope.set(name, value),
            Err(error) => self.mistakes.push(format!("{name} cannot be written as JSON: {error}")),
        }
        self
    }

    /// Adds an expected call to the app with its answer; see [`Exchange`].
    pub fn upstream(mut self, exchange: Exchange) -> Self {
        self.exchanges.push(exchange);
        self
    }

    /// Adds several expected calls.
    pub fn upstreams(mut self, exchanges: impl IntoIterator<Item = Exchange>) -> Self {
        self.exchanges.extend(exchanges);
        self
    }

    /// Expects a header of every call to the app, in place of the suite's with that name. A call that names the header
    /// itself, or does not care ([`Exchange::any_header`]), is not concerned.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Makes the app unreachable: nothing listens where it should be.
    pub fn unreachable(mut self) -> Self {
        self.unreachable = true;
        self
    }

    /// Sets the answer that is expected: [`response`], [`error`] or [`listing`].
    pub fn expect(mut self, expected: impl Into<Expected>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Runs the case in real time.
    ///
    /// Cases run in virtual time: when the connector and the fake app only wait, the clock jumps to the end of the wait.
    /// Back-off, `Retry-After` and timeouts of minutes then cost nothing, as long as they wait on tokio's clock. A
    /// connector that waits otherwise needs this.
    pub fn real_time(mut self) -> Self {
        self.real_time = true;
        self
    }

    /// Skips the case, and lists it as ignored with the reason.
    pub fn skip(mut self, reason: impl Into<String>) -> Self {
        self.skipped = Some(reason.into());
        self
    }

    /// The name of its test: the capability, and the sentence with underscores.
    pub(crate) fn test_name(&self) -> String {
        let words = self.name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        format!("{}::{}", self.capability, words.collect::<Vec<_>>().join("_"))
    }

    /// The longest that a case may take in its own time: beyond it, the connector waits for something that never comes.
    pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

    /// The longest that a case may take in real time when it asks for that.
    pub(crate) const REAL_TIME_LIMIT: Duration = Duration::from_secs(60);
}

/// What the page token of a listing holds.
#[derive(Serialize)]
struct PageToken<P> {
    listing: Cow<'static, str>,
    at: P,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.test_name()).finish()
    }
}
