//! The server as one call sees it: who the connector is there, and what had to be left out.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lumos_connector::prelude::*;
use tokio_postgres::types::Type;

use crate::accounts::Account;
use crate::address::{Address, SOCKET_FOLDERS};
use crate::connection::{Connection, Endpoint, Parameter, tls};
use crate::failures;
use crate::settings::PostgresSettings;

/// The superuser that the server is made with. It cannot be dropped, and repairs the server when nobody else can.
pub(crate) const BOOTSTRAP_SUPERUSER: u32 = 10;

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
    include_raw_data: bool,
    /// Databases that this call leaves out, and why.
    left_out: Mutex<Vec<(String, String)>>,
}

impl FromCall for Server {
    async fn from_call(call: &Call) -> Result<Self> {
        const SQL: &str =
            "SELECT r.oid AS own, current_setting('server_version_num')::int4 >= 160000 AS has_options
            FROM pg_roles r WHERE r.rolname = session_user";
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
        let row = main.find(SQL, &[]).await?;
        let row = row.ok_or_else(|| {
            ConnectorError::invalid_response("The server does not show the connector's role")
        })?;
        let (own, has_options) = (row.try_get("own")?, row.try_get("has_options")?);
        let include_raw_data = call.include_raw_data();
        Ok(Self { settings, endpoint, main, own, has_options, include_raw_data, left_out: Mutex::default() })
    }
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
        failures::explain_denied(connection, || format!("CONNECT on the database \"{name}\""))
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

    /// Whether a change is to be read back after it was made.
    ///
    /// # Errors
    /// `invalid_response` when what is read then differs.
    pub(crate) async fn verify(
        &self,
        problem: &str,
        is_so: impl Future<Output = Result<bool>>,
    ) -> Result<()> {
        if self.settings.verify_changes && !is_so.await? {
            return Err(ConnectorError::invalid_response(format!(
                "The server reported success, but {problem}"
            ))
            .with_hint(
                "Look for triggers, extensions or rules of the provider that change roles and privileges.",
            ));
        }
        Ok(())
    }

    /// Makes a change, and again when another transaction was in its way. Each attempt is a transaction.
    pub(crate) async fn with_retries<T, F>(&self, mut change: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        const ATTEMPTS: u32 = 20;
        for number in 1..ATTEMPTS {
            match change().await {
                Err(error) if failures::is_concurrent_change(&error) => self.main.rollback().await?,
                done => return done,
            }
            let mut random = [0; 2];
            getrandom::fill(&mut random)?;
            // At random, so that those in each other's way do not meet again.
            let longest = 10_u64 << number.min(6);
            tokio::time::sleep(Duration::from_millis(u64::from(u16::from_ne_bytes(random)) % longest)).await;
        }
        change().await
    }

    /// Leaves a database out of a listing when the server refuses it: one database does not hide the others.
    ///
    /// # Errors
    /// When the refusal says nothing of the database, and may be over soon.
    pub(crate) fn leave_out<T>(&self, database: &str, read: Result<T>) -> Result<Option<T>> {
        match read {
            Err(error) if failures::is_about_one_database(&error) => {
                self.note_left_out(database, &failures::reason(&error));
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// Notes that a database is left out.
    pub(crate) fn note_left_out(&self, database: &str, reason: &str) {
        tracing::warn!("the database \"{database}\" is left out: {reason}");
        let mut left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        left_out.push((database.to_owned(), reason.to_owned()));
    }

    /// The reply of a listing with what was left out of it, if the caller asks for raw data.
    pub(crate) fn listed<P>(&self, reply: Reply<P>) -> Reply<P> {
        let left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.include_raw_data || left_out.is_empty() {
            return reply;
        }
        let left_out: Vec<_> = left_out
            .iter()
            .map(|(database, reason)| json!({"database": database, "reason": reason}))
            .collect();
        reply.raw_data(json!({"left_out": left_out}))
    }

    /// Ends the sessions of an account when the settings say so, and counts them.
    pub(crate) async fn end_sessions(&self, account: &Account) -> Result<i64> {
        const SQL: &str = "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usesysid = $1";
        if !self.settings.end_sessions {
            return Ok(0);
        }
        let parameters: [Parameter<'_>; 1] = [(&account.oid, Type::OID)];
        let row = failures::explain_denied(self.main.find(SQL, &parameters).await, || {
            "membership in pg_signal_backend, to end the account's sessions".to_owned()
        })?;
        row.map_or(Ok(0), |row| Ok(row.try_get(0)?))
    }
}
