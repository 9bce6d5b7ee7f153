//! Listings over the whole server: resources, entitlements, and who holds which. First comes what all databases share, then
//! one database after another.

use std::iter;
use std::ops::RangeInclusive;

use lumos_connector::listing::PartKey;
use lumos_connector::prelude::*;
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio_postgres::types::Type;

use crate::accounts::{IS_ACCOUNT, SIZES};
use crate::connection::{Connection, Parameter};
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
    #[serde(flatten)]
    entitlement: Entitlement,
}

/// A row of a listing: where it stands, and what else is shown of it.
#[derive(Deserialize)]
struct Found<R> {
    #[serde(flatten)]
    position: Position,
    #[serde(flatten)]
    row: R,
}

/// A listing: two statements made by [`page_of`]. No row ever changes its position, so one that is there throughout a
/// listing is found whatever comes and goes around it.
struct Walk {
    /// Of what all databases share.
    shared: String,
    /// Of each database, run in it.
    in_database: String,
    /// The accounts to list.
    accounts: RangeInclusive<u32>,
}

/// The statement for a page of rows that have the columns of a position, except for its database, and others.
///
/// It is given the position to start after as `$1` to `$5`, how many rows are wanted as `$6`, the last account as `$7`, the
/// names of the governed databases as `$8`, and the OID of the database as `$9`.
fn page_of(rows: &str) -> String {
    const KEY: &str = "e.account, e.kind, e.object, e.inherited, e.privilege COLLATE \"C\"";
    format!(
        "SELECT (to_jsonb(e) || jsonb_build_object(
            'account', e.account::int8, 'object', e.object::int8, 'database', $9))::json
        FROM ({rows}) e WHERE ({KEY}) > ($1, $2, $3, $4, $5) ORDER BY {KEY} LIMIT $6"
    )
}

impl Walk {
    /// A walk on which accounts play no role.
    fn without_accounts(shared: &str, in_database: &str) -> Self {
        Self { shared: page_of(shared), in_database: page_of(in_database), accounts: 0..=0 }
    }

    /// A page of the rows. Of databases that the server refuses the rows are missing, which is told.
    async fn page<R: DeserializeOwned, T>(
        &self,
        server: &Server,
        page: &PageRequest,
        show: impl Fn(Position, R) -> T,
    ) -> Result<Reply<Vec<T>>> {
        let listing = page.listing::<PartKey<u32, Position>>(SIZES)?;
        let databases = &server.databases().await?;
        let fetch = async |database: u32, after: Option<Position>, limit: usize| {
            let Some(name) = databases.get(&database) else {
                return self.rows(server, &server.main, &self.shared, database, after, limit).await;
            };
            let read = async {
                let connection = server.database(name).await?;
                self.rows(server, &connection, &self.in_database, database, after, limit).await
            };
            match read.await {
                Err(error) if failures::is_about_one_database(&error) => {
                    server.leave_out(name, &failures::reason(&error));
                    Ok(Vec::new())
                }
                read => read,
            }
        };
        // 0 stands for what all databases share.
        let parts = iter::once(0).chain(databases.keys().copied());
        let key = |found: &Found<R>| found.position.clone();
        let reply = listing.reply_parts(parts, fetch, key, |found| show(found.position, found.row)).await?;
        Ok(server.left_out.add_to(&server.call, reply))
    }

