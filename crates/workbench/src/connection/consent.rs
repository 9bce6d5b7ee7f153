//! Tokens from OAuth providers, through the connector's own capabilities: consent with PKCE on a loopback redirect
//! (RFC 8252), client credentials, and refreshing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Form;
use axum::extract::{Path, Query, State as Extracted};
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse as _, Response};
use lumos_connection::{CallError, CallRequest, ConnectorInfo};
use lumos_connector_types::secret::Secret;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::entry::Entry;
use super::form::{CredentialForm, credentials, given, set};
use super::trial::failure;
use super::{entry, form, frame};
use crate::page::{PageError, refusal, to};
use crate::server::random;
use crate::server::state::State;

/// How long a provider may take to send the browser back.
const CONSENT_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// Where providers send the browser back to, below the origin.
pub(crate) const CALLBACK: &str = "/oauth/callback";

/// Consents that were asked for, by the state that the provider gives back.
#[derive(Default)]
pub(crate) struct Consents(Mutex<HashMap<String, Asked>>);

/// A consent that was asked for.
struct Asked {
    entry: Arc<Entry>,
    number: usize,
    credential: Option<String>,
    client_id: String,
    client_secret: Secret,
    code_verifier: Option<String>,
    until: Instant,
}

impl Consents {
    fn add(&self, state: String, asked: Asked) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, asked| asked.until > Instant::now());
        all.insert(state, asked);
    }

    /// A state is good once.
    fn take(&self, state: &str) -> Option<Asked> {
        let asked = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(state)?;
        (asked.until > Instant::now()).then_some(asked)
    }
}

impl std::fmt::Debug for Consents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consents").finish_non_exhaustive()
    }
}

/// What is filled in to ask for a token.
#[derive(Deserialize)]
pub(super) struct Client {
    /// The credential's place among those of the connector.
    credential: usize,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: String,
    /// The environment variable that holds the client secret.
    #[serde(default)]
    client_secret_env: String,
    #[serde(default)]
    scopes: String,
    #[serde(default)]
    how: String,
}

impl Client {
    fn secret(&self) -> Result<String, PageError> {
        if self.client_secret_env.is_empty() {
            return Ok(self.client_secret.clone());
        }
        std::env::var(&self.client_secret_env).map_err(|_| {
            PageError::request(format!("The environment variable {} is not set.", self.client_secret_env))
        })
    }

    fn scopes(&self) -> Vec<&str> {
        self.scopes.split([' ', ',', '\n', '\r']).filter(|scope| !scope.is_empty()).collect()
    }
}

/// The part of a connection's page that is about tokens.
pub(super) fn section(number: usize, entry: &Entry, info: &ConnectorInfo) -> Markup {
    let file = entry.file();
    let forms = credentials(info);
    let with_tokens: Vec<(usize, &CredentialForm)> =
        forms.iter().enumerate().filter(|(_, form)| has_token(form)).collect();
    html! {
        @if !with_tokens.is_empty() { h2 { "Tokens" } }
        @for (place, form) in with_tokens {
            @let has_code = form.kind == "oauth" && info.has("get_authorization_url");
            @let has_client = info.has("handle_client_credentials") && form.kind != "oauth";
            @let refresh = entry.refresh_token(&form.prefix).is_some() && info.has("refresh_access_token");
            @let given = given(&file, form).unwrap_or_default();
            fieldset {
                legend { (form.title) }
                p.dim { @if given["access_token"].is_null() { "There is no access token yet." } @else { "There is an access token." } }
                @if has_code || has_client || refresh {
                    form method="post" autocomplete="off" action={ "connections/" (number) "/" (if has_code { "consent" } else { "token" }) } {
                        input type="hidden" name="credential" value=(place);
                        input type="hidden" name="how" value=(if has_code { "code" } else { "client" });
                        (client(place, &given, info))
                        div.actions {
                            @if has_code { button.main type="submit" { "Ask the provider for consent" } }
                            @if has_client { button.main type="submit" { "Get a token" } }
                            @if refresh { button type="submit" name="refresh" formaction={ "connections/" (number) "/token" } value="yes" { "Renew the token" } }
                        }
                        @if has_code { p.dim { "Register " code { "http://127.0.0.1" (CALLBACK) } " with the provider as a redirect of a native app: any port (RFC 8252)." } }
                    }
                }
            }
        }
    }
}

