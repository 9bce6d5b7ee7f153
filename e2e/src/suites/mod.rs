//! The suites, one file or folder each.

mod check;
mod connection;
mod container;
mod docs;
mod oidc;
mod openapi;
mod postgres;
mod rabbitmq;
mod scaffold;
mod schemathesis;
mod scim;
mod secrets;
mod serve;
mod sync;
mod workbench;
pub(crate) mod workers;

use anyhow::Result;

use crate::harness::stage::Stage;

/// A suite: it prints what it does, and an error ends it early.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&mut Stage) -> Result<()>,
}

pub(crate) const SUITES: &[Suite] = &[
    Suite { name: "check", run: check::run },
    Suite { name: "connection", run: connection::run },
    Suite { name: "container", run: container::run },
    Suite { name: "docs", run: docs::run },
    Suite { name: "oidc", run: oidc::run },
    Suite { name: "openapi", run: openapi::run },
    Suite { name: "postgres", run: postgres::run },
    Suite { name: "rabbitmq", run: rabbitmq::run },
    Suite { name: "scaffold", run: scaffold::run },
    Suite { name: "scim", run: scim::run },
    Suite { name: "secrets", run: secrets::run },
    Suite { name: "schemathesis", run: schemathesis::run },
    Suite { name: "serve", run: serve::run },
    Suite { name: "sync", run: sync::run },
    Suite { name: "workbench", run: workbench::run },
    Suite { name: "workers", run: workers::run },
];
