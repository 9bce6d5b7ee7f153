//! Answers, as text.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::request::{self, Echo, Empty, Request, Settings};
use crate::rows;

#[derive(Serialize)]
struct Answer<P> {
    response: P,
    raw_data: Option<Value>,
    page: Option<Value>,
    rate_limit: Option<Value>,
    execution_summary: Option<Value>,
}

#[derive(Serialize)]
struct CustomAnswer<P> {
    page: Option<Value>,
    raw_data: Option<Value>,
    execution_summary: Option<Value>,
    rate_limit: Option<Value>,
    response: P,
}

#[derive(Serialize)]
struct Validated {
    valid: bool,
    unique_tenant_id: String,
}

#[derive(Serialize)]
struct Echoed {
    payload: Value,
}

/// The answer of a capability.
pub(crate) fn to(capability: &str, request: &[u8]) -> serde_json::Result<Vec<u8>> {
    let answered = match capability {
        "validate_credentials" => read::<Empty>(request)
            .map(|_| standard(Validated { valid: true, unique_tenant_id: "bench-tenant".to_owned() })),
        "list_accounts" => read::<Empty>(request).map(|(request, settings)| {
            standard(rows::accounts(request::count(request.page.as_ref(), &settings), &settings.host))
        }),
        "echo_payload" => read::<Echo>(request).map(|(request, _)| {
            let response = Echoed { payload: request.request.payload };
            let (page, raw_data, execution_summary, rate_limit) = (None, None, None, None);
            serde_json::to_vec(&CustomAnswer { page, raw_data, execution_summary, rate_limit, response })
        }),
        other => Err(format!("No capability {other}")),
    };
    answered.unwrap_or_else(|message| failure(&message))
}

/// A request with credentials and settings, or a sentence for its caller.
fn read<P: DeserializeOwned>(text: &[u8]) -> Result<(Request<P>, Settings), String> {
    let mut request: Request<P> =
        serde_json::from_slice(text).map_err(|error| format!("Invalid request: {error}"))?;
    if request.auth.as_ref().is_none_or(|auth| auth.basic.is_none()) {
        return Err("Missing auth in request".to_owned());
    }
    let settings = request.settings.take().ok_or("No settings in the request")?;
    Ok((request, settings))
}

fn standard<P: Serialize>(response: P) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Answer {
        response,
        raw_data: None,
        page: None,
        rate_limit: None,
        execution_summary: None,
    })
}

/// Every error is a `bad_request`.
fn failure(message: &str) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&serde_json::json!({
        "is_error": true,
        "error": {
            "message": message, "status_code": null, "app_error_code": null, "error_code": "bad_request",
            "app_id": "bench-connector", "raised_by": null, "raised_in": null,
            "error_metadata": {
                "fault": "caller", "category": "client", "hint": null, "retryable": false, "throttled": false,
                "refreshable": false, "retry_after_seconds": null,
            },
        },
        "raw_data": null,
        "page": null,
    }))
}