fn has_token(form: &CredentialForm) -> bool {
    matches!(form.kind.as_str(), "oauth" | "oauth_client_credentials")
}

fn client(place: usize, given: &Value, info: &ConnectorInfo) -> Markup {
    let scopes: Vec<String> = given["scopes"].as_array().map_or_else(
        || {
            let known = serde_json::to_value(&info.info.oauth_scopes).unwrap_or_default();
            let mut scopes: Vec<String> = Vec::new();
            let all =
                known.as_object().into_iter().flat_map(serde_json::Map::values).filter_map(Value::as_str);
            for scope in all.flat_map(str::split_whitespace) {
                if !scopes.iter().any(|one| one == scope) {
                    scopes.push(scope.to_owned());
                }
            }
            scopes
        },
        |scopes| scopes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
    );
    html! {
        div.field {
            label for={ "client-" (place) } { "Client id" }
            input id={ "client-" (place) } name="client_id" type="text" value=(given["client_id"].as_str().unwrap_or_default());
        }
        div.field {
            label for={ "secret-" (place) } { "Client secret" }
            p.help { "It is typed and forgotten after use, or stands in an environment variable of the workbench." }
            div.pair {
                input id={ "secret-" (place) } name="client_secret" type="password" autocomplete="off";
                input name="client_secret_env" type="text" placeholder="or the name of a variable" aria-label="Environment variable of the client secret"
                    value=(given["client_secret"]["env"].as_str().unwrap_or_default());
            }
        }
        div.field {
            label for={ "scopes-" (place) } { "Scopes" }
            input id={ "scopes-" (place) } name="scopes" type="text" value=(scopes.join(" "));
        }
    }
}

fn credential_of(info: &ConnectorInfo, place: usize) -> Result<CredentialForm, PageError> {
    credentials(info).into_iter().nth(place).ok_or_else(|| PageError::missing("credential"))
}

/// Asks for the provider's address, and shows it: the browser leaves when the person says so.
pub(super) async fn begin(
    Extracted(state): Extracted<Arc<State>>,
    Path(number): Path<usize>,
    Form(client): Form<Client>,
) -> Result<Html<String>, PageError> {
    let entry = entry(&state, number)?;
    let info = entry.info().await?;
    let form = credential_of(&info, client.credential)?;
    let client_secret = client.secret()?;
    let sent = random(32).map_err(PageError::failed)?;
    let request = json!({
        "credential_id": form.id, "client_id": client.client_id, "scopes": client.scopes(), "state": sent,
        "redirect_uri": format!("{}{CALLBACK}", state.origin()),
    });
    let answer = match call(&entry, "get_authorization_url", request).await {
        Ok(answer) => answer,
        Err(told) => return Ok(frame(&state, number, &entry, "Consent", "").page(&told)),
    };
    let address = answer["authorization_url"].as_str().unwrap_or_default().to_owned();
    // The address comes from a connector: it may lead to a page and to nothing else.
    let host = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))
        .map(|rest| rest.split(['/', '?', '#', '\\']).next().unwrap_or_default())
        // What stands before an `@` is a user, and may look like a host.
        .map(|authority| authority.rsplit('@').next().unwrap_or_default().to_owned());
    let Some(host) = host else {
        return Err(PageError::failed("the connector's authorization URL does not begin with https"));
    };
    state.consents().add(
        sent,
        Asked {
            entry: Arc::clone(&entry),
            number,
            credential: form.id,
            client_id: client.client_id,
            client_secret: client_secret.into(),
            code_verifier: answer["code_verifier"].as_str().map(str::to_owned),
            until: Instant::now() + CONSENT_TIMEOUT,
        },
    );
    let content = html! {
        p { "The provider is asked in this browser, and sends it back here." }
        p { a.consent href=(address) rel="noreferrer" { "Go to " (host) } }
        p { a href={ "connections/" (number) } { "Back to the connection" } }
    };
    Ok(frame(&state, number, &entry, "Consent", "").page(&content))
}

#[derive(Deserialize)]
pub(crate) struct Returned {
    #[serde(default)]
    state: String,
}

