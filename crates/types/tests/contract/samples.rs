//! Values made from schemas: what a model may hold, and what it may not.

use lumos_connector_types::schema::Object;
use serde_json::{Map, Value, json};

/// A root schema, whose references can be followed.
#[derive(Clone, Copy)]
pub(crate) struct Root<'a>(pub(crate) &'a Object);

impl<'a> Root<'a> {
    /// The properties in their order.
    pub(crate) fn properties(self) -> &'a Map<String, Value> {
        self.0["properties"].as_object().expect("properties by name")
    }

    pub(crate) fn is_required(self, name: &str) -> bool {
        self.0
            .get("required")
            .and_then(Value::as_array)
            .is_some_and(|names| names.iter().any(|one| one == name))
    }

    /// A value with every property, none of them null.
    pub(crate) fn full(self) -> Value {
        self.sample(&Value::Object(self.0.clone()), true)
    }

    /// A value with the required properties only.
    pub(crate) fn minimal(self) -> Value {
        self.sample(&Value::Object(self.0.clone()), false)
    }

    /// A value of a property of this root.
    fn sample(self, schema: &Value, everything: bool) -> Value {
        let schema = self.resolve(schema);
        if let Some(value) = special(schema, everything) {
            return value;
        }
        if let Some(values) = schema["enum"].as_array() {
            return values[0].clone();
        }
        match schema["type"].as_str() {
            Some("string") => match (&schema["default"], schema["format"].as_str()) {
                (Value::String(only), _) => json!(only),
                (_, Some("date-time")) => json!("2024-01-02T03:04:05Z"),
                _ => json!("text"),
            },
            Some("integer") => json!(7),
            Some("number") => json!(1.5),
            Some("boolean") => json!(true),
            Some("array") => json!([self.sample(&schema["items"], everything)]),
            Some("object") => self.object(schema, everything),
            // Anything goes.
            None => json!({"free": [1, 1.0, null, "form"]}),
            Some(other) => panic!("no sample of the type {other}"),
        }
    }

    fn object(self, schema: &Value, everything: bool) -> Value {
        let Some(properties) = schema["properties"].as_object() else {
            let inner = Some(&schema["additionalProperties"]).filter(|inner| inner.is_object());
            return json!({"key": inner.map_or(json!([1.0]), |inner| self.sample(inner, everything))});
        };
        let is_required = |name: &str| {
            schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name))
        };
        let chosen = properties.iter().filter(|(name, _)| everything || is_required(name));
        Value::Object(
            chosen.map(|(name, property)| (name.clone(), self.sample(property, everything))).collect(),
        )
    }

    /// The schema behind a reference; of several possibilities the first that is not null.
    pub(crate) fn resolve<'s>(self, schema: &'s Value) -> &'s Value
    where
        'a: 's,
    {
        if let Some(options) = schema["anyOf"].as_array() {
            return self.resolve(
                options.iter().find(|option| **option != json!({"type": "null"})).expect("an option"),
            );
        }
        match schema["$ref"].as_str() {
            Some(target) => {
                let name = target.strip_prefix("#/$defs/").expect("a reference inside the schema");
                self.resolve(&self.0["$defs"][name])
            }
            None => schema,
        }
    }

    /// Values that a property must refuse: each of another type than the property's, and null unless it is nullable.
    pub(crate) fn wrong(self, property: &Value) -> Vec<Value> {
        let options = property["anyOf"].as_array();
        let is_nullable = options.is_some_and(|options| options.contains(&json!({"type": "null"})));
        let mut wrong = self.wrong_type(property);
        if !is_nullable && self.resolve(property).get("type").is_some() {
            wrong.push(Value::Null);
        }
        wrong
    }

    fn wrong_type(self, property: &Value) -> Vec<Value> {
        let schema = self.resolve(property);
        if schema.get("enum").is_some() {
            return vec![json!("unheard"), json!(5), json!({})];
        }
        match schema["type"].as_str() {
            // A date-time is also read from Unix time (contract §2).
            Some("string") if schema["format"] == "date-time" => vec![json!(true), json!([])],
            Some("string") => vec![json!(5), json!(true), json!([])],
            Some("integer") => vec![json!("5"), json!(5.5), json!(true)],
            Some("number") => vec![json!("5"), json!(true)],
            Some("boolean") => vec![json!("true"), json!(1), json!(0)],
            Some("array") => {
                let items = self.wrong(&schema["items"]).into_iter().map(|item| json!([item]));
                [json!({}), json!("[]")].into_iter().chain(items).collect()
            }
            Some("object") => {
                let inner = Some(&schema["additionalProperties"]).filter(|inner| inner.is_object());
                let values = inner.map(|inner| self.wrong(inner)).unwrap_or_default();
                [json!([]), json!("{}")]
                    .into_iter()
                    .chain(values.into_iter().map(|value| json!({"key": value})))
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Values that do not follow from a schema alone.
fn special(schema: &Value, everything: bool) -> Option<Value> {
    // Written in one form whatever it was read from: the word is all that counts.
    let is_activity_type = schema["title"] == "ActivityRecordActivityType" && everything;
    is_activity_type.then(|| {
        json!({
            "anyof_schema_1_validator": null,
            "anyof_schema_2_validator": null,
            "actual_instance": "ACCOUNT_LOGIN",
            "any_of_schemas": ["ActivityType", "str"],
        })
    })
}
