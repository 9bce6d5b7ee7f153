//! `connector compile-on-prem`: a connector as the archive that the on-premise agent picks up (contract §16).
//!
//! | file | what it does |
//! | --- | --- |
//! | `project` | the connector's package, and which crates are linked into its executable |
//! | `licences` | the licence texts that those crates require to be passed on |
//! | `bill` | the software bill of materials |
//! | `archive` | the archive: the same bytes for the same content |
//! | `libc` | which C library the executable needs |
//! | `metadata` | `metadata.toml`, how the agent identifies the connector |
//! | `smoke_test` | the archive, unpacked and started as the agent does |

mod archive;
mod bill;
mod libc;
mod licences;
mod metadata;
mod project;
mod smoke_test;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;

use archive::{Archive, Entry};
use metadata::Metadata;
use project::Project;

/// The file of the archive with the licence texts of other crates.
const LICENCES: &str = "THIRD_PARTY_LICENSES.txt";

/// Package a connector for the on-premise agent
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector compile-on-prem --app-id acme --check
  connector compile-on-prem --app-id acme --connector-root-module-dir ./acme-connector
  connector compile-on-prem --app-id acme --target x86_64-unknown-linux-musl

The archive is named after the app id that the connector itself says, with or without \"connector\" in --app-id. The path of the archive is all that is printed on stdout. Beside the archive lies its bill of materials (CycloneDX).")]
pub(crate) struct Arguments {
    /// The connector's app id, as it is in its `info`
    #[arg(long, value_name = "ID")]
    app_id: String,
    /// The folder of the connector's package
    #[arg(long, visible_alias = "connector-root-dir", value_name = "DIR", default_value = ".")]
    connector_root_module_dir: PathBuf,
    /// Where to put the results [default: compiled/ID-TIME]
    #[arg(long, value_name = "DIR")]
    output_directory: Option<PathBuf>,
    /// The system to build for, as rustc names it [default: this one]
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// Unpack the archive, run its `info` with an empty environment, and compare
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let given = metadata::checked(&arguments.app_id)?;
    let project = Project::of(&arguments.connector_root_module_dir, arguments.target.as_deref())?;
    if arguments.check && !project.runs_here() {
        return Err(Failure::new(format!(
            "an executable for {} cannot be checked on this machine",
            project.target()
        ))
        .advice("leave --check out, and check on the machine that it is for"));
    }
    let executable = project.build()?;
    let own = if project.runs_here() { smoke_test::app_id(&executable.path) } else { None };
    let app_id = name(given, own.as_deref());
    let metadata = Metadata::new(app_id, project.version());
    let crates = project.linked(&executable.packages);
    let licences = licences::document(&crates)?;
    for name in &licences.unstated {
        output::message(format_args!("warning: {name} states no licence"));
    }
    let content = fs::read(&executable.path).map_err(|error| unreadable(&executable.path, &error))?;
    if let Some(note) = libc::note(project.target(), &content) {
        output::message(note);
    }
    let bill = bill::document(&project, &metadata, &crates, &content)?;

    let folder = folder(arguments, app_id).join("bundled");
    fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
    let stem = format!("{app_id}-{}", project.version());
    let format = archive::Format::of(project.target());
    let archive = Archive {
        format,
        entries: vec![
            Entry::plain(LICENCES, licences.text.into_bytes()),
            Entry::program(format.executable(), content),
            // Last: who sees it has seen everything.
            Entry::plain(metadata::FILE, metadata.text().into_bytes()),
        ],
    };
    let path = folder.join(format!("{stem}.{}", format.extension()));
    archive.write(&path)?;
    archive::put(&folder.join(format!("{stem}.cdx.json")), &bill)?;
    if arguments.check {
        let took = smoke_test::perform(&path, format, &metadata)?;
        output::message(format_args!("checked: info answered in {:.1} ms", took.as_secs_f64() * 1000.0));
    }
    let path = path.canonicalize().unwrap_or(path);
    output::print(&path.display().to_string())
}

/// The app id that the archive is named after: the one that is given, or as the connector itself writes it.
fn name<'a>(given: &'a str, own: Option<&'a str>) -> &'a str {
    let Some(own) = own.filter(|own| metadata::bare(own) != metadata::bare(given)) else { return given };
    if metadata::word(own) == metadata::word(given) && metadata::checked(own).is_ok() {
        output::message(format_args!(
            "note: the connector's app id is {own:?}, and so the archive is named; --app-id is {given:?}"
        ));
        return own;
    }
    output::message(format_args!(
        "warning: --app-id is {given:?}, but the connector says {own:?}; an agent finds it by {given:?}"
    ));
    given
}

fn folder(arguments: &Arguments, app_id: &str) -> PathBuf {
    arguments.output_directory.clone().unwrap_or_else(|| {
        let now = Timestamp::now().strftime("%Y-%m-%dT%H-%M-%S");
        Path::new("compiled").join(format!("{app_id}-{now}"))
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot read {}: {error}", path.display()))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write {}: {error}", path.display()))
        .advice("choose another place with --output-directory")
}
