//! `app_info`: the connector as an OpenAPI 3.0 document (contract §6).

use lumos_connector_types::info::{AppInfo, AppInfoRequestPayload};

use crate::call::Call;
use crate::error::Result;

/// Answers `app_info`.
pub(crate) async fn app_info(call: Call, _: AppInfoRequestPayload) -> Result<AppInfo> {
    Ok(AppInfo { app_id: call.app_id().to_owned(), app_schema: Default::default() })
}
