//! Two texts of one row compared field by field.

use serde_json::{Map, Value};

/// A field that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// Its name, with dots between levels.
    pub field: String,
    /// What it was; `None` when it was missing.
    pub old: Option<Value>,
    /// What it is; `None` when it is missing.
    pub new: Option<Value>,
}

/// The fields that differ between two rows. Other white space, another order of fields, and a field that is null on one
/// side and missing on the other are no difference.
#[must_use]
pub fn compare(old: &str, new: &str) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    match (serde_json::from_str(old), serde_json::from_str(new)) {
        (Ok(Value::Object(old)), Ok(Value::Object(new))) => objects("", &old, &new, &mut changes),
        (Ok(old), Ok(new)) if old == new => {}
        _ => changes.push(FieldChange {
            field: String::new(),
            old: Some(Value::String(old.to_owned())),
            new: Some(Value::String(new.to_owned())),
        }),
    }
    changes
}

fn objects(inside: &str, old: &Map<String, Value>, new: &Map<String, Value>, changes: &mut Vec<FieldChange>) {
    let added = new.keys().filter(|name| !old.contains_key(*name));
    for name in old.keys().chain(added) {
        let field = if inside.is_empty() { name.clone() } else { format!("{inside}.{name}") };
        match (old.get(name).filter(|value| !value.is_null()), new.get(name).filter(|value| !value.is_null()))
        {
            (Some(Value::Object(old)), Some(Value::Object(new))) => objects(&field, old, new, changes),
            (old, new) if old == new => {}
            (old, new) => changes.push(FieldChange { field, old: old.cloned(), new: new.cloned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_compared_at_every_level() {
        let changes = compare(
            r#"{"id":"a","email":"x","extra":{"b":1,"c":2},"gone":true,"none":null}"#,
            r#"{ "email": "y", "id": "a", "extra": {"c":2,"b":3}, "more": [1] }"#,
        );
        let names: Vec<_> = changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(names, ["email", "extra.b", "gone", "more"]);
        assert_eq!((&changes[1].old, &changes[1].new), (&Some(json!(1)), &Some(json!(3))));
        assert_eq!((&changes[2].old, &changes[2].new), (&Some(json!(true)), &None));
    }

    #[test]
    fn order_white_space_and_nulls_are_no_difference() {
        assert_eq!(compare(r#"{"a":1,"b":null}"#, r#"{ "a": 1 }"#), []);
        assert_eq!(compare(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#), []);
    }
}
