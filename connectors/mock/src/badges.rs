//! `rotate_badge`: a capability that only this connector has.

use lumos_connector::prelude::*;

use crate::settings::Mock;

pub(crate) struct BadgeRotation;

impl Capability for BadgeRotation {
    const NAME: &'static str = "rotate_badge";
    type Request = RotateBadge;
    type Response = RotatedBadge;
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct RotateBadge {
    /// The badge to replace. Being unique, it alone decides whether two requests are the same.
    #[schemars(title = "Badge", extend("x-unique" = true))]
    badge_id: String,
    /// Why it is replaced.
    reason: Option<String>,
    /// How many badges to issue.
    #[serde(default = "one")]
    copies: i64,
}

fn one() -> i64 {
    1
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct RotatedBadge {
    /// The badge that was replaced.
    badge_id: String,
    /// Why it was replaced.
    reason: Option<String>,
    /// How many badges were issued.
    copies: i64,
    /// What the request is known by.
    fingerprint: String,
}

pub(crate) async fn rotate_badge(_: Mock, request: RotateBadge) -> Result<RotatedBadge> {
    let fingerprint = fingerprint::of(&request)?;
    let RotateBadge { badge_id, reason, copies } = request;
    Ok(RotatedBadge { badge_id, reason, copies, fingerprint })
}
