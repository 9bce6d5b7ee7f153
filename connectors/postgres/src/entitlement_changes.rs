//! Granting and revoking what an account holds itself.

use lumos_connector::prelude::*;
use tokio_postgres::types::Type;

use crate::accounts::Account;
use crate::connection::{Connection, Parameter, text};
use crate::deletion;
use crate::entitlement::{DATABASE_OWNER, Entitlement, Kind};
use crate::failures::{explain_denied, missing_privilege};
use crate::server::Server;

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
    server.refuse_own(&account)?;
    if entitlement.kind == Kind::Attribute && entitlement.privilege == "SUPERUSER" {
        server.refuse_own_and_bootstrap(&account)?;
    }
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
    let changed = server.with_retries(|| async {
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
        if changed {
            let is_so = async {
                Ok(holds(server, connection, account, entitlement).await? == (change == Change::Grant))
            };
            server.verify("the account's entitlements are as before", is_so).await?;
        }
        Ok(changed)
    });
    Ok(Effect::updated_unless(!changed.await?))
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
    if *kind == Kind::Membership && name == DATABASE_OWNER {
        return Err(ConnectorError::unsupported_operation(format!(
            "The server itself decides who is a member of \"{name}\": the owner of each database"
        )));
    }
    let wanted = change == Change::Grant;
    if holds(server, connection, account, entitlement).await? == wanted {
        return Ok(false);
    }
    let class = if *kind == Kind::Schema { "SCHEMA" } else { "DATABASE" };
    let needed = match kind {
        Kind::Attribute => {
            format!("SUPERUSER (or, but for SUPERUSER itself, CREATEROLE and since version 16 {privilege})")
        }
        Kind::Membership => {
            format!("ADMIN OPTION on the role \"{name}\" (CREATEROLE is enough before version 16)")
        }
        _ => format!(
            "ownership of the {} \"{name}\", or the privilege WITH GRANT OPTION",
            class.to_lowercase()
        ),
    };
    let values = [account.name.as_str(), &name];
    let done = match (kind, change) {
        (Kind::Attribute, Change::Grant) => {
            connection.run(&format!("ALTER ROLE %I {privilege}"), &values).await
        }
        (Kind::Attribute, Change::Revoke) => {
            connection.run(&format!("ALTER ROLE %I NO{privilege}"), &values).await
        }
        (Kind::Membership, Change::Grant) => {
            // A membership for administration alone, such as that of a role in those it has made, becomes a full one.
            let options = match (server.has_options, account.inherits) {
                (false, _) => "",
                (true, true) => " WITH INHERIT TRUE, SET TRUE",
                (true, false) => " WITH SET TRUE",
            };
            connection.run(&format!("GRANT %2$I TO %1$I{options}"), &values).await
        }
        (_, Change::Grant) => {
            connection.run(&format!("GRANT {privilege} ON {class} %2$I TO %1$I"), &values).await
        }
        (_, Change::Revoke) => revoke(server, connection, account, entitlement, &values).await,
    };
    if let Err(error) = explain_denied(done, || needed.clone()) {
        return Err(with_dependents(server, connection, account, error).await);
    }
    if holds(server, connection, account, entitlement).await? == wanted {
        return Ok(true);
    }
    let others = grantors(server, connection, account, entitlement).await?;
    Err(match change {
        Change::Grant => missing_privilege("The server granted nothing", &needed),
        Change::Revoke => {
            missing_privilege("Another role granted it, and its grant stays", &needed_to_revoke(&others))
        }
    })
}

/// A role that has granted an account something.
struct Grantor {
    name: String,
    /// Whether the connector can act for it.
    is_reachable: bool,
}

/// Revokes the grant of every grantor. Of a membership the statement names them; a privilege is only revoked by whoever
/// granted it, so the connector switches to that role where it may.
async fn revoke(
    server: &Server,
    connection: &Connection,
    account: &Account,
    entitlement: &Entitlement,
    values: &[&str; 2],
) -> Result<()> {
    let [member, name] = *values;
    let grantors = grantors(server, connection, account, entitlement).await?;
    if entitlement.kind == Kind::Membership {
        if !server.has_options {
            return connection.run("REVOKE %2$I FROM %1$I", values).await;
        }
        for grantor in grantors {
            let revoked =
                connection.run("REVOKE %2$I FROM %1$I GRANTED BY %3$I", &[member, name, &grantor.name]).await;
            explain_denied(revoked, || needed_to_revoke(&[grantor]))?;
        }
        return Ok(());
    }
    let class = if entitlement.kind == Kind::Schema { "SCHEMA" } else { "DATABASE" };
    let statement = format!("REVOKE {} ON {class} %2$I FROM %1$I", entitlement.privilege);
    let (reachable, others): (Vec<_>, Vec<_>) =
        grantors.into_iter().partition(|grantor| grantor.is_reachable);
    for grantor in reachable {
        connection.run("SET LOCAL ROLE %I", &[&grantor.name]).await?;
        connection.run(&statement, values).await?;
        connection.run("RESET ROLE", &[]).await?;
    }
    if others.is_empty() {
        return Ok(());
    }
    explain_denied(connection.run(&statement, values).await, || needed_to_revoke(&others))
}

