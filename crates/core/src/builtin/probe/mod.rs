//! `probe_integration`: tries the connector's reads and reports what they found (contract §13).
//!
//! Every connector has it. [`ProbeSettings`] changes which checks it makes; an author's own check is an
//! `async fn(ProbeIntegration, Call) -> Result<ProbeCheck>` that starts from an empty [`outcome()`].

mod accounts;
mod associations;
mod entitlements;
mod inner_call;
mod outcome;
mod run;
mod settings;

use std::sync::Arc;
use std::time::Instant;

use lumos_connector_types::probe::{ProbeIntegration, ProbeResults};

pub use outcome::outcome;
pub(crate) use settings::performable_checks;
pub use settings::{ProbeCheckSpec, ProbeSettings};

use crate::call::Call;
use crate::declaration::error::Result;
use run::{Run, milliseconds_since};

/// Answers `probe_integration`.
pub(crate) async fn probe_integration(
    settings: Arc<ProbeSettings>,
    call: Call,
    request: ProbeIntegration,
) -> Result<ProbeResults> {
    let started = Instant::now();
    let checks = Run { call: &call, request: &request, settings: &settings }.checks().await;
    Ok(ProbeResults {
        status: outcome::status(&checks, |check| settings.requires(check)),
        checks,
        duration_ms: Some(milliseconds_since(started)),
    })
}
