//! What a comparison found.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::numbers::grouped;
use crate::diff::{Change, ChangedRow, ListingDiff, NOT_SEEN, UpdatedSince};
use crate::export::write_field;

/// How changes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangesForm {
    /// Lines for people.
    Text,
    /// One JSON object a line: a row that differs, or a listing at its end.
    Json,
    /// One row a line, and one for each field that differs (RFC 4180).
    Csv,
}

/// Writes what comes before the first row.
///
/// # Errors
/// When it cannot be written.
pub fn write_head(form: ChangesForm, output: &mut impl Write) -> io::Result<()> {
    if form == ChangesForm::Csv {
        output.write_all(b"listing,change,key,name,field,old,new\r\n")
    } else {
        Ok(())
    }
}

/// Writes a row that differs.
///
/// # Errors
/// When it cannot be written.
pub fn write_row(form: ChangesForm, row: &ChangedRow<'_>, output: &mut impl Write) -> io::Result<()> {
    match form {
        ChangesForm::Text => write_text(row, output),
        ChangesForm::Json => {
            let mut value = json!({"listing": row.label, "change": row.change.as_str(), "key": row.key, "name": row.name});
            if let Change::Changed(fields) = row.change {
                value["fields"] = fields
                    .iter()
                    .map(|it| json!({"field": it.field, "old": it.old, "new": it.new}))
                    .collect();
            }
            writeln!(output, "{value}")
        }
        ChangesForm::Csv => match row.change {
            Change::Changed(fields) => fields.iter().try_for_each(|field| {
                let text = |value: &Option<Value>| value.as_ref().map(plain).unwrap_or_default();
                write_record(row, [&field.field, &text(&field.old), &text(&field.new)], output)
            }),
            Change::Added | Change::Removed | Change::NotSeen => write_record(row, ["", "", ""], output),
        },
    }
}

fn write_record(row: &ChangedRow<'_>, rest: [&str; 3], output: &mut impl Write) -> io::Result<()> {
    for (place, text) in
        [row.label, row.change.as_str(), row.key, row.name].into_iter().chain(rest).enumerate()
    {
        if place > 0 {
            output.write_all(b",")?;
        }
        if !text.is_empty() {
            write_field(output, text)?;
        }
    }
    output.write_all(b"\r\n")
}

fn write_text(row: &ChangedRow<'_>, output: &mut impl Write) -> io::Result<()> {
    let sign = match row.change {
        Change::Added => '+',
        Change::Changed(_) => '~',
        Change::Removed => '-',
        Change::NotSeen => '?',
    };
    let name = if row.name.is_empty() { String::new() } else { format!("  {}", row.name) };
    writeln!(output, "{sign} {} {}{name}", row.label, row.key)?;
    if let Change::Changed(fields) = row.change {
        for field in fields {
            let text = |value: &Option<Value>| value.as_ref().map_or_else(|| "(none)".to_owned(), plain);
            writeln!(output, "    {}: {} → {}", field.field, text(&field.old), text(&field.new))?;
        }
    }
    Ok(())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Writes what differs in all.
///
/// # Errors
/// When it cannot be written.
pub fn write_end(form: ChangesForm, listings: &[ListingDiff], output: &mut impl Write) -> io::Result<()> {
    for listing in listings {
        let ListingDiff { label, before, now, added, changed, removed, not_seen, doubt } = listing;
        match form {
            ChangesForm::Text => {
                writeln!(
                    output,
                    "{label}: {} → {} rows, {} added, {} changed, {} removed, {} not seen",
                    grouped(*before),
                    grouped(*now),
                    grouped(*added),
                    grouped(*changed),
                    grouped(*removed),
                    grouped(*not_seen)
                )?;
                if let Some(doubt) = doubt {
                    writeln!(output, "    nothing of it counts as removed: {doubt}")?;
                }
            }
            ChangesForm::Json => writeln!(
                output,
                "{}",
                json!({"listing": label, "before": before, "now": now, "added": added, "changed": changed,
                       "removed": removed, "not_seen": not_seen, "doubt": doubt})
            )?,
            ChangesForm::Csv => {}
        }
    }
    Ok(())
}

/// Writes what changed in all since a sync, and what cannot be known of it.
///
/// # Errors
/// When it cannot be written.
pub fn write_updates_end(form: ChangesForm, found: &UpdatedSince, output: &mut impl Write) -> io::Result<()> {
    let UpdatedSince { since, updated, added, changed, unchanged, without_identity, doubt } = found;
    match form {
        ChangesForm::Text => {
            writeln!(
                output,
                "accounts: {} updated since {since}: {} added, {} changed, {} as they were",
                grouped(*updated),
                grouped(*added),
                grouped(*changed),
                grouped(*unchanged)
            )?;
            if *without_identity > 0 {
                writeln!(
                    output,
                    "    {} rows have no identity and were left out",
                    grouped(*without_identity)
                )?;
            }
            if let Some(doubt) = doubt {
                writeln!(output, "    what is added may have been there before: {doubt}")?;
            }
            writeln!(output, "    {NOT_SEEN}")
        }
        ChangesForm::Json => writeln!(
            output,
            "{}",
            json!({"listing": "accounts", "since": since, "updated": updated, "added": added, "changed": changed,
                   "unchanged": unchanged, "without_identity": without_identity, "doubt": doubt,
                   "not_seen": NOT_SEEN})
        ),
        ChangesForm::Csv => Ok(()),
    }
}
