//! The envelope of a request: what stands beside its payload.

use std::fmt;
use std::sync::OnceLock;

use lumos_connector_types::auth::AuthCredential;
use lumos_connector_types::capability::Authentication;
use lumos_connector_types::json::{self, Document, JsonObject, Part, ReadError};
use lumos_connector_types::page::Page;
use lumos_connector_types::rate_limit::RateLimitRequestInfo;
use serde::de::{DeserializeOwned, Error as _};

/// What a request brings beside its payload.
#[derive(Debug, Clone, Default)]
pub(crate) struct Envelope {
    /// On the heap, because it has room for every type of credential and the envelope is moved about.
    pub(crate) auth: Option<Box<AuthCredential>>,
    pub(crate) credentials: Option<Vec<AuthCredential>>,
    pub(crate) page: Option<Page>,
    pub(crate) include_raw_data: Option<bool>,
    pub(crate) settings: Option<SentSettings>,
    pub(crate) rate_limit: Option<RateLimitRequestInfo>,
}

/// The settings of a request, kept as their text: most calls read them once, before the handler runs.
#[derive(Clone)]
pub(crate) struct SentSettings {
    text: Box<str>,
    /// The settings as JSON, read on first use: the text may have numbers that JSON does not have.
    json: OnceLock<JsonObject>,
}

impl SentSettings {
    /// The settings as a type, read laxly.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        json::read_lax(&self.text)
    }

    pub(crate) fn json(&self) -> &JsonObject {
        // The text is a part of a request that has been read, and an object.
        self.json.get_or_init(|| json::read(&self.text).unwrap_or_default())
    }
}

impl From<JsonObject> for SentSettings {
    fn from(settings: JsonObject) -> Self {
        Self { text: settings.text().into(), json: settings.into() }
    }
}

impl fmt::Debug for SentSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SentSettings(..)")
    }
}

/// The parts of a request, found in one pass over it; each is read when its turn comes.
pub(crate) struct Request<'a, 'j> {
    auth: Option<Part<'a, 'j>>,
    credentials: Option<Part<'a, 'j>>,
    page: Option<Part<'a, 'j>>,
    include_raw_data: Option<Part<'a, 'j>>,
    rate_limit: Option<Part<'a, 'j>>,
    settings: Option<Part<'a, 'j>>,
    payload: Option<Part<'a, 'j>>,
}

impl<'a, 'j> Request<'a, 'j> {
    pub(crate) fn of(document: &'a Document<'j>) -> Result<Self, ReadError> {
        let names = ["auth", "credentials", "request", "include_raw_data", "page", "settings", "rate_limit"];
        let [auth, credentials, payload, include_raw_data, page, settings, rate_limit] =
            document.root().fields(names).ok_or_else(|| ReadError::custom("expected an object"))?;
        Ok(Self { auth, credentials, page, include_raw_data, rate_limit, settings, payload })
    }

    /// Everything but the payload. Credentials count only where the capability knows them.
    pub(crate) fn envelope(&self, authentication: Authentication) -> Result<Envelope, ReadError> {
        let with_credentials = authentication != Authentication::Absent;
        let settings = self.settings()?;
        Ok(Envelope {
            auth: optional("auth", self.auth.filter(|_| with_credentials))?,
            credentials: optional("credentials", self.credentials.filter(|_| with_credentials))?,
            page: optional("page", self.page)?,
            include_raw_data: optional("include_raw_data", self.include_raw_data)?,
            rate_limit: optional("rate_limit", self.rate_limit)?,
            settings: settings
                .map(|settings| SentSettings { text: settings.source().into(), json: OnceLock::new() }),
        })
    }

    /// The settings, unless they are `null`; whether they fit the connector is another question.
    pub(crate) fn settings(&self) -> Result<Option<Part<'a, 'j>>, ReadError> {
        match self.settings.filter(|settings| !settings.is_null()) {
            Some(settings) if !settings.is_object() => {
                Err(ReadError::custom("expected an object").inside("settings"))
            }
            settings => Ok(settings),
        }
    }

    /// Whether the key `settings` is there, with `null` or more.
    pub(crate) fn mentions_settings(&self) -> bool {
        self.settings.is_some()
    }

    pub(crate) fn payload(&self) -> Result<Part<'a, 'j>, ReadError> {
        self.payload.ok_or_else(|| ReadError::missing_field("request"))
    }
}

/// A part that may be left out or `null`.
fn optional<T: DeserializeOwned>(name: &str, part: Option<Part<'_, '_>>) -> Result<Option<T>, ReadError> {
    let Some(part) = part else { return Ok(None) };
    part.read().map_err(|error| error.inside(name))
}
