//! `metadata.toml`: how the agent identifies a connector (contract §16).

use lumos_connector_runtime::failure::Failure;

/// The name of the file in the archive.
pub(super) const FILE: &str = "metadata.toml";

/// Marks the connectors that an agent runs.
const SUFFIX: &str = "_on_prem";

/// What the file says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Metadata {
    /// The app id without the mark.
    pub(super) app_id: String,
    pub(super) version: String,
}

impl Metadata {
    pub(super) fn new(app_id: &str, version: &str) -> Self {
        Self { app_id: bare(app_id).to_owned(), version: version.to_owned() }
    }

    pub(super) fn text(&self) -> String {
        let Self { app_id, version } = self;
        format!("[connector]\napp_id = \"{app_id}{SUFFIX}\"\nversion = \"{version}\"\n")
    }
}

/// An app id without the mark of connectors that an agent runs.
pub(super) fn bare(app_id: &str) -> &str {
    app_id.strip_suffix(SUFFIX).unwrap_or(app_id)
}

/// An app id without the word "connector", by which it is the same to people.
pub(super) fn word(app_id: &str) -> &str {
    let bare = bare(app_id);
    let rest = bare.strip_suffix("connector").and_then(|rest| rest.strip_suffix(['-', '_']));
    let rest = rest.or_else(|| bare.strip_prefix("connector").and_then(|rest| rest.strip_prefix(['-', '_'])));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(bare)
}

/// The app id, if it can be part of a file's name and of the metadata.
pub(super) fn checked(app_id: &str) -> Result<&str, Failure> {
    let is_fine = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    if bare(app_id).starts_with(|first: char| first.is_ascii_alphanumeric()) && app_id.chars().all(is_fine) {
        return Ok(app_id);
    }
    Err(Failure::new(format!("{app_id:?} is not an app id"))
        .advice("an app id starts with a letter or digit, followed by letters, digits, `_`, `-` and `.`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_there_once() {
        for app_id in ["acme", "acme_on_prem"] {
            let text = Metadata::new(app_id, "1.2.3").text();
            assert_eq!(text, "[connector]\napp_id = \"acme_on_prem\"\nversion = \"1.2.3\"\n");
        }
    }

    #[test]
    fn the_word_connector_makes_no_difference_to_people() {
        for app_id in ["demo", "demo-connector", "demo_connector", "connector-demo", "demo-connector_on_prem"]
        {
            assert_eq!(word(app_id), "demo", "{app_id}");
        }
        for app_id in ["connector", "connector-", "democonnector"] {
            assert_eq!(word(app_id), app_id);
        }
    }

    #[test]
    fn what_could_leave_the_folder_or_the_string_is_no_app_id() {
        for app_id in ["", "_on_prem", "../acme", "a/b", "a\\b", "a\"b", "a b", "a\nb", "é", ".acme"] {
            assert!(checked(app_id).is_err(), "{app_id:?}");
        }
        for app_id in ["acme", "mock-connector", "acme.eu", "7shifts", "acme_on_prem"] {
            assert!(checked(app_id).is_ok(), "{app_id:?}");
        }
    }
}
