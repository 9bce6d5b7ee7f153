//! The fields of a schema, in their order.

use serde_json::{Map, Value};

/// Levels of objects in objects that become fields; deeper ones are JSON.
const LEVELS: usize = 4;

/// A field of a form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    /// Its name on the wire.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) help: String,
    pub(crate) is_required: bool,
    pub(crate) is_secret: bool,
    pub(crate) is_hidden: bool,
    /// Whether it is shown at once, or further down.
    pub(crate) is_primary: bool,
    /// The group that it belongs to.
    pub(crate) group: Option<String>,
    /// It is shown for these values of another field.
    pub(crate) shown_for: Option<(String, Vec<String>)>,
    pub(crate) default: Option<Value>,
    pub(crate) kind: Kind,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Text {
        is_long: bool,
    },
    Integer,
    Number,
    Boolean,
    /// One of these.
    Choice(Vec<String>),
    /// Texts, one a line.
    Texts,
    /// Fields of its own.
    Object(Vec<Field>),
    /// One of several objects, told apart by the member of that name.
    OneOf {
        tag: String,
        choices: Vec<(String, Vec<Field>)>,
    },
    /// Anything else, as JSON.
    Json,
}

/// The fields of an object's schema. References lead into the schema itself or into `root`.
pub(crate) fn fields(schema: &Value, root: &Value) -> Vec<Field> {
    of_object(schema, &[schema, root], LEVELS)
}

fn of_object(schema: &Value, roots: &[&Value], levels: usize) -> Vec<Field> {
    let empty = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&empty);
    let order = schema["field_order"].as_array().or_else(|| schema["x-field_order"].as_array());
    let mut names: Vec<&str> = order.into_iter().flatten().filter_map(Value::as_str).collect();
    names.extend(properties.keys().map(String::as_str));
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut fields: Vec<Field> = Vec::new();
    for name in names {
        if fields.iter().any(|field| field.name == name) {
            continue;
        }
        if let Some(property) = properties.get(name) {
            fields.push(of_property(name, property, required.contains(&name), roots, levels));
        }
    }
    fields
}

fn of_property(name: &str, property: &Value, is_required: bool, roots: &[&Value], levels: usize) -> Field {
    let form = merged(property, roots);
    let text = |key: &str| form.get(key).and_then(Value::as_str).unwrap_or_default();
    let flag = |key: &str| form.get(key).and_then(Value::as_bool);
    let title = text("title");
    Field {
        name: name.to_owned(),
        title: if title.is_empty() { name.to_owned() } else { title.to_owned() },
        help: text("description").split_whitespace().collect::<Vec<_>>().join(" "),
        is_required,
        is_secret: flag("x-secret").unwrap_or_default(),
        is_hidden: flag("x-hidden").unwrap_or_default() || text("x-field_type") == "HIDDEN",
        is_primary: flag("x-primary").unwrap_or(true),
        group: form.get("x-field_group").and_then(Value::as_str).map(str::to_owned),
        shown_for: form.get("x-discriminator").and_then(shown_for),
        default: form.get("default").cloned().filter(|default| !default.is_null()),
        kind: kind(&form, roots, levels),
    }
}

fn shown_for(discriminator: &Value) -> Option<(String, Vec<String>)> {
    let field = discriminator["field"].as_str()?.to_owned();
    let one = discriminator.get("expected_value").filter(|value| !value.is_null());
    let several = discriminator["one_of_expected_values"].as_array();
    let values = one.into_iter().chain(several.into_iter().flatten()).map(plain).collect();
    Some((field, values))
}

/// A value as it stands in a form.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn kind(form: &Map<String, Value>, roots: &[&Value], levels: usize) -> Kind {
    let choices = form.get("enum").and_then(Value::as_array);
    if let Some(choices) =
        choices.filter(|choices| choices.iter().all(|choice| choice.is_string() || choice.is_null()))
    {
        return Kind::Choice(choices.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    }
    if let Some(tagged) = one_of(form, roots, levels) {
        return tagged;
    }
    match form.get("type").and_then(Value::as_str) {
        Some("string") => Kind::Text {
            is_long: form.get("x-multiline") == Some(&Value::Bool(true))
                || form.get("x-field_type").is_some_and(|kind| kind == "MULTI_LINES"),
        },
        Some("integer") => Kind::Integer,
        Some("number") => Kind::Number,
        Some("boolean") => Kind::Boolean,
        Some("array")
            if form
                .get("items")
                .is_some_and(|items| merged(items, roots).get("type").is_some_and(|it| it == "string")) =>
        {
            Kind::Texts
        }
        Some("object") if form.contains_key("properties") && levels > 0 => {
            Kind::Object(of_object(&Value::Object(form.clone()), roots, levels - 1))
        }
        _ => Kind::Json,
    }
}

