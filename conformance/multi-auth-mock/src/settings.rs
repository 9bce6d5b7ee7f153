//! What a connection is set up with: one setting of every kind.

use lumos_connector::prelude::*;

#[derive(Deserialize, Serialize, JsonSchema)]
pub(crate) struct MultiSettings {
    #[schemars(title = "Workspace", extend("x-semantic" = "tenant-id", "x-unique" = true))]
    pub(crate) workspace: String,
    /// Keep it safe.
    #[schemars(title = "API Secret", extend("x-field_type" = "SECRET", "x-secret" = true))]
    api_secret: Secret,
    #[serde(default)]
    region: Region,
    #[serde(default)]
    #[schemars(title = "Mode", schema_with = "Mode::json_schema")]
    mode: Mode,
    #[schemars(extend(
        "x-field_type" = "MULTI_LINES",
        "x-multiline" = true,
        "x-primary" = false,
        "x-field_group" = "Advanced",
        "x-discriminator" = {
            "field": "mode",
            "expected_value": "advanced",
            "one_of_expected_values": null,
        },
    ))]
    note: Option<String>,
    #[serde(default = "five")]
    #[schemars(extend("x-discriminator" = {
        "field": "mode",
        "expected_value": null,
        "one_of_expected_values": ["simple", "advanced"],
    }))]
    batch: Bounded<1, 50>,
    #[serde(default)]
    #[schemars(extend("x-field_type" = "HIDDEN", "x-hidden" = true))]
    internal: bool,
    #[serde(default)]
    limits: Limits,
    start: Option<Date>,
    #[serde(default = "half")]
    ratio: f64,
    #[serde(default)]
    #[schemars(extend("x-default-factory" = true))]
    tags: Vec<String>,
    pub(crate) token_url: Option<String>,
}

wire_enum! {
    /// Where the data lives.
    pub(crate) enum Region = Us {
        Us = "us",
        Eu = "eu",
    }
}

wire_enum! {
    pub(crate) enum Mode = Simple {
        Simple = "simple",
        Advanced = "advanced",
    }
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(default)]
struct Limits {
    rows: i64,
    strict: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows: 100, strict: false }
    }
}

fn five() -> Bounded<1, 50> {
    Bounded::clamped(5)
}

fn half() -> f64 {
    0.5
}
