//! Listings over the whole server: resources, entitlements, and who holds which. First comes what all databases share, then
//! one database after another.

use std::iter;
use std::ops::RangeInclusive;

use lumos_connector::listing::PartKey;
use lumos_connector::prelude::*;
use serde::de::DeserializeOwned;
use tokio_postgres::types::Type;

use crate::accounts::{IS_ACCOUNT, SIZES};
use crate::connection::Parameter;
use crate::entitlement::{ATTRIBUTES, DATABASE, DATABASE_OWNER, Entitlement, Kind, SCHEMA};
use crate::failures;
use crate::server::Server;

/// Which databases are governed, given the names of the settings as `$8`: rows of `pg_database`, called `d`. A limit of -2
/// says that dropping one has failed half-way.
const IS_GOVERNED: &str = "(d.datallowconn AND d.datconnlimit <> -2
    AND CASE cardinality($8) WHEN 0 THEN NOT d.datistemplate ELSE d.datname::text = ANY ($8) END)";

/// Which schemas are governed, those of the server itself left out: rows of `pg_namespace`, called `n`.
const IS_GOVERNED_SCHEMA: &str = "(n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')";

/// Where a row stands among those of its database: rows are ordered by the account, then by the rest.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Position {
    /// The OID of the account; 0 in listings without accounts.
    account: u32,
    entitlement: Entitlement,
}

/// The statement for a page of rows that have the columns of a position, except for its database: each an array of the
/// position and `shown`, which is what else is read of the row `e`.
///
/// It is given the position to start after as `$1` to `$5`, how many rows are wanted as `$6`, the last account as `$7`, the
/// names of the governed databases as `$8`, and the OID of the database as `$9`.
fn page_of(rows: &str, shown: &str) -> String {
    const KEY: &str = "e.account, e.kind, e.object, e.inherited, e.privilege COLLATE \"C\"";
    format!(
        "SELECT json_build_array(json_build_array(e.account::int8,
            json_build_array($9, e.kind, e.object::int8, e.inherited, e.privilege)), {shown})
        FROM ({rows}) e WHERE ({KEY}) > ($1, $2, $3, $4, $5) ORDER BY {KEY} LIMIT $6"
    )
}

/// A page of a listing by two statements made by [`page_of`]: for what all databases share, and for each database, run in
/// it. No row ever changes its position, so one that is there throughout a listing is found whatever comes and goes around
/// it. Of databases that the server refuses the rows are missing, which is told.
async fn walk<R: DeserializeOwned, T>(
    server: &Server,
    [shared, in_database]: [String; 2],
    accounts: RangeInclusive<u32>,
    show: impl Fn(Position, R) -> T,
) -> Result<Reply<Vec<T>>> {
    let listing = server.call.page().listing::<PartKey<u32, Position>>(SIZES)?;
    let databases = &server.databases().await?;
    let fetch = async |database: u32, after: Option<Position>, limit: usize| {
        let name = databases.get(&database);
        let read = async {
            let other;
            let (connection, statement) = if let Some(name) = name {
                other = server.database(name).await?;
                (&other, &in_database)
            } else {
                (&server.main, &shared)
            };
            let Position { account, entitlement } = after.unwrap_or_default();
            let (kind, limit) = (entitlement.kind.as_str(), i64::try_from(limit)?);
            let parameters: [Parameter<'_>; 9] = [
                (&account.max(*accounts.start()), Type::OID),
                (&kind, Type::TEXT),
                (&entitlement.object, Type::OID),
                (&entitlement.inherited, Type::BOOL),
                (&entitlement.privilege, Type::TEXT),
                (&limit, Type::INT8),
                (accounts.end(), Type::OID),
                (&server.settings.databases, Type::TEXT_ARRAY),
                (&i64::from(database), Type::INT8),
            ];
            connection.rows(statement, &parameters).await
        };
        match (read.await, name) {
            (Err(error), Some(name)) if failures::is_about_one_database(&error) => {
                server.leave_out(name, &failures::reason(&error));
                Ok(Vec::new())
            }
            (read, _) => read,
        }
    };
    // 0 stands for what all databases share.
    let parts = iter::once(0).chain(databases.keys().copied());
    let key = |(position, _): &(Position, R)| position.clone();
    let reply = listing.reply_parts(parts, fetch, key, |(position, row)| show(position, row)).await?;
    Ok(server.left_out.add_to(&server.call, reply))
}

