//! The other two ways to log in: a user and password, and an OAuth client whose token the platform gets.

use anyhow::{Result, ensure};
use serde_json::json;

use super::connection;
use super::service::{Service, Tenant};
use crate::harness::stage::Stage;

pub(super) fn run(stage: &mut Stage, service: &Service) -> Result<()> {
    let lumos =
        connection(stage, service, Tenant::Full)?.setting("token_url", format!("{}/token", service.root()));
    stage.check("a user and password are accepted", |_| {
        let basic = json!({"username": "scim-admin", "password": "correct horse: battery"});
        lumos.auth(json!([{"id": "basic", "basic": basic}])).response("validate_credentials", json!({}))?;
        Ok(())
    });
    stage.check("an OAuth client gets its token through the connector, and is accepted with it", |_| {
        let client =
            json!({"client_id": "scim-client", "client_secret": "client secret & more", "scopes": []});
        let mut grant = client.clone();
        grant["credential_id"] = json!("oauth");
        let tokens = lumos.response("handle_client_credentials_request", grant)?;
        let mut credential = client;
        credential["access_token"] = tokens["access_token"].clone();
        let oauth = lumos.auth(json!([{"id": "oauth", "oauth_client_credentials": credential}]));
        ensure!(oauth.response("validate_credentials", json!({}))?["valid"] == true, "it is not valid");
        Ok(())
    });
    stage.check("an OAuth client with a wrong secret: unauthorized", |_| {
        let grant = json!({"client_id": "scim-client", "client_secret": "wrong", "scopes": [], "credential_id": "oauth"});
        lumos.refuses("handle_client_credentials_request", grant, "unauthorized", "")
    });
    stage.check("an OAuth client without a token URL: invalid_value", |_| {
        let grant =
            json!({"client_id": "scim-client", "client_secret": "x", "scopes": [], "credential_id": "oauth"});
        let without = lumos.setting("token_url", json!(null));
        without.refuses("handle_client_credentials_request", grant, "invalid_value", "token_url")
    });
    Ok(())
}
