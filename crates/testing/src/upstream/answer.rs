//! What the fake app answers, and how it can fail to.

use std::time::Duration;

use serde_json::Value;

use crate::placeholder;

/// What the fake app answers to a call; see [`answer`].
///
/// A status, a JSON value, a pair of both, or a [`Fault`] stands for the answer wherever one is expected.
#[derive(Debug, Clone)]
pub struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) content_type: Option<&'static str>,
    pub(super) delay: Duration,
    pub(super) fault: Option<Fault>,
}

/// An answer with a status and no body yet.
///
/// `{upstream}` in bodies and headers becomes the address of the fake app.
///
/// ```
/// use lumos_connector_testing::prelude::*;
///
/// let page = answer(200)
///     .header("link", "<{upstream}/users?page=2>; rel=\"next\"")
///     .json(json!([{"id": 7}]));
/// # drop(page);
/// ```
#[must_use]
pub fn answer(status: u16) -> Answer {
    Answer {
        status,
        headers: Vec::new(),
        body: Vec::new(),
        content_type: None,
        delay: Duration::ZERO,
        fault: None,
    }
}

impl Answer {
    /// Adds a header. Repeated names are sent repeatedly.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(mut self, body: impl Into<Value>) -> Self {
        self.body = body.into().to_string().into_bytes();
        self.content_type = Some("application/json");
        self
    }

    /// Sets a text body: `text/plain` unless a header says otherwise.
    #[must_use]
    pub fn text(mut self, body: impl Into<String>) -> Self {
        self.body = body.into().into_bytes();
        self.content_type = Some("text/plain; charset=utf-8");
        self
    }

    /// Sets a page of HTML as the body, such as proxies and load balancers answer with.
    #[must_use]
    pub fn html(mut self, body: impl Into<String>) -> Self {
        self.body = body.into().into_bytes();
        self.content_type = Some("text/html; charset=utf-8");
        self
    }

    /// Sends the answer only after a delay. In [virtual time](crate::Case::real_time) that costs nothing.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Lets the answer fail on its way.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// The answer of the fake app at an address.
    pub(super) fn resolved(mut self, upstream: &str) -> Self {
        for (_, value) in &mut self.headers {
            *value = value.replace(placeholder::UPSTREAM, upstream);
        }
        // Bodies that are not text cannot name the placeholder.
        if let Ok(text) = std::str::from_utf8(&self.body)
            && text.contains(placeholder::UPSTREAM)
        {
            self.body = text.replace(placeholder::UPSTREAM, upstream).into_bytes();
        }
        self
    }

    /// What it is, for the list of calls.
    pub(super) fn summary(&self) -> String {
        match self.fault {
            Some(fault) => format!("{fault:?}"),
            None => self.status.to_string(),
        }
    }
}

impl From<u16> for Answer {
    fn from(status: u16) -> Self {
        answer(status)
    }
}

impl From<Value> for Answer {
    fn from(body: Value) -> Self {
        answer(200).json(body)
    }
}

impl From<(u16, Value)> for Answer {
    fn from((status, body): (u16, Value)) -> Self {
        answer(status).json(body)
    }
}

impl From<Fault> for Answer {
    fn from(fault: Fault) -> Self {
        answer(200).json("an answer long enough to be cut in the middle").fault(fault)
    }
}

/// How a call fails without a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is closed without an answer.
    Closed,
    /// The connection is reset.
    Reset,
    /// The connection is closed in the middle of the body.
    Truncated,
    /// Half of the body comes, then nothing, and the connection stays open.
    Stalled,
    /// An answer never comes, and the connection stays open.
    Silence,
    /// What comes is not HTTP.
    NotHttp,
}
