//! Which of several declared credentials a request must bring (contract §4).

use lumos_connector_core::auth::CredentialConfig;
use lumos_connector_core::integration::Builder;
use lumos_connector_types::capability::marker;
use lumos_connector_types::payload::{BasicCredential, EmptyCredential, OAuthCredential, TokenCredential};
use serde_json::{Value, json};

use crate::acme::{answer, builder, refusal, validate};

fn login() -> CredentialConfig<BasicCredential> {
    CredentialConfig::new("login", "A login.")
}

fn key(id: &str) -> CredentialConfig<TokenCredential> {
    CredentialConfig::new(id, "A key.")
}

/// A credential of the request by the id of its declaration; `!id` lacks the part for its type.
fn item(id: &str) -> Value {
    match id {
        "login" => json!({"id": "login", "basic": {"username": "u", "password": "p"}}),
        "consent" => json!({"id": "consent", "oauth": {"access_token": "t"}}),
        "pass" | "spare" => json!({"id": id, "token": {"token": "t"}}),
        bare => json!({"id": bare.trim_start_matches('!')}),
    }
}

fn request(items: &[&str]) -> String {
    json!({"request": {}, "credentials": items.iter().map(|id| item(id)).collect::<Vec<_>>()}).to_string()
}

/// Whether lists of credentials are accepted.
fn check(builder: Builder, accepted: &[&[&str]], refused: &[&[&str]]) {
    let acme = builder.capability(marker::ValidateCredentials, validate).build().unwrap();
    for items in accepted {
        let answer = answer(&acme, "validate_credentials", &request(items));
        assert_eq!(answer["response"]["valid"], true, "{items:?}: {answer}");
    }
    for items in refused {
        refusal(&acme, "validate_credentials", &request(items));
    }
}

#[test]
fn without_combinations_all_required_ones_or_any_optional_one_will_do() {
    check(
        builder().credential(login()).credential(key("pass")).credential(key("spare").optional()),
        &[
            &["login", "pass"],
            &["pass", "login"],
            &["login", "pass", "spare"],
            &["spare"],
            &["login", "spare"],
            &["!login", "spare"],
            &["login", "pass", "!spare"],
        ],
        &[
            &[],
            &["login"],
            &["pass"],
            &["!login"],
            &["!spare"],
            &["!login", "!pass", "!spare"],
            &["login", "!pass"],
        ],
    );
}

#[test]
fn when_all_are_optional_one_must_be_there() {
    check(
        builder().credential(login().optional()).credential(key("pass").optional()),
        &[&["login"], &["pass"], &["!login", "pass"]],
        &[&[], &["!login"], &["!login", "!pass"]],
    );
}

#[test]
fn a_combination_needs_all_its_members_but_the_optional_ones() {
    check(
        builder()
            .credential(login())
            .credential(key("pass"))
            .credential(key("spare").optional())
            .allow_credentials(["login", "spare"])
            .allow_credentials(["pass"]),
        &[
            &["login"],
            &["login", "spare"],
            &["login", "!spare"],
            &["pass"],
            &["pass", "!login"],
            &["spare", "pass"],
        ],
        &[&["spare"], &["!login", "spare"], &["!pass"], &[]],
    );
}

#[test]
fn a_combination_of_optional_ones_needs_one_of_them() {
    check(
        builder()
            .credential(login())
            .credential(key("pass").optional())
            .credential(key("spare").optional())
            .allow_credentials(["pass", "spare"]),
        &[&["pass"], &["spare"], &["pass", "spare"], &["!pass", "spare"]],
        &[&["login"], &["!pass"], &["!pass", "!spare"]],
    );
}

#[test]
fn an_unknown_id_is_refused_whatever_else_is_there() {
    check(
        builder().credential(login()),
        &[&["login"]],
        &[&["nope"], &["login", "nope"], &["Login"], &["login", ""]],
    );
}

#[test]
fn every_item_needs_an_id() {
    let acme =
        builder().credential(login()).capability(marker::ValidateCredentials, validate).build().unwrap();
    let basic = json!({"username": "u", "password": "p"});
    for second in [
        json!({}),
        json!({"id": null}),
        json!({"id": ""}),
        json!({"id": 5}),
        json!(null),
        json!({"basic": basic}),
    ] {
        let request = json!({"request": {}, "credentials": [item("login"), second]});
        let refusal = refusal(&acme, "validate_credentials", &request.to_string());
        assert!(refusal.contains("credentials[1]"), "{second}: {refusal}");
    }
    for list in [json!({}), json!("login"), json!({"login": basic})] {
        refusal(&acme, "validate_credentials", &json!({"request": {}, "credentials": list}).to_string());
    }
}

#[test]
fn an_incomplete_duplicate_is_repaired_by_a_complete_one() {
    check(
        builder().credential(login()).credential(key("pass").optional()),
        &[&["!login", "login"], &["login", "!login"], &["login", "login"], &["!login", "!login", "login"]],
        &[&["!login", "!login"]],
    );
}

#[test]
fn a_credential_of_another_type_does_not_count() {
    let acme =
        builder().credential(login()).capability(marker::ValidateCredentials, validate).build().unwrap();
    let wrong = json!({"request": {}, "credentials": [{"id": "login", "token": {"token": "t"}}]});
    let refusal = refusal(&acme, "validate_credentials", &wrong.to_string());
    assert_eq!(refusal, "Missing 'basic' credential in request");
    let both = json!({"id": "login", "token": {"token": "t"}, "basic": {"username": "u", "password": "p"}, "kerberos": {}});
    let both = json!({"request": {}, "credentials": [both]});
    assert_eq!(answer(&acme, "validate_credentials", &both.to_string())["response"]["valid"], true);
}

#[test]
fn an_empty_credential_is_complete_by_its_id_alone() {
    let ambient = CredentialConfig::<EmptyCredential>::new("ambient", "Where the connector runs.");
    check(
        builder()
            .credential(ambient)
            .credential(login())
            .allow_credentials(["ambient"])
            .allow_credentials(["login"]),
        &[&["!ambient"], &["login"], &["!ambient", "!login"]],
        &[&["!login"], &[]],
    );
}

#[test]
fn the_missing_types_of_the_first_closest_combination_are_named() {
    let consent = CredentialConfig::<OAuthCredential>::new("consent", "Consent.");
    let acme = builder()
        .credential(consent)
        .credential(login())
        .credential(key("pass"))
        .allow_credentials(["consent"])
        .allow_credentials(["login", "pass"])
        .capability(marker::ValidateCredentials, validate)
        .build()
        .unwrap();
    let refusal = |items: &[&str]| refusal(&acme, "validate_credentials", &request(items));
    assert_eq!(refusal(&["!pass"]), "Missing 'oauth' credential in request");
    assert_eq!(refusal(&["login"]), "Missing 'oauth' credential in request");

    let acme = builder().credential(login()).credential(key("pass"));
    let acme = acme.capability(marker::ValidateCredentials, validate).build().unwrap();
    assert_eq!(
        crate::acme::refusal(&acme, "validate_credentials", &request(&["!login"])),
        "Missing 'basic', 'token' credential in request"
    );
}
