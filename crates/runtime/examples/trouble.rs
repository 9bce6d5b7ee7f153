//! A connector whose capabilities do what no capability should, for tests of the server around it.
#![expect(clippy::panic, reason = "that is what it is for")]

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use lumos_connector_core::error::Result;
use lumos_connector_core::{Integration, Reply, Rows};
use lumos_connector_types::capability::{Capability, marker};
use lumos_connector_types::payload::{FoundAccountData, ListAccounts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A request without content.
#[derive(Deserialize, JsonSchema)]
struct Nothing {}

/// An answer almost without content.
#[derive(Serialize, JsonSchema)]
struct Done {
    done: bool,
}

const DONE: Done = Done { done: true };

/// Capabilities that take and give almost nothing.
macro_rules! capabilities {
    ($($marker:ident = $name:literal),+ $(,)?) => {$(
        struct $marker;

        impl Capability for $marker {
            const NAME: &'static str = $name;
            type Request = Nothing;
            type Response = Done;
        }
    )+};
}

capabilities! {
    Answers = "answers",
    Panics = "panics",
    Hangs = "hangs",
    Blocks = "blocks",
    Sleeps = "sleeps",
}

/// Rows without an end.
async fn list_accounts(_: (), _: ListAccounts) -> Result<Reply<Rows<FoundAccountData>>> {
    Ok(Reply::iter((0..u64::MAX).map(|number| Ok(FoundAccountData::new(format!("account-{number}"))))))
}

fn main() -> ExitCode {
    let integration = Integration::builder("trouble", "1.0.0")
        .requires_authentication(false)
        .capability(Answers, async |_: (), _: Nothing| Ok(DONE))
        .capability(Panics, async |_: (), _: Nothing| -> Result<Done> { panic!("on purpose") })
        .capability(Hangs, async |_: (), _: Nothing| -> Result<Done> { std::future::pending().await })
        .capability(Blocks, async |_: (), _: Nothing| {
            thread::sleep(Duration::from_secs(60));
            Ok(DONE)
        })
        .capability(Sleeps, async |_: (), _: Nothing| {
            tokio::time::sleep(Duration::from_millis(200)).await;
            Ok(DONE)
        })
        .capability(marker::ListAccounts, list_accounts)
        .build();
    lumos_connector_runtime::run(integration, lumos_connector_core::host::Host::builder())
}
