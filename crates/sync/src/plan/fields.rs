//! The fields of a listing's rows as the contract has them.

use lumos_connector_types::schema::Refs;
use serde_json::Value;

use super::listing::ListingKind;

/// What a field holds, besides null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Text: names, moments, values of an enumeration.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// A list, an object, or one of several types.
    Json,
}

/// A field of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name on the wire.
    pub name: String,
    /// What it holds.
    pub field_type: FieldType,
}

/// The fields of a listing's rows in the contract's order; none for pages that are objects.
#[must_use]
pub fn fields(kind: &ListingKind) -> Vec<Field> {
    let Some(schema) = kind.capability.response_schema(Refs::Defs).map(Value::Object) else {
        return Vec::new();
    };
    let row = &schema["properties"]["response"]["items"];
    let Some(properties) = resolve(row, &schema)["properties"].as_object() else { return Vec::new() };
    let field = |(name, property): (&String, &Value)| Field {
        name: name.clone(),
        field_type: type_of(property, &schema),
    };
    properties.iter().map(field).collect()
}

fn resolve<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        Some(name) => &document["$defs"][name],
        None => schema,
    }
}

fn type_of(schema: &Value, document: &Value) -> FieldType {
    let schema = resolve(schema, document);
    let is_null = |one: &&Value| one["type"] == "null";
    if let Some(variants) = schema["anyOf"].as_array() {
        let mut types = variants.iter().filter(|one| !is_null(one)).map(|one| type_of(one, document));
        let first = types.next().unwrap_or(FieldType::Json);
        return if types.all(|other| other == first) { first } else { FieldType::Json };
    }
    let mut names: Vec<&str> = match &schema["type"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        name => name.as_str().into_iter().collect(),
    };
    names.retain(|&name| name != "null");
    match names[..] {
        ["string"] => FieldType::Text,
        ["boolean"] => FieldType::Boolean,
        ["integer"] => FieldType::Integer,
        ["number"] => FieldType::Number,
        _ => FieldType::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_of_the_contract() {
        let types = |label: &str| -> Vec<(String, FieldType)> {
            let kind = ListingKind::labelled(label);
            let fields = kind.map(fields).unwrap_or_default();
            fields.into_iter().map(|field| (field.name, field.field_type)).collect()
        };
        let accounts = types("accounts");
        let type_in = |name: &str| accounts.iter().find(|field| field.0 == name).map(|field| field.1);
        assert_eq!(type_in("email"), Some(FieldType::Text));
        assert_eq!(type_in("user_status"), Some(FieldType::Text));
        assert_eq!(type_in("extra_data"), Some(FieldType::Json));
        let entitlements = types("entitlements");
        assert!(entitlements.contains(&("is_assignable".to_owned(), FieldType::Boolean)), "{entitlements:?}");
        let activity = types("last_activity");
        assert!(activity.contains(&("happened_at".to_owned(), FieldType::Text)), "{activity:?}");
        assert!(types("resource_graph").is_empty());
    }
}