/// Where a resource stands is what an entitlement on it would be.
pub(crate) async fn list_resources(
    server: Server,
    _: ListResources,
) -> Result<Reply<Vec<FoundResourceData>>> {
    #[derive(Deserialize)]
    struct Resource {
        label: String,
        description: Option<String>,
        owner: String,
    }
    let shared = format!(
        "SELECT 0::oid AS account, 'database_privilege' AS kind, d.oid AS object, false AS inherited, '' AS privilege,
            d.datname AS label, shobj_description(d.oid, 'pg_database') AS description,
            pg_get_userbyid(d.datdba) AS owner
        FROM pg_database d WHERE {IS_GOVERNED}"
    );
    let in_database = format!(
        "SELECT 0::oid AS account, 'schema_privilege' AS kind, n.oid AS object, false AS inherited, '' AS privilege,
            format('%s.%s', current_database(), n.nspname) AS label,
            obj_description(n.oid, 'pg_namespace') AS description, pg_get_userbyid(n.nspowner) AS owner
        FROM pg_namespace n WHERE {IS_GOVERNED_SCHEMA}"
    );
    let show = |Position { entitlement: place, .. }, row: Resource| FoundResourceData {
        description: row.description,
        extra_data: Some([("owner".to_owned(), row.owner)].into()),
        ..FoundResourceData::new(
            if place.kind == Kind::Schema { SCHEMA } else { DATABASE },
            place.resource_id(),
            row.label,
        )
    };
    walk(&server, [shared, in_database].map(|rows| page_of(&rows, "to_json(e)")), 0..=0, show).await
}

/// Attributes, memberships of every role that is no account or has members, and privileges: everything once for those who
/// hold it themselves and once for those who inherit it.
pub(crate) async fn list_entitlements(
    server: Server,
    _: ListEntitlements,
) -> Result<Reply<Vec<FoundEntitlementData>>> {
    const BOTH: &str = "(VALUES (false), (true)) both_ways (inherited)";
    #[derive(Deserialize)]
    struct Listed {
        label: String,
        description: Option<String>,
        /// Of privileges alone. What everybody has is said here once, and not of each account.
        granted_to_public: Option<bool>,
    }
    let attributes = ATTRIBUTES.map(|attribute| format!("('{attribute}')")).join(", ");
    let usable = server.usable();
    let shared = format!(
        "SELECT 0::oid AS account, 'attribute' AS kind, 0::oid AS object, false AS inherited, attribute AS privilege,
            attribute AS label, NULL::text AS description, NULL::bool AS granted_to_public
        FROM (VALUES {attributes}) a (attribute)
        UNION ALL
        SELECT 0, 'membership', r.oid, inherited, '', r.rolname, shobj_description(r.oid, 'pg_authid'), NULL
        FROM pg_roles r, {BOTH}
        WHERE NOT {IS_ACCOUNT} OR EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = r.oid AND {usable})
        UNION ALL
        SELECT 0, 'database_privilege', d.oid, inherited, privilege, privilege, NULL, EXISTS (
            SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
            WHERE a.grantee = 0 AND a.privilege_type = privilege)
        FROM pg_database d, (VALUES ('CONNECT'), ('CREATE'), ('TEMPORARY')) p (privilege), {BOTH}
        WHERE {IS_GOVERNED}"
    );
    let in_database = format!(
        "SELECT 0::oid AS account, 'schema_privilege' AS kind, n.oid AS object, inherited, privilege, privilege AS label,
            NULL AS description, EXISTS (
                SELECT FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
                WHERE a.grantee = 0 AND a.privilege_type = privilege) AS granted_to_public
        FROM pg_namespace n, (VALUES ('CREATE'), ('USAGE')) p (privilege), {BOTH}
        WHERE {IS_GOVERNED_SCHEMA}"
    );
    let show = |Position { entitlement, .. }, row: Listed| FoundEntitlementData {
        is_assignable: Some(!entitlement.inherited && row.label != DATABASE_OWNER),
        description: row.description,
        extra_data: row
            .granted_to_public
            .map(|is_public| [("granted_to_public", is_public)].into_iter().collect()),
        ..FoundEntitlementData::new(
            entitlement.type_id(),
            entitlement.id(),
            entitlement.resource_id(),
            if entitlement.inherited { format!("{} (inherited)", row.label) } else { row.label },
        )
    };
    walk(&server, [shared, in_database].map(|rows| page_of(&rows, "to_json(e)")), 0..=0, show).await
}

