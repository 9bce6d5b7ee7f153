//! What the app has after a change.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::listing::{End, read};
use crate::run::Run;
use crate::subject::{Reply, Request};

/// How long is waited between two looks at a change.
const PAUSE: Duration = Duration::from_millis(500);

/// Looks until something is as it should be, or the time is over; what was seen last.
pub(super) async fn settled<T, F: Future<Output = T>>(
    time: Duration,
    mut look: impl FnMut() -> F,
    good: impl Fn(&T) -> bool,
) -> T {
    let deadline = tokio::time::Instant::now() + time;
    loop {
        let seen = look().await;
        if good(&seen) || tokio::time::Instant::now() >= deadline {
            return seen;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// All accounts by id, when they can be read to their end.
pub(super) async fn accounts(run: &Run<'_>) -> Option<Map<String, Value>> {
    if !run.known.works("list_accounts") {
        return None;
    }
    let listing = read(run, &Request::new("list_accounts", json!({}))).await;
    let complete = listing.end == End::Complete;
    let rows = listing.rows.into_iter();
    complete.then(|| {
        rows.filter_map(|row| Some((row["integration_specific_id"].as_str()?.to_owned(), row))).collect()
    })
}

pub(super) async fn search(run: &Run<'_>, unique: &str) -> Option<String> {
    let listing = read(run, &Request::new("list_accounts", json!({}))).await;
    let row = listing.rows.into_iter().find(|row| row.to_string().contains(unique))?;
    row["integration_specific_id"].as_str().map(str::to_owned)
}

/// The account as the app has it now; null when it has none.
pub(super) async fn look(run: &Run<'_>, id: &str) -> Option<Value> {
    if run.known.works("get_account") || run.known.has("get_account") && !run.known.has("list_accounts") {
        let call = run.call(&Request::new("get_account", json!({"account_id": id}))).await;
        return match call.reply() {
            Reply::Success(answer) => Some(answer["response"].clone()),
            Reply::Error(_) if matches!(call.code(), Some("not_found" | "unknown_value")) => {
                Some(Value::Null)
            }
            _ => None,
        };
    }
    let rows = accounts(run).await?;
    Some(rows.get(id).cloned().unwrap_or_default())
}
