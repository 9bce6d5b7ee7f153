//! The connection file: which connector is reached how, and with which credentials and settings.
//!
//! ```toml
//! [connector]
//! command = ["./mock-connector"]      # the program, relative to this file's folder when it has a slash
//! mode = "server"                     # its own server (`dev http-server`); "program": once for each call (default)
//! # url = "https://connector.example" # or a server at an address, with
//! # token = { env = "CONNECTOR_TOKEN" }   # its bearer token and
//! # ca_file = "ca.pem"                    # the authority that signed its certificate
//!
//! [auth.basic]                        # the credential of a connector with a single one
//! username = "ada"
//! password = { env = "ACME_PASSWORD" }
//!
//! # [[credentials]]                   # or those of a connector with several
//! # id = "api"
//! # token.token = { command = ["pass", "acme/token"] }
//!
//! [settings]
//! account_id = "acme"
//!
//! [limits]
//! call_timeout = 600                  # seconds
//! concurrency = 4                     # calls at a time
//! page_size = 500
//! page_sizes.list_accounts = 1000
//! ```

pub(crate) mod check;
mod source;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indexmap::IndexMap;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use lumos_connector_types::json::Json;
use lumos_connector_types::secret::REDACTED;

use crate::error::ConnectionError;
use crate::reference::Reference;

pub(crate) use source::Origin;

/// A connection file as it is written, its references not followed.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ConnectionFile {
    /// Which connector, and how it is reached.
    pub connector: ConnectorSection,
    /// The credential of a connector with a single one, under the name of its type.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub auth: Map<String, Value>,
    /// The credentials of a connector with several, each with its `id`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<Map<String, Value>>,
    /// The connector's settings.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub settings: Map<String, Value>,
    /// How much is asked of the connector, and how long it may take.
    #[serde(default, skip_serializing_if = "Limits::is_default")]
    pub limits: Limits,
    /// Where it was read from.
    #[serde(skip)]
    pub(crate) origin: Origin,
}

/// Which connector, and how it is reached: `command`, `url`, or a `url` with a `command` that describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ConnectorSection {
    /// The program and the arguments before those of a call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// How the program is used.
    #[serde(default)]
    pub mode: Mode,
    /// The folder in which the program runs; the connection file's when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// Environment variables of the program, beside those it inherits.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub environment: IndexMap<String, Text>,
    /// The address of a server: `https`, or `http` on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The bearer token that the server asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Text>,
    /// Certificates, in PEM, of authorities that are trusted besides the operating system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

/// How a program is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Mode {
    /// It runs once for each call.
    #[default]
    Program,
    /// Its own server (`dev http-server`) is started with the first call and stopped with the connection.
    Server,
}

/// A text that stands in the file, or a reference to one.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Text {
    /// A reference.
    Reference(Reference),
    /// The text itself.
    Literal(String),
}

impl fmt::Debug for Text {
    /// The text itself may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reference(reference) => reference.fmt(f),
            Self::Literal(_) => f.write_str(REDACTED),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Literal(text)),
            value => serde_json::from_value(value).map(Self::Reference).map_err(D::Error::custom),
        }
    }
}

/// How much is asked of the connector, and how long it may take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Limits {
    /// Seconds a call may take; 1800 when not given, as in the contract. The connector is told, too.
    pub call_timeout: u64,
    /// Seconds a program's own server may take to start; 60 when not given.
    pub start_timeout: u64,
    /// Calls at a time; 4 when not given.
    pub concurrency: usize,
    /// Rows asked for in a page of a listing; left to the connector when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// Rows asked for in a page of single listings, by the capability's name.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub page_sizes: IndexMap<String, u32>,
    /// Bytes a single row may have; 16 MiB when not given.
    pub row_bytes: u64,
    /// Bytes an answer may have that is held whole; 64 MiB when not given. Rows that are streamed do not count.
    pub answer_bytes: u64,
}

