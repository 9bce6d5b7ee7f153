//! Running a case.

use std::net::TcpListener;

use lumos_connector_core::Integration;
use serde_json::Value;
use tokio::runtime::Builder;

use super::expected::{Expected, Kind};
use super::{Case, Envelope, listing};
use crate::clock::PatientClock;
use crate::destination;
use crate::log::Log;
use crate::secrets;
use crate::upstream::Upstream;

/// Runs a case against a connector; the error is everything that is wrong, for people.
///
/// `headers` are those that the suite expects of every call to the app.
pub(crate) fn run(
    case: &Case,
    defaults: &Envelope,
    headers: &[(String, String)],
    integration: &Integration,
) -> Result<(), String> {
    if !case.mistakes.is_empty() {
        return Err(case.mistakes.join("\n"));
    }
    let Some(expected) = &case.expected else {
        return Err("the case expects nothing: end it with .expect(…)".to_owned());
    };
    if !integration.has_capability(&case.capability) {
        return Err(format!(
            "{} has no capability {}: register it, or skip the case with .skip(\"…\")",
            integration.app_id(),
            case.capability
        ));
    }
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(!case.real_time)
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    let clock = (!case.real_time).then(|| PatientClock::start(runtime.handle()));
    let limit = if case.real_time { Case::REAL_TIME_LIMIT } else { Case::TIME_LIMIT };
    let log = Log::default();
    let outcome = log.capture(|| {
        runtime.block_on(async {
            let run = attempt(case, expected, defaults, headers, integration, &log);
            tokio::time::timeout(limit, run).await
        })
    });
    drop(clock);
    let problems =
        outcome.unwrap_or_else(|_| vec!["no answer came: the connector waits for ever".to_owned()]);
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

async fn attempt(
    case: &Case,
    expected: &Expected,
    defaults: &Envelope,
    headers: &[(String, String)],
    integration: &Integration,
    log: &Log,
) -> Vec<String> {
    let exchanges = case.exchanges.iter().cloned().map(|mut exchange| {
        exchange.inherit_headers(&case.headers);
        exchange.inherit_headers(headers);
        exchange
    });
    let upstream = match Upstream::start(exchanges).await {
        Ok(upstream) => upstream.silent(),
        Err(error) => return vec![format!("the fake app cannot listen: {error}")],
    };
    let url = match address(case, &upstream) {
        Ok(url) => url,
        Err(error) => return vec![format!("no free port: {error}")],
    };
    let host = match destination::host(&url) {
        Ok(host) => host,
        Err(error) => return vec![error],
    };
    let request = case.envelope.over(defaults).request(&url);
    let planted = secrets::planted(&request, &integration.secret_fields());
    let answer = async |request: Value| -> Result<Value, String> {
        let answer = integration.dispatch(&host, &case.capability, &request.to_string()).await;
        let answer = answer.into_bytes().await;
        let answer = answer.map_err(|error| format!("the answer cannot be written: {error}"))?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        if let Some(name) = secrets::found(&planted, &answer) {
            return Err(format!("the answer holds the secret {name}"));
        }
        serde_json::from_str(&answer).map_err(|error| format!("the answer is not JSON: {error}"))
    };
    let mut problems = match &expected.0 {
        Kind::Listing(whole) => listing::walk(whole, request, &url, answer).await,
        Kind::Response(_) | Kind::Error(_) | Kind::Recorded(_) => match answer(request).await {
            Ok(answer) => expected.problems(&answer, &url),
            Err(problem) => vec![problem],
        },
    };
    if let Some(name) = secrets::found(&planted, &log.text()) {
        problems.push(format!("the log holds the secret {name}"));
    }
    if let Err(unexpected) = upstream.finish() {
        // What else is wrong mostly follows from that.
        problems.insert(0, unexpected.to_string());
    }
    problems
}

/// Where the connector is to find its app.
fn address(case: &Case, upstream: &Upstream) -> std::io::Result<String> {
    if !case.unreachable {
        return Ok(upstream.url().to_owned());
    }
    // Nobody listens on a port that was just given back.
    let free = TcpListener::bind(("127.0.0.1", 0))?;
    Ok(format!("http://{}", free.local_addr()?))
}
