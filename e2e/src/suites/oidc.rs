//! OAuth against an OpenID provider that is not ours, through the connector's command line only.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::harness::browser::sign_in;
use crate::harness::connector::Connector;
use crate::harness::install::npm;
use crate::harness::server::{Server, free_port, listens};
use crate::harness::slow_pages::SlowPages;
use crate::harness::stage::Stage;

const PROVIDER: &str = "oidc-provider@8.8.1";

/// As `conformance/oidc/provider.mjs` has them.
const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";
const PERSON: Client = Client { credential: "person", id: "person" };
const MACHINE_BASIC: Client = Client { credential: "machine_basic", id: "machine-basic" };
const MACHINE_BODY: Client = Client { credential: "machine_body", id: "machine-body" };

const NAME: &str = "ada";
const STATE: &str = "a state/with & and é";

/// Fields of a payload, and of tokens, that nothing but an answer may hold.
const SECRET_FIELDS: [&str; 4] = ["client_secret", "code_verifier", "refresh_token", "access_token"];

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.build(&["lumos-conformance-oidc"])?;
    let connector = stage.connector("oidc-connector")?;
    let modules = stage.step(format!("installed {PROVIDER}"), |stage| npm(stage, &[PROVIDER]))?;
    let port = free_port()?;
    let provider = stage.step(format!("started it on port {port}"), |stage| start(stage, &modules, port))?;

    let oidc = Oidc { connector, issuer: format!("http://127.0.0.1:{port}") };
    code_flow(stage, &oidc)?;
    refused_codes(stage, &oidc);
    client_credentials(stage, &oidc);
    stage.step("stopped the provider", |_| {
        drop(provider);
        ensure!(!listens(port), "it still listens");
        Ok(())
    })?;
    stage.check("an unreachable provider: connection_timeout", |_| {
        oidc.refused("handle_client_credentials_request", &MACHINE_BODY.grant(), "connection_timeout")
    });
    slow_provider(stage, oidc);
    Ok(())
}

fn start(stage: &Stage, modules: &Path, port: u16) -> Result<Server> {
    let script = stage.root().join("conformance/oidc/provider.mjs");
    let mut command = Command::new("node");
    command.arg(script).arg(modules).arg(port.to_string());
    Server::start(&mut command, &stage.cache("logs")?.join("oidc-provider.log"), || listens(port))
}

/// From the authorization URL to a refreshed token.
fn code_flow(stage: &mut Stage, oidc: &Oidc) -> Result<()> {
    let sign_in = stage.step("signed in with PKCE, by the provider's own pages", |_| oidc.sign_in())?;
    let callback = sign_in.callback(&PERSON);
    let tokens = stage.step("exchanged the code for tokens", |_| {
        let tokens = oidc.tokens("handle_authorization_callback", &callback)?;
        ensure!(tokens["token_type"] == "bearer", "token_type is {}", tokens["token_type"]);
        Ok(tokens)
    })?;
    stage.check("the access token opens the provider's user information", |_| oidc.is_accepted(&tokens));
    let refresh = PERSON.with(json!({"refresh_token": tokens["refresh_token"]}));
    let refreshed = stage.step("refreshed the access token", |_| {
        let refreshed = oidc.tokens("refresh_access_token", &refresh)?;
        ensure!(refreshed["access_token"] != tokens["access_token"], "it is the same token");
        Ok(refreshed)
    })?;
    stage.check("the refreshed token opens it too", |_| oidc.is_accepted(&refreshed));
    stage.check("a refresh token that was replaced: authentication_expired", |_| {
        oidc.refused("refresh_access_token", &refresh, "authentication_expired")
    });
    stage.check("a code that was used: authentication_expired", |_| {
        oidc.refused("handle_authorization_callback", &callback, "authentication_expired")
    });
    Ok(())
}

