//! CSV as RFC 4180 has it, with one column for each field of the contract.

use std::io::{self, Write};

use serde_json::Value;

use super::LeftOut;
use crate::diff::{Side, SideError};
use crate::plan::fields;
use crate::store::ListingRecord;

pub(super) fn write(
    side: &Side,
    listing: &ListingRecord,
    output: &mut impl Write,
) -> Result<Vec<LeftOut>, SideError> {
    let columns = listing.kind().map(fields).unwrap_or_default();
    // Pages that are objects have rows of several kinds: they are JSON in one column.
    if columns.is_empty() {
        output.write_all(b"row\r\n")?;
        side.store.for_each_row(listing.id, |row| {
            write_field(output, row)?;
            Ok::<(), SideError>(output.write_all(b"\r\n")?)
        })?;
        return Ok(Vec::new());
    }
    for (place, column) in columns.iter().enumerate() {
        write_separator(output, place)?;
        write_field(output, &column.name)?;
    }
    output.write_all(b"\r\n")?;
    let mut not_objects = 0;
    side.store.for_each_row(listing.id, |row| {
        let row: Value = serde_json::from_str(row).map_err(io::Error::other)?;
        not_objects += u64::from(!row.is_object());
        for (place, column) in columns.iter().enumerate() {
            write_separator(output, place)?;
            match &row[column.name.as_str()] {
                Value::Null => {}
                Value::String(text) => write_field(output, text)?,
                other => write_field(output, &other.to_string())?,
            }
        }
        Ok::<(), SideError>(output.write_all(b"\r\n")?)
    })?;
    let left_out = LeftOut { field: None, rows: not_objects };
    Ok(if not_objects > 0 { vec![left_out] } else { Vec::new() })
}

fn write_separator(output: &mut impl Write, place: usize) -> io::Result<()> {
    if place > 0 { output.write_all(b",") } else { Ok(()) }
}

/// Writes a field, in quotes where its text asks for them. An empty text is in quotes, too: it is not null.
///
/// # Errors
/// When it cannot be written.
pub fn write_field(output: &mut impl Write, text: &str) -> io::Result<()> {
    if text.is_empty() || text.contains(['"', ',', '\n', '\r']) {
        write!(output, "\"{}\"", text.replace('"', "\"\""))
    } else {
        output.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let field = |text: &str| {
            let mut output = Vec::new();
            write_field(&mut output, text).unwrap();
            String::from_utf8(output).unwrap()
        };
        assert_eq!(field("plain"), "plain");
        assert_eq!(field(""), "\"\"");
        assert_eq!(field("a,b"), "\"a,b\"");
        assert_eq!(field("say \"x\"\n"), "\"say \"\"x\"\"\n\"");
    }
}
