//! Changes to a resource, as operations of a PATCH (RFC 7644 §3.5.2) and as changes to the resource that a PUT replaces.

use serde_json::{Map, Value, json};

use crate::filter::Filter;
use crate::resource::Resource;
use crate::value::{as_text, text_of};

/// One change to a resource.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// An attribute gets a value.
    Set {
        /// The extension that the attribute belongs to, if any.
        schema: Option<&'static str>,
        attribute: &'static str,
        /// The part of a complex attribute, such as the `givenName` of a `name`.
        part: Option<&'static str>,
        value: Value,
    },
    /// An attribute with several values gets one more.
    Add { attribute: &'static str, value: String },
    /// An attribute with several values loses one.
    Remove { attribute: &'static str, value: String },
}

/// How the operations of a PATCH are written. Services understand one or the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As RFC 7644 §3.5.2 has it: each attribute by its path, a value that is removed by a filter in the path.
    Path,
    /// Added members have a `type`; attributes that are set stand in the value of an operation without a path.
    Explicit,
    /// A value that is removed stands in the operation.
    Value,
}

/// The body of a PATCH with these changes.
pub(crate) fn patch_body(changes: &[Change], form: Form) -> Value {
    let operations: Vec<_> = changes.iter().map(|change| change.operation(form)).collect();
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}

impl Change {
    fn operation(&self, form: Form) -> Value {
        match self {
            Self::Set { schema, attribute, part, value } if form == Form::Explicit => {
                let value = part.map_or_else(|| value.clone(), |part| json!({ part: value }));
                let value = json!({ *attribute: value });
                let value = schema.map_or_else(|| value.clone(), |schema| json!({ schema: value }));
                json!({"op": "replace", "value": value})
            }
            Self::Set { schema, attribute, part, value } => {
                let schema = schema.map(|schema| format!("{schema}:")).unwrap_or_default();
                let part = part.map(|part| format!(".{part}")).unwrap_or_default();
                json!({"op": "replace", "path": format!("{schema}{attribute}{part}"), "value": value})
            }
            Self::Add { attribute: "members", value } if form == Form::Explicit => {
                json!({"op": "add", "path": "members", "value": [{"value": value, "type": "User"}]})
            }
            Self::Add { attribute, value } => {
                json!({"op": "add", "path": attribute, "value": [{"value": value}]})
            }
            Self::Remove { attribute, value } if form == Form::Value => {
                json!({"op": "remove", "path": attribute, "value": [{"value": value}]})
            }
            Self::Remove { attribute, value } => {
                json!({"op": "remove", "path": format!("{attribute}[{}]", Filter::equals("value", value))})
            }
        }
    }

    /// Changes the resource.
    pub(crate) fn apply(&self, resource: &mut Resource) {
        let attributes = &mut resource.attributes;
        match self {
            Self::Set { schema, attribute, part, value } => {
                let holder = match schema {
                    Some(schema) => {
                        let schemas = list(attributes, "schemas");
                        if !schemas.iter().any(|known| known == schema) {
                            schemas.push(json!(schema));
                        }
                        object(attributes, schema)
                    }
                    None => attributes,
                };
                match part {
                    Some(part) => set(object(holder, attribute), part, value.clone()),
                    None => set(holder, attribute, value.clone()),
                }
            }
            Self::Add { attribute, value } => {
                let is_there = resource.values(attribute).any(|entry| entry.value == *value);
                if !is_there {
                    list(&mut resource.attributes, attribute).push(json!({"value": value}));
                }
            }
            Self::Remove { attribute, value } => list(attributes, attribute).retain(|entry| match entry {
                Value::Object(fields) => text_of(fields, "value").as_deref() != Some(value),
                plain => as_text(plain).as_deref() != Some(value),
            }),
        }
    }
}

/// The key under which an object holds a name, whose case does not matter.
fn key_of(fields: &Map<String, Value>, name: &str) -> String {
    let known = fields.keys().find(|key| key.eq_ignore_ascii_case(name));
    known.cloned().unwrap_or_else(|| name.to_owned())
}

fn set(fields: &mut Map<String, Value>, name: &str, value: Value) {
    let key = key_of(fields, name);
    fields.insert(key, value);
}

/// The object that stands under a name, made when there is none.
fn object<'m>(fields: &'m mut Map<String, Value>, name: &str) -> &'m mut Map<String, Value> {
    let key = key_of(fields, name);
    let value = fields.entry(key).or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    match value {
        Value::Object(object) => object,
        _ => unreachable!("it was made an object"),
    }
}

/// The list that stands under a name, made when there is none.
fn list<'m>(fields: &'m mut Map<String, Value>, name: &str) -> &'m mut Vec<Value> {
    let key = key_of(fields, name);
    let value = fields.entry(key).or_insert_with(|| json!([]));
    if !value.is_array() {
        *value = json!([]);
    }
    match value {
        Value::Array(list) => list,
        _ => unreachable!("it was made a list"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::ENTERPRISE_USER_SCHEMA;

    fn changed(change: &Change, resource: Value) -> Value {
        let mut resource = Resource::of(resource).unwrap();
        change.apply(&mut resource);
        resource.into_json()
    }

    fn operation(change: &Change, form: Form) -> Value {
        patch_body(std::slice::from_ref(change), form)["Operations"][0].clone()
    }

    #[test]
    fn setting_an_attribute() {
        let active = Change::Set { schema: None, attribute: "active", part: None, value: json!(false) };
        assert_eq!(
            operation(&active, Form::Path),
            json!({"op": "replace", "path": "active", "value": false})
        );
        assert_eq!(operation(&active, Form::Explicit), json!({"op": "replace", "value": {"active": false}}));
        assert_eq!(changed(&active, json!({"id": "7", "Active": true})), json!({"id": "7", "Active": false}));
    }

    #[test]
    fn setting_a_part_of_an_extension() {
        let manager = Change::Set {
            schema: Some(ENTERPRISE_USER_SCHEMA),
            attribute: "manager",
            part: Some("value"),
            value: json!("9"),
        };
        assert_eq!(
            operation(&manager, Form::Path)["path"],
            format!("{ENTERPRISE_USER_SCHEMA}:manager.value")
        );
        assert_eq!(
            changed(&manager, json!({"id": "7"})),
            json!({
                "id": "7",
                "schemas": [ENTERPRISE_USER_SCHEMA],
                ENTERPRISE_USER_SCHEMA: {"manager": {"value": "9"}},
            })
        );
    }

    #[test]
    fn adding_a_value_once() {
        let add = Change::Add { attribute: "members", value: "7".to_owned() };
        let typed = json!([{"value": "7", "type": "User"}]);
        assert_eq!(operation(&add, Form::Explicit), json!({"op": "add", "path": "members", "value": typed}));
        let added = json!({"id": "g", "members": [{"value": "7"}]});
        assert_eq!(changed(&add, json!({"id": "g"})), added);
        assert_eq!(changed(&add, added.clone()), added);
    }

    #[test]
    fn removing_a_value_leaves_the_others() {
        let remove = Change::Remove { attribute: "members", value: "7\"".to_owned() };
        assert_eq!(
            changed(&remove, json!({"id": "g", "members": [{"value": "7\""}, "7\"", {"value": "8"}]})),
            json!({"id": "g", "members": [{"value": "8"}]})
        );
        assert_eq!(operation(&remove, Form::Path)["path"], r#"members[value eq "7\""]"#);
        assert_eq!(operation(&remove, Form::Value)["value"], json!([{"value": "7\""}]));
    }
}
