//! The custom capability `echo_settings`: what the connector makes of a request's settings.

use lumos_connector::prelude::*;

use crate::settings::MultiSettings;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct EchoSettings {}

#[derive(Serialize, JsonSchema)]
pub(crate) struct EchoedSettings {
    settings: MultiSettings,
}

impl Capability for EchoSettings {
    const NAME: &'static str = "echo_settings";
    type Request = Self;
    type Response = EchoedSettings;
}

pub(crate) async fn echo_settings(
    Settings(settings): Settings<MultiSettings>,
    _: EchoSettings,
) -> Result<EchoedSettings> {
    Ok(EchoedSettings { settings })
}
