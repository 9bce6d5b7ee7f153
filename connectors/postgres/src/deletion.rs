//! Deleting accounts. The server drops a role only when nothing in any database refers to it.

use lumos_connector::prelude::*;
use tokio_postgres::types::Type;

use crate::accounts::Account;
use crate::connection::Connection;
use crate::failures::{missing_privilege, reason};
use crate::server::Server;

/// How often the catalogs refer to a role, in one database or in what all databases share.
#[derive(Deserialize)]
struct References {
    database: Option<String>,
    /// How many objects it owns there.
    owned: i64,
}

const REFERENCES: &str = "SELECT json_build_object(
        'database', d.datname, 'owned', count(*) FILTER (WHERE s.deptype = 'o'))
    FROM pg_shdepend s LEFT JOIN pg_database d ON d.oid = s.dbid
    WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = $1 GROUP BY d.datname ORDER BY d.datname";

/// What a role has granted to others by a grant option, in the current database and of what all share. What it granted as
/// an owner is not among it: that goes on as the grant of the next owner.
const DEPENDENTS: &str = "SELECT a.privilege_type AS what, pg_describe_object(s.classid, s.objid, s.objsubid) AS place,
        CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END AS member
    FROM pg_shdepend s, aclexplode(CASE s.classid
        WHEN 'pg_database'::regclass THEN (SELECT datacl FROM pg_database WHERE oid = s.objid)
        WHEN 'pg_tablespace'::regclass THEN (SELECT spcacl FROM pg_tablespace WHERE oid = s.objid)
        WHEN 'pg_namespace'::regclass THEN (SELECT nspacl FROM pg_namespace WHERE oid = s.objid)
        WHEN 'pg_class'::regclass THEN CASE s.objsubid WHEN 0 THEN (SELECT relacl FROM pg_class WHERE oid = s.objid)
            ELSE (SELECT attacl FROM pg_attribute WHERE attrelid = s.objid AND attnum = s.objsubid) END
        WHEN 'pg_proc'::regclass THEN (SELECT proacl FROM pg_proc WHERE oid = s.objid)
        WHEN 'pg_type'::regclass THEN (SELECT typacl FROM pg_type WHERE oid = s.objid)
        WHEN 'pg_language'::regclass THEN (SELECT lanacl FROM pg_language WHERE oid = s.objid)
        WHEN 'pg_largeobject'::regclass THEN (SELECT lomacl FROM pg_largeobject_metadata WHERE oid = s.objid)
        WHEN 'pg_foreign_data_wrapper'::regclass THEN (SELECT fdwacl FROM pg_foreign_data_wrapper WHERE oid = s.objid)
        WHEN 'pg_foreign_server'::regclass THEN (SELECT srvacl FROM pg_foreign_server WHERE oid = s.objid)
        WHEN 'pg_default_acl'::regclass THEN (SELECT defaclacl FROM pg_default_acl WHERE oid = s.objid) END) a
    WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = $1 AND s.deptype = 'a'
        AND s.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        AND a.grantor = $1 AND a.grantee <> $1";

/// Before version 16 memberships stay when the role that granted them goes.
const DEPENDENT_MEMBERS: &str =
    " UNION SELECT 'membership', format('role %I', r.rolname), pg_get_userbyid(m.member)
    FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
    WHERE m.grantor = $1 AND m.member <> $1 AND m.roleid <> $1";

pub(crate) async fn delete_account(server: Server, request: DeleteAccount) -> Result<Reply<DeletedAccount>> {
    let account = server.account(&request.account_id).await?;
    server.refuse_own_and_bootstrap(&account)?;
    check_new_owner(&server, &account).await?;
    let references = references(&server.main, &account).await?;
    if server.settings.new_owner().is_none() {
        check_owns_nothing(&account, &references)?;
    }
    let mut dependents = dependents(&server, &server.main, &account).await?;
    for database in references.iter().filter_map(|one| one.database.as_deref()) {
        if dependents.is_empty() && database != server.settings.database {
            let connection = enter(&server, &account, database).await?;
            dependents = self::dependents(&server, &connection, &account).await?;
        }
    }
    if !dependents.is_empty() {
        return Err(has_granted(&account, &dependents));
    }
    let members = members(&server, &account).await?;
    server.end_sessions(&account).await?;
    remove(&server, &account).await?;
    let is_gone = async {
        let found = server.account(&request.account_id).await;
        Ok(found.is_err_and(|error| error.class() == Some(ErrorClass::NotFound)))
    };
    server.verify("the account is still there", is_gone).await?;
    let members =
        members.map(|members| format!("The role had members, which no longer have what it had: {members}"));
    Ok(Reply::new(DeletedAccount::deleted()).did(Effect::deleted(), &request, false)?.described(members))
}

/// The names of the members of a role, save the connector's own.
async fn members(server: &Server, account: &Account) -> Result<Option<String>> {
    let sql = format!(
        "SELECT to_json(string_agg(DISTINCT quote_ident(r.rolname), ', ' ORDER BY quote_ident(r.rolname)))
        FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
        WHERE m.roleid = $1 AND r.rolname <> current_user AND {} HAVING count(*) > 0",
        server.usable()
    );
    server.main.row(&sql, &[(&account.oid, Type::OID)]).await
}

