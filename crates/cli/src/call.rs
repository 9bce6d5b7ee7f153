//! `connector call`: one call by hand.

use std::path::PathBuf;

use clap::Args;
use lumos_connection::{CallError, CallRequest};
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;
use lumos_connector_types::json::Json;

use crate::connection::{ConnectionArguments, block_on, failure};

/// It is not called like a capability; a server has `app_info` in its place.
const INFO: &str = "info";

/// Call one capability of a connection and print its answer
///
/// Credentials and settings come from the connection file. An error that the connector answers is printed like an answer,
/// and ends with status 1.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector call mock.toml list_accounts --page-size 10 | jq '.response[].email'
  connector call mock.toml get_account --json '{\"account_id\": \"acct-0001\"}'
  connector call mock.toml app_info --json-file request.json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: ConnectionArguments,
    /// The capability, or `info`
    capability: String,
    /// The request's payload, as JSON
    #[arg(long, value_name = "JSON", default_value = "{}")]
    json: String,
    /// A file that holds the request's payload
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    json_file: Option<PathBuf>,
    /// The token of the page that is asked for
    #[arg(long, value_name = "TOKEN")]
    page_token: Option<String>,
    /// How many rows are asked for
    #[arg(long, value_name = "ROWS")]
    page_size: Option<u32>,
    /// Ask for the app's own answers, too
    #[arg(long)]
    raw_data: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let request = request(arguments)?;
    block_on(async {
        let connection = arguments.connection.open().await?;
        if arguments.capability == INFO {
            let info = connection.info().await.map_err(failure)?;
            return output::print(Json::new(&info.info).unwrap_or_default().text());
        }
        let result = connection.call(&arguments.capability, request).await;
        connection.close().await;
        match result {
            Ok(answer) => output::print(answer.to_json().text()),
            Err(CallError::Connector(answer)) => {
                output::print(answer.to_json().text())?;
                Err(Failure::new(CallError::Connector(answer).to_string()))
            }
            Err(error) => Err(Failure::new(error.to_string())),
        }
    })
}

fn request(arguments: &Arguments) -> Result<CallRequest, Failure> {
    let (text, name) = match &arguments.json_file {
        None => (arguments.json.clone(), "--json"),
        Some(path) => {
            let text = std::fs::read_to_string(path);
            (
                text.map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?,
                "--json-file",
            )
        }
    };
    let payload = Json::from_text(text).map_err(|error| Failure::new(format!("{name}: {error}")))?;
    let mut request = CallRequest::new(payload);
    if let Some(token) = &arguments.page_token {
        request = request.page_token(token.clone());
    }
    if let Some(size) = arguments.page_size {
        request = request.page_size(size);
    }
    Ok(if arguments.raw_data { request.include_raw_data() } else { request })
}
