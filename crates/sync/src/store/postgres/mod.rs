//! A session with a PostgreSQL server.
//!
//! Statements are SQLite's with another mark before the numbers of placeholders, prepared once for each session. Those of
//! a transaction whose answers nobody needs go out together. The session's socket is served by a thread of its own, so
//! that a statement can be waited for anywhere.

mod address;
mod rows;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use futures_util::future::join_all;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Statement};

pub(in crate::store) use address::Address;
use address::open;

use super::error::{ServerError, Trouble};
use super::value::{Field, Row, Value};

/// A session.
pub(crate) struct Server {
    address: Address,
    client: Option<Client>,
    statements: HashMap<String, Statement>,
    is_in_transaction: bool,
    /// What goes out with the next statement whose answer is needed.
    queue: Vec<Queued>,
}

/// Statements that wait at the most. `join_all` polls up to 30 futures strictly in their order, and more of them may
/// leave some to a later poll, when `COMMIT` has gone out.
const MOST_QUEUED: usize = 16;

/// A statement that goes out later.
enum Queued {
    Begin,
    Execute(Statement, Vec<Box<dyn ToSql + Send + Sync>>),
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Server {
    pub(super) fn new(address: Address) -> Self {
        Self {
            address,
            client: None,
            statements: HashMap::new(),
            is_in_transaction: false,
            queue: Vec::new(),
        }
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

    /// Begins a transaction, with its first statement.
    pub(super) fn begin(&mut self) -> Result<(), Trouble> {
        self.client()?;
        self.queue.clear();
        self.queue.push(Queued::Begin);
        self.is_in_transaction = true;
        Ok(())
    }

    /// Ends the transaction, with the statements that were not sent yet.
    pub(super) fn end(&mut self, commit: bool) -> Result<(), Trouble> {
        let ended = if commit {
            // The server rolls back what a statement before it has broken, and that statement's error is returned.
            self.pipeline(async |client| client.batch_execute("COMMIT").await)
        } else if matches!(self.queue.first(), Some(Queued::Begin)) {
            // Nothing of it was sent.
            self.queue.clear();
            Ok(())
        } else {
            self.queue.clear();
            self.client().and_then(|client| wait(client.batch_execute("ROLLBACK")))
        };
        self.is_in_transaction = false;
        ended
    }

    pub(super) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, Trouble> {
        let statement = self.statement(sql)?;
        let values = parameters(values);
        self.pipeline(async |client| client.execute(&statement, &values).await)
    }

    /// Runs a statement with the next one that is waited for.
    pub(super) fn later(&mut self, sql: &str, values: &[Value<'_>]) -> Result<(), Trouble> {
        if !self.is_in_transaction {
            return self.execute(sql, values).map(|_| ());
        }
        self.queue(sql, values.iter().map(Value::boxed).collect())
    }

    fn queue(&mut self, sql: &str, values: Vec<Box<dyn ToSql + Send + Sync>>) -> Result<(), Trouble> {
        let statement = self.statement(sql)?;
        if self.queue.len() >= MOST_QUEUED {
            self.flush()?;
        }
        self.queue.push(Queued::Execute(statement, values));
        Ok(())
    }

    pub(super) fn batch(&mut self, sql: &str) -> Result<(), Trouble> {
        self.pipeline(async |client| client.batch_execute(sql).await)
    }

    pub(super) fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Trouble> {
        let statement = self.statement(sql)?;
        let values = parameters(values);
        let rows = self.pipeline(async |client| client.query(&statement, &values).await)?;
        rows.iter().map(|row| read(row).map_err(Trouble::from)).collect()
    }

    /// Sends what waits.
    fn flush(&mut self) -> Result<(), Trouble> {
        self.pipeline(async |_| Ok(()))
    }

    /// Sends what waits and a last statement without waiting for answers in between; then waits for all of them. The
    /// first error is returned: those after it follow from it.
    fn pipeline<T>(
        &mut self,
        last: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Trouble> {
        let queue = std::mem::take(&mut self.queue);
        let client = self.client()?;
        if queue.is_empty() {
            return wait(last(client));
        }
        wait(async {
            // Each statement is sent when it is polled first, and they are polled in their order.
            let before = join_all(queue.iter().map(|queued| queued.send(client)));
            let (before, last) = futures_util::future::join(before, last(client)).await;
            before.into_iter().collect::<Result<(), _>>()?;
            last
        })
    }
}

impl Queued {
    async fn send(&self, client: &Client) -> Result<(), tokio_postgres::Error> {
        match self {
            Self::Begin => client.batch_execute("BEGIN").await,
            Self::Execute(statement, values) => {
                let values: Vec<&(dyn ToSql + Sync)> =
                    values.iter().map(|value| value.as_ref() as &(dyn ToSql + Sync)).collect();
                client.execute(statement, &values).await.map(|_| ())
            }
        }
    }
}

fn parameters<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
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
