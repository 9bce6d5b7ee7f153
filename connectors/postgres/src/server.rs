//! The server as one call sees it: connections, statements, and the time that they may take.

use std::future::Future;
use std::time::Duration;

use lumos_connector::prelude::*;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::failures::needing;
use crate::settings::PostgresSettings;
use crate::tls;

/// A value of a statement and its type, which spares the server a question.
pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// The server, signed in to.
pub(crate) struct Server {
    pub(crate) settings: PostgresSettings,
    login: BasicCredential,
    tls: Option<MakeRustlsConnect>,
    /// When the call must have answered.
    deadline: Instant,
    /// The connection to the database of the settings.
    pub(crate) main: Connection,
    /// Which rows of `pg_auth_members`, called `m`, give their members something.
    pub(crate) usable: &'static str,
}

impl FromCall for Server {
    async fn from_call(call: &Call) -> Result<Self> {
        let settings: PostgresSettings = call.settings()?;
        let login: BasicCredential = call.auth()?;
        let tls = tls::connector(&settings).await?;
        let deadline = call.rate_limit().deadline;
        let main = connect(&settings, &login, tls.as_ref(), &settings.database, deadline).await?;
        // Since version 16 a membership may be for administration alone.
        let row = main.find("SELECT current_setting('server_version_num')::int4 >= 160000", &[]).await?;
        let has_options: bool = row.map_or(Ok(false), |row| row.try_get(0))?;
        let usable = if has_options { "(m.inherit_option OR m.set_option)" } else { "true" };
        Ok(Self { settings, login, tls, deadline, main, usable })
    }
}

impl Server {
    /// The name that the connector signs in with.
    pub(crate) fn user(&self) -> &str {
        &self.login.username
    }

    /// A connection of its own to another database. It closes when it is dropped.
    pub(crate) async fn database(&self, name: &str) -> Result<Connection> {
        let connection = connect(&self.settings, &self.login, self.tls.as_ref(), name, self.deadline).await;
        needing(connection, || format!("CONNECT on the database \"{name}\", or a setting that leaves it out"))
    }
}

/// A connection to one database.
pub(crate) struct Connection {
    client: Client,
    timeout: Duration,
    deadline: Instant,
}

async fn connect(
    settings: &PostgresSettings,
    login: &BasicCredential,
    tls: Option<&MakeRustlsConnect>,
    database: &str,
    deadline: Instant,
) -> Result<Connection> {
    let timeout = Duration::from_secs(settings.timeout_seconds.get().unsigned_abs());
    let mut config = Config::new();
    config
        .host(&settings.host)
        .port(u16::try_from(settings.port.get())?)
        .user(&login.username)
        .password(login.password.expose())
        .dbname(database)
        .application_name("lumos-postgres-connector")
        // These win over what owners of databases and roles configure. A foreign search path would let them put
        // functions of their own in the place of the server's; compiling costs these statements more than it saves.
        .options(format!(
            "-c search_path=pg_catalog -c TimeZone=UTC -c jit=off -c statement_timeout={}",
            timeout.as_millis()
        ));
    let started = async {
        match tls {
            Some(tls) => config
                .ssl_mode(SslMode::Require)
                .connect(tls.clone())
                .await
                .map(|(client, connection)| drive(client, connection)),
            None => config
                .ssl_mode(SslMode::Disable)
                .connect(NoTls)
                .await
                .map(|(client, connection)| drive(client, connection)),
        }
    };
    let client = timeout_at(deadline.min(Instant::now() + timeout), started).await.map_err(|_| {
        ConnectorError::network(format!("{} did not accept a connection in time", settings.host))
    })??;
    Ok(Connection { client, timeout, deadline })
}

/// Lets a connection run beside the call until its client is dropped.
fn drive<T>(client: Client, connection: tokio_postgres::Connection<Socket, T>) -> Client
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        // Whoever waits for an answer is told as well.
        if let Err(error) = connection.await {
            tracing::debug!("the connection ended: {error}");
        }
    });
    client
}

impl Connection {
    /// The rows of a statement.
    pub(crate) async fn query(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>> {
        self.within(self.client.query_typed(sql, parameters)).await
    }

    /// The row of a statement that has one at most.
    pub(crate) async fn find(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Option<Row>> {
        self.within(self.client.query_typed_opt(sql, parameters)).await
    }

    /// Runs a statement that takes no parameters, such as `CREATE ROLE %I PASSWORD %L`: the server itself quotes the
    /// values as identifiers (`%I`) and literals (`%L`).
    pub(crate) async fn run(&self, template: &str, values: &[&str]) -> Result<()> {
        const QUOTE: &str = "SELECT format($1, VARIADIC $2)";
        let parameters: [Parameter<'_>; 2] = [(&template, Type::TEXT), (&values, Type::TEXT_ARRAY)];
        let row = self.within(self.client.query_typed_one(QUOTE, &parameters)).await?;
        let statement: String = row.try_get(0)?;
        self.within(self.client.batch_execute(&statement)).await
    }

    /// Starts a transaction, which ends with [`commit`](Self::commit) or with the connection.
    pub(crate) async fn begin(&self) -> Result<()> {
        self.within(self.client.batch_execute("BEGIN")).await
    }

    pub(crate) async fn commit(&self) -> Result<()> {
        self.within(self.client.batch_execute("COMMIT")).await
    }

    /// Gives a transaction up, if there is one.
    pub(crate) async fn rollback(&self) -> Result<()> {
        self.within(self.client.batch_execute("ROLLBACK")).await
    }

    /// Waits for the server no longer than the settings and the caller allow.
    async fn within<T>(
        &self,
        answer: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        // The server itself gives up after the timeout; what follows is for one that does not answer at all.
        const GRACE: Duration = Duration::from_secs(2);
        let end = self.deadline.min(Instant::now() + self.timeout + GRACE);
        let answer = timeout_at(end, answer).await;
        answer
            .map_err(|_| ConnectorError::request_timeout("The server did not answer a statement in time"))?
            .map_err(ConnectorError::from)
    }
}
