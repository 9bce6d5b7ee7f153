//! Changes to a resource, as operations of a PATCH (RFC 7644 §3.5.2) and as changes to the resource that a PUT replaces.

use lumos_connector::lenient::as_list;
use serde_json::{Value, json};

use crate::attribute_path::AttributePath;
use crate::filter::Filter;
use crate::resource::{Entry, Resource};

/// One change to a resource.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// An attribute, or a part of one, gets a value.
    Set { path: AttributePath, value: Value },
    /// An attribute with several values gets one more.
    Add { attribute: &'static str, value: String },
    /// An attribute with several values loses one.
    Remove { attribute: &'static str, value: String },
}

/// How a change is written. Services understand one or the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As RFC 7644 §3.5.2 has it: each attribute by its path, a value that is removed by a filter in the path.
    Path,
    /// Added members have a `type`; attributes that are set stand in the value of an operation without a path.
    Explicit,
    /// A value that is removed stands in the operation.
    Value,
    /// The whole resource is replaced.
    Whole,
}

/// The body of a PATCH with these changes.
pub(crate) fn patch_body(changes: &[Change], form: Form) -> Value {
    let operations: Vec<_> = changes.iter().map(|change| change.operation(form)).collect();
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}

impl Change {
    /// An attribute of the resource's own schema gets a value.
    pub(crate) fn set(attribute: &str, value: Value) -> Self {
        Self::Set { path: AttributePath::known(None, attribute, None), value }
    }

    fn operation(&self, form: Form) -> Value {
        match self {
            Self::Set { path, value } if form == Form::Explicit => {
                let names = [path.sub_attribute.as_ref(), Some(&path.name), path.schema.as_ref()];
                let value =
                    names.into_iter().flatten().fold(value.clone(), |value, name| json!({ name: value }));
                json!({"op": "replace", "value": value})
            }
            Self::Set { path, value } => json!({"op": "replace", "path": path.text, "value": value}),
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
        let mut whole = Value::Object(std::mem::take(&mut resource.attributes));
        match self {
            Self::Set { path, value } => {
                let mut place = &mut whole;
                if let Some(schema) = &path.schema {
                    change_list(place, "schemas", |schemas| {
                        if !schemas.iter().any(|known| known == schema) {
                            schemas.push(json!(schema));
                        }
                    });
                    place = attribute_in(place, schema);
                }
                place = attribute_in(place, &path.name);
                if let Some(part) = &path.sub_attribute {
                    place = attribute_in(place, part);
                }
                *place = value.clone();
            }
            Self::Add { attribute, value } => change_list(&mut whole, attribute, |entries| {
                if !entries.iter().any(|entry| is_entry(entry, value)) {
                    entries.push(json!({"value": value}));
                }
            }),
            Self::Remove { attribute, value } => {
                change_list(&mut whole, attribute, |entries| entries.retain(|entry| !is_entry(entry, value)));
            }
        }
        if let Value::Object(attributes) = whole {
            resource.attributes = attributes;
        }
    }
}

/// Whether an entry of a list stands for a value.
fn is_entry(entry: &Value, value: &str) -> bool {
    Entry::of(entry).is_some_and(|entry| entry.value == value)
}

/// The place of an attribute in an object, whose name may stand there in any case.
fn attribute_in<'v>(object: &'v mut Value, name: &str) -> &'v mut Value {
    if !object.is_object() {
        *object = json!({});
    }
    let mut names = object.as_object().into_iter().flat_map(serde_json::Map::keys);
    let known = names.find(|known| known.eq_ignore_ascii_case(name)).cloned();
    &mut object[known.as_deref().unwrap_or(name)]
}

fn change_list(object: &mut Value, name: &str, change: impl FnOnce(&mut Vec<Value>)) {
    let list = attribute_in(object, name);
    let mut values = as_list(list).to_vec();
    change(&mut values);
    *list = values.into();
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
        let active = Change::set("active", json!(false));
        assert_eq!(
            operation(&active, Form::Path),
            json!({"op": "replace", "path": "active", "value": false})
        );
        assert_eq!(operation(&active, Form::Explicit), json!({"op": "replace", "value": {"active": false}}));
        assert_eq!(changed(&active, json!({"id": "7", "Active": true})), json!({"id": "7", "Active": false}));
    }

    #[test]
    fn setting_a_part_of_an_extension() {
        let path = AttributePath::known(Some(ENTERPRISE_USER_SCHEMA), "manager", Some("value"));
        let manager = Change::Set { path, value: json!("9") };
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