/// Codes that are good, presented wrongly.
fn refused_codes(stage: &mut Stage, oidc: &Oidc) {
    let wrongly = |field: &str, value: &str, code: &str| {
        let mut callback = oidc.sign_in()?.callback(&PERSON);
        callback[field] = value.into();
        oidc.refused("handle_authorization_callback", &callback, code)
    };
    stage.check("a wrong code verifier: authentication_expired", |_| {
        wrongly("code_verifier", "wrong-verifier-wrong-verifier-wrong-verifier", "authentication_expired")
    });
    stage.check("a wrong client secret: unauthorized", |_| {
        wrongly("client_secret", "a-wrong-client-secret", "unauthorized")
    });
    stage.check("a client that is not known: unauthorized", |_| {
        wrongly("client_id", "nobody", "unauthorized")
    });
    stage.check("another redirect URI: authentication_expired", |_| {
        wrongly(
            "redirect_uri_with_code",
            "http://127.0.0.1:9/other?code=a-made-up-code",
            "authentication_expired",
        )
    });
}

fn client_credentials(stage: &mut Stage, oidc: &Oidc) {
    for (client, how) in [(MACHINE_BASIC, "in a Basic header"), (MACHINE_BODY, "in the body")] {
        let capability = "handle_client_credentials_request";
        stage.check(format!("client credentials {how}: an active token with the scope"), |_| {
            let tokens = oidc.tokens(capability, &client.grant())?;
            let known = oidc.introspect(&tokens)?;
            ensure!(
                known["active"] == true && known["client_id"] == client.id && known["scope"] == "api:read",
                "the provider says {known}"
            );
            Ok(())
        });
        stage.check(format!("a wrong secret {how}: unauthorized"), |_| {
            let mut grant = client.grant();
            grant["client_secret"] = "a-wrong-client-secret".into();
            oidc.refused(capability, &grant, "unauthorized")
        });
        stage.check(format!("a scope that the client may not have, {how}: unauthorized"), |_| {
            let mut grant = client.grant();
            grant["scopes"] = json!(["api:write"]);
            oidc.refused(capability, &grant, "unauthorized")
        });
    }
}

/// A provider that answers 5 MB of HTML, slowly.
fn slow_provider(stage: &mut Stage, oidc: Oidc) {
    stage.check("5 MB of HTML, slowly: invalid_response, and the rest is not waited for", |_| {
        let pages = SlowPages::start()?;
        let oidc = Oidc { issuer: pages.address(), ..oidc };
        oidc.refused("handle_client_credentials_request", &MACHINE_BODY.grant(), "invalid_response")?;
        let sent = pages.sent()?;
        ensure!(sent < SlowPages::SIZE, "all of it was read");
        Ok(())
    });
}

/// A client of the provider, and the connector's credential for it.
struct Client {
    credential: &'static str,
    id: &'static str,
}

impl Client {
    /// A payload with what every token request needs.
    fn with(&self, more: Value) -> Value {
        let mut payload = json!({
            "credential_id": self.credential,
            "client_id": self.id,
            "client_secret": format!("secret-of-{}", self.id),
        });
        if let (Value::Object(payload), Value::Object(more)) = (&mut payload, more) {
            payload.extend(more);
        }
        payload
    }

    fn grant(&self) -> Value {
        self.with(json!({"scopes": []}))
    }
}

/// What a sign-in ended with.
struct SignIn {
    redirected_to: String,
    code_verifier: Value,
}

impl SignIn {
    fn callback(&self, client: &Client) -> Value {
        client.with(json!({
            "redirect_uri_with_code": self.redirected_to,
            "code_verifier": self.code_verifier,
            "state": STATE,
        }))
    }
}

/// The connector, connected to a provider.
struct Oidc {
    connector: Connector,
    issuer: String,
}

impl Oidc {
    fn request(&self, payload: &Value) -> Value {
        json!({"request": payload, "settings": {"issuer": self.issuer}})
    }

