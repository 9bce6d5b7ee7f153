//! What a case expects: a response, an error, or a listing walked to its end.

use lumos_connector_core::{recording, token};
use lumos_connector_types::error::ConnectorErrorCode;
use serde::Serialize;
use serde_json::{Value, json};

use crate::difference::{self, Unmentioned};
use crate::placeholder;

/// What a case expects; made by [`response`], [`error`] or [`listing`].
#[derive(Debug, Clone)]
pub struct Expected(pub(super) Kind);

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Response(ExpectedResponse),
    Error(ExpectedError),
    Listing(ExpectedListing),
    /// The parts of an envelope that are the same each time.
    Recorded(Value),
}

/// A successful answer; see [`response`].
#[derive(Debug, Clone)]
#[must_use = "a case expects it"]
pub struct ExpectedResponse {
    payload: Result<Value, String>,
    unmentioned: Unmentioned,
    /// The token of the next page; anything will do when it is `None`.
    next_page: Option<NextPage>,
    beside: Vec<(&'static str, Value)>,
}

#[derive(Debug, Clone)]
enum NextPage {
    None,
    Some,
    Position(Result<Value, String>),
}

/// A successful answer with this payload: JSON, or the payload's own type.
///
/// It is compared field by field. A field that is not mentioned must be null, so that a row is as short here as it is
/// in the app.
pub fn response(payload: impl Serialize) -> ExpectedResponse {
    ExpectedResponse {
        payload: serde_json::to_value(payload).map_err(|error| error.to_string()),
        unmentioned: Unmentioned::Null,
        next_page: None,
        beside: Vec::new(),
    }
}

impl ExpectedResponse {
    /// Allows any value in fields that are not mentioned.
    pub fn partly(mut self) -> Self {
        self.unmentioned = Unmentioned::Anything;
        self
    }

    /// Expects the last page of a listing: there is no token.
    pub fn last_page(mut self) -> Self {
        self.next_page = Some(NextPage::None);
        self
    }

    /// Expects a page with more after it: there is a token.
    pub fn more_pages(mut self) -> Self {
        self.next_page = Some(NextPage::Some);
        self
    }

    /// Expects the next page to start at this position of the connector's
    /// [`listing`](lumos_connector_core::page::PageRequest::listing): JSON, or the position's own type.
    pub fn next_position(mut self, position: impl Serialize) -> Self {
        let position = serde_json::to_value(position).map_err(|error| error.to_string());
        self.next_page = Some(NextPage::Position(position));
        self
    }

    /// Expects another part of the answer: `raw_data`, `rate_limit`, `execution_summary`.
    pub fn beside(mut self, part: &'static str, value: impl Into<Value>) -> Self {
        self.beside.push((part, value.into()));
        self
    }

    fn problems(&self, answer: &Value, upstream: &str) -> Vec<String> {
        let payload = match &self.payload {
            Ok(payload) => placeholder::resolve(payload, upstream),
            Err(error) => return vec![format!("the expected response cannot be written as JSON: {error}")],
        };
        if let Some(problem) = unexpected_error(answer) {
            return vec![problem];
        }
        let mut problems =
            named("response", difference::between(&payload, &answer["response"], self.unmentioned));
        let token = &answer["page"]["token"];
        match &self.next_page {
            Some(NextPage::None) if !token.is_null() => {
                problems.push(format!("page.token: expected the last page, got {token}"));
            }
            Some(NextPage::Some) if token.is_null() => {
                problems.push("page.token: expected more pages, got the last one".to_owned());
            }
            Some(NextPage::Position(Ok(expected))) => match position_of(token) {
                Ok(position) => {
                    let expected = placeholder::resolve(expected, upstream);
                    let differences = difference::between(&expected, &position, Unmentioned::Null);
                    problems.extend(named("page.token: the next position", differences));
                }
                Err(problem) => problems.push(format!("page.token: expected {expected}, got {problem}")),
            },
            Some(NextPage::Position(Err(error))) => {
                problems.push(format!("the expected position cannot be written: {error}"));
            }
            _ => {}
        }
        for (part, expected) in &self.beside {
            let expected = placeholder::resolve(expected, upstream);
            problems.extend(named(part, difference::between(&expected, &answer[part], self.unmentioned)));
        }
        problems
    }
}

/// The position that a page token holds.
fn position_of(token: &Value) -> Result<Value, String> {
    let Some(token) = token.as_str() else { return Err("the last page".to_owned()) };
    let mut listings = token::decode::<Value>(token).map_err(|error| error.to_string())?;
    match listings.first_mut().and_then(|listing| listing.get_mut("at")) {
        Some(position) => Ok(position.take()),
        None => Err(format!("a token without a position: {token}")),
    }
}

/// An error; see [`error`].
#[derive(Debug, Clone)]
#[must_use = "a case expects it"]
pub struct ExpectedError {
    codes: Vec<ConnectorErrorCode>,
    message: Vec<String>,
    hint: Option<String>,
    fields: Vec<(&'static str, Value)>,
}

/// An error with this code, and what else is named; the rest may be anything.
pub fn error(code: impl Into<ConnectorErrorCode>) -> ExpectedError {
    ExpectedError { codes: vec![code.into()], message: Vec::new(), hint: None, fields: Vec::new() }
}

impl ExpectedError {
    /// Also accepts this code, where a retry in between changes the code.
    pub fn or(mut self, code: impl Into<ConnectorErrorCode>) -> Self {
        self.codes.push(code.into());
        self
    }

