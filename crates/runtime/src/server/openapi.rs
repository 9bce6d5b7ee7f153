//! `/openapi.json`: the document that `app_info` answers.

use bytes::Bytes;
use lumos_connector_core::Integration;
use lumos_connector_core::host::Host;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The bytes of the document.
pub(super) type Document = Bytes;

/// The answer of `app_info`, as far as it matters here.
#[derive(Deserialize)]
struct AppInfoAnswer<'a> {
    #[serde(borrow)]
    response: AppInfo<'a>,
}

#[derive(Deserialize)]
struct AppInfo<'a> {
    #[serde(borrow)]
    app_schema: &'a RawValue,
}

/// The document of a connector, for a caller without settings.
pub(super) async fn document(integration: &Integration, host: &Host) -> std::io::Result<Document> {
    let answer = integration.dispatch(host, "app_info", r#"{"request":{}}"#).await.into_bytes().await?;
    let answer: AppInfoAnswer<'_> = serde_json::from_slice(&answer)?;
    Ok(Bytes::copy_from_slice(answer.response.app_schema.get().as_bytes()))
}
