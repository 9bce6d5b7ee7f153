//! How a test account is made, and the journal of what was created.
//!
//! The template is TOML. `{unique}` in its texts becomes a text that no other account has:
//!
//! ```toml
//! [create]                            # the payload of `create_account`
//! email = "check-{unique}@acme.test"
//! entitlements = []
//!
//! [update]                            # fields that `update_account` changes; left out, it is not called
//! given_name = "Changed"
//!
//! [entitlement]                       # what is assigned; left out, the first that is assignable
//! entitlement_type = "role"
//! integration_specific_id = "reader"
//! resource_type = "workspace"
//! integration_specific_resource_id = "ws-1"
//! ```

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use lumos_connection::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::subject::{Reply, Request, Subject};

/// What stands for a text that no other account has.
const UNIQUE: &str = "{unique}";

/// How a test account is made.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Template {
    /// The payload of `create_account`.
    pub create: Map<String, Value>,
    /// Fields that `update_account` changes.
    #[serde(default)]
    pub update: Map<String, Value>,
    /// The entitlement that is assigned.
    #[serde(default)]
    pub entitlement: Map<String, Value>,
    /// How many seconds a change may take until it can be read back; 5 when not given.
    #[serde(default = "settle")]
    pub settle: u64,
}

fn settle() -> u64 {
    5
}

/// Why a template could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct TemplateError {
    path: String,
    problem: String,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// When the file cannot be read or is not a template, or when no text of `create` has `{unique}` in it.
    pub fn read(path: &Path) -> Result<Self, TemplateError> {
        let failed = |problem: String| TemplateError { path: path.display().to_string(), problem };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        Self::parse(&text).map_err(failed)
    }

    /// Reads the text of a template.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let template: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if !Value::Object(template.create.clone()).to_string().contains(UNIQUE) {
            return Err(
                "create: expected a field with `{unique}` in it, so that every test account is another one"
                    .to_owned(),
            );
        }
        Ok(template)
    }

    /// Some members with a text in place of `{unique}`.
    pub(crate) fn filled(members: &Map<String, Value>, unique: &str) -> Value {
        fn fill(value: &Value, unique: &str) -> Value {
            match value {
                Value::String(text) => json!(text.replace(UNIQUE, unique)),
                Value::Array(items) => items.iter().map(|item| fill(item, unique)).collect(),
                Value::Object(members) => Value::Object(
                    members.iter().map(|(name, value)| (name.clone(), fill(value, unique))).collect(),
                ),
                other => other.clone(),
            }
        }
        fill(&Value::Object(members.clone()), unique)
    }
}

/// Why the journal could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("the journal {path}: {source}")]
pub struct JournalError {
    path: String,
    source: std::io::Error,
}

/// Something that was created, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
enum Entry {
    /// An account is about to be created with this text in its fields.
    Creating { unique: String },
    /// It was created and has this id.
    Created { unique: String, id: String },
    /// It is gone.
    Gone { unique: String },
}

/// The journal: one line for each thing that happens to a test account, written and made durable before the next call.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    open: Vec<Open>,
}

/// An account that was created and is not gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) unique: String,
    /// Its id; not known when the check was interrupted before the answer came.
    pub(crate) id: Option<String>,
}

impl Open {
    pub(crate) fn describe(&self) -> String {
        match &self.id {
            Some(id) => format!("the account `{id}`"),
            None => format!("perhaps an account with `{}` in its fields", self.unique),
        }
    }
}

