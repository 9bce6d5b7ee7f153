//! Resources as the server sends them: users, groups, and what else it has.

use std::borrow::Cow;

use lumos_connector::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::value::{Unread, as_boolean, as_text, attribute_of, list_of, of_address, text_of};

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

    /// The first of these texts that the resource has.
    pub(crate) fn any_text(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.text(name))
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
        list_of(&self.attributes, name).iter().filter_map(Entry::of)
    }

    /// Whether a value is among those of an attribute.
    pub(crate) fn holds(&self, name: &str, value: &str) -> bool {
        self.values(name).any(|entry| entry.value == value)
    }

    /// The members of a group.
    pub(crate) fn members(&self) -> Vec<Member> {
        list_of(&self.attributes, "members").iter().filter_map(Member::of).collect()
    }

    /// Whether a user is active; none when the service does not tell.
    pub(crate) fn is_active(&self) -> Option<bool> {
        as_boolean(self.get("active")?)
    }
}

/// One value of an attribute that may have several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry<'r> {
    pub(crate) value: Cow<'r, str>,
    pub(crate) display: Option<&'r str>,
    /// Of a group: whether the user belongs to it only through another group.
    pub(crate) is_indirect: bool,
}

impl<'r> Entry<'r> {
    /// The parts of a complex value, or a plain text: some servers have roles without structure. An entry without a
    /// value may have an address.
    pub(crate) fn of(value: &'r Value) -> Option<Self> {
        let Value::Object(fields) = value else {
            return Some(Self { value: as_text(value)?, display: None, is_indirect: false });
        };
        let text = |name| attribute_of(fields, name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let of_address = || Some(Cow::Borrowed(of_address(text("$ref")?)?.1));
        let value = text_of(fields, "value").or_else(of_address)?;
        let is_indirect = text("type").is_some_and(|kind| kind.eq_ignore_ascii_case("indirect"));
        Some(Self { value, display: text("display"), is_indirect })
    }
}

/// What a member of a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemberKind {
    User,
    /// A group, or something else that is no user.
    Other,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) kind: MemberKind,
}

impl Member {
    /// A member by its `value`, its `$ref` or both; its kind by its `type` or the endpoint in its address. One of which
    /// nothing is said but the id is a user.
    fn of(value: &Value) -> Option<Self> {
        let Value::Object(fields) = value else {
            return Some(Self { id: as_text(value)?.into_owned(), kind: MemberKind::User });
        };
        let address = text_of(fields, "$ref");
        let address = address.as_deref().and_then(of_address);
        let id = text_of(fields, "value").or_else(|| Some(Cow::Borrowed(address?.1)))?;
        let kind = text_of(fields, "type").and_then(|kind| kind_named(&kind));
        let kind = kind.or_else(|| kind_named(address?.0?)).unwrap_or(MemberKind::User);
        Some(Self { id: id.into_owned(), kind })
    }
}

/// The kind that a type (`User`), a schema or an endpoint (`Users`) names; `direct` and the like name none.
fn kind_named(name: &str) -> Option<MemberKind> {
    let name = name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase();
    match name.trim_end_matches('s') {
        "user" => Some(MemberKind::User),
        "direct" | "indirect" | "member" | "" => None,
        _ => Some(MemberKind::Other),
    }
}

/// A group with its members, of which no more is kept than the listing needs: there may be 50,000.
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) members: Vec<Member>,
}

impl Row for Group {
    fn id(&self) -> &str {
        &self.id
    }

    fn read(text: &RawValue) -> Option<Self> {
        let fields = Unread::of(text)?;
        let id = as_text(&fields.get("id"))?.into_owned();
        // Each member is read on its own.
        let member = |text: &RawValue| Member::of(&serde_json::from_str(text.get()).ok()?);
        Some(Self { id, members: fields.list("members").into_iter().filter_map(member).collect() })
    }
}

impl Group {
    pub(crate) fn has(&self, account: &str) -> bool {
        self.members.iter().any(|member| member.id == account)
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
        let roles: Vec<_> =
            user.values("roles").map(|role| (role.value.into_owned(), role.display)).collect();
        assert_eq!(
            roles,
            [("admin".to_owned(), None), ("viewer".to_owned(), Some("Viewer")), ("5".to_owned(), None)]
        );
        assert_eq!(
            (user.id.as_str(), user.values("entitlements").count(), user.values("groups").count()),
            ("7", 1, 0)
        );
    }

    #[test]
    fn members_are_users_unless_something_says_otherwise() {
        for (member, id, kind) in [
            (json!({"value": 1}), "1", MemberKind::User),
            (json!("u1"), "u1", MemberKind::User),
            (json!({"$ref": "Users/u1"}), "u1", MemberKind::User),
            (json!({"$REF": "https://x.test/v2/Groups/g2/"}), "g2", MemberKind::Other),
            (json!({"$ref": "ServicePrincipals/sp9"}), "sp9", MemberKind::Other),
            (json!({"value": "sp9", "type": "ServicePrincipal"}), "sp9", MemberKind::Other),
            (json!({"value": "1", "type": "direct", "$ref": "../Groups/1"}), "1", MemberKind::Other),
            (
                json!({"value": "1", "type": "urn:ietf:params:scim:schemas:core:2.0:User"}),
                "1",
                MemberKind::User,
            ),
            (json!({"value": "1", "type": null, "$ref": null}), "1", MemberKind::User),
        ] {
            let read = Member::of(&member);
            assert_eq!(read, Some(Member { id: id.to_owned(), kind }), "{member}");
        }
        assert_eq!(Member::of(&json!({"display": "nobody"})), None);
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
                prop_assert_eq!(resource.members(), group.members);
                for name in ["roles", "groups", "emails"] {
                    prop_assert!(resource.values(name).all(|entry| !entry.value.is_empty()));
                }
                let again = Resource::of(resource.clone().into_json());
                prop_assert_eq!(again.map(|one| one.id), Some(resource.id));
            }
        }
    }
}