/// `oneOf` with a `discriminator`, as OpenAPI has it.
fn one_of(form: &Map<String, Value>, roots: &[&Value], levels: usize) -> Option<Kind> {
    let tag = form.get("discriminator")?["propertyName"].as_str()?.to_owned();
    let variants = form.get("oneOf").or_else(|| form.get("anyOf"))?.as_array()?;
    let levels = levels.checked_sub(1)?;
    let mut choices = Vec::new();
    for variant in variants {
        let schema = Value::Object(merged(variant, roots));
        let tagged = merged(&schema["properties"][&tag], roots);
        let value = tagged
            .get("const")
            .or_else(|| tagged.get("enum").map(|values| &values[0]))
            .and_then(Value::as_str)?;
        let mut fields = of_object(&schema, roots, levels);
        fields.retain(|field| field.name != tag);
        choices.push((value.to_owned(), fields));
    }
    (!choices.is_empty()).then_some(Kind::OneOf { tag, choices })
}

/// A property with what it refers to and, when it may be null, what it is otherwise. Its own words count before those of
/// what it refers to.
fn merged(property: &Value, roots: &[&Value]) -> Map<String, Value> {
    let mut form = Map::new();
    let mut open = vec![property];
    let mut steps = 0;
    while let Some(node) = open.pop() {
        let Some(members) = node.as_object() else { continue };
        steps += 1;
        // References may lead in circles.
        if steps > 16 {
            break;
        }
        for (key, value) in members {
            if !form.contains_key(key) {
                form.insert(key.clone(), value.clone());
            }
        }
        if let Some(target) = node["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
            open.extend(roots.iter().find_map(|root| root.pointer(target)));
        }
        for key in ["anyOf", "allOf"] {
            let choices =
                node[key].as_array().into_iter().flatten().filter(|choice| choice["type"] != "null");
            if let [one] = choices.collect::<Vec<_>>().as_slice() {
                open.push(one);
            }
        }
    }
    form
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_in_the_order_of_the_form_with_all_that_it_says() {
        let schema = json!({
            "field_order": ["mode", "host"],
            "required": ["host"],
            "$defs": {"Mode": {"enum": ["plain", "advanced"], "title": "Mode", "type": "string"}},
            "properties": {
                "host": {"type": "string", "title": "Host", "description": "Where\n it is."},
                "key": {"type": "string", "x-secret": true,
                        "x-discriminator": {"field": "mode", "expected_value": "advanced", "one_of_expected_values": null}},
                "mode": {"$ref": "#/$defs/Mode", "default": "plain"},
                "names": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}], "x-field_group": "More"},
                "deep": {"type": "object", "properties": {"at": {"type": "integer"}}},
                "how": {"discriminator": {"propertyName": "kind"}, "oneOf": [
                    {"type": "object", "properties": {"kind": {"const": "a"}, "one": {"type": "boolean"}}},
                    {"type": "object", "properties": {"kind": {"enum": ["b"]}, "two": {"type": "number"}}}]},
                "loop": {"$ref": "#/properties/loop"}
            }
        });
        let fields = fields(&schema, &Value::Null);
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["mode", "host", "key", "names", "deep", "how", "loop"]);
        assert_eq!(fields[0].kind, Kind::Choice(vec!["plain".to_owned(), "advanced".to_owned()]));
        assert_eq!(fields[0].default, Some(json!("plain")));
        assert_eq!((fields[1].help.as_str(), fields[1].is_required), ("Where it is.", true));
        assert_eq!(fields[2].shown_for, Some(("mode".to_owned(), vec!["advanced".to_owned()])));
        assert!(fields[2].is_secret);
        assert_eq!((&fields[3].kind, fields[3].group.as_deref()), (&Kind::Texts, Some("More")));
        assert!(matches!(&fields[4].kind, Kind::Object(inner) if inner[0].kind == Kind::Integer));
        assert!(
            matches!(&fields[5].kind, Kind::OneOf { tag, choices } if tag == "kind" && choices.len() == 2)
        );
        assert_eq!(fields[6].kind, Kind::Json);
    }
}
