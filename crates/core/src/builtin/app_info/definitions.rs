//! The named schemas of the document, each under one name however many capabilities use it.

use std::collections::HashMap;

use indexmap::IndexMap;
use lumos_connector_types::schema::Object;
use serde_json::{Value, json};

const PREFIX: &str = "#/components/schemas/";

/// The named schemas of the document.
///
/// Two types of one name get two names, `Filter` and `Filter2`; in the reference the first one stands for both.
#[derive(Default)]
pub(super) struct Definitions {
    schemas: Object,
    /// Each definition as it came, by which the same type is known again; `None` for names that are taken.
    sources: HashMap<String, Option<Object>>,
}

/// New names of definitions whose own name is taken by another type.
type Renames = HashMap<String, String>;

impl Definitions {
    /// No schemas yet, and names that none may have.
    pub(super) fn without(taken: &[&str]) -> Self {
        Self { sources: taken.iter().map(|name| ((*name).to_owned(), None)).collect(), ..Self::default() }
    }

    /// Moves the definitions of a schema into the document and gives back the schema, which then points there.
    ///
    /// `finish` makes what the document shows of a definition, given the name that it came with. It sees each type
    /// once: what the first user of a type says of it counts.
    pub(super) fn adopt(&mut self, mut schema: Object, finish: impl Fn(&str, Object) -> Object) -> Object {
        let definitions = take_definitions(&mut schema);
        let renames = self.renames(&definitions);
        for (name, mut definition) in definitions {
            redirect(&mut definition, &renames);
            let target = renames.get(&name).unwrap_or(&name).clone();
            if !self.sources.contains_key(&target) {
                self.sources.insert(target.clone(), Some(definition.clone()));
                self.schemas.insert(target, Value::Object(finish(&name, definition)));
            }
        }
        redirect(&mut schema, &renames);
        schema
    }

    /// What a reference points to.
    pub(super) fn resolve(&self, schema: &Object) -> Option<&Object> {
        self.schemas.get(referenced(schema)?)?.as_object()
    }

    pub(super) fn into_schemas(self) -> Object {
        self.schemas
    }

    /// The shortest name that is free or fits, for each definition that cannot keep its own.
    fn renames(&self, definitions: &IndexMap<String, Object>) -> Renames {
        let mut renames = Renames::new();
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        // A new name changes every definition that refers to it, and so may cost those their own names as well.
        while let Some(name) = definitions.keys().find(|name| !self.fits(name, definitions, &renames)) {
            let number = numbers.entry(name).or_insert(1);
            *number += 1;
            renames.insert(name.clone(), format!("{name}{number}"));
        }
        renames
    }

    /// Whether the name that a definition has so far is free, or already stands for the same type.
    fn fits(&self, name: &str, definitions: &IndexMap<String, Object>, renames: &Renames) -> bool {
        let target = renames.get(name).map_or(name, String::as_str);
        match self.sources.get(target) {
            None => target == name || !definitions.contains_key(target),
            Some(None) => false,
            Some(source) if renames.is_empty() => source.as_ref() == definitions.get(name),
            Some(source) => {
                let mut definition = definitions.get(name).cloned();
                definition.iter_mut().for_each(|definition| redirect(definition, renames));
                *source == definition
            }
        }
    }
}

/// The name of the definition that a schema points to.
pub(super) fn referenced(schema: &Object) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(PREFIX)
}

/// A reference to a named schema.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("{PREFIX}{name}") })
}

fn take_definitions(schema: &mut Object) -> IndexMap<String, Object> {
    let Some(Value::Object(definitions)) = schema.shift_remove("$defs") else { return IndexMap::new() };
    let definitions = definitions.into_iter().map(|(name, definition)| match definition {
        Value::Object(definition) => (name, definition),
        // `true`: any value.
        _ => (name, Object::new()),
    });
    definitions.collect()
}

fn redirect(schema: &mut Object, renames: &Renames) {
    if renames.is_empty() {
        return;
    }
    if let Some(name) = referenced(schema).and_then(|name| renames.get(name)) {
        schema.insert("$ref".to_owned(), Value::String(format!("{PREFIX}{name}")));
    }
    schema.values_mut().for_each(|value| redirect_inside(value, renames));
}

fn redirect_inside(value: &mut Value, renames: &Renames) {
    match value {
        Value::Object(schema) => redirect(schema, renames),
        Value::Array(items) => items.iter_mut().for_each(|item| redirect_inside(item, renames)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use lumos_connector_types::schema::Object;
    use serde_json::{Value, json};

    use super::Definitions;

    /// A schema that refers to a `User`, whose `Filter` has one field.
    fn schema(field: &str) -> Object {
        let schema = json!({
            "$ref": "#/components/schemas/User",
            "$defs": {
                "User": {"properties": {"filter": {"$ref": "#/components/schemas/Filter"}}},
                "Filter": {"properties": { field: {"type": "string"} }},
            },
        });
        let Value::Object(schema) = schema else { panic!("it is an object") };
        schema
    }

    fn adopt(definitions: &mut Definitions, field: &str) -> String {
        let adopted = definitions.adopt(schema(field), |_, definition| definition);
        let name = super::referenced(&adopted).expect("a reference").to_owned();
        let user = definitions.resolve(&adopted).expect("the user is defined");
        let filter = user["properties"]["filter"].as_object().expect("the field is a schema");
        let filter = definitions.resolve(filter).expect("the filter is defined");
        assert!(filter["properties"].get(field).is_some(), "{name} has the filter of another type");
        name
    }

    #[test]
    fn a_type_has_one_name_and_two_types_have_two() {
        let mut definitions = Definitions::default();
        let names = ["a", "b", "a", "c", "b"].map(|field| adopt(&mut definitions, field));
        assert_eq!(names, ["User", "User2", "User", "User3", "User2"]);
        assert_eq!(definitions.into_schemas().len(), 6);
    }

    #[test]
    fn a_name_that_is_taken_is_given_to_no_type() {
        let mut definitions = Definitions::without(&["User", "Filter2"]);
        assert_eq!(adopt(&mut definitions, "a"), "User2");
        assert_eq!(adopt(&mut definitions, "b"), "User3");
        let names: Vec<String> = definitions.into_schemas().keys().cloned().collect();
        assert_eq!(names, ["User2", "Filter", "User3", "Filter3"]);
    }
}
