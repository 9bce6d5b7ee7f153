//! The attributes that the service's schemas have beside those that accounts and entitlements show anyway.

use std::borrow::Cow;

use lumos_connector::lenient::{as_list, as_text, is_true, list_of, text_of};
use lumos_connector::prelude::*;
use serde_json::{Map, Value};

use crate::refusal::{parse, status_of};
use crate::resource::of_address;
use crate::service::{Endpoint, Scim};

/// Attributes that stand in fields of their own, are associations, or are nobody's business.
const SHOWN: [&str; 10] =
    ["id", "schemas", "meta", "userName", "active", "password", "groups", "roles", "entitlements", "members"];

type Fields = Map<String, Value>;

pub(crate) async fn list_custom_attributes_schema(
    scim: Scim,
    _: ListCustomAttributesSchema,
) -> Result<Reply<Vec<CustomAttributeSchema>>> {
    let types = scim.published("ResourceTypes").await?;
    let schemas = scim.published("Schemas").await?;
    let customized = [
        (Endpoint::users(), CustomAttributeCustomizedType::Account),
        (scim.groups(), CustomAttributeCustomizedType::Entitlement),
    ];
    let mut found = Vec::new();
    for (endpoint, customized_type) in customized {
        let of_endpoint = objects(&types).find(|kind| endpoint_of(kind).as_ref() == Some(&endpoint));
        let Some(kind) = of_endpoint else { continue };
        for (id, is_extension) in schemas_of(kind) {
            let is_it =
                |schema: &&Fields| text_of(schema, "id").is_some_and(|of| of.eq_ignore_ascii_case(&id));
            let attributes = objects(&schemas).find(is_it).map(|schema| list_of(schema, "attributes"));
            for attribute in objects(attributes.unwrap_or_default()) {
                let Some(name) = text_of(attribute, "name") else { continue };
                let name = if is_extension { format!("{id}:{name}") } else { name.into_owned() };
                if is_extension || !SHOWN.iter().any(|shown| shown.eq_ignore_ascii_case(&name)) {
                    describe(attribute, name, customized_type, &mut found);
                }
            }
        }
    }
    Ok(scim.noted(Reply::new(found)))
}

impl Scim {
    /// What the service publishes about itself in a list; nothing when it publishes no such list.
    async fn published(&self, name: &str) -> Result<Vec<Value>> {
        let answer = match self.ask(&[name], &()).await {
            Err(error) if matches!(status_of(&error), 404 | 405 | 501) => {
                self.note(format!("/{name}: the service publishes none"));
                return Ok(Vec::new());
            }
            answer => answer?,
        };
        Ok(match parse(&answer)? {
            Value::Object(fields) => list_of(&fields, "Resources").to_vec(),
            list => as_list(&list).to_vec(),
        })
    }
}

/// The objects in a list; what is none is passed over.
fn objects(list: &[Value]) -> impl Iterator<Item = &Fields> {
    list.iter().filter_map(Value::as_object)
}

/// The endpoint of a resource type (RFC 7643 §6). Some write the whole address.
fn endpoint_of(resource_type: &Fields) -> Option<Endpoint> {
    let endpoint = text_of(resource_type, "endpoint")?;
    let name = of_address(&endpoint).filter(|_| endpoint.contains("://")).map(|(_, name)| name);
    Some(Endpoint::new(name.unwrap_or(&endpoint)))
}

/// The ids of the schemas of a resource type: its own, and its extensions.
fn schemas_of(resource_type: &Fields) -> impl Iterator<Item = (Cow<'_, str>, bool)> {
    let own = text_of(resource_type, "schema").map(|id| (id, false));
    let extensions = list_of(resource_type, "schemaExtensions").iter().filter_map(|extension| {
        let id = extension.as_object().map_or_else(|| as_text(extension), |fields| text_of(fields, "schema"));
        Some((id?, true))
    });
    own.into_iter().chain(extensions)
}

/// Adds an attribute of a schema (RFC 7643 §7), or its parts when it is complex, each with the name that requests use. Of
/// several values one can be asked for, the primary or the first.
fn describe(
    attribute: &Fields,
    name: String,
    customized_type: CustomAttributeCustomizedType,
    found: &mut Vec<CustomAttributeSchema>,
) {
    let is = |attribute: &Fields, name, value| text_of(attribute, name).as_deref() == Some(value);
    if is(attribute, "returned", "never") {
        return;
    }
    if is(attribute, "type", "complex") && !is_true(attribute, "multiValued") {
        for part in objects(list_of(attribute, "subAttributes")).filter(|part| !is(part, "type", "complex")) {
            let part_name = text_of(part, "name").map(|part| format!("{name}.{part}"));
            part_name.into_iter().for_each(|name| describe(part, name, customized_type, found));
        }
        return;
    }
    let attribute_type = match text_of(attribute, "type").as_deref() {
        Some("boolean") => CustomAttributeType::Boolean,
        Some("integer") => CustomAttributeType::Integer,
        Some("dateTime") => CustomAttributeType::Datetime,
        _ => CustomAttributeType::String,
    };
    let description = text_of(attribute, "description").map(Cow::into_owned);
    found.push(CustomAttributeSchema { customized_type, name, attribute_type, description });
}
