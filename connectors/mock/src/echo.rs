//! `echo_types`: one field of every common type, to see what is read from what.

use lumos_connector::prelude::*;

use crate::settings::Mock;

pub(crate) struct TypesEcho;

impl Capability for TypesEcho {
    const NAME: &'static str = "echo_types";
    type Request = EchoTypes;
    type Response = EchoTypes;
}

/// One optional field of every common type, returned exactly as parsed.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct EchoTypes {
    text: Option<String>,
    whole: Option<i64>,
    decimal: Option<f64>,
    flag: Option<bool>,
    day: Option<Date>,
    moment: Option<DateTime>,
    color: Option<Color>,
    shape: Option<Shape>,
    numbers: Option<Vec<i64>>,
    labels: Option<IndexMap<String, String>>,
    nested: Option<Nested>,
    number_or_text: Option<Either<i64, String>>,
}

wire_enum! {
    /// A closed set: anything else is an invalid request.
    pub(crate) enum Color {
        Red = "red",
        Blue = "blue",
    }
}

wire_enum! {
    /// An open set: anything else is unknown.
    pub(crate) enum Shape else Unknown {
        Circle = "circle",
        Square = "square",
        Unknown = "unknown",
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Nested {
    name: String,
    #[serde(default = "full_weight")]
    weight: f64,
}

fn full_weight() -> f64 {
    1.0
}

pub(crate) async fn echo_types(_: Mock, request: EchoTypes) -> Result<EchoTypes> {
    Ok(request)
}
