//! Where a new project finds the SDK.

use std::fmt;
use std::path::{Path, PathBuf};

use lumos_connector_runtime::failure::Failure;

/// Where this tool was built.
const HOME: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What a checkout of the SDK has.
const FACADE: &str = "crates/sdk/Cargo.toml";

/// The source of the SDK.
#[derive(Debug)]
pub(super) enum Sdk {
    /// A checkout on this machine.
    Checkout(PathBuf),
    /// The registry, in the version of this tool.
    Registry,
}

impl Sdk {
    /// The checkout that is given, else the one this tool was built from if it is still there, else the registry.
    pub(super) fn find(given: Option<&Path>) -> Result<Self, Failure> {
        match given {
            Some(folder) => checkout(folder).map(Self::Checkout).ok_or_else(|| {
                Failure::new(format!("{} is not a checkout of the SDK", folder.display()))
                    .advice(format!("give the folder that has {FACADE}"))
            }),
            None => Ok(checkout(Path::new(HOME)).map_or(Self::Registry, Self::Checkout)),
        }
    }

    /// Where a dependency finds one of its crates, as a key and a value in TOML.
    pub(super) fn source(&self, folder: &str) -> String {
        match self {
            Self::Checkout(path) => {
                let path = path.join("crates").join(folder);
                format!("path = {}", quoted(&path.display().to_string()))
            }
            Self::Registry => format!("version = {}", quoted(env!("CARGO_PKG_VERSION"))),
        }
    }

    /// The arguments with which cargo installs this tool from there, as a shell reads them.
    pub(super) fn tool(&self) -> String {
        match self {
            Self::Checkout(path) => {
                let path = path.join("crates/cli").display().to_string();
                // A path has no NUL.
                format!("--path {}", shlex::try_quote(&path).unwrap_or_default())
            }
            Self::Registry => format!("--version {} lumos-connector-cli", env!("CARGO_PKG_VERSION")),
        }
    }
}

impl fmt::Display for Sdk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkout(path) => write!(f, "{}; --sdk-path chooses another checkout", path.display()),
            Self::Registry => write!(f, "the registry, version {}", env!("CARGO_PKG_VERSION")),
        }
    }
}

fn checkout(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    folder.join(FACADE).is_file().then_some(folder)
}

/// A text in TOML, whose escapes are those of JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