impl Journal {
    /// Opens a journal and reads what an earlier check left.
    pub(crate) fn open(path: &Path) -> Result<Self, JournalError> {
        let failed = |source| JournalError { path: path.display().to_string(), source };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed(error)),
        };
        let mut open: Vec<Open> = Vec::new();
        // A line that was cut by an interrupt was followed by no call.
        for entry in text.lines().filter_map(|line| serde_json::from_str::<Entry>(line).ok()) {
            apply(&mut open, entry);
        }
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, open })
    }

    pub(crate) fn left(&self) -> Vec<Open> {
        self.open.clone()
    }

    fn write(&mut self, entry: Entry) -> Result<(), JournalError> {
        let mut line = serde_json::to_string(&entry).unwrap_or_default();
        line.push('\n');
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|source| JournalError { path: self.path.display().to_string(), source })?;
        apply(&mut self.open, entry);
        Ok(())
    }

    pub(crate) fn creating(&mut self, unique: &str) -> Result<(), JournalError> {
        self.write(Entry::Creating { unique: unique.to_owned() })
    }

    pub(crate) fn created(&mut self, unique: &str, id: &str) -> Result<(), JournalError> {
        self.write(Entry::Created { unique: unique.to_owned(), id: id.to_owned() })
    }

    pub(crate) fn gone(&mut self, unique: &str) -> Result<(), JournalError> {
        self.write(Entry::Gone { unique: unique.to_owned() })
    }

    /// Removes the file when nothing is left.
    pub(crate) fn close(self) {
        if self.open.is_empty() {
            // A file without open entries does no harm.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn apply(open: &mut Vec<Open>, entry: Entry) {
    match entry {
        Entry::Creating { unique } => open.push(Open { unique, id: None }),
        Entry::Created { unique, id } => match open.iter_mut().find(|one| one.unique == unique) {
            Some(one) => one.id = Some(id),
            None => open.push(Open { unique, id: Some(id) }),
        },
        Entry::Gone { unique } => open.retain(|one| one.unique != unique),
    }
}

/// Takes away what an interrupted check left, as its journal says: what could not be taken away is returned.
///
/// # Errors
/// When the journal cannot be read or written.
pub async fn clean_up(connection: &Connection, journal: &Path) -> Result<Vec<String>, JournalError> {
    if !journal.exists() {
        return Ok(Vec::new());
    }
    let subject = Subject {
        connection: connection.clone(),
        name: String::new(),
        timeout: connection.limits().call_timeout(),
    };
    let mut journal = Journal::open(journal)?;
    take_away(&subject, &mut journal).await?;
    let left = journal.left().iter().map(Open::describe).collect();
    journal.close();
    Ok(left)
}

/// Deletes every account of the journal that is not gone.
pub(crate) async fn take_away(subject: &Subject, journal: &mut Journal) -> Result<(), JournalError> {
    for open in journal.left() {
        let id = match open.id {
            Some(id) => Some(id),
            None => find(subject, &open.unique).await,
        };
        let Some(id) = id else { continue };
        let call = subject.call(&Request::new("delete_account", json!({"account_id": id}))).await;
        let gone = match call.reply() {
            Reply::Success(_) => true,
            Reply::Error(_) => matches!(call.code(), Some("not_found" | "unknown_value")),
            Reply::None(_) => false,
        };
        if gone {
            journal.gone(&open.unique)?;
        } else {
            journal.created(&open.unique, &id)?;
        }
    }
    Ok(())
}

/// The account that has a text in its fields, on the first pages.
async fn find(subject: &Subject, unique: &str) -> Option<String> {
    let mut request = Request::new("list_accounts", json!({}));
    for _ in 0..100 {
        let call = subject.call(&request).await;
        let row = call.rows().iter().find(|row| row.to_string().contains(unique));
        if let Some(row) = row {
            return row["integration_specific_id"].as_str().map(str::to_owned);
        }
        request.token = Some(call.next_token()?.to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_tells_what_is_left_after_an_interrupt() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path).unwrap();
        journal.creating("a").unwrap();
        journal.created("a", "id-a").unwrap();
        journal.creating("b").unwrap();
        journal.creating("c").unwrap();
        journal.gone("c").unwrap();
        drop(journal);
        let journal = Journal::open(&path).unwrap();
        let left = [
            Open { unique: "a".to_owned(), id: Some("id-a".to_owned()) },
            Open { unique: "b".to_owned(), id: None },
        ];
        assert_eq!(journal.left(), left);
        journal.close();
        assert!(path.exists());
    }

    #[test]
    fn a_journal_with_nothing_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path).unwrap();
        journal.creating("a").unwrap();
        journal.gone("a").unwrap();
        journal.close();
        assert!(!path.exists());
    }

    #[test]
    fn a_template_makes_every_account_another_one() {
        let template =
            Template::parse("[create]\nemail = \"c-{unique}@acme.test\"\nnames = [\"{unique}\"]").unwrap();
        let payload = Template::filled(&template.create, "7");
        assert_eq!(payload, json!({"email": "c-7@acme.test", "names": ["7"]}));
        assert!(Template::parse("[create]\nemail = \"c@acme.test\"").unwrap_err().contains("{unique}"));
    }
}
