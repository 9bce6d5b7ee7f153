//! From JSON Schema's way to say "or null" to OpenAPI 3.0's, which knows neither a null type nor `const`.
//!
//! | JSON Schema | OpenAPI 3.0 |
//! | --- | --- |
//! | `{"anyOf": [X, {"type": "null"}], …}` | `{…, X, "nullable": true}` |
//! | `{"anyOf": [X, Y, {"type": "null"}], …}` | `{"anyOf": [X, Y], …, "nullable": true}` |
//! | `{"const": v}` | `{"enum": [v]}` |
//!
//! A reference stays beside its siblings: readers of the document know it so (contract §6). Keys of `X` win.

use serde_json::Value;

use super::Object;

/// A schema as OpenAPI 3.0 has it, the schemas inside it included: no null type, no `const`.
///
/// ```
/// use lumos_connector_types::{page::Page, schema};
/// let page = schema::openapi(schema::of::<Page>(schema::Refs::Components));
/// assert_eq!(page["properties"]["size"]["nullable"], true);
/// ```
#[must_use]
pub fn openapi(mut schema: Object) -> Object {
    convert(&mut schema);
    schema
}

/// Goes only where schemas are: a property may be called `const`, and a default is data.
fn convert(schema: &mut Object) {
    for key in ["properties", "patternProperties"] {
        if let Some(Value::Object(schemas)) = schema.get_mut(key) {
            schemas.values_mut().for_each(convert_value);
        }
    }
    for key in ["anyOf", "oneOf", "allOf", "prefixItems", "items", "additionalProperties", "not"] {
        match schema.get_mut(key) {
            Some(Value::Array(schemas)) => schemas.iter_mut().for_each(convert_value),
            Some(child) => convert_value(child),
            None => {}
        }
    }
    if let Some(constant) = schema.shift_remove("const") {
        schema.insert("enum".to_owned(), Value::Array(vec![constant]));
    }
    merge_null(schema);
}

fn convert_value(schema: &mut Value) {
    if let Value::Object(schema) = schema {
        convert(schema);
    }
}

fn merge_null(schema: &mut Object) {
    let Some(Value::Array(options)) = schema.get_mut("anyOf") else { return };
    if !options.iter().any(is_null) || options.iter().all(is_null) {
        return;
    }
    options.retain(|option| !is_null(option));
    if options.len() == 1 {
        let only = options.pop();
        schema.shift_remove("anyOf");
        // A schema may also be `true`, which has nothing to add.
        if let Some(Value::Object(only)) = only {
            schema.extend(only);
        }
    }
    schema.insert("nullable".to_owned(), Value::Bool(true));
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|kind| kind == "null")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::openapi;

    #[track_caller]
    fn check(json_schema: Value, expected: &Value) {
        let Value::Object(schema) = json_schema else { panic!("a schema is an object") };
        assert_eq!(&Value::Object(openapi(schema)), expected);
    }

    #[test]
    fn a_nullable_value_keeps_what_stands_around_it() {
        check(
            json!({"anyOf": [{"type": "string"}, {"type": "null"}], "default": null, "title": "Email"}),
            &json!({"default": null, "title": "Email", "type": "string", "nullable": true}),
        );
        check(
            json!({"anyOf": [{"type": "null"}, {"type": "string"}]}),
            &json!({"type": "string", "nullable": true}),
        );
        check(
            json!({"anyOf": [{}, {"type": "null"}], "title": "Any"}),
            &json!({"title": "Any", "nullable": true}),
        );
        check(
            json!({"anyOf": [{"type": "string", "title": "Own"}, {"type": "null"}], "title": "Outer"}),
            &json!({"title": "Own", "type": "string", "nullable": true}),
        );
    }

    #[test]
    fn a_nullable_reference_stays_beside_its_siblings() {
        check(
            json!({"anyOf": [{"$ref": "#/components/schemas/Status"}, {"type": "null"}], "default": null}),
            &json!({"default": null, "$ref": "#/components/schemas/Status", "nullable": true}),
        );
    }

    #[test]
    fn several_options_stay_options() {
        check(
            json!({"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]}),
            &json!({"anyOf": [{"type": "integer"}, {"type": "string"}], "nullable": true}),
        );
        let without_null = json!({"anyOf": [{"type": "integer"}, {"type": "string"}]});
        check(without_null.clone(), &without_null);
    }

    #[test]
    fn a_constant_becomes_an_enum_of_one() {
        check(json!({"const": "created", "type": "string"}), &json!({"type": "string", "enum": ["created"]}));
        check(
            json!({"anyOf": [{"const": "a", "type": "string"}, {"type": "null"}]}),
            &json!({"type": "string", "enum": ["a"], "nullable": true}),
        );
    }

    #[test]
    fn schemas_inside_schemas_are_converted() {
        let nullable = json!({"anyOf": [{"type": "string"}, {"type": "null"}]});
        let converted = json!({"type": "string", "nullable": true});
        for place in ["items", "additionalProperties", "not"] {
            check(json!({ place: nullable }), &json!({ place: converted }));
        }
        for place in ["allOf", "oneOf", "prefixItems"] {
            check(json!({ place: [nullable] }), &json!({ place: [converted] }));
        }
        check(
            json!({"anyOf": [{"type": "array", "items": nullable}, {"type": "null"}]}),
            &json!({"type": "array", "items": converted, "nullable": true}),
        );
    }

    #[test]
    fn names_and_data_are_left_alone() {
        let schema = json!({
            "properties": {"const": {"type": "string"}, "anyOf": {"type": "string"}},
            "default": {"const": 1, "anyOf": [{"type": "string"}, {"type": "null"}]},
            "x-discriminator": {"const": 1},
        });
        check(schema.clone(), &schema);
    }
}
