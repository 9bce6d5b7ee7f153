//! A connection to one database: statements, and the time that they may take.

use std::future::{Future, poll_fn};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lumos_connector::prelude::*;
use lumos_connector::tls::Trust;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::config::SslMode as Encryption;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Config, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::address::Address;
use crate::failures::{self, explain_denied};
use crate::settings::{PostgresSettings, SslMode};

/// A value of a statement and its type, which spares the server a question.
pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// Where and how to sign in to the databases of a server.
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    pub(crate) tls: Option<MakeRustlsConnect>,
    pub(crate) login: BasicCredential,
    pub(crate) timeout: Duration,
    /// When the call must have answered.
    pub(crate) deadline: Instant,
}

pub(crate) struct Connection {
    client: Client,
    timeout: Duration,
    deadline: Instant,
    password_cleared: Arc<AtomicBool>,
}

/// The TLS of a connection; `None` when the settings turn it off.
pub(crate) async fn tls(settings: &PostgresSettings) -> Result<Option<MakeRustlsConnect>> {
    let trust = Trust::setting("ca_certificate", settings.ca_certificate.as_deref());
    let trust = match settings.ssl_mode {
        SslMode::Disable => return Ok(None),
        SslMode::VerifyFull => trust,
        SslMode::VerifyCa => trust.any_name().ok_or_else(|| {
            ConnectorError::invalid_configuration(
                "`verify-ca` needs a certificate authority: any authority that the operating system trusts could vouch for any host",
            )
        })?,
    };
    Ok(Some(MakeRustlsConnect::new(trust.client_config().await?)))
}

impl Endpoint {
    pub(crate) async fn connect(&self, database: &str) -> Result<Connection> {
        let mut config = Config::new();
        config
            .user(&self.login.username)
            .password(self.login.password.expose())
            .dbname(database)
            .application_name("lumos-postgres-connector")
            // These win over what owners of databases and roles configure. A foreign search path would let them put
            // functions of their own in the place of the server's; compiling costs these statements more than it saves.
            .options(format!(
                "-c search_path=pg_catalog -c TimeZone=UTC -c jit=off -c statement_timeout={}",
                self.timeout.as_millis()
            ));
        let end = self.deadline.min(Instant::now() + self.timeout);
        let connected = timeout_at(end, self.open(config)).await;
        let (client, password_cleared, is_ascii) = connected
            .map_err(|_| ConnectorError::network("The server did not accept a connection in time"))?
            .map_err(failures::pooler)?;
        let Self { timeout, deadline, .. } = *self;
        let connection = Connection { client, timeout, deadline, password_cleared };
        if is_ascii {
            // Such a database holds bytes of any encoding, and refuses to send those that are not UTF-8 as such.
            connection.execute("SET client_encoding TO SQL_ASCII").await?;
        }
        Ok(connection)
    }

    async fn open(&self, config: Config) -> Result<Opened> {
        match &self.address {
            Address::Tcp(host, port) => {
                let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(connect_error)?;
                stream.set_nodelay(true)?;
                self.start(config, stream).await
            }
            #[cfg(unix)]
            Address::Socket(path) => {
                let stream = tokio::net::UnixStream::connect(path).await.map_err(connect_error)?;
                self.start(config, stream).await
            }
            #[cfg(not(unix))]
            Address::Socket(_) => {
                Err(ConnectorError::invalid_configuration("This system has no such sockets"))
            }
        }
    }

