//! An error code as a text.

use lumos_connector_core::error::ConnectorError;

fn main() {
    let _ = ConnectorError::of_code("not_found");
}