    /// Asks the connector where to sign in, and does so.
    fn sign_in(&self) -> Result<SignIn> {
        let payload = json!({
            "credential_id": PERSON.credential,
            "client_id": PERSON.id,
            "scopes": [],
            "redirect_uri": REDIRECT_URI,
            "state": STATE,
            "form_data": {},
        });
        let answer = self.connector.response("get_authorization_url", &self.request(&payload))?;
        let url = answer["authorization_url"].as_str().context("no authorization URL")?;
        ensure!(url.contains("code_challenge_method=S256"), "no PKCE in {url}");
        let redirected_to = sign_in(url, &[("login", NAME), ("password", "any")], REDIRECT_URI)?;
        ensure!(redirected_to.contains("code="), "no code in {redirected_to}");
        ensure!(redirected_to.contains("state=a+state%2Fwith+%26"), "the state is lost in {redirected_to}");
        Ok(SignIn { redirected_to, code_verifier: answer["code_verifier"].clone() })
    }

    /// Calls a capability that answers with tokens, and checks that its log holds no secret.
    fn tokens(&self, capability: &str, payload: &Value) -> Result<Value> {
        let call = self.connector.call(capability, &self.request(payload))?;
        let tokens = call.envelope.get("response").cloned();
        let tokens = tokens.with_context(|| format!("an error: {}", call.envelope))?;
        for secret in secrets(payload).into_iter().chain(secrets(&tokens)) {
            ensure!(!call.log.contains(&secret), "a secret is in the log:\n{}", call.log);
        }
        Ok(tokens)
    }

    /// Calls a capability that must answer with an error of this code which echoes no secret. An answer of the
    /// provider is final; only a provider that cannot be reached is worth another try.
    fn refused(&self, capability: &str, payload: &Value, code: &str) -> Result<()> {
        let call = self.connector.call(capability, &self.request(payload))?;
        let error = call.envelope.get("error").with_context(|| format!("no error: {}", call.envelope))?;
        ensure!(error["error_code"] == code, "the error is {error}");
        let retryable = code == "connection_timeout";
        ensure!(error["error_metadata"]["retryable"] == retryable, "retryable is wrong in {error}");
        for secret in secrets(payload) {
            ensure!(!call.envelope.to_string().contains(&secret), "a secret is echoed in {}", call.envelope);
            ensure!(!call.log.contains(&secret), "a secret is in the log:\n{}", call.log);
        }
        Ok(())
    }

    /// Whether the provider gives the person's information for an access token.
    fn is_accepted(&self, tokens: &Value) -> Result<()> {
        let token = tokens["access_token"].as_str().unwrap_or_default();
        let mut answer = ureq::get(format!("{}/me", self.issuer))
            .header("Authorization", format!("Bearer {token}"))
            .call()
            .context("asking for user information")?;
        let person: Value = serde_json::from_str(&answer.body_mut().read_to_string()?)?;
        ensure!(person["sub"] == NAME, "it belongs to {person}");
        Ok(())
    }

    /// What the provider knows about an access token (RFC 7662).
    fn introspect(&self, tokens: &Value) -> Result<Value> {
        let token = tokens["access_token"].as_str().unwrap_or_default();
        let client_secret = format!("secret-of-{}", MACHINE_BODY.id);
        let form = [("token", token), ("client_id", MACHINE_BODY.id), ("client_secret", &client_secret)];
        let mut answer = ureq::post(format!("{}/token/introspection", self.issuer)).send_form(form)?;
        Ok(serde_json::from_str(&answer.body_mut().read_to_string()?)?)
    }
}

/// The secrets of a payload or of tokens, the code in a redirect URI included.
fn secrets(fields: &Value) -> Vec<String> {
    let text = |field: &str| fields[field].as_str();
    let code = text("redirect_uri_with_code").and_then(|uri| uri.split_once("code=")?.1.split('&').next());
    SECRET_FIELDS.into_iter().filter_map(text).chain(code).map(str::to_owned).collect()
}
