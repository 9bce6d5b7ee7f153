//! `app_info`: the connector as an OpenAPI 3.0 document (contract §6).
//!
//! | file | what it makes |
//! | --- | --- |
//! | `document` | the document, its head and its tags |
//! | `paths` | one operation for each capability |
//! | `components` | the schemas that all operations refer to: settings and credentials |
//! | `definitions` | every other named schema, each under one name |
//! | `security` | the security schemes, and which of them a capability needs |
//! | `oauth_settings` | OAuth flows, computed for the call |
//! | `type_substitution` | fields that name a type, narrowed to the connector's own types |
//!
//! Where an operation of the reference and OpenAPI 3.0 disagree (a `description` that is null, an `http` scheme
//! without its `scheme`), the document does as the reference does: its readers know it so.

mod components;
mod definitions;
mod document;
mod oauth_settings;
mod paths;
mod security;
mod type_substitution;

use std::sync::Arc;

use lumos_connector_types::info::{AppInfo, AppInfoRequestPayload};
use lumos_connector_types::json::JsonObject;

use super::oauth::OAuthFlows;
use super::probe::ProbeSettings;
use crate::call::Call;
use crate::declaration::error::Result;

/// What the document shows beside the declaration.
pub(crate) struct AppInfoContext {
    pub(crate) flows: Arc<OAuthFlows>,
    /// `None` for a connector that does not probe.
    pub(crate) probe: Option<Arc<ProbeSettings>>,
}

/// Answers `app_info`.
///
/// Functions that compute OAuth addresses and scopes from settings see empty ones when the request brings none.
pub(crate) async fn app_info(
    context: Arc<AppInfoContext>,
    call: Call,
    _: AppInfoRequestPayload,
) -> Result<AppInfo> {
    let call = if call.raw_settings().is_none() { call.with_settings(JsonObject::default()) } else { call };
    let document = document::document(&call, &context);
    Ok(AppInfo { app_id: call.app_id().to_owned(), app_schema: document.into() })
}
