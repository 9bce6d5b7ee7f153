//! A client that must not leave its thread.

use std::rc::Rc;

use lumos_connector_core::error::Result;
use lumos_connector_core::{Call, FromCall};

struct AcmeClient {
    token: Rc<str>,
}

impl FromCall for AcmeClient {
    async fn from_call(_: &Call) -> Result<Self> {
        Ok(Self { token: Rc::from("") })
    }
}

fn main() {}
