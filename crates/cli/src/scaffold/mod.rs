//! `connector scaffold`: a new connector that builds, lints and passes its tests before a line of it is written.
//!
//! | file | what it does |
//! | --- | --- |
//! | `name` | the names that follow from a connector's name |
//! | `author` | who writes it; asked for at a terminal |
//! | `sdk` | where the new project finds the SDK |
//! | `project` | the files, from the templates in this crate's `templates` |
//! | `destination` | the folder: everything arrives there, or nothing |

mod author;
mod destination;
mod name;
mod project;
mod sdk;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;
use serde::Serialize;

use author::Author;
use destination::Destination;
use name::Name;
use project::Project;
use sdk::Sdk;

use crate::stub;

/// Begin a new connector
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector scaffold acme ./connector-acme
  connector scaffold \"Acme CRM\" ./acme-crm --auth token
  connector scaffold acme ./acme --capabilities list_accounts,create_account,deactivate_account
  connector scaffold acme ./connector-acme --tests-only --force-overwrite

validate_credentials is always there, written out as list_accounts is. Every other capability has a function that is to
be written, its registration and a case; `connector add` brings more of them later.

The new project finds the SDK in the checkout that this tool was built from, or where --sdk-path says; without either,
it asks the registry for the version of this tool.")]
pub(crate) struct Arguments {
    /// What the app is called: letters, digits, spaces, `-` and `_`
    name: String,
    /// The folder of the new project; it must be empty or not exist
    directory: PathBuf,
    /// What the connector is to answer, with commas between
    #[arg(long, value_name = "CAPABILITY", value_delimiter = ',', default_value = "list_accounts")]
    capabilities: Vec<String>,
    /// One credential instead of several that are declared by id
    #[arg(long)]
    single_auth: bool,
    /// The kind of that one credential [default: token]
    #[arg(long, value_enum, value_name = "KIND")]
    auth: Option<Login>,
    /// Write the tests only
    #[arg(short, long)]
    tests_only: bool,
    /// Write into a folder that is not empty, over files that are there
    #[arg(short, long)]
    force_overwrite: bool,
    /// Who writes the connector [default: asked for, or left out]
    #[arg(long, value_name = "NAME")]
    author_name: Option<String>,
    /// How to reach them [default: asked for, or left out]
    #[arg(long, value_name = "ADDRESS")]
    author_email: Option<String>,
    /// A checkout of the SDK, to build against
    #[arg(long, value_name = "DIR")]
    sdk_path: Option<PathBuf>,
}

/// How requests authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Login {
    /// A token that the app issued
    Token,
    /// A user name and a password
    Basic,
    /// OAuth 2.0, granted by a user
    #[value(name = "oauth")]
    #[serde(rename = "oauth")]
    OAuth,
    /// OAuth 2.0, for the connector itself
    #[value(name = "oauth-client-credentials")]
    #[serde(rename = "oauth-client-credentials")]
    OAuthClientCredentials,
    /// Several credentials, declared by id
    #[value(skip)]
    Multi,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let name = Name::parse(&arguments.name)?;
    let capabilities = stub::capabilities(&arguments.capabilities)?;
    let sdk = Sdk::find(arguments.sdk_path.as_deref())?;
    let destination = Destination::open(&arguments.directory, arguments.force_overwrite)?;
    let author = Author::of(arguments.author_name.clone(), arguments.author_email.clone())?;
    let auth = match arguments.auth {
        Some(auth) => auth,
        None if arguments.single_auth => Login::Token,
        None => Login::Multi,
    };
    let mut files =
        Project { name: &name, author: &author, sdk: &sdk, auth, capabilities: &capabilities }.files()?;
    if arguments.tests_only {
        files.retain(|file| file.path.starts_with("tests"));
    }
    destination.write(&files)?;
    output::print(&summary(&name, arguments, &sdk, files.len()))
}

fn summary(name: &Name, arguments: &Arguments, sdk: &Sdk, files: usize) -> String {
    let directory = arguments.directory.display();
    if arguments.tests_only {
        return format!("Wrote the tests of {} to {directory}: {files} files.", name.package());
    }
    format!(
        "Wrote {} to {directory}: {files} files.\nThe SDK comes from {sdk}.\n\nNext, in that folder:\n  \
         cargo test                 all tests pass\n  \
         cargo run -- info          what the connector says about itself\n  \
         less README.md             how to write a capability",
        name.package()
    )
}
