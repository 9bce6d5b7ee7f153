//! What a connector says about itself.

use indexmap::IndexMap;
use lumos_connector_types::capability::StandardCapability;
use lumos_connector_types::info::{AppInfo, CapabilitySchema, Info, OpenAPISpecification};
use lumos_connector_types::json::{Json, JsonObject, ReadError};
use serde_json::{Map, Value};

/// What a connector offers: its capabilities, and the forms of its credentials and settings.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ConnectorInfo {
    /// The `info` document. From a server without a program beside it, it is made from `app_info`: schemas are in the form
    /// of OpenAPI 3.0 with references into [`components`](Self::components), and `oauth_scopes` is not known.
    pub info: Info,
    /// The schemas that those of `info` refer to as `#/components/schemas/…`; empty for a program, whose schemas stand
    /// alone.
    pub components: JsonObject,
    /// The combinations of credential ids that are sufficient, as `app_info` says; `None` for a program.
    pub allowed_credentials: Option<Vec<Vec<String>>>,
    /// Where it comes from.
    pub source: InfoSource,
}

/// Where the description of a connector comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InfoSource {
    /// The command `info` of a program.
    Program,
    /// The capability `app_info` of a server.
    AppInfo,
}

impl ConnectorInfo {
    /// Whether the connector has a capability, standard or custom, of this name.
    #[must_use]
    pub fn has(&self, capability: &str) -> bool {
        self.info.capabilities.iter().any(|name| name == capability)
    }

    /// The standard capabilities that the connector has, by name.
    pub fn standard_capabilities(&self) -> impl Iterator<Item = StandardCapability> {
        self.info.capabilities.iter().filter_map(|name| StandardCapability::from_wire(name))
    }

    /// The names of the connector's own capabilities.
    pub fn custom_capabilities(&self) -> impl Iterator<Item = &str> {
        self.info
            .capabilities
            .iter()
            .map(String::as_str)
            .filter(|name| StandardCapability::from_wire(name).is_none())
    }

    /// The schema of the settings, with everything it refers to inside.
    #[must_use]
    pub fn settings_schema(&self) -> Value {
        let mut schema = value(&self.info.request_settings_schema);
        if let Value::Object(members) = &mut schema
            && self.source == InfoSource::AppInfo
        {
            members.insert("components".to_owned(), value(&self.components));
        }
        schema
    }

    /// What a program printed for `info`. Members that it leaves out are taken as empty: older connectors have fewer.
    pub(crate) fn from_program(response: &Json) -> Result<Self, ReadError> {
        let given: Map<String, Value> = response.read()?;
        let Ok(Value::Object(mut members)) = serde_json::to_value(Info::default()) else {
            return Err(serde::de::Error::custom("the description has no JSON form"));
        };
        members.extend(given);
        Ok(Self {
            info: Json::from(Value::Object(members)).read()?,
            components: JsonObject::default(),
            allowed_credentials: None,
            source: InfoSource::Program,
        })
    }

    /// What a server answered to `app_info`.
    pub(crate) fn from_app_info(response: &Json) -> Result<Self, ReadError> {
        let AppInfo { app_id, app_schema } = response.read()?;
        let document = value(&app_schema);
        let specification: OpenAPISpecification =
            app_schema.read().map_err(|error: ReadError| error.inside("app_schema"))?;
        let head = specification.info;
        let schemas = &document["components"]["schemas"];
        let capability_schema: IndexMap<String, CapabilitySchema> = document["paths"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(path, item)| (path.trim_start_matches('/').to_owned(), capability(&item["post"])))
            .collect();
        let several = schemas["Credentials"]["items"]["allOf"].as_array().cloned().unwrap_or_default();
        let optional = |text: String| (!text.is_empty()).then_some(text);
        let info = Info {
            app_id,
            app_vendor_domain: optional(head.x_app_vendor_domain),
            version: head.version,
            capabilities: head.x_capabilities,
            capability_schema,
            oauth_scopes: None,
            authentication_schema: credential(&schemas["Auth"], schemas),
            credentials_schema: several.iter().map(|one| credential(one, schemas)).collect(),
            logo_url: optional(head.x_app_logo_url),
            user_friendly_name: optional(head.title),
            description: optional(head.description),
            categories: value(&head.x_categories)["enum"]
                .as_array()
                .and_then(|names| serde_json::from_value(Value::from(names.clone())).ok()),
            entitlement_types: head.x_entitlement_types,
            access_graph_entitlement_types: head.x_access_graph_entitlement_types,
            access_graph_entitlement_rules: head.x_access_graph_entitlement_rules,
            implied_access_rules: head.x_implied_access_rules,
            resource_types: head.x_resource_types,
            request_settings_schema: object(&schemas["Settings"]),
        };
        Ok(Self {
            info,
            components: object(&document["components"]),
            allowed_credentials: Some(head.x_allowed_credentials),
            source: InfoSource::AppInfo,
        })
    }
}

fn capability(operation: &Value) -> CapabilitySchema {
    let request = &operation["requestBody"]["content"]["application/json"]["schema"]["properties"]["request"];
    let response = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    CapabilitySchema {
        argument: object(request),
        output: object(response),
        display_name: operation["summary"].as_str().map(str::to_owned),
        description: operation["description"].as_str().filter(|text| !text.is_empty()).map(str::to_owned),
    }
}

/// The schema of a credential as `info` has it. `app_info` says `{"id": {"enum": [id]}, type: schema}` in `properties`,
/// and without an id where there is a single credential.
fn credential(item: &Value, schemas: &Value) -> JsonObject {
    let properties = item["properties"].as_object();
    let Some((_, form)) = properties.and_then(|members| members.iter().find(|(name, _)| *name != "id"))
    else {
        return JsonObject::default();
    };
    let target = form["$ref"].as_str().and_then(|target| target.rsplit('/').next());
    let mut form = target.map_or(form, |name| &schemas[name]).clone();
    if let Value::Object(members) = &mut form {
        if let Some(order) = members.shift_remove("x-field_order") {
            members.insert("field_order".to_owned(), order);
        }
        if let Some(id) = item["properties"]["id"]["enum"][0].as_str() {
            members.insert("id".to_owned(), id.into());
        }
    }
    object(&form)
}

fn object(value: &Value) -> JsonObject {
    match value {
        Value::Object(members) => Json::from(Value::Object(members.clone())).read().unwrap_or_default(),
        _ => JsonObject::default(),
    }
}

fn value(object: &JsonObject) -> Value {
    serde_json::from_str(object.text()).unwrap_or_default()
}
