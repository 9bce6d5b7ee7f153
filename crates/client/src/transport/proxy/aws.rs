//! Lumos's token service: it gives tokens for requests that are signed with AWS keys that it knows.

use std::env;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use lumos_connector_core::error::{ConnectorError, HttpStatusError, Result};
use lumos_connector_types::secret::Secret;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Method, Request, Url};
use serde::Deserialize;

use crate::failure::transport_error;

/// What the signature is for (AWS Signature Version 4).
const REGION: &str = "us-west-2";
const SERVICE: &str = "execute-api";

/// Time for asking for a token.
const TIMEOUT: Duration = Duration::from_secs(30);

/// AWS keys.
#[derive(Clone)]
pub struct AwsKeys {
    /// The id of the key.
    pub id: String,
    /// The key.
    pub secret: Secret,
    /// The token of a session, for keys that are lent.
    pub session: Option<Secret>,
}

impl AwsKeys {
    /// The keys of the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, else the
    /// profile `AWS_PROFILE` of `~/.aws/credentials`.
    ///
    /// # Errors
    /// `integration_missing_parameter` when there are none.
    pub fn from_environment() -> Result<Self> {
        let variable = |name| env::var(name).ok().filter(|value: &String| !value.is_empty());
        if let (Some(id), Some(secret)) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
            return Ok(Self {
                id,
                secret: secret.into(),
                session: variable("AWS_SESSION_TOKEN").map(Secret::from),
            });
        }
        let file = variable("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from);
        let file = file.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".aws/credentials")));
        let profile = variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
        let text = file.and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
        Self::of_profile(&text, &profile).ok_or_else(|| {
            ConnectorError::missing_parameter("The proxy needs AWS keys, and the environment has none").with_hint(
                "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; `aws configure export-credentials --format env` \
                 prints them for any profile.",
            )
        })
    }

    /// The keys of a profile in a credentials file.
    fn of_profile(text: &str, profile: &str) -> Option<Self> {
        let section = text.lines().map(str::trim).skip_while(|line| {
            line.strip_prefix('[').and_then(|line| line.strip_suffix(']')).map(str::trim) != Some(profile)
        });
        let lines: Vec<_> = section.skip(1).take_while(|line| !line.starts_with('[')).collect();
        let value = |key: &str| {
            let pairs = lines.iter().filter_map(|line| line.split_once('='));
            pairs.filter(|(name, _)| name.trim() == key).map(|(_, value)| value.trim().to_owned()).next()
        };
        Some(Self {
            id: value("aws_access_key_id")?,
            secret: value("aws_secret_access_key")?.into(),
            session: value("aws_session_token").map(Secret::from),
        })
    }
}

impl fmt::Debug for AwsKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsKeys").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The service that gives tokens for the proxy.
#[derive(Debug, Clone)]
pub struct TokenService {
    url: Url,
    keys: Option<AwsKeys>,
}

#[derive(Deserialize)]
struct Answer {
    macaroon: Secret,
}

impl TokenService {
    /// A service at an address, asked with these keys.
    #[must_use]
    pub fn new(url: Url, keys: AwsKeys) -> Self {
        Self { url, keys: Some(keys) }
    }

    /// Lumos's own, asked with the keys that the environment has then.
    pub(super) fn lumos() -> Option<Self> {
        let url = Url::parse("https://0q6vf2tzd1.execute-api.us-west-2.amazonaws.com/prod").ok()?;
        Some(Self { url, keys: None })
    }

    /// A new token.
    pub(super) async fn token(&self, client: &reqwest::Client) -> Result<Secret> {
        let keys = self.keys.clone().map_or_else(AwsKeys::from_environment, Ok)?;
        let mut request = Request::new(Method::POST, self.url.clone());
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.timeout_mut() = Some(TIMEOUT);
        sign_request(&mut request, &keys, SystemTime::now())?;
        let answer = client.execute(request).await.map_err(transport_error)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(transport_error)?;
        if !status.is_success() {
            let said = String::from_utf8_lossy(&body);
            let said = HttpStatusError::new(status.as_u16(), self.url.as_str(), None, &said);
            return Err(ConnectorError::authentication(format!("The proxy's token service refused: {said}"))
                .with_status_code(status.as_u16())
                .with_hint("Check that the AWS keys of the environment are right and have not expired."));
        }
        let Ok(Answer { macaroon }) = serde_json::from_slice(&body) else {
            return Err(ConnectorError::invalid_response(
                "The answer of the proxy's token service contains no token",
            ));
        };
        Ok(macaroon)
    }
}

/// Signs a request without a body.
fn sign_request(request: &mut Request, keys: &AwsKeys, now: SystemTime) -> Result<()> {
    let session = keys.session.as_ref().map(|token| token.expose().to_owned());
    let identity = Credentials::new(&keys.id, keys.secret.expose(), session, None, "lumos-connector").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name(SERVICE)
        .time(now)
        .settings(SigningSettings::default())
        .build()?;
    let headers =
        request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let signable = SignableRequest::new(
        request.method().as_str(),
        request.url().as_str(),
        headers,
        SignableBody::Bytes(&[]),
    )?;
    let (signed, _) = sign(signable, &parameters.into())?.into_parts();
    let (headers, _) = signed.into_parts();
    for header in headers {
        let mut value = HeaderValue::from_str(header.value())?;
        value.set_sensitive(true);
        request.headers_mut().insert(HeaderName::from_static(header.name()), value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What botocore signed at that moment with these keys.
    const SIGNATURE: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-west-2/execute-api/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, \
        Signature=ad35037a1ada31bf58b254071d078706afc78e99e45c1acb8596c4a1742420cc";

    #[test]
    fn a_request_is_signed_as_botocore_signs_it() {
        let url = Url::parse("https://0q6vf2tzd1.execute-api.us-west-2.amazonaws.com/prod").unwrap();
        let keys =
            AwsKeys { id: "AKIDEXAMPLE".into(), secret: "secret".into(), session: Some("sess".into()) };
        let mut request = Request::new(Method::POST, url);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // 2026-11-25 08:42:49 UTC
        let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_596_169);
        sign_request(&mut request, &keys, moment).unwrap();
        let header = |name: &str| request.headers()[name].to_str().unwrap();
        assert_eq!(header("x-amz-date"), "20261125T084249Z");
        assert_eq!(header("x-amz-security-token"), "sess");
        assert_eq!(header("authorization"), SIGNATURE);
    }

    #[test]
    fn profiles_of_a_credentials_file_are_told_apart() {
        let text = "[other]\naws_access_key_id = o\n\n[ default ]\n# mine\naws_access_key_id=a\naws_secret_access_key = s=1\n[x]\naws_session_token = t";
        let keys = AwsKeys::of_profile(text, "default").unwrap();
        assert_eq!((keys.id.as_str(), keys.secret.expose(), keys.session.is_none()), ("a", "s=1", true));
        assert!(AwsKeys::of_profile(text, "other").is_none());
        assert!(AwsKeys::of_profile("", "default").is_none());
    }
}
