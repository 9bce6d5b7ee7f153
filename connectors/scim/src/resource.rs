//! Resources as the server sends them: users, groups, and what else it has.

use std::borrow::Cow;

use lumos_connector::lenient::{Unread, as_boolean, as_text, field, list_of, text_of};
use lumos_connector::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

pub(crate) const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const ENTERPRISE_USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What is no fact about a resource of its own.
const HIDDEN: [&str; 4] = ["schemas", "password", "groups", "members"];

/// What is read of each row of a listing. A row that is none, such as one without an id, is `None`: it costs itself and
/// not the listing.
pub(crate) trait Row: Sized + Send {
    /// The id of the resource.
    fn id(&self) -> &str;

    fn read(text: &RawValue) -> Option<Self>;
}

/// A resource with all its attributes, whatever their schemas (RFC 7643 §3).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Resource {
    pub(crate) id: String,
    pub(crate) attributes: Map<String, Value>,
}

impl Row for Resource {
    fn id(&self) -> &str {
        &self.id
    }

    fn read(text: &RawValue) -> Option<Self> {
        Self::of(serde_json::from_str(text.get()).ok()?)
    }
}

impl Resource {
    /// The resource that a JSON value is; none without an id.
    pub(crate) fn of(value: Value) -> Option<Self> {
        let Value::Object(mut attributes) = value else { return None };
        let id = text_of(&attributes, "id")?.into_owned();
        attributes.retain(|name, _| !name.eq_ignore_ascii_case("id"));
        Some(Self { id, attributes })
    }

    /// The resource as JSON, for a replacement.
    pub(crate) fn into_json(self) -> Value {
        let id = ("id".to_owned(), Value::from(self.id));
        Value::Object(std::iter::once(id).chain(self.attributes).collect())
    }

    /// An attribute of the resource's own schema.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        field(&self.attributes, name)
    }

    /// An attribute of a schema. Those of extensions stand in an object of their own; those of the resource's own
    /// schema, whichever it is, stand among the others.
    pub(crate) fn extended(&self, schema: &str, name: &str) -> Option<&Value> {
        match field(&self.attributes, schema) {
            Some(Value::Object(extension)) => field(extension, name),
            _ if schema.to_ascii_lowercase().contains(":schemas:core:") => self.get(name),
            _ => None,
        }
    }

    /// A text of the resource, if it has one that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The first of these texts that the resource has.
    pub(crate) fn any_text(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.text(name))
    }

    /// The version of the resource, for conditional changes (RFC 7644 §3.14).
    pub(crate) fn version(&self) -> Option<&str> {
        field(self.get("meta")?.as_object()?, "version")?.as_str()
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
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = Entry> {
        list_of(&self.attributes, name).iter().filter_map(Entry::of)
    }

    /// Whether a value is among those of an attribute.
    pub(crate) fn holds(&self, name: &str, value: &str) -> bool {
        self.values(name).any(|entry| entry.value == value)
    }

    /// Whether a user is active; none when the service does not tell.
    pub(crate) fn is_active(&self) -> Option<bool> {
        as_boolean(self.get("active")?)
    }
}

/// One value of an attribute that may have several: a role, a group of a user, a member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) value: String,
    pub(crate) display: Option<String>,
    /// Of a member: whether it is a user. One of which nothing is said but the id is.
    pub(crate) is_user: bool,
    /// Of a group: whether the user belongs to it only through another group.
    pub(crate) is_indirect: bool,
}

impl Entry {
    /// The parts of a complex value, or a plain text: some servers have roles without structure. An entry without a
    /// value may have an address; what it is stands in its `type`, or it is the endpoint in that address.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        let Value::Object(fields) = value else {
            let value = as_text(value)?.into_owned();
            return Some(Self { value, display: None, is_user: true, is_indirect: false });
        };
        let (kind, address) = (text_of(fields, "type"), text_of(fields, "$ref"));
        let address = address.as_deref().and_then(of_address);
        let value = text_of(fields, "value").or_else(|| Some(Cow::Borrowed(address?.1)))?.into_owned();
        let is_user = kind.as_deref().and_then(names_user).or_else(|| names_user(address?.0?));
        let is_indirect = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("indirect"));
        let display = text_of(fields, "display").map(Cow::into_owned);
        Some(Self { value, display, is_user: is_user.unwrap_or(true), is_indirect })
    }
}

/// Whether a type (`User`), a schema or an endpoint (`Users`) is that of users; `direct` and the like say nothing.
fn names_user(name: &str) -> Option<bool> {
    let name = name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase();
    match name.trim_end_matches('s') {
        "direct" | "indirect" | "member" | "" => None,
        name => Some(name == "user"),
    }
}

/// The last part of an address that leads to a resource, and the name of the endpoint before it: `Users/7`.
pub(crate) fn of_address(address: &str) -> Option<(Option<&str>, &str)> {
    let path = address.split(['?', '#']).next()?.trim_end_matches('/');
    let (rest, id) = path.rsplit_once('/').map_or((None, path), |(rest, id)| (Some(rest), id));
    let endpoint = rest.and_then(|rest| rest.rsplit('/').next()).filter(|endpoint| !endpoint.is_empty());
    (!id.is_empty()).then_some((endpoint, id))
}