    /// Expects a message that contains this text.
    pub fn message(mut self, part: impl Into<String>) -> Self {
        self.message.push(part.into());
        self
    }

    /// Expects a hint that contains this text.
    pub fn hint(mut self, part: impl Into<String>) -> Self {
        self.hint = Some(part.into());
        self
    }

    /// Expects the HTTP status that the app answered.
    pub fn status_code(self, status: u16) -> Self {
        self.field("status_code", status)
    }

    /// Expects a code of the app's own.
    pub fn app_error_code(self, code: impl Into<String>) -> Self {
        self.field("app_error_code", code.into())
    }

    /// Expects the class, or the type, that raised it: `NotFoundError`.
    pub fn raised_by(self, name: impl Into<String>) -> Self {
        self.field("raised_by", name.into())
    }

    /// Expects the flag that says whether a retry may succeed.
    pub fn retryable(self, retryable: bool) -> Self {
        self.field("retryable", retryable)
    }

    /// Expects the seconds after which a retry makes sense.
    pub fn retry_after_seconds(self, seconds: i64) -> Self {
        self.field("retry_after_seconds", seconds)
    }

    fn field(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    fn problems(&self, answer: &Value) -> Vec<String> {
        let error = &answer["error"];
        if error.is_null() {
            return vec![format!(
                "expected the error {}, got a response: {}",
                self.code_names(),
                answer["response"]
            )];
        }
        let mut problems = Vec::new();
        if !self.codes.iter().any(|code| error["error_code"] == json!(code.as_str())) {
            let (code, message) = (&error["error_code"], &error["message"]);
            problems.push(format!("error_code: expected {}, got {code}: {message}", self.code_names()));
        }
        let contains = |text: &Value, part: &str| text.as_str().is_some_and(|text| text.contains(part));
        for part in self.message.iter().filter(|part| !contains(&error["message"], part)) {
            problems.push(format!("message: expected {part:?} in it, got {}", error["message"]));
        }
        let metadata = &error["error_metadata"];
        for part in self.hint.iter().filter(|part| !contains(&metadata["hint"], part)) {
            problems.push(format!("hint: expected {part:?} in it, got {}", metadata["hint"]));
        }
        for (name, expected) in &self.fields {
            let given = error.get(name).unwrap_or(&metadata[*name]);
            if given != expected {
                problems.push(format!("{name}: expected {expected}, got {given}"));
            }
        }
        problems
    }

    fn code_names(&self) -> String {
        let names: Vec<_> = self.codes.iter().map(|code| code.as_str()).collect();
        names.join(" or ")
    }
}

/// A whole listing; see [`listing`].
#[derive(Debug, Clone)]
#[must_use = "a case expects it"]
pub struct ExpectedListing {
    pub(super) key: Option<String>,
    pub(super) rows: Option<usize>,
    pub(super) pages: Option<usize>,
    pub(super) exactly: Option<Value>,
}

/// A listing, walked to its end: page by page, with the token of each answer in the next request.
///
/// Whatever else is expected, it must end, no token may come twice, and no row may come twice.
pub fn listing() -> ExpectedListing {
    ExpectedListing { key: None, rows: None, pages: None, exactly: None }
}

impl ExpectedListing {
    /// Compares rows by this field when looking for rows that came twice; without it, whole rows are compared.
    pub fn unique_by(mut self, field: impl Into<String>) -> Self {
        self.key = Some(field.into());
        self
    }

    /// Expects this many rows in all.
    pub fn rows(mut self, rows: usize) -> Self {
        self.rows = Some(rows);
        self
    }

    /// Expects this many pages.
    pub fn pages(mut self, pages: usize) -> Self {
        self.pages = Some(pages);
        self
    }

    /// Expects exactly these rows, in this order; a field that is not mentioned must be null.
    pub fn exactly(mut self, rows: impl Into<Value>) -> Self {
        self.exactly = Some(rows.into());
        self
    }
}

impl Expected {
    /// The answer that was recorded.
    pub(crate) fn recorded(answer: Value) -> Self {
        Self(Kind::Recorded(answer))
    }

    /// How an answer differs from what is expected. Listings are compared [page by page](super::listing).
    pub(super) fn problems(&self, answer: &Value, upstream: &str) -> Vec<String> {
        match &self.0 {
            Kind::Response(response) => response.problems(answer, upstream),
            Kind::Error(error) => error.problems(answer),
            Kind::Recorded(expected) => {
                let given = recording::comparable(answer);
                let differences = difference::between(expected, &given, Unmentioned::Null);
                named("answer", differences)
            }
            Kind::Listing(_) => unexpected_error(answer).into_iter().collect(),
        }
    }
}

/// The error in an answer that should not be an error, as a sentence.
pub(super) fn unexpected_error(answer: &Value) -> Option<String> {
    let error = answer.get("error").filter(|error| !error.is_null())?;
    Some(format!("expected a response, got the error {}: {}", error["error_code"], error["message"]))
}

/// Differences with the name of the part they are in.
pub(super) fn named(part: &str, differences: Vec<String>) -> Vec<String> {
    differences.into_iter().map(|difference| format!("{part}{difference}")).collect()
}

impl From<ExpectedResponse> for Expected {
    fn from(response: ExpectedResponse) -> Self {
        Self(Kind::Response(response))
    }
}

impl From<ExpectedError> for Expected {
    fn from(error: ExpectedError) -> Self {
        Self(Kind::Error(error))
    }
}

impl From<ExpectedListing> for Expected {
    fn from(listing: ExpectedListing) -> Self {
        Self(Kind::Listing(listing))
    }
}
