//! Entitlements: what accounts can hold.

use lumos_connector::prelude::*;
use tokio_postgres::Row;

use crate::accounts::{IS_ACCOUNT, SIZES};
use crate::connection::{optional_text, text};
use crate::entitlement::{ATTRIBUTES, DATABASE_OWNER, Entitlement, Kind};
use crate::server::Server;
use crate::walk::{IS_GOVERNED, IS_GOVERNED_SCHEMA, Position, Walk};

/// Everything once for those who hold it themselves and once for those who inherit it.
const BOTH: &str = "(VALUES (false), (true)) both_ways (inherited)";

pub(crate) async fn list_entitlements(
    (server, page): (Server, PageRequest),
    _: ListEntitlements,
) -> Result<Reply<Vec<FoundEntitlementData>>> {
    let listing = page.listing(SIZES)?;
    let walk = Walk::without_accounts(shared(server.usable()), in_database());
    let rows = walk.rows(&server, listing.after(), listing.limit()).await?;
    let found = rows.into_iter().map(|(position, row)| Ok((found(&position.entitlement, &row)?, position)));
    let found: Vec<(FoundEntitlementData, Position)> = found.collect::<Result<_>>()?;
    Ok(server.listed(listing.reply(
        found,
        |(_, position)| position.clone(),
        |(entitlement, _)| entitlement,
    )?))
}

/// Attributes, memberships of every role that is no account or has members, and privileges on databases.
fn shared(usable: &str) -> String {
    let attributes = ATTRIBUTES.map(|attribute| format!("('{attribute}')")).join(", ");
    format!(
        "SELECT 0::oid AS account, e.* FROM (
            SELECT 1::int2 AS kind, 0::oid AS object, false AS inherited, attribute COLLATE \"C\" AS privilege,
                attribute AS label, NULL::text AS description, false AS is_public
            FROM (VALUES {attributes}) a (attribute)
            UNION ALL
            SELECT 2::int2, r.oid, inherited, '', r.rolname, shobj_description(r.oid, 'pg_authid'), false
            FROM pg_roles r, {BOTH}
            WHERE NOT {IS_ACCOUNT} OR EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = r.oid AND {usable})
            UNION ALL
            SELECT 3::int2, d.oid, inherited, privilege, privilege, NULL, EXISTS (
                SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
                WHERE a.grantee = 0 AND a.privilege_type = privilege)
            FROM pg_database d, (VALUES ('CONNECT'), ('CREATE'), ('TEMPORARY')) p (privilege), {BOTH}
            WHERE {IS_GOVERNED}
        ) e WHERE (kind, object, inherited, privilege) > ($2, $3, $4, $5)
        ORDER BY kind, object, inherited, privilege LIMIT $6"
    )
}

fn in_database() -> String {
    format!(
        "SELECT 0::oid AS account, e.* FROM (
            SELECT 4::int2 AS kind, n.oid AS object, inherited, privilege COLLATE \"C\" AS privilege,
                privilege AS label, NULL::text AS description, EXISTS (
                    SELECT FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
                    WHERE a.grantee = 0 AND a.privilege_type = privilege) AS is_public
            FROM pg_namespace n, (VALUES ('CREATE'), ('USAGE')) p (privilege), {BOTH}
            WHERE {IS_GOVERNED_SCHEMA}
        ) e WHERE (kind, object, inherited, privilege) > ($2, $3, $4, $5)
        ORDER BY kind, object, inherited, privilege LIMIT $6"
    )
}

fn found(entitlement: &Entitlement, row: &Row) -> Result<FoundEntitlementData> {
    let mut label = text(row, "label")?;
    let is_assignable = !entitlement.inherited && label != DATABASE_OWNER;
    if entitlement.inherited {
        label.push_str(" (inherited)");
    }
    let is_public: bool = row.try_get("is_public")?;
    let is_privilege = matches!(entitlement.kind, Kind::Database | Kind::Schema);
    Ok(FoundEntitlementData {
        is_assignable: Some(is_assignable),
        description: optional_text(row, "description")?,
        // What everybody has is said here once, and not of each account.
        extra_data: is_privilege.then(|| [("granted_to_public", is_public)].into_iter().collect()),
        ..FoundEntitlementData::new(entitlement.type_id(), entitlement.id(), entitlement.resource_id(), label)
    })
}
