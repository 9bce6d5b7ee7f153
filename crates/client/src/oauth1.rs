//! Signing requests with OAuth 1.0 (RFC 5849).

use std::fmt;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lumos_connector_core::Auth;
use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_types::auth::OAuth1Credential;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request, Url};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac};

use crate::http::Authorize;

/// All but the unreserved characters (RFC 5849 §3.6).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Bytes of randomness in a nonce.
const NONCE_BYTES: usize = 16;

/// A login that signs every request with the `oauth1` credential.
///
/// Parameters of the address and of form bodies are part of the signature. Other bodies of `POST`, `PUT` and `PATCH` are
/// bound to it by `oauth_body_hash`, an extension that most apps know; [`without_body_hash`](Self::without_body_hash) is
/// for those that do not.
///
/// ```
/// use lumos_connector_client::{http::{HttpCall, HttpClient}, oauth1::OAuth1Login};
/// use lumos_connector_core::{Call, FromCall, error::Result};
/// use lumos_connector_types::payload::OAuth1Credential;
///
/// struct AcmeClient { http: HttpClient }
///
/// impl FromCall for AcmeClient {
///     async fn from_call(call: &Call) -> Result<Self> {
///         let login = OAuth1Login::new(call.auth::<OAuth1Credential>()?).realm("1234567_SB1");
///         Ok(AcmeClient { http: call.http().authorize_with(login).base_url("https://rest.acme.test")? })
///     }
/// }
/// ```
#[derive(Debug, Clone)]
#[must_use = "it signs the requests of a client that is given it with `authorize_with()`"]
pub struct OAuth1Login {
    credential: OAuth1Credential,
    realm: Option<String>,
    method: SignatureMethod,
    body_hash: bool,
}

/// How requests are signed (RFC 5849 §3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureMethod {
    /// HMAC with SHA-1, which is what the RFC defines and older apps know.
    HmacSha1,
    /// HMAC with SHA-256.
    HmacSha256,
}

impl OAuth1Login {
    /// A login that signs with HMAC-SHA256.
    pub fn new(credential: impl Into<OAuth1Login>) -> Self {
        credential.into()
    }

    /// Sets the realm, by which some apps name their tenants. It is not part of the signature.
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = Some(realm.into());
        self
    }

    /// Sets the signature method; HMAC-SHA256 by default.
    pub fn method(mut self, method: SignatureMethod) -> Self {
        self.method = method;
        self
    }

    /// Leaves out `oauth_body_hash`.
    pub fn without_body_hash(mut self) -> Self {
        self.body_hash = false;
        self
    }

    /// The value of the `Authorization` header for a request.
    fn header(&self, request: &Request, nonce: &str, timestamp: u64) -> String {
        let timestamp = timestamp.to_string();
        let mut oauth = vec![
            ("oauth_consumer_key", self.credential.consumer_key.as_str()),
            ("oauth_token", self.credential.token_id.as_str()),
            ("oauth_nonce", nonce),
            ("oauth_timestamp", &timestamp),
            ("oauth_signature_method", self.method.name()),
            ("oauth_version", "1.0"),
        ];
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        let form = is_form(request).then_some(body);
        let hash = (self.body_hash && form.is_none() && has_body(request.method()))
            .then(|| STANDARD.encode(digest::digest(self.method.digest(), body)));
        oauth.extend(hash.as_deref().map(|hash| ("oauth_body_hash", hash)));

        let base = base_string(request.method(), request.url(), form.unwrap_or_default(), &oauth);
        let signature = self.method.sign(&self.credential, &base);
        oauth.push(("oauth_signature", &signature));

        let realm = self.realm.as_deref().map(|realm| ("realm", realm));
        let parameters = realm.into_iter().chain(oauth);
        let parameters = parameters.map(|(name, value)| format!("{name}=\"{}\"", escape(value)));
        format!("OAuth {}", parameters.collect::<Vec<_>>().join(","))
    }
}

impl From<OAuth1Credential> for OAuth1Login {
    fn from(credential: OAuth1Credential) -> Self {
        Self { credential, realm: None, method: SignatureMethod::HmacSha256, body_hash: true }
    }
}

