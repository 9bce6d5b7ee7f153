//! The values of a connection file's credentials and settings, each with its place.

use serde_json::{Map, Value};

use crate::file::ConnectionFile;
use crate::reference::Reference;

/// Where a value stands: the keys that lead to it, and how a message names it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) keys: Vec<String>,
    pub(super) field: String,
}

impl Place {
    pub(super) fn at(field: impl Into<String>) -> Self {
        Self { keys: Vec::new(), field: field.into() }
    }

    pub(super) fn key(&self, key: &str) -> Self {
        let mut keys = self.keys.clone();
        keys.push(key.to_owned());
        Self { keys, field: format!("{}.{key}", self.field) }
    }

    fn item(&self, index: usize) -> Self {
        let mut keys = self.keys.clone();
        keys.push(index.to_string());
        Self { keys, field: format!("{}[{index}]", self.field) }
    }
}

/// A value of the file that is a reference, or stands for itself.
pub(super) enum Leaf<'a> {
    Reference(Reference),
    Literal(&'a Value),
}

/// Visits every value that holds no others, and every reference.
pub(super) fn leaves<'a>(value: &'a Value, place: &Place, visit: &mut dyn FnMut(&Place, Leaf<'a>)) {
    if let Some(reference) = Reference::recognize(value) {
        return visit(place, Leaf::Reference(reference));
    }
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| leaves(value, &place.key(key), visit));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| leaves(item, &place.item(index), visit));
        }
        _ => visit(place, Leaf::Literal(value)),
    }
}

/// The credentials of a file, each with its place.
pub(super) fn credentials(file: &ConnectionFile) -> Vec<(Place, &Map<String, Value>)> {
    if !file.auth.is_empty() {
        return vec![(Place::at("auth"), &file.auth)];
    }
    let places = (0..).map(|index| Place::at(format!("credentials[{index}]")));
    places.zip(&file.credentials).collect()
}
