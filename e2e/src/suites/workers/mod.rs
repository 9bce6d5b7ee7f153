//! Syncs beyond one machine: the same checks on SQLite, PostgreSQL and NATS JetStream, with everything killed that can be.

mod commands;
mod cost;
mod engines;
mod fairness;
mod faults;
mod machines;
pub(crate) mod nonce;
mod site;

use anyhow::Result;

use crate::harness::stage::Stage;

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.build(&["lumos-connector-cli", "lumos-mock-connector"])?;
    engines::run(stage)?;
    faults::run(stage)?;
    commands::run(stage)?;
    fairness::run(stage)?;
    cost::run(stage)
}
