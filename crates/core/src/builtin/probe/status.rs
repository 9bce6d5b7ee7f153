//! The outcome of a whole probe, from those of its checks.

use lumos_connector_types::probe::{
    ProbeCheck, ProbeCheckName, ProbeCheckStatus, ProbeCoverageStatus, ProbeStatus,
};

/// Failed by a required check, or because nothing could be tried; partial when anything else is not as it should be.
pub(super) fn of(checks: &[ProbeCheck], required: impl Fn(ProbeCheckName) -> bool) -> ProbeStatus {
    let any = |status| checks.iter().any(|check| check.status == status);
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
