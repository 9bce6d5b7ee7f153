//! The software bill of materials, in CycloneDX 1.6: what is in the executable, and what uses what.

use cargo_metadata::{Package, PackageId};
use lumos_connector_runtime::failure::Failure;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::licences;
use super::metadata::Metadata;
use super::project::Project;

/// The bill of an executable. It names no time, so that the same executable has the same bill.
pub(super) fn document(
    project: &Project,
    metadata: &Metadata,
    crates: &[&Package],
    executable: &[u8],
) -> Result<Vec<u8>, Failure> {
    let own = format!("{}@{}", metadata.app_id, metadata.version);
    let uses = |id: &PackageId| -> Vec<String> {
        let used = crates.iter().filter(|package| project.uses(id).contains(&&package.id));
        used.map(|package| reference(package)).collect()
    };
    let mut dependencies = vec![json!({"ref": own, "dependsOn": uses(project.root())})];
    dependencies.extend(
        crates.iter().map(|package| json!({"ref": reference(package), "dependsOn": uses(&package.id)})),
    );
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": {"components": [{
                "type": "application", "name": "connector", "version": env!("CARGO_PKG_VERSION"),
            }]},
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": metadata.app_id,
                "version": metadata.version,
                "hashes": [{"alg": "SHA-256", "content": hex::encode(Sha256::digest(executable))}],
                "properties": [{"name": "target", "value": project.target()}],
            },
        },
        "components": crates.iter().map(|package| component(package)).collect::<Vec<_>>(),
        "dependencies": dependencies,
    });
    serde_json::to_vec_pretty(&bill)
        .map_err(|error| Failure::new(format!("cannot write the bill of materials: {error}")))
}

/// The address of a crate among all packages (purl).
fn reference(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

fn component(package: &Package) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(package),
        "name": package.name,
        "version": package.version.to_string(),
        "purl": reference(package),
    });
    if let Some(licence) = licences::expression(package) {
        component["licenses"] = json!([{ "expression": licence }]);
    }
    component
}
