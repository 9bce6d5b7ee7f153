//! Secrets by reference: a connection file says where a secret is, not what it is.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where a value is to be had from. In a connection file it stands in place of any value of `auth`, `credentials`,
/// `settings`, `token` and `environment`.
///
/// A text is taken without the newline at its end when it has a single line; several lines, such as a private key, are
/// taken as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Reference {
    /// `{ env = "NAME" }`: the value of an environment variable. Programs that are started do not inherit it.
    Env {
        /// The variable's name.
        env: String,
        /// Whether the text is JSON and taken as the value that it says, not as a string.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        json: bool,
    },
    /// `{ file = "PATH" }`: the content of a file, relative to the connection file's folder.
    File {
        /// The file.
        file: PathBuf,
        /// Whether the text is JSON and taken as the value that it says, not as a string.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        json: bool,
    },
    /// `{ command = ["PROGRAM", "ARGUMENT"] }`: what a program writes to stdout within a minute.
    Command {
        /// The program and its arguments; no shell is involved.
        command: Vec<String>,
        /// Whether the text is JSON and taken as the value that it says, not as a string.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        json: bool,
    },
}
