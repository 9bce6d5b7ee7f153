//! A sync as `connector sync` runs it, without the command around it: to be measured beside `bare`.
//!
//! ```sh
//! whole connection.toml whole.db
//! ```
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program that is measured, not used")]

use std::path::Path;
use std::sync::Arc;

use lumos_connection::{Connection, ConnectionFile, OpenOptions};
use lumos_sync::execute::{SyncOptions, run};
use lumos_sync::store::Store;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let file = ConnectionFile::read(Path::new(&arguments[1])).unwrap();
        let options = OpenOptions::default().allow_literal_secrets(true);
        let connection = Connection::open(file, options).await.unwrap();
        let store = Arc::new(Store::open(Path::new(&arguments[2])).unwrap());
        let mut options = SyncOptions::new("bench");
        options.page_size = Some(1000);
        let end = Box::pin(run(&connection, &store, &options, &())).await.unwrap();
        println!("{}", end.outcome);
    });
}
