//! Settings without the derives that they need.

use lumos_connector_core::Integration;

struct AcmeSettings {
    workspace: String,
}

fn main() {
    let _ = Integration::builder("acme", "1.0.0").settings::<AcmeSettings>();
}
