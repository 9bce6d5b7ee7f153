//! Keys that sign tokens.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_types::secret::Secret;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
    RsaEncoding, RsaKeyPair,
};
use ring::{hmac, rsa};
use rustls::pki_types::PrivateKeyDer;
use serde::{Deserialize, Serialize};

use super::algorithm::Algorithm;

/// A key, ready to sign tokens with one algorithm.
///
/// ```
/// use lumos_connector_client::jwt::{Algorithm, SigningKey};
/// # fn main() { example().unwrap() }
/// # fn example() -> lumos_connector_core::error::Result<()> {
/// let key = SigningKey::new(Algorithm::Hs256, &"a shared secret of 32 bytes ....".into())?;
/// let token = key.sign(
///     &serde_json::json!({"alg": "HS256", "typ": "JWT", "kid": "main"}),
///     &serde_json::json!({"iss": "acme", "exp": 1_800_000_000}),
/// )?;
/// assert_eq!(token.expose().split('.').count(), 3);
/// # Ok(())
/// # }
/// ```
pub struct SigningKey {
    algorithm: Algorithm,
    material: Material,
}

enum Material {
    Hmac(hmac::Key),
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    Ecdsa(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl SigningKey {
    /// A key for an algorithm: the shared secret itself, or a private key in PEM (PKCS #8, for RSA also PKCS #1), or
    /// an RSA key as a JWK.
    ///
    /// A PEM key is read as people paste it: with `\n` written out, in quotes, indented, in one line, with a byte-order mark
    /// or without its BEGIN and END lines.
    ///
    /// # Errors
    /// `invalid_value` when the key is not one for the algorithm. The message says what is expected, never what was
    /// given.
    pub fn new(algorithm: Algorithm, key: &Secret) -> Result<Self> {
        let key = key.expose();
        let material = match algorithm {
            Algorithm::Hs256 => shared(hmac::HMAC_SHA256, key)?,
            Algorithm::Hs384 => shared(hmac::HMAC_SHA384, key)?,
            Algorithm::Hs512 => shared(hmac::HMAC_SHA512, key)?,
            Algorithm::Rs256 => Material::Rsa(Box::new(rsa_key(key)?), &RSA_PKCS1_SHA256),
            Algorithm::Rs384 => Material::Rsa(Box::new(rsa_key(key)?), &RSA_PKCS1_SHA384),
            Algorithm::Rs512 => Material::Rsa(Box::new(rsa_key(key)?), &RSA_PKCS1_SHA512),
            Algorithm::Ps256 => Material::Rsa(Box::new(rsa_key(key)?), &RSA_PSS_SHA256),
            Algorithm::Ps384 => Material::Rsa(Box::new(rsa_key(key)?), &RSA_PSS_SHA384),
            Algorithm::Ps512 => Material::Rsa(Box::new(rsa_key(key)?), &RSA_PSS_SHA512),
            Algorithm::Es256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256", key)?,
            Algorithm::Es384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384", key)?,
            Algorithm::EdDsa => ed25519(key)?,
        };
        Ok(Self { algorithm, material })
    }

    /// The algorithm that the key is for; the header's `alg` must name it.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The token with a header and claims, in compact form (RFC 7515 §7.1).
    ///
    /// # Errors
    /// `internal_error` when header or claims cannot be serialised.
    pub fn sign(&self, header: &impl Serialize, claims: &impl Serialize) -> Result<Secret> {
        let unsigned = format!("{}.{}", part(header)?, part(claims)?);
        let signature = self.signature(unsigned.as_bytes())?;
        Ok(format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>> {
        let random = SystemRandom::new();
        let refused = |_| ConnectorError::internal("The token could not be signed");
        match &self.material {
            Material::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Material::Rsa(key, padding) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(*padding, &random, message, &mut signature).map_err(refused)?;
                Ok(signature)
            }
            Material::Ecdsa(key) => Ok(key.sign(&random, message).map_err(refused)?.as_ref().to_vec()),
            Material::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
        }
    }
}

fn part(value: &impl Serialize) -> Result<String> {
    let json = serde_json::to_vec(value)
        .map_err(|error| ConnectorError::internal(format!("The token cannot be serialised: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

fn shared(algorithm: hmac::Algorithm, key: &str) -> Result<Material> {
    if key.is_empty() {
        return Err(refusal("the shared secret is empty"));
    }
    Ok(Material::Hmac(hmac::Key::new(algorithm, key.as_bytes())))
}

fn rsa_key(key: &str) -> Result<RsaKeyPair> {
    let key = key.trim_start_matches('\u{feff}').trim();
    if key.starts_with('{') {
        return rsa_jwk(key);
    }
    let refused =
        |rejected: ring::error::KeyRejected| refusal(format!("the RSA key is not usable: {rejected}"));
    match pem(key)? {
        PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der())
            // A body alone does not say which of the two it is.
            .or_else(|rejected| RsaKeyPair::from_der(key.secret_pkcs8_der()).map_err(|_| rejected))
            .map_err(refused),
        PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()).map_err(refused),
        _ => Err(refusal("expected an RSA key")),
    }
}

/// A private RSA key as a JWK (RFC 7518 §6.3), every number in base64url.
#[derive(Deserialize)]
struct RsaJwk {
    n: String,
    e: String,
    d: String,
    p: String,
    q: String,
    dp: String,
    dq: String,
    qi: String,
}

fn rsa_jwk(key: &str) -> Result<RsaKeyPair> {
    let jwk: RsaJwk = serde_json::from_str(key)
        .map_err(|_| refusal("expected a JWK of a private RSA key, with n, e, d, p, q, dp, dq and qi"))?;
    let number = |text: &str| {
        URL_SAFE_NO_PAD
            .decode(text.trim_end_matches('='))
            .map_err(|_| refusal("a number of the JWK is not base64url"))
    };
    let (n, e, d) = (number(&jwk.n)?, number(&jwk.e)?, number(&jwk.d)?);
    let (p, q, dp, dq, qi) =
        (number(&jwk.p)?, number(&jwk.q)?, number(&jwk.dp)?, number(&jwk.dq)?, number(&jwk.qi)?);
    let components = rsa::KeyPairComponents {
        public_key: rsa::PublicKeyComponents { n: &n, e: &e },
        d: &d,
        p: &p,
        q: &q,
        dP: &dp,
        dQ: &dq,
        qInv: &qi,
    };
    RsaKeyPair::from_components(&components)
        .map_err(|rejected| refusal(format!("the RSA key is not usable: {rejected}")))
}

fn ecdsa(
    algorithm: &'static ring::signature::EcdsaSigningAlgorithm,
    curve: &str,
    key: &str,
) -> Result<Material> {
    let PrivateKeyDer::Pkcs8(key) = pem(key)? else {
        return Err(refusal(format!(
            "expected a key on {curve} in PKCS #8; `openssl pkcs8 -topk8 -nocrypt` converts other formats"
        )));
    };
    EcdsaKeyPair::from_pkcs8(algorithm, key.secret_pkcs8_der(), &SystemRandom::new())
        .map(|key| Material::Ecdsa(Box::new(key)))
        .map_err(|rejected| refusal(format!("expected a key on {curve}: {rejected}")))
}

fn ed25519(key: &str) -> Result<Material> {
    let PrivateKeyDer::Pkcs8(key) = pem(key)? else {
        return Err(refusal("expected an Ed25519 key in PKCS #8"));
    };
    // OpenSSL writes the private half alone.
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der())
        .map(|key| Material::Ed25519(Box::new(key)))
        .map_err(|rejected| refusal(format!("expected an Ed25519 key: {rejected}")))
}

/// A private key in PEM, as people paste it: from JSON or YAML with `\n` written out, in quotes, indented, in one line, with
/// a byte-order mark, with any line ends. The body alone, in base64, is taken for PKCS #8.
fn pem(key: &str) -> Result<PrivateKeyDer<'static>> {
    if key.contains("BEGIN OPENSSH PRIVATE KEY") {
        return Err(refusal(
            "it is in OpenSSH's own format; `ssh-keygen -p -m PKCS8` converts it to PKCS #8",
        ));
    }
    if key.contains("BEGIN ENCRYPTED PRIVATE KEY") || key.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(refusal("it is encrypted with a passphrase"));
    }
    let expected = || refusal("expected a private key in PEM");
    let Some((label, body)) = block(key) else {
        let der = body_bytes(key.trim_start_matches('\u{feff}')).filter(|der| der.len() >= MIN_DER_BYTES);
        return der.map(|der| PrivateKeyDer::Pkcs8(der.into())).ok_or_else(expected);
    };
    let der = body_bytes(body).filter(|der| !der.is_empty()).ok_or_else(expected)?;
    match label {
        "PRIVATE KEY" => Ok(PrivateKeyDer::Pkcs8(der.into())),
        "RSA PRIVATE KEY" => Ok(PrivateKeyDer::Pkcs1(der.into())),
        "EC PRIVATE KEY" => Ok(PrivateKeyDer::Sec1(der.into())),
        _ => Err(expected()),
    }
}

/// Fewer bytes are not a private key: of Ed25519 it has 48.
const MIN_DER_BYTES: usize = 40;

/// The label and the body of the first private key in a text; certificates and parameters may stand before it.
fn block(text: &str) -> Option<(&str, &str)> {
    let mut rest = text;
    while let Some((_, begun)) = rest.split_once("-----BEGIN ") {
        let (label, after) = begun.split_once("-----")?;
        let (body, end) = after.split_once("-----END ")?;
        if label.ends_with("PRIVATE KEY") {
            return end
                .strip_prefix(label)
                .is_some_and(|end| end.starts_with("-----"))
                .then_some((label, body));
        }
        rest = end;
    }
    None
}

/// Base64 with anything between its letters that pasting puts there.
fn body_bytes(body: &str) -> Option<Vec<u8>> {
    let body = body.replace("\\r", "").replace("\\n", "").replace("\\t", "");
    let letters: String =
        body.chars().filter(|letter| !letter.is_whitespace() && !"\"'\\,".contains(*letter)).collect();
    STANDARD.decode(letters).ok()
}

fn refusal(problem: impl fmt::Display) -> ConnectorError {
    ConnectorError::invalid_configuration(format!("The key cannot sign tokens: {problem}"))
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
