//! The envelope of a request: what stands beside its payload, and the payload's own text.

use std::borrow::Cow;

use lumos_connector_types::auth::AuthCredential;
use lumos_connector_types::capability::Authentication;
use lumos_connector_types::json::{self, Document, Json, JsonObject, ReadError};
use lumos_connector_types::page::Page;
use lumos_connector_types::rate_limit::RateLimitRequestInfo;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// What a request brings beside its payload.
#[derive(Debug, Clone, Default)]
pub(crate) struct Envelope {
    pub(crate) auth: Option<AuthCredential>,
    pub(crate) credentials: Option<Vec<AuthCredential>>,
    pub(crate) page: Option<Page>,
    pub(crate) include_raw_data: Option<bool>,
    pub(crate) settings: Option<JsonObject>,
    /// The settings as they were sent, when they may have numbers that JSON does not have.
    pub(crate) settings_source: Option<String>,
    pub(crate) rate_limit: Option<RateLimitRequestInfo>,
}

impl Envelope {
    /// The settings as a type, read laxly; `None` when there are none.
    pub(crate) fn read_settings<T: DeserializeOwned>(&self) -> Option<Result<T, ReadError>> {
        let settings = self.settings.as_ref()?;
        Some(json::read_lax(self.settings_source.as_deref().unwrap_or(settings.text())))
    }
}

/// A request cut into the texts of its parts, each read on its own.
///
/// Settings and free-form payloads are so never parsed into a tree that is written again. `serde_json` does the cutting;
/// what it refuses but the contract allows (duplicate keys, `NaN`, unknown keys) is cut from a parsed document.
pub(crate) struct Request<'a> {
    auth: Option<Cow<'a, str>>,
    credentials: Option<Cow<'a, str>>,
    page: Option<Cow<'a, str>>,
    include_raw_data: Option<Cow<'a, str>>,
    rate_limit: Option<Cow<'a, str>>,
    settings: Option<Cow<'a, str>>,
    settings_source: Option<String>,
    payload: Option<Cow<'a, str>>,
}

impl<'a> Request<'a> {
    pub(crate) fn cut(text: &'a str) -> Result<Self, ReadError> {
        if let Ok(parts) = serde_json::from_str::<Parts<'a>>(text) {
            let text = |part: Option<&'a RawValue>| part.map(|part| Cow::Borrowed(part.get()));
            return Ok(Self {
                auth: text(parts.auth),
                credentials: text(parts.credentials),
                page: text(parts.page),
                include_raw_data: text(parts.include_raw_data),
                rate_limit: text(parts.rate_limit),
                settings: text(parts.settings),
                settings_source: None,
                payload: text(parts.request),
            });
        }
        let document = Document::parse(text)?;
        if !document.is_object() {
            return Err(ReadError::custom("expected an object"));
        }
        let text = |name: &str| document.field(name).map(|part| Cow::Owned(part.to_source()));
        Ok(Self {
            auth: text("auth"),
            credentials: text("credentials"),
            page: text("page"),
            include_raw_data: text("include_raw_data"),
            rate_limit: text("rate_limit"),
            // They are kept as JSON, which has no numbers that are not finite.
            settings: document.field("settings").map(|part| Cow::Owned(part.to_text())),
            settings_source: document.field("settings").map(|part| part.to_source()),
            payload: text("request"),
        })
    }

    /// Everything but the payload. Credentials count only where the capability knows them.
    pub(crate) fn envelope(&self, authentication: Authentication) -> Result<Envelope, ReadError> {
        let with_credentials = authentication != Authentication::Absent;
        Ok(Envelope {
            auth: if with_credentials { optional("auth", self.auth.as_deref())? } else { None },
            credentials: if with_credentials {
                optional("credentials", self.credentials.as_deref())?
            } else {
                None
            },
            page: optional("page", self.page.as_deref())?,
            include_raw_data: optional("include_raw_data", self.include_raw_data.as_deref())?,
            rate_limit: optional("rate_limit", self.rate_limit.as_deref())?,
            settings: self.settings()?,
            settings_source: self.settings_source.clone(),
        })
    }

    /// The settings as they are; whether they fit the connector is another question.
    fn settings(&self) -> Result<Option<JsonObject>, ReadError> {
        let sent = self.settings_source.as_deref().or(self.settings.as_deref());
        let Some(text) = self.settings.as_deref().filter(|_| sent != Some("null")) else { return Ok(None) };
        let settings = Json::from_text(text.to_owned()).and_then(JsonObject::try_from);
        settings.map(Some).map_err(|error| error.inside("settings"))
    }

    /// Whether the key `settings` is there, with `null` or more.
    pub(crate) fn mentions_settings(&self) -> bool {
        self.settings.is_some()
    }

    pub(crate) fn payload(&self) -> Result<&str, ReadError> {
        self.payload.as_deref().ok_or_else(|| ReadError::missing_field("request"))
    }
}

/// A part that may be left out or `null`.
fn optional<T: DeserializeOwned>(name: &str, text: Option<&str>) -> Result<Option<T>, ReadError> {
    let Some(text) = text else { return Ok(None) };
    json::read(text).map_err(|error| error.inside(name))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts<'a> {
    #[serde(borrow, default)]
    auth: Option<&'a RawValue>,
    #[serde(borrow, default)]
    credentials: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "even_null")]
    request: Option<&'a RawValue>,
    #[serde(borrow, default)]
    page: Option<&'a RawValue>,
    #[serde(borrow, default)]
    include_raw_data: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "even_null")]
    settings: Option<&'a RawValue>,
    #[serde(borrow, default)]
    rate_limit: Option<&'a RawValue>,
}

/// `null` is something: the key is there.
fn even_null<'a, 'de: 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}
