//! Cases that every connector should pass: what the app can do wrong.

use std::time::Duration;

use lumos_connector_core::error::of_http_status;
use lumos_connector_types::error::ConnectorErrorCode;
use serde_json::json;

use crate::case::{Case, error};
use crate::upstream::{Exchange, Fault, answer, anything};

/// Statuses that an app answers with, for which [`app_failures`] has a case.
const STATUSES: [u16; 7] = [400, 401, 403, 404, 429, 500, 503];

/// The `Retry-After` of the app in [`waits_when_throttled`].
const PAUSE: Duration = Duration::from_secs(7);

/// Cases in which the app fails, made from one in which it does not; see [`app_failures`].
#[derive(Debug, Clone)]
#[must_use = "they are cases of a suite"]
pub struct AppFailures {
    good: Case,
    statuses: Vec<(u16, ConnectorErrorCode)>,
    html: bool,
}

/// From a case of a capability that calls the app: a case for every way in which the app can fail.
///
/// Error statuses must become the code of the contract (401 `unauthorized`, 403 `permission_denied`, 404 `not_found`,
/// 429 `rate_limit`, 500 `bad_gateway`, …), an app that does not answer `request_timeout`, one that hangs up
/// `connection_closed`, one that is not there `connection_timeout`. Requests ask for no retries; where the connector
/// retries nevertheless, what it reports after the last one counts as well.
///
/// ```
/// use lumos_connector::prelude::capability;
/// use lumos_connector_testing::prelude::*;
///
/// let good = case(capability::ListAccounts, "lists").upstream(get("/users").answers(json!([])));
/// // This app says 403 when a token has expired, and a missing list is an empty one.
/// let cases = app_failures(good).status(403, ConnectorErrorCode::Unauthorized).without(404);
/// # drop(cases);
/// ```
pub fn app_failures(good: Case) -> AppFailures {
    AppFailures { good, statuses: STATUSES.map(|status| (status, of_http_status(status))).into(), html: true }
}

impl AppFailures {
    /// Sets what a status of this app means, where it is another than usual or not among the usual ones.
    pub fn status(mut self, status: u16, code: ConnectorErrorCode) -> Self {
        match self.statuses.iter_mut().find(|(known, _)| *known == status) {
            Some((_, known)) => *known = code,
            None => self.statuses.push((status, code)),
        }
        self
    }

    /// Leaves out a status that is not a failure to this capability.
    pub fn without(mut self, status: u16) -> Self {
        self.statuses.retain(|(known, _)| *known != status);
        self
    }

    /// Leaves out the case in which a page of HTML is answered with 200: for calls that read nothing of the answer, which
    /// is then as good as any.
    pub fn without_html(mut self) -> Self {
        self.html = false;
        self
    }

    /// Leaves out all cases of error statuses, for apps that answer errors in another way, with 200 for instance. Those that
    /// [`status`](Self::status) names afterwards are there again.
    pub fn without_statuses(mut self) -> Self {
        self.statuses.clear();
        self
    }

    fn case(&self, name: &str, upstream: Exchange) -> Case {
        let mut case = self.good.clone();
        name.clone_into(&mut case.name);
        case.exchanges = vec![upstream.any_times()];
        case.part("rate_limit", json!({"caller_override_mode": "bypass"}))
    }
}

impl IntoIterator for AppFailures {
    type Item = Case;
    type IntoIter = std::vec::IntoIter<Case>;

    fn into_iter(self) -> Self::IntoIter {
        let mut cases = Vec::new();
        for (status, code) in &self.statuses {
            let upstream = anything().answers((*status, json!({"error": "the app says no"})));
            let mut expected = error(*code);
            if matches!(status, 408 | 502 | 503 | 504) {
                expected = expected.or(ConnectorErrorCode::BadGateway);
            }
            let case = self.case(&format!("the app answers {status}"), upstream);
            cases.push(case.expect(expected.status_code(*status)));
        }
        for (name, fault, code) in [
            ("the app never answers", Fault::Silence, ConnectorErrorCode::RequestTimeout),
            ("the app stops in the middle of an answer", Fault::Stalled, ConnectorErrorCode::RequestTimeout),
            ("the app hangs up", Fault::Closed, ConnectorErrorCode::ConnectionClosed),
            ("the app resets the connection", Fault::Reset, ConnectorErrorCode::ConnectionClosed),
            (
                "the app hangs up in the middle of an answer",
                Fault::Truncated,
                ConnectorErrorCode::ConnectionClosed,
            ),
        ] {
            let expected =
                error(code).or(ConnectorErrorCode::BadGateway).or(ConnectorErrorCode::BudgetExhausted);
            cases.push(self.case(name, anything().answers(fault)).expect(expected));
        }
        if self.html {
            let html = answer(200).html("<html><body>Please log in.</body></html>");
            cases.push(
                self.case("the app answers with a page of HTML", anything().answers(html))
                    .expect(error(ConnectorErrorCode::InvalidResponse)),
            );
        }
        let absent = error(ConnectorErrorCode::ConnectionTimeout)
            .or(ConnectorErrorCode::ConnectionRejected)
            .or(ConnectorErrorCode::BadGateway);
        cases.push(self.case("the app is not there", anything()).unreachable().expect(absent));
        cases.into_iter()
    }
}

/// From a good case: one in which the app first answers 429 with `Retry-After`.
///
/// The connector must wait for that time, not less, and then come to the same answer. That holds in the modes `enforce`
/// (the default of reads) and `retry_only` (the default of writes).
pub fn waits_when_throttled(good: Case) -> Case {
    let mut case = good;
    case.name = format!("{}, after waiting when throttled", case.name);
    let seconds = PAUSE.as_secs().to_string();
    let throttled = answer(429).header("retry-after", seconds).json(json!({"error": "slow down"}));
    case.exchanges.insert(0, anything().times(1).quiet_for(PAUSE).answers(throttled));
    case
}
