//! What is known of a capability without running it.

use std::sync::{Arc, OnceLock};

use lumos_connector_types::capability::{Authentication, Metadata, Registrable, StandardCapability};
use lumos_connector_types::envelope::{RequestEnvelope, ResponseEnvelope};
use lumos_connector_types::schema::{self, Refs};

use super::auth::SchemaOf;
use super::redaction::names;

/// A capability of a connector, without its handler.
#[derive(Debug)]
pub(crate) struct CapabilityInfo {
    pub(crate) name: &'static str,
    pub(crate) standard: Option<StandardCapability>,
    pub(crate) metadata: Metadata,
    /// Whether its payloads are the connector's own, and therefore read laxly.
    pub(crate) customized: bool,
    pub(crate) request_schema: SchemaOf,
    pub(crate) response_schema: SchemaOf,
    pub(crate) request_envelope: SchemaOf,
    pub(crate) response_envelope: SchemaOf,
    /// The path of the handler, as `module:function`.
    pub(crate) handler: String,
    secret_payload_names: OnceLock<Vec<String>>,
}

impl CapabilityInfo {
    /// What a marker says of its capability, and the name of its handler's type.
    pub(crate) fn of<C: Registrable>(capability: &C, handler_type: &str) -> Arc<Self> {
        Arc::new(Self {
            name: C::NAME,
            standard: C::STANDARD,
            metadata: capability.metadata(),
            customized: C::LAX,
            request_schema: schema::of::<C::Request>,
            response_schema: schema::of::<C::Response>,
            request_envelope: schema::of::<RequestEnvelope<C::Request>>,
            response_envelope: schema::of::<ResponseEnvelope<C::Response>>,
            handler: handler_path(handler_type),
            secret_payload_names: OnceLock::new(),
        })
    }

    pub(crate) fn authentication(&self) -> Authentication {
        self.standard.map_or(Authentication::Required, StandardCapability::authentication)
    }

    /// The names, in lower case, of the fields that the payload's own schema marks as secret. What is secret in the
    /// contract's payloads has a name that says so.
    pub(crate) fn secret_payload_names(&self) -> &[String] {
        self.secret_payload_names.get_or_init(|| {
            let mut names = Vec::new();
            if self.customized || self.standard.is_none() {
                names::marked_secret(&(self.request_schema)(Refs::Defs).into(), &mut names);
            }
            names
        })
    }

    /// Whether the settings of a request are checked: `app_info` must answer before there are any.
    pub(crate) fn checks_settings(&self) -> bool {
        self.authentication() != Authentication::Optional
    }
}

/// `acme::accounts::list_accounts` → `acme::accounts:list_accounts`.
fn handler_path(type_name: &str) -> String {
    let path = type_name.split('<').next().unwrap_or(type_name);
    match path.rsplit_once("::") {
        Some((module, function)) => format!("{module}:{function}"),
        None => path.to_owned(),
    }
}