    async fn start<S: Stream>(&self, mut config: Config, stream: S) -> Result<Opened> {
        match (&self.tls, self.address.server_name()) {
            (Some(tls), Some(name)) => {
                let tls = MakeTlsConnect::<S>::make_tls_connect(&mut tls.clone(), name)?;
                Ok(run(config.ssl_mode(Encryption::Require).connect_raw(stream, tls).await?))
            }
            // What goes through a socket does not leave the machine; servers do not encrypt it.
            _ => Ok(run(config.ssl_mode(Encryption::Disable).connect_raw(stream, NoTls).await?)),
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

fn connect_error(error: io::Error) -> ConnectorError {
    let message = format!("Cannot connect to the server: {error}");
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ConnectorError::connection_rejected(message),
        _ => ConnectorError::network(message),
    }
}

/// A client, whether a rename has cleared a password, and whether the database has the encoding `SQL_ASCII`.
type Opened = (Client, Arc<AtomicBool>, bool);

/// Lets a connection run beside the call until its client is dropped, and notes when the server says that a rename has
/// cleared a password.
fn run<S: Stream, T: Stream>((client, mut connection): (Client, tokio_postgres::Connection<S, T>)) -> Opened {
    let cleared = Arc::new(AtomicBool::new(false));
    let noted = cleared.clone();
    let is_ascii = connection.parameter("server_encoding") == Some("SQL_ASCII");
    tokio::spawn(async move {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            match message {
                // Messages are translated, the names of the server's functions are not.
                Ok(AsyncMessage::Notice(notice)) if notice.routine() == Some("RenameRole") => {
                    noted.store(true, Ordering::Release);
                }
                Ok(AsyncMessage::Notice(notice)) => {
                    tracing::debug!("the server says: {}: {}", notice.severity(), notice.message());
                }
                Ok(_) => {}
                // Those that wait for an answer get an error, too.
                Err(error) => return tracing::debug!("the connection ended: {error}"),
            }
        }
    });
    (client, cleared, is_ascii)
}

impl Connection {
    /// Whether the server has applied the options of the session; some poolers accept and ignore them.
    pub(crate) async fn check_options(&self) -> Result<()> {
        // Not by a function: on a foreign search path it could be anybody's.
        let row = self.within(self.client.query_typed_one("SHOW search_path", &[])).await?;
        if row.try_get::<_, &str>(0)? == "pg_catalog" { Ok(()) } else { Err(failures::is_a_pooler()) }
    }

    /// Whether a rename on this connection has cleared a password, which the server only remarks upon.
    pub(crate) fn password_cleared(&self) -> bool {
        self.password_cleared.load(Ordering::Acquire)
    }

