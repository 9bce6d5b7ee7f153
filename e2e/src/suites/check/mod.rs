//! `connector check` against connectors of this workspace and of the Python reference, and against every fault that it has
//! to find.

mod connectors;
mod faults;
mod reports;

use anyhow::Result;

use crate::harness::stage::Stage;

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.build(&[
        "lumos-connector-cli",
        "lumos-mock-connector",
        "lumos-conformance-faulty-connector",
        "lumos-conformance-multi-auth-mock",
        "lumos-conformance-client-credentials-mock",
        "lumos-conformance-client-credentials-query-mock",
        "lumos-conformance-fallback-auth-mock",
        "lumos-conformance-oauth-mock",
        "lumos-conformance-open-mock",
    ])?;
    faults::run(stage)?;
    connectors::run(stage)?;
    reports::run(stage)
}
