//! Mistakes in the declaration of a probe.

use std::time::Duration;

use lumos_connector_core::Integration;
use lumos_connector_core::integration::Mistake;
use lumos_connector_core::probe::{ProbeCheckSpec, ProbeSettings};
use lumos_connector_types::payload::ProbeCheckName::{Accounts, CapabilityConfig};

fn mistakes(settings: ProbeSettings) -> Vec<Mistake> {
    Integration::builder("acme", "1.0.0")
        .probe(settings)
        .build()
        .err()
        .map(|error| error.mistakes)
        .unwrap_or_default()
}

#[test]
fn a_check_is_declared_once() {
    let settings = ProbeSettings::default();
    let settings =
        settings.check(ProbeCheckSpec::sdk(Accounts)).check(ProbeCheckSpec::sdk(Accounts).optional());
    assert_eq!(mistakes(settings), [Mistake::DuplicateProbeCheck(Accounts)]);
}

#[test]
fn the_sdk_cannot_check_the_configuration_of_capabilities() {
    let spec = ProbeCheckSpec::sdk(CapabilityConfig).capability("list_accounts");
    assert_eq!(
        mistakes(ProbeSettings::default().check(spec)),
        [Mistake::ProbeCheckWithoutRun(CapabilityConfig)]
    );
}

#[test]
fn a_probe_without_limits_is_refused() {
    let settings =
        ProbeSettings::default().page_size(0).max_entitlement_pages(0).per_check_timeout(Duration::ZERO);
    let expected = ["page_size", "max_entitlement_pages", "per_check_timeout"].map(Mistake::ZeroProbeLimit);
    assert_eq!(mistakes(settings), expected);
}

#[test]
fn the_default_is_in_order() {
    assert_eq!(mistakes(ProbeSettings::default()), []);
}
