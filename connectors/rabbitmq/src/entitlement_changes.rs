//! Giving entitlements to users, and taking them away.

use lumos_connector::prelude::*;

use crate::broker::{Broker, Permission, User, unseen};
use crate::entitlement::Entitlement;

pub(crate) async fn assign_entitlement(
    broker: Broker,
    request: AssignEntitlement,
) -> Result<Reply<AssignedEntitlement>> {
    let entitlement = Entitlement::named(request.entitlement())?;
    let changed = broker.set(&request.account_integration_specific_id, &entitlement, true).await?;
    Reply::new(AssignedEntitlement::assigned()).did(Effect::updated_unless(!changed), &request, true)
}

pub(crate) async fn unassign_entitlement(
    broker: Broker,
    request: UnassignEntitlement,
) -> Result<Reply<UnassignedEntitlement>> {
    let entitlement = Entitlement::named(request.entitlement())?;
    let account = &request.account_integration_specific_id;
    broker.check_not_own(account)?;
    let changed = broker.set(account, &entitlement, false).await?;
    Reply::new(UnassignedEntitlement::unassigned()).did(Effect::updated_unless(!changed), &request, true)
}

impl Broker {
    /// Gives an entitlement to a user, or takes it away, and reads it back. Gives whether there was something to do.
    pub(crate) async fn set(&self, user: &str, entitlement: &Entitlement, wanted: bool) -> Result<bool> {
        let user = self.user(user).await?;
        match entitlement {
            Entitlement::Tag(tag) => self.set_tag(&user, tag, wanted).await,
            permission => self.set_permission(&user.name, permission, wanted).await,
        }
    }

    async fn set_tag(&self, user: &User, tag: &str, wanted: bool) -> Result<bool> {
        let mut tags = user.tags();
        if tags.iter().any(|held| held == tag) == wanted {
            return Ok(false);
        }
        tags.retain(|held| held != tag);
        if wanted {
            tags.push(tag.to_owned());
            tags.sort_unstable();
        }
        // A request without the password would clear it.
        let hash = user.password_hash.as_ref().map(Secret::expose).unwrap_or_default();
        let mut body = json!({"tags": tags, "password_hash": hash});
        if let Some(algorithm) = &user.hashing_algorithm {
            body["hashing_algorithm"] = algorithm.as_str().into();
        }
        self.http.put(["api", "users", &user.name]).json(&body).expect_status([201, 204]).await?;
        let after = self.user(&user.name).await?;
        if after.tags() != tags {
            return Err(unseen("the user has other tags"));
        }
        if after.password_hash.as_ref().map(Secret::expose).unwrap_or_default() != hash {
            return Err(unseen("the user has another password"));
        }
        Ok(true)
    }

    async fn set_permission(&self, user: &str, entitlement: &Entitlement, wanted: bool) -> Result<bool> {
        let vhost = entitlement.vhost();
        let path = ["api", "permissions", vhost, user];
        let before: Option<Permission> = self.http.get(path).read_optional().await?;
        if before.is_none() {
            // Nothing in a virtual host that does not exist is not the same as no permission in one that does.
            let found = self.http.get(["api", "vhosts", vhost]).read_optional::<Json>().await?;
            found.ok_or_else(|| {
                ConnectorError::not_found(format!("RabbitMQ has no virtual host {vhost:?}"))
            })?;
        }
        let after = changed(user, before.as_ref(), entitlement, wanted);
        if after == before {
            return Ok(false);
        }
        match &after {
            Some(Permission { configure, write, read, .. }) => {
                let body = json!({"configure": configure, "write": write, "read": read});
                self.http.put(path).json(&body).expect_status([201, 204]).await?;
            }
            None => {
                self.http.delete(path).expect_status([204, 404]).await?;
            }
        }
        let shown: Option<Permission> = self.http.get(path).read_optional().await?;
        if shown != after {
            return Err(unseen("the user has other permissions"));
        }
        Ok(true)
    }
}

/// The permission of a user after a change. Without access there is none; with it, what is not allowed has an empty
/// pattern.
fn changed(
    user: &str,
    before: Option<&Permission>,
    entitlement: &Entitlement,
    wanted: bool,
) -> Option<Permission> {
    let empty = || Permission {
        user: user.to_owned(),
        vhost: entitlement.vhost().to_owned(),
        configure: String::new(),
        write: String::new(),
        read: String::new(),
    };
    match entitlement {
        Entitlement::Tag(_) => before.cloned(),
        Entitlement::Access { .. } if wanted => Some(before.cloned().unwrap_or_else(empty)),
        Entitlement::Access { .. } => None,
        Entitlement::Operation { operation, pattern, .. } if wanted => {
            let mut permission = before.cloned().unwrap_or_else(empty);
            operation.pattern_mut(&mut permission).clone_from(pattern);
            Some(permission)
        }
        Entitlement::Operation { operation, pattern, .. } => {
            let mut permission = before?.clone();
            if operation.pattern(&permission) == pattern {
                operation.pattern_mut(&mut permission).clear();
            }
            Some(permission)
        }
    }
}
