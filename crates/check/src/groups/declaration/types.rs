//! The declared types of entitlements and resources.

use std::collections::HashSet;

use super::{TYPES_REFER, TYPES_SENSIBLE, TYPES_UNIQUE, TYPES_USED};
use crate::known::Known;
use crate::run::Run;

pub(super) fn types(run: &Run<'_>) {
    let Some(info) = &run.known.info else { return };
    let info = &info.info;
    let entitlements: Vec<&str> = info.entitlement_types.iter().map(|it| it.type_id.as_str()).collect();
    let resources: Vec<&str> = info.resource_types.iter().map(|it| it.type_id.as_str()).collect();
    for (what, ids) in [("entitlement_types", &entitlements), ("resource_types", &resources)] {
        let unique: HashSet<_> = ids.iter().collect();
        run.expect(
            TYPES_UNIQUE,
            unique.len() == ids.len() && ids.iter().all(|id| !id.is_empty()),
            what,
            || format!("an id of `{what}` is empty or there twice"),
            &[],
        );
    }
    for kind in &info.entitlement_types {
        run.expect(
            TYPES_REFER,
            kind.resource_type_id.is_empty() || resources.contains(&kind.resource_type_id.as_str()),
            kind.type_id.as_str(),
            || format!("`{}` is for `{}`, which is not declared", kind.type_id, kind.resource_type_id),
            &[],
        );
        run.expect(
            TYPES_SENSIBLE,
            kind.max.is_none_or(|max| max >= kind.min),
            kind.type_id.as_str(),
            || format!("`{}` has a `max` below its `min`", kind.type_id),
            &[],
        );
    }
}

/// Whether declared types occur. Only after the listings were read.
pub(crate) fn types_used(run: &Run<'_>) {
    let Some(info) = run.known.info.clone() else { return };
    let info = &info.info;
    let entitlements = info.entitlement_types.iter().map(|it| it.type_id.as_str());
    let resources = info.resource_types.iter().map(|it| it.type_id.as_str());
    let used = |known: &Known, listing: &str, field: &str| -> Option<HashSet<String>> {
        let read = known.listings.get(listing).filter(|read| read.complete && !read.rows.is_empty())?;
        Some(read.rows.iter().filter_map(|row| row[field].as_str()).map(str::to_owned).collect())
    };
    for (listing, field, declared) in [
        ("list_entitlements", "entitlement_type", entitlements.collect::<Vec<_>>()),
        ("list_resources", "resource_type", resources.collect()),
    ] {
        match used(&run.known, listing, field) {
            Some(used) => {
                for kind in declared {
                    run.expect(
                        TYPES_USED,
                        used.contains(kind),
                        kind,
                        || format!("no row of `{listing}` has the type `{kind}`"),
                        &[],
                    );
                }
            }
            None => run.skip(TYPES_USED, format!("`{listing}` has no rows, or was not read to its end")),
        }
    }
}
