//! `echo_payload`: any JSON, returned as it was read.

use lumos_connector::prelude::*;

pub(crate) struct EchoPayload;

impl Capability for EchoPayload {
    const NAME: &'static str = "echo_payload";
    type Request = Echo;
    type Response = Echo;
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Echo {
    payload: Json,
}

pub(crate) async fn echo(_: (), request: Echo) -> Result<Echo> {
    Ok(request)
}