impl fmt::Debug for ConnectionFile {
    /// Values may be secrets; only names are shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.credentials.iter().filter_map(|credential| credential.get("id")).collect();
        f.debug_struct("ConnectionFile")
            .field("connector", &self.connector)
            .field("auth", &self.auth.keys().collect::<Vec<_>>())
            .field("credentials", &ids)
            .field("settings", &self.settings.keys().collect::<Vec<_>>())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call_timeout: 1800,
            start_timeout: 60,
            concurrency: 4,
            page_size: None,
            page_sizes: IndexMap::new(),
            row_bytes: 16 << 20,
            answer_bytes: 64 << 20,
        }
    }
}

impl Limits {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// How long a call may take.
    #[must_use]
    pub fn call_timeout(&self) -> Duration {
        Duration::from_secs(self.call_timeout)
    }

    /// The page size of a capability; `None` leaves it to the connector.
    #[must_use]
    pub fn page_size_of(&self, capability: &str) -> Option<u32> {
        self.page_sizes.get(capability).copied().or(self.page_size)
    }
}

impl ConnectionFile {
    /// Reads a connection file.
    ///
    /// # Errors
    /// [`ConnectionError::Read`] and [`ConnectionError::Invalid`], the latter with line and field.
    pub fn read(path: &Path) -> Result<Self, ConnectionError> {
        let read = |source| ConnectionError::Read { path: path.display().to_string(), source };
        let text = std::fs::read_to_string(path).map_err(read)?;
        let absolute = std::path::absolute(path).map_err(read)?;
        Self::from_text(&text, Some(&absolute), path.display().to_string())
    }

    /// Reads the text of a connection file that lies in a folder, or nowhere: then paths in it are relative to the
    /// working directory.
    ///
    /// # Errors
    /// [`ConnectionError::Invalid`].
    pub fn parse(text: &str, folder: Option<&Path>) -> Result<Self, ConnectionError> {
        let path = folder.map(|folder| folder.join("connection.toml"));
        Self::from_text(text, path.as_deref(), "connection file".to_owned())
    }

    /// A connection to a program without credentials and settings.
    #[must_use]
    pub fn program(command: Vec<String>, mode: Mode) -> Self {
        Self::of(ConnectorSection { command, mode, ..ConnectorSection::default() })
    }

    /// A connection to a server at an address, without credentials and settings.
    #[must_use]
    pub fn address(url: impl Into<String>) -> Self {
        Self::of(ConnectorSection { url: Some(url.into()), ..ConnectorSection::default() })
    }

    /// The text of the file as it is now, without comments. Secrets stand in it where they do not stand by reference.
    ///
    /// # Errors
    /// [`ConnectionError::Invalid`] for a value that TOML does not have, such as an integer of more than 64 bits.
    pub fn to_text(&self) -> Result<String, ConnectionError> {
        let mut whole = serde_json::to_value(self)
            .map_err(|error| self.origin.invalid("", format!("has no text: {error}")))?;
        without_nulls(&mut whole);
        toml::to_string(&whole).map_err(|error| self.origin.invalid("", format!("has no text: {error}")))
    }

    fn of(connector: ConnectorSection) -> Self {
        Self {
            connector,
            auth: Map::new(),
            credentials: Vec::new(),
            settings: Map::new(),
            limits: Limits::default(),
            origin: Origin::default(),
        }
    }

    fn from_text(text: &str, path: Option<&Path>, label: String) -> Result<Self, ConnectionError> {
        let (value, origin) = source::parse(text, path, label)?;
        let read = Json::from(value).read::<Self>();
        let mut file = read.map_err(|error| origin.read_error(&error))?;
        file.origin = origin;
        file.check()?;
        Ok(file)
    }
}

/// TOML has no null; a member without a value says the same.
fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => {
            items.retain(|item| !item.is_null());
            items.iter_mut().for_each(without_nulls);
        }
        _ => {}
    }
}
