//! A connection of a connector: its binary with the credentials and settings that every request brings.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::connector::{Call, Connector};

/// A binary, and what its requests have in common.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    connector: Connector,
    /// The envelope of a request, without the request.
    envelope: Value,
}

impl Connection {
    pub(crate) fn new(connector: Connector, auth: Value, settings: Value) -> Self {
        Self { connector, envelope: json!({"settings": settings}) }.auth(auth)
    }

    /// The same with another setting.
    pub(crate) fn setting(&self, name: &str, value: impl Into<Value>) -> Self {
        self.with("settings", name, value.into())
    }

    /// The same with other credentials: the single one of the connector, or a list of several.
    pub(crate) fn auth(&self, auth: Value) -> Self {
        self.part(if auth.is_array() { "credentials" } else { "auth" }, auth)
    }

    /// The same with another part of the envelope.
    pub(crate) fn part(&self, name: &str, value: Value) -> Self {
        let mut other = self.clone();
        other.envelope[name] = value;
        other
    }

    /// The same asking for raw data.
    pub(crate) fn raw_data(&self) -> Self {
        let mut other = self.clone();
        other.envelope["include_raw_data"] = json!(true);
        other
    }

    fn with(&self, part: &str, name: &str, value: Value) -> Self {
        let mut other = self.clone();
        other.envelope[part][name] = value;
        other
    }

    /// The connection file for the tool `connector`, which reaches the connector in a mode: `program` or `server`.
    pub(crate) fn file(&self, mode: &str, page_size: usize) -> Result<String> {
        let mut file = self.envelope.clone();
        // TOML has no null: what is not set is not there.
        if let Some(settings) = file["settings"].as_object_mut() {
            settings.retain(|_, value| !value.is_null());
        }
        file["connector"] = json!({"command": [self.connector.binary()], "mode": mode});
        file["limits"] = json!({"page_size": page_size});
        Ok(toml::to_string(&file)?)
    }

    /// The whole envelope of a request for a page.
    pub(crate) fn request(&self, request: Value, page: Value) -> Value {
        let mut envelope = self.envelope.clone();
        envelope["request"] = request;
        envelope["page"] = page;
        envelope
    }

    /// The envelope of the answer, whether it is an error or not. No secret of the request is in it or in the log.
    pub(crate) fn envelope(&self, capability: &str, request: Value, page: Value) -> Result<Value> {
        Ok(self.call(capability, request, page)?.envelope)
    }

    /// The same with all that was logged.
    pub(crate) fn call(&self, capability: &str, request: Value, page: Value) -> Result<Call> {
        let call = self.connector.call(capability, &self.request(request, page))?;
        for secret in self.secrets() {
            let written = call.log.contains(secret) || call.envelope.to_string().contains(secret);
            ensure!(!written, "{capability} wrote a secret of the request");
        }
        Ok(call)
    }

    fn secrets(&self) -> impl Iterator<Item = &str> {
        const SECRETS: [&str; 3] = ["password", "token", "client_secret"];
        let several = self.envelope["credentials"].as_array().into_iter().flatten();
        let credentials = several.chain([&self.envelope["auth"]]).filter_map(Value::as_object);
        credentials
            .flat_map(serde_json::Map::values)
            .flat_map(|one| SECRETS.iter().filter_map(|name| one[*name].as_str()))
    }

    /// The response of a capability that is to succeed.
    pub(crate) fn response(&self, capability: &str, request: Value) -> Result<Value> {
        self.answer(capability, request).map(|mut envelope| envelope["response"].take())
    }

    /// The envelope of a capability that is to succeed.
    pub(crate) fn answer(&self, capability: &str, request: Value) -> Result<Value> {
        let envelope = self.envelope(capability, request, Value::Null)?;
        ensure!(envelope["is_error"] != json!(true), "{capability} answered an error: {}", envelope["error"]);
        Ok(envelope)
    }

    /// The error of a capability that is to fail with a code and to say something.
    pub(crate) fn refuses(&self, capability: &str, request: Value, code: &str, says: &str) -> Result<()> {
        refused(&self.envelope(capability, request, Value::Null)?, code, says)
    }

    /// A listing to its end. `between` is called after each page.
    pub(crate) fn listing(
        &self,
        capability: &str,
        size: usize,
        mut between: impl FnMut(usize) -> Result<()>,
    ) -> Result<Vec<Value>> {
        let mut rows = Vec::new();
        let mut token = Value::Null;
        for page in 1.. {
            let mut envelope = self.envelope(capability, json!({}), json!({"token": token, "size": size}))?;
            let Some(found) = envelope["response"].as_array_mut() else {
                bail!("page {page} of {capability} is an error: {}", envelope["error"]);
            };
            ensure!(
                found.len() <= size,
                "page {page} has {} rows, more than the {size} asked for",
                found.len()
            );
            rows.append(found);
            token = envelope["page"]["token"].take();
            between(page)?;
            if token.is_null() {
                break;
            }
        }
        Ok(rows)
    }

    /// A listing to its end, in pages of a size.
    pub(crate) fn list(&self, capability: &str, size: usize) -> Result<Vec<Value>> {
        self.listing(capability, size, |_| Ok(()))
    }
}

/// Whether an envelope is an error with a code that says something.
pub(crate) fn refused(envelope: &Value, code: &str, says: &str) -> Result<()> {
    let error = &envelope["error"];
    ensure!(error["error_code"] == code, "expected {code}, got {envelope}");
    let message = error["message"].as_str().context("the error has no message")?;
    ensure!(message.contains(says), "expected '{says}' in '{message}'");
    Ok(())
}
