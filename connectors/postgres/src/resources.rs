//! Resources: databases, and the schemas in them.

use lumos_connector::prelude::*;
use tokio_postgres::Row;

use crate::accounts::SIZES;
use crate::connection::{optional_text, text};
use crate::entitlement::{Entitlement, Kind};
use crate::server::Server;
use crate::walk::{IS_GOVERNED, IS_GOVERNED_SCHEMA, Position, Walk};

pub(crate) const DATABASE: &str = "database";
pub(crate) const SCHEMA: &str = "schema";

pub(crate) fn types() -> [ResourceType; 2] {
    [ResourceType::new(DATABASE, "Database"), ResourceType::new(SCHEMA, "Schema")]
}

/// The id of a schema. Schemas of two databases may have the same OID.
pub(crate) fn schema_id(database: u32, schema: u32) -> String {
    format!("{database}/{schema}")
}

pub(crate) async fn list_resources(
    (server, page): (Server, PageRequest),
    _: ListResources,
) -> Result<Reply<Vec<FoundResourceData>>> {
    let listing = page.listing(SIZES)?;
    let shared = format!(
        "SELECT 0::oid AS account, 3::int2 AS kind, d.oid AS object, false AS inherited, '' AS privilege,
            d.datname AS label, shobj_description(d.oid, 'pg_database') AS description,
            pg_get_userbyid(d.datdba) AS owner
        FROM pg_database d WHERE {IS_GOVERNED} AND (3::int2, d.oid, false, '') > ($2, $3, $4, $5)
        ORDER BY d.oid LIMIT $6"
    );
    let in_database = format!(
        "SELECT 0::oid AS account, 4::int2 AS kind, n.oid AS object, false AS inherited, '' AS privilege,
            format('%s.%s', current_database(), n.nspname) AS label,
            obj_description(n.oid, 'pg_namespace') AS description, pg_get_userbyid(n.nspowner) AS owner
        FROM pg_namespace n WHERE {IS_GOVERNED_SCHEMA} AND (4::int2, n.oid, false, '') > ($2, $3, $4, $5)
        ORDER BY n.oid LIMIT $6"
    );
    let walk = Walk::without_accounts(shared, in_database);
    let rows = walk.rows(&server, listing.after(), listing.limit()).await?;
    let found = rows.into_iter().map(|(position, row)| Ok((found(&position.entitlement, &row)?, position)));
    let found: Vec<(FoundResourceData, Position)> = found.collect::<Result<_>>()?;
    Ok(server.listed(listing.reply(found, |(_, position)| position.clone(), |(resource, _)| resource)?))
}

/// A resource: where it stands is what an entitlement on it would be.
fn found(place: &Entitlement, row: &Row) -> Result<FoundResourceData> {
    let resource_type = if place.kind == Kind::Schema { SCHEMA } else { DATABASE };
    let label = text(row, "label")?;
    Ok(FoundResourceData {
        description: optional_text(row, "description")?,
        extra_data: Some([("owner".to_owned(), text(row, "owner")?)].into()),
        ..FoundResourceData::new(resource_type, place.resource_id(), label)
    })
}
