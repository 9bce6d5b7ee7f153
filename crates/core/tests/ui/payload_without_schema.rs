//! A payload of the connector's own, and a custom capability, without the derives that they need.

use lumos_connector_types::capability::{Capability, marker as capability};

#[derive(serde::Deserialize)]
struct NewAccount {
    email: String,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct RotateBadgeRequest {
    badge_id: String,
}

struct RotatedBadge {
    badge_id: String,
}

struct RotateBadge;

impl Capability for RotateBadge {
    const NAME: &'static str = "rotate_badge";
    type Request = RotateBadgeRequest;
    type Response = RotatedBadge;
}

fn main() {
    let _ = capability::CreateAccount::of::<NewAccount>();
}
