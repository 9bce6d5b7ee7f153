//! A session with a PostgreSQL server.
//!
//! Statements are SQLite's with another mark before the numbers of placeholders, prepared once for each session. The
//! session's socket is served by a thread of its own, so that a statement can be waited for anywhere.

use std::collections::HashMap;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::SinkExt;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{ServerError, Trouble};
use super::value::{Field, Row, Value, storable};
use crate::row::RowBuffer;

/// Bytes of rows that are sent at a time.
const COPY_CHUNK: usize = 64 * 1024;

/// Where a server is, without what nobody may see.
#[derive(Clone)]
pub(super) struct Address {
    config: Config,
    root_certificate: Option<String>,
    shown: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Address {
    /// Whether the name of a store is the address of a server.
    pub(super) fn is_one(name: &Path) -> bool {
        let name = name.to_string_lossy();
        name.starts_with("postgres://") || name.starts_with("postgresql://")
    }

    /// Reads the address of a server, as libpq writes it; `sslrootcert` names a file of certificates to trust.
    pub(super) fn read(name: &Path) -> Result<Self, ServerError> {
        let text = name.to_string_lossy();
        let (text, root_certificate) = take_parameter(&text, "sslrootcert");
        let mut config: Config = text.parse().map_err(|_| ServerError::Address)?;
        let shown = shown(&text);
        config.application_name("lumos-sync");
        if config.get_password().is_none()
            && let Ok(password) = std::env::var("PGPASSWORD")
        {
            config.password(password);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(std::time::Duration::from_secs(10));
        }
        Ok(Self { config, root_certificate, shown })
    }

    /// The address as it may be shown.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    fn tls(&self) -> Result<ClientConfig, ServerError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| ServerError::Tls(error.to_string()))?;
        let config = match &self.root_certificate {
            None => {
                let verifier = rustls_platform_verifier::Verifier::new(provider)
                    .map_err(|error| ServerError::Tls(error.to_string()))?;
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
            Some(path) => {
                let mut roots = RootCertStore::empty();
                let certificates = CertificateDer::pem_file_iter(path)
                    .map_err(|error| ServerError::Tls(format!("{path}: {error}")))?;
                for certificate in certificates {
                    certificate
                        .map_err(|error| error.to_string())
                        .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()))
                        .map_err(|error| ServerError::Tls(format!("{path}: {error}")))?;
                }
                builder.with_root_certificates(roots)
            }
        };
        Ok(config.with_no_client_auth())
    }
}

/// An address without the value of a parameter that libpq knows and the client does not.
fn take_parameter(address: &str, name: &str) -> (String, Option<String>) {
    let Some((before, query)) = address.split_once('?') else { return (address.to_owned(), None) };
    let mut value = None;
    let mut rest = Vec::new();
    for part in query.split('&') {
        match part.split_once('=') {
            Some((key, found)) if key == name => value = Some(found.replace("%2F", "/")),
            _ => rest.push(part),
        }
    }
    let query = rest.join("&");
    (if query.is_empty() { before.to_owned() } else { format!("{before}?{query}") }, value)
}

/// An address without user, password and parameters.
fn shown(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}/{path}")
}

