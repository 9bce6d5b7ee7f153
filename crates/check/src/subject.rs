//! The connector under check: how it is reached, and calls of it with all that came back.

use std::process::ExitStatus;
use std::time::Duration;

use lumos_connection::exchange::{HttpExchange, ProgramOutput, ProgramRun};
use lumos_connection::{CallError, CallRequest, Connection};
use lumos_connector_types::json::Json;
use lumos_connector_types::page::Page;
use lumos_connector_types::secret::Secret;
use serde_json::{Map, Value, json};

use crate::finding::{Exchange, cut};

/// How many bytes of standard error a finding shows.
const SHOWN_STDERR: usize = 2000;

/// One call: what was sent, and what came back.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// What was called: a capability, or a command line.
    pub(crate) name: String,
    pub(crate) body: Secret,
    /// The answer's bytes, as a text.
    pub(crate) text: String,
    pub(crate) stderr: String,
    pub(crate) status: Status,
    pub(crate) elapsed: Duration,
    /// The envelope, when there is one.
    pub(crate) answer: Result<Value, String>,
    /// What a command line that repeats it begins with.
    via: Via,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    Exit(Option<i32>, String),
    Http(u16),
    Failed(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Via {
    /// `connector call` with the payload and the page.
    Tool { payload: String, page: Option<(Option<String>, Option<i64>)> },
    /// The body on the program's standard input.
    Program(Vec<String>),
    /// The body in a POST.
    Server,
}

/// What an answer says.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reply<'a> {
    /// The whole envelope of a success.
    Success(&'a Value),
    /// The `error` of an error envelope.
    Error(&'a Value),
    /// There is no answer, and why.
    None(&'a str),
}

impl Call {
    pub(crate) fn reply(&self) -> Reply<'_> {
        match &self.answer {
            Ok(answer) if answer["is_error"] == true => Reply::Error(&answer["error"]),
            Ok(answer) => Reply::Success(answer),
            Err(problem) => Reply::None(problem),
        }
    }

    /// The payload of a success.
    pub(crate) fn response(&self) -> Option<&Value> {
        match self.reply() {
            Reply::Success(answer) => answer.get("response"),
            _ => None,
        }
    }

    /// The rows of a success whose payload is a list.
    pub(crate) fn rows(&self) -> &[Value] {
        self.response().and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The token of the next page.
    pub(crate) fn next_token(&self) -> Option<&str> {
        match self.reply() {
            Reply::Success(answer) => answer["page"]["token"].as_str(),
            _ => None,
        }
    }

    /// The code of an error.
    pub(crate) fn code(&self) -> Option<&str> {
        match self.reply() {
            Reply::Error(error) => error["error_code"].as_str(),
            _ => None,
        }
    }

    pub(crate) fn is_success(&self) -> bool {
        matches!(self.reply(), Reply::Success(_))
    }

    /// The text of the envelope, without what stands around it.
    pub(crate) fn document(&self) -> &str {
        let is_document =
            |text: &str| serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object());
        let whole = self.text.trim();
        if is_document(whole) {
            return whole;
        }
        self.text.lines().map(str::trim).rfind(|line| is_document(line)).unwrap_or(whole)
    }

    /// What came back, in a few words.
    pub(crate) fn summary(&self) -> String {
        match self.reply() {
            Reply::Success(answer) => match answer["response"].as_array() {
                Some(rows) => format!("a success with {} rows", rows.len()),
                None => "a success".to_owned(),
            },
            Reply::Error(error) => format!(
                "`{}`: {}",
                error["error_code"].as_str().unwrap_or("no code"),
                cut_to(error["message"].as_str().unwrap_or("no message"), 200)
            ),
            Reply::None(problem) => format!("no answer: {problem}"),
        }
    }

    fn new(name: &str, body: Secret, via: Via, result: Result<Raw, String>) -> Self {
        let raw = result.unwrap_or_else(|problem| Raw {
            bytes: Vec::new(),
            stderr: Vec::new(),
            status: Status::Failed(problem),
            elapsed: Duration::ZERO,
        });
        let is_utf8 = std::str::from_utf8(&raw.bytes).is_ok();
        let text = String::from_utf8_lossy(&raw.bytes).into_owned();
        let answer = read_answer(&raw.status, &text, is_utf8);
        let stderr = String::from_utf8_lossy(&raw.stderr).into_owned();
        Self {
            name: name.to_owned(),
            body,
            text,
            stderr,
            status: raw.status,
            elapsed: raw.elapsed,
            answer,
            via,
        }
    }

    /// A run of the program with arguments of its own.
    pub(crate) fn of_run(
        name: &str,
        body: Secret,
        arguments: &[&str],
        output: Result<ProgramOutput, CallError>,
    ) -> Self {
        let via = Via::Program(arguments.iter().map(|&argument| argument.to_owned()).collect());
        Self::new(name, body, via, output.map(Raw::from).map_err(|error| error.to_string()))
    }
}

fn cut_to(text: &str, most: usize) -> String {
    let cut: String = text.chars().take(most).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

/// The envelope in an output. Text around it is another rule's matter, as long as one line is an envelope.
fn read_answer(status: &Status, text: &str, is_utf8: bool) -> Result<Value, String> {
    match status {
        Status::Failed(problem) => return Err(problem.clone()),
        Status::Http(200) => {}
        Status::Http(status) => return Err(format!("HTTP status {status}")),
        Status::Exit(None, how) => return Err(how.clone()),
        Status::Exit(Some(_), _) => {}
    }
    if !is_utf8 {
        return Err("the answer is not UTF-8".to_owned());
    }
    let value = match serde_json::from_str::<Value>(text) {
        Ok(value) => value,
        Err(error) => {
            let mut line = text.lines().filter_map(|line| serde_json::from_str::<Value>(line.trim()).ok());
            match line.rfind(Value::is_object) {
                Some(value) => value,
                None if text.trim().is_empty() => {
                    let Status::Exit(_, how) = status else { return Err("the answer is empty".to_owned()) };
                    return Err(format!("nothing was answered; {how}"));
                }
                None => return Err(format!("the answer is not JSON: {error}")),
            }
        }
    };
    if !value.is_object() {
        return Err("the answer is not a JSON object".to_owned());
    }
    if value.get("response").is_none() && value["is_error"] != true {
        return Err("the answer has neither `response` nor `is_error`".to_owned());
    }
    Ok(value)
}

struct Raw {
    bytes: Vec<u8>,
    stderr: Vec<u8>,
    status: Status,
    elapsed: Duration,
}

impl From<ProgramOutput> for Raw {
    fn from(output: ProgramOutput) -> Self {
        let status = match output.status {
            Some(status) => Status::Exit(status.code(), describe(status)),
            None => Status::Failed(format!("it did not end within {} s", output.elapsed.as_secs())),
        };
        Self { bytes: output.stdout, stderr: output.stderr, status, elapsed: output.elapsed }
    }
}

fn describe(status: ExitStatus) -> String {
    format!("it ended with {status}")
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exit(_, how) => f.write_str(how),
            Self::Http(status) => write!(f, "HTTP status {status}"),
            Self::Failed(problem) => f.write_str(problem),
        }
    }
}

/// A request: the capability, its payload, and which page.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) capability: String,
    pub(crate) payload: Value,
    pub(crate) token: Option<String>,
    pub(crate) size: Option<i64>,
}

