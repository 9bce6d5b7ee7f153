//! Cases from calls that were recorded with `--record`.

use std::fs;
use std::path::Path;

use lumos_connector_client::transport::recording::failure_of;
use lumos_connector_core::error::TransportFailure;
use lumos_connector_core::recording::{
    RecordedAnswer, RecordedBody, RecordedExchange, RecordedHeader, RecordedRequest, Recording,
};

use crate::case::{Case, Expected};
use crate::upstream::{Answer, Exchange, Fault, answer, call};

/// The case that a call was recorded into with `--record FILE`: its request, its calls to the app with their answers, and
/// the answer that came. Its name is that of the file; the path stands below the package's folder, in which cargo runs
/// tests.
///
/// Credentials and settings are the recorded ones, whose secrets are placeholders, until the case gets its own by
/// [`Case::auth`], [`Case::credentials`] or [`Case::settings`]: needed where the connector signs with a key. Of a login the
/// scheme is compared, of other secret headers that they are there.
///
/// ```no_run
/// use lumos_connector_testing::prelude::*;
///
/// let page = recorded("tests/recordings/first_page.json");
/// # drop(page);
/// ```
pub fn recorded(path: impl AsRef<Path>) -> Case {
    let path = path.as_ref();
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).map_err(|error| error.to_string());
    match text.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string())) {
        Ok(recording) => of(name, recording),
        Err(problem) => {
            let mistake = format!("the recording {} cannot be read: {problem}", path.display());
            Case::mistaken("recording", name, mistake)
        }
    }
}

/// The cases of all recordings (`*.json`) in a folder, by name; see [`recorded`].
pub fn recordings(folder: impl AsRef<Path>) -> Vec<Case> {
    let folder = folder.as_ref();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let mistake = format!("the folder {} cannot be read: {error}", folder.display());
            return vec![Case::mistaken("recording", "folder".to_owned(), mistake)];
        }
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    paths.sort();
    paths.into_iter().map(recorded).collect()
}

fn of(name: String, recording: Recording) -> Case {
    let Recording { capability, request, exchanges, answer, .. } = recording;
    let mut case = Case::named(capability, name);
    for part in request.as_object().into_iter().flatten() {
        case = case.recorded_part(part.0, part.1.clone());
    }
    for RecordedExchange { request, answer } in exchanges {
        match answer_of(answer) {
            Ok(answer) => case = case.upstream(exchange(request).answers(answer)),
            Err(mistake) => case.mistakes.push(format!("the recorded answer to {request} {mistake}")),
        }
    }
    case.expect(Expected::recorded(answer))
}

fn exchange(request: RecordedRequest) -> Exchange {
    let mut exchange = call(&request.method, &request.path);
    for (name, value) in request.query {
        exchange = exchange.query(name, value);
    }
    for (name, header) in request.headers {
        exchange = match header {
            RecordedHeader::Is(value) => exchange.header(name, value),
            RecordedHeader::Scheme { scheme } => exchange.header_scheme(name, scheme),
            RecordedHeader::Secret { .. } => exchange.some_header(name),
        };
    }
    match request.body {
        None => exchange,
        Some(RecordedBody::Json(body)) => exchange.json(body),
        Some(RecordedBody::Form(fields)) => exchange.form(fields),
        Some(RecordedBody::Text(text)) => exchange.text(text),
        Some(RecordedBody::Bytes(_) | RecordedBody::Any) => exchange.any_body(),
    }
}

fn answer_of(recorded: RecordedAnswer) -> Result<Answer, String> {
    let (status, headers, body) = match recorded {
        RecordedAnswer::Whole { status, headers, body } => (status, headers, body),
        RecordedAnswer::Failed { failure } => {
            return match failure_of(&failure) {
                Some(TransportFailure::ReadTimeout) => Ok(Fault::Silence.into()),
                Some(TransportFailure::Read) => Ok(Fault::Truncated.into()),
                Some(TransportFailure::RemoteProtocol) => Ok(Fault::NotHttp.into()),
                Some(TransportFailure::Close | TransportFailure::Write) => Ok(Fault::Closed.into()),
                _ => Err(format!("is the failure {failure:?}, which the fake app cannot do")),
            };
        }
    };
    let mut answer = answer(status);
    for (name, value) in headers {
        answer = answer.header(name, value);
    }
    match body {
        None => Ok(answer),
        Some(RecordedBody::Json(body)) => Ok(answer.json(body)),
        Some(body) => {
            let bytes = body.bytes().and_then(|bytes| String::from_utf8(bytes).ok());
            bytes.map(|text| answer.text(text)).ok_or_else(|| "has a body that was not kept".to_owned())
        }
    }
}
