//! Granting and revoking what an account holds itself.

use lumos_connector::prelude::*;
use tokio_postgres::types::Type;

use crate::accounts::Account;
use crate::connection::{Connection, Parameter};
use crate::deletion;
use crate::entitlement::{DATABASE_OWNER, Entitlement, Kind};
use crate::failures::{is_dependency, missing_privilege};
use crate::server::Server;

pub(crate) async fn assign_entitlement(
    server: Server,
    request: AssignEntitlement,
) -> Result<Reply<AssignedEntitlement>> {
    let account = server.account(&request.account_integration_specific_id).await?;
    let entitlement = Entitlement::named(request.entitlement())?;
    let effect = set(&server, &account, &entitlement, true).await?;
    Reply::new(AssignedEntitlement::assigned()).did(effect, &request, true)
}

pub(crate) async fn unassign_entitlement(
    server: Server,
    request: UnassignEntitlement,
) -> Result<Reply<UnassignedEntitlement>> {
    let account = server.account(&request.account_integration_specific_id).await?;
    let entitlement = Entitlement::named(request.entitlement())?;
    server.refuse_own(&account)?;
    if entitlement.kind == Kind::Attribute && entitlement.privilege == "SUPERUSER" {
        server.refuse_own_and_bootstrap(&account)?;
    }
    let effect = set(&server, &account, &entitlement, false).await?;
    Reply::new(UnassignedEntitlement::unassigned()).did(effect, &request, true)
}

/// Grants or revokes on the connection where it has to happen, in a transaction of its own.
pub(crate) async fn set(
    server: &Server,
    account: &Account,
    entitlement: &Entitlement,
    wanted: bool,
) -> Result<Effect> {
    let changed = server.with_retries(|| async {
        let main = Grant { server, connection: &server.main, account, entitlement };
        let other;
        let grant = if entitlement.kind == Kind::Schema {
            other = server.database(&main.name_of(Kind::Database, entitlement.database).await?).await?;
            Grant { connection: &other, ..main }
        } else {
            main
        };
        let changed = grant.connection.transaction(grant.set(wanted)).await?;
        if changed {
            let is_so = async { Ok(grant.is_there().await? == wanted) };
            server.verify("the account's entitlements are as before", is_so).await?;
        }
        Ok(changed)
    });
    Ok(Effect::updated_unless(!changed.await?))
}

/// What an account holds or is to hold itself, and the connection where that is changed.
#[derive(Clone, Copy)]
pub(crate) struct Grant<'a> {
    pub(crate) server: &'a Server,
    pub(crate) connection: &'a Connection,
    pub(crate) account: &'a Account,
    pub(crate) entitlement: &'a Entitlement,
}

/// A role that has granted an account something.
#[derive(Deserialize)]
struct Grantor {
    name: String,
    /// Whether the connector can act for it.
    is_reachable: bool,
}

