//! A call with the HTTP exchanges that it made, kept without its secrets: for tests, and to be played again without the
//! app.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::token;
use crate::declaration::redaction::names::{Place, is_secret};
use crate::declaration::redaction::replacement::{Kind, Replacements, Secrets, note_logins};

/// A call: its request, the exchanges with the app that it made, and the answer. What is secret in them is replaced by
/// placeholders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Recording {
    /// The name of the capability.
    pub capability: String,
    /// The envelope of the request.
    pub request: Value,
    /// The exchanges, in the order in which they ended.
    pub exchanges: Vec<RecordedExchange>,
    /// The envelope of the answer: the payload with its page, or the error. Rate limits and raw data are left out, which
    /// are others each time.
    pub answer: Value,
}

/// One request to the app, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the client makes them, the test kit takes them apart")]
pub struct RecordedExchange {
    /// What was asked.
    pub request: RecordedRequest,
    /// What came.
    pub answer: RecordedAnswer,
}

/// A request to the app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "as above")]
pub struct RecordedRequest {
    /// The method, in capitals.
    pub method: String,
    /// The path as it was sent: percent-encoded.
    pub path: String,
    /// The parameters of the query, decoded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    /// The headers that the connector chose; names in lower case.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub headers: IndexMap<String, RecordedHeader>,
    /// The body, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<RecordedBody>,
}

/// A header of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "as above")]
pub enum RecordedHeader {
    /// Its value.
    Is(String),
    /// Of a login, the scheme alone.
    Scheme {
        /// The first word of the value: `Bearer`.
        scheme: String,
    },
    /// Its value is secret.
    Secret {
        /// Always true.
        secret: bool,
    },
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "as above")]
pub enum RecordedAnswer {
    /// A whole answer.
    Whole {
        /// The HTTP status.
        status: u16,
        /// The headers; names in lower case.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        headers: Vec<(String, String)>,
        /// The body, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<RecordedBody>,
    },
    /// There was no whole answer.
    Failed {
        /// How it failed: the name of a [`TransportFailure`](crate::error::TransportFailure).
        failure: String,
    },
}

/// A body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "as above")]
pub enum RecordedBody {
    /// JSON.
    Json(Value),
    /// The fields of a form, decoded.
    Form(Vec<(String, String)>),
    /// Any other text.
    Text(String),
    /// What is not text is not kept, only how many bytes it had: a secret in it would not be found.
    Bytes(usize),
    /// Of a request, any body: for what is different each time. It is written by hand.
    Any,
}

impl RecordedBody {
    /// A body as it was sent, by its content type; `None` when it is empty.
    #[must_use]
    pub fn of(content_type: Option<&str>, body: &[u8]) -> Option<Self> {
        if body.is_empty() {
            return None;
        }
        let Ok(text) = std::str::from_utf8(body) else { return Some(Self::Bytes(body.len())) };
        if content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            return Some(Self::Form(form_urlencoded::parse(body).into_owned().collect()));
        }
        Some(serde_json::from_str(text).map_or_else(|_| Self::Text(text.to_owned()), Self::Json))
    }

    /// The body as it is sent; `None` for what was not kept.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Json(value) => Some(value.to_string().into_bytes()),
            Self::Form(fields) => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                Some(form.extend_pairs(fields).finish().into_bytes())
            }
            Self::Text(text) => Some(text.clone().into_bytes()),
            Self::Bytes(_) | Self::Any => None,
        }
    }

    fn note(&self, secrets: &mut Secrets) {
        match self {
            Self::Json(value) => secrets.note_in(value, Kind::Body),
            Self::Form(fields) => note_parameters(secrets, fields),
            Self::Text(text) => secrets.note_in(&Value::from(text.as_str()), Kind::Body),
            Self::Bytes(_) | Self::Any => {}
        }
    }

    fn replaced(self, replacements: &Replacements) -> Self {
        match self {
            Self::Json(value) => Self::Json(replacements.value(value, Kind::Body)),
            Self::Form(fields) => Self::Form(replaced_parameters(replacements, fields)),
            Self::Text(text) => Self::Text(replacements.text(&text)),
            other => other,
        }
    }
}

