//! The OpenAPI documents of every twin and of the whole API, read by a validator that is not ours.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::harness::install::{output, python, succeed};
use crate::harness::stage::Stage;
use xtask::twin::TWINS;

const VALIDATOR: &str = "openapi-spec-validator==0.9.0";

/// What the contract asks for though OpenAPI does not allow it; `docs/compatibility.md` says why it stays.
const ODDITIES: &str = "the contract's three oddities";

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    let mut packages: Vec<_> = TWINS.iter().map(|twin| twin.package).collect();
    packages.push("lumos-connector-cli");
    stage.build(&packages)?;
    let validator = stage.step(format!("installed {VALIDATOR}"), |stage| python(stage, &[VALIDATOR]))?;
    let documents = stage.cache("openapi")?;

    stage.check("the validator refuses a dangling reference", |_| {
        let mut broken = json!({"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {}});
        broken["components"]["schemas"]["A"] = json!({"$ref": "#/components/schemas/B"});
        let refused = validate(&validator, &broken, &documents.join("broken.json"));
        ensure!(refused.is_err(), "it accepted one, so it proves nothing");
        Ok(())
    });
    stage.check("the document of `connector spec` is valid OpenAPI 3.0", |stage| {
        let printed = output(Command::new(stage.binary("connector")).arg("spec"))?;
        let file = documents.join("spec.yaml");
        std::fs::write(&file, printed.stdout)?;
        validate_file(&validator, &file)
    });
    for twin in TWINS {
        let connector = stage.connector(twin.binary)?;
        for (how, request) in requests() {
            let what = format!("app_info of {} {how} is valid OpenAPI 3.0, {ODDITIES} aside", twin.name);
            stage.check(what, |_| {
                let mut document = connector.response("app_info", &request)?["app_schema"].take();
                correct(&mut document);
                validate(&validator, &document, &documents.join(format!("{} {how}.json", twin.name)))
            });
        }
    }
    Ok(())
}

/// Addresses and scopes of OAuth are computed from settings: without them they are empty.
fn requests() -> [(&'static str, Value); 2] {
    let settings = json!({"host": "acme.test", "subdomain": "acme", "workspace": "acme", "token_url": "https://acme.test/token"});
    [
        ("without settings", json!({"request": {}})),
        ("with settings", json!({"request": {}, "settings": settings})),
    ]
}

/// Writes a document to a file and has it validated.
fn validate(python: &Path, document: &Value, file: &Path) -> Result<()> {
    std::fs::write(file, serde_json::to_vec_pretty(document)?)?;
    validate_file(python, file)
}

fn validate_file(python: &Path, file: &Path) -> Result<()> {
    let mut validator = Command::new(python);
    validator
        .args(["-m", "openapi_spec_validator", "--schema", "3.0", "--validation-errors", "all"])
        .arg(file);
    succeed(&mut validator)
}

/// Puts the oddities right: `null` as the description of an operation, HTTP authentication without its scheme, and an
/// `allOf` of nothing.
pub(super) fn correct(document: &mut Value) {
    let Some(fields) = document.as_object_mut() else {
        document.as_array_mut().into_iter().flatten().for_each(correct);
        return;
    };
    if fields.get("operationId").is_some() && fields.get("description").is_some_and(Value::is_null) {
        fields.remove("description");
    }
    if fields.get("type").is_some_and(|kind| kind == "http") && fields.get("scheme").is_none() {
        fields.insert("scheme".to_owned(), json!("basic"));
    }
    if fields.get("allOf").is_some_and(|all| all == &json!([])) {
        fields.remove("allOf");
    }
    fields.values_mut().for_each(correct);
}
