//! Syncs that begin by themselves: a file of connections with intervals.
//!
//! A connection is due when its latest sync was asked for longer ago than its interval. So a schedule that was away for
//! long begins what it missed once, and several schedules of the same file do no harm: the state of a connection's sync
//! is written behind the fence.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::broker::{Broker, now};
use crate::error::ClusterError;
use crate::record::{Record, Submission, Wanted};
use crate::stop::Stop;

/// How often the schedule looks what is due.
const LOOK: Duration = Duration::from_secs(5);

/// A file of schedules.
///
/// ```
/// use lumos_sync_workers::schedule::Schedule;
///
/// let schedule = Schedule::read_text(
///     "schedule.toml".as_ref(),
///     r#"
///     [[connection]]
///     name = "acme"
///     every = "6h"
///
///     [[connection]]
///     name = "globex"
///     every = "1d"
///     pool = "eu"
///     without = ["activity_records"]
///     "#,
/// )?;
/// assert_eq!(schedule.connections.len(), 2);
/// # Ok::<(), lumos_sync_workers::ClusterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The connections.
    pub connections: Vec<Scheduled>,
}

/// A connection with its interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// The connection.
    pub name: String,
    /// From one sync to the next.
    pub every: Duration,
    /// What is wanted of its syncs.
    pub wanted: Wanted,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    connection: Vec<toml::Table>,
}

impl Schedule {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or a field is missing, unknown or wrong; the error names it.
    pub fn read(path: &Path) -> Result<Self, ClusterError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ClusterError::File { path: path.to_owned(), source })?;
        Self::read_text(path, &text)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// Like [`read`](Self::read).
    pub fn read_text(path: &Path, text: &str) -> Result<Self, ClusterError> {
        let failed = |message: String| ClusterError::Schedule { path: path.to_owned(), message };
        let file: File = toml::from_str(text).map_err(|error| failed(error.to_string()))?;
        let mut connections: Vec<Scheduled> = Vec::new();
        for (place, mut table) in file.connection.into_iter().enumerate() {
            let mut take = |field: &str| match table.remove(field) {
                Some(toml::Value::String(text)) if !text.is_empty() => Ok(text),
                Some(_) => Err(failed(format!("connection[{place}].{field}: expected a text"))),
                None => Err(failed(format!("connection[{place}].{field} is missing"))),
            };
            let (name, every) = (take("name")?, take("every")?);
            let every = interval(&every).ok_or_else(|| {
                failed(format!("connection[{place}].every: expected an interval such as 30m, 6h or 1d"))
            })?;
            let wanted = toml::Value::Table(table).try_into().map_err(|error: toml::de::Error| {
                failed(format!("connection[{place}]: {}", error.message()))
            })?;
            if connections.iter().any(|other| other.name == name) {
                return Err(failed(format!("connection[{place}].name: {name} is there twice")));
            }
            connections.push(Scheduled { name, every, wanted });
        }
        if connections.is_empty() {
            return Err(failed("expected at least one [[connection]]".to_owned()));
        }
        Ok(Self { connections })
    }

    /// Begins what is due, until it is asked to stop. `report` is given what was begun and what went wrong.
    pub async fn run(&self, broker: &Broker, stop: &Stop, report: &(dyn Fn(&str) + Send + Sync)) {
        while !stop.is_asked() {
            if let Err(error) = self.begin_due_now(broker, report).await {
                report(&error.to_string());
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = stop.asked() => {}
            }
        }
    }

    /// Begins what is due now.
    ///
    /// # Errors
    /// When the broker cannot be asked.
    pub async fn begin_due_now(
        &self,
        broker: &Broker,
        report: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<(), ClusterError> {
        for scheduled in &self.connections {
            let latest = broker.record(&scheduled.name).await?;
            if !is_due(scheduled, latest.as_ref().map(|(record, _)| record), now()) {
                continue;
            }
            if let Submission::Begun(record) = broker.submit(&scheduled.name, &scheduled.wanted).await? {
                report(&format!("{}: sync {} begins", scheduled.name, record.run));
            }
        }
        Ok(())
    }
}

/// Whether a connection's next sync is to begin. One that is under way ends first.
fn is_due(scheduled: &Scheduled, latest: Option<&Record>, now: i64) -> bool {
    latest.is_none_or(|latest| {
        let every = i64::try_from(scheduled.every.as_millis()).unwrap_or(i64::MAX);
        latest.is_over() && now.saturating_sub(latest.submitted_at) >= every
    })
}

/// An interval: a number and `s`, `m`, `h` or `d`.
fn interval(text: &str) -> Option<Duration> {
    let (number, unit) = text.trim().split_at_checked(text.trim().len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Stage;

    fn read(text: &str) -> Result<Schedule, String> {
        Schedule::read_text("schedule.toml".as_ref(), text).map_err(|error| error.to_string())
    }

    fn record(stage: Stage, submitted_at: i64) -> Record {
        Record {
            run: "r".to_owned(),
            connection: "acme".to_owned(),
            wanted: Wanted::default(),
            stage,
            submitted_at,
            updated_at: submitted_at,
            sync: None,
            outcome: None,
            message: None,
            listings: Vec::new(),
            trace: None,
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, wanted) in [
            ("", "expected at least one [[connection]]"),
            ("[[connection]]\nevery = \"1h\"", "connection[0].name is missing"),
            ("[[connection]]\nname = \"a\"\nevery = \"1 hour\"", "connection[0].every: expected an interval"),
            ("[[connection]]\nname = \"a\"\nevery = \"0h\"", "connection[0].every: expected an interval"),
            ("[[connection]]\nname = \"a\"\nevery = 5", "connection[0].every: expected a text"),
            ("[[connection]]\nname = \"a\"\nevery = \"1h\"\npol = \"x\"", "pol"),
            (
                "[[connection]]\nname = \"a\"\nevery = \"1h\"\n[[connection]]\nname = \"a\"\nevery = \"1h\"",
                "connection[1].name: a is there twice",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn what_was_missed_is_due_once_and_nothing_while_a_sync_is_under_way() {
        let hour = 60 * 60 * 1000;
        let schedule = read("[[connection]]\nname = \"acme\"\nevery = \"1h\"\nlanes = 2").unwrap();
        let scheduled = &schedule.connections[0];
        assert_eq!(scheduled.wanted.lanes, 2);
        assert!(is_due(scheduled, None, 0));
        assert!(!is_due(scheduled, Some(&record(Stage::Ended, 0)), hour - 1));
        assert!(is_due(scheduled, Some(&record(Stage::Ended, 0)), 5 * hour));
        assert!(is_due(scheduled, Some(&record(Stage::Failed, 0)), hour));
        // After one that made up for five, the next is an hour away.
        assert!(!is_due(scheduled, Some(&record(Stage::Ended, 5 * hour)), 5 * hour + 1));
        assert!(!is_due(scheduled, Some(&record(Stage::Reading, 0)), 50 * hour));
    }
}
