//! All cases of a connector, each run as a test of its own.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use lumos_connector_core::Integration;
use lumos_connector_core::integration::IntegrationError;
use serde::Serialize;

use crate::case::{self, Case, Envelope};

/// What the SDK answers by itself: no case is required.
const BROUGHT: [&str; 7] = [
    "app_info",
    "get_authorization_url",
    "handle_authorization_callback",
    "handle_client_credentials_request",
    "probe_integration",
    "refresh_access_token",
    "validate_credential_config",
];

/// All cases of a connector, and the credentials and settings that they share.
///
/// It is the whole `main` of a test without the standard harness, which `Cargo.toml` declares:
///
/// ```toml
/// [[test]]
/// name = "cases"
/// harness = false
/// ```
///
/// Each case is then a test with a name: `cargo test list_accounts` runs those of one capability,
/// `cargo test -- --list` lists all. Beside them, `suite::every_capability_has_a_case` fails when a capability that the
/// connector registers has none, skipped ones not counted.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use lumos_connector::prelude::*;
/// use lumos_connector_testing::prelude::*;
///
/// # async fn validate_credentials(_: (), _: ValidateCredentials) -> Result<ValidatedCredentials> {
/// #     Ok(ValidatedCredentials { valid: true, unique_tenant_id: "acme".to_owned() })
/// # }
/// fn integration() -> Result<Integration, IntegrationError> {
///     Integration::builder("acme", "1.0.0")
///         .about("Acme", [AppCategory::Developers])
///         .auth::<BasicCredential>()
///         .capability(capability::ValidateCredentials, validate_credentials)
///         .build()
/// }
///
/// fn main() -> ExitCode {
///     Suite::new(integration)
///         .auth(json!({"basic": {"username": "ada", "password": "correct horse"}}))
///         .settings(json!({"base_url": "{upstream}"}))
///         .cases([case(capability::ValidateCredentials, "accepts a good login")
///             .upstream(get("/me").answers(json!({"tenant": "acme"})))
///             .expect(response(json!({"valid": true, "unique_tenant_id": "acme"})))])
///         .run()
/// }
/// ```
#[must_use = "nothing runs until `run()`"]
pub struct Suite {
    integration: Declare,
    defaults: Envelope,
    /// Headers that every call to the app must have.
    headers: Vec<(String, String)>,
    cases: Vec<Case>,
    mistakes: Vec<String>,
}

/// The connector's function that declares it: every case gets a new integration.
type Declare = Arc<dyn Fn() -> Result<Integration, IntegrationError> + Send + Sync>;

impl Suite {
    /// The suite of the connector that a function declares.
    pub fn new(
        integration: impl Fn() -> Result<Integration, IntegrationError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            integration: Arc::new(integration),
            defaults: Envelope::default(),
            headers: Vec::new(),
            cases: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    /// Sets the credential of all cases that bring none; see [`Case::auth`].
    pub fn auth(self, auth: impl Serialize) -> Self {
        self.default("auth", auth)
    }

    /// Sets the credentials of all cases that bring none; see [`Case::credentials`].
    pub fn credentials(self, credentials: impl Serialize) -> Self {
        self.default("credentials", credentials)
    }

    /// Sets the settings of all cases that bring none.
    pub fn settings(self, settings: impl Serialize) -> Self {
        self.default("settings", settings)
    }

    /// Expects a header of every call to the app, in all cases: the login, once for the whole suite. A case or a call that
    /// names the header itself is not concerned; see [`Case::header`] and [`Exchange::any_header`](crate::Exchange::any_header).
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn default(mut self, part: &'static str, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => self.defaults.set(part, value),
            Err(error) => self.mistakes.push(format!("{part} cannot be written as JSON: {error}")),
        }
        self
    }

    /// Adds cases.
    pub fn cases(mut self, cases: impl IntoIterator<Item = Case>) -> Self {
        self.cases.extend(cases);
        self
    }