impl Request {
    pub(crate) fn new(capability: &str, payload: Value) -> Self {
        Self { capability: capability.to_owned(), payload, token: None, size: None }
    }

    pub(crate) fn size(mut self, size: Option<i64>) -> Self {
        self.size = size;
        self
    }

    pub(crate) fn token(mut self, token: Option<&str>) -> Self {
        self.token = token.map(str::to_owned);
        self
    }
}

/// The connector under check.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) connection: Connection,
    pub(crate) name: String,
    pub(crate) timeout: Duration,
}

impl Subject {
    /// The envelope of a request, as the connection would send it.
    pub(crate) fn envelope(&self, request: &Request) -> Value {
        let mut call = CallRequest::new(Json::from(request.payload.clone()));
        if request.token.is_some() || request.size.is_some() {
            call = call.page(Page { token: request.token.clone(), size: request.size });
        }
        let body = self.connection.envelope(&request.capability, call);
        serde_json::from_str(body.expose()).unwrap_or_default()
    }

    /// Makes a call as a caller would.
    pub(crate) async fn call(&self, request: &Request) -> Call {
        let body = self.envelope(request).to_string().into();
        let page = (request.token.is_some() || request.size.is_some())
            .then(|| (request.token.clone(), request.size));
        let via = Via::Tool { payload: request.payload.to_string(), page };
        self.deliver(&request.capability, body, via).await
    }

    /// Sends a body as it is.
    pub(crate) async fn send(&self, capability: &str, body: Secret) -> Call {
        let via = if self.connection.has_server() {
            Via::Server
        } else {
            Via::Program(vec![capability.to_owned(), "--json-file".to_owned(), "/dev/stdin".to_owned()])
        };
        self.deliver(capability, body, via).await
    }

    async fn deliver(&self, capability: &str, body: Secret, via: Via) -> Call {
        let result = if self.connection.has_server() {
            let exchange = HttpExchange::call(capability, &body).timeout(self.timeout);
            self.connection.send_http(exchange).await.map(|output| Raw {
                bytes: output.body,
                stderr: Vec::new(),
                status: Status::Http(output.status),
                elapsed: output.elapsed,
            })
        } else {
            let run = ProgramRun::call(capability, body.clone()).timeout(self.timeout);
            self.connection.run_program(run).await.map(Raw::from)
        };
        Call::new(capability, body, via, result.map_err(|error| error.to_string()))
    }

