//! Calls that are recorded, and replayed when the broker is gone.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::PASSWORD;
use super::broker::Broker;
use crate::harness::connection::Connection;
use crate::harness::stage::Stage;

pub(super) fn run(stage: &mut Stage, broker: &mut Broker, lumos: &Connection) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let connector = stage.connector("rabbitmq-connector")?;
    let file = |name: &str| folder.path().join(name).display().to_string();
    let tag = json!({
        "account_integration_specific_id": "monitor", "resource_integration_specific_id": "", "resource_type": "",
        "entitlement_type": "tag", "entitlement_integration_specific_id": "recorded",
    });
    let calls = [
        ("list_accounts", json!({})),
        ("find_entitlement_associations", json!({})),
        ("assign_entitlement", tag.clone()),
        ("unassign_entitlement", tag),
        ("get_account", json!({"account_id": "nobody"})),
        ("create_account", json!({"name": "recorded", "password": "a-new-secret-password"})),
        ("delete_account", json!({"account_id": "recorded"})),
    ];
    for (capability, request) in &calls {
        stage.check(format!("{capability}: recorded without a secret"), |_| {
            let request = lumos.request(request.clone(), json!({"size": 5})).to_string();
            let run = connector.run(&[capability, "--json", &request, "--record", &file(capability)])?;
            ensure!(run.status.success(), "{}", run.stderr);
            let text = std::fs::read_to_string(file(capability))?;
            for secret in [PASSWORD, "a-new-secret-password", "password_hash\": \"h", "Basic b"] {
                ensure!(!text.contains(secret), "it holds {secret}");
            }
            let recording: Value = serde_json::from_str(&text)?;
            let header = &recording["exchanges"][0]["request"]["headers"]["authorization"];
            ensure!(*header == json!({"scheme": "Basic"}), "{header}");
            Ok(())
        });
    }
    broker.stop();
    for (capability, _) in &calls {
        stage.check(format!("{capability}: replayed without the broker"), |_| {
            let run = connector.run(&["dev", "replay", &file(capability)])?;
            ensure!(run.status.success(), "{}{}", run.stdout, run.stderr);
            Ok(())
        });
    }
    stage.check("a change of the recorded answer is seen", |_| {
        let text = std::fs::read_to_string(file("unassign_entitlement"))?;
        std::fs::write(file("changed"), text.replace("\"unassigned\": true", "\"unassigned\": false"))?;
        let run = connector.run(&["dev", "replay", &file("changed")])?;
        ensure!(run.status.code() == Some(1), "it ended with {}", run.status);
        ensure!(run.stderr.contains("/response/unassigned: false was recorded, true came"), "{}", run.stderr);
        Ok(())
    });
    stage.check("without the broker a call says that nothing can be reached", |_| {
        lumos.refuses("validate_credentials", json!({}), "connection_timeout", "")
    });
    Ok(())
}
