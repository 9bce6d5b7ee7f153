//! The settings that a connector declares, and whether a request brings them (contract §4).

use std::any::Any;

use lumos_connector_types::json::{Part, ReadError};
use lumos_connector_types::schema::{self, Object, Refs};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The type of a connection's settings: read from JSON, with a schema. Every type with both derives is one:
///
/// ```
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct AcmeSettings {
///     /// The address of the app.
///     base_url: String,
/// }
///
/// let builder = lumos_connector_core::Integration::builder("acme", "1.0.0").settings::<AcmeSettings>();
/// # drop(builder);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the settings of a connection",
    label = "it lacks `Deserialize` or `JsonSchema`",
    note = "derive both: `#[derive(Deserialize, JsonSchema)]`"
)]
pub trait SettingsFields: DeserializeOwned + JsonSchema + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + Send + 'static> SettingsFields for T {}

/// The settings of a connector, with their type erased.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SettingsModel {
    pub(crate) schema: fn(Refs) -> Object,
    read: fn(Part<'_, '_>) -> Read,
}

/// Settings that were read, with their type erased.
type Read = Result<Box<dyn Any + Send>, ReadError>;

impl SettingsModel {
    pub(crate) fn of<T: SettingsFields>() -> Self {
        let read = |settings: Part<'_, '_>| {
            settings.read_lax::<T>().map(|settings| Box::new(settings) as Box<dyn Any + Send>)
        };
        Self { schema: schema::of::<T>, read }
    }

    /// Reads the settings of a request; the error is a sentence for its caller.
    pub(crate) fn check(&self, settings: Option<Part<'_, '_>>) -> Result<Box<dyn Any + Send>, String> {
        let settings =
            settings.ok_or_else(|| "No settings in the request; this connector needs them".to_owned())?;
        (self.read)(settings).map_err(|error| match self.missing(settings).as_slice() {
            [] => format!("Invalid settings: {error}"),
            missing => format!("Invalid settings. Missing required settings: {}", missing.join(", ")),
        })
    }

    /// The titles of required settings that are not there, in the order of their declaration.
    fn missing(&self, settings: Part<'_, '_>) -> Vec<String> {
        let schema = (self.schema)(Refs::Defs);
        let required: Vec<_> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().collect();
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        properties
            .filter(|(name, _)| required.iter().any(|one| one == name) && settings.field(name).is_none())
            .map(|(name, property)| property.get("title").and_then(Value::as_str).unwrap_or(name).to_owned())
            .collect()
    }
}
