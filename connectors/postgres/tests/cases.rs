//! Cases that need no server; those that do are the end-to-end suite's.

use std::process::ExitCode;

use lumos_connector::prelude::capability;
use lumos_connector::types::capability::Capability;
use lumos_connector_testing::prelude::*;
use serde_json::Value;

/// A port of the machine itself that nothing listens on.
const CLOSED: u16 = 1;

fn main() -> ExitCode {
    Suite::new(lumos_postgres_connector::integration)
        .auth(json!({"basic": {"username": "lumos", "password": "correct horse"}}))
        .settings(settings(&json!({})))
        .cases(nothing_listens())
        .cases(wrong_settings())
        .cases([case(capability::ListCustomAttributesSchema, "describes what roles have").expect(
            response(json!([{"name": "comment"}, {"name": "connection_limit"}, {"name": "valid_until"}]))
                .partly(),
        )])
        .run()
}

/// The settings of a connection, with some of them changed.
fn settings(changed: &Value) -> Value {
    let mut settings = json!({"host": "127.0.0.1", "port": CLOSED, "ssl_mode": "disable"});
    for (name, value) in changed.as_object().into_iter().flatten() {
        settings[name] = value.clone();
    }
    settings
}

/// Every capability that talks to the server says so when nothing listens.
fn nothing_listens() -> Vec<Case> {
    let account = json!({"account_id": "16390"});
    let change = json!({
        "account_integration_specific_id": "16390", "resource_integration_specific_id": "", "resource_type": "",
        "entitlement_type": "attribute", "entitlement_integration_specific_id": "CREATEDB",
    });
    vec![
        refused(capability::ValidateCredentials, json!({})),
        refused(capability::ListAccounts, json!({})),
        refused(capability::GetAccount, account.clone()),
        refused(capability::ListResources, json!({})),
        refused(capability::ListEntitlements, json!({})),
        refused(capability::FindEntitlementAssociations, json!({})),
        refused(capability::GetAccountEntitlementAssociations, account.clone()),
        refused(capability::GetLastActivity, json!({"account_ids": ["16390"]})),
        refused(capability::CreateAccount, json!({"name": "ada"})),
        refused(capability::UpdateAccount, json!({"id": "16390", "name": "grace"})),
        refused(capability::ActivateAccount, account.clone()),
        refused(capability::DeactivateAccount, account.clone()),
        refused(capability::DeleteAccount, account),
        refused(capability::AssignEntitlement, change.clone()),
        refused(capability::UnassignEntitlement, change),
    ]
}

fn refused(capability: impl Capability, request: Value) -> Case {
    case(capability, "says that nothing listens")
        .request(request)
        .real_time()
        .expect(error(ConnectorErrorCode::ConnectionRejected).message("connect").retryable(true))
}

fn wrong_settings() -> Vec<Case> {
    let wrong = |name: &str, changed: Value, code: ConnectorErrorCode, says: &str| {
        case(capability::ValidateCredentials, name)
            .settings(settings(&changed))
            .real_time()
            .expect(error(code).message(says))
    };
    vec![
        wrong("refuses a port out of range", json!({"port": 65536}), ConnectorErrorCode::BadRequest, "port"),
        wrong(
            "refuses an unknown TLS mode",
            json!({"ssl_mode": "require"}),
            ConnectorErrorCode::BadRequest,
            "ssl_mode",
        ),
        wrong(
            "refuses verify-ca without an authority",
            json!({"ssl_mode": "verify-ca"}),
            ConnectorErrorCode::InvalidValue,
            "verify-ca",
        ),
        wrong(
            "refuses an authority that is not PEM",
            json!({"ssl_mode": "verify-full", "ca_certificate": "-----BEGIN CERTIFICATE-----"}),
            ConnectorErrorCode::InvalidValue,
            "ca_certificate",
        ),
        wrong(
            "refuses an authority whose file is missing",
            json!({"ssl_mode": "verify-full", "ca_certificate": "/no/such/file.pem"}),
            ConnectorErrorCode::InvalidValue,
            "ca_certificate",
        ),
        wrong(
            "F7: refuses a socket that nobody has allowed",
            json!({"host": "/run/postgresql"}),
            ConnectorErrorCode::InvalidValue,
            "socket",
        ),
        wrong(
            "P27: refuses several hosts",
            json!({"host": "a.test,b.test"}),
            ConnectorErrorCode::InvalidValue,
            "several hosts",
        ),
    ]
}
