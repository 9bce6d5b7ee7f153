//! What came of a sync.

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use serde_json::{Value, json};

use super::numbers::{grouped, short};
use crate::execute::SyncEnd;
use crate::store::ListingRecord;
use crate::verdict::Verdict;

/// Page sizes for which the calls of a tenant are forecast.
const SIZES: [u64; 3] = [100, 500, 1000];

/// The table of verdicts, where time was spent, and how many calls the tenant takes.
#[must_use]
pub fn table(end: &SyncEnd, width: Option<u16>) -> String {
    let mut table = Table::new();
    let style = TableStyle::new().header_separator(LineStyle::none().fill('═').junction('═'));
    table.load_style(style).set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(width) = width {
        table.set_width(width);
    }
    table.set_header(["listing", "verdict", "rows", "pages", "calls", "connector", "waited", "store"]);
    for (listing, _) in &end.listings {
        let number = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
        table.add_row([
            Cell::new(&listing.label),
            Cell::new(listing.verdict.map_or("-", Verdict::as_str)),
            number(grouped(listing.rows)),
            number(grouped(listing.pages)),
            number(grouped(listing.calls)),
            number(short(listing.connector_time)),
            number(short(listing.waiting_time)),
            number(short(listing.store_time)),
        ]);
    }
    // A terminal of 80 columns has room for it.
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    let mut text = format!("{table}\n");
    for (listing, _) in &end.listings {
        if listing.verdict != Some(Verdict::Complete)
            && let Some(reason) = &listing.reason
        {
            text.push_str(&format!("{}: {reason}\n", listing.label));
        }
    }
    text.push_str(&forecast(end));
    text.push_str(&format!("sync {}: {}", end.sync, end.outcome));
    text
}

/// How many calls the whole tenant takes, as it was read and with other page sizes.
fn forecast(end: &SyncEnd) -> String {
    let calls: u64 = end.listings.iter().map(|(listing, _)| listing.pages).sum();
    let with = |size: u64| -> u64 {
        end.listings.iter().map(|(listing, _)| listing.rows.div_ceil(size).max(1)).sum()
    };
    let others: Vec<String> = SIZES
        .iter()
        .map(|&size| format!("{} with pages of {}", grouped(with(size)), grouped(size)))
        .collect();
    format!("calls: {} as read, {}\n", grouped(calls), others.join(", "))
}

/// The same as JSON.
#[must_use]
pub fn as_json(end: &SyncEnd) -> Value {
    let listings: Vec<Value> = end
        .listings
        .iter()
        .map(|(listing, findings)| {
            let mut value = listing_json(listing);
            value["findings"] = findings
                .iter()
                .map(|it| json!({"kind": it.kind.as_str(), "count": it.count, "example": it.example}))
                .collect();
            value
        })
        .collect();
    json!({
        "event": "ended", "sync": end.sync, "outcome": end.outcome.as_str(), "resumed": end.is_resumed,
        "listings": listings
    })
}

fn listing_json(listing: &ListingRecord) -> Value {
    json!({
        "listing": listing.label,
        "capability": listing.capability,
        "verdict": listing.verdict.map(Verdict::as_str),
        "reason": listing.reason,
        "rows": listing.rows,
        "pages": listing.pages,
        "calls": listing.calls,
        "bytes": listing.bytes,
        "connector_seconds": listing.connector_time.as_secs_f64(),
        "waiting_seconds": listing.waiting_time.as_secs_f64(),
        "store_seconds": listing.store_time.as_secs_f64(),
    })
}
