//! Parquet with a column for each field of the contract. Rows are held until they fill a row group: memory does not grow
//! with their number.

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use serde_json::Value;

use super::LeftOut;
use crate::diff::{Side, SideError};
use crate::plan::{Field, FieldType, fields};
use crate::store::ListingRecord;
use crate::verdict::Verdict;

/// A row group has no more rows, and no more bytes of text before they are compressed.
const GROUP_ROWS: usize = 64 * 1024;
const GROUP_BYTES: usize = 8 * 1024 * 1024;

pub(super) fn write(
    side: &Side,
    listing: &ListingRecord,
    output: &mut (impl Write + Send),
) -> Result<Vec<LeftOut>, SideError> {
    let fields = listing.kind().map(fields).unwrap_or_default();
    // Pages that are objects have rows of several kinds: they are JSON in one column.
    let is_whole = fields.is_empty();
    let fields =
        if is_whole { vec![Field { name: "row".to_owned(), field_type: FieldType::Json }] } else { fields };
    let schema = schema(&fields).map_err(failed)?;
    let properties = Arc::new(properties(side, listing));
    let mut writer = SerializedFileWriter::new(output, Arc::new(schema), properties).map_err(failed)?;
    let mut columns: Vec<Column> = fields.iter().map(Column::new).collect();
    let mut not_objects = 0;
    side.store.for_each_row(listing.id, |row| {
        if is_whole {
            columns.iter_mut().for_each(|column| column.push_text(row));
        } else {
            let row: Value = serde_json::from_str(row).map_err(io::Error::other)?;
            not_objects += u64::from(!row.is_object());
            for (column, field) in columns.iter_mut().zip(&fields) {
                column.push(&row[field.name.as_str()]);
            }
        }
        let bytes: usize = columns.iter().map(Column::bytes).sum();
        if bytes >= GROUP_BYTES || columns.first().is_some_and(|column| column.levels.len() >= GROUP_ROWS) {
            write_group(&mut writer, &mut columns)?;
        }
        Ok::<(), SideError>(())
    })?;
    write_group(&mut writer, &mut columns)?;
    writer.close().map_err(failed)?;
    let mut left_out: Vec<LeftOut> = fields
        .into_iter()
        .zip(&columns)
        .filter(|(_, column)| column.of_another_type > 0)
        .map(|(field, column)| LeftOut { field: Some(field.name), rows: column.of_another_type })
        .collect();
    if not_objects > 0 {
        left_out.push(LeftOut { field: None, rows: not_objects });
    }
    Ok(left_out)
}

fn failed(error: ParquetError) -> SideError {
    SideError::Write(match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => *source,
            Err(source) => io::Error::other(source),
        },
        other => io::Error::other(other),
    })
}