impl From<Auth<OAuth1Credential>> for OAuth1Login {
    fn from(credential: Auth<OAuth1Credential>) -> Self {
        credential.0.into()
    }
}

impl Authorize for OAuth1Login {
    fn authorize(&self, request: &mut Request) -> Result<()> {
        let timestamp =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let header = self.header(request, &nonce()?, timestamp);
        let mut header = HeaderValue::from_str(&header).map_err(|_| {
            ConnectorError::internal("The OAuth 1.0 signature contains characters that a header cannot carry")
        })?;
        header.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, header);
        Ok(())
    }
}

impl SignatureMethod {
    fn name(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::HmacSha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::HmacSha256 => &digest::SHA256,
        }
    }

    /// The signature of a base string, in base64 (RFC 5849 §3.4.2).
    fn sign(self, credential: &OAuth1Credential, base: &str) -> String {
        let algorithm = match self {
            Self::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::HmacSha256 => hmac::HMAC_SHA256,
        };
        let secrets = [&credential.consumer_secret, &credential.token_secret];
        let key = secrets.map(|secret| escape(secret.expose())).join("&");
        STANDARD.encode(hmac::sign(&hmac::Key::new(algorithm, key.as_bytes()), base.as_bytes()))
    }
}

/// What is signed (RFC 5849 §3.4.1).
fn base_string(method: &Method, url: &Url, form: &[u8], oauth: &[(&str, &str)]) -> String {
    let query = url.query().unwrap_or_default().as_bytes();
    let given = form_urlencoded::parse(query).chain(form_urlencoded::parse(form));
    let given = given.map(|(name, value)| (escape(&name), escape(&value)));
    let mut parameters: Vec<_> =
        given.chain(oauth.iter().map(|(name, value)| (escape(name), escape(value)))).collect();
    parameters.sort();
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut place = url.clone();
    place.set_query(None);
    place.set_fragment(None);
    [method.as_str(), &escape(place.as_str()), &escape(&parameters.join("&"))].join("&")
}

fn has_body(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH].contains(method)
}

