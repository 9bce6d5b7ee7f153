//! The text of a request.

use std::{fs, io};

use crate::failure::Failure;

/// The name that stands for standard input: a secret in it shows in no list of processes.
const STDIN: &str = "-";

/// The request that was given as text or as a file.
pub(crate) fn read(json: Option<String>, json_file: Option<&str>) -> Result<String, Failure> {
    match (json, json_file) {
        (Some(json), _) if json.is_empty() => Err(Failure::new("--json is empty")
            .advice("give the request as a JSON object, at least {\"request\":{}}")),
        (Some(json), _) => Ok(json),
        (None, Some(path)) => {
            let path = unquoted(path);
            let text = if path == STDIN { io::read_to_string(io::stdin()) } else { fs::read_to_string(path) };
            text.map_err(|error| {
                Failure::new(format!("cannot read the request from {path}: {error}"))
                    .advice("--json-file takes the path of a readable UTF-8 file, or - for standard input")
            })
        }
        (None, None) => Err(Failure::new("no request").advice("give it with --json or --json-file")),
    }
}

/// A path without the quotes that some shells and schedulers leave around it: double ones first, then single ones.
pub(crate) fn unquoted(path: &str) -> &str {
    path.trim_matches('"').trim_matches('\'')
}