fn schema(fields: &[Field]) -> Result<Type, ParquetError> {
    let columns = fields.iter().map(|field| {
        let (physical, logical) = match field.field_type {
            FieldType::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
            FieldType::Json => (PhysicalType::BYTE_ARRAY, Some(LogicalType::Json)),
            FieldType::Boolean => (PhysicalType::BOOLEAN, None),
            FieldType::Integer => (PhysicalType::INT64, None),
            FieldType::Number => (PhysicalType::DOUBLE, None),
        };
        let column = Type::primitive_type_builder(&field.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        column.build().map(Arc::new)
    });
    let columns = columns.collect::<Result<_, _>>()?;
    Type::group_type_builder("rows").with_fields(columns).build()
}

/// The file says whether its listing is complete: whoever reads it later may not have the store.
fn properties(side: &Side, listing: &ListingRecord) -> WriterProperties {
    let verdict = listing.verdict.map_or("none", Verdict::as_str).to_owned();
    let facts = [
        ("lumos.connection", side.sync.connection.clone()),
        ("lumos.sync", side.sync.id.to_string()),
        ("lumos.listing", listing.label.clone()),
        ("lumos.verdict", verdict),
        ("lumos.reason", listing.reason.clone().unwrap_or_default()),
    ];
    let facts = facts.into_iter().map(|(key, value)| KeyValue::new(key.to_owned(), value)).collect();
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        // Those of each page would be held until the file ends.
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by(concat!("lumos-sync version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(facts))
        .build()
}

/// The values of a column in the row group that is being filled.
struct Column {
    values: Values,
    /// 1 for a value, 0 for null.
    levels: Vec<i16>,
    /// Values that were left out because the column cannot hold them.
    of_another_type: u64,
}

enum Values {
    Text {
        text: Vec<u8>,
        ends: Vec<usize>,
        /// Whether texts are written as JSON has them, in quotes.
        is_json: bool,
    },
    Boolean(Vec<bool>),
    Integer(Vec<i64>),
    Number(Vec<f64>),
}

impl Column {
    fn new(field: &Field) -> Self {
        let values = match field.field_type {
            FieldType::Text | FieldType::Json => Values::Text {
                text: Vec::new(),
                ends: Vec::new(),
                is_json: field.field_type == FieldType::Json,
            },
            FieldType::Boolean => Values::Boolean(Vec::new()),
            FieldType::Integer => Values::Integer(Vec::new()),
            FieldType::Number => Values::Number(Vec::new()),
        };
        Self { values, levels: Vec::new(), of_another_type: 0 }
    }

    /// Adds a value. One of another type is written as JSON where the column holds text, else left out and counted.
    fn push(&mut self, value: &Value) {
        let is_held = match (&mut self.values, value) {
            (_, Value::Null) => false,
            (Values::Text { is_json: false, .. }, Value::String(text)) => return self.push_text(text),
            (Values::Text { .. }, other) => return self.push_text(&other.to_string()),
            (Values::Boolean(values), value) => push(values, value.as_bool()),
            (Values::Integer(values), value) => push(values, value.as_i64()),
            (Values::Number(values), value) => push(values, value.as_f64()),
        };
        self.of_another_type += u64::from(!is_held && !value.is_null());
        self.levels.push(i16::from(is_held));
    }

    fn push_text(&mut self, added: &str) {
        if let Values::Text { text, ends, .. } = &mut self.values {
            text.extend_from_slice(added.as_bytes());
            ends.push(text.len());
            self.levels.push(1);
        }
    }

    fn bytes(&self) -> usize {
        match &self.values {
            Values::Text { text, .. } => text.len(),
            Values::Boolean(_) | Values::Integer(_) | Values::Number(_) => 0,
        }
    }
}

fn push<T>(values: &mut Vec<T>, value: Option<T>) -> bool {
    let is_held = value.is_some();
    values.extend(value);
    is_held
}

fn write_group<W: Write + Send>(
    writer: &mut SerializedFileWriter<W>,
    columns: &mut [Column],
) -> Result<(), SideError> {
    if columns.iter().all(|column| column.levels.is_empty()) {
        return Ok(());
    }
    try_write_group(writer, columns).map_err(failed)
}

fn try_write_group<W: Write + Send>(
    writer: &mut SerializedFileWriter<W>,
    columns: &mut [Column],
) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for column in columns {
        let Some(mut output) = group.next_column()? else { break };
        let levels = Some(column.levels.as_slice());
        match &mut column.values {
            Values::Text { text, ends, .. } => {
                let text = Bytes::from(std::mem::take(text));
                let mut from = 0;
                let texts: Vec<ByteArray> = ends
                    .drain(..)
                    .map(|end| ByteArray::from(text.slice(std::mem::replace(&mut from, end)..end)))
                    .collect();
                output.typed::<ByteArrayType>().write_batch(&texts, levels, None)?;
            }
            Values::Boolean(values) => {
                output.typed::<BoolType>().write_batch(values, levels, None)?;
                values.clear();
            }
            Values::Integer(values) => {
                output.typed::<Int64Type>().write_batch(values, levels, None)?;
                values.clear();
            }
            Values::Number(values) => {
                output.typed::<DoubleType>().write_batch(values, levels, None)?;
                values.clear();
            }
        }
        column.levels.clear();
        output.close()?;
    }
    group.close()?;
    Ok(())
}