    /// Makes a call with the program, whether calls go to it or to a server.
    pub(crate) async fn run_call(&self, request: &Request) -> Call {
        self.run_body(&request.capability, self.envelope(request).to_string().into()).await
    }

    /// The same with a body as it is.
    pub(crate) async fn run_body(&self, capability: &str, body: Secret) -> Call {
        let program = ProgramRun::call(capability, body.clone()).timeout(self.timeout);
        let output = self.connection.run_program(program).await;
        Call::of_run(capability, body, &[capability, "--json-file", "/dev/stdin"], output)
    }

    /// Makes a call with a server, whoever started it.
    pub(crate) async fn http_call(&self, server: &Connection, capability: &str, body: Secret) -> Call {
        let exchange = HttpExchange::call(capability, &body).timeout(self.timeout);
        self.http(server, capability, body, exchange).await
    }

    /// Makes an HTTP request of a server, whoever started it.
    pub(crate) async fn http(
        &self,
        server: &Connection,
        name: &str,
        body: Secret,
        exchange: HttpExchange,
    ) -> Call {
        let result = server.send_http(exchange).await.map(|output| Raw {
            bytes: output.body,
            stderr: Vec::new(),
            status: Status::Http(output.status),
            elapsed: output.elapsed,
        });
        Call::new(name, body, Via::Server, result.map_err(|error| error.to_string()))
    }

    /// Runs the program with arguments of its own; `None` without a program.
    pub(crate) async fn run(&self, name: &str, arguments: &[&str], body: Option<Secret>) -> Option<Call> {
        let mut run = ProgramRun::new(arguments.iter().copied()).timeout(self.timeout);
        if let Some(body) = &body {
            run = run.stdin(body.clone());
        }
        if !self.connection.has_program() {
            return None;
        }
        let output = self.connection.run_program(run).await;
        Some(Call::of_run(name, body.unwrap_or_default(), arguments, output))
    }

    /// A call as a finding shows it.
    pub(crate) fn exchange(&self, call: &Call) -> Exchange {
        let redact = |text: &str| cut(&self.connection.redact(text));
        let request = redact(call.body.expose());
        let repeat = match &call.via {
            Via::Tool { payload, page } => {
                let mut words =
                    vec!["connector".to_owned(), "call".to_owned(), self.name.clone(), call.name.clone()];
                if payload != "{}" {
                    words.extend(["--json".to_owned(), self.connection.redact(payload)]);
                }
                if let Some((token, size)) = page {
                    words.extend(token.iter().flat_map(|token| ["--page-token".to_owned(), token.clone()]));
                    words.extend(size.iter().flat_map(|size| ["--page-size".to_owned(), size.to_string()]));
                }
                join(&words)
            }
            Via::Program(arguments) => {
                let mut words = self.connection.file().connector.command.clone();
                words.extend(arguments.iter().map(|word| self.connection.redact(word)));
                let line = join(&words);
                if call.body.expose().is_empty() {
                    line
                } else {
                    format!("printf %s {} | {line}", join(&[redact(call.body.expose())]))
                }
            }
            Via::Server => format!(
                "printf %s {} | curl --data-binary @- {}/{}",
                join(&[redact(call.body.expose())]),
                self.connection.file().connector.url.as_deref().unwrap_or("http://127.0.0.1:8000"),
                call.name
            ),
        };
        let stderr = self.connection.redact(&call.stderr);
        let from = stderr.char_indices().rev().nth(SHOWN_STDERR).map_or(0, |(at, _)| at);
        Exchange {
            name: call.name.clone(),
            request,
            answer: redact(&call.text),
            status: self.connection.redact(&call.status.to_string()),
            stderr: stderr[from..].to_owned(),
            milliseconds: u64::try_from(call.elapsed.as_millis()).unwrap_or(u64::MAX),
            repeat,
        }
    }
}

fn join(words: &[String]) -> String {
    // What has a NUL in it cannot be a word of a command line.
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default()
}

/// The members of an object.
pub(crate) fn members(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// An envelope with other members; null takes one away.
pub(crate) fn with(mut envelope: Value, changes: &[(&str, Value)]) -> Value {
    if let Value::Object(members) = &mut envelope {
        for (name, value) in changes {
            members.insert((*name).to_owned(), value.clone());
        }
    }
    envelope
}

/// An envelope without some members.
pub(crate) fn without(mut envelope: Value, names: &[&str]) -> Value {
    if let Value::Object(members) = &mut envelope {
        for name in names {
            members.shift_remove(*name);
        }
    }
    envelope
}

/// The envelope of a request that brings nothing of the connection.
pub(crate) fn bare(payload: Value) -> Value {
    json!({"request": payload})
}