impl Grant<'_> {
    /// Grants or revokes, and says whether that changed anything.
    ///
    /// The state is read before and after: the server only warns when it grants or revokes nothing.
    pub(crate) async fn set(&self, wanted: bool) -> Result<bool> {
        let Self { server, connection, account, entitlement } = *self;
        let Entitlement { kind, object, inherited, privilege, .. } = entitlement;
        if *inherited {
            return Err(ConnectorError::unsupported_operation(
                "What is inherited cannot be assigned or unassigned: change the membership that it comes from",
            ));
        }
        let name = match kind {
            Kind::Attribute => String::new(),
            kind => self.name_of(*kind, *object).await?,
        };
        if *kind == Kind::Membership && name == DATABASE_OWNER {
            return Err(ConnectorError::unsupported_operation(format!(
                "The server itself decides who is a member of \"{name}\": the owner of each database"
            )));
        }
        if self.is_there().await? == wanted {
            return Ok(false);
        }
        let (verb, preposition) = if wanted { ("GRANT", "TO") } else { ("REVOKE", "FROM") };
        let (statement, needs) = match kind {
            Kind::Attribute => (
                format!("ALTER ROLE %1$I {}{privilege}", if wanted { "" } else { "NO" }),
                format!(
                    "SUPERUSER (or, but for SUPERUSER itself, CREATEROLE and since version 16 {privilege})"
                ),
            ),
            Kind::Membership => {
                // A membership for administration alone, such as that of a role in those it has made, becomes a full one.
                let options = match (server.has_options, wanted, account.inherits) {
                    (false, ..) => "",
                    (true, false, _) => " GRANTED BY %3$I",
                    (true, true, true) => " WITH INHERIT TRUE, SET TRUE",
                    (true, true, false) => " WITH SET TRUE",
                };
                let needs = "(CREATEROLE is enough before version 16)";
                (
                    format!("{verb} %2$I {preposition} %1$I{options}"),
                    format!("ADMIN OPTION on the role \"{name}\" {needs}"),
                )
            }
            Kind::Database | Kind::Schema => {
                let class = if *kind == Kind::Schema { "schema" } else { "database" };
                (
                    format!("{verb} {privilege} ON {class} %2$I {preposition} %1$I"),
                    format!("ownership of the {class} \"{name}\", or the privilege WITH GRANT OPTION"),
                )
            }
        };
        let has_grantors = *kind != Kind::Attribute && (*kind != Kind::Membership || server.has_options);
        let done = if wanted || !has_grantors {
            connection.run(&statement, &[&account.name, &name], &needs).await
        } else {
            self.revoke(&statement, &name).await
        };
        if let Err(error) = done {
            return Err(self.with_dependents(error).await);
        }
        if self.is_there().await? == wanted {
            return Ok(true);
        }
        Err(if wanted {
            missing_privilege("The server granted nothing", &needs)
        } else {
            let needs = needs_to_revoke(&self.grantors().await?);
            missing_privilege("Another role granted it, and its grant stays", &needs)
        })
    }

    /// Revokes the grant of every grantor. Of a membership the statement names them; a privilege is only revoked by whoever
    /// granted it, so the connector switches to that role where it may.
    async fn revoke(&self, statement: &str, name: &str) -> Result<()> {
        let grantors = self.grantors().await?;
        for (number, grantor) in grantors.iter().enumerate() {
            let switches = self.entitlement.kind != Kind::Membership && grantor.is_reachable;
            let needs = needs_to_revoke(&grantors[number..]);
            if switches {
                self.connection.run("SET LOCAL ROLE %I", &[&grantor.name], &needs).await?;
            }
            self.connection.run(statement, &[&self.account.name, name, &grantor.name], &needs).await?;
            if switches {
                self.connection.execute("RESET ROLE").await?;
            }
        }
        Ok(())
    }

    /// Whether the account holds it itself.
    async fn is_there(&self) -> Result<bool> {
        if self.entitlement.kind == Kind::Attribute {
            let now = self.server.account(&self.account.id()).await?;
            return Ok(now.attributes.contains(&self.entitlement.privilege));
        }
        Ok(!self.grantors().await?.is_empty())
    }

    /// The roles that have granted it; first those for which the connector can act. An attribute has none, and before
    /// version 16 that of a membership may be gone.
    async fn grantors(&self) -> Result<Vec<Grantor>> {
        let Entitlement { kind, object, privilege, .. } = self.entitlement;
        let grants = match kind {
            Kind::Attribute => return Ok(Vec::new()),
            Kind::Membership => format!(
                "SELECT m.grantor FROM pg_auth_members m WHERE m.member = $1 AND m.roleid = $2 AND {}",
                self.server.usable()
            ),
            Kind::Database => "SELECT a.grantor
                FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
                WHERE d.oid = $2 AND a.grantee = $1 AND a.privilege_type = $3"
                .to_owned(),
            Kind::Schema => "SELECT a.grantor
                FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
                WHERE n.oid = $2 AND a.grantee = $1 AND a.privilege_type = $3"
                .to_owned(),
        };
        let may = if self.server.has_options { "SET" } else { "MEMBER" };
        let sql = format!(
            "SELECT to_json(g) FROM (
                SELECT pg_get_userbyid(grantor) AS name,
                    coalesce(pg_has_role(current_user, r.oid, '{may}'), false) AS is_reachable
                FROM (SELECT DISTINCT grantor FROM ({grants}) a) a LEFT JOIN pg_roles r ON r.oid = grantor) g
            ORDER BY g.is_reachable DESC, g.name"
        );
        let parameters: [Parameter<'_>; 3] =
            [(&self.account.oid, Type::OID), (object, Type::OID), (privilege, Type::TEXT)];
        self.connection.rows(&sql, &parameters).await
    }

    /// Names what depends on a grant, when it is not revoked for that: the account has granted it in turn.
    async fn with_dependents(&self, error: ConnectorError) -> ConnectorError {
        if !is_dependency(&error) || self.connection.execute("ROLLBACK").await.is_err() {
            return error;
        }
        match deletion::dependents(self.server, self.connection, self.account).await {
            Ok(dependents) if !dependents.is_empty() => deletion::has_granted(self.account, &dependents),
            _ => error,
        }
    }

    /// The name of the role, database or schema with an OID, which must exist.
    async fn name_of(&self, kind: Kind, object: u32) -> Result<String> {
        let sql = match kind {
            Kind::Attribute | Kind::Membership => "SELECT to_json(rolname) FROM pg_roles WHERE oid = $1",
            Kind::Database => "SELECT to_json(datname) FROM pg_database WHERE oid = $1",
            Kind::Schema => "SELECT to_json(nspname) FROM pg_namespace WHERE oid = $1",
        };
        self.connection.row(sql, &[(&object, Type::OID)]).await?.ok_or_else(|| {
            ConnectorError::unknown_value(format!(
                "The entitlement '{}' of the type '{}' is on something that does not exist",
                self.entitlement.id(),
                self.entitlement.type_id()
            ))
        })
    }
}

/// What it takes to revoke what other roles have granted.
fn needs_to_revoke(grantors: &[Grantor]) -> String {
    let names: Vec<_> = grantors.iter().map(|grantor| format!("\"{}\"", grantor.name)).collect();
    format!("SUPERUSER, or membership in the role that granted it: {}", names.join(", "))
}
