//! An expected call with its answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::answer::{Answer, answer};
use super::received::Received;

/// A call that the fake app expects, and what it answers.
///
/// What is compared: method, path (as sent, percent-encoded), query (every parameter, in any order), body (JSON by value,
/// not by text), and the headers that are named. A query or a body that is not mentioned must not be there, unless
/// [`any_query`](Self::any_query) or [`any_body`](Self::any_body) says that it does not matter; headers that are not
/// mentioned never matter. The call must come exactly once unless [`times`](Self::times) or
/// [`any_times`](Self::any_times) says otherwise; the order of different calls is free.
///
/// ```
/// use lumos_connector_testing::prelude::*;
///
/// let first_page = get("/users?limit=2")
///     .header("authorization", "Bearer t0ken")
///     .answers(json!([{"id": 7}, {"id": 8}]));
/// let create = post("/users").json(json!({"email": "ada@acme.test"})).answers((201, json!({"id": 9})));
/// let broken = delete("/users/7").answers(Fault::Reset);
/// # drop((first_page, create, broken));
/// ```
#[derive(Clone)]
pub struct Exchange {
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    pub(super) query: Vec<(String, String)>,
    /// Whether other parameters may be there, too.
    pub(super) open_query: bool,
    pub(super) headers: Vec<(String, HeaderRule)>,
    /// Headers that do not matter, whatever the case or the suite expects of every call.
    free_headers: Vec<String>,
    pub(super) body: BodyRule,
    pub(super) times: Option<usize>,
    pub(super) quiet: Duration,
    reply: Reply,
}

/// What a header of a call must be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum HeaderRule {
    Is(String),
    /// The first word of the value, in any case.
    Scheme(String),
    /// It must be there.
    Some,
}

/// What the body of a call must be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum BodyRule {
    Any,
    None,
    Json(Value),
    Form(Vec<(String, String)>),
    Text(String),
}

#[derive(Clone)]
enum Reply {
    Fixed(Answer),
    Computed(Arc<dyn Fn(&Received) -> Answer + Send + Sync>),
}

macro_rules! methods {
    ($($(#[doc = $doc:literal])+ $name:ident: $method:literal;)+) => {
        $(
            $(#[doc = $doc])+
            #[doc = "\n\nSee [`Exchange`] for what is compared."]
            #[must_use]
            pub fn $name(path: &str) -> Exchange {
                call($method, path)
            }
        )+
    };
}

methods! {
    /// An expected `GET` of a path, with its query if there is one.
    get: "GET";
    /// An expected `POST` to a path, with its query if there is one.
    post: "POST";
    /// An expected `PUT` to a path, with its query if there is one.
    put: "PUT";
    /// An expected `PATCH` of a path, with its query if there is one.
    patch: "PATCH";
    /// An expected `DELETE` of a path, with its query if there is one.
    delete: "DELETE";
}

/// An expected call with any method.
#[must_use]
pub fn call(method: &str, path: &str) -> Exchange {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    Exchange {
        method: Some(method.to_owned()),
        path: Some(path.to_owned()),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        open_query: false,
        headers: Vec::new(),
        free_headers: Vec::new(),
        body: BodyRule::None,
        times: Some(1),
        quiet: Duration::ZERO,
        reply: Reply::Fixed(answer(200)),
    }
}

/// An exchange that every call matches, any number of times.
#[must_use]
pub fn anything() -> Exchange {
    Exchange { method: None, path: None, open_query: true, body: BodyRule::Any, times: None, ..call("", "") }
}

impl Exchange {
    /// Expects a query parameter, in addition to those in the path. Both are compared decoded.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// Allows other query parameters; those that are named must still be there.
    #[must_use]
    pub fn any_query(mut self) -> Self {
        self.open_query = true;
        self
    }

    /// Expects a header: its name in any case, its value exactly.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), HeaderRule::Is(value.into())));
        self
    }

    /// Expects a login of this scheme, whatever its secret: `.header_scheme("authorization", "Bearer")`.
    #[must_use]
    pub fn header_scheme(mut self, name: impl Into<String>, scheme: impl Into<String>) -> Self {
        self.headers.push((name.into(), HeaderRule::Scheme(scheme.into())));
        self
    }

    /// Expects that a header is there, whatever its value.
    #[must_use]
    pub fn some_header(mut self, name: impl Into<String>) -> Self {
        self.headers.push((name.into(), HeaderRule::Some));
        self
    }

    /// Allows any value of a header, or none, where the [case](crate::Case::header) or the
    /// [suite](crate::Suite::header) expects one of every call: a token request, whose login is another.
    #[must_use]
    pub fn any_header(mut self, name: impl Into<String>) -> Self {
        self.free_headers.push(name.into());
        self
    }

    /// Expects headers that are expected of every call, but for those that this call says something about.
    pub(crate) fn inherit_headers(&mut self, headers: &[(String, String)]) {
        for (name, value) in headers {
            let same = |own: &String| own.eq_ignore_ascii_case(name);
            if !self.free_headers.iter().any(same) && !self.headers.iter().any(|(own, _)| same(own)) {
                self.headers.push((name.clone(), HeaderRule::Is(value.clone())));
            }
        }
    }

    /// Expects this JSON as the body.
    #[must_use]
    pub fn json(mut self, body: impl Into<Value>) -> Self {
        self.body = BodyRule::Json(body.into());
        self
    }

    /// Expects a form with these fields as the body, in any order.
    #[must_use]
    pub fn form<N: Into<String>, V: Into<String>>(
        mut self,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.body = BodyRule::Form(fields.collect());
        self
    }

    /// Expects this text as the body.
    #[must_use]
    pub fn text(mut self, body: impl Into<String>) -> Self {
        self.body = BodyRule::Text(body.into());
        self
    }

    /// Allows any body, or none.
    #[must_use]
    pub fn any_body(mut self) -> Self {
        self.body = BodyRule::Any;
        self
    }

    /// Expects the call exactly this many times. Zero is allowed: a call that must not happen.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    /// Allows the call any number of times, zero included.
    #[must_use]
    pub fn any_times(mut self) -> Self {
        self.times = None;
        self
    }

    /// Fails when another call comes within this time after the answer: what a rate limit asks for.
    #[must_use]
    pub fn quiet_for(mut self, time: Duration) -> Self {
        self.quiet = time;
        self
    }

    /// Sets the answer: a status, JSON, both, a [`Fault`](super::Fault), or an [`answer`]. Without one, an
    /// empty 200 is answered.
    #[must_use]
    pub fn answers(mut self, answer: impl Into<Answer>) -> Self {
        self.reply = Reply::Fixed(answer.into());
        self
    }

    /// Computes the answer from the call, as for a listing of many pages.
    #[must_use]
    pub fn answers_with(mut self, compute: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Self {
        self.reply = Reply::Computed(Arc::new(compute));
        self
    }

    pub(super) fn answer_to(&self, call: &Received) -> Answer {
        match &self.reply {
            Reply::Fixed(answer) => answer.clone(),
            Reply::Computed(compute) => compute(call),
        }
    }
}

impl fmt::Display for Exchange {
    /// Method, path and query: `GET /users?limit=2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.method.as_deref().unwrap_or("any method");
        write!(f, "{method} {}", self.path.as_deref().unwrap_or("(any path)"))?;
        for (index, (name, value)) in self.query.iter().enumerate() {
            write!(f, "{}{name}={value}", if index == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Exchange").field(&self.to_string()).finish()
    }
}
