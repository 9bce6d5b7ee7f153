//! Tokens of the credentials that sign their own.

use std::time::{Duration, SystemTime};

use lumos_connector_core::error::Result;
use lumos_connector_types::auth::{JWTClaims, JWTCredential, JWTHeaders, KeyPairCredential};
use lumos_connector_types::secret::Secret;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::algorithm::Algorithm;
use super::key::SigningKey;

/// The token of the `jwt` credential, valid for a time from now on.
///
/// `iat` and `exp` are written anew: the credential is kept for long, and those that it came with are over. All other
/// claims and headers are the credential's; those that are empty are left out, since `"sub": ""` would name somebody.
/// `jwk` is written as the JSON that it holds, `x5c` as the list of certificates that it holds.
///
/// # Errors
/// `invalid_value` when the algorithm is not known, or the key is not one for it.
///
/// ```
/// use std::time::Duration;
/// use lumos_connector_client::{http::{HttpCall, HttpClient}, jwt};
/// use lumos_connector_core::{Call, error::Result};
///
/// fn client(call: &Call) -> Result<HttpClient> {
///     let token = jwt::of_credential(&call.auth()?, Duration::from_secs(20 * 60))?;
///     call.http().bearer(token).base_url("https://api.acme.test")
/// }
/// ```
pub fn of_credential(credential: &JWTCredential, valid_for: Duration) -> Result<Secret> {
    of_credential_at(credential, SystemTime::now(), valid_for)
}

/// The token of the `jwt` credential as [`of_credential`] makes it, issued at a time other than now.
///
/// For apps that refuse tokens "issued in the future" because their clocks run behind:
/// `SystemTime::now() - Duration::from_secs(30)`. `exp` is counted from that time.
///
/// # Errors
/// As [`of_credential`].
pub fn of_credential_at(
    credential: &JWTCredential,
    issued_at: SystemTime,
    valid_for: Duration,
) -> Result<Secret> {
    at(credential, issued_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(), valid_for)
}

fn at(credential: &JWTCredential, now: Duration, valid_for: Duration) -> Result<Secret> {
    let key = SigningKey::new(Algorithm::named(&credential.headers.alg)?, &credential.secret)?;
    let (issued, expires) = (now.as_secs(), now.saturating_add(valid_for).as_secs());
    key.sign(&header(&credential.headers), &claims(&credential.claims, issued, expires))
}

/// A token with claims of the connector's own, signed with a key pair. Its `kid` is the identifier of the pair.
///
/// # Errors
/// `invalid_value` when the key is not one for the algorithm; `internal_error` when the claims cannot be serialised.
pub fn of_key_pair(
    credential: &KeyPairCredential,
    algorithm: Algorithm,
    claims: &impl Serialize,
) -> Result<Secret> {
    let key = SigningKey::new(algorithm, &credential.private_key)?;
    let header = JWTHeaders {
        alg: algorithm.as_str().to_owned(),
        typ: "JWT".to_owned(),
        kid: credential.key_identifier.clone(),
        ..JWTHeaders::default()
    };
    key.sign(&self::header(&header), claims)
}

fn header(headers: &JWTHeaders) -> Value {
    let JWTHeaders { alg, jku, jwk, typ, kid, x5u, x5c, x5t, x5t_s256, cty, crit } = headers;
    let texts = [
        ("alg", alg),
        ("typ", typ),
        ("kid", kid),
        ("cty", cty),
        ("jku", jku),
        ("x5u", x5u),
        ("x5t", x5t),
        ("x5t#S256", x5t_s256),
    ];
    let mut header = filled(&texts);
    if !jwk.is_empty() {
        let jwk = serde_json::from_str(jwk).unwrap_or_else(|_| json!(jwk));
        header.insert("jwk".to_owned(), jwk);
    }
    if !x5c.is_empty() {
        header.insert("x5c".to_owned(), certificates(x5c).into());
    }
    if !crit.is_empty() {
        header.insert("crit".to_owned(), json!(crit));
    }
    header.into()
}

fn claims(claims: &JWTClaims, issued: u64, expires: u64) -> Value {
    let JWTClaims { iss, sub, aud, exp: _, nbf, iat: _, jti, act, scope, client_id, may_act } = claims;
    let texts = [
        ("iss", iss),
        ("sub", sub),
        ("aud", aud),
        ("jti", jti),
        ("act", act),
        ("client_id", client_id),
        ("may_act", may_act),
    ];
    let mut claims = filled(&texts);
    claims.insert("iat".to_owned(), json!(issued));
    claims.insert("exp".to_owned(), json!(expires));
    if *nbf != 0 {
        claims.insert("nbf".to_owned(), json!(nbf));
    }
    if !scope.is_empty() {
        claims.insert("scope".to_owned(), json!(scope));
    }
    claims.into()
}

