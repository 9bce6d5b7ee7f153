//! What identifies an entitlement, and the resource that it is on, here and on the wire.

use lumos_connector::prelude::*;

use crate::accounts::oid;

pub(crate) const DATABASE: &str = "database";
pub(crate) const SCHEMA: &str = "schema";

/// Before the id of what an account holds through another role.
const INHERITED: &str = "inherited:";

/// Before its type.
const INHERITED_TYPE: &str = "inherited_";

/// The role whose only member, in each database, is its owner: the server decides that, and refuses to grant it.
pub(crate) const DATABASE_OWNER: &str = "pg_database_owner";

/// The attributes of roles that give power over the whole server.
pub(crate) const ATTRIBUTES: [&str; 5] = ["BYPASSRLS", "CREATEDB", "CREATEROLE", "REPLICATION", "SUPERUSER"];

const DATABASE_PRIVILEGES: [&str; 3] = ["CONNECT", "CREATE", "TEMPORARY"];
const SCHEMA_PRIVILEGES: [&str; 2] = ["CREATE", "USAGE"];

wire_enum! {
    /// What an entitlement is about. The names are those of the types; statements list them in alphabetical order.
    pub(crate) enum Kind = Attribute {
        /// An attribute of the role itself.
        Attribute = "attribute",
        /// A privilege on a database.
        Database = "database_privilege",
        /// Being a member of another role.
        Membership = "membership",
        /// A privilege on a schema.
        Schema = "schema_privilege",
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

pub(crate) fn resource_types() -> [ResourceType; 2] {
    [ResourceType::new(DATABASE, "Database"), ResourceType::new(SCHEMA, "Schema")]
}

/// An entitlement. What an account holds itself and what it holds through another role are two, since only the first can
/// be assigned and unassigned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    pub(crate) fn type_id(&self) -> String {
        format!("{}{}", if self.inherited { INHERITED_TYPE } else { "" }, self.kind)
    }

    pub(crate) fn id(&self) -> String {
        let prefix = if self.inherited { INHERITED } else { "" };
        match self.kind {
            Kind::Membership => format!("{prefix}{}", self.object),
            Kind::Attribute | Kind::Database | Kind::Schema => format!("{prefix}{}", self.privilege),
        }
    }

    /// The id of the resource it is on; empty when it is on no resource. Schemas of two databases may have the same OID.
    pub(crate) fn resource_id(&self) -> String {
        match self.kind {
            Kind::Attribute | Kind::Membership => String::new(),
            Kind::Database => self.object.to_string(),
            Kind::Schema => format!("{}/{}", self.database, self.object),
        }
    }

    /// The entitlement that a request names, which need not exist.
    pub(crate) fn named(key: EntitlementKey<'_>) -> Result<Self> {
        Self::parse(key).ok_or_else(|| {
            let EntitlementKey { entitlement_type, id, resource_id } = key;
            ConnectorError::unknown_value(format!(
                "No entitlement '{id}' of the type '{entitlement_type}' on the resource '{resource_id}'"
            ))
        })
    }

    fn parse(key: EntitlementKey<'_>) -> Option<Self> {
        let (inherited, kind) = match key.entitlement_type.strip_prefix(INHERITED_TYPE) {
            Some(kind) => (true, kind),
            None => (false, key.entitlement_type),
        };
        let kind = Kind::from_wire(kind)?;
        let id = if inherited { key.id.strip_prefix(INHERITED)? } else { key.id };
        let (database, object, privileges): (_, _, &[&str]) = match kind {
            Kind::Attribute if inherited => return None,
            Kind::Attribute => (0, 0, &ATTRIBUTES),
            Kind::Membership => (0, oid(id)?, &[]),
            Kind::Database => (0, oid(key.resource_id)?, &DATABASE_PRIVILEGES),
            Kind::Schema => {
                let (database, schema) = key.resource_id.split_once('/')?;
                (oid(database)?, oid(schema)?, &SCHEMA_PRIVILEGES)
            }
        };
        let privilege =
            if kind == Kind::Membership { "" } else { privileges.iter().find(|one| **one == id)? };
        let entitlement = Self { database, kind, object, inherited, privilege: privilege.to_owned() };
        // One that is on no resource names none.
        (entitlement.resource_id() == key.resource_id).then_some(entitlement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key<'a>(entitlement_type: &'a str, id: &'a str, resource_id: &'a str) -> EntitlementKey<'a> {
        EntitlementKey { entitlement_type, id, resource_id }
    }

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
            let named = Entitlement::named(key(&type_id, &id, &resource));
            assert_eq!(named.unwrap(), entitlement, "{type_id} {id}");
        }
    }

    #[test]
    fn every_type_is_declared() {
        let declared = types().map(|one| one.type_id);
        for entitlement in all() {
            assert!(declared.contains(&entitlement.type_id()));
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
            let error = Entitlement::named(key(type_id, id, resource)).unwrap_err();
            assert_eq!(error.class(), Some(ErrorClass::UnknownValue), "{type_id} {id} {resource}");
        }
    }
}
