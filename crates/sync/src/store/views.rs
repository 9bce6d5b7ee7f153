//! Views of the latest sync: a listing's fields as columns, for people who query the store.

use super::error::StoreError;
use super::open::Store;
use super::value::values;
use crate::plan::fields;

impl Store {
    /// Makes the views named after the listings show this sync. On a server, where syncs of many connections are, their
    /// names begin with that of the connection and a point.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn show(&self, sync: i64) -> Result<(), StoreError> {
        let listings = self.listings(sync)?;
        let record = self.sync(sync)?;
        self.transaction(|session| {
            let prefix =
                if session.is_postgres() { format!("{}.", record.connection) } else { String::new() };
            let query = if session.is_postgres() {
                "SELECT CAST(viewname AS TEXT) FROM pg_views WHERE schemaname = current_schema()
                 AND starts_with(viewname, ?1)"
            } else {
                "SELECT name FROM sqlite_schema WHERE type = 'view' AND ?1 = ''"
            };
            for mut row in session.query(query, values![&prefix])? {
                session.batch(&format!("DROP VIEW {}", quoted(&row.take::<String>(0)?)))?;
            }
            for listing in listings.iter().filter(|listing| listing.reading == 1) {
                let name = format!("{prefix}{}", listing.label);
                if session.is_postgres() && name.len() > LONGEST_NAME {
                    continue;
                }
                let data = if session.is_postgres() { "CAST(data AS JSON)" } else { "data" };
                let path = if session.is_postgres() { "" } else { "$." };
                let columns: String = listing
                    .kind()
                    .map(fields)
                    .unwrap_or_default()
                    .iter()
                    .map(|field| format!(", {data} ->> '{path}{0}' AS {1}", field.name, quoted(&field.name)))
                    .collect();
                session.batch(&format!(
                    "CREATE VIEW {} AS SELECT key, page, data{columns} FROM rows_{}",
                    quoted(&name),
                    listing.id
                ))?;
            }
            Ok(())
        })
    }
}

/// PostgreSQL cuts longer names.
const LONGEST_NAME: usize = 63;

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
