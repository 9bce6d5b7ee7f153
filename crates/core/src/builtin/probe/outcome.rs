//! Outcomes of checks, with the sentences they are reported in, and that of the whole probe.

use lumos_connector_types::capability::StandardCapability;
use lumos_connector_types::error::Error as WireError;
use lumos_connector_types::probe::{
    ProbeCheck, ProbeCheckName, ProbeCheckSource, ProbeCheckStatus, ProbeCoverageStatus, ProbeSample,
    ProbeStatus,
};

/// The outcome of a check with nothing in it beside its status: where checks of an author's own start.
///
/// ```
/// use lumos_connector_core::probe;
/// use lumos_connector_types::payload::*;
///
/// let empty = probe::outcome(ProbeCheckName::Accounts, ProbeCheckStatus::Passed);
/// let check = ProbeCheck { observed_count: 3, message: Some("Three people.".to_owned()), ..empty };
/// assert!(check.samples.is_empty());
/// ```
#[must_use]
pub fn outcome(check: ProbeCheckName, status: ProbeCheckStatus) -> ProbeCheck {
    ProbeCheck {
        check,
        status,
        source: ProbeCheckSource::Native,
        capability: None,
        observed_count: 0,
        message: None,
        error: None,
        samples: Vec::new(),
        entitlement_types: None,
        custom_attributes: None,
        duration_ms: None,
    }
}

fn said(check: ProbeCheckName, status: ProbeCheckStatus, message: String) -> ProbeCheck {
    ProbeCheck { message: Some(message), ..outcome(check, status) }
}

/// A check that the request leaves out.
pub(super) fn skipped(check: ProbeCheckName) -> ProbeCheck {
    said(check, ProbeCheckStatus::Skipped, "The request leaves this check out.".to_owned())
}

/// A check that the connector does not make.
pub(super) fn not_declared(check: ProbeCheckName) -> ProbeCheck {
    said(check, ProbeCheckStatus::Unsupported, "The probe of this connector has no such check.".to_owned())
}

/// A check of the SDK that needs a capability which the connector lacks.
pub(super) fn unsupported(check: ProbeCheckName, capability: StandardCapability) -> ProbeCheck {
    let message = format!("The check needs {capability}, which this connector does not have.");
    ProbeCheck { capability: named(capability), ..said(check, ProbeCheckStatus::Unsupported, message) }
}

/// A check of the SDK that read rows.
pub(super) fn found(
    check: ProbeCheckName,
    capability: StandardCapability,
    samples: Vec<ProbeSample>,
    message: String,
) -> ProbeCheck {
    let observed_count = i64::try_from(samples.len()).unwrap_or(i64::MAX);
    let passed = said(check, ProbeCheckStatus::Passed, message);
    ProbeCheck { capability: named(capability), observed_count, samples, ..passed }
}

/// A check of the SDK that could read, but found nothing: a connection that would sync nothing is not a good one.
pub(super) fn nothing(check: ProbeCheckName, capability: StandardCapability, message: &str) -> ProbeCheck {
    ProbeCheck { capability: named(capability), ..said(check, ProbeCheckStatus::Failed, message.to_owned()) }
}

/// A check of the SDK that was stopped by an error.
pub(super) fn stopped(check: ProbeCheckName, capability: StandardCapability, error: WireError) -> ProbeCheck {
    ProbeCheck { capability: named(capability), ..failed(check, error) }
}

/// A check that failed with an error. The person who probes is told what to do about it, when the error says so.
pub(super) fn failed(check: ProbeCheckName, error: WireError) -> ProbeCheck {
    let hint = error.error_metadata.as_ref().and_then(|metadata| metadata.hint.as_deref());
    let message = hint.filter(|hint| !hint.is_empty()).unwrap_or(&error.message).to_owned();
    ProbeCheck { error: Some(error), ..said(check, ProbeCheckStatus::Failed, message) }
}

fn named(capability: StandardCapability) -> Option<String> {
    Some(capability.as_str().to_owned())
}

/// Failed by a required check, or because nothing could be tried; partial when anything else is not as it should be.
pub(super) fn status(checks: &[ProbeCheck], required: impl Fn(ProbeCheckName) -> bool) -> ProbeStatus {
    let any = |wanted| checks.iter().any(|check| check.status == wanted);
    let failed = |check: &ProbeCheck| check.status == ProbeCheckStatus::Failed;
    let tried = any(ProbeCheckStatus::Passed) || any(ProbeCheckStatus::Failed);
    let nothing_to_try = any(ProbeCheckStatus::Unsupported) && !tried;
    if nothing_to_try || checks.iter().any(|check| failed(check) && required(check.check)) {
        ProbeStatus::Failed
    } else if checks.iter().any(|check| failed(check) || has_gap(check)) {
        ProbeStatus::Partial
    } else {
        ProbeStatus::Passed
    }
}

/// Whether something expected did not turn up. Not having looked far enough counts, whatever the check's status.
fn has_gap(check: &ProbeCheck) -> bool {
    let types = check.entitlement_types.iter().flatten().map(|result| result.status);
    let attributes = check.custom_attributes.iter().flatten().map(|result| result.status);
    types.chain(attributes).any(|status| status != ProbeCoverageStatus::Found)
}
