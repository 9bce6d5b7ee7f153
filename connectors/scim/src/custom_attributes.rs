//! The attributes that the service's schemas have beside those that accounts and entitlements show anyway.

use lumos_connector::prelude::*;

use crate::service::{Endpoint, Scim};

/// Attributes that stand in fields of their own, are associations, or are nobody's business.
const SHOWN: [&str; 10] =
    ["id", "schemas", "meta", "userName", "active", "password", "groups", "roles", "entitlements", "members"];

/// An answer to a query for schemas or resource types.
#[derive(Deserialize)]
struct All<T> {
    #[serde(rename = "Resources")]
    resources: Vec<T>,
}

/// A type of resources (RFC 7643 §6).
#[derive(Deserialize)]
struct ScimResourceType {
    endpoint: String,
    schema: String,
    #[serde(rename = "schemaExtensions", default)]
    extensions: Vec<Extension>,
}

#[derive(Deserialize)]
struct Extension {
    schema: String,
}

/// A schema (RFC 7643 §7).
#[derive(Deserialize)]
struct ScimSchema {
    id: String,
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attribute {
    name: String,
    #[serde(rename = "type", default)]
    kind: String,
    description: Option<String>,
    #[serde(default)]
    multi_valued: bool,
    #[serde(default)]
    returned: String,
    #[serde(default)]
    sub_attributes: Vec<Self>,
}

pub(crate) async fn list_custom_attributes_schema(
    scim: Scim,
    _: ListCustomAttributesSchema,
) -> Result<Vec<CustomAttributeSchema>> {
    let types: All<ScimResourceType> = scim.get(&["ResourceTypes"], &[]).await?;
    let schemas: All<ScimSchema> = scim.get(&["Schemas"], &[]).await?;
    let customized = [
        (Endpoint::users(), CustomAttributeCustomizedType::Account),
        (scim.groups(), CustomAttributeCustomizedType::Entitlement),
    ];
    let mut found = Vec::new();
    for (endpoint, customized_type) in customized {
        let of_endpoint =
            types.resources.iter().find(|kind| Endpoint::new(&kind.endpoint).path() == endpoint.path());
        let Some(kind) = of_endpoint else { continue };
        let extensions = kind.extensions.iter().map(|extension| (&extension.schema, true));
        for (id, is_extension) in std::iter::once((&kind.schema, false)).chain(extensions) {
            let schema = schemas.resources.iter().find(|schema| schema.id == *id);
            let attributes = schema.map(|schema| schema.attributes.iter()).unwrap_or_default();
            for attribute in
                attributes.filter(|attribute| is_extension || !SHOWN.contains(&attribute.name.as_str()))
            {
                let name =
                    if is_extension { format!("{id}:{}", attribute.name) } else { attribute.name.clone() };
                found.extend(attribute.described(&name).into_iter().map(
                    |(name, attribute_type, description)| CustomAttributeSchema {
                        customized_type,
                        name,
                        attribute_type,
                        description,
                    },
                ));
            }
        }
    }
    Ok(found)
}

impl Attribute {
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