    /// Runs what the arguments of the process ask for: the whole `main` of a test.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let arguments = Arguments::from_args();
        libtest_mimic::run(&arguments, self.trials()).exit_code()
    }

    /// Runs all cases in order on this thread, for a suite inside of another test.
    ///
    /// # Errors
    /// The name of each test that failed, with everything that is wrong in it.
    pub fn check(&self) -> Result<(), Failures> {
        let mut failed: Vec<(String, String)> = Vec::new();
        let mut note = |name: &str, outcome: Result<(), String>| {
            failed.extend(outcome.err().map(|problem| (name.to_owned(), problem)));
        };
        note(SOUND, self.sound());
        note(COVERED, self.covered());
        for case in self.cases.iter().filter(|case| case.skipped.is_none()) {
            note(&case.test_name(), self.outcome(case));
        }
        if failed.is_empty() { Ok(()) } else { Err(Failures(failed)) }
    }

    fn trials(self) -> Vec<Trial> {
        let suite = Arc::new(self);
        let test = |name: &str, check: fn(&Self) -> Result<(), String>| {
            let suite = Arc::clone(&suite);
            Trial::test(name, move || check(&suite).map_err(Failed::from))
        };
        let mut trials = vec![test(SOUND, Self::sound), test(COVERED, Self::covered)];
        trials.extend(suite.cases.iter().cloned().map(|case| {
            let suite = Arc::clone(&suite);
            let (name, skipped) = (case.test_name(), case.skipped.clone());
            let trial = Trial::test(name, move || suite.outcome(&case).map_err(Failed::from));
            match skipped {
                Some(reason) => trial.with_ignored_flag(true).with_kind(reason),
                None => trial,
            }
        }));
        trials
    }

    fn outcome(&self, case: &Case) -> Result<(), String> {
        let integration = (self.integration)().map_err(|error| error.to_string())?;
        case::run(case, &self.defaults, &self.headers, &integration)
    }

    /// Whether the connector can be declared and described, and the suite itself has no mistakes.
    fn sound(&self) -> Result<(), String> {
        let mut mistakes = self.mistakes.clone();
        match (self.integration)() {
            Ok(integration) => drop(integration.info()),
            Err(error) => mistakes.push(error.to_string()),
        }
        let mut names = HashSet::new();
        for name in self.cases.iter().map(Case::test_name) {
            if names.contains(&name) {
                mistakes.push(format!("two cases have the name {name}"));
            }
            names.insert(name);
        }
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes.join("\n")) }
    }

    /// Whether every capability that the connector registers has a case.
    fn covered(&self) -> Result<(), String> {
        let integration = (self.integration)().map_err(|error| error.to_string())?;
        let registered: BTreeSet<_> = integration.capabilities().map(|(name, _)| name).collect();
        let cases = self.cases.iter().filter(|case| case.skipped.is_none());
        let covered: BTreeSet<_> = cases.map(|case| case.capability.as_ref()).collect();
        let bare: Vec<_> =
            registered.difference(&covered).copied().filter(|name| !BROUGHT.contains(name)).collect();
        if bare.is_empty() {
            return Ok(());
        }
        Err(format!("no case that is not skipped: {}", bare.join(", ")))
    }
}

const SOUND: &str = "suite::the_declaration_has_no_mistakes";
const COVERED: &str = "suite::every_capability_has_a_case";

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite").field("cases", &self.cases).finish_non_exhaustive()
    }
}

/// The tests of a suite that failed, with everything that is wrong in each.
#[derive(thiserror::Error)]
#[error("{}", .0.iter().map(|(name, problem)| format!("\n---- {name}\n{problem}\n")).collect::<String>())]
pub struct Failures(Vec<(String, String)>);

impl Failures {
    /// The names of the tests that failed.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl fmt::Debug for Failures {
    /// As `Display`: it is what a test that unwraps it shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use lumos_connector_types::capability::marker as capability;

    use super::*;
    use crate::case::{case, response};

    #[test]
    fn each_case_is_a_test_and_skipped_ones_are_ignored_with_the_reason() {
        let suite = Suite::new(|| Integration::builder("acme", "1.0.0").build()).cases([
            case(capability::GetAccount, "gives one, e.g. \"a/7\"").expect(response(())),
            case(capability::DeleteAccount, "deletes").skip("not written yet"),
        ]);
        let trials = suite.trials();
        let listed: Vec<_> =
            trials.iter().map(|trial| (trial.name(), trial.kind(), trial.has_ignored_flag())).collect();
        assert_eq!(
            listed,
            [
                (SOUND, "", false),
                (COVERED, "", false),
                ("get_account::gives_one_e_g_a_7", "", false),
                ("delete_account::deletes", "not written yet", true),
            ]
        );
    }
}
