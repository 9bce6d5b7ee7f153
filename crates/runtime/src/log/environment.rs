//! The environment variables of logs.

use std::env;
use std::path::PathBuf;

use tracing::Level;

use super::destination::Destination;
use super::line::Format;
use crate::failure::Failure;

/// What the environment says about logs.
#[derive(Debug)]
pub(crate) struct LogSettings {
    /// The least level written; `None` writes nothing, as `CRITICAL` does.
    pub(crate) level: Option<Level>,
    directory: PathBuf,
    to_stderr: bool,
    pub(super) format: Format,
    /// Whether the settings of each call are logged at `INFO`.
    pub(crate) request_settings: bool,
    /// More keys whose values are never logged, in lower case.
    pub(crate) redacted_keys: Vec<String>,
}

impl LogSettings {
    pub(crate) fn from_environment() -> Result<Self, Failure> {
        let variable = |name: &str| env::var(name).ok();
        let level = match variable("LUMOS_LOG_LEVEL").as_deref() {
            None | Some("ERROR") => Some(Level::ERROR),
            Some("DEBUG") => Some(Level::DEBUG),
            Some("INFO") => Some(Level::INFO),
            Some("WARNING") => Some(Level::WARN),
            Some("CRITICAL") => None,
            Some(other) => {
                return Err(Failure::new(format!("LUMOS_LOG_LEVEL is {other:?}"))
                    .advice("it can be DEBUG, INFO, WARNING, ERROR or CRITICAL, in capitals"));
            }
        };
        let format = match variable("LUMOS_LOG_FORMAT").as_deref() {
            None | Some("" | "text") => Format::Text,
            Some("json") => Format::Json,
            Some(other) => {
                return Err(
                    Failure::new(format!("LUMOS_LOG_FORMAT is {other:?}")).advice("it can be text or json")
                );
            }
        };
        let keys = variable("LUMOS_ADDITIONAL_REDACTED_LOG_KEYS").unwrap_or_default();
        Ok(Self {
            level,
            directory: variable("LUMOS_LOG_DIRECTORY").map_or_else(|| PathBuf::from("logs"), PathBuf::from),
            to_stderr: variable("LUMOS_LOG_TO_STDOUT")
                .is_some_and(|value| value.eq_ignore_ascii_case("true")),
            format,
            request_settings: !variable("LUMOS_LOG_REQUEST_SETTINGS")
                .is_some_and(|value| value.eq_ignore_ascii_case("false")),
            redacted_keys: keys
                .split(',')
                .map(|key| key.trim().to_lowercase())
                .filter(|key| !key.is_empty())
                .collect(),
        })
    }

    pub(super) fn destination(&self, app_id: &str) -> Destination {
        if self.to_stderr {
            return Destination::Stderr;
        }
        let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
        Destination::File { path: self.directory.join(format!("{app_id}_{today}.log")), file: None }
    }
}
