//! The single credential of a connector, and when none is asked for (contract §4).

use lumos_connector_core::Integration;
use lumos_connector_core::auth::CredentialModel;
use lumos_connector_types::capability::marker;
use lumos_connector_types::payload::*;
use lumos_connector_types::schema::{self, Refs};
use serde_json::{Value, json};

use crate::acme::{answer, builder, refusal, validate};

fn with<T: CredentialModel>() -> Integration {
    builder().auth::<T>().capability(marker::ValidateCredentials, validate).build().unwrap()
}

fn request(parts: &Value) -> String {
    let mut request = json!({"request": {}});
    for (name, value) in parts.as_object().expect("parts of a request") {
        request[name] = value.clone();
    }
    request.to_string()
}

fn check(acme: &Integration, accepted: &[Value], refused: &[Value]) {
    for parts in accepted {
        let answer = answer(acme, "validate_credentials", &request(parts));
        assert_eq!(answer["response"]["valid"], true, "{parts}: {answer}");
    }
    for parts in refused {
        refusal(acme, "validate_credentials", &request(parts));
    }
}

fn basic() -> Value {
    json!({"username": "u", "password": "p"})
}

#[test]
fn the_declared_credential_must_be_there() {
    check(
        &with::<BasicCredential>(),
        &[
            json!({"auth": {"basic": basic()}}),
            json!({"auth": {"basic": {"username": "", "password": ""}}}),
            json!({"auth": {"basic": basic(), "token": {"token": "t"}, "kerberos": {}, "id": "any"}}),
            json!({"auth": {"basic": basic()}, "credentials": null}),
        ],
        &[
            json!({}),
            json!({"auth": null}),
            json!({"auth": {}}),
            json!({"auth": {"basic": null}}),
            json!({"auth": {"token": {"token": "t"}}}),
            json!({"auth": {"empty": {}}}),
        ],
    );
}

#[test]
fn a_malformed_credential_is_an_invalid_request() {
    let acme = with::<BasicCredential>();
    for auth in [
        json!(false),
        json!("basic"),
        json!([]),
        json!({"basic": ["u", "p"]}),
        json!({"basic": {"username": "u"}}),
        json!({"basic": {"username": 1, "password": "p"}}),
        json!({"basic": basic(), "token": {}}),
    ] {
        let refusal = refusal(&acme, "validate_credentials", &request(&json!({"auth": auth})));
        assert!(refusal.starts_with("Invalid request: auth"), "{refusal}");
    }
}

#[test]
fn both_ways_of_bringing_credentials_exclude_each_other() {
    let item = json!({"id": "x", "basic": basic()});
    for acme in [with::<BasicCredential>(), several()] {
        check(
            &acme,
            &[],
            &[
                json!({"auth": {"basic": basic()}, "credentials": [item]}),
                json!({"auth": {"basic": basic()}, "credentials": []}),
                json!({"auth": {}, "credentials": []}),
                json!({"auth": null, "credentials": null}),
            ],
        );
    }
}

#[test]
fn a_connector_with_a_single_credential_refuses_a_list() {
    let acme = with::<BasicCredential>();
    check(&acme, &[], &[json!({"credentials": []})]);
    let list = json!({"credentials": [{"id": "basic", "basic": basic()}]});
    assert_eq!(
        refusal(&acme, "validate_credentials", &request(&list)),
        "Credential with id 'basic' not expected"
    );
}

#[test]
fn every_type_of_credential_is_found_under_its_own_name() {
    fn check_model<T: CredentialModel>() {
        let acme = with::<T>();
        let credential = full_credential();
        let mut only = json!({});
        only[T::MODEL.as_str()] = credential[T::MODEL.as_str()].clone();
        let mut others = credential.clone();
        others.as_object_mut().unwrap().shift_remove(T::MODEL.as_str());
        check(&acme, &[json!({"auth": only}), json!({"auth": credential})], &[json!({"auth": others})]);
    }
    check_model::<OAuthCredential>();
    check_model::<OAuthClientCredential>();
    check_model::<OAuth1Credential>();
    check_model::<BasicCredential>();
    check_model::<TokenCredential>();
    check_model::<JWTCredential>();
    check_model::<ServiceAccountCredential>();
    check_model::<KeyPairCredential>();
}

#[test]
fn the_empty_credential_is_always_complete_but_auth_must_be_there() {
    check(
        &with::<EmptyCredential>(),
        &[json!({"auth": {}}), json!({"auth": {"empty": {}}}), json!({"auth": {"basic": basic()}})],
        &[json!({}), json!({"auth": null})],
    );
}

fn several() -> Integration {
    use lumos_connector_core::auth::CredentialConfig;
    builder()
        .credential(CredentialConfig::<BasicCredential>::new("login", "A login."))
        .capability(marker::ValidateCredentials, validate)
        .build()
        .unwrap()
}

#[test]
fn a_connector_without_a_single_credential_accepts_any_well_formed_auth() {
    let accepted =
        [json!({"auth": {}}), json!({"auth": {"basic": basic()}}), json!({"auth": {"id": "login"}})];
    let refused = [json!({}), json!({"auth": null}), json!({"auth": {"basic": {}}})];
    check(&several(), &accepted, &refused);
    let without = builder().capability(marker::ValidateCredentials, validate).build().unwrap();
    check(&without, &accepted, &refused);
}

#[test]
fn nothing_is_checked_when_the_connector_says_so() {
    let open = builder().auth::<BasicCredential>().requires_authentication(false);
    let open = open.capability(marker::ValidateCredentials, validate).build().unwrap();
    check(
        &open,
        &[
            json!({}),
            json!({"auth": {}}),
            json!({"auth": {"token": {"token": "t"}}}),
            json!({"credentials": []}),
            json!({"credentials": [{"id": "whatever"}]}),
            json!({"auth": {}, "credentials": [{}]}),
        ],
        &[json!({"auth": {"basic": {}}}), json!({"credentials": [{"id": 5}]}), json!({"credentials": {}})],
    );
}

#[test]
fn a_refusal_never_repeats_a_secret() {
    let acme = with::<TokenCredential>();
    for parts in [
        json!({"auth": {"basic": {"username": "u", "password": "hunter2"}}}),
        json!({"auth": {"token": {"token": ["hunter2"]}}}),
        json!({"auth": "hunter2"}),
        json!({"auth": {"basic": {"username": "u", "password": {"a": "hunter2"}}}}),
    ] {
        assert!(!refusal(&acme, "validate_credentials", &request(&parts)).contains("hunter2"), "{parts}");
    }
}

/// A credential with a value for every type, made from the schema.
fn full_credential() -> Value {
    fn sample(schema: &Value, root: &Value) -> Value {
        let schema = &schema["anyOf"].get(0).unwrap_or(schema);
        let target =
            schema["$ref"].as_str().map(|target| &root["$defs"][target.trim_start_matches("#/$defs/")]);
        let schema = target.unwrap_or(schema);
        match (schema.get("enum"), schema["properties"].as_object(), schema["type"].as_str()) {
            (Some(values), ..) => values[0].clone(),
            (_, Some(properties), _) => {
                properties.iter().map(|(name, property)| (name.clone(), sample(property, root))).collect()
            }
            (.., Some("array")) => json!([]),
            (.., Some("object")) => json!({}),
            (.., Some("integer")) => json!(1),
            _ => json!("text"),
        }
    }
    let schema = Value::Object(schema::of::<AuthCredential>(Refs::Defs));
    sample(&schema, &schema)
}
