//! What a user can hold: tags, and permissions in virtual hosts.

use lumos_connector::prelude::*;

use crate::broker::Permission;
use crate::resources::VIRTUAL_HOST;

const TAG: &str = "tag";
const PERMISSION: &str = "permission";

/// The permission to connect to a virtual host, which comes with any other one in it.
const ACCESS: &str = "access";

/// The regular expression that matches every name.
const ALL: &str = ".*";

pub(crate) fn types() -> [EntitlementType; 2] {
    [EntitlementType::new(TAG, "Tag", ""), EntitlementType::new(PERMISSION, "Permission", VIRTUAL_HOST)]
}

/// What can be done with queues and exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Configure,
    Write,
    Read,
}

impl Operation {
    pub(crate) const EVERY: [Self; 3] = [Self::Configure, Self::Write, Self::Read];

    fn as_str(self) -> &'static str {
        match self {
            Self::Configure => "configure",
            Self::Write => "write",
            Self::Read => "read",
        }
    }

    /// The regular expression of the names that it is allowed on.
    pub(crate) fn pattern(self, permission: &Permission) -> &str {
        match self {
            Self::Configure => &permission.configure,
            Self::Write => &permission.write,
            Self::Read => &permission.read,
        }
    }

    pub(crate) fn pattern_mut(self, permission: &mut Permission) -> &mut String {
        match self {
            Self::Configure => &mut permission.configure,
            Self::Write => &mut permission.write,
            Self::Read => &mut permission.read,
        }
    }
}

/// What a user can hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entitlement {
    Tag(String),
    Access { vhost: String },
    Operation { vhost: String, operation: Operation, pattern: String },
}

impl Entitlement {
    /// All names of a virtual host, for an operation.
    pub(crate) fn all(vhost: &str, operation: Operation) -> Self {
        Self::Operation { vhost: vhost.to_owned(), operation, pattern: ALL.to_owned() }
    }

    /// What a permission consists of. One that matches no name still is access.
    pub(crate) fn of_permission(permission: &Permission) -> Vec<Self> {
        let vhost = &permission.vhost;
        let operations = Operation::EVERY.into_iter().map(|operation| Self::Operation {
            vhost: vhost.clone(),
            operation,
            pattern: operation.pattern(permission).to_owned(),
        });
        let allowed =
            operations.filter(|held| !matches!(held, Self::Operation { pattern, .. } if pattern.is_empty()));
        [Self::Access { vhost: vhost.clone() }].into_iter().chain(allowed).collect()
    }

    /// The entitlement that a request names.
    pub(crate) fn named(key: EntitlementKey<'_>) -> Result<Self> {
        let EntitlementKey { entitlement_type, id, resource_id: vhost } = key;
        let refused = |problem: String| Err(ConnectorError::invalid_value(problem));
        if entitlement_type == TAG {
            return match id {
                "" => refused("entitlement_integration_specific_id: expected the name of a tag".to_owned()),
                tag => Ok(Self::Tag(tag.to_owned())),
            };
        }
        if entitlement_type != PERMISSION {
            return refused(format!("entitlement_type: expected {TAG:?} or {PERMISSION:?}"));
        }
        if vhost.is_empty() {
            return refused(
                "resource_integration_specific_id: expected the name of a virtual host".to_owned(),
            );
        }
        if id == ACCESS {
            return Ok(Self::Access { vhost: vhost.to_owned() });
        }
        let (name, pattern) = id.split_once(':').unwrap_or((id, ALL));
        let operation = Operation::EVERY.into_iter().find(|operation| operation.as_str() == name);
        match operation.filter(|_| !pattern.is_empty()) {
            Some(operation) => {
                Ok(Self::Operation { vhost: vhost.to_owned(), operation, pattern: pattern.to_owned() })
            }
            None => refused(
                "entitlement_integration_specific_id: expected access, configure, write or read, or one of the last \
                 three with a regular expression as in read:^orders"
                    .to_owned(),
            ),
        }
    }

    /// The id, which is unique on its virtual host.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Tag(tag) => tag.clone(),
            Self::Access { .. } => ACCESS.to_owned(),
            Self::Operation { operation, pattern, .. } if pattern == ALL => operation.as_str().to_owned(),
            Self::Operation { operation, pattern, .. } => format!("{}:{pattern}", operation.as_str()),
        }
    }

    /// The virtual host that it is in; `""` for tags.
    pub(crate) fn vhost(&self) -> &str {
        match self {
            Self::Tag(_) => "",
            Self::Access { vhost } | Self::Operation { vhost, .. } => vhost,
        }
    }

    /// The entitlement for a listing.
    pub(crate) fn found(&self) -> FoundEntitlementData {
        let (kind, label) = match self {
            Self::Tag(tag) => (TAG, tag.clone()),
            Self::Access { vhost } => (PERMISSION, format!("{vhost}: access")),
            Self::Operation { vhost, operation, pattern } => {
                let what = if pattern == ALL { "everything" } else { pattern };
                (PERMISSION, format!("{vhost}: {} {what}", operation.as_str()))
            }
        };
        FoundEntitlementData {
            is_assignable: Some(true),
            ..FoundEntitlementData::new(kind, self.id(), self.vhost(), label)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_named() {
        let permission = Permission {
            user: "ada".to_owned(),
            vhost: "a:b".to_owned(),
            configure: "^x:y".to_owned(),
            write: ".*".to_owned(),
            read: String::new(),
        };
        let held = Entitlement::of_permission(&permission);
        let ids: Vec<_> = held.iter().map(Entitlement::id).collect();
        assert_eq!(ids, ["access", "configure:^x:y", "write"]);
        for held in held.into_iter().chain([Entitlement::Tag("a:b".to_owned())]) {
            let found = held.found();
            let named = Entitlement::named(EntitlementKey {
                entitlement_type: &found.entitlement_type,
                id: &found.integration_specific_id,
                resource_id: &found.integration_specific_resource_id,
            });
            assert_eq!(named.unwrap(), held);
        }
    }
}
