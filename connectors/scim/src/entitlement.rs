//! The three kinds of entitlements that SCIM has, and how each is named on the wire.

use lumos_connector::prelude::*;

wire_enum! {
    /// A kind of entitlement, as the `type_id` of its declared type.
    pub(crate) enum Kind {
        /// Membership in a group.
        Group = "group",
        /// One of a user's `roles`.
        Role = "role",
        /// One of a user's `entitlements`.
        Entitlement = "entitlement",
    }
}

/// The part of a listing that goes through users; the others are called as the [attributes](Kind::attribute) of users.
pub(crate) const USERS: &str = "users";

impl Kind {
    /// The attribute of users that holds entitlements of this kind.
    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Self::Group => "groups",
            Self::Role => "roles",
            Self::Entitlement => "entitlements",
        }
    }

    /// The id of an entitlement, unique among those of all kinds: a role and an entitlement may have the same value.
    pub(crate) fn id_of(self, value: &str) -> String {
        match self {
            Self::Group => value.to_owned(),
            Self::Role | Self::Entitlement => format!("{self}:{value}"),
        }
    }

    /// The kind of an entitlement that a request names, and its value: the id of a group, or what users hold.
    pub(crate) fn named(entitlement: EntitlementKey<'_>) -> Result<(Self, &str)> {
        let EntitlementKey { entitlement_type, id, .. } = entitlement;
        let kind = Self::from_wire(entitlement_type).ok_or_else(|| {
            ConnectorError::unknown_value(format!(
                "entitlement_type: expected group, role or entitlement, not '{entitlement_type}'"
            ))
        })?;
        let value = match kind {
            Self::Group => Some(id),
            Self::Role | Self::Entitlement => {
                id.strip_prefix(kind.as_str()).and_then(|rest| rest.strip_prefix(':'))
            }
        };
        let value = value.filter(|value| !value.is_empty()).ok_or_else(|| {
            ConnectorError::unknown_value(format!(
                "There is no {kind} with the id '{id}'; list_entitlements has them"
            ))
        })?;
        Ok((kind, value))
    }
}

/// The declared types. None is tied to a resource: SCIM's groups and roles are the whole tenant's.
pub(crate) fn types() -> [EntitlementType; 3] {
    [
        EntitlementType::new(Kind::Group.as_str(), "Group", ""),
        EntitlementType::new(Kind::Role.as_str(), "Role", ""),
        EntitlementType::new(Kind::Entitlement.as_str(), "Entitlement", ""),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key<'k>(entitlement_type: &'k str, id: &'k str) -> EntitlementKey<'k> {
        EntitlementKey { entitlement_type, id, resource_id: "" }
    }

    #[test]
    fn ids_lead_back_to_kind_and_value() {
        for kind in Kind::ALL.iter().copied() {
            for value in ["7", "role:7", "a:b", "é"] {
                let id = kind.id_of(value);
                assert_eq!(Kind::named(key(kind.as_str(), &id)).unwrap(), (kind, value));
            }
        }
    }

    #[test]
    fn other_ids_and_types_are_unknown() {
        for (type_id, id) in
            [("group", ""), ("role", "admin"), ("role", "role:"), ("role", "entitlement:x"), ("app", "7")]
        {
            let error = Kind::named(key(type_id, id)).unwrap_err();
            assert_eq!(error.class(), Some(ErrorClass::UnknownValue), "{type_id} {id}");
        }
    }
}