/// A group with the ids of its members, of which no more is kept than the listing needs: there may be 50,000.
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) users: Vec<String>,
    /// Members that are groups, or something else that is no user.
    pub(crate) others: Vec<String>,
}

impl Group {
    pub(crate) fn new(id: String, members: impl Iterator<Item = Entry>) -> Self {
        let mut group = Self { id, users: Vec::new(), others: Vec::new() };
        for Entry { value, is_user, .. } in members {
            if is_user { group.users.push(value) } else { group.others.push(value) }
        }
        group
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.others.is_empty()
    }

    pub(crate) fn has(&self, account: &str) -> bool {
        self.users.iter().chain(&self.others).any(|member| member == account)
    }
}

impl Row for Group {
    fn id(&self) -> &str {
        &self.id
    }

    fn read(text: &RawValue) -> Option<Self> {
        let fields = Unread::of(text)?;
        let id = as_text(&fields.get("id"))?.into_owned();
        // Each member is read on its own.
        let member = |text: &RawValue| Entry::of(&serde_json::from_str(text.get()).ok()?);
        Some(Self::new(id, fields.list("members").into_iter().filter_map(member)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_may_be_complex_or_plain() {
        let user = Resource::of(json!({
            "ID": 7, "roles": ["admin", {"VALUE": "viewer", "display": "Viewer"}, {"display": "nothing"}, {"value": ""}, 5],
            "entitlements": "one",
        }))
        .unwrap();
        let roles: Vec<_> = user.values("roles").map(|role| (role.value, role.display)).collect();
        assert_eq!(
            roles,
            [
                ("admin".to_owned(), None),
                ("viewer".to_owned(), Some("Viewer".to_owned())),
                ("5".to_owned(), None)
            ]
        );
        assert_eq!(
            (user.id.as_str(), user.values("entitlements").count(), user.values("groups").count()),
            ("7", 1, 0)
        );
    }

    #[test]
    fn members_are_users_unless_something_says_otherwise() {
        for (member, id, is_user) in [
            (json!({"value": 1}), "1", true),
            (json!("u1"), "u1", true),
            (json!({"$ref": "Users/u1"}), "u1", true),
            (json!({"$REF": "https://x.test/v2/Groups/g2/"}), "g2", false),
            (json!({"$ref": "ServicePrincipals/sp9"}), "sp9", false),
            (json!({"value": "sp9", "type": "ServicePrincipal"}), "sp9", false),
            (json!({"value": "1", "type": "direct", "$ref": "../Groups/1"}), "1", false),
            (json!({"value": "1", "type": "urn:ietf:params:scim:schemas:core:2.0:User"}), "1", true),
            (json!({"value": "1", "type": null, "$ref": null}), "1", true),
        ] {
            let read = Entry::of(&member).map(|read| (read.value, read.is_user));
            assert_eq!(read, Some((id.to_owned(), is_user)), "{member}");
        }
        assert_eq!(Entry::of(&json!({"display": "nobody"})), None);
    }

    /// JSON as services write it: the names of SCIM in any case, values of any type in any place.
    fn scim_like() -> impl Strategy<Value = Value> {
        let name = prop_oneof![
            prop::sample::select(vec![
                "id", "ID", "value", "Value", "$ref", "type", "TYPE", "display", "members", "Members",
                "roles", "groups", "meta", "version", "active", "emails",
            ])
            .prop_map(str::to_owned),
            ".{0,8}",
        ];
        let text = prop_oneof![
            prop::sample::select(vec![
                "",
                "User",
                "groups",
                "direct",
                "https://a.test/v2/Users/7",
                "../Groups/g%2F1/",
                "7"
            ])
            .prop_map(str::to_owned),
            ".{0,12}",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 48, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((name.clone(), inner), 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_a_service_writes_is_read_alike_as_a_resource_and_as_a_group(value in scim_like(), id in ".{0,4}") {
            let value = match value {
                // Which of two names that differ in their case counts, nobody says.
                Value::Object(fields) => {
                    let mut one_each = Map::from_iter([("id".to_owned(), Value::from(id))]);
                    for (name, value) in fields {
                        if !one_each.keys().any(|known| known.eq_ignore_ascii_case(&name)) || name == "id" {
                            one_each.insert(name, value);
                        }
                    }
                    Value::Object(one_each)
                }
                other => other,
            };
            let resource = Resource::of(value.clone());
            let text = RawValue::from_string(value.to_string()).unwrap();
            let group = Group::read(&text);
            prop_assert_eq!(resource.as_ref().map(|one| &one.id), group.as_ref().map(|one| &one.id));
            if let (Some(resource), Some(group)) = (resource, group) {
                let (users, others): (Vec<_>, Vec<_>) = resource.values("members").partition(|one| one.is_user);
                prop_assert_eq!(users.into_iter().map(|one| one.value).collect::<Vec<_>>(), group.users);
                prop_assert_eq!(others.into_iter().map(|one| one.value).collect::<Vec<_>>(), group.others);
                for name in ["roles", "groups", "emails"] {
                    prop_assert!(resource.values(name).all(|entry| !entry.value.is_empty()));
                }
                let again = Resource::of(resource.clone().into_json());
                prop_assert_eq!(again.map(|one| one.id), Some(resource.id));
            }
        }
    }
}
