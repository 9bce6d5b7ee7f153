//! The attributes that the service's schemas have beside those that accounts and entitlements show anyway.

use std::borrow::Cow;

use lumos_connector::prelude::*;
use serde_json::{Map, Value};

use crate::service::{Endpoint, Scim, success};
use crate::value::{as_list, attribute_of, is_true, of_address, parse, text_of};

/// Attributes that stand in fields of their own, are associations, or are nobody's business.
const SHOWN: [&str; 10] =
    ["id", "schemas", "meta", "userName", "active", "password", "groups", "roles", "entitlements", "members"];

/// A schema (RFC 7643 §7) and what it has, as the service writes it.
struct ScimSchema {
    id: String,
    attributes: Vec<Attribute>,
}

struct Attribute {
    name: String,
    kind: String,
    description: Option<String>,
    multi_valued: bool,
    returned: String,
    sub_attributes: Vec<Self>,
}

/// The endpoint of a resource type (RFC 7643 §6), its schema, and its extensions.
struct ScimResourceType {
    endpoint: String,
    schema: String,
    extensions: Vec<String>,
}

pub(crate) async fn list_custom_attributes_schema(
    scim: Scim,
    _: ListCustomAttributesSchema,
) -> Result<Reply<Vec<CustomAttributeSchema>>> {
    let types = scim.published("ResourceTypes").await?;
    let types: Vec<_> = types.iter().filter_map(ScimResourceType::of).collect();
    let schemas = scim.published("Schemas").await?;
    let schemas: Vec<_> = schemas.iter().filter_map(ScimSchema::of).collect();
    let customized = [
        (Endpoint::users(), CustomAttributeCustomizedType::Account),
        (scim.groups(), CustomAttributeCustomizedType::Entitlement),
    ];
    let mut found = Vec::new();
    for (endpoint, customized_type) in customized {
        let of_endpoint = types.iter().find(|kind| Endpoint::new(&kind.endpoint).path() == endpoint.path());
        let Some(kind) = of_endpoint else { continue };
        let extensions = kind.extensions.iter().map(|extension| (extension, true));
        for (id, is_extension) in std::iter::once((&kind.schema, false)).chain(extensions) {
            let schema = schemas.iter().find(|schema| schema.id.eq_ignore_ascii_case(id));
            let attributes = schema.map(|schema| schema.attributes.iter()).unwrap_or_default();
            let is_shown = |name: &str| SHOWN.iter().any(|shown| shown.eq_ignore_ascii_case(name));
            for attribute in attributes.filter(|attribute| is_extension || !is_shown(&attribute.name)) {
                let name =
                    if is_extension { format!("{id}:{}", attribute.name) } else { attribute.name.clone() };
                let described = attribute.described(&name).into_iter();
                found.extend(described.map(|(name, attribute_type, description)| CustomAttributeSchema {
                    customized_type,
                    name,
                    attribute_type,
                    description,
                }));
            }
        }
    }
    Ok(scim.noted(Reply::new(found)))
}

impl Scim {
    /// What the service publishes about itself in a list; nothing when it publishes no such list.
    async fn published(&self, name: &str) -> Result<Vec<Value>> {
        let answer = self.ask(&[name], &[]).await?;
        if matches!(answer.status(), 404 | 405 | 501) {
            self.note(format!("/{name}: the service publishes none"));
            return Ok(Vec::new());
        }
        let body: Value = parse(&success(answer)?)?;
        let listed = match &body {
            Value::Object(fields) => attribute_of(fields, "Resources").unwrap_or(&Value::Null),
            list => list,
        };
        Ok(as_list(listed).to_vec())
    }
}

/// The things in a list under a name; what is none of them is passed over.
fn list_of<T>(fields: &Map<String, Value>, name: &str, of: impl Fn(&Value) -> Option<T>) -> Vec<T> {
    attribute_of(fields, name).map(as_list).unwrap_or_default().iter().filter_map(of).collect()
}

fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    text_of(fields, name).map(Cow::into_owned)
}

impl ScimResourceType {
    fn of(value: &Value) -> Option<Self> {
        let fields = value.as_object()?;
        let extension = |value: &Value| match value {
            Value::Object(fields) => text(fields, "schema"),
            plain => plain.as_str().map(str::to_owned),
        };
        let endpoint = text(fields, "endpoint")?;
        // Some write the whole address.
        let endpoint = of_address(&endpoint)
            .filter(|_| endpoint.contains("://"))
            .map_or(endpoint.clone(), |(_, name)| name.to_owned());
        Some(Self {
            endpoint,
            schema: text(fields, "schema")?,
            extensions: list_of(fields, "schemaExtensions", extension),
        })
    }
}

impl ScimSchema {
    fn of(value: &Value) -> Option<Self> {
        let fields = value.as_object()?;
        Some(Self { id: text(fields, "id")?, attributes: list_of(fields, "attributes", Attribute::of) })
    }
}

impl Attribute {
    fn of(value: &Value) -> Option<Self> {
        let fields = value.as_object()?;
        Some(Self {
            name: text(fields, "name")?,
            kind: text(fields, "type").unwrap_or_default(),
            description: text(fields, "description"),
            multi_valued: is_true(fields, "multiValued"),
            returned: text(fields, "returned").unwrap_or_default(),
            sub_attributes: list_of(fields, "subAttributes", Self::of),
        })
    }

    /// The attribute, or its parts when it is complex, each with the name that requests use. Of several values one can be
    /// asked for, the primary or the first.
    fn described(&self, name: &str) -> Vec<(String, CustomAttributeType, Option<String>)> {
        if self.returned == "never" {
            return Vec::new();
        }
        if self.kind != "complex" || self.multi_valued {
            return vec![(name.to_owned(), self.attribute_type(), self.description.clone())];
        }
        let parts = self.sub_attributes.iter().filter(|part| part.kind != "complex");
        parts.flat_map(|part| part.described(&format!("{name}.{}", part.name))).collect()
    }

    fn attribute_type(&self) -> CustomAttributeType {
        match self.kind.as_str() {
            "boolean" => CustomAttributeType::Boolean,
            "integer" => CustomAttributeType::Integer,
            "dateTime" => CustomAttributeType::Datetime,
            _ => CustomAttributeType::String,
        }
    }
}
