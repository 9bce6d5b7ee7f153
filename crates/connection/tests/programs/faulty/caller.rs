//! A caller with a server, to be killed.

use std::path::Path;

use lumos_connection::{CallRequest, Connection, ConnectionFile, OpenOptions};

use crate::{forever, print};

/// Calls the server of this same program, says so, and waits.
pub(crate) fn run(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let file = ConnectionFile::read(&folder.join("connection.toml")).unwrap();
        let connection = Connection::open(file, OpenOptions::default()).await.unwrap();
        connection.call("list_accounts", CallRequest::empty()).await.unwrap();
        print("ready\n");
        forever();
    });
}
