//! Access tokens of service accounts: a signed assertion for a token (RFC 7523), as Google has it.

use std::time::{Duration, SystemTime};

use lumos_connector_core::Call;
use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_types::auth::ServiceAccountCredential;
use lumos_connector_types::error::ConnectorErrorCode;
use lumos_connector_types::secret::Secret;
use serde::Deserialize;
use serde_json::json;

use crate::http::HttpCall;
use crate::jwt::{Algorithm, SigningKey};

/// How long an assertion is valid: the most that Google takes.
const VALID_FOR: Duration = Duration::from_secs(60 * 60);

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What is needed of a downloaded key file.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: Secret,
    #[serde(default)]
    private_key_id: Option<String>,
    token_uri: String,
}

#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
}

/// An access token for a service account: its own, or in the name of the user that it impersonates.
///
/// It is asked for at the token endpoint that the key file names, with the scopes of the credential, or `scopes` when
/// the credential has none. The request takes the way of all requests of the call.
///
/// # Errors
/// `invalid_value` when the key is not a key file of a service account; `unauthorized` when the token endpoint refuses
/// it; failures of the request.
///
/// ```
/// use lumos_connector_client::{http::{HttpCall, HttpClient}, service_account};
/// use lumos_connector_core::{Call, error::Result};
///
/// async fn client(call: &Call) -> Result<HttpClient> {
///     let scope = "https://www.googleapis.com/auth/admin.directory.user.readonly";
///     let token = service_account::access_token(call, &call.auth()?, &[scope]).await?;
///     call.http().bearer(token).base_url("https://admin.googleapis.com/admin/directory/v1")
/// }
/// ```
pub async fn access_token(
    call: &Call,
    credential: &ServiceAccountCredential,
    scopes: &[&str],
) -> Result<Secret> {
    let file: KeyFile = credential.key.expose().read_lax().map_err(|error| {
        ConnectorError::invalid_configuration(format!(
            "The key of the service account is not usable: {error}"
        ))
    })?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let assertion = assertion(&file, credential, scopes, now)?;
    let refused = ConnectorErrorCode::Unauthorized;
    let endpoint = call.http().on_status(400, refused).on_status(401, refused).base_url(&file.token_uri)?;
    let form = [("grant_type", GRANT), ("assertion", assertion.expose())];
    let granted: Granted = endpoint.post("").form(&form).read().await?;
    Ok(granted.access_token)
}

fn assertion(
    file: &KeyFile,
    credential: &ServiceAccountCredential,
    scopes: &[&str],
    now: Duration,
) -> Result<Secret> {
    let scope = if credential.scopes.is_empty() { scopes.join(" ") } else { credential.scopes.join(" ") };
    let mut claims = json!({
        "iss": file.client_email,
        "scope": scope,
        "aud": file.token_uri,
        "iat": now.as_secs(),
        "exp": (now + VALID_FOR).as_secs(),
    });
    if !credential.impersonation_email.is_empty() {
        claims["sub"] = json!(credential.impersonation_email);
    }
    let mut header = json!({"alg": "RS256", "typ": "JWT"});
    if let Some(id) = &file.private_key_id {
        header["kid"] = json!(id);
    }
    SigningKey::new(Algorithm::Rs256, &file.private_key)?.sign(&header, &claims)
}
