//! What identifies an entitlement, here and on the wire.

use lumos_connector::prelude::*;

use crate::accounts::oid;
use crate::resources::{DATABASE, SCHEMA, schema_id};

/// Before the id of what an account holds through another role.
const INHERITED: &str = "inherited:";

/// The role whose only member, in each database, is its owner: the server decides that, and refuses to grant it.
pub(crate) const DATABASE_OWNER: &str = "pg_database_owner";

/// The attributes of roles that give power over the whole server.
pub(crate) const ATTRIBUTES: [&str; 5] = ["BYPASSRLS", "CREATEDB", "CREATEROLE", "REPLICATION", "SUPERUSER"];

const DATABASE_PRIVILEGES: [&str; 3] = ["CONNECT", "CREATE", "TEMPORARY"];
const SCHEMA_PRIVILEGES: [&str; 2] = ["CREATE", "USAGE"];

/// What an entitlement is about. The numbers are those of the statements that list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// An attribute of the role itself.
    Attribute = 1,
    /// Being a member of another role.
    Membership = 2,
    /// A privilege on a database.
    Database = 3,
    /// A privilege on a schema.
    Schema = 4,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Attribute, Self::Membership, Self::Database, Self::Schema];

    pub(crate) fn number(self) -> i16 {
        self as i16
    }

    pub(crate) fn with_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    fn type_id(self, inherited: bool) -> &'static str {
        match (self, inherited) {
            (Self::Attribute, _) => "attribute",
            (Self::Membership, false) => "membership",
            (Self::Membership, true) => "inherited_membership",
            (Self::Database, false) => "database_privilege",
            (Self::Database, true) => "inherited_database_privilege",
            (Self::Schema, false) => "schema_privilege",
            (Self::Schema, true) => "inherited_schema_privilege",
        }
    }
}

pub(crate) fn types() -> [EntitlementType; 7] {
    [
        EntitlementType::new("attribute", "Role attribute", ""),
        EntitlementType::new("membership", "Membership", ""),
        EntitlementType::new("inherited_membership", "Inherited membership", ""),
        EntitlementType::new("database_privilege", "Database privilege", DATABASE),
        EntitlementType::new("inherited_database_privilege", "Inherited database privilege", DATABASE),
        EntitlementType::new("schema_privilege", "Schema privilege", SCHEMA),
        EntitlementType::new("inherited_schema_privilege", "Inherited schema privilege", SCHEMA),
    ]
}

/// An entitlement. What an account holds itself and what it holds through another role are two, since only the first can
/// be assigned and unassigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entitlement {
    /// The OID of the schema's database; 0 for everything else, which all databases share.
    pub(crate) database: u32,
    pub(crate) kind: Kind,
    /// The OID of the role, database or schema; 0 for an attribute.
    pub(crate) object: u32,
    pub(crate) inherited: bool,
    /// The attribute or privilege; empty for a membership.
    pub(crate) privilege: String,
}

impl Entitlement {
    pub(crate) fn type_id(&self) -> &'static str {
        self.kind.type_id(self.inherited)
    }

    pub(crate) fn id(&self) -> String {
        let prefix = if self.inherited { INHERITED } else { "" };
        match self.kind {
            Kind::Membership => format!("{prefix}{}", self.object),
            Kind::Attribute | Kind::Database | Kind::Schema => format!("{prefix}{}", self.privilege),
        }
    }

    /// The id of the resource it is on; empty when it is on no resource.
    pub(crate) fn resource_id(&self) -> String {
        match self.kind {
            Kind::Attribute | Kind::Membership => String::new(),
            Kind::Database => self.object.to_string(),
            Kind::Schema => schema_id(self.database, self.object),
        }
    }

    /// The entitlement that a request names, which need not exist.
    pub(crate) fn named(type_id: &str, id: &str, resource_id: &str) -> Result<Self> {
        Self::parse(type_id, id, resource_id).ok_or_else(|| {
            ConnectorError::unknown_value(format!(
                "No entitlement '{id}' of the type '{type_id}' on the resource '{resource_id}'"
            ))
        })
    }

    fn parse(type_id: &str, id: &str, resource_id: &str) -> Option<Self> {
        let (inherited, id) = match id.strip_prefix(INHERITED) {
            Some(id) => (true, id),
            None => (false, id),
        };
        let kind = Kind::ALL.into_iter().find(|kind| kind.type_id(inherited) == type_id)?;
        let (database, object, privileges): (_, _, &[&str]) = match kind {
            Kind::Attribute => (0, 0, &ATTRIBUTES),
            Kind::Membership => (0, oid(id)?, &[]),
            Kind::Database => (0, oid(resource_id)?, &DATABASE_PRIVILEGES),
            Kind::Schema => {
                let (database, schema) = resource_id.split_once('/')?;
                (oid(database)?, oid(schema)?, &SCHEMA_PRIVILEGES)
            }
        };
        let privilege =
            if kind == Kind::Membership { "" } else { privileges.iter().find(|one| **one == id)? };
        let entitlement = Self { database, kind, object, inherited, privilege: privilege.to_owned() };
        // An attribute is never inherited, and an entitlement on no resource names no resource.
        (entitlement.id().trim_start_matches(INHERITED) == id && entitlement.resource_id() == resource_id)
            .then_some(entitlement)
            .filter(|entitlement| entitlement.kind != Kind::Attribute || !inherited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Entitlement> {
        let with = |database, kind, object, privilege: &str| {
            [false, true].map(|inherited| Entitlement {
                database,
                kind,
                object,
                inherited,
                privilege: privilege.to_owned(),
            })
        };
        let mut all = Vec::from(with(0, Kind::Membership, 16390, ""));
        all.extend(with(0, Kind::Database, 5, "CONNECT"));
        all.extend(with(5, Kind::Schema, 2200, "USAGE"));
        all.extend(with(0, Kind::Attribute, 0, "SUPERUSER").into_iter().filter(|one| !one.inherited));
        all
    }

    #[test]
    fn what_is_written_on_the_wire_leads_back() {
        for entitlement in all() {
            let (type_id, id, resource) =
                (entitlement.type_id(), entitlement.id(), entitlement.resource_id());
            assert_eq!(Entitlement::parse(type_id, &id, &resource), Some(entitlement), "{type_id} {id}");
        }
    }

    #[test]
    fn every_type_is_declared() {
        let declared = types().map(|one| one.type_id);
        for entitlement in all() {
            assert!(declared.iter().any(|id| id == entitlement.type_id()));
        }
    }

    #[test]
    fn anything_else_is_unknown() {
        for (type_id, id, resource) in [
            ("", "", ""),
            ("membership", "ada", ""),
            ("membership", "16390", "5"),
            ("membership", "inherited:16390", ""),
            ("inherited_membership", "16390", ""),
            ("attribute", "SUPERUSER", "5"),
            ("attribute", "inherited:SUPERUSER", ""),
            ("attribute", "LOGIN", ""),
            ("database_privilege", "CONNECT", ""),
            ("database_privilege", "USAGE", "5"),
            ("schema_privilege", "USAGE", "5"),
            ("schema_privilege", "USAGE", "5/2200/1"),
            ("schema_privilege", "USAGE; DROP ROLE ada", "5/2200"),
        ] {
            let error = Entitlement::named(type_id, id, resource).unwrap_err();
            assert_eq!(error.class(), Some(ErrorClass::UnknownValue), "{type_id} {id} {resource}");
        }
    }
}
