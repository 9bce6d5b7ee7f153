//! Credentials do not show their secrets when they are printed.

use std::fmt::Debug;

use lumos_connector_types::envelope::{OpenRequestEnvelope, RequestEnvelope};
use lumos_connector_types::json::Document;
use lumos_connector_types::payload::*;
use lumos_connector_types::schema::{self, Refs};
use lumos_connector_types::secret::{REDACTED, Secret};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::samples::Root;

const PLANTED: &str = "hunter2-planted";

/// A value whose secrets are all planted, as it is printed.
fn printed<T: DeserializeOwned + Serialize + Debug + JsonSchema>() -> (String, String) {
    let schema = schema::of::<T>(Refs::Defs);
    let mut value = Root(&schema).full();
    plant(&mut value, &Value::Object(schema.clone()), Root(&schema));
    let value: T = Document::parse(&value.to_string()).unwrap().read().unwrap();
    (format!("{value:?}\n{value:#?}"), serde_json::to_string(&value).unwrap())
}

/// Fields that hold a secret though no form shows them as one.
const UNMARKED: [&str; 6] =
    ["secret", "client_secret", "access_token", "refresh_token", "code_verifier", "redirect_uri_with_code"];

/// Plants a secret wherever the contract has one.
fn plant(value: &mut Value, schema: &Value, root: Root<'_>) {
    let schema = root.resolve(schema);
    if let (Some(items), Some(inner)) = (value.as_array_mut(), schema.get("items")) {
        items.iter_mut().for_each(|item| plant(item, inner, root));
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let is_secret = property["x-secret"] == true || UNMARKED.contains(&name.as_str());
        if is_secret {
            value[name] =
                if value[name].is_object() { json!({"private_key": PLANTED}) } else { json!(PLANTED) };
        } else {
            plant(&mut value[name], property, root);
        }
    }
}

fn check<T: DeserializeOwned + Serialize + Debug + JsonSchema>() {
    let name = std::any::type_name::<T>();
    let (printed, written) = printed::<T>();
    assert!(written.contains(PLANTED), "{name} has no secret to hide");
    assert!(!printed.contains("planted"), "{name}: {printed}");
    assert!(printed.contains(REDACTED), "{name}: {printed}");
}

#[test]
fn credentials_print_none_of_their_secrets() {
    check::<OAuthCredential>();
    check::<OAuthClientCredential>();
    check::<OAuth1Credential>();
    check::<BasicCredential>();
    check::<TokenCredential>();
    check::<JWTCredential>();
    check::<ServiceAccountCredential>();
    check::<KeyPairCredential>();
    check::<AuthCredential>();
}

#[test]
fn the_models_of_forms_print_none_of_their_secrets() {
    check::<OAuthAuthentication>();
    check::<OAuthAuthorization>();
    check::<OAuthClientCredentialAuthentication>();
    check::<OAuthClientCredentialAuthorization>();
    check::<BasicAuthentication>();
    check::<TokenAuthentication>();
}

#[test]
fn envelopes_print_no_credentials() {
    check::<RequestEnvelope<ListAccounts>>();
    check::<RequestEnvelope<GetConnectedInfo>>();
}

#[test]
fn tokens_of_the_oauth_steps_are_not_printed() {
    check::<OauthCredentials>();
    check::<AuthorizationUrl>();
    check::<HandleAuthorizationCallback>();
    check::<HandleClientCredentials>();
    check::<RefreshAccessToken>();
    check::<OpenRequestEnvelope<RefreshAccessToken>>();
    check::<OpenRequestEnvelope<ValidateCredentialConfig>>();
}

#[test]
fn a_secret_is_written_in_full_and_read_as_text() {
    let secret: Secret = Document::parse("\"hunter2\"").unwrap().read().unwrap();
    assert_eq!(secret.expose(), "hunter2");
    assert_eq!(serde_json::to_string(&secret).unwrap(), "\"hunter2\"");
    assert!(Document::parse("5").unwrap().read_lax::<Secret>().is_err());
    assert!(Secret::default().is_empty());
    assert!(!Secret::from(String::from("x")).is_empty());
}

#[test]
fn no_fragment_of_a_secret_shows_in_an_error() {
    let text = format!(r#"{{"username": "{PLANTED}", "password": {{"a": "{PLANTED}"}}}}"#);
    let error = Document::parse(&text).unwrap().read::<BasicCredential>().expect_err("a password is a text");
    assert!(!format!("{error} {error:?}").contains("planted"), "{error:?}");
}
