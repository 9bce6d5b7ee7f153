//! What `connector sync` is measured against: a program that reads the same pages from the same server with serde, and
//! inserts them into the same tables of SQLite. It knows no verdict, no resuming, no limits and no errors.
//!
//! ```sh
//! bare http://127.0.0.1:8000 bare.db ACCOUNTS
//! ```
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program that is measured, not used")]

use std::borrow::Cow;

use lumos_sync::row::buffer::digest;
use rusqlite::{Connection, params};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    response: Vec<&'a RawValue>,
    page: Option<Page>,
}

#[derive(Deserialize)]
struct Page {
    token: Option<String>,
}

#[derive(Deserialize)]
struct Account<'a> {
    #[serde(borrow)]
    integration_specific_id: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Association<'a> {
    #[serde(borrow)]
    account_id: Cow<'a, str>,
    #[serde(borrow)]
    integration_specific_entitlement_id: Cow<'a, str>,
    #[serde(borrow)]
    integration_specific_resource_id: Cow<'a, str>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (url, path, accounts) = (&arguments[1], &arguments[2], arguments[3].parse::<u64>().unwrap());
    let database = Connection::open(path).unwrap();
    database.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())).unwrap();
    database.pragma_update(None, "synchronous", "normal").unwrap();
    let client = ureq::Agent::new_with_defaults();
    for (table, capability) in [(1, "list_accounts"), (2, "find_entitlement_associations")] {
        let columns = "key TEXT, digest INTEGER NOT NULL, page INTEGER NOT NULL, data TEXT NOT NULL";
        database.execute_batch(&format!("CREATE TABLE rows_{table} ({columns}) STRICT")).unwrap();
        let insert = format!("INSERT INTO rows_{table} (key, digest, page, data) VALUES (?1, ?2, ?3, ?4)");
        let (mut token, mut page) = (None::<String>, 0);
        loop {
            let request = json!({
                "auth": {"basic": {"username": "bench", "password": "bench"}},
                "settings": {"host": "example.test", "account_count": accounts, "paged": true},
                "request": {}, "page": {"token": token, "size": 1000}
            });
            let call = client.post(format!("{url}/{capability}")).header("content-type", "application/json");
            let mut reply = call.send(request.to_string()).unwrap();
            let body = reply.body_mut().read_to_vec().unwrap();
            let answer: Answer<'_> = serde_json::from_slice(&body).unwrap();
            database.execute_batch("BEGIN").unwrap();
            for row in answer.response {
                let text = row.get();
                let key = if table == 1 {
                    serde_json::from_str::<Account<'_>>(text).unwrap().integration_specific_id
                } else {
                    let row: Association<'_> = serde_json::from_str(text).unwrap();
                    let parts = [
                        row.account_id,
                        row.integration_specific_entitlement_id,
                        row.integration_specific_resource_id,
                    ];
                    serde_json::to_string(&parts).unwrap().into()
                };
                database
                    .prepare_cached(&insert)
                    .unwrap()
                    .execute(params![key, digest(text), page, text])
                    .unwrap();
            }
            database.execute_batch("COMMIT").unwrap();
            page += 1;
            token = answer.page.and_then(|page| page.token);
            if token.is_none() {
                break;
            }
        }
        database
            .execute_batch(&format!("CREATE INDEX rows_{table}_key ON rows_{table} (key, digest)"))
            .unwrap();
        println!("{capability}: {page} pages");
    }
}
