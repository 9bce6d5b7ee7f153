//! The connectors of this workspace, and those of the Python reference.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;

use crate::harness::check::{accepted, check};
use crate::harness::install::python;
use crate::harness::stage::Stage;

/// The reference, and what its own server needs.
const REFERENCE: [&str; 2] = ["connector-py==4.278.0", "uvicorn==0.54.0"];

const SETTINGS: &str = "[auth.basic]\nusername = \"ada\"\npassword = { env = \"E2E_SECRET\" }\n\
    [settings]\nhost = \"acme.test\"\naccount_count = 120\n";
const MACHINES: &str = "[[credentials]]\nid = \"api\"\ntoken.token = { env = \"E2E_SECRET\" }\n\
    [settings]\nregion = \"eu\"\nsigning_pin = { env = \"E2E_SECRET\" }\n";

/// The other connectors of the workspace whose app is in themselves, with their settings.
const MOCKS: &[(&str, &str)] = &[
    (
        "multi-auth-mock",
        "[[credentials]]\nid = \"basic_main\"\nbasic.username = \"ada\"\nbasic.password = { env = \"E2E_SECRET\" }\n\
         [[credentials]]\nid = \"token_extra\"\ntoken.token = { env = \"E2E_SECRET\" }\n\
         [settings]\nworkspace = \"acme\"\napi_secret = { env = \"E2E_SECRET\" }\n",
    ),
    ("client-credentials-mock", CLIENT),
    ("client-credentials-query-mock", CLIENT),
    (
        "fallback-auth-mock",
        "[[credentials]]\nid = \"login\"\nbasic.username = \"ada\"\nbasic.password = { env = \"E2E_SECRET\" }\n\
         [[credentials]]\nid = \"pass\"\ntoken.token = { env = \"E2E_SECRET\" }\n",
    ),
    (
        "oauth-mock",
        "[auth.oauth]\naccess_token = { env = \"E2E_SECRET\" }\n[settings]\nsubdomain = \"acme\"\n",
    ),
    ("open-mock", ""),
];
const CLIENT: &str = "[auth.oauth_client_credentials]\naccess_token = { env = \"E2E_SECRET\" }\nclient_id = \"check\"\n\
    client_secret = { env = \"E2E_SECRET\" }\nscopes = []\n\
    [settings]\ntoken_url = \"https://login.example.com/token\"\n";

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    let mock = vec![stage.binary("mock-connector").display().to_string()];
    for mode in ["program", "server"] {
        one(stage, "mock", &mock, mode, SETTINGS);
    }
    for (name, settings) in MOCKS {
        one(stage, name, &[stage.binary(name).display().to_string()], "program", settings);
    }
    let python =
        stage.step(format!("installed {}", REFERENCE.join(" and ")), |stage| python(stage, &REFERENCE))?;
    for (name, settings) in [("people", SETTINGS), ("machines", MACHINES)] {
        let script = stage.root().join("conformance/reference-connectors").join(format!("{name}.py"));
        let command = vec![python.display().to_string(), script.display().to_string()];
        one(stage, name, &command, "server", settings);
    }
    Ok(())
}

fn one(stage: &mut Stage, name: &str, command: &[String], mode: &str, settings: &str) {
    let baseline: PathBuf = accepted(stage, name);
    stage.check(
        format!("{name} as a {mode}: nothing is found that is not accepted with a reason"),
        |stage| {
            let file = format!("[connector]\ncommand = {}\nmode = \"{mode}\"\n{settings}", json!(command));
            let checked = check(stage, &format!("{name}-{mode}"), &file, Some(&baseline))?;
            println!("      {} calls in {:.1} s", checked.calls, checked.seconds);
            Ok(())
        },
    );
}
