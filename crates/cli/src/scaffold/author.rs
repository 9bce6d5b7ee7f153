//! Who writes the connector.

use std::io::{self, BufRead, IsTerminal, Write};

use lumos_connector_runtime::failure::Failure;

/// The author, as far as known.
#[derive(Debug, Default)]
pub(super) struct Author {
    name: Option<String>,
    email: Option<String>,
}

impl Author {
    /// The author as given. What is missing is asked for at a terminal.
    pub(super) fn of(name: Option<String>, email: Option<String>) -> Result<Self, Failure> {
        let name = name.map_or_else(|| ask("Author's name"), |name| Ok(Some(name)))?;
        let email = email.map_or_else(|| ask("Author's email"), |email| Ok(Some(email)))?;
        for text in name.iter().chain(&email) {
            if text.chars().any(|letter| letter.is_control() || matches!(letter, '<' | '>')) {
                return Err(Failure::new(format!("{text:?} cannot be written in a manifest"))
                    .advice("give the author's name and email without control characters, `<` and `>`"));
            }
        }
        let said =
            |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Self { name: said(name), email: said(email) })
    }

    /// The author as a manifest has it: `Ada Lovelace <ada@example.com>`.
    pub(super) fn line(&self) -> Option<String> {
        match (&self.name, &self.email) {
            (Some(name), Some(email)) => Some(format!("{name} <{email}>")),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        }
    }

    /// The copyright holder.
    pub(super) fn holder(&self) -> Option<&str> {
        self.name.as_deref().or(self.email.as_deref())
    }
}

/// Asks a question, if there is somebody to answer.
fn ask(question: &str) -> Result<Option<String>, Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(None);
    }
    let mut answer = String::new();
    write!(io::stderr(), "{question} (may stay empty): ")
        .and_then(|()| io::stdin().lock().read_line(&mut answer))
        .map_err(|error| Failure::new(format!("cannot ask for the author: {error}")))?;
    Ok(Some(answer.trim().to_owned()))
}
