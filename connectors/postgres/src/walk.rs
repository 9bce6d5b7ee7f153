//! Listings over the whole server: first what all databases share, then one database after another.

use std::ops::RangeInclusive;

use lumos_connector::prelude::*;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::connection::{Connection, Parameter, text};
use crate::entitlement::{Entitlement, Kind};
use crate::server::Server;

/// Which databases are governed, given the names of the settings as `$8`: rows of `pg_database`, called `d`. A limit of -2
/// says that dropping one has failed half-way.
pub(crate) const IS_GOVERNED: &str = "(d.datallowconn AND d.datconnlimit <> -2
    AND CASE cardinality($8) WHEN 0 THEN NOT d.datistemplate ELSE d.datname::text = ANY ($8) END)";

/// Which schemas are governed, those of the server itself left out: rows of `pg_namespace`, called `n`.
pub(crate) const IS_GOVERNED_SCHEMA: &str = "(n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')";

/// Where a row stands: rows are ordered by the database, then by the account, then by the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// The OID of the account; 0 in listings without accounts.
    pub(crate) account: u32,
    pub(crate) entitlement: Entitlement,
}

impl Position {
    /// Before all rows of a database; 0 stands for what all databases share.
    fn before(database: u32) -> Self {
        let entitlement = Entitlement {
            database,
            kind: Kind::Attribute,
            object: 0,
            inherited: false,
            privilege: String::new(),
        };
        Self { account: 0, entitlement }
    }
}

/// A listing: two statements that give rows `(account, kind, object, inherited, privilege, …)` in this order.
///
/// They are given the position to start after as `$1` to `$5`, how many rows are wanted as `$6`, the last account as `$7`,
/// and the names of the governed databases as `$8`. No row ever changes its position, so one that is there throughout a
/// listing is found whatever comes and goes around it.
pub(crate) struct Walk {
    /// Of what all databases share.
    pub(crate) shared: String,
    /// Of each database, run in it.
    pub(crate) in_database: String,
    /// The accounts to list.
    pub(crate) accounts: RangeInclusive<u32>,
}

impl Walk {
    /// A walk on which accounts play no role.
    pub(crate) fn without_accounts(shared: String, in_database: String) -> Self {
        Self { shared, in_database, accounts: 0..=0 }
    }

    /// The rows after a position, no more than `limit`.
    pub(crate) async fn rows(
        &self,
        server: &Server,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<(Position, Row)>> {
        check_databases(server).await?;
        let start = after.cloned().unwrap_or_else(|| Position::before(0));
        let mut rows = Vec::new();
        if start.entitlement.database == 0 {
            rows = self.part(server, &server.main, &self.shared, &start, limit).await?;
        }
        if rows.len() >= limit {
            return Ok(rows);
        }
        for (database, name) in governed_databases(server, start.entitlement.database).await? {
            let wanted = limit.saturating_sub(rows.len());
            if wanted == 0 {
                break;
            }
            // A database that the page before had begun goes on; one that came meanwhile starts at its front.
            let start = if database == start.entitlement.database {
                start.clone()
            } else {
                Position::before(database)
            };
            let read = async {
                let connection = server.database(&name).await?;
                self.part(server, &connection, &self.in_database, &start, wanted).await
            };
            rows.extend(server.leave_out(&name, read.await)?.unwrap_or_default());
        }
        Ok(rows)
    }

    async fn part(
        &self,
        server: &Server,
        connection: &Connection,
        statement: &str,
        after: &Position,
        limit: usize,
    ) -> Result<Vec<(Position, Row)>> {
        let Entitlement { database, kind, object, inherited, privilege } = &after.entitlement;
        let (first, last) = (after.account.max(*self.accounts.start()), self.accounts.end());
        let (kind, limit) = (kind.number(), i64::try_from(limit)?);
        let parameters: [Parameter<'_>; 8] = [
            (&first, Type::OID),
            (&kind, Type::INT2),
            (object, Type::OID),
            (inherited, Type::BOOL),
            (privilege, Type::TEXT),
            (&limit, Type::INT8),
            (last, Type::OID),
            (&server.settings.databases, Type::TEXT_ARRAY),
        ];
        let rows = connection.query(statement, &parameters).await?;
        rows.into_iter().map(|row| Ok((position(*database, &row)?, row))).collect()
    }
}

fn position(database: u32, row: &Row) -> Result<Position> {
    let number: i16 = row.try_get("kind")?;
    let kind = Kind::with_number(number)
        .ok_or_else(|| ConnectorError::internal(format!("A statement gave the kind {number}")))?;
    let entitlement = Entitlement {
        database,
        kind,
        object: row.try_get("object")?,
        inherited: row.try_get("inherited")?,
        privilege: row.try_get("privilege")?,
    };
    Ok(Position { account: row.try_get("account")?, entitlement })
}

/// The governed databases from one OID on. Those that the settings mean and that cannot be governed are noted.
async fn governed_databases(server: &Server, first: u32) -> Result<Vec<(u32, String)>> {
    const SQL: &str = "SELECT d.oid, d.datname AS name, CASE
            WHEN d.datconnlimit = -2 THEN 'it is invalid and can only be dropped'
            WHEN NOT d.datallowconn THEN 'it accepts no connections'
            WHEN d.datconnlimit = 0 AND NOT r.rolsuper THEN 'its connection limit is 0' END AS problem
        FROM pg_database d, pg_roles r WHERE r.rolname = current_user AND d.oid >= $1
            AND CASE cardinality($2) WHEN 0 THEN NOT d.datistemplate ELSE d.datname::text = ANY ($2) END
        ORDER BY d.oid";
    let parameters: [Parameter<'_>; 2] =
        [(&first, Type::OID), (&server.settings.databases, Type::TEXT_ARRAY)];
    let mut databases = Vec::new();
    for row in server.main.query(SQL, &parameters).await? {
        let name = text(&row, "name")?;
        match row.try_get("problem")? {
            Some(problem) => server.note_left_out(&name, problem),
            None => databases.push((row.try_get("oid")?, name)),
        }
    }
    Ok(databases)
}

/// Refuses settings with a database that does not exist: without its rows a listing would look complete.
pub(crate) async fn check_databases(server: &Server) -> Result<()> {
    const SQL: &str = "SELECT name FROM unnest($1) name
        WHERE NOT EXISTS (SELECT FROM pg_database d WHERE d.datname::text = name) LIMIT 1";
    let named = &server.settings.databases;
    if named.is_empty() {
        return Ok(());
    }
    match server.main.find(SQL, &[(named, Type::TEXT_ARRAY)]).await? {
        Some(row) => Err(ConnectorError::invalid_configuration(format!(
            "The setting `databases` names \"{}\", which does not exist",
            text(&row, "name")?
        ))),
        None => Ok(()),
    }
}
