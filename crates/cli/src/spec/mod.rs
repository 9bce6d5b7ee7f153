//! `connector spec`: the whole connector API as an OpenAPI 3.0 document, made from the types that connectors run on.
//!
//! | file | what it makes |
//! | --- | --- |
//! | `document` | the document: its head, its tags, and everything put together |
//! | `paths` | one operation for each standard capability |
//! | `schemas` | every schema, by its name in the contract |
//! | `form` | the form that this document gives a schema: absent instead of null, no titles |
//! | `composition` | which models are others with more fields |
//! | `schemas.yaml` | what only this document says |
//! | `introduction.md` | what a newcomer reads first |

mod composition;
mod document;
mod form;
mod paths;
mod schemas;

use clap::{Args, ValueEnum};

use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;
use lumos_connector_types::capability::StandardCapability;

/// Print the whole connector API as an OpenAPI 3.0 document
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector spec > connector-api.yaml
  connector spec --format json | jq '.paths | keys'")]
pub(crate) struct Arguments {
    /// The notation of the document
    #[arg(long, value_enum, default_value_t = Format::Yaml)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Yaml,
    Json,
}

/// Every standard capability, in the contract's order: those that describe connectors come first.
fn capabilities() -> Vec<StandardCapability> {
    let describing = |capability: &StandardCapability| {
        *capability == StandardCapability::AppInfo || !capability.is_served()
    };
    let (mut ordered, others): (Vec<_>, Vec<_>) =
        StandardCapability::ALL.iter().copied().partition(describing);
    ordered.extend(others);
    ordered
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let document = document::document()?;
    let text = match arguments.format {
        Format::Yaml => yaml_serde::to_string(&document).map_err(|error| error.to_string()),
        Format::Json => serde_json::to_string_pretty(&document).map_err(|error| error.to_string()),
    };
    let text = text.map_err(|error| Failure::new(format!("cannot write the document: {error}")))?;
    output::print(text.trim_end())
}
