//! The outcome of a whole probe.

use lumos_connector_core::probe::{self, ProbeCheckSpec, ProbeSettings};
use lumos_connector_types::payload::*;
use serde_json::{Value, json};

use crate::connector::Connector;

/// How one check ends.
#[derive(Clone, Copy, Debug)]
enum Ends {
    Passed,
    /// Passed, and something expected was not seen.
    Gap(ProbeCoverageStatus),
    /// Passed, and everything expected was seen.
    Covered,
    Failed,
    /// Failed, and the probe does not depend on it.
    FailedOptional,
    Unsupported,
    UnsupportedGap,
    Skipped,
    SkippedGap,
}

impl Ends {
    fn outcome(self, check: ProbeCheckName) -> ProbeCheck {
        let status = match self {
            Self::Passed | Self::Gap(_) | Self::Covered => ProbeCheckStatus::Passed,
            Self::Failed | Self::FailedOptional => ProbeCheckStatus::Failed,
            Self::Unsupported | Self::UnsupportedGap => ProbeCheckStatus::Unsupported,
            Self::Skipped | Self::SkippedGap => ProbeCheckStatus::Skipped,
        };
        let coverage = match self {
            Self::Gap(status) => Some(status),
            Self::Covered => Some(ProbeCoverageStatus::Found),
            Self::UnsupportedGap | Self::SkippedGap => Some(ProbeCoverageStatus::NotFound),
            _ => None,
        };
        let attributes = |status| vec![ProbeCustomAttributeResult { name: "badge".to_owned(), status }];
        ProbeCheck { custom_attributes: coverage.map(attributes), ..probe::outcome(check, status) }
    }
}

async fn status(ends: &[Ends]) -> Value {
    let settings =
        ends.iter().zip(ProbeCheckName::ALL).fold(ProbeSettings::default(), |settings, (&ends, &check)| {
            let spec = ProbeCheckSpec::own(check, move |_, _| async move { Ok(ends.outcome(check)) });
            settings.check(if matches!(ends, Ends::FailedOptional) { spec.optional() } else { spec })
        });
    Connector::new().probing(settings).probe(json!({})).await.status().clone()
}

#[tokio::test]
async fn the_worst_counts() {
    use Ends::{
        Covered, Failed, FailedOptional, Gap, Passed, Skipped, SkippedGap, Unsupported, UnsupportedGap,
    };
    use ProbeCoverageStatus::{NotChecked, NotFound};
    let table: &[(&[Ends], &str)] = &[
        (&[Passed, Passed, Passed], "passed"),
        (&[Covered, Passed, Passed], "passed"),
        (&[Passed, Failed, Passed], "failed"),
        (&[Failed, FailedOptional, Unsupported], "failed"),
        (&[Unsupported, Failed, Gap(NotFound)], "failed"),
        (&[Passed, FailedOptional, Passed], "partial"),
        (&[FailedOptional, FailedOptional, FailedOptional], "partial"),
        (&[Gap(NotFound), Passed, Passed], "partial"),
        (&[Gap(NotChecked), Passed, Passed], "partial"),
        // Skipping never fails a probe.
        (&[Skipped, Skipped, Skipped], "passed"),
        (&[Skipped, Passed, Skipped], "passed"),
        (&[SkippedGap, Skipped, Skipped], "partial"),
        (&[SkippedGap, Passed, Passed], "partial"),
        // Something unsupported does when nothing else could be tried.
        (&[Unsupported, Unsupported, Unsupported], "failed"),
        (&[Unsupported, Unsupported, Skipped], "failed"),
        (&[Skipped, Skipped, Skipped, Unsupported], "failed"),
        (&[UnsupportedGap, Skipped, Skipped], "failed"),
        (&[Unsupported, Unsupported, Passed], "passed"),
        (&[Unsupported, Unsupported, FailedOptional], "partial"),
        (&[Skipped, Unsupported, Passed], "passed"),
        (&[UnsupportedGap, Passed, Passed], "partial"),
    ];
    for (ends, expected) in table {
        assert_eq!(status(ends).await, *expected, "{ends:?}");
    }
}

#[tokio::test]
async fn a_type_that_did_not_occur_is_a_gap_too() {
    let spec = ProbeCheckSpec::own(ProbeCheckName::Entitlements, async |_, _| {
        let unseen = ProbeEntitlementTypeResult {
            entitlement_type: "role".to_owned(),
            status: ProbeCoverageStatus::NotChecked,
        };
        let passed = probe::outcome(ProbeCheckName::Entitlements, ProbeCheckStatus::Passed);
        Ok(ProbeCheck { entitlement_types: Some(vec![unseen]), ..passed })
    });
    let probed = Connector::new().probing(ProbeSettings::default().check(spec)).probe(json!({})).await;
    assert_eq!(probed.status(), "partial");
}
