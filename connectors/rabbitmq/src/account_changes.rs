//! Creating and deleting users.

use lumos_connector::prelude::*;

use crate::broker::{Broker, unseen};
use crate::entitlement::Entitlement;

/// The standard field `entitlements`, and what a new user is.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub(crate) struct NewAccount {
    /// What the user is given.
    #[serde(default)]
    entitlements: Vec<CreateAccountEntitlement>,
    /// Name of the user.
    #[schemars(title = "User name", extend("x-unique" = true))]
    name: String,
    /// Its password. Without one it can only sign in by other means, such as a certificate.
    #[schemars(title = "Password", extend("x-semantic" = "password", "x-field_type" = "SECRET", "x-secret" = true))]
    password: Option<Secret>,
}

pub(crate) async fn create_account(broker: Broker, request: NewAccount) -> Result<Reply<CreatedAccount>> {
    // Nothing is created for a request that names something impossible.
    let named = request.entitlements.iter().map(|given| Entitlement::named(given.entitlement()));
    let entitlements: Vec<_> = named.collect::<Result<_>>()?;
    let name = &request.name;
    // The API replaces a user of that name, with its password.
    if name.is_empty() {
        return Err(ConnectorError::invalid_value("name: expected the name of the user"));
    }
    if broker.find_user(name).await?.is_some() {
        return Err(exists(name));
    }
    let body = match &request.password {
        Some(password) => json!({"tags": "", "password": password.expose()}),
        None => json!({"tags": "", "password_hash": ""}),
    };
    let answer = broker.http.put(["api", "users", name]).json(&body).once().expect_status([201, 204]).await?;
    if answer.status() == 204 {
        return Err(
            exists(name).with_hint("Somebody created it at the same time; its password may have changed.")
        );
    }
    for entitlement in &entitlements {
        if let Err(error) = broker.set(name, entitlement, true).await {
            // An account without what it was to have is not what was asked for.
            broker.delete(name).await?;
            return Err(error);
        }
    }
    broker.find_user(name).await?.ok_or_else(|| unseen("the user is not there"))?;
    Reply::new(CreatedAccount::new(name.clone(), AccountStatus::Active)).did(
        Effect::created(),
        &request,
        false,
    )
}

pub(crate) async fn delete_account(broker: Broker, request: DeleteAccount) -> Result<Reply<DeletedAccount>> {
    broker.check_not_own(&request.account_id)?;
    broker.user(&request.account_id).await?;
    broker.delete(&request.account_id).await?;
    Reply::new(DeletedAccount::deleted()).did(Effect::deleted(), &request, true)
}

impl Broker {
    /// Deletes a user, and makes sure that it is gone.
    async fn delete(&self, name: &str) -> Result<()> {
        self.http.delete(["api", "users", name]).expect_status([204, 404]).await?;
        if self.find_user(name).await?.is_some() {
            return Err(unseen("the user is still there"));
        }
        Ok(())
    }
}

fn exists(name: &str) -> ConnectorError {
    ConnectorError::conflict(format!("RabbitMQ has a user {name:?} already"))
}
