//! What can be said of a user when an account is created or updated.

use lumos_connector::lenient::{field, is_true, list_of};
use lumos_connector::prelude::*;
use serde_json::{Value, json};

use crate::attribute_path::AttributePath;
use crate::change::Change;
use crate::resource::{ENTERPRISE_USER_SCHEMA, Resource, USER_SCHEMA};

/// The attributes of a user; what is left out stays as it is.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Profile {
    /// The name with which the person signs in.
    username: Option<String>,
    /// The primary email address.
    email: Option<String>,
    /// The person's given name.
    given_name: Option<String>,
    /// The person's family name.
    family_name: Option<String>,
    /// The name as it is shown to others.
    display_name: Option<String>,
    /// How friends call the person.
    nick_name: Option<String>,
    /// The person's position, such as "Vice President".
    title: Option<String>,
    /// The relation to the organization, such as "Contractor".
    user_type: Option<String>,
    /// The language the person prefers, such as `en-US`.
    preferred_language: Option<String>,
    /// The conventions for dates and numbers, such as `en-US`.
    locale: Option<String>,
    /// The time zone, such as `America/Los_Angeles`.
    timezone: Option<String>,
    /// The primary phone number.
    phone_number: Option<String>,
    /// The identifier of the person elsewhere, kept by the service for its clients.
    external_id: Option<String>,
    /// The number of the employee.
    employee_number: Option<String>,
    /// The department.
    department: Option<String>,
    /// The division.
    division: Option<String>,
    /// The organization.
    organization: Option<String>,
    /// The cost center.
    cost_center: Option<String>,
    /// The account of the manager.
    #[schemars(title = "Manager", extend("x-semantic" = "auxiliary-account-id"))]
    manager_id: Option<String>,
    /// A new password.
    #[schemars(extend("x-field_type" = "SECRET", "x-secret" = true, "x-semantic" = "password"))]
    password: Option<Secret>,
}

impl Profile {
    /// Whether a password is among what is said.
    pub(crate) fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// The name of a new user.
    pub(crate) fn name(&self) -> Option<&str> {
        self.username.as_deref().or(self.email.as_deref())
    }

    /// The attributes of which the user shows nothing, though something was said.
    pub(crate) fn missing(&self, user: &Resource) -> Vec<String> {
        let missing = self.shown(user).filter(|path| path.attribute_in(user).is_none());
        missing.map(|path| path.name).collect()
    }

    /// Whether a user that was to be changed has nothing as it was before. What the service writes in its own way is
    /// changed, too.
    pub(crate) fn is_seen(&self, before: &Resource, after: &Resource) -> bool {
        self.shown(after).all(|path| path.attribute_in(after) != path.attribute_in(before))
    }

    /// The attributes that are not as it is said here, among those that services show.
    fn shown(&self, user: &Resource) -> impl Iterator<Item = AttributePath> {
        self.changes(user).into_iter().filter_map(|change| match change {
            Change::Set { path, .. } if path.name != "password" => Some(path),
            _ => None,
        })
    }

    /// The resource of a new user, who can sign in at once.
    pub(crate) fn new_user(&self) -> Result<Value> {
        let Some(username) = self.name() else {
            return Err(ConnectorError::missing_parameter("username: required, unless there is an email"));
        };
        let mut user = Resource { id: String::new(), attributes: serde_json::Map::new() };
        let known =
            [("schemas", json!([USER_SCHEMA])), ("userName", json!(username)), ("active", json!(true))];
        user.attributes.extend(known.map(|(name, value)| (name.to_owned(), value)));
        for change in self.changes(&user) {
            change.apply(&mut user);
        }
        Ok(Value::Object(user.attributes))
    }

