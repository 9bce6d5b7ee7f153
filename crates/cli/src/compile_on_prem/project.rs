//! The connector's package, and which crates are linked into its executable.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId, TargetKind};
use lumos_connector_runtime::executable::{Executable, Source};
use lumos_connector_runtime::failure::Failure;

/// The package of a connector, and the system it is built for.
#[derive(Debug)]
pub(super) struct Project {
    source: Source,
    metadata: Metadata,
    root: PackageId,
    version: String,
    host: String,
    /// As it was asked for: cargo keeps what it builds for a named target apart.
    target: Option<String>,
}

impl Project {
    pub(super) fn of(folder: &Path, target: Option<&str>) -> Result<Self, Failure> {
        let source = Source::of(folder)?;
        let host = host()?;
        if let Some(target) = target {
            known(target)?;
        }
        let mut options = vec!["--filter-platform".to_owned(), target.unwrap_or(&host).to_owned()];
        options.extend(source.locked().map(str::to_owned));
        let metadata = MetadataCommand::new()
            .manifest_path(source.manifest())
            .other_options(options)
            .exec()
            .map_err(|error| unreadable(&error))?;
        let package = metadata
            .packages
            .iter()
            .find(|package| package.manifest_path.as_std_path() == source.manifest())
            .ok_or_else(|| {
                Failure::new(format!("{} is a workspace without a package", source.manifest().display()))
                    .advice("give the folder of the connector's package, a member of the workspace")
            })?;
        let (root, version) = (package.id.clone(), package.version.to_string());
        Ok(Self { root, version, source, metadata, host, target: target.map(str::to_owned) })
    }

    pub(super) fn version(&self) -> &str {
        &self.version
    }

    pub(super) fn target(&self) -> &str {
        self.target.as_deref().unwrap_or(&self.host)
    }

    /// Whether this machine can run what is built.
    pub(super) fn runs_here(&self) -> bool {
        // Programs that are linked statically run wherever the others do.
        self.target().replace("-musl", "-gnu") == self.host.replace("-musl", "-gnu")
    }

    pub(super) fn build(&self) -> Result<Executable, Failure> {
        self.source.build(self.target.as_deref())
    }

    /// The crates of others in the executable, by name and version: reached by normal dependencies for this target,
    /// compiled in this build, and no macros, which only run while building.
    pub(super) fn linked(&self, compiled: &BTreeSet<String>) -> Vec<&Package> {
        let packages: HashMap<&PackageId, &Package> =
            self.metadata.packages.iter().map(|package| (&package.id, package)).collect();
        let nodes = self.metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let nodes: HashMap<&PackageId, _> = nodes.map(|node| (&node.id, node)).collect();
        let mut reached: HashSet<&PackageId> = HashSet::from([&self.root]);
        let mut waiting = vec![&self.root];
        while let Some(id) = waiting.pop() {
            let used = nodes.get(id).into_iter().flat_map(|node| &node.deps);
            for dependency in used {
                let is_normal = dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
                let is_linked = packages.get(&dependency.pkg).is_some_and(|package| !is_macro(package));
                if is_normal
                    && is_linked
                    && compiled.contains(&dependency.pkg.repr)
                    && reached.insert(&dependency.pkg)
                {
                    waiting.push(&dependency.pkg);
                }
            }
        }
        reached.remove(&self.root);
        let mut linked: Vec<&Package> =
            reached.into_iter().filter_map(|id| packages.get(id).copied()).collect();
        linked.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
        linked
    }

    /// The crates that a linked one uses, among those that are linked.
    pub(super) fn uses(&self, id: &PackageId) -> Vec<&PackageId> {
        let nodes = self.metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let node = nodes.into_iter().find(|node| node.id == *id);
        node.into_iter().flat_map(|node| node.deps.iter().map(|dependency| &dependency.pkg)).collect()
    }

    /// The connector's own package.
    pub(super) fn root(&self) -> &PackageId {
        &self.root
    }
}

fn unreadable(error: &cargo_metadata::Error) -> Failure {
    let said = match error {
        cargo_metadata::Error::CargoMetadata { stderr } => {
            stderr.trim().trim_start_matches("error: ").to_owned()
        }
        other => other.to_string(),
    };
    Failure::new(format!("cargo cannot read the package: {said}"))
        .advice("`cargo metadata` in its folder says the same; correct the manifest")
}

fn is_macro(package: &Package) -> bool {
    package.targets.iter().any(|target| target.kind.contains(&TargetKind::ProcMacro))
}

/// Refuses a target that rustc does not know. A path to a description of one is for cargo to read.
fn known(target: &str) -> Result<(), Failure> {
    let list = rustc(&["--print", "target-list"])?;
    let refusal = |nearest: &str| {
        Failure::new(format!("--target: rustc knows no target {target:?}"))
            .advice(format!("did you mean {nearest}? `rustc --print target-list` lists them all"))
    };
    let is_description = Path::new(target).extension().is_some_and(|extension| extension == "json");
    if is_description || list.lines().any(|known| known == target) {
        return Ok(());
    }
    nearest(target, list.lines()).map_or(Ok(()), |nearest| Err(refusal(nearest)))
}

/// The one that has most of the parts between the hyphens, and of several of these the one that is written most alike.
fn nearest<'a>(target: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known.min_by_key(|known| {
        let parts: HashSet<&str> = known.split('-').collect();
        let missing = target.split('-').filter(|part| !parts.contains(part)).count();
        (missing, strsim::levenshtein(target, known))
    })
}

/// The system of this machine, as rustc names it.
fn host() -> Result<String, Failure> {
    let text = rustc(&["-vV"])?;
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .ok_or_else(|| Failure::new("rustc -vV does not say what it runs on"))
}

/// What rustc prints.
fn rustc(arguments: &[&str]) -> Result<String, Failure> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(arguments).output().map_err(|error| {
        Failure::new(format!("cannot start rustc: {error}"))
            .advice("packaging takes a Rust toolchain; https://rustup.rs installs one")
    })?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