/// The browser comes back from the provider. It comes from another site and brings no cookie: the state, which is good
/// once, says who it is.
pub(crate) async fn callback(
    Extracted(state): Extracted<Arc<State>>,
    address: Uri,
    Query(returned): Query<Returned>,
) -> Response {
    let Some(asked) = state.consents().take(&returned.state) else {
        let reason =
            "Nobody asked for this consent, or it came too late. Ask again on the page of the connection.";
        return (StatusCode::FORBIDDEN, refusal(reason)).into_response();
    };
    let request = json!({
        "credential_id": asked.credential, "client_id": asked.client_id, "client_secret": asked.client_secret.expose(),
        "redirect_uri_with_code": format!("{}{address}", state.origin()), "state": returned.state,
        "code_verifier": asked.code_verifier,
    });
    let told = match call(&asked.entry, "handle_authorization_callback", request).await {
        Ok(answer) => match keep(&asked.entry, asked.credential.as_deref(), &answer).await {
            Ok(()) => return to(&format!("{}/connections/{}", state.base(), asked.number)).into_response(),
            Err(error) => html! { p.notice.bad role="alert" { (error) } },
        },
        Err(told) => told,
    };
    frame(&state, asked.number, &asked.entry, "Consent", "").page(&told).into_response()
}

/// Gets a token without a person: for the client's own credentials, or for a refresh token.
pub(super) async fn token(
    Extracted(state): Extracted<Arc<State>>,
    Path(number): Path<usize>,
    Form(client): Form<Client>,
) -> Result<Html<String>, PageError> {
    let entry = entry(&state, number)?;
    let info = entry.info().await?;
    let form = credential_of(&info, client.credential)?;
    let secret = client.secret()?;
    let refresh = entry.refresh_token(&form.prefix);
    let (capability, request) = match refresh {
        Some(token) if client.how == "code" => (
            "refresh_access_token",
            json!({"credential_id": form.id, "client_id": client.client_id, "client_secret": secret, "refresh_token": token.expose()}),
        ),
        _ => (
            "handle_client_credentials",
            json!({"credential_id": form.id, "client_id": client.client_id, "client_secret": secret, "scopes": client.scopes()}),
        ),
    };
    let told = match call(&entry, capability, request).await {
        Ok(answer) => match keep(&entry, form.id.as_deref(), &answer).await {
            Ok(()) => {
                html! { p.notice.good role="status" { "The token was taken over; it is kept in memory." } }
            }
            Err(error) => html! { p.notice.bad role="alert" { (error) } },
        },
        Err(told) => told,
    };
    form::page(&state, number, &entry, Some(told)).await
}

async fn call(entry: &Entry, capability: &str, request: Value) -> Result<Value, Markup> {
    let refused = |error: &dyn std::fmt::Display| html! { p.notice.bad role="alert" { (error) } };
    let connection = match entry.open().await {
        Ok(connection) => connection,
        Err(error) => return Err(refused(&error)),
    };
    let request = CallRequest::new(request.into()).without_credentials();
    match connection.call(capability, request).await {
        Ok(answer) => Ok(serde_json::from_str(answer.response.text()).unwrap_or_default()),
        Err(error) => Err(told(capability, &error)),
    }
}

fn told(capability: &str, error: &CallError) -> Markup {
    failure(&format!("{capability} failed"), error)
}

/// Takes the tokens over, into memory alone.
async fn keep(entry: &Entry, credential: Option<&str>, answer: &Value) -> Result<(), PageError> {
    let Some(token) = answer["access_token"].as_str() else {
        return Err(PageError::failed("the answer holds no access token"));
    };
    let info = entry.info().await?;
    let forms = credentials(&info);
    let form = forms.iter().find(|form| form.id.as_deref() == credential && has_token(form));
    let form = form.ok_or_else(|| PageError::missing("credential"))?;
    let mut file = entry.file();
    let mut members = given(&file, form).and_then(|given| given.as_object().cloned()).unwrap_or_default();
    members.insert("access_token".to_owned(), token.into());
    set(&mut file, form, Some(members));
    entry.set_refresh_token(
        &form.prefix,
        answer["refresh_token"].as_str().map(|token| token.to_owned().into()),
    );
    entry.change(file, true);
    Ok(())
}
