//! Walking through the users for what stands among their attributes: roles, entitlements, groups.

use lumos_connector::prelude::*;

use crate::entitlement::Kind;
use crate::filter::Filter;
use crate::resource::Resource;
use crate::service::{Endpoint, Scim};
use crate::walk::{Walk, WalkCursor, WalkPage};

/// How the users are walked through: part of page tokens.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct UserValues {
    /// The service cannot give just the users that have such values; all are read.
    unfiltered: bool,
}

impl UserValues {
    /// A page of the users that have values of these kinds, or of all users when the service cannot tell them.
    pub(crate) async fn stretch(
        &mut self,
        scim: &Scim,
        kinds: &[Kind],
        place: WalkCursor,
    ) -> Result<WalkPage<Resource>> {
        if !self.unfiltered {
            match scim.stretch(&walk(kinds, true), place.clone()).await {
                Err(error) if !is_about_filter(&error) => return Err(error),
                Err(_) => self.unfiltered = true,
                found => return found,
            }
        }
        scim.stretch(&walk(kinds, false), place).await
    }
}

fn walk(kinds: &[Kind], filtered: bool) -> Walk {
    let attributes: Vec<_> = kinds.iter().map(|kind| kind.attribute()).collect();
    let present = attributes.iter().map(|attribute| Filter::present(attribute));
    Walk {
        filter: present.reduce(|all, present| all.or(&present)).filter(|_| filtered),
        attributes: attributes.join(","),
        ..Walk::all(Endpoint::users())
    }
}

/// Whether the service refused what it was asked for, rather than who asks.
fn is_about_filter(error: &ConnectorError) -> bool {
    matches!(
        error.code(),
        ConnectorErrorCode::InvalidValue
            | ConnectorErrorCode::BadRequest
            | ConnectorErrorCode::UnsupportedOperation
    )
}
