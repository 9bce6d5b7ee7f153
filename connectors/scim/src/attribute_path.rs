//! Attribute paths (RFC 7644 §3.10), as settings and requests for custom attributes write them.

use std::borrow::Cow;

use lumos_connector::lenient::{as_boolean, as_text, field, is_true};
use lumos_connector::prelude::*;
use serde_json::Value;

use crate::resource::Resource;

/// Which value of a resource is meant: `userName`, `name.givenName`, `emails[type eq "work"].value`, or
/// `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department`.
///
/// Of an attribute with several values, the one that the filter names is meant; without a filter the primary one, or
/// else the first. Of a complex value without a sub-attribute, its `value` is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct AttributePath {
    pub(crate) text: String,
    /// The schema, when the path names one.
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
    /// The attribute and the value that tell which of several values is meant: `type eq "work"`.
    filter: Option<(String, String)>,
    pub(crate) sub_attribute: Option<String>,
}

impl AttributePath {
    /// The path that a text means.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let malformed = |why: &str| format!("'{text}' is not an attribute path: {why}");
        let (head, filter, tail) = match text.split_once('[') {
            None => (text, None, ""),
            Some((head, rest)) => {
                let (filter, tail) = rest.rsplit_once(']').ok_or_else(|| malformed("']' is missing"))?;
                let filter = value_filter(filter)
                    .ok_or_else(|| malformed("within [ ] an attribute, `eq` and a value are expected"))?;
                (head, Some(filter), tail)
            }
        };
        let (schema, attribute) =
            head.rsplit_once(':').map_or((None, head), |(schema, attribute)| (Some(schema), attribute));
        let (name, sub_attribute) = match (attribute.split_once('.'), tail) {
            (None, "") => (attribute, None),
            (Some((name, sub)), "") if filter.is_none() => (name, Some(sub)),
            (None, tail) => {
                (attribute, Some(tail.strip_prefix('.').ok_or_else(|| malformed("'.' is missing"))?))
            }
            (Some(_), _) => return Err(malformed("a filter stands behind the attribute, before '.'")),
        };
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '$');
        let is_name = |name: &str| !name.is_empty() && name.chars().all(is_letter);
        if !is_name(name) || !sub_attribute.is_none_or(is_name) || schema == Some("") {
            return Err(malformed("names are of letters, digits, '_', '-' and '$'"));
        }
        Ok(Self { text: text.to_owned(), filter, ..Self::known(schema, name, sub_attribute) })
    }

    /// The path of an attribute, or of a part of it, with names known to be good.
    pub(crate) fn known(schema: Option<&str>, name: &str, sub_attribute: Option<&str>) -> Self {
        let before = schema.map(|schema| format!("{schema}:")).unwrap_or_default();
        let behind = sub_attribute.map(|sub| format!(".{sub}")).unwrap_or_default();
        Self {
            text: format!("{before}{name}{behind}"),
            schema: schema.map(str::to_owned),
            name: name.to_owned(),
            filter: None,
            sub_attribute: sub_attribute.map(str::to_owned),
        }
    }

    /// The attribute as the `attributes` of a query name it, which has no filters.
    pub(crate) fn without_filter(&self) -> &str {
        self.text.split('[').next().unwrap_or(&self.text)
    }

    /// The attribute of a resource, whole.
    pub(crate) fn attribute_in<'r>(&self, resource: &'r Resource) -> Option<&'r Value> {
        match &self.schema {
            Some(schema) => resource.extended(schema, &self.name),
            None => resource.get(&self.name),
        }
    }

    /// The value in a resource as text, if it has one that is not empty.
    pub(crate) fn text_in<'r>(&self, resource: &'r Resource) -> Option<Cow<'r, str>> {
        let value = match self.attribute_in(resource)? {
            Value::Array(values) => self.chosen(values)?,
            single => single,
        };
        let value = match (value, &self.sub_attribute) {
            (Value::Object(fields), sub) => field(fields, sub.as_deref().unwrap_or("value"))?,
            (_, Some(_)) => return None,
            (simple, None) => simple,
        };
        match value {
            Value::Null | Value::String(_) => as_text(value),
            other => Some(Cow::Owned(other.to_string())),
        }
    }

    fn chosen<'r>(&self, values: &'r [Value]) -> Option<&'r Value> {
        let Some((attribute, wanted)) = &self.filter else {
            let is_primary =
                |value: &&Value| value.as_object().is_some_and(|fields| is_true(fields, "primary"));
            return values.iter().find(is_primary).or_else(|| values.first());
        };
        values.iter().find(|value| {
            let found = value.as_object().and_then(|fields| field(fields, attribute));
            found.is_some_and(|found| match as_boolean(found) {
                Some(flag) => wanted.eq_ignore_ascii_case(&flag.to_string()),
                None => as_text(found).is_some_and(|text| text.eq_ignore_ascii_case(wanted)),
            })
        })
    }
}