fn filled(texts: &[(&str, &String)]) -> Map<String, Value> {
    let filled = texts.iter().filter(|(_, text)| !text.is_empty());
    filled.map(|(name, text)| ((*name).to_owned(), json!(text))).collect()
}

/// The certificates of a chain: a JSON list, PEM, or texts of base64 with anything between them.
fn certificates(chain: &str) -> Vec<String> {
    if let Ok(list) = serde_json::from_str(chain) {
        return list;
    }
    let in_pem = chain.contains("-----BEGIN");
    let between = |letter: char| letter == ',' || letter.is_whitespace();
    if !in_pem {
        return chain.split(between).filter(|text| !text.is_empty()).map(str::to_owned).collect();
    }
    let bodies = chain.split("-----BEGIN CERTIFICATE-----").skip(1);
    let bodies = bodies.filter_map(|rest| rest.split("-----END").next());
    bodies.map(|body| body.split_whitespace().collect()).collect()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    const NOW: Duration = Duration::from_secs(1_700_000_000);

    fn credential() -> JWTCredential {
        JWTCredential {
            headers: JWTHeaders { alg: "HS256".to_owned(), typ: "JWT".to_owned(), ..JWTHeaders::default() },
            claims: JWTClaims { iss: "acme".to_owned(), exp: 5, iat: 4, ..JWTClaims::default() },
            secret: "a shared secret of 32 bytes ....".into(),
        }
    }

    fn parts(token: &Secret) -> (Value, Value) {
        let part = |text: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
        let mut parts = token.expose().split('.').map(str::to_owned);
        (part(&parts.next().unwrap()), part(&parts.next().unwrap()))
    }

    #[test]
    fn empty_claims_and_headers_are_left_out_and_times_are_new() {
        let token = at(&credential(), NOW, Duration::from_secs(1200)).unwrap();
        let (header, claims) = parts(&token);
        assert_eq!(header, json!({"alg": "HS256", "typ": "JWT"}));
        assert_eq!(claims, json!({"iss": "acme", "iat": 1_700_000_000, "exp": 1_700_001_200}));
    }

    #[test]
    fn everything_that_the_credential_gives_is_in_the_token() {
        let text = str::to_owned;
        let full = JWTCredential {
            headers: JWTHeaders {
                jku: text("https://a.test/keys"),
                jwk: text(r#"{"kty":"oct"}"#),
                kid: text("k1"),
                x5u: text("https://a.test/chain"),
                x5c: text("MIIB, MIIC"),
                x5t: text("t1"),
                x5t_s256: text("t256"),
                cty: text("JWT"),
                crit: vec![text("exp")],
                ..credential().headers
            },
            claims: JWTClaims {
                sub: text("s"),
                aud: text("a"),
                nbf: 7,
                jti: text("j"),
                act: text("x"),
                scope: vec![text("r"), text("w")],
                client_id: text("c"),
                may_act: text("m"),
                ..credential().claims
            },
            ..credential()
        };
        let (header, claims) = parts(&at(&full, NOW, Duration::ZERO).unwrap());
        let expected = json!({
            "alg": "HS256", "typ": "JWT", "kid": "k1", "cty": "JWT", "jku": "https://a.test/keys",
            "x5u": "https://a.test/chain", "x5t": "t1", "x5t#S256": "t256", "jwk": {"kty": "oct"},
            "x5c": ["MIIB", "MIIC"], "crit": ["exp"],
        });
        assert_eq!(header, expected);
        let expected = json!({
            "iss": "acme", "sub": "s", "aud": "a", "jti": "j", "act": "x", "client_id": "c", "may_act": "m",
            "iat": 1_700_000_000, "exp": 1_700_000_000, "nbf": 7, "scope": ["r", "w"],
        });
        assert_eq!(claims, expected);
    }

    #[test]
    fn a_chain_of_certificates_is_read_from_a_list_from_pem_and_from_plain_text() {
        let pem = "-----BEGIN CERTIFICATE-----\nAB\nCD\n-----END CERTIFICATE-----\n\
                   -----BEGIN CERTIFICATE-----\nEF\n-----END CERTIFICATE-----\n";
        for chain in [r#"["ABCD","EF"]"#, "ABCD EF", "ABCD,\nEF", pem] {
            assert_eq!(certificates(chain), ["ABCD", "EF"], "{chain}");
        }
    }
}
