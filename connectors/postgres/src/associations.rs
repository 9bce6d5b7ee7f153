//! Who holds what: attributes, memberships and grants, an account's own and those that it inherits.

use std::ops::RangeInclusive;

use lumos_connector::prelude::*;

use crate::accounts::{IS_ACCOUNT, SIZES};
use crate::server::Server;
use crate::walk::{IS_GOVERNED, IS_GOVERNED_SCHEMA, Walk};

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

async fn associations(
    server: &Server,
    page: &PageRequest,
    accounts: RangeInclusive<u32>,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let listing = page.listing(SIZES)?;
    let walk = Walk { shared: shared(server.usable()), in_database: in_database(server.usable()), accounts };
    let rows = walk.rows(server, listing.after(), listing.limit()).await?;
    let reply = listing.reply(
        rows,
        |(position, _)| position.clone(),
        |(position, _)| {
            let entitlement = position.entitlement;
            FoundEntitlementAssociation::new(
                position.account.to_string(),
                entitlement.id(),
                entitlement.resource_id(),
            )
        },
    )?;
    Ok(server.listed(reply))
}

fn shared(usable: &str) -> String {
    let grants = format!(
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
    statement(&grants, held, 3, usable)
}

fn in_database(usable: &str) -> String {
    let grants = format!(
        "SELECT n.oid, a.grantee, a.privilege_type
        FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
        WHERE {IS_GOVERNED_SCHEMA}"
    );
    statement(&grants, "", 4, usable)
}

/// The server walks the accounts by their index and works out what each one holds until the page is full: neither it nor
/// the connector ever has more than a page in hand.
fn statement(grants: &str, held: &str, kind: i16, usable: &str) -> String {
    format!(
        "WITH grants (object, grantee, privilege) AS MATERIALIZED (
            SELECT DISTINCT * FROM ({grants}) g (object, grantee, privilege) WHERE grantee <> 0
        )
        SELECT r.oid AS account, h.kind, h.object, h.inherited, h.privilege COLLATE \"C\" AS privilege
        FROM pg_roles r CROSS JOIN LATERAL (
            WITH RECURSIVE reach (role, inherited) AS (
                SELECT m.roleid, false FROM pg_auth_members m WHERE m.member = r.oid AND {usable}
                UNION
                SELECT m.roleid, true FROM reach JOIN pg_auth_members m ON m.member = reach.role WHERE {usable}
            )
            {held}
            SELECT DISTINCT {kind}::int2 AS kind, object, grantee <> r.oid AS inherited, privilege FROM grants
            WHERE grantee = r.oid OR grantee IN (SELECT role FROM reach)
        ) h
        WHERE {IS_ACCOUNT} AND r.oid BETWEEN $1 AND $7
            AND (r.oid, h.kind, h.object, h.inherited, h.privilege COLLATE \"C\") > ($1, $2, $3, $4, $5)
        ORDER BY r.oid, h.kind, h.object, h.inherited, h.privilege COLLATE \"C\" LIMIT $6"
    )
}