    /// The rows of a statement, each of which is one value of JSON.
    pub(crate) async fn rows<T: DeserializeOwned>(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<T>> {
        let rows = self.within(self.client.query_typed(sql, parameters)).await?;
        rows.iter().map(|row| Ok(serde_json::from_str(&row.try_get::<_, JsonText>(0)?.0)?)).collect()
    }

    /// The row of a statement that has one at most.
    pub(crate) async fn row<T: DeserializeOwned>(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Option<T>> {
        Ok(self.rows(sql, parameters).await?.pop())
    }

    /// Whether a statement whose row is a boolean says so.
    pub(crate) async fn is_true(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<bool> {
        let sql = format!("SELECT to_json(coalesce(({sql}), false))");
        Ok(self.row(&sql, parameters).await?.unwrap_or_default())
    }

    /// Runs a statement that takes no parameters, such as `CREATE ROLE %I PASSWORD %L`: the server itself quotes the
    /// values as identifiers (`%I`) and literals (`%L`). `needs` is what the connector's role lacks when it may not.
    pub(crate) async fn run(&self, template: &str, values: &[&str], needs: &str) -> Result<()> {
        const QUOTE: &str = "SELECT to_json(format($1, VARIADIC $2))";
        let parameters: [Parameter<'_>; 2] = [(&template, Type::TEXT), (&values, Type::TEXT_ARRAY)];
        let statement: Option<String> = self.row(QUOTE, &parameters).await?;
        explain_denied(self.execute(&statement.unwrap_or_default()).await, needs)
    }

    /// Makes a change in a transaction, which is given up when it fails.
    pub(crate) async fn transaction<T>(&self, change: impl Future<Output = Result<T>>) -> Result<T> {
        self.execute("BEGIN").await?;
        match change.await {
            Ok(changed) => self.execute("COMMIT").await.map(|()| changed),
            // A server that does not answer is not asked again.
            Err(error) if error.class() == Some(ErrorClass::RequestTimeout) => Err(error),
            Err(error) => {
                // The first error is the one to report.
                let _ = self.execute("ROLLBACK").await;
                Err(error)
            }
        }
    }

    /// Runs a statement as it is.
    pub(crate) async fn execute(&self, statement: &str) -> Result<()> {
        self.within(self.client.batch_execute(statement)).await
    }

    /// Waits for the server no longer than the settings and the caller allow.
    async fn within<T>(&self, answer: impl Future<Output = std::result::Result<T, Error>>) -> Result<T> {
        // The server itself gives up after the timeout; what follows is for one that does not answer at all.
        const GRACE: Duration = Duration::from_secs(2);
        let end = self.deadline.min(Instant::now() + self.timeout + GRACE);
        let answer = timeout_at(end, answer).await;
        answer
            .map_err(|_| ConnectorError::request_timeout("The server did not answer a statement in time"))?
            .map_err(ConnectorError::from)
    }
}

/// JSON of the server. Names that were made in a database of another encoding may not be UTF-8: what cannot be read becomes
/// U+FFFD, and the row stays.
struct JsonText(String);

impl<'a> FromSql<'a> for JsonText {
    fn from_sql(
        _: &Type,
        raw: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(String::from_utf8_lossy(raw).into_owned()))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::JSON
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// What connecting to a server comes to that answers with an error.
    async fn refused(state: &str, says: &str) -> ConnectorError {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let body = format!("SFATAL\0VFATAL\0C{state}\0M{says}\0\0");
        let answer = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut startup = [0; 4];
            stream.read_exact(&mut startup).await.unwrap();
            let mut rest = vec![0; usize::try_from(u32::from_be_bytes(startup)).unwrap() - 4];
            stream.read_exact(&mut rest).await.unwrap();
            stream.write_u8(b'E').await.unwrap();
            stream.write_u32(u32::try_from(body.len() + 4).unwrap()).await.unwrap();
            stream.write_all(body.as_bytes()).await.unwrap();
        };
        let endpoint = Endpoint {
            address: Address::Tcp("127.0.0.1".to_owned(), port),
            tls: None,
            login: serde_json::from_value(json!({"username": "ada", "password": "pw"})).unwrap(),
            timeout: Duration::from_secs(60),
            deadline: Instant::now() + Duration::from_secs(60),
        };
        let (connection, ()) = tokio::join!(endpoint.connect("app"), answer);
        connection.map(drop).unwrap_err()
    }

    #[tokio::test]
    async fn p29_poolers_are_recognized_by_what_they_say_of_the_options() {
        for (state, says) in [
            ("08P01", "unsupported startup parameter: options"),
            ("08P01", "unsupported startup parameter in options: search_path"),
            ("0A000", "Feature not supported: RDS Proxy currently doesn't support command-line options."),
        ] {
            let error = refused(state, says).await;
            assert_eq!(error.class(), Some(ErrorClass::InvalidConfiguration), "{says}");
            assert!(error.message().contains("pooler"), "{}", error.message());
        }
    }

    #[tokio::test]
    async fn p13_only_refusals_of_a_database_leave_it_out() {
        for (state, says, left_out) in [
            ("55000", "cannot connect to invalid database \"app\"", true),
            ("42501", "permission denied for database \"app\"", true),
            ("28000", "pg_hba.conf rejects connection for host", true),
            ("3D000", "database \"app\" does not exist", true),
            ("XX001", "could not read block 0", true),
            ("22023", "database locale is incompatible with operating system", true),
            ("58P01", "could not open file \"base/5/PG_VERSION\"", true),
            ("P0001", "not on a Friday", true),
            ("28P01", "password authentication failed", false),
            ("53300", "sorry, too many clients already", false),
            ("57P03", "the database system is starting up", false),
            ("57P01", "terminating connection due to administrator command", false),
            ("57014", "canceling statement due to statement timeout", false),
            ("08006", "server conn crashed?", false),
            ("40001", "canceling statement due to conflict with recovery", false),
            ("XX000", "tuple concurrently updated", false),
        ] {
            assert_eq!(
                failures::is_about_one_database(&refused(state, says).await),
                left_out,
                "{state} {says}"
            );
        }
    }

    #[tokio::test]
    async fn p35_changes_are_made_again_when_another_transaction_was_in_the_way() {
        for (state, says, again) in [
            ("XX000", "tuple concurrently updated", true),
            ("XX000", "tuple concurrently deleted", true),
            ("40001", "could not serialize access due to concurrent update", true),
            ("40P01", "deadlock detected", true),
            ("XX000", "cache lookup failed for role 7", false),
            ("42501", "permission denied", false),
        ] {
            let error = refused(state, says).await;
            assert_eq!(failures::is_concurrent_change(&error), again, "{state} {says}");
        }
    }
}
