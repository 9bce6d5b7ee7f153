//! What a row is called by people: the email of an account, the label of an entitlement.

use serde_json::Value;

use super::side::Side;
use crate::plan::ListingKind;
use crate::row::identity;
use crate::store::StoreError;

/// The names of a row: its own, and for an association those of the account and the entitlement that it joins.
pub(super) fn name_of(side: &Side, kind: &ListingKind, key: &str, row: &str) -> Result<String, StoreError> {
    if let Some(name) = own_name(row) {
        return Ok(name);
    }
    let Some(parts) = identity::split(kind.identity.len(), key) else { return Ok(String::new()) };
    let mut names = Vec::new();
    for reference in kind.references {
        let values: Vec<&str> =
            reference.fields.iter().map(|&field| parts.get(field).map_or("", |part| part)).collect();
        if values.iter().all(|value| value.is_empty()) {
            continue;
        }
        let mut wanted = String::new();
        identity::join(values.into_iter(), &mut wanted);
        for label in reference.to {
            let Some(target) = side.listings.iter().find(|listing| listing.label == *label) else { continue };
            let row = if target.is_indexed() { side.store.row_of_key(target.id, &wanted)? } else { None };
            names.extend(row.as_deref().and_then(own_name));
        }
    }
    Ok(names.join(" · "))
}

/// The first of the fields by which people know a row.
fn own_name(row: &str) -> Option<String> {
    let row: Value = serde_json::from_str(row).ok()?;
    let text = |name: &str| row[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let full_name = || match (text("given_name"), text("family_name")) {
        (Some(given), Some(family)) => Some(format!("{given} {family}")),
        (one, other) => one.or(other),
    };
    text("email")
        .or_else(|| text("username"))
        .or_else(full_name)
        .or_else(|| text("display_name"))
        .or_else(|| text("label"))
        .or_else(|| text("name"))
}
