//! Views of the latest sync: a listing's fields as columns, for people who query the store.

use super::error::StoreError;
use super::file::Store;
use crate::plan::fields;

impl Store {
    /// Makes the views named after the listings show this sync.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn show(&self, sync: i64) -> Result<(), StoreError> {
        let listings = self.listings(sync)?;
        self.with(|connection| {
            let transaction = connection.transaction()?;
            let views: Vec<String> = transaction
                .prepare("SELECT name FROM sqlite_schema WHERE type = 'view'")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for view in views {
                transaction.execute_batch(&format!("DROP VIEW \"{}\"", view.replace('"', "\"\"")))?;
            }
            for listing in listings.iter().filter(|listing| listing.reading == 1) {
                let columns: String = listing
                    .kind()
                    .map(fields)
                    .unwrap_or_default()
                    .iter()
                    .map(|field| format!(", data ->> '$.{0}' AS \"{0}\"", field.name))
                    .collect();
                transaction.execute_batch(&format!(
                    "CREATE VIEW \"{}\" AS SELECT key, page, data{columns} FROM rows_{}",
                    listing.label, listing.id
                ))?;
            }
            transaction.commit()?;
            Ok(())
        })
    }
}
