//! The server as one call sees it: who the connector is there, and what had to be left out.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use lumos_connector::prelude::*;
use tokio_postgres::types::Type;

use crate::accounts::Account;
use crate::address::{Address, SOCKET_FOLDERS};
use crate::connection::{Connection, Endpoint, tls};
use crate::failures::{self, explain_denied};
use crate::settings::PostgresSettings;

/// The superuser that the server is made with. It cannot be dropped, and repairs the server when nobody else can.
const BOOTSTRAP_SUPERUSER: u32 = 10;

/// The server, signed in to.
pub(crate) struct Server {
    pub(crate) settings: PostgresSettings,
    endpoint: Endpoint,
    /// The connection to the database of the settings.
    pub(crate) main: Connection,
    /// The OID of the connector's own role.
    own: u32,
    /// Whether memberships have options and grantors of their own, as they do since version 16.
    pub(crate) has_options: bool,
    pub(crate) call: Call,
    /// Databases that this call leaves out, and why.
    pub(crate) left_out: LeftOut,
}

impl FromCall for Server {
    async fn from_call(call: &Call) -> Result<Self> {
        const SQL: &str =
            "SELECT json_build_array(oid::int8, current_setting('server_version_num')::int4 >= 160000)
            FROM pg_roles WHERE rolname = session_user";
        let settings: PostgresSettings = call.settings()?;
        let socket_folders = std::env::var(SOCKET_FOLDERS).ok();
        let endpoint = Endpoint {
            address: Address::of(&settings, socket_folders.as_deref())?,
            tls: tls(&settings).await?,
            login: call.auth()?,
            timeout: Duration::from_secs(settings.timeout_seconds.get().unsigned_abs()),
            deadline: call.rate_limit().deadline,
        };
        let main = endpoint.connect(&settings.database).await?;
        main.check_options().await?;
        let (own, has_options) = main.row(SQL, &[]).await?.ok_or_else(|| {
            ConnectorError::invalid_response("The server does not show the connector's role")
        })?;
        let (call, left_out) = (call.clone(), LeftOut::default());
        Ok(Self { settings, endpoint, main, own, has_options, call, left_out })
    }
}

/// Signing in is most of it; what every listing reads is read as well. The tenant is the cluster: its identifier is the
/// same for every login, address and replica.
pub(crate) async fn validate_credentials(
    server: Server,
    _: ValidateCredentials,
) -> Result<ValidatedCredentials> {
    const SQL: &str = "SELECT to_json(c.system_identifier::text)
        FROM pg_control_system() c, (SELECT FROM pg_roles LIMIT 1) r, (SELECT count(*) FROM pg_auth_members) m";
    server.databases().await?;
    let tenant: Option<String> =
        explain_denied(server.main.row(SQL, &[]).await, "EXECUTE on pg_control_system()")?;
    let tenant = tenant.ok_or_else(|| ConnectorError::invalid_response("The server shows no roles"))?;
    Ok(ValidatedCredentials::valid(tenant))
}