impl RecordedRequest {
    /// Whether another request is this one: by method, path, parameters in any order, body, and the headers that are kept.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        let sorted = |query: &[(String, String)]| {
            let mut query = query.to_vec();
            query.sort();
            query
        };
        let header = |(name, expected): (&String, &RecordedHeader)| match (expected, other.headers.get(name))
        {
            (RecordedHeader::Is(expected), Some(RecordedHeader::Is(given))) => expected == given,
            (RecordedHeader::Scheme { scheme }, Some(RecordedHeader::Is(given))) => {
                given.split_once(' ').is_some_and(|(given, _)| given == scheme)
            }
            (RecordedHeader::Secret { .. }, given) => given.is_some(),
            _ => false,
        };
        self.method == other.method
            && self.path == other.path
            && sorted(&self.query) == sorted(&other.query)
            && (self.body == Some(RecordedBody::Any) || self.body == other.body)
            && self.headers.iter().all(header)
    }
}

impl fmt::Display for RecordedRequest {
    /// Method, path and the names of the parameters, whose values may be secret: `GET /users?limit&page`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        for (index, (name, _)) in self.query.iter().enumerate() {
            write!(f, "{}{name}", if index == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

impl Recording {
    /// The recording of a call, without its secrets: the credentials, the secret settings and payload values of the
    /// request, what stands under a secret name in bodies, parameters and headers (contract §10), and what has the shape
    /// of a secret. `more_names` are fields that the connector marks as secret, in lower case.
    ///
    /// # Errors
    /// When the request or the answer is not JSON.
    pub(crate) fn of(
        capability: &str,
        request: &str,
        exchanges: Vec<RecordedExchange>,
        answer: &[u8],
        more_names: Vec<String>,
    ) -> Result<Self, serde_json::Error> {
        let mut request: Value = serde_json::from_str(request)?;
        let mut answer: Value = comparable(&serde_json::from_slice(answer)?);
        // What a page token holds is found when it is decoded. The token as a whole is no secret.
        let tokens = [take_page_token(&mut request), take_page_token(&mut answer)];
        let mut secrets = Secrets::new(more_names);
        secrets.note_in(&request, Kind::Request);
        secrets.note_in(&answer, Kind::Body);
        tokens.iter().flatten().for_each(|token| token.note(&mut secrets));
        note_logins(&mut secrets, &request);
        for RecordedExchange { request, answer } in &exchanges {
            note_parameters(&mut secrets, &request.query);
            request.body.iter().for_each(|body| body.note(&mut secrets));
            let RecordedAnswer::Whole { headers, body, .. } = answer else { continue };
            for (name, value) in headers {
                if is_secret(Place::Header, name) {
                    secrets.note(value);
                } else {
                    secrets.note_in(&Value::from(value.as_str()), Kind::Body);
                }
            }
            body.iter().for_each(|body| body.note(&mut secrets));
        }
        let headers: Vec<_> =
            exchanges.iter().map(|exchange| kept_headers(&exchange.request.headers, &secrets)).collect();
        let replacements = secrets.replacements();
        let mut request = replacements.value(request, Kind::Request);
        let mut answer = replacements.value(answer, Kind::Body);
        for (envelope, token) in [&mut request, &mut answer].into_iter().zip(tokens) {
            if let Some(token) = token {
                envelope["page"]["token"] = token.replaced(&replacements).into();
            }
        }
        let exchanges = exchanges.into_iter().zip(headers).map(|(exchange, headers)| {
            let request = RecordedRequest {
                path: replacements.text(&exchange.request.path),
                query: replaced_parameters(&replacements, exchange.request.query),
                headers: headers
                    .into_iter()
                    .map(|(name, header)| match header {
                        RecordedHeader::Is(value) => (name, RecordedHeader::Is(replacements.text(&value))),
                        other => (name, other),
                    })
                    .collect(),
                body: exchange.request.body.map(|body| body.replaced(&replacements)),
                method: exchange.request.method,
            };
            let answer = match exchange.answer {
                RecordedAnswer::Whole { status, headers, body } => RecordedAnswer::Whole {
                    status,
                    headers: headers
                        .into_iter()
                        .map(|(name, value)| {
                            let secret = is_secret(Place::Header, &name);
                            let value =
                                if secret { replacements.secret(&value) } else { replacements.text(&value) };
                            (name, value)
                        })
                        .collect(),
                    body: body.map(|body| body.replaced(&replacements)),
                },
                failed @ RecordedAnswer::Failed { .. } => failed,
            };
            RecordedExchange { request, answer }
        });
        Ok(Self { exchanges: exchanges.collect(), capability: capability.to_owned(), request, answer })
    }
}

/// A page token: with what it holds, when it is one of the SDK's.
enum PageToken {
    Known(Vec<Value>),
    Foreign(String),
}

/// Takes the page token out of an envelope.
fn take_page_token(envelope: &mut Value) -> Option<PageToken> {
    let token = envelope.pointer_mut("/page/token")?.take();
    let token = token.as_str()?;
    let known = token::decode(token).ok().map(PageToken::Known);
    Some(known.unwrap_or_else(|| PageToken::Foreign(token.to_owned())))
}

impl PageToken {
    fn note(&self, secrets: &mut Secrets) {
        if let Self::Known(listings) = self {
            listings.iter().for_each(|listing| secrets.note_in(listing, Kind::Body));
        }
    }

    fn replaced(self, replacements: &Replacements) -> Option<String> {
        match self {
            Self::Known(listings) => {
                let replaced = listings.into_iter().map(|listing| replacements.value(listing, Kind::Body));
                token::encode(&replaced.collect::<Vec<_>>()).ok().flatten()
            }
            Self::Foreign(token) => Some(replacements.text(&token)),
        }
    }
}

/// The parts of an answer that are the same each time.
#[must_use]
pub fn comparable(answer: &Value) -> Value {
    let mut kept = json!({});
    for part in ["is_error", "response", "error", "page"] {
        if let Some(value) = answer.get(part) {
            kept[part] = value.clone();
        }
    }
    // Waits have a part of chance in them.
    if let Some(metadata) = kept.pointer_mut("/error/error_metadata").and_then(Value::as_object_mut) {
        metadata.remove("retry_after_seconds");
    }
    kept
}

/// The headers of a request, of which the secret ones keep no more than the scheme.
fn kept_headers(
    headers: &IndexMap<String, RecordedHeader>,
    secrets: &Secrets,
) -> IndexMap<String, RecordedHeader> {
    let kept = |name: &str, header: &RecordedHeader| match header {
        RecordedHeader::Is(value) if name == "authorization" => match value.split_once(' ') {
            Some((scheme, _)) if !secrets.hold(scheme) => {
                RecordedHeader::Scheme { scheme: scheme.to_owned() }
            }
            _ => RecordedHeader::Secret { secret: true },
        },
        RecordedHeader::Is(_) if is_secret(Place::Header, name) => RecordedHeader::Secret { secret: true },
        other => other.clone(),
    };
    headers.iter().map(|(name, header)| (name.clone(), kept(name, header))).collect()
}

fn note_parameters(secrets: &mut Secrets, parameters: &[(String, String)]) {
    for (name, value) in parameters {
        if is_secret(Place::Parameter, name) {
            secrets.note(value);
        } else {
            secrets.note_in(&Value::from(value.as_str()), Kind::Body);
        }
    }
}

fn replaced_parameters(
    replacements: &Replacements,
    parameters: Vec<(String, String)>,
) -> Vec<(String, String)> {
    let replaced = |(name, value): (String, String)| {
        let secret = is_secret(Place::Parameter, &name);
        let value = if secret { replacements.secret(&value) } else { replacements.text(&value) };
        (name, value)
    };
    parameters.into_iter().map(replaced).collect()
}

/// What happens to the requests of a call, for the [host](super::host::HostBuilder::http_mode) that carries them.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "requests are sent, and kept, or not sent")]
pub enum HttpMode {
    /// They are sent, and kept with their answers.
    Record(Recorder),
    /// They are not sent: the answers are those of a recording.
    Replay(Replay),
}

/// Keeps the exchanges of a call in memory, secrets included, until a recording is made of them. Clones share them.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Vec<RecordedExchange>>>);

impl fmt::Debug for Recorder {
    /// How many exchanges there are: their secrets are still in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exchanges = self.0.lock().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Recorder").field("exchanges", &exchanges).finish()
    }
}

impl Recorder {
    /// Keeps an exchange, its request with all headers as they are.
    pub fn keep(&self, exchange: RecordedExchange) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
    }

