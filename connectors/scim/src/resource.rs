//! Resources as the server sends them: users, groups, and what else it has.

use lumos_connector::prelude::*;
use serde_json::{Map, Value};

use crate::attribute_path::attribute_of;

pub(crate) const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const ENTERPRISE_USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What is no fact about a resource of its own.
const HIDDEN: [&str; 4] = ["schemas", "password", "groups", "members"];

/// A resource with all its attributes, whatever their schemas (RFC 7643 §3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Resource {
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) attributes: Map<String, Value>,
}

impl Resource {
    /// An attribute of the resource's own schema.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        attribute_of(&self.attributes, name)
    }

    /// An attribute of a schema. Those of extensions stand in an object of their own; those of the resource's own
    /// schema, whichever it is, stand among the others.
    pub(crate) fn extended(&self, schema: &str, name: &str) -> Option<&Value> {
        match attribute_of(&self.attributes, schema) {
            Some(Value::Object(extension)) => attribute_of(extension, name),
            _ if schema.to_ascii_lowercase().contains(":schemas:core:") => self.get(name),
            _ => None,
        }
    }

    /// A text of the resource, if it has one that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The version of the resource, for conditional changes (RFC 7644 §3.14).
    pub(crate) fn version(&self) -> Option<&str> {
        attribute_of(self.get("meta")?.as_object()?, "version")?.as_str()
    }

    /// All that the service says of the resource, but for secrets and what is an association.
    pub(crate) fn extra_data(&self) -> JsonObject {
        let hidden = |name: &str| HIDDEN.iter().any(|hidden| name.eq_ignore_ascii_case(hidden));
        let shown = self.attributes.iter().filter(|(name, value)| !hidden(name) && !value.is_null());
        shown.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Drops the attributes that a replacement cannot set: the service works them out itself.
    pub(crate) fn drop_what_the_service_decides(&mut self) {
        self.attributes
            .retain(|name, _| !name.eq_ignore_ascii_case("meta") && !name.eq_ignore_ascii_case("groups"));
    }

    /// The values of an attribute that may have several, such as `roles`.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = Entry<'_>> {
        let values = self.get(name).and_then(Value::as_array).into_iter().flatten();
        values.filter_map(Entry::of)
    }
}

/// One value of an attribute that may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry<'r> {
    pub(crate) value: &'r str,
    pub(crate) display: Option<&'r str>,
    /// Of a group: whether the user belongs to it only through another group.
    pub(crate) is_indirect: bool,
}

impl<'r> Entry<'r> {
    /// The parts of a complex value, or a plain text: some servers have roles without structure.
    fn of(value: &'r Value) -> Option<Self> {
        let (value, display, kind) = match value {
            Value::String(value) => (value.as_str(), None, None),
            Value::Object(fields) => {
                let text =
                    |name| attribute_of(fields, name).and_then(Value::as_str).filter(|text| !text.is_empty());
                (text("value")?, text("display"), text("type"))
            }
            _ => return None,
        };
        let is_indirect = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("indirect"));
        (!value.is_empty()).then_some(Self { value, display, is_indirect })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_may_be_complex_or_plain() {
        let user: Resource = serde_json::from_value(json!({
            "id": "7",
            "roles": ["admin", {"value": "viewer", "display": "Viewer"}, {"display": "nothing"}, {"value": ""}, 5],
        }))
        .unwrap();
        let roles: Vec<_> = user.values("roles").map(|role| (role.value, role.display)).collect();
        assert_eq!(roles, [("admin", None), ("viewer", Some("Viewer"))]);
        assert_eq!(user.values("entitlements").count(), 0);
    }
}
