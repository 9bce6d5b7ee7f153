//! Granting and revoking what an account holds itself.

use lumos_connector::prelude::*;
use tokio_postgres::types::Type;

use crate::accounts::Account;
use crate::entitlement::{Entitlement, Kind};
use crate::failures::{lacking, needing};
use crate::server::{Connection, Parameter, Server};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Grant,
    Revoke,
}

pub(crate) async fn assign_entitlement(
    server: Server,
    request: AssignEntitlement,
) -> Result<Reply<AssignedEntitlement>> {
    let account = server.account(&request.account_integration_specific_id).await?;
    let entitlement = Entitlement::named(
        &request.entitlement_type,
        &request.entitlement_integration_specific_id,
        &request.resource_integration_specific_id,
    )?;
    let effect = change(&server, &account, &entitlement, Change::Grant).await?;
    Reply::new(AssignedEntitlement { assigned: true }).did(effect, &request, true)
}

pub(crate) async fn unassign_entitlement(
    server: Server,
    request: UnassignEntitlement,
) -> Result<Reply<UnassignedEntitlement>> {
    let account = server.account(&request.account_integration_specific_id).await?;
    let entitlement = Entitlement::named(
        &request.entitlement_type,
        &request.entitlement_integration_specific_id,
        &request.resource_integration_specific_id,
    )?;
    let effect = change(&server, &account, &entitlement, Change::Revoke).await?;
    Reply::new(UnassignedEntitlement { unassigned: true }).did(effect, &request, true)
}

/// Grants or revokes on the connection where it has to happen, in a transaction of its own.
pub(crate) async fn change(
    server: &Server,
    account: &Account,
    entitlement: &Entitlement,
    change: Change,
) -> Result<Effect> {
    let other;
    let connection = if entitlement.kind == Kind::Schema {
        let name = name_of(&server.main, Kind::Database, entitlement.database, entitlement).await?;
        other = server.database(&name).await?;
        &other
    } else {
        &server.main
    };
    connection.begin().await?;
    let changed = apply(server, connection, account, entitlement, change).await?;
    connection.commit().await?;
    Ok(if changed { Effect::updated() } else { Effect::noop(NoopEffectReason::StateAlreadyMatches) })
}

/// Grants or revokes on a connection to the right database, and says whether that changed anything.
///
/// The state is read before and after: the server only warns when it grants or revokes nothing.
pub(crate) async fn apply(
    server: &Server,
    connection: &Connection,
    account: &Account,
    entitlement: &Entitlement,
    change: Change,
) -> Result<bool> {
    if entitlement.inherited {
        return Err(ConnectorError::unsupported_operation(
            "What is inherited cannot be assigned or unassigned: change the membership that it comes from",
        ));
    }
    let Entitlement { kind, object, privilege, .. } = entitlement;
    let name = match kind {
        Kind::Attribute => String::new(),
        kind => name_of(connection, *kind, *object, entitlement).await?,
    };
    let wanted = change == Change::Grant;
    if holds(server, connection, account, entitlement).await? == wanted {
        return Ok(false);
    }
    let (template, needed) = match (kind, change) {
        (Kind::Attribute, Change::Grant) => (format!("ALTER ROLE %1$I {privilege}"), needed_for_attributes()),
        (Kind::Attribute, Change::Revoke) => {
            (format!("ALTER ROLE %1$I NO{privilege}"), needed_for_attributes())
        }
        (Kind::Membership, Change::Grant) => ("GRANT %2$I TO %1$I".to_owned(), needed_for_membership(&name)),
        (Kind::Membership, Change::Revoke) => {
            ("REVOKE %2$I FROM %1$I".to_owned(), needed_for_membership(&name))
        }
        (kind, Change::Grant) => {
            let class = class_of(*kind);
            (format!("GRANT {privilege} ON {class} %2$I TO %1$I"), needed_for_privilege(class, &name))
        }
        (kind, Change::Revoke) => {
            let class = class_of(*kind);
            (format!("REVOKE {privilege} ON {class} %2$I FROM %1$I"), needed_for_privilege(class, &name))
        }
    };
    needing(connection.run(&template, &[&account.name, &name]).await, || needed.clone())?;
    if holds(server, connection, account, entitlement).await? != wanted {
        let what_happened = if wanted {
            "The server granted nothing"
        } else {
            "Another role granted it, and its grant stays"
        };
        return Err(lacking(what_happened, &needed));
    }
    Ok(true)
}

fn class_of(kind: Kind) -> &'static str {
    if kind == Kind::Schema { "SCHEMA" } else { "DATABASE" }
}

fn needed_for_attributes() -> String {
    "SUPERUSER (CREATEROLE is enough for CREATEDB and CREATEROLE)".to_owned()
}

fn needed_for_membership(role: &str) -> String {
    format!("ADMIN OPTION on the role \"{role}\" (CREATEROLE is enough before version 16)")
}

fn needed_for_privilege(class: &str, name: &str) -> String {
    format!("ownership of the {} \"{name}\", or the privilege WITH GRANT OPTION", class.to_lowercase())
}

/// The name of the role, database or schema with an OID, which must exist.
async fn name_of(
    connection: &Connection,
    kind: Kind,
    object: u32,
    entitlement: &Entitlement,
) -> Result<String> {
    let sql = match kind {
        Kind::Attribute | Kind::Membership => "SELECT rolname::text FROM pg_roles WHERE oid = $1",
        Kind::Database => "SELECT datname::text FROM pg_database WHERE oid = $1",
        Kind::Schema => "SELECT nspname::text FROM pg_namespace WHERE oid = $1",
    };
    let Some(row) = connection.find(sql, &[(&object, Type::OID)]).await? else {
        return Err(ConnectorError::unknown_value(format!(
            "The entitlement '{}' of the type '{}' is on something that does not exist",
            entitlement.id(),
            entitlement.type_id()
        )));
    };
    Ok(row.try_get(0)?)
}

/// Whether an account holds an entitlement itself.
async fn holds(
    server: &Server,
    connection: &Connection,
    account: &Account,
    entitlement: &Entitlement,
) -> Result<bool> {
    let membership = format!(
        "SELECT EXISTS (SELECT FROM pg_auth_members m WHERE m.member = $1 AND m.roleid = $2 AND {})",
        server.usable
    );
    let sql = match entitlement.kind {
        Kind::Attribute => {
            "SELECT CASE $3 WHEN 'BYPASSRLS' THEN rolbypassrls WHEN 'CREATEDB' THEN rolcreatedb
                WHEN 'CREATEROLE' THEN rolcreaterole WHEN 'REPLICATION' THEN rolreplication
                WHEN 'SUPERUSER' THEN rolsuper END
            FROM pg_roles WHERE oid = $1"
        }
        Kind::Membership => &membership,
        Kind::Database => {
            "SELECT EXISTS (SELECT FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
            WHERE d.oid = $2 AND a.grantee = $1 AND a.privilege_type = $3)"
        }
        Kind::Schema => {
            "SELECT EXISTS (SELECT FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
            WHERE n.oid = $2 AND a.grantee = $1 AND a.privilege_type = $3)"
        }
    };
    let parameters: [Parameter<'_>; 3] =
        [(&account.oid, Type::OID), (&entitlement.object, Type::OID), (&entitlement.privilege, Type::TEXT)];
    let row = connection.find(sql, &parameters).await?;
    row.map_or(Ok(false), |row| Ok(row.try_get(0)?))
}
