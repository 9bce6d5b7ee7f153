//! What can be wrong with the declaration of a connector, and what a right one says about itself.

use lumos_connector_core::Integration;
use lumos_connector_core::auth::CredentialConfig;
use lumos_connector_core::error::Result;
use lumos_connector_core::integration::{Builder, Mistake};
use lumos_connector_types::capability::{Capability, marker};
use lumos_connector_types::payload::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::acme::{builder, validate};

#[derive(Deserialize, Serialize, JsonSchema)]
struct Empty {}

async fn echo(_: (), empty: Empty) -> Result<Empty> {
    Ok(empty)
}

/// A custom capability of a name.
macro_rules! custom {
    ($($marker:ident = $name:literal),+ $(,)?) => {
        $(
            struct $marker;

            impl Capability for $marker {
                const NAME: &'static str = $name;
                type Request = Empty;
                type Response = Empty;
            }
        )+
    };
}

custom! {
    RotateBadge = "rotate_badge",
    OneWord = "rotate",
    StandardName = "list_accounts",
    ReservedName = "info",
    CommandName = "serve",
    Upper = "Rotate_badge",
    Digit = "rotate_badge2",
    Hyphen = "rotate-badge",
    TwoUnderscores = "rotate__badge",
    Leading = "_rotate",
    Trailing = "rotate_",
    Accent = "rotaté",
    Nameless = "",
}

fn mistakes(builder: Builder) -> Vec<Mistake> {
    builder.build().expect_err("a mistake").mistakes
}

fn login(id: &str) -> CredentialConfig<BasicCredential> {
    CredentialConfig::new(id, "A login.")
}

#[test]
fn an_app_id_is_trimmed_and_not_empty() {
    assert_eq!(Integration::builder("  acme ", "1").build().unwrap().app_id(), "acme");
    for empty in ["", "  ", "\n"] {
        assert_eq!(mistakes(Integration::builder(empty, "1")), [Mistake::EmptyAppId]);
    }
}

#[test]
fn a_capability_is_registered_once() {
    let acme = builder()
        .capability(marker::ValidateCredentials, validate)
        .capability(marker::ValidateCredentials, validate);
    assert_eq!(mistakes(acme), [Mistake::DuplicateCapability("validate_credentials")]);
    let acme =
        builder().capability(RotateBadge, echo).capability(RotateBadge, echo).capability(RotateBadge, echo);
    assert_eq!(
        mistakes(acme),
        [Mistake::DuplicateCapability("rotate_badge"), Mistake::DuplicateCapability("rotate_badge")]
    );
}

#[test]
fn a_custom_capability_has_a_name_of_its_own() {
    assert_eq!(mistakes(builder().capability(StandardName, echo)), [Mistake::ReservedName("list_accounts")]);
    assert_eq!(mistakes(builder().capability(ReservedName, echo)), [Mistake::ReservedName("info")]);
    assert_eq!(mistakes(builder().capability(CommandName, echo)), [Mistake::ReservedName("serve")]);
}

#[test]
fn a_custom_name_is_lower_case_words_joined_by_underscores() {
    assert!(builder().capability(RotateBadge, echo).capability(OneWord, echo).build().is_ok());
    let acme = builder()
        .capability(Upper, echo)
        .capability(Digit, echo)
        .capability(Hyphen, echo)
        .capability(TwoUnderscores, echo)
        .capability(Leading, echo)
        .capability(Trailing, echo)
        .capability(Accent, echo)
        .capability(Nameless, echo);
    let names = [
        "Rotate_badge",
        "rotate_badge2",
        "rotate-badge",
        "rotate__badge",
        "_rotate",
        "rotate_",
        "rotaté",
        "",
    ];
    assert_eq!(mistakes(acme), names.map(Mistake::MalformedName));
}