impl Server {
    /// Which rows of `pg_auth_members`, called `m`, give their members something: since version 16 a membership may be for
    /// administration alone.
    pub(crate) fn usable(&self) -> &'static str {
        if self.has_options { "(m.inherit_option OR m.set_option)" } else { "true" }
    }

    /// A connection of its own to another database. It closes when it is dropped.
    pub(crate) async fn database(&self, name: &str) -> Result<Connection> {
        let connection = self.endpoint.connect(name).await;
        explain_denied(connection, &format!("CONNECT on the database \"{name}\""))
    }

    /// The governed databases by their OIDs. Those that the settings mean and that cannot be entered are left out.
    ///
    /// # Errors
    /// When the settings name one that does not exist: without its rows a listing would look complete.
    pub(crate) async fn databases(&self) -> Result<BTreeMap<u32, String>> {
        const SQL: &str = "SELECT json_build_array(d.oid::int8, d.datname, CASE
                WHEN d.datconnlimit = -2 THEN 'it is invalid and can only be dropped'
                WHEN NOT d.datallowconn THEN 'it accepts no connections'
                WHEN d.datconnlimit = 0 AND NOT r.rolsuper THEN 'its connection limit is 0' END)
            FROM pg_database d, pg_roles r WHERE r.rolname = current_user
                AND CASE cardinality($1) WHEN 0 THEN NOT d.datistemplate ELSE d.datname::text = ANY ($1) END
            ORDER BY d.oid";
        let named = &self.settings.databases;
        let found: Vec<(u32, String, Option<String>)> =
            self.main.rows(SQL, &[(named, Type::TEXT_ARRAY)]).await?;
        if let Some(name) = named.iter().find(|name| found.iter().all(|(_, found, _)| found != *name)) {
            return Err(ConnectorError::invalid_configuration(format!(
                "The setting `databases` names \"{name}\", which does not exist"
            )));
        }
        let mut databases = BTreeMap::new();
        for (oid, name, problem) in found {
            match problem {
                Some(problem) => self.leave_out(&name, &problem),
                None => _ = databases.insert(oid, name),
            }
        }
        Ok(databases)
    }

    /// Leaves a database out of a listing: one does not hide the others.
    pub(crate) fn leave_out(&self, database: &str, reason: &str) {
        let value = json!({"database": database, "reason": reason});
        self.left_out.add_as(format!("the database \"{database}\": {reason}"), value);
    }

    /// Refuses to lock the connector out.
    pub(crate) fn refuse_own(&self, account: &Account) -> Result<()> {
        if account.oid == self.own {
            return Err(ConnectorError::conflict(
                "This is the connector's own role: another role has to change it",
            ));
        }
        Ok(())
    }

    /// Refuses to take from a server the last way to repair it.
    pub(crate) fn refuse_own_and_bootstrap(&self, account: &Account) -> Result<()> {
        self.refuse_own(account)?;
        if account.oid == BOOTSTRAP_SUPERUSER {
            return Err(ConnectorError::conflict(format!(
                "\"{}\" is the bootstrap superuser, which the server cannot do without",
                account.name
            )));
        }
        Ok(())
    }

    /// Makes a change, and again when another transaction was in its way.
    pub(crate) async fn with_retries<T, F>(&self, change: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let retries = Retries::default().most(19).first_delay(Duration::from_millis(10)).factor(2.0);
        let retries = retries.longest_delay(Duration::from_millis(640));
        retries.run(&self.call, failures::is_concurrent_change, change).await
    }

    /// Reads a change back after it was made, when the settings say so.
    ///
    /// # Errors
    /// `invalid_response` when what is read then differs.
    pub(crate) async fn verify(
        &self,
        problem: &str,
        is_so: impl Future<Output = Result<bool>>,
    ) -> Result<()> {
        const HINT: &str =
            "Look for triggers, extensions or rules of the provider that change roles and privileges.";
        if !self.settings.verify_changes || is_so.await? {
            return Ok(());
        }
        let message = format!("The server reported success, but {problem}");
        Err(ConnectorError::invalid_response(message).with_hint(HINT))
    }

    /// Ends the sessions of an account when the settings say so, and counts them.
    pub(crate) async fn end_sessions(&self, account: &Account) -> Result<i64> {
        const SQL: &str = "SELECT to_json(count(*) FILTER (WHERE pg_terminate_backend(pid)))
            FROM pg_stat_activity WHERE usesysid = $1";
        if !self.settings.end_sessions {
            return Ok(0);
        }
        let ended = self.main.row(SQL, &[(&account.oid, Type::OID)]).await;
        let needs = "membership in pg_signal_backend, to end the account's sessions";
        let ended: Option<i64> = explain_denied(ended, needs)?;
        Ok(ended.unwrap_or_default())
    }
}
