//! A connection file written from what a connector says about itself: `connector connection init`.
//!
//! | file | what it does |
//! | --- | --- |
//! | `question` | what the file has to know, from the schemas of credentials and settings |
//! | `writing` | the file's text, with comments |

mod question;
mod writing;

use indexmap::IndexMap;
use serde_json::Value;

pub use question::{Kind, Question};

use crate::file::ConnectorSection;
use crate::info::ConnectorInfo;
use question::Group;

/// The outline of a connection file for one connector.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use lumos_connection::file::{ConnectionFile, Mode};
/// use lumos_connection::template::Template;
/// use lumos_connection::{Connection, OpenOptions};
///
/// let file = ConnectionFile::program(vec!["./mock-connector".to_owned()], Mode::Program);
/// let info = Connection::open(file.clone(), OpenOptions::default()).await?.info().await?;
/// let mut template = Template::new(&file.connector, &info);
/// for question in template.questions() {
///     println!("{}: {}", question.field, question.title);
/// }
/// template.answer("settings.host", "https://acme.example")?;
/// std::fs::write("acme.toml", template.text())?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Template {
    head: String,
    connector: ConnectorSection,
    groups: Vec<Group>,
    answers: IndexMap<String, Value>,
}

/// An answer that is not of the question's kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: expected {expected}")]
pub struct AnswerError {
    field: String,
    expected: &'static str,
}

impl Template {
    /// The outline for a connector that is reached in some way.
    #[must_use]
    pub fn new(connector: &ConnectorSection, info: &ConnectorInfo) -> Self {
        let name = info.info.user_friendly_name.as_deref().unwrap_or(&info.info.app_id);
        let head = format!("A connection to {name} ({} {}).", info.info.app_id, info.info.version);
        Self { head, connector: connector.clone(), groups: question::groups(info), answers: IndexMap::new() }
    }

    /// What the file has to know, in the order in which it stands there.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.groups.iter().flat_map(|group| &group.questions)
    }

    /// Sets the value of a field: for a secret the name of an environment variable, else the value as text. An empty text
    /// leaves the field as it is.
    ///
    /// # Errors
    /// When there is no such field, or its kind takes no such text.
    pub fn answer(&mut self, field: &str, text: &str) -> Result<(), AnswerError> {
        let wrong = |expected| AnswerError { field: field.to_owned(), expected };
        let question = self.questions().find(|question| question.field == field);
        let question = question.ok_or_else(|| wrong("a field of this connector"))?;
        let text = text.trim();
        if !text.is_empty() {
            let value = question.read(text).map_err(wrong)?;
            self.answers.insert(field.to_owned(), value);
        }
        Ok(())
    }

    /// The text of the file. What was not answered is a placeholder when it is required, and a comment otherwise.
    #[must_use]
    pub fn text(&self) -> String {
        writing::text(&self.head, &self.connector, &self.groups, &self.answers)
    }
}
