//! Deleting accounts. The server drops a role only when nothing in any database refers to it.

use lumos_connector::prelude::*;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::accounts::Account;
use crate::failures::{lacking, needing};
use crate::server::{Connection, Server};

/// What refers to a role in one database, or in none in particular.
struct Traces {
    database: Option<String>,
    /// How many objects it owns there.
    owned: i64,
}

const TRACES: &str = "SELECT d.datname::text AS database, count(*) FILTER (WHERE s.deptype = 'o') AS owned
    FROM pg_shdepend s LEFT JOIN pg_database d ON d.oid = s.dbid
    WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = $1 GROUP BY d.datname ORDER BY d.datname";

pub(crate) async fn delete_account(server: Server, request: DeleteAccount) -> Result<Reply<DeletedAccount>> {
    let account = server.account(&request.account_id).await?;
    server.refuse_own(&account)?;
    let heir = server.settings.reassign_owned_to.as_deref().filter(|heir| !heir.is_empty());
    let traces = traces(&server.main, &account).await?;
    if heir.is_none() && traces.iter().any(|traces| traces.owned > 0) {
        return Err(owns(&account, &traces));
    }
    server.end_sessions(&account).await?;
    remove(&server, &account).await?;
    Reply::new(DeletedAccount::deleted()).did(Effect::deleted(), &request, false)
}

/// Drops a role, with its grants, in every database. What it owns goes to the role of the settings; without one it must
/// own nothing.
pub(crate) async fn remove(server: &Server, account: &Account) -> Result<()> {
    let traces = traces(&server.main, account).await?;
    if traces.is_empty() {
        return drop_role(server, account).await;
    }
    // Acting for a role takes being a member of it, which ends with the role.
    const IS_MEMBER: &str = "SELECT pg_has_role(current_user, $1, 'USAGE')";
    let row = server.main.find(IS_MEMBER, &[(&account.oid, Type::OID)]).await?;
    let is_member: bool = row.map_or(Ok(false), |row| row.try_get(0))?;
    if !is_member {
        let joined = server.main.run("GRANT %I TO CURRENT_USER", &[&account.name]).await;
        needing(joined, || format!("ADMIN OPTION on the role \"{}\"", account.name))?;
    }
    let removed = remove_traces(server, account, &traces).await;
    if removed.is_err() && !is_member {
        // The first error is the one to report.
        let _ = server.main.rollback().await;
        let _ = server.main.run("REVOKE %I FROM CURRENT_USER", &[&account.name]).await;
    }
    removed
}

async fn remove_traces(server: &Server, account: &Account, traces: &[Traces]) -> Result<()> {
    for database in traces.iter().filter_map(|traces| traces.database.as_deref()) {
        clear(server, &server.database(database).await?, database, account).await?;
    }
    // Databases that it owns, and its privileges on databases, belong to none: any connection reaches them.
    clear(server, &server.main, &server.settings.database, account).await?;
    drop_role(server, account).await
}

/// Hands over what a role owns in a database, then revokes what it was granted there.
async fn clear(server: &Server, connection: &Connection, database: &str, account: &Account) -> Result<()> {
    connection.begin().await?;
    match server.settings.reassign_owned_to.as_deref().filter(|heir| !heir.is_empty()) {
        Some(heir) => {
            let reassigned = connection.run("REASSIGN OWNED BY %I TO %I", &[&account.name, heir]).await;
            needing(reassigned, || format!("membership in the roles \"{}\" and \"{heir}\"", account.name))?;
        }
        None => {
            // `DROP OWNED` drops objects: it must not find any that came after the first look.
            let traces = traces(connection, account).await?;
            if traces.iter().any(|traces| traces.owned > 0) {
                return Err(owns(account, &traces));
            }
        }
    }
    let revoked = connection.run("DROP OWNED BY %I", &[&account.name]).await;
    needing(revoked, || format!("membership in the role \"{}\"", account.name))?;
    // Only a superuser revokes what others have granted.
    if traces(connection, account).await?.iter().any(|traces| traces.database.as_deref() == Some(database)) {
        return Err(lacking(
            &format!(
                "Other roles have granted something in the database \"{database}\" to \"{}\"",
                account.name
            ),
            "SUPERUSER, or those roles revoke it",
        ));
    }
    connection.commit().await
}

async fn drop_role(server: &Server, account: &Account) -> Result<()> {
    let dropped = server.main.run("DROP ROLE %I", &[&account.name]).await;
    needing(dropped, || format!("CREATEROLE, and since version 16 ADMIN OPTION on \"{}\"", account.name))
}

async fn traces(connection: &Connection, account: &Account) -> Result<Vec<Traces>> {
    let rows = connection.query(TRACES, &[(&account.oid, Type::OID)]).await?;
    rows.iter().map(Traces::of).collect()
}

impl Traces {
    fn of(row: &Row) -> Result<Self> {
        Ok(Self { database: row.try_get("database")?, owned: row.try_get("owned")? })
    }
}

fn owns(account: &Account, traces: &[Traces]) -> ConnectorError {
    let places: Vec<_> = traces
        .iter()
        .filter(|traces| traces.owned > 0)
        .map(|traces| match &traces.database {
            Some(database) => format!("{} in the database \"{database}\"", traces.owned),
            None => format!("{} shared by all databases", traces.owned),
        })
        .collect();
    ConnectorError::conflict(format!("The role \"{}\" owns objects: {}", account.name, places.join(", ")))
        .with_hint("Name a role under 'Reassign owned objects to', or hand the objects over first.")
}
