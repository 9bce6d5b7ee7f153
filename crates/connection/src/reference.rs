//! Secrets by reference: a connection file says where a secret is, not what it is.

pub mod keyring;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use lumos_connector_types::secret::Secret;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};
use tokio::io::AsyncReadExt as _;

/// How long a command may take that gives a secret; a person may have to type a passphrase.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);

/// How many bytes a referenced value may have.
const LARGEST: u64 = 1 << 20;

/// Where a value is to be had from. In a connection file it stands in place of any value of `auth`, `credentials` and
/// `settings`, of the connector's `token` and of its `environment`.
///
/// A text of a single line is taken without the newline at its end; several lines, such as a private key, are taken as
/// they are. With `json = true` the text is JSON, and the value is what it says: a number, a list, an object.
///
/// ```
/// use lumos_connection::reference::{Reference, Source};
/// use serde_json::json;
///
/// let reference: Reference = serde_json::from_value(json!({"env": "ACME_PASSWORD"})).unwrap();
/// assert_eq!(reference, Reference::new(Source::Env("ACME_PASSWORD".to_owned())));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reference {
    /// Where the text is.
    pub source: Source,
    /// Whether the text is JSON.
    pub json: bool,
}

/// Where a text is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// `{ env = "NAME" }`: an environment variable. Programs that are started do not inherit it.
    Env(String),
    /// `{ file = "PATH" }`: a file, relative to the connection file's folder.
    File(PathBuf),
    /// `{ command = ["PROGRAM", "ARGUMENT"] }`: what a program writes to stdout within a minute. No shell is involved; it
    /// runs in the connection file's folder.
    Command(Vec<String>),
    /// `{ keyring = "NAME" }`: an entry of the system's keyring, of the service `lumos-connector`.
    Keyring(String),
}

impl Reference {
    /// A reference to a text.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self { source, json: false }
    }

    /// The reference that a value of a connection file is; `None` for a value that stands for itself.
    #[must_use]
    pub fn recognize(value: &Value) -> Option<Self> {
        let members = value.as_object()?;
        let json = match members.get("json") {
            None => false,
            Some(json) => json.as_bool()?,
        };
        let others = members.len() - usize::from(members.contains_key("json"));
        let source =
            match (members.get("env"), members.get("file"), members.get("command"), members.get("keyring")) {
                (Some(name), None, None, None) => Source::Env(name.as_str()?.to_owned()),
                (None, Some(path), None, None) => Source::File(path.as_str()?.into()),
                (None, None, Some(command), None) => {
                    let words = command.as_array()?.iter().map(|word| word.as_str().map(str::to_owned));
                    Source::Command(words.collect::<Option<Vec<_>>>()?)
                }
                (None, None, None, Some(name)) => Source::Keyring(name.as_str()?.to_owned()),
                _ => return None,
            };
        (others == 1).then_some(Self { source, json })
    }

    /// The value that it leads to, and the text of it, which is a secret until one knows better.
    pub(crate) async fn follow(&self, folder: &Path) -> Result<(Value, Secret), String> {
        let text = match &self.source {
            Source::Env(name) => std::env::var(name).map_err(|error| match error {
                std::env::VarError::NotPresent => format!("the environment variable {name} is not set"),
                std::env::VarError::NotUnicode(_) => format!("the environment variable {name} is not UTF-8"),
            })?,
            Source::File(path) => read(&folder.join(path))?,
            Source::Command(command) => run(command, folder).await?,
            Source::Keyring(name) => keyring::find(name).await?,
        };
        let text = without_newline(text);
        if !self.json {
            return Ok((Value::from(text.as_str()), text.into()));
        }
        let value = serde_json::from_str(&text)
            .map_err(|error| format!("not valid JSON at line {} column {}", error.line(), error.column()))?;
        Ok((value, text.into()))
    }
}

fn read(path: &Path) -> Result<String, String> {
    let problem = |problem: &dyn std::fmt::Display| format!("cannot read {}: {problem}", path.display());
    let size = std::fs::metadata(path).map_err(|error| problem(&error))?.len();
    if size > LARGEST {
        return Err(problem(&format_args!("it has more than {LARGEST} bytes")));
    }
    std::fs::read_to_string(path).map_err(|error| problem(&error))
}

