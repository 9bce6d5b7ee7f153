//! PgBouncer between the connector and the server.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::cluster::Cluster;
use crate::harness::connection::{Connection, refused};
use crate::harness::stage::Stage;

pub(super) fn run(stage: &mut Stage, cluster: &Cluster, lumos: &Connection) -> Result<()> {
    for (row, what, lines) in [
        ("P29", "in transaction mode", ""),
        ("P29", "in session mode", "pool_mode = session"),
        ("P37", "that ignores the options of sessions", "ignore_startup_parameters = options"),
    ] {
        stage.check(format!("{row}: behind PgBouncer {what}: a pooler, not a server, and no retry"), |_| {
            let (_pgbouncer, port) = cluster.pooler(lines)?;
            let pooled =
                lumos.setting("host", "127.0.0.1").setting("port", port).setting("ssl_mode", "disable");
            for capability in ["validate_credentials", "list_accounts"] {
                let answer = pooled.envelope(capability, json!({}), Value::Null)?;
                refused(&answer, "invalid_value", "pooler")?;
                ensure!(answer["error"]["error_metadata"]["retryable"] == false, "{answer}");
                ensure!(answer["error"]["error_metadata"]["hint"].is_string(), "{answer}");
            }
            Ok(())
        });
    }
    Ok(())
}
