//! The settings that a connector declares, and whether a request brings them (contract §4).

use std::any::Any;

use lumos_connector_types::json::{JsonObject, ReadError};
use lumos_connector_types::schema::{self, Object, Refs};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::call::envelope::Envelope;

/// The settings of a connector, with their type erased.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SettingsModel {
    pub(crate) schema: fn(Refs) -> Object,
    read: fn(&Envelope) -> Option<Read>,
}

/// Settings that were read, with their type erased.
type Read = Result<Box<dyn Any + Send>, ReadError>;

impl SettingsModel {
    pub(crate) fn of<T: DeserializeOwned + JsonSchema + Send + 'static>() -> Self {
        let read = |envelope: &Envelope| {
            let settings = envelope.read_settings::<T>()?;
            Some(settings.map(|settings| Box::new(settings) as Box<dyn Any + Send>))
        };
        Self { schema: schema::of::<T>, read }
    }

    /// Reads the settings of a request; the error is a sentence for its caller.
    pub(crate) fn check(&self, envelope: &Envelope) -> Result<Box<dyn Any + Send>, String> {
        let (Some(read), Some(settings)) = ((self.read)(envelope), &envelope.settings) else {
            return Err("No settings in the request; this connector needs them".to_owned());
        };
        read.map_err(|error| match self.missing(settings).as_slice() {
            [] => format!("Invalid settings: {error}"),
            missing => format!("Invalid settings. Missing required settings: {}", missing.join(", ")),
        })
    }

    /// The titles of required settings that are not there, in the order of their declaration.
    fn missing(&self, settings: &JsonObject) -> Vec<String> {
        let schema = (self.schema)(Refs::Defs);
        let required: Vec<_> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().collect();
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        properties
            .filter(|(name, _)| required.iter().any(|one| one == name) && settings.get(name).is_none())
            .map(|(name, property)| property.get("title").and_then(Value::as_str).unwrap_or(name).to_owned())
            .collect()
    }
}