/// A session.
pub(crate) struct Server {
    address: Address,
    client: Option<Client>,
    statements: HashMap<String, Statement>,
    is_in_transaction: bool,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Server {
    pub(super) fn new(address: Address) -> Self {
        Self { address, client: None, statements: HashMap::new(), is_in_transaction: false }
    }

    /// The session's client; a session that was lost is opened anew, unless a transaction was lost with it.
    fn client(&mut self) -> Result<&Client, Trouble> {
        let is_open = self.client.as_ref().is_some_and(|client| !client.is_closed());
        if !is_open {
            self.statements.clear();
            self.client = None;
            if self.is_in_transaction {
                return Err(Trouble::Server(ServerError::Lost("the session was lost".to_owned())));
            }
            self.client = Some(open(&self.address)?);
        }
        self.client
            .as_ref()
            .ok_or_else(|| Trouble::Server(ServerError::Lost("the session was lost".to_owned())))
    }

    fn statement(&mut self, sql: &str) -> Result<Statement, Trouble> {
        self.client()?;
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let text = numbered(sql);
        let statement = wait(self.client()?.prepare(&text))?;
        // Statements name the tables of listings, of which there is no end.
        if self.statements.len() >= 256 {
            self.statements.clear();
        }
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(super) fn begin(&mut self) -> Result<(), Trouble> {
        self.batch("BEGIN")?;
        self.is_in_transaction = true;
        Ok(())
    }

    pub(super) fn end(&mut self, commit: bool) -> Result<(), Trouble> {
        let ended = self.batch(if commit { "COMMIT" } else { "ROLLBACK" });
        self.is_in_transaction = false;
        ended
    }

    pub(super) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, Trouble> {
        let statement = self.statement(sql)?;
        let values = parameters(values);
        wait(self.client()?.execute(&statement, &values))
    }

    pub(super) fn batch(&mut self, sql: &str) -> Result<(), Trouble> {
        wait(self.client()?.batch_execute(sql))
    }

    pub(super) fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Trouble> {
        let statement = self.statement(sql)?;
        let values = parameters(values);
        let rows = wait(self.client()?.query(&statement, &values))?;
        rows.iter().map(|row| read(row).map_err(Trouble::from)).collect()
    }

    /// Rows by `COPY`, whose text form wants a few characters written otherwise.
    pub(super) fn copy(&mut self, listing: i64, page: i64, rows: &mut RowBuffer) -> Result<(), Trouble> {
        let client = self.client()?;
        let into = format!("COPY rows_{listing} (key, digest, page, data) FROM STDIN");
        let sink = wait(client.copy_in::<_, Bytes>(&into))?;
        let mut sink = Box::pin(sink);
        let mut chunk = BytesMut::with_capacity(COPY_CHUNK + 4096);
        let filled = rows.for_each(|row| {
            match row.key {
                Some(key) => escape(key, &mut chunk),
                None => chunk.put_slice(b"\\N"),
            }
            chunk.put_slice(format!("\t{}\t{page}\t", row.digest).as_bytes());
            escape(row.data, &mut chunk);
            chunk.put_u8(b'\n');
            if chunk.len() >= COPY_CHUNK { wait(sink.send(chunk.split().freeze())) } else { Ok(()) }
        });
        filled?;
        if !chunk.is_empty() {
            wait(sink.send(chunk.freeze()))?;
        }
        wait(sink.as_mut().finish())?;
        Ok(())
    }
}

fn parameters<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn escape(text: &str, out: &mut BytesMut) {
    let text = storable(text);
    let mut rest = text.as_bytes();
    while let Some(place) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r')) {
        out.put_slice(&rest[..place]);
        out.put_slice(match rest[place] {
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            _ => b"\\\\",
        });
        rest = &rest[place + 1..];
    }
    out.put_slice(rest);
}

fn read(row: &tokio_postgres::Row) -> Result<Row, tokio_postgres::Error> {
    let mut fields = Vec::with_capacity(row.len());
    for (place, column) in row.columns().iter().enumerate() {
        let field = match *column.type_() {
            Type::BOOL => row.try_get::<_, Option<bool>>(place)?.map(|it| Field::Integer(it.into())),
            Type::INT4 => row.try_get::<_, Option<i32>>(place)?.map(|it| Field::Integer(it.into())),
            Type::INT8 => row.try_get::<_, Option<i64>>(place)?.map(Field::Integer),
            _ => row.try_get::<_, Option<String>>(place)?.map(Field::Text),
        };
        fields.push(field.unwrap_or(Field::Null));
    }
    Ok(Row(fields))
}

/// SQLite's numbered placeholders as PostgreSQL writes them.
fn numbered(sql: &str) -> String {
    sql.replace('?', "$")
}

/// Opens a session; its socket is served by a thread of its own, which ends with it.
fn open(address: &Address) -> Result<Client, Trouble> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let address = address.clone();
    let serve = move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                // Whoever waits has gone.
                let _ = sender.send(Err(Trouble::File(error)));
                return;
            }
        };
        runtime.block_on(async {
            if address.config.get_ssl_mode() == SslMode::Disable {
                match address.config.connect(NoTls).await {
                    Ok((client, connection)) => {
                        let _ = sender.send(Ok(client));
                        // Why it ended is what its client says.
                        let _ = connection.await;
                    }
                    Err(error) => {
                        let _ = sender.send(Err(error.into()));
                    }
                }
                return;
            }
            let tls = match address.tls() {
                Ok(tls) => MakeRustlsConnect::new(tls),
                Err(error) => {
                    let _ = sender.send(Err(Trouble::Server(error)));
                    return;
                }
            };
            match address.config.connect(tls).await {
                Ok((client, connection)) => {
                    let _ = sender.send(Ok(client));
                    let _ = connection.await;
                }
                Err(error) => {
                    let _ = sender.send(Err(error.into()));
                }
            }
        });
    };
    std::thread::Builder::new().name("store".to_owned()).spawn(serve).map_err(Trouble::File)?;
    let ended = || Trouble::Server(ServerError::Lost("the session ended while it was opened".to_owned()));
    receiver.recv().map_err(|_| ended())?
}

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for an answer, which another thread takes from the socket.
fn wait<T>(answer: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Trouble> {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut answer = pin!(answer);
    loop {
        match answer.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer.map_err(Trouble::from),
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_of_an_address_is_shown() {
        let address = "postgres://sync:s3cret@db.test:6432/tenants?sslmode=disable&sslrootcert=%2Fca.pem";
        let read = Address::read(Path::new(address)).unwrap();
        assert_eq!(read.shown(), "postgres://db.test:6432/tenants");
        assert_eq!(format!("{read:?}"), "postgres://db.test:6432/tenants");
        assert_eq!(read.root_certificate.as_deref(), Some("/ca.pem"));
        let error = Address::read(Path::new("postgres://a:s3cret@db.test:port/x")).unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn what_copy_reads_otherwise_is_written_otherwise() {
        let mut out = BytesMut::new();
        escape("a\\b\tc\nd\re\0f", &mut out);
        assert_eq!(&out[..], "a\\\\b\\tc\\nd\\re\u{2400}f".as_bytes());
    }
}