/// `type eq "work"`.
fn value_filter(text: &str) -> Option<(String, String)> {
    let (attribute, rest) = text.trim().split_once(' ')?;
    let (operator, value) = rest.trim_start().split_once(' ')?;
    let value = value.trim();
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None => value,
    };
    operator.eq_ignore_ascii_case("eq").then(|| (attribute.to_owned(), value.to_owned()))
}

/// The attributes that a request asks for by name.
pub(crate) fn named(custom_attributes: Option<Vec<String>>) -> Result<Option<Vec<AttributePath>>> {
    let parse = |name: String| {
        AttributePath::parse(&name)
            .map_err(|problem| ConnectorError::invalid_value(format!("custom_attributes: {problem}")))
    };
    custom_attributes.map(|names| names.into_iter().map(parse).collect()).transpose()
}

/// The values in a resource, by the names that were asked for.
pub(crate) fn values_of(paths: &[AttributePath], resource: &Resource) -> IndexMap<String, String> {
    paths.iter().filter_map(|path| Some((path.text.clone(), path.text_in(resource)?.into_owned()))).collect()
}

impl From<AttributePath> for String {
    fn from(path: AttributePath) -> Self {
        path.text
    }
}

impl TryFrom<String> for AttributePath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(path: &str) -> Option<String> {
        let user = Resource::of(json!({
            "id": "7", "userName": "ada", "active": true, "nickName": "",
            "name": {"givenName": "Ada"},
            "emails": [
                {"value": "home@x.test", "type": "home"},
                {"value": "work@x.test", "type": "work", "primary": "True"},
            ],
            "phoneNumbers": [{"value": "1"}, {"value": "2"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
                "Department": "Engines", "manager": {"value": "1", "displayName": "Charles"},
            },
        }))
        .unwrap();
        AttributePath::parse(path).unwrap().text_in(&user).map(Cow::into_owned)
    }

    #[test]
    fn paths_lead_to_values() {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        for (path, value) in [
            ("userName", Some("ada")),
            ("USERNAME", Some("ada")),
            ("active", Some("true")),
            ("nickName", None),
            ("title", None),
            ("name.givenName", Some("Ada")),
            ("name.familyName", None),
            ("userName.value", None),
            ("emails", Some("work@x.test")),
            ("emails.type", Some("work")),
            ("emails[type eq \"home\"]", Some("home@x.test")),
            ("emails[type eq \"HOME\"].value", Some("home@x.test")),
            ("emails[type eq \"other\"].value", None),
            ("phoneNumbers", Some("1")),
            ("urn:ietf:params:scim:schemas:core:2.0:User:userName", Some("ada")),
            (&format!("{enterprise}:department"), Some("Engines")),
            (&format!("{enterprise}:manager"), Some("1")),
            (&format!("{enterprise}:manager.displayName"), Some("Charles")),
            ("urn:example:Other:department", None),
        ] {
            assert_eq!(text(path).as_deref(), value, "{path}");
        }
    }

    #[test]
    fn what_is_not_a_path_is_refused() {
        let paths = [
            "",
            " ",
            ".",
            "a.",
            "a b",
            "a[",
            "a[x]",
            "a[x co \"y\"]",
            "a[x eq \"y\"]z",
            "a.b[x eq 1]",
            ":a",
            "a.b.c",
        ];
        for path in paths {
            assert!(AttributePath::parse(path).is_err(), "{path}");
        }
    }
}
