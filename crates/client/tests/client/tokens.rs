//! Tokens are signed as others sign them.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lumos_connector_client::jwt::{self, Algorithm, SigningKey};
use lumos_connector_types::auth::{JWTCredential, JWTHeaders, KeyPairCredential};
use lumos_connector_types::error::ConnectorErrorCode;
use lumos_connector_types::secret::Secret;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::{Value, json};

const SHARED: &str = "a shared secret of 32 bytes ....";
const RSA: &str = include_str!("../keys/rsa.pkcs8.pem");
const RSA_PKCS1: &str = include_str!("../keys/rsa.pkcs1.pem");
const RSA_JWK: &str = include_str!("../keys/rsa.jwk.json");
const P256: &str = include_str!("../keys/p256.pem");
const P384: &str = include_str!("../keys/p384.pem");
const ED25519: &str = include_str!("../keys/ed25519.pem");

fn key_for(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => SHARED,
        Algorithm::Es256 => P256,
        Algorithm::Es384 => P384,
        Algorithm::EdDsa => ED25519,
        _ => RSA,
    }
}

fn signed(algorithm: Algorithm, key: &str) -> Secret {
    let header = json!({"alg": algorithm.as_str(), "typ": "JWT", "kid": "k1"});
    let claims = json!({"iss": "acme", "exp": 1_800_000_000});
    SigningKey::new(algorithm, &key.into()).unwrap().sign(&header, &claims).unwrap()
}

fn refusal(algorithm: Algorithm, key: &str) -> String {
    let error = SigningKey::new(algorithm, &key.into()).unwrap_err();
    assert_eq!(error.code(), ConnectorErrorCode::InvalidValue);
    assert!(key.len() < 20 || !error.message().contains(key), "{}", error.message());
    error.message()
}

#[test]
fn tokens_are_those_of_another_implementation() {
    let others: HashMap<String, String> = serde_json::from_str(include_str!("../keys/tokens.json")).unwrap();
    assert_eq!(others.len(), 7, "HMAC, RSA PKCS #1 and Ed25519, whose signatures are always the same");
    for (name, token) in others {
        let algorithm = Algorithm::named(&name).unwrap();
        assert_eq!(signed(algorithm, key_for(algorithm)).expose(), token, "{name}");
    }
}