    /// What has to change for a user to be as it is said here.
    pub(crate) fn changes(&self, user: &Resource) -> Vec<Change> {
        let simple = [
            (&self.username, None, "userName", None),
            (&self.given_name, None, "name", Some("givenName")),
            (&self.family_name, None, "name", Some("familyName")),
            (&self.display_name, None, "displayName", None),
            (&self.nick_name, None, "nickName", None),
            (&self.title, None, "title", None),
            (&self.user_type, None, "userType", None),
            (&self.preferred_language, None, "preferredLanguage", None),
            (&self.locale, None, "locale", None),
            (&self.timezone, None, "timezone", None),
            (&self.external_id, None, "externalId", None),
            (&self.employee_number, Some(ENTERPRISE_USER_SCHEMA), "employeeNumber", None),
            (&self.department, Some(ENTERPRISE_USER_SCHEMA), "department", None),
            (&self.division, Some(ENTERPRISE_USER_SCHEMA), "division", None),
            (&self.organization, Some(ENTERPRISE_USER_SCHEMA), "organization", None),
            (&self.cost_center, Some(ENTERPRISE_USER_SCHEMA), "costCenter", None),
            (&self.manager_id, Some(ENTERPRISE_USER_SCHEMA), "manager", Some("value")),
        ];
        let mut changes = Vec::new();
        for (said, schema, attribute, part) in simple {
            let Some(said) = said else { continue };
            let path = AttributePath::known(schema, attribute, part);
            if path.text_in(user).as_deref() != Some(said) {
                changes.push(Change::Set { path, value: json!(said) });
            }
        }
        changes.extend(primary(user, "emails", self.email.as_deref()));
        changes.extend(primary(user, "phoneNumbers", self.phone_number.as_deref()));
        let password = self.password.as_ref().map(|password| json!(password.expose()));
        changes.extend(password.map(|password| Change::set("password", password)));
        changes
    }
}

/// The change of the primary value among several; the others stay.
fn primary(user: &Resource, attribute: &str, said: Option<&str>) -> Option<Change> {
    let said = said?;
    let mut values = list_of(&user.attributes, attribute).to_vec();
    let is_primary = |value: &Value| value.as_object().is_some_and(|fields| is_true(fields, "primary"));
    let place = values.iter().position(is_primary).unwrap_or(0);
    match values.get_mut(place) {
        Some(Value::Object(fields)) if field(fields, "value").and_then(Value::as_str) == Some(said) => {
            return None;
        }
        Some(Value::Object(fields)) => {
            fields.retain(|name, _| !name.eq_ignore_ascii_case("value"));
            fields.insert("value".to_owned(), json!(said));
        }
        Some(Value::String(plain)) if plain == said => return None,
        Some(Value::String(plain)) => said.clone_into(plain),
        _ => values.push(json!({"value": said, "type": "work", "primary": true})),
    }
    Some(Change::set(attribute, values.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_user_has_what_was_said() {
        let profile = Profile {
            email: Some("ada@x.test".to_owned()),
            given_name: Some("Ada".to_owned()),
            manager_id: Some("9".to_owned()),
            ..Profile::default()
        };
        assert_eq!(
            profile.new_user().unwrap(),
            json!({
                "schemas": [USER_SCHEMA, ENTERPRISE_USER_SCHEMA],
                "userName": "ada@x.test",
                "active": true,
                "name": {"givenName": "Ada"},
                ENTERPRISE_USER_SCHEMA: {"manager": {"value": "9"}},
                "emails": [{"value": "ada@x.test", "type": "work", "primary": true}],
            })
        );
    }

    #[test]
    fn a_new_user_needs_a_name() {
        let error = Profile::default().new_user().unwrap_err();
        assert_eq!(error.class(), Some(ErrorClass::MissingParameter));
    }

    #[test]
    fn only_differences_are_changes() {
        let user = Resource::of(json!({
            "id": "7", "userName": "ada", "name": {"givenName": "Ada"},
            "emails": [{"value": "home@x.test", "type": "home"}, {"value": "ada@x.test", "primary": true}],
        }))
        .unwrap();
        let same = Profile {
            username: Some("ada".to_owned()),
            given_name: Some("Ada".to_owned()),
            email: Some("ada@x.test".to_owned()),
            ..Profile::default()
        };
        assert_eq!(same.changes(&user), []);
        let other = Profile { email: Some("new@x.test".to_owned()), ..same };
        let Some(Change::Set { value, .. }) = other.changes(&user).pop() else { panic!("nothing changes") };
        assert_eq!(
            value,
            json!([{"value": "home@x.test", "type": "home"}, {"primary": true, "value": "new@x.test"}])
        );
    }
}
