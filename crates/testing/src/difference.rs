//! Differences between an expected JSON value and the one that came.

use serde_json::{Map, Value};

/// What may be where the expectation says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unmentioned {
    /// Only null: an answer of the wire writes every field that it has.
    Null,
    /// Nothing at all, not even null.
    Refused,
    /// Anything.
    Anything,
}

/// Each difference as its place and what was expected there: `[1].email: expected "a", got null`.
pub(crate) fn between(expected: &Value, given: &Value, unmentioned: Unmentioned) -> Vec<String> {
    let mut differences = Vec::new();
    compare(expected, given, unmentioned, &mut String::new(), &mut differences);
    differences
}

fn compare(
    expected: &Value,
    given: &Value,
    unmentioned: Unmentioned,
    path: &mut String,
    differences: &mut Vec<String>,
) {
    match (expected, given) {
        (Value::Object(expected), Value::Object(given)) => {
            objects(expected, given, unmentioned, path, differences);
        }
        (Value::Array(expected), Value::Array(given)) => {
            let place = path.len();
            for (index, (expected, given)) in expected.iter().zip(given).enumerate() {
                path.push_str(&format!("[{index}]"));
                compare(expected, given, unmentioned, path, differences);
                path.truncate(place);
            }
            if expected.len() != given.len() {
                differences.push(format!("{path}: expected {} items, got {}", expected.len(), given.len()));
            }
        }
        (expected, given) if expected == given => {}
        (expected, given) => differences.push(format!("{path}: expected {expected}, got {given}")),
    }
}

fn objects(
    expected: &Map<String, Value>,
    given: &Map<String, Value>,
    unmentioned: Unmentioned,
    path: &mut String,
    differences: &mut Vec<String>,
) {
    let place = path.len();
    for (name, expected) in expected {
        path.push('.');
        path.push_str(name);
        match given.get(name) {
            Some(given) => compare(expected, given, unmentioned, path, differences),
            None if expected.is_null() && unmentioned != Unmentioned::Refused => {}
            None => differences.push(format!("{path}: expected {expected}, got nothing")),
        }
        path.truncate(place);
    }
    if unmentioned == Unmentioned::Anything {
        return;
    }
    for (name, given) in given.iter().filter(|(name, _)| !expected.contains_key(*name)) {
        if unmentioned == Unmentioned::Refused || !given.is_null() {
            differences.push(format!("{path}.{name}: expected nothing, got {given}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Unmentioned::{Anything, Null, Refused};
    use super::*;

    #[test]
    fn equal_values_do_not_differ() {
        let value = json!({"a": [1, {"b": null}], "c": 1.5});
        for unmentioned in [Null, Refused, Anything] {
            assert_eq!(between(&value, &value, unmentioned), Vec::<String>::new());
        }
    }

    #[test]
    fn every_difference_is_named_with_its_place() {
        let expected = json!([{"id": 1, "mail": "a"}, {"id": 2}]);
        let given = json!([{"id": 1, "mail": null}, {"id": "2"}, {"id": 3}]);
        let differences = between(&expected, &given, Null);
        assert_eq!(
            differences,
            [
                r#"[0].mail: expected "a", got null"#,
                r#"[1].id: expected 2, got "2""#,
                ": expected 2 items, got 3"
            ]
        );
    }

    #[test]
    fn what_is_not_mentioned_is_null_refused_or_anything() {
        let expected = json!({"id": 1});
        assert!(between(&expected, &json!({"id": 1, "x": null}), Null).is_empty());
        assert_eq!(between(&expected, &json!({"id": 1, "x": 2}), Null), [".x: expected nothing, got 2"]);
        assert_eq!(
            between(&expected, &json!({"id": 1, "x": null}), Refused),
            [".x: expected nothing, got null"]
        );
        assert!(between(&expected, &json!({"id": 1, "x": 2}), Anything).is_empty());
    }

    #[test]
    fn an_integer_is_not_a_float() {
        assert_eq!(between(&json!(1), &json!(1.0), Null), [": expected 1, got 1.0"]);
    }
}