/// What it takes to revoke what other roles have granted.
fn needed_to_revoke(grantors: &[Grantor]) -> String {
    let names: Vec<_> = grantors.iter().map(|grantor| format!("\"{}\"", grantor.name)).collect();
    format!("SUPERUSER, or membership in the role that granted it: {}", names.join(", "))
}

/// The roles that have granted an entitlement to an account.
async fn grantors(
    server: &Server,
    connection: &Connection,
    account: &Account,
    entitlement: &Entitlement,
) -> Result<Vec<Grantor>> {
    let Entitlement { kind, object, privilege, .. } = entitlement;
    let grants = match kind {
        Kind::Attribute => return Ok(Vec::new()),
        Kind::Membership => format!(
            "SELECT m.grantor FROM pg_auth_members m WHERE m.member = $1 AND m.roleid = $2 AND $3 = '' AND {}",
            server.usable()
        ),
        Kind::Database => format!("SELECT a.grantor FROM {DATABASE_GRANTS}"),
        Kind::Schema => format!("SELECT a.grantor FROM {SCHEMA_GRANTS}"),
    };
    let may = if server.has_options { "SET" } else { "MEMBER" };
    let sql = format!(
        "SELECT r.rolname AS name, pg_has_role(current_user, r.oid, '{may}') AS is_reachable
        FROM pg_roles r WHERE r.oid IN ({grants}) ORDER BY r.oid"
    );
    let parameters: [Parameter<'_>; 3] =
        [(&account.oid, Type::OID), (object, Type::OID), (privilege, Type::TEXT)];
    let rows = connection.query(&sql, &parameters).await?;
    let grantor = |row| Ok(Grantor { name: text(row, "name")?, is_reachable: row.try_get("is_reachable")? });
    rows.iter().map(grantor).collect()
}

/// Names what depends on a grant, when it is not revoked for that: the account has granted it in turn.
async fn with_dependents(
    server: &Server,
    connection: &Connection,
    account: &Account,
    error: ConnectorError,
) -> ConnectorError {
    let is_dependency = error
        .source_as::<tokio_postgres::Error>()
        .and_then(tokio_postgres::Error::code)
        .is_some_and(|state| state.code() == "2BP01");
    if !is_dependency || connection.rollback().await.is_err() {
        return error;
    }
    match deletion::dependents(server, connection, account).await {
        Ok(dependents) if !dependents.is_empty() => deletion::has_granted(account, &dependents),
        _ => error,
    }
}

/// The name of the role, database or schema with an OID, which must exist.
async fn name_of(
    connection: &Connection,
    kind: Kind,
    object: u32,
    entitlement: &Entitlement,
) -> Result<String> {
    let sql = match kind {
        Kind::Attribute | Kind::Membership => "SELECT rolname AS name FROM pg_roles WHERE oid = $1",
        Kind::Database => "SELECT datname AS name FROM pg_database WHERE oid = $1",
        Kind::Schema => "SELECT nspname AS name FROM pg_namespace WHERE oid = $1",
    };
    match connection.find(sql, &[(&object, Type::OID)]).await? {
        Some(row) => text(&row, "name"),
        None => Err(ConnectorError::unknown_value(format!(
            "The entitlement '{}' of the type '{}' is on something that does not exist",
            entitlement.id(),
            entitlement.type_id()
        ))),
    }
}

/// The grants of the privilege `$3` on the database or schema `$2` to the account `$1`.
const DATABASE_GRANTS: &str = "pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
    WHERE d.oid = $2 AND a.grantee = $1 AND a.privilege_type = $3";
const SCHEMA_GRANTS: &str = "pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
    WHERE n.oid = $2 AND a.grantee = $1 AND a.privilege_type = $3";

/// Whether an account holds an entitlement itself.
async fn holds(
    server: &Server,
    connection: &Connection,
    account: &Account,
    entitlement: &Entitlement,
) -> Result<bool> {
    let sql = match entitlement.kind {
        Kind::Attribute => {
            "SELECT CASE $3 WHEN 'BYPASSRLS' THEN rolbypassrls WHEN 'CREATEDB' THEN rolcreatedb
                WHEN 'CREATEROLE' THEN rolcreaterole WHEN 'REPLICATION' THEN rolreplication
                WHEN 'SUPERUSER' THEN rolsuper END
            FROM pg_roles WHERE oid = $1"
                .to_owned()
        }
        Kind::Membership => format!(
            "SELECT EXISTS (SELECT FROM pg_auth_members m WHERE m.member = $1 AND m.roleid = $2 AND {})",
            server.usable()
        ),
        Kind::Database => format!("SELECT EXISTS (SELECT FROM {DATABASE_GRANTS})"),
        Kind::Schema => format!("SELECT EXISTS (SELECT FROM {SCHEMA_GRANTS})"),
    };
    let Entitlement { object, privilege, .. } = entitlement;
    let parameters: [Parameter<'_>; 3] =
        [(&account.oid, Type::OID), (object, Type::OID), (privilege, Type::TEXT)];
    connection.is_true(&sql, &parameters).await
}