    /// The exchanges that were kept so far, which are taken out.
    #[must_use]
    pub fn take(&self) -> Vec<RecordedExchange> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Answers requests with those of a recording, each once. Clones share what was answered.
#[derive(Debug, Clone)]
pub struct Replay(Arc<Mutex<Answers>>);

#[derive(Debug)]
struct Answers {
    /// Each exchange, and whether it took place.
    exchanges: Vec<(RecordedExchange, bool)>,
    unexpected: Vec<String>,
}

impl Replay {
    /// Answers with these exchanges.
    #[must_use]
    pub fn new(exchanges: Vec<RecordedExchange>) -> Self {
        let exchanges = exchanges.into_iter().map(|exchange| (exchange, false)).collect();
        Self(Arc::new(Mutex::new(Answers { exchanges, unexpected: Vec::new() })))
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to a request; `None` when the recording has none that was not given yet.
    #[must_use]
    pub fn answer(&self, request: &RecordedRequest) -> Option<RecordedAnswer> {
        let mut answers = self.answers();
        let open = answers.exchanges.iter_mut().filter(|(_, taken)| !taken);
        let found = open.into_iter().find(|(exchange, _)| exchange.request.matches(request));
        if let Some((exchange, taken)) = found {
            *taken = true;
            return Some(exchange.answer.clone());
        }
        answers.unexpected.push(request.to_string());
        None
    }

    /// How the requests differed from the recorded ones, as sentences.
    #[must_use]
    pub fn differences(&self) -> Vec<String> {
        let answers = self.answers();
        let unexpected = answers.unexpected.iter().map(|request| format!("{request} was not recorded"));
        let missing = answers.exchanges.iter().filter(|(_, taken)| !taken);
        let missing = missing.map(|(exchange, _)| format!("{} was recorded, but not sent", exchange.request));
        unexpected.chain(missing).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(request: &Value, exchanges: Vec<RecordedExchange>, answer: &Value) -> Recording {
        let answer = serde_json::to_vec(answer).unwrap();
        Recording::of("list_accounts", &request.to_string(), exchanges, &answer, Vec::new()).unwrap()
    }

    fn asked(query: &[(&str, &str)]) -> RecordedRequest {
        RecordedRequest {
            method: "GET".to_owned(),
            path: "/users".to_owned(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            headers: IndexMap::new(),
            body: None,
        }
    }

    #[test]
    fn what_a_page_token_holds_is_replaced_as_it_is_elsewhere() {
        let position = |cursor: &str| {
            let at = format!("https://acme.test/users?_token={cursor}");
            token::encode(&[json!({"listing": "list_accounts", "at": at})]).unwrap()
        };
        let answered = RecordedAnswer::Whole {
            status: 200,
            headers: vec![("next-page".to_owned(), "https://acme.test/users?_token=second%3D".to_owned())],
            body: None,
        };
        let exchange = RecordedExchange { request: asked(&[("_token", "first-one=")]), answer: answered };
        let recording = of(
            &json!({"request": {}, "page": {"token": position("first-one%3D"), "size": 5}}),
            vec![exchange],
            &json!({"response": [], "page": {"token": position("second%3D")}, "rate_limit": {"left": 3}}),
        );
        let held = |envelope: &Value| {
            let token = envelope["page"]["token"].as_str().unwrap().to_owned();
            token::decode::<Value>(&token).unwrap()[0]["at"].as_str().unwrap().to_owned()
        };
        let [exchange] = &recording.exchanges[..] else { panic!("{recording:?}") };
        let first = &exchange.request.query[0].1;
        assert_ne!(first, "first-one=");
        assert_eq!(held(&recording.request), format!("https://acme.test/users?_token={first}"));
        let RecordedAnswer::Whole { headers, .. } = &exchange.answer else { panic!("{recording:?}") };
        assert_eq!(held(&recording.answer), headers[0].1);
        assert!(!headers[0].1.contains("second"), "{headers:?}");
        assert_eq!(recording.answer.get("rate_limit"), None);
    }

    #[test]
    fn exchanges_that_are_kept_are_printed_without_what_is_in_them() {
        let secret = "hunter2secret";
        let recorder = Recorder::default();
        let mut request = asked(&[("api_key", secret)]);
        request.headers.insert("authorization".to_owned(), RecordedHeader::Is(format!("Bearer {secret}")));
        request.body = Some(RecordedBody::Text(secret.to_owned()));
        let body = Some(RecordedBody::Json(json!({"password": secret})));
        let answer = RecordedAnswer::Whole { status: 200, headers: Vec::new(), body };
        recorder.keep(RecordedExchange { request, answer });
        assert_eq!(format!("{recorder:?}"), "Recorder { exchanges: 1 }");
        assert!(!format!("{:?}", HttpMode::Record(recorder)).contains(secret));
    }

    #[test]
    fn a_token_of_the_connectors_own_making_stays() {
        let page = json!({"request": {}, "page": {"token": "page-two", "size": 5}});
        let recording = of(&page, Vec::new(), &json!({"response": [], "page": {"token": null}}));
        assert_eq!(recording.request, page);
        assert_eq!(recording.answer, json!({"response": [], "page": {"token": null}}));
    }
}