#[test]
fn one_credential_and_several_exclude_each_other() {
    let acme = builder().auth::<BasicCredential>().credential(login("login"));
    assert_eq!(mistakes(acme), [Mistake::SingleAndSeveralCredentials]);
}

#[test]
fn credentials_have_ids_of_their_own() {
    assert_eq!(mistakes(builder().credential(login(""))), [Mistake::EmptyCredentialId]);
    let twice = builder().credential(login("login")).credential(login("login"));
    assert_eq!(mistakes(twice), [Mistake::DuplicateCredential("login".to_owned())]);
}

#[test]
fn combinations_name_declared_credentials() {
    let acme =
        builder().credential(login("login")).allow_credentials(["login", "key"]).allow_credentials(["pass"]);
    assert_eq!(mistakes(acme), ["key", "pass"].map(|id| Mistake::UnknownCredential(id.to_owned())));
    assert_eq!(
        mistakes(builder().allow_credentials(["key"])),
        [Mistake::UnknownCredential("key".to_owned())]
    );
}

#[test]
fn all_mistakes_are_reported_together_in_words() {
    let acme = Integration::builder("", "1")
        .auth::<BasicCredential>()
        .credential(login(""))
        .credential(login("a"))
        .credential(login("a"))
        .allow_credentials(["b"])
        .capability(StandardName, echo)
        .capability(Digit, echo)
        .capability(marker::ValidateCredentials, validate)
        .capability(marker::ValidateCredentials, validate);
    let error = acme.build().expect_err("mistakes");
    assert_eq!(error.mistakes.len(), 8, "{error}");
    let text = error.to_string();
    assert_eq!(text.lines().count(), 9, "{text}");
    for mistake in &error.mistakes {
        assert!(text.contains(&format!("\n- {mistake}")), "{text}");
    }
    for word in ["`a`", "`b`", "`list_accounts`", "`rotate_badge2`", "`validate_credentials`"] {
        assert!(text.contains(word), "{word} is not named: {text}");
    }
}

#[test]
fn a_single_mistake_is_one_line() {
    let error = builder().credential(login("")).build().expect_err("a mistake");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    assert!(error.to_string().contains(&Mistake::EmptyCredentialId.to_string()));
}

#[test]
fn a_connector_knows_its_capabilities_in_alphabetical_order() {
    let acme = builder()
        .capability(marker::ValidateCredentials, validate)
        .capability(RotateBadge.description("Issues a new badge."), echo)
        .build()
        .unwrap();
    let names: Vec<_> = acme.capabilities().map(|(name, _)| name).collect();
    assert!(names.is_sorted(), "{names:?}");
    let summary = |name: &str| acme.capabilities().find(|(one, _)| *one == name).map(|(_, summary)| summary);
    assert_eq!(summary("rotate_badge").as_deref(), Some("Issues a new badge."));
    assert!(summary("validate_credentials").unwrap().starts_with("Checks the credentials"));
    assert!(acme.has_capability("rotate_badge") && !acme.has_capability("list_accounts"));
    assert_eq!((acme.app_id(), acme.version()), ("acme", "1.0.0"));
}

#[test]
fn a_handler_of_ones_own_takes_the_place_of_the_sdks() {
    async fn own(_: (), _: AppInfoRequestPayload) -> Result<AppInfo> {
        Err(lumos_connector_core::error::ConnectorError::unsupported_operation("Not today"))
    }
    let acme = builder().capability(marker::AppInfo, own).build().unwrap();
    let error = crate::acme::error(&acme, "app_info", r#"{"request": {}}"#);
    assert_eq!(error["raised_by"], "UnsupportedOperationError");
}

#[test]
fn printing_a_connector_shows_no_more_than_its_names() {
    let builder = builder().capability(RotateBadge, echo);
    assert_eq!(format!("{builder:?}"), r#"Builder { app_id: "acme", .. }"#);
    assert!(format!("{:?}", builder.build().unwrap()).contains("rotate_badge"));
}