fn is_form(request: &Request) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn escape(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// A text that no other request has.
fn nonce() -> Result<String> {
    let mut bytes = [0; NONCE_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| ConnectorError::internal("The system's random number generator failed"))?;
    Ok(hex::encode(bytes))
}

impl fmt::Display for SignatureMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The credential of the RFC's example.
    fn photos() -> OAuth1Credential {
        OAuth1Credential {
            consumer_key: "dpf43f3p2l4k3l03".to_owned(),
            consumer_secret: "kd94hf93k423kf44".into(),
            token_id: "nnch734d00sl2jdk".to_owned(),
            token_secret: "pfkkdhi9sl3r4s00".into(),
        }
    }

    fn awkward() -> OAuth1Login {
        OAuth1Login::new(OAuth1Credential {
            consumer_key: "ck-1".to_owned(),
            consumer_secret: "cs&1 é".into(),
            token_id: "tk-1".to_owned(),
            token_secret: "ts/2".into(),
        })
    }

    fn request(method: Method, url: &str) -> Request {
        Request::new(method, url.parse().unwrap())
    }

    fn signature(login: &OAuth1Login, request: &Request) -> String {
        let header = login.header(request, "nonce123456", 1_700_000_000);
        header.rsplit_once("oauth_signature=\"").unwrap().1.trim_end_matches('"').to_owned()
    }

    #[test]
    fn the_base_string_is_the_one_of_the_rfc() {
        // RFC 5849 §3.4.1.1
        let url = "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b".parse().unwrap();
        let oauth = [
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
        ];
        let expected = "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q\
                        %26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_\
                        key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_m\
                        ethod%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk\
                        9d7dh3k39sjv7";
        assert_eq!(base_string(&Method::POST, &url, b"c2&a3=2+q", &oauth), expected);
    }

    #[test]
    fn the_signature_is_the_one_of_the_rfc() {
        // RFC 5849 §1.2; the example sends no oauth_version.
        let url = "http://photos.example.net/photos?file=vacation.jpg&size=original".parse().unwrap();
        let oauth = [
            ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
            ("oauth_token", "nnch734d00sl2jdk"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131202"),
            ("oauth_nonce", "chapoH"),
        ];
        let base = base_string(&Method::GET, &url, b"", &oauth);
        assert_eq!(SignatureMethod::HmacSha1.sign(&photos(), &base), "MdpQcU8iPSUjWoN/UDMsK2sui9I=");
    }

    #[test]
    fn sha_256_signatures_are_the_references() {
        // Recorded with connector-py 4.278.0.
        let login = awkward();
        let get =
            request(Method::GET, "https://123.rest.acme.test/services/v1/users?limit=5&q=c%2Bd&z=a%20b");
        let header = login.header(&get, "nonce123456", 1_700_000_000);
        assert!(header.starts_with(
            "OAuth oauth_consumer_key=\"ck-1\",oauth_token=\"tk-1\",oauth_nonce=\"nonce123456\",\
             oauth_timestamp=\"1700000000\",oauth_signature_method=\"HMAC-SHA256\",oauth_version=\"1.0\",\
             oauth_signature=\""
        ));
        let delete = request(Method::DELETE, "https://acme.test:8443/v1/users/a%20b");
        assert_eq!(signature(&login, &delete), "lEAUuPFluZgglVh3ROeb3uoJZWLG7UC048gDQf3aN9s%3D");
        assert_eq!(signature(&login, &get), "x4f2ywT2D4nDyCtYecldf9ahzdpz6nWP%2B7ENyxm%2BHXs%3D");
    }

    #[test]
    fn a_body_that_is_no_form_is_hashed_as_it_is_sent() {
        let mut post = request(Method::POST, "https://123.rest.acme.test/v1/users");
        *post.body_mut() = Some("{\"name\":\"é\",\"n\":1}".into());
        let header = awkward().header(&post, "n", 1);
        assert!(
            header.contains("oauth_body_hash=\"Y3Azwkc3txSnkqDky7hkD3o8fTHUAt2g6GjsRyGpQ%2BU%3D\""),
            "{header}"
        );
        assert!(!awkward().without_body_hash().header(&post, "n", 1).contains("oauth_body_hash"));
        let get = request(Method::GET, "https://123.rest.acme.test/v1/users");
        assert!(!awkward().header(&get, "n", 1).contains("oauth_body_hash"));
    }

    #[test]
    fn the_realm_comes_first_and_is_not_signed() {
        let get = request(Method::GET, "https://acme.test/v1");
        let with_realm = awkward().realm("123_SB1");
        assert!(with_realm.header(&get, "n", 1).starts_with("OAuth realm=\"123_SB1\",oauth_consumer_key="));
        assert_eq!(signature(&with_realm, &get), signature(&awkward(), &get));
    }

    #[test]
    fn fields_of_a_form_are_signed_in_the_place_of_a_hash() {
        let mut post = request(Method::POST, "https://acme.test/v1?b=2");
        *post.body_mut() = Some("a=1".into());
        post.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"),
        );
        let elsewhere = request(Method::POST, "https://acme.test/v1?a=1&b=2");
        assert!(!awkward().header(&post, "n", 1).contains("oauth_body_hash"));
        assert_eq!(
            signature(&awkward(), &post),
            signature(&awkward().without_body_hash(), &elsewhere),
            "where a parameter stands does not matter"
        );
    }

    #[test]
    fn every_request_is_signed_anew() {
        let mut first = request(Method::GET, "https://acme.test/v1");
        awkward().authorize(&mut first).unwrap();
        let header = first.headers()[AUTHORIZATION].clone();
        assert!(header.is_sensitive());
        awkward().authorize(&mut first).unwrap();
        assert_ne!(first.headers()[AUTHORIZATION], header, "the nonce differs");
    }

    #[test]
    fn the_login_does_not_print_its_secrets() {
        assert!(!format!("{:?}", awkward()).contains("cs&1"));
    }
}