/// Refuses a new owner that does not exist, and the account itself: `DROP OWNED` would then drop what it owns.
async fn check_new_owner(server: &Server, account: &Account) -> Result<()> {
    const EXISTS: &str = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname::text = $1)";
    let Some(new_owner) = server.settings.new_owner() else {
        return Ok(());
    };
    if new_owner == account.name {
        return Err(ConnectorError::conflict(format!(
            "\"{new_owner}\" is the role that receives what deleted accounts own"
        ))
        .with_hint("Name another role under 'Reassign owned objects to' first."));
    }
    if !server.main.is_true(EXISTS, &[(&new_owner, Type::TEXT)]).await? {
        return Err(ConnectorError::invalid_configuration(format!(
            "The setting `reassign_owned_to` names \"{new_owner}\", which does not exist"
        )));
    }
    Ok(())
}

/// Drops a role, with its grants, in every database. What it owns goes to the role of the settings; without one it must
/// own nothing.
pub(crate) async fn remove(server: &Server, account: &Account) -> Result<()> {
    const IS_MEMBER: &str = "SELECT pg_has_role(current_user, $1, 'USAGE')";
    let references = references(&server.main, account).await?;
    if references.is_empty() {
        return drop_role(server, account).await;
    }
    // Acting for a role takes being a member of it, which ends with the role.
    let is_member = server.main.is_true(IS_MEMBER, &[(&account.oid, Type::OID)]).await?;
    let needs = format!("ADMIN OPTION on the role \"{}\"", account.name);
    if !is_member {
        server.main.run("GRANT %I TO CURRENT_USER", &[&account.name], &needs).await?;
    }
    let removed = remove_references(server, account, &references).await;
    if removed.is_err() && !is_member {
        // The first error is the one to report.
        let _ = server.main.run("REVOKE %I FROM CURRENT_USER", &[&account.name], &needs).await;
    }
    removed
}

async fn remove_references(server: &Server, account: &Account, references: &[References]) -> Result<()> {
    for database in references.iter().filter_map(|one| one.database.as_deref()) {
        let cleared = server.with_retries(|| async {
            let connection = enter(server, account, database).await?;
            connection.transaction(clear(server, &connection, database, account)).await
        });
        cleared.await?;
    }
    // Databases that it owns, and its privileges on databases, belong to no database: any connection reaches them.
    let main = &server.main;
    server.with_retries(|| main.transaction(clear(server, main, &server.settings.database, account))).await?;
    drop_role(server, account).await
}

/// Hands over what a role owns in a database, then revokes what it was granted there.
async fn clear(server: &Server, connection: &Connection, database: &str, account: &Account) -> Result<()> {
    let name = &account.name;
    if let Some(new_owner) = server.settings.new_owner() {
        let needs = format!("membership in the roles \"{name}\" and \"{new_owner}\"");
        connection.run("REASSIGN OWNED BY %I TO %I", &[name, new_owner], &needs).await?;
    } else {
        // `DROP OWNED` drops objects: it must not find any that came after the first look.
        check_owns_nothing(account, &references(connection, account).await?)?;
    }
    let needs = format!("membership in the role \"{name}\"");
    connection.run("DROP OWNED BY %I", &[name], &needs).await?;
    // Only a superuser revokes what others have granted.
    if references(connection, account).await?.iter().any(|one| one.database.as_deref() == Some(database)) {
        return Err(missing_privilege(
            &format!("Other roles have granted something in the database \"{database}\" to \"{name}\""),
            "SUPERUSER, or those roles revoke it",
        ));
    }
    Ok(())
}

async fn drop_role(server: &Server, account: &Account) -> Result<()> {
    let needs = format!("CREATEROLE, and since version 16 ADMIN OPTION on \"{}\"", account.name);
    server.with_retries(|| async { server.main.run("DROP ROLE %I", &[&account.name], &needs).await }).await
}

async fn references(connection: &Connection, account: &Account) -> Result<Vec<References>> {
    connection.rows(REFERENCES, &[(&account.oid, Type::OID)]).await
}

/// What others would lose with an account that has granted it to them: each a grant in words.
pub(crate) async fn dependents(
    server: &Server,
    connection: &Connection,
    account: &Account,
) -> Result<Vec<String>> {
    let members = if server.has_options { DEPENDENT_MEMBERS } else { "" };
    let sql = format!(
        "SELECT to_json(format('%s on %s to %s', what, place, member))
        FROM (SELECT DISTINCT * FROM ({DEPENDENTS}{members}) a ORDER BY 1, 2, 3 LIMIT 20) a"
    );
    connection.rows(&sql, &[(&account.oid, Type::OID)]).await
}

pub(crate) fn has_granted(account: &Account, dependents: &[String]) -> ConnectorError {
    ConnectorError::conflict(format!(
        "\"{}\" has granted what others would lose: {}",
        account.name,
        dependents.join("; ")
    ))
    .with_hint("Have another role grant the same, or revoke it, first.")
}

/// A connection to a database that holds something of an account.
async fn enter(server: &Server, account: &Account, database: &str) -> Result<Connection> {
    server.database(database).await.map_err(|error| {
        let reason = reason(&error);
        error.with_message(format!(
            "\"{}\" owns or was granted something in the database \"{database}\", which cannot be reached: {reason}",
            account.name
        ))
    })
}

fn check_owns_nothing(account: &Account, references: &[References]) -> Result<()> {
    let place = |one: &References| match &one.database {
        Some(database) => format!("{} in the database \"{database}\"", one.owned),
        None => format!("{} shared by all databases", one.owned),
    };
    let places: Vec<_> = references.iter().filter(|one| one.owned > 0).map(place).collect();
    if places.is_empty() {
        return Ok(());
    }
    Err(ConnectorError::conflict(format!(
        "The role \"{}\" owns objects: {}",
        account.name,
        places.join(", ")
    ))
    .with_hint("Name a role under 'Reassign owned objects to', or hand the objects over first."))
}