#[test]
fn signatures_that_are_never_the_same_can_be_verified() {
    let rsa = include_bytes!("../keys/rsa.public.der").as_slice();
    let keys: [(Algorithm, &'static dyn VerificationAlgorithm, &[u8]); 5] = [
        (Algorithm::Ps256, &RSA_PSS_2048_8192_SHA256, rsa),
        (Algorithm::Ps384, &RSA_PSS_2048_8192_SHA384, rsa),
        (Algorithm::Ps512, &RSA_PSS_2048_8192_SHA512, rsa),
        (Algorithm::Es256, &ECDSA_P256_SHA256_FIXED, include_bytes!("../keys/p256.public")),
        (Algorithm::Es384, &ECDSA_P384_SHA384_FIXED, include_bytes!("../keys/p384.public")),
    ];
    for (algorithm, verification, public) in keys {
        let token = signed(algorithm, key_for(algorithm));
        let (message, signature) = token.expose().rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let public = UnparsedPublicKey::new(verification, public);
        assert!(public.verify(message.as_bytes(), &signature).is_ok(), "{algorithm}");
        assert!(public.verify(b"another message", &signature).is_err(), "{algorithm}");
    }
}

#[test]
fn a_private_rsa_key_is_read_in_each_of_its_forms() {
    let expected = signed(Algorithm::Rs256, RSA);
    let on_one_line = RSA.replace('\n', "\\n");
    for key in [RSA_PKCS1, RSA_JWK, &on_one_line] {
        assert_eq!(signed(Algorithm::Rs256, key).expose(), expected.expose());
    }
}

#[test]
fn a_key_of_another_kind_is_refused_with_what_is_expected() {
    for (algorithm, key, expected) in [
        (Algorithm::Hs256, "", "the shared secret is empty"),
        (Algorithm::Rs256, SHARED, "expected a private key in PEM"),
        (Algorithm::Rs256, P256, "the RSA key is not usable"),
        (Algorithm::Rs256, r#"{"kty":"oct"}"#, "expected a JWK of a private RSA key"),
        (Algorithm::Es256, P384, "expected a key on P-256"),
        (Algorithm::Es384, P256, "expected a key on P-384"),
        (Algorithm::Es256, RSA_PKCS1, "expected a key on P-256 in PKCS #8"),
        (Algorithm::EdDsa, P256, "expected an Ed25519 key"),
        (Algorithm::Rs256, "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "ssh-keygen -p -m PKCS8"),
        (Algorithm::Rs256, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n", "encrypted with a passphrase"),
    ] {
        let refusal = refusal(algorithm, key);
        assert!(refusal.contains(expected), "{refusal}");
    }
}

#[test]
fn algorithms_that_sign_nothing_or_cannot_be_had_are_refused_by_name() {
    for name in ["none", "ES512", "ES256K", "", "hs256"] {
        let error = Algorithm::named(name).unwrap_err();
        assert_eq!(error.code(), ConnectorErrorCode::InvalidValue);
        assert!(
            error.message().contains(&format!("{name:?}")) && error.message().contains("RS256"),
            "{}",
            error.message()
        );
    }
}

#[test]
fn the_jwt_credential_signs_with_its_own_algorithm() {
    for algorithm in Algorithm::ALL {
        let headers = JWTHeaders { alg: algorithm.as_str().to_owned(), ..JWTHeaders::default() };
        let secret = key_for(*algorithm).into();
        let credential = JWTCredential { headers, secret, ..JWTCredential::default() };
        let token = jwt::of_credential(&credential, std::time::Duration::from_secs(60)).unwrap();
        let header = URL_SAFE_NO_PAD.decode(token.expose().split('.').next().unwrap()).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&header).unwrap(), json!({"alg": algorithm.as_str()}));
    }
}

#[test]
fn a_key_pair_names_itself_in_the_header() {
    let pair = KeyPairCredential { key_identifier: "k1".to_owned(), private_key: RSA.into() };
    let claims = json!({"iss": "acme", "exp": 1_800_000_000});
    let token = jwt::of_key_pair(&pair, Algorithm::Rs256, &claims).unwrap();
    assert_eq!(token.expose(), signed(Algorithm::Rs256, RSA).expose());
}

#[test]
fn a_key_is_read_as_people_paste_it() {
    for (algorithm, pem) in
        [(Algorithm::Rs256, RSA), (Algorithm::Rs256, RSA_PKCS1), (Algorithm::EdDsa, ED25519)]
    {
        let expected = signed(algorithm, pem);
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        for pasted in [
            pem.replace('\n', "\\n"),
            pem.replace('\n', "\\r\\n"),
            format!("\"{}\"", pem.replace('\n', "\\n")),
            format!("'{pem}'"),
            format!("\"{pem}\"\n"),
            pem.replace('\n', "\r\n"),
            pem.replace('\n', "\r"),
            pem.replace('\n', " "),
            pem.replace('\n', "\n    "),
            format!("\t{}", pem.replace('\n', "\n\t")),
            format!("\u{feff}{pem}"),
            pem.trim_end().to_owned(),
            format!("Bag Attributes\n  friendlyName: acme\n{pem}"),
            format!("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n{pem}"),
            body,
        ] {
            assert_eq!(signed(algorithm, &pasted).expose(), expected.expose(), "{}", &pasted[..60]);
        }
    }
    let jwk = format!("\u{feff} {RSA_JWK}");
    assert_eq!(signed(Algorithm::Rs256, &jwk).expose(), signed(Algorithm::Rs256, RSA_JWK).expose());
    for (key, problem) in [
        ("-----BEGIN PRIVATE KEY-----\nhunter2", "expected a private key in PEM"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----", "expected a private key in PEM"),
        ("hunter2hunter2hunter2", "expected a private key in PEM"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "expected a private key in PEM"),
    ] {
        assert!(refusal(Algorithm::Rs256, key).ends_with(problem), "{}", refusal(Algorithm::Rs256, key));
    }
}
