//! A session with a PostgreSQL server.
//!
//! Statements are SQLite's with another mark before the numbers of placeholders, prepared once for each session. Those of
//! a transaction whose answers nobody needs go out together. A thread of its own watches the session's socket, so that a
//! statement can be waited for anywhere; it is read and written by the thread that waits.

mod address;
mod rows;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use futures_util::future::{OptionFuture, join3};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Statement};

pub(in crate::store) use address::Address;
use address::{Connection, Open, drive, open};

use super::error::{ServerError, Trouble};
use super::value::{Field, Row, Value};

/// A session.
pub(crate) struct Server {
    address: Address,
    open: Option<Open>,
    statements: HashMap<String, Statement>,
    is_in_transaction: bool,
    /// Whether the transaction begins with the next statement.
    is_to_begin: bool,
    /// What goes out with the next statement whose answer is needed.
    queue: Vec<Queued>,
}

/// A statement that goes out later, and the values of its placeholders.
struct Queued {
    sql: String,
    values: Vec<Box<dyn ToSql + Send + Sync>>,
}

/// An open session: what statements are made with, and what moves their messages.
struct Session<'a> {
    client: &'a Client,
    connection: &'a mut Option<Connection>,
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
            open: None,
            statements: HashMap::new(),
            is_in_transaction: false,
            is_to_begin: false,
            queue: Vec::new(),
        }
    }

    /// The session; one that was lost is opened anew, unless a transaction was lost with it.
    fn session(&mut self) -> Result<Session<'_>, Trouble> {
        let is_alive = self.open.as_mut().is_some_and(Open::is_alive);
        if !is_alive {
            self.statements.clear();
            self.open = None;
            if self.is_in_transaction {
                return Err(lost());
            }
            self.open = Some(open(&self.address)?);
        }
        let (client, connection) = self.open.as_mut().and_then(Open::parts).ok_or_else(lost)?;
        Ok(Session { client, connection })
    }

    fn statement(&mut self, sql: &str) -> Result<Statement, Trouble> {
        self.session()?;
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let text = numbered(sql);
        let Session { client, connection } = self.session()?;
        let statement = wait(connection, client.prepare(&text))?;
        // Statements name the tables of listings, of which there is no end.
        if self.statements.len() >= 256 {
            self.statements.clear();
        }
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Begins a transaction, with its first statement.
    pub(super) fn begin(&mut self) -> Result<(), Trouble> {
        self.session()?;
        self.queue.clear();
        self.is_to_begin = true;
        self.is_in_transaction = true;
        Ok(())
    }

    /// Ends the transaction, with the statements that were not sent yet.
    pub(super) fn end(&mut self, commit: bool) -> Result<(), Trouble> {
        if !commit {
            self.queue.clear();
        }
        let is_open = commit || !std::mem::take(&mut self.is_to_begin);
        let last = if commit { "COMMIT" } else { "ROLLBACK" };
        // The server rolls back what a statement before `COMMIT` has broken, and that statement's error is returned.
        let ended = if is_open { self.batch(last) } else { Ok(()) };
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
        self.queue(sql, values.iter().map(Value::boxed).collect());
        Ok(())
    }

    fn queue(&mut self, sql: &str, values: Vec<Box<dyn ToSql + Send + Sync>>) {
        self.queue.push(Queued { sql: sql.to_owned(), values });
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
        let queued = if queue.is_empty() { None } else { Some(self.statement(&united(&queue))?) };
        let is_to_begin = std::mem::take(&mut self.is_to_begin);
        let values: Vec<&(dyn ToSql + Sync)> =
            queue.iter().flat_map(|it| &it.values).map(|value| value.as_ref() as _).collect();
        let Session { client, connection } = self.session()?;
        wait(connection, async {
            // Each is sent when it is polled first, and they are polled in their order.
            let begin = OptionFuture::from(is_to_begin.then(|| client.batch_execute("BEGIN")));
            let queued =
                OptionFuture::from(queued.map(|it| async move { client.execute(&it, &values).await }));
            let (begin, queued, last) = join3(begin, queued, last(client)).await;
            begin.transpose()?;
            queued.transpose()?;
            last
        })
    }
}

/// Statements as one: each is a table of the last one, which nobody reads. The server answers once.
fn united(queue: &[Queued]) -> String {
    let mut sql = String::new();
    let mut first = 0;
    for (place, queued) in queue.iter().enumerate() {
        let is_last = place + 1 == queue.len();
        if !is_last {
            let _ = write!(sql, "{}statement{place} AS (", if place == 0 { "WITH " } else { ", " });
        }
        // Placeholders follow on those of the statements before.
        let mut parts = queued.sql.split('?');
        sql.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let end = part.find(|it: char| !it.is_ascii_digit()).unwrap_or(part.len());
            let number: usize = part[..end].parse().unwrap_or_default();
            let _ = write!(sql, "?{}{}", first + number, &part[end..]);
        }
        sql.push_str(if is_last { "" } else { ") " });
        first += queued.values.len();
    }
    sql
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

/// Waits for an answer, and moves the messages of the session until it is there.
fn wait<T>(
    connection: &mut Option<Connection>,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Trouble> {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut answer = pin!(answer);
    loop {
        // The first time it says what is to be sent, and then it takes what has come.
        for _ in 0..2 {
            if let Poll::Ready(answer) = answer.as_mut().poll(&mut context) {
                return answer.map_err(Trouble::from);
            }
            drive(connection, &mut context);
        }
        if let Poll::Ready(answer) = answer.as_mut().poll(&mut context) {
            return answer.map_err(Trouble::from);
        }
        std::thread::park();
    }
}

fn lost() -> Trouble {
    Trouble::Server(ServerError::Lost("the session was lost".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_become_one_with_placeholders_that_follow_each_other() {
        let queued = |sql: &str, values: usize| Queued {
            sql: sql.to_owned(),
            values: (0..values).map(|_| Value::Integer(0).boxed()).collect(),
        };
        let queue = [
            queued("INSERT INTO a VALUES (?1, ?2)", 2),
            queued("UPDATE b SET c = ?2 WHERE d = ?1", 2),
            queued("DELETE FROM e WHERE f = ?1", 1),
        ];
        assert_eq!(united(&queue[2..]), "DELETE FROM e WHERE f = ?1");
        assert_eq!(
            united(&queue),
            "WITH statement0 AS (INSERT INTO a VALUES (?1, ?2)) , \
             statement1 AS (UPDATE b SET c = ?4 WHERE d = ?3) DELETE FROM e WHERE f = ?5"
        );
    }
}
