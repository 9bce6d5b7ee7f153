//! The text of a connection file: its values, and the line of each.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use lumos_connector_types::json::ReadError;
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::ConnectionError;

/// Where a connection file was read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    label: String,
    folder: Option<PathBuf>,
    /// The line of each field, by its path.
    lines: IndexMap<String, usize>,
}

impl Origin {
    /// The folder that paths in the file are relative to.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.clone().unwrap_or_else(|| PathBuf::from("."))
    }

    /// The name of the file, for messages.
    pub(crate) fn label(&self) -> String {
        if self.label.is_empty() { "connection".to_owned() } else { self.label.clone() }
    }

    /// The line of a field, or of what it is a part of.
    pub(crate) fn line(&self, field: &str) -> Option<usize> {
        let mut field = field;
        loop {
            if let Some(line) = self.lines.get(field) {
                return Some(*line);
            }
            field = &field[..field.rfind(['.', '['])?];
        }
    }

    /// A field that is not what it has to be.
    pub(crate) fn invalid(&self, field: impl Into<String>, problem: impl Into<String>) -> ConnectionError {
        let field = field.into();
        ConnectionError::Invalid {
            path: self.label(),
            line: self.line(&field),
            field,
            problem: problem.into(),
        }
    }

    /// An error that was found while reading the whole file as its type.
    pub(crate) fn read_error(&self, error: &ReadError) -> ConnectionError {
        self.read_error_in("", error)
    }

    /// An error that was found while reading a part of the file as its type.
    pub(crate) fn read_error_in(&self, part: &str, error: &ReadError) -> ConnectionError {
        let message = error.to_string();
        let inner = error.path();
        let problem = message.strip_prefix(&format!("{inner}: ")).unwrap_or(&message).to_owned();
        let path = match (part, inner.as_str()) {
            ("", inner) => inner.to_owned(),
            (part, "") => part.to_owned(),
            (part, inner) => format!("{part}.{inner}"),
        };
        // A field that is not known is not on the error's path.
        let unknown = problem.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
        let field = match unknown {
            Some(name) if path.is_empty() => name.to_owned(),
            Some(name) => format!("{path}.{name}"),
            None => path,
        };
        let problem = if unknown.is_some() { unknown_field(&problem) } else { problem };
        self.invalid(field, problem)
    }
}

/// `unknown field, expected one of …`: the name stands before it already.
fn unknown_field(problem: &str) -> String {
    match problem.split_once("`, ") {
        Some((_, expected)) => format!("unknown field, {expected}"),
        None => "unknown field".to_owned(),
    }
}

/// The values of a TOML text, and where they stand.
pub(super) fn parse(
    text: &str,
    path: Option<&Path>,
    label: String,
) -> Result<(Value, Origin), ConnectionError> {
    let folder = path.and_then(Path::parent).map(Path::to_owned);
    let mut origin = Origin { label, folder, lines: IndexMap::new() };
    let lines = Lines::of(text);
    let table = DeTable::parse(text).map_err(|error| ConnectionError::Invalid {
        path: origin.label(),
        line: error.span().map(|span| lines.line(span.start)),
        field: String::new(),
        problem: format!("not valid TOML: {}", error.message()),
    })?;
    let value = object(table.get_ref(), "", &lines, &mut origin)?;
    Ok((Value::Object(value), origin))
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self(breaks.collect())
    }

    fn line(&self, at: usize) -> usize {
        self.0.partition_point(|start| *start <= at) + 1
    }
}

fn object(
    table: &DeTable<'_>,
    path: &str,
    lines: &Lines,
    origin: &mut Origin,
) -> Result<Map<String, Value>, ConnectionError> {
    let mut members = Map::new();
    for (key, value) in table {
        let name = key.get_ref();
        let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
        origin.lines.insert(path.clone(), lines.line(key.span().start));
        members.insert(name.to_string(), json(value, &path, lines, origin)?);
    }
    Ok(members)
}

fn json(
    value: &Spanned<DeValue<'_>>,
    path: &str,
    lines: &Lines,
    origin: &mut Origin,
) -> Result<Value, ConnectionError> {
    Ok(match value.get_ref() {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Boolean(flag) => Value::from(*flag),
        DeValue::Datetime(moment) => Value::from(moment.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::from(number),
            Err(_) => return Err(origin.invalid(path, "expected an integer of at most 64 bits")),
        },
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(number) if number.is_finite() => Value::from(number),
            _ => return Err(origin.invalid(path, "expected a finite number")),
        },
        DeValue::Array(items) => {
            let mut list = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                origin.lines.insert(path.clone(), lines.line(item.span().start));
                list.push(json(item, &path, lines, origin)?);
            }
            Value::from(list)
        }
        DeValue::Table(table) => Value::Object(object(table, path, lines, origin)?),
    })
}
