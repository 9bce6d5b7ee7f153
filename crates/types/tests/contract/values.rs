//! Every model: the schema and the reader accept and refuse the same values, and what was read is written again.

use jsonschema::Validator;
use lumos_connector_types::schema::{MODELS, Model, Refs};
use serde_json::{Map, Value, json};

use crate::samples::Root;

/// A model with its schema in all forms that the tests need.
struct Subject {
    model: Model,
    schema: Map<String, Value>,
    validator: Validator,
}

impl Subject {
    fn all() -> impl Iterator<Item = Self> {
        MODELS.iter().map(|model| {
            let schema = (model.schema)(Refs::Defs);
            let validator = jsonschema::validator_for(&Value::Object(schema.clone())).expect(model.name);
            Self { model: *model, schema, validator }
        })
    }

    fn root(&self) -> Root<'_> {
        Root(&self.schema)
    }

    /// Whether the schema and the reader accept a value.
    fn verdicts(&self, value: &Value) -> (bool, bool) {
        (self.validator.is_valid(value), (self.model.rewrite)(&value.to_string()).is_ok())
    }

    fn rewritten(&self, value: &Value) -> Value {
        let text = (self.model.rewrite)(&value.to_string());
        let text = text.unwrap_or_else(|error| panic!("{}: {error}: {value}", self.model.name));
        serde_json::from_str(&text).expect(self.model.name)
    }

    /// The name under which a property is written: JWT headers read an alias and write the name (contract §1).
    fn written_name<'a>(&self, name: &'a str) -> &'a str {
        if self.model.name == "JWTHeaders" && name == "x5t#S256" { "x5t_s256" } else { name }
    }
}

/// JWT headers inside other models are written under other names, too.
fn with_written_names(value: &Value) -> String {
    value.to_string().replace("x5t#S256", "x5t_s256")
}

#[test]
fn full_and_minimal_values_are_accepted_by_schema_and_reader() {
    for subject in Subject::all() {
        for value in [subject.root().full(), subject.root().minimal()] {
            assert_eq!(subject.verdicts(&value), (true, true), "{}: {value}", subject.model.name);
        }
    }
}

#[test]
fn a_full_value_is_written_as_it_was_read_in_the_order_of_the_schema() {
    for subject in Subject::all() {
        let full = subject.root().full();
        let written = (subject.model.rewrite)(&full.to_string()).expect(subject.model.name);
        assert_eq!(written, with_written_names(&full), "{}", subject.model.name);
    }
}

#[test]
fn what_was_left_out_is_written_as_its_default() {
    for subject in Subject::all() {
        let root = subject.root();
        let minimal = root.minimal();
        let written = subject.rewritten(&minimal);
        let names: Vec<_> = root.properties().keys().map(|name| subject.written_name(name)).collect();
        let written = written.as_object().expect("an object");
        assert_eq!(written.keys().collect::<Vec<_>>(), names, "{}", subject.model.name);
        for (name, property) in root.properties().iter().filter(|(name, _)| !root.is_required(name)) {
            // The model knows no absent word; it reads one as the empty word.
            let is_absent_word =
                subject.model.name == "ActivityRecordActivityType" && name == "actual_instance";
            let expected = if is_absent_word { json!("") } else { property["default"].clone() };
            assert_eq!(written[subject.written_name(name)], expected, "{}.{name}", subject.model.name);
        }
    }
}

#[test]
fn a_value_without_a_required_property_is_refused_by_schema_and_reader() {
    for subject in Subject::all() {
        let root = subject.root();
        for name in root.properties().keys().filter(|name| root.is_required(name)) {
            let mut value = root.full();
            value.as_object_mut().expect("an object").shift_remove(name);
            assert_eq!(subject.verdicts(&value), (false, false), "{}.{name}", subject.model.name);
            let error = (subject.model.rewrite)(&value.to_string()).expect_err("a required property");
            assert_eq!((error.path(), error.is_missing()), (name.clone(), true), "{}", subject.model.name);
        }
    }
}

#[test]
fn a_property_of_another_type_is_refused_by_schema_and_reader() {
    let mut checked = 0;
    let mut accepted = Vec::new();
    for subject in Subject::all() {
        let root = subject.root();
        for (name, property) in root.properties() {
            for wrong in root.wrong(property) {
                let mut value = root.full();
                value[name] = wrong.clone();
                if subject.verdicts(&value) != (false, false) {
                    accepted.push(format!("{}.{name} = {wrong}", subject.model.name));
                }
                checked += 1;
            }
        }
    }
    assert!(accepted.is_empty(), "accepted by one of the two:\n{}", accepted.join("\n"));
    assert!(checked > 2000, "only {checked} values were tried");
}

#[test]
fn a_whole_number_with_a_point_is_no_integer() {
    for subject in Subject::all() {
        let root = subject.root();
        for (name, property) in
            root.properties().iter().filter(|(_, one)| root.resolve(one)["type"] == "integer")
        {
            let mut value = root.full();
            value[name] = json!(5.0);
            // A JSON Schema cannot tell 5.0 from 5; the reader can (contract §2).
            let is_number =
                property["anyOf"].as_array().is_some_and(|options| options[0]["type"] == "number");
            assert_eq!(subject.verdicts(&value), (true, is_number), "{}.{name}", subject.model.name);
        }
    }
}

#[test]
fn an_unknown_property_is_ignored() {
    for subject in Subject::all() {
        let full = subject.root().full();
        let mut more = full.clone();
        more["unheard of"] = json!({"free": [1, {"form": null}]});
        assert_eq!(subject.verdicts(&more), (true, true), "{}", subject.model.name);
        assert_eq!(subject.rewritten(&more), subject.rewritten(&full), "{}", subject.model.name);
    }
}

#[test]
fn anything_but_an_object_is_no_model() {
    for subject in Subject::all() {
        for value in [json!(null), json!([]), json!("text"), json!(5), json!(true)] {
            assert_eq!(subject.verdicts(&value), (false, false), "{} = {value}", subject.model.name);
        }
    }
}

#[test]
fn schema_and_reader_agree_on_whatever_a_property_is_given() {
    let candidates = [
        json!(null),
        json!(true),
        json!(0),
        json!(5.5),
        json!("5"),
        json!(""),
        json!([]),
        json!([null]),
        json!({}),
    ];
    let mut disagreements = Vec::new();
    for subject in Subject::all() {
        let root = subject.root();
        for (name, _) in root.properties().iter().filter(|(_, property)| !reads_otherwise(root, property)) {
            for candidate in &candidates {
                let mut value = root.full();
                value[name] = candidate.clone();
                if let (schema, reader) = subject.verdicts(&value)
                    && schema != reader
                {
                    let verdicts = format!("schema {schema}, reader {reader}");
                    disagreements.push(format!("{}.{name} = {candidate}: {verdicts}", subject.model.name));
                }
            }
        }
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

/// Whether a property is read by rules that its schema does not show (contract §1 and §2): a date-time, the one
/// string of a `kind`, the word of an activity.
fn reads_otherwise(root: Root<'_>, property: &Value) -> bool {
    let schema = root.resolve(property);
    schema["format"] == "date-time" || schema["default"].is_string() || property["title"] == "Actual Instance"
}