async fn run(command: &[String], folder: &Path) -> Result<String, String> {
    let Some((program, arguments)) = command.split_first() else {
        return Err("the command is empty".to_owned());
    };
    let mut process = tokio::process::Command::new(crate::program::located(program, folder));
    process
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut child = process.spawn().map_err(|error| format!("cannot start {program}: {error}"))?;
    let mut text = Vec::new();
    let output = async {
        if let Some(stdout) = child.stdout.take() {
            stdout.take(LARGEST + 1).read_to_end(&mut text).await?;
        }
        child.wait().await
    };
    let status = tokio::time::timeout(COMMAND_TIMEOUT, output)
        .await
        .map_err(|_| format!("{program} did not end within {} s", COMMAND_TIMEOUT.as_secs()))?
        .map_err(|error| format!("cannot read what {program} writes: {error}"))?;
    if !status.success() {
        return Err(format!("{program} ended with {status}"));
    }
    if text.len() as u64 > LARGEST {
        return Err(format!("{program} wrote more than {LARGEST} bytes"));
    }
    String::from_utf8(text).map_err(|_| format!("what {program} writes is not UTF-8"))
}

/// A text of a single line without the newline at its end. Some readers of private keys want theirs.
fn without_newline(mut text: String) -> String {
    if text.trim_end_matches(['\n', '\r']).contains('\n') {
        return text;
    }
    text.truncate(text.trim_end_matches(['\n', '\r']).len());
    text
}

impl Serialize for Reference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = Map::new();
        match &self.source {
            Source::Env(name) => members.insert("env".to_owned(), name.as_str().into()),
            Source::File(path) => members.insert("file".to_owned(), path.to_string_lossy().into()),
            Source::Command(command) => members.insert("command".to_owned(), command.clone().into()),
            Source::Keyring(name) => members.insert("keyring".to_owned(), name.as_str().into()),
        };
        if self.json {
            members.insert("json".to_owned(), true.into());
        }
        members.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::recognize(&value).ok_or_else(|| {
            D::Error::custom(
                r#"expected { env = "NAME" }, { file = "PATH" }, { command = ["PROGRAM"] } or { keyring = "NAME" }, and perhaps json = true"#,
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reference_is_a_table_with_one_source_and_nothing_else() {
        for value in [
            json!({"env": "A"}),
            json!({"file": "a", "json": true}),
            json!({"keyring": "acme/password"}),
            json!({"command": ["a", "b"], "json": false}),
        ] {
            assert!(Reference::recognize(&value).is_some(), "{value}");
        }
        for value in [
            json!("A"),
            json!({}),
            json!({"env": 1}),
            json!({"env": "A", "file": "a"}),
            json!({"env": "A", "other": 1}),
            json!({"command": "a"}),
            json!({"json": true}),
            json!({"env": "production", "region": "eu"}),
        ] {
            assert!(Reference::recognize(&value).is_none(), "{value}");
        }
    }

    #[test]
    fn one_line_loses_its_newline_and_a_key_keeps_it() {
        assert_eq!(without_newline("secret\n".to_owned()), "secret");
        assert_eq!(without_newline("secret\r\n".to_owned()), "secret");
        assert_eq!(without_newline(" se cret ".to_owned()), " se cret ");
        assert_eq!(without_newline("-----\nkey\n-----\n".to_owned()), "-----\nkey\n-----\n");
        assert_eq!(without_newline(String::new()), "");
    }

    #[tokio::test]
    async fn references_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "from a file\n").unwrap();
        std::fs::write(folder.path().join("number"), "5\n").unwrap();
        let follow = async |value: Value| {
            let followed = Reference::recognize(&value).unwrap().follow(folder.path()).await;
            followed.map(|(value, _)| value)
        };
        assert_eq!(follow(json!({"file": "secret"})).await.unwrap(), "from a file");
        assert_eq!(follow(json!({"file": "number", "json": true})).await.unwrap(), 5);
        assert_eq!(follow(json!({"command": ["cat", "secret"]})).await.unwrap(), "from a file");
        assert_eq!(
            follow(json!({"env": "LUMOS_NO_SUCH_VARIABLE"})).await.unwrap_err(),
            "the environment variable LUMOS_NO_SUCH_VARIABLE is not set"
        );
        assert_eq!(
            follow(json!({"file": "secret", "json": true})).await.unwrap_err(),
            "not valid JSON at line 1 column 2"
        );
        assert_eq!(
            follow(json!({"command": ["false"]})).await.unwrap_err(),
            "false ended with exit status: 1"
        );
        assert!(follow(json!({"file": "none"})).await.unwrap_err().contains("cannot read"));
        assert!(follow(json!({"command": ["/no/such/program"]})).await.unwrap_err().contains("cannot start"));
        assert_eq!(follow(json!({"command": []})).await.unwrap_err(), "the command is empty");
    }
}
