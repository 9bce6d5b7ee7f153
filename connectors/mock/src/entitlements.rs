//! Entitlements: two licenses of the whole app, two roles in each workspace, the membership of each project.

use lumos_connector::prelude::*;

use crate::custom_attributes::COST_CENTER;
use crate::listing::listing;
use crate::settings::Mock;

struct Entitlement {
    type_id: &'static str,
    id: &'static str,
    /// The resource it is granted on; empty for the whole app.
    resource_id: &'static str,
    is_assignable: Option<bool>,
    label: &'static str,
}

const fn entitlement(
    type_id: &'static str,
    id: &'static str,
    resource_id: &'static str,
    is_assignable: Option<bool>,
    label: &'static str,
) -> Entitlement {
    Entitlement { type_id, id, resource_id, is_assignable, label }
}

const ENTITLEMENTS: [Entitlement; 9] = [
    entitlement("license", "license-basic", "", None, "Basic license"),
    entitlement("license", "license-pro", "", Some(true), "Pro license"),
    entitlement("role", "role-admin", "ws-1", Some(true), "Admin"),
    entitlement("role", "role-viewer", "ws-1", Some(true), "Viewer"),
    entitlement("role", "role-admin", "ws-2", Some(true), "Admin"),
    entitlement("role", "role-viewer", "ws-2", Some(true), "Viewer"),
    entitlement("membership", "member", "prj-1", Some(false), "Member"),
    entitlement("membership", "member", "prj-2", Some(false), "Member"),
    entitlement("membership", "member", "prj-3", Some(false), "Member"),
];

pub(crate) fn types() -> [EntitlementType; 3] {
    [
        EntitlementType::new("license", "License", "").holds(0, 1),
        EntitlementType::new("role", "Role", "workspace").holds(1, 1),
        EntitlementType::new("membership", "Membership", "project"),
    ]
}

/// Whether the app has this entitlement.
pub(crate) fn exists(type_id: &str, id: &str, resource_id: &str) -> bool {
    ENTITLEMENTS.iter().any(|entitlement| {
        (entitlement.type_id, entitlement.id, entitlement.resource_id) == (type_id, id, resource_id)
    })
}

pub(crate) async fn list_entitlements(
    mock: Mock,
    request: ListEntitlements,
) -> Result<Reply<Vec<FoundEntitlementData>>> {
    let attributes = request.custom_attributes.unwrap_or_default();
    let with_cost_center = attributes.iter().any(|name| name == COST_CENTER);
    let all = ENTITLEMENTS.iter().enumerate();
    listing(&mock.call, "entitlements")?
        .reply_from(0, all.map(|(position, entitlement)| entitlement.data(position, with_cost_center)))
}

impl Entitlement {
    fn data(&self, position: usize, with_cost_center: bool) -> FoundEntitlementData {
        let resource = if self.resource_id.is_empty() { "everything" } else { self.resource_id };
        FoundEntitlementData {
            entitlement_type: self.type_id.to_owned(),
            extra_data: position.is_multiple_of(3).then(|| extra_data(position)),
            integration_specific_id: self.id.to_owned(),
            integration_specific_resource_id: self.resource_id.to_owned(),
            is_assignable: self.is_assignable,
            label: self.label.to_owned(),
            description: Some(format!("{} on {resource}.", self.label)),
            custom_attributes: with_cost_center
                .then(|| [(COST_CENTER.to_owned(), format!("cc-{position}"))].into()),
        }
    }
}

/// A float that may be whole, and an integer that a float cannot hold.
fn extra_data(position: usize) -> JsonObject {
    [("rank", json!(position as f64 / 4.0)), ("big", json!(9_007_199_254_740_993_i64))].into_iter().collect()
}