    async fn rows<R: DeserializeOwned>(
        &self,
        server: &Server,
        connection: &Connection,
        statement: &str,
        database: u32,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Found<R>>> {
        let Position { account, entitlement } = after.unwrap_or_default();
        let (first, last) = (account.max(*self.accounts.start()), self.accounts.end());
        let (kind, limit) = (i16::from(entitlement.kind), i64::try_from(limit)?);
        let parameters: [Parameter<'_>; 9] = [
            (&first, Type::OID),
            (&kind, Type::INT2),
            (&entitlement.object, Type::OID),
            (&entitlement.inherited, Type::BOOL),
            (&entitlement.privilege, Type::TEXT),
            (&limit, Type::INT8),
            (last, Type::OID),
            (&server.settings.databases, Type::TEXT_ARRAY),
            (&i64::from(database), Type::INT8),
        ];
        connection.rows(statement, &parameters).await
    }
}

/// Where a resource stands is what an entitlement on it would be.
pub(crate) async fn list_resources(
    (server, page): (Server, PageRequest),
    _: ListResources,
) -> Result<Reply<Vec<FoundResourceData>>> {
    #[derive(Deserialize)]
    struct Resource {
        label: String,
        description: Option<String>,
        owner: String,
    }
    let shared = format!(
        "SELECT 0::oid AS account, 3::int2 AS kind, d.oid AS object, false AS inherited, '' AS privilege,
            d.datname AS label, shobj_description(d.oid, 'pg_database') AS description,
            pg_get_userbyid(d.datdba) AS owner
        FROM pg_database d WHERE {IS_GOVERNED}"
    );
    let in_database = format!(
        "SELECT 0::oid AS account, 4::int2 AS kind, n.oid AS object, false AS inherited, '' AS privilege,
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
    Walk::without_accounts(&shared, &in_database).page(&server, &page, show).await
}

/// Attributes, memberships of every role that is no account or has members, and privileges: everything once for those who
/// hold it themselves and once for those who inherit it.
pub(crate) async fn list_entitlements(
    (server, page): (Server, PageRequest),
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
        "SELECT 0::oid AS account, 1::int2 AS kind, 0::oid AS object, false AS inherited, attribute AS privilege,
            attribute AS label, NULL::text AS description, NULL::bool AS granted_to_public
        FROM (VALUES {attributes}) a (attribute)
        UNION ALL
        SELECT 0, 2::int2, r.oid, inherited, '', r.rolname, shobj_description(r.oid, 'pg_authid'), NULL
        FROM pg_roles r, {BOTH}
        WHERE NOT {IS_ACCOUNT} OR EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = r.oid AND {usable})
        UNION ALL
        SELECT 0, 3::int2, d.oid, inherited, privilege, privilege, NULL, EXISTS (
            SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
            WHERE a.grantee = 0 AND a.privilege_type = privilege)
        FROM pg_database d, (VALUES ('CONNECT'), ('CREATE'), ('TEMPORARY')) p (privilege), {BOTH}
        WHERE {IS_GOVERNED}"
    );
    let in_database = format!(
        "SELECT 0::oid AS account, 4::int2 AS kind, n.oid AS object, inherited, privilege, privilege AS label,
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
    Walk::without_accounts(&shared, &in_database).page(&server, &page, show).await
}

pub(crate) async fn find_entitlement_associations(
    (server, page): (Server, PageRequest),
    _: FindEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    associations(&server, &page, 0..=u32::MAX).await
}

pub(crate) async fn get_account_entitlement_associations(
    (server, page): (Server, PageRequest),
    request: GetAccountEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let account = server.account(&request.account_id).await?;
    associations(&server, &page, account.oid..=account.oid).await
}

/// Attributes, memberships and grants, an account's own and those that it inherits.
async fn associations(
    server: &Server,
    page: &PageRequest,
    accounts: RangeInclusive<u32>,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let shared_grants = format!(
        "SELECT d.oid, a.grantee, a.privilege_type
        FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a WHERE {IS_GOVERNED}"
    );
    let held = "SELECT 1::int2 AS kind, 0::oid AS object, false AS inherited, attribute AS privilege
        FROM (VALUES ('BYPASSRLS', r.rolbypassrls), ('CREATEDB', r.rolcreatedb), ('CREATEROLE', r.rolcreaterole),
            ('REPLICATION', r.rolreplication), ('SUPERUSER', r.rolsuper)) a (attribute, is_set)
        WHERE is_set
        UNION ALL
        SELECT 2::int2, role, inherited, '' FROM reach
        UNION ALL";
    let grants = format!(
        "SELECT n.oid, a.grantee, a.privilege_type
        FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
        WHERE {IS_GOVERNED_SCHEMA}"
    );
    let usable = server.usable();
    let walk = Walk {
        shared: holdings(&shared_grants, held, Kind::Database, usable),
        in_database: holdings(&grants, "", Kind::Schema, usable),
        accounts,
    };
    let show = |Position { account, entitlement }, IgnoredAny| {
        FoundEntitlementAssociation::new(account.to_string(), entitlement.id(), entitlement.resource_id())
    };
    walk.page(server, page, show).await
}

/// The server walks the accounts by their index and works out what each one holds until the page is full: neither it nor
/// the connector ever has more than a page in hand.
fn holdings(grants: &str, held: &str, kind: Kind, usable: &str) -> String {
    let kind = i16::from(kind);
    let rows = page_of(&format!(
        "SELECT r.oid AS account, h.* FROM pg_roles r CROSS JOIN LATERAL (
            WITH RECURSIVE reach (role, inherited) AS (
                SELECT m.roleid, false FROM pg_auth_members m WHERE m.member = r.oid AND {usable}
                UNION
                SELECT m.roleid, true FROM reach JOIN pg_auth_members m ON m.member = reach.role WHERE {usable}
            )
            {held}
            SELECT DISTINCT {kind}::int2 AS kind, object, grantee <> r.oid AS inherited, privilege FROM grants
            WHERE grantee = r.oid OR grantee IN (SELECT role FROM reach)
        ) h
        WHERE {IS_ACCOUNT} AND r.oid BETWEEN $1 AND $7"
    ));
    format!(
        "WITH grants (object, grantee, privilege) AS MATERIALIZED (
            SELECT DISTINCT * FROM ({grants}) g (object, grantee, privilege) WHERE grantee <> 0
        )
        {rows}"
    )
}