pub(crate) async fn find_entitlement_associations(
    server: Server,
    _: FindEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    associations(&server, 0..=u32::MAX).await
}

pub(crate) async fn get_account_entitlement_associations(
    server: Server,
    request: GetAccountEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let account = server.account(&request.account_id).await?;
    associations(&server, account.oid..=account.oid).await
}

/// Attributes, memberships and grants, an account's own and those that it inherits.
async fn associations(
    server: &Server,
    accounts: RangeInclusive<u32>,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let shared_grants = format!(
        "SELECT d.oid, a.grantee, a.privilege_type
        FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a WHERE {IS_GOVERNED}"
    );
    let held = "SELECT 'attribute' AS kind, 0::oid AS object, false AS inherited, attribute AS privilege
        FROM (VALUES ('BYPASSRLS', r.rolbypassrls), ('CREATEDB', r.rolcreatedb), ('CREATEROLE', r.rolcreaterole),
            ('REPLICATION', r.rolreplication), ('SUPERUSER', r.rolsuper)) a (attribute, is_set)
        WHERE is_set
        UNION ALL
        SELECT 'membership', role, inherited, '' FROM reach
        UNION ALL";
    let grants = format!(
        "SELECT n.oid, a.grantee, a.privilege_type
        FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
        WHERE {IS_GOVERNED_SCHEMA}"
    );
    let usable = server.usable();
    let statements =
        [holdings(&shared_grants, held, Kind::Database, usable), holdings(&grants, "", Kind::Schema, usable)];
    let show = |Position { account, entitlement }, (): ()| {
        FoundEntitlementAssociation::new(account.to_string(), entitlement.id(), entitlement.resource_id())
    };
    walk(server, statements, accounts, show).await
}

/// The server walks the accounts by their index and works out what each one holds until the page is full: neither it nor
/// the connector ever has more than a page in hand.
fn holdings(grants: &str, held: &str, kind: Kind, usable: &str) -> String {
    let rows = format!(
        "SELECT r.oid AS account, h.* FROM pg_roles r CROSS JOIN LATERAL (
            WITH RECURSIVE reach (role, inherited) AS (
                SELECT m.roleid, false FROM pg_auth_members m WHERE m.member = r.oid AND {usable}
                UNION
                SELECT m.roleid, true FROM reach JOIN pg_auth_members m ON m.member = reach.role WHERE {usable}
            )
            {held}
            SELECT DISTINCT '{kind}' AS kind, object, grantee <> r.oid AS inherited, privilege FROM grants
            WHERE grantee = r.oid OR grantee IN (SELECT role FROM reach)
        ) h
        WHERE {IS_ACCOUNT} AND r.oid BETWEEN $1 AND $7"
    );
    let page = page_of(&rows, "NULL");
    format!(
        "WITH grants (object, grantee, privilege) AS MATERIALIZED (
            SELECT DISTINCT * FROM ({grants}) g (object, grantee, privilege) WHERE grantee <> 0
        )
        {page}"
    )
}
