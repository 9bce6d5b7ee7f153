//! The management API of the broker: its users, virtual hosts and permissions.

use lumos_connector::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::settings::RabbitSettings;

/// Rows of a page. The API gives each list whole, so a page costs the whole list.
pub(crate) const SIZES: PageSizes = PageSizes { default: 1000, max: 10_000 };

/// The broker, with the login of the call.
pub(crate) struct Broker {
    pub(crate) http: HttpClient,
    /// The user that the connector signs in as.
    pub(crate) own_user: String,
    call: Call,
    left_out: LeftOut,
}

impl FromCall for Broker {
    async fn from_call(call: &Call) -> Result<Self> {
        let settings: RabbitSettings = call.settings()?;
        let login: BasicCredential = call.auth()?;
        let own_user = login.username.clone();
        let http = call.http().basic(login).map_error(explained).base_url(&settings.base_url)?;
        Ok(Self { http, own_user, call: call.clone(), left_out: LeftOut::default() })
    }
}

/// A user, as far as it is understood.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct User {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) password_hash: Option<Secret>,
    #[serde(default)]
    pub(crate) hashing_algorithm: Option<String>,
    #[serde(default)]
    tags: Tags,
}

/// A list, or before version 3.9 one text with commas.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Tags {
    List(Vec<String>),
    Text(String),
}

impl Default for Tags {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl User {
    /// The tags, each once, in alphabetical order.
    pub(crate) fn tags(&self) -> Vec<String> {
        let mut tags = match &self.tags {
            Tags::List(tags) => tags.clone(),
            Tags::Text(text) => text.split(',').map(|tag| tag.trim().to_owned()).collect(),
        };
        tags.retain(|tag| !tag.is_empty());
        tags.sort_unstable();
        tags.dedup();
        tags
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct VirtualHost {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
}

/// What a user may do in a virtual host: regular expressions of the names that each operation is allowed on. The empty
/// one matches no name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Permission {
    pub(crate) user: String,
    pub(crate) vhost: String,
    pub(crate) configure: String,
    pub(crate) write: String,
    pub(crate) read: String,
}

impl Broker {
    pub(crate) async fn users(&self) -> Result<Vec<User>> {
        self.rows("users", "users").await
    }

    pub(crate) async fn virtual_hosts(&self) -> Result<Vec<VirtualHost>> {
        self.rows("vhosts", "virtual hosts").await
    }

    pub(crate) async fn permissions(&self) -> Result<Vec<Permission>> {
        self.rows("permissions", "permissions").await
    }

    pub(crate) async fn permissions_of(&self, user: &str) -> Result<Vec<Permission>> {
        if !has_address(user) {
            let mut all = self.permissions().await?;
            all.retain(|permission| permission.user == user);
            return Ok(all);
        }
        let answer = self.http.get(["api", "users", user, "permissions"]).send().await?;
        self.read_rows(&answer, "permissions")
    }

    async fn rows<T: DeserializeOwned>(&self, list: &'static str, of: &str) -> Result<Vec<T>> {
        self.read_rows(&self.http.get(["api", list]).send().await?, of)
    }

    /// The rows of a list. One that is not understood is left out, and the answer says so.
    fn read_rows<T: DeserializeOwned>(&self, answer: &HttpAnswer, of: &str) -> Result<Vec<T>> {
        let whole = |row| if is_whole(&row) { serde_json::from_value(row).ok() } else { None };
        Ok(self.left_out.read_rows_with(of, answer.json()?, whole))
    }

    /// The answer with what was left out of it, when it may carry raw data.
    pub(crate) fn noted<T>(&self, reply: Reply<T>) -> Reply<T> {
        self.left_out.add_to(&self.call, reply)
    }

    /// A user, if there is one of that name.
    pub(crate) async fn find_user(&self, name: &str) -> Result<Option<User>> {
        if !has_address(name) {
            return Ok(self.users().await?.into_iter().find(|user| user.name == name));
        }
        self.http.get(["api", "users", name]).read_optional().await
    }

    /// A user that must exist.
    pub(crate) async fn user(&self, name: &str) -> Result<User> {
        let missing = || ConnectorError::not_found(format!("RabbitMQ has no user {name:?}"));
        self.find_user(name).await?.ok_or_else(missing)
    }

    /// Refuses what the connector could not undo.
    pub(crate) fn check_not_own(&self, user: &str) -> Result<()> {
        if user == self.own_user {
            return Err(ConnectorError::unsupported_operation(
                "This is the connector's own user: another administrator has to change it",
            ));
        }
        Ok(())
    }
}

/// Whether a name can be a part of an address. What has one of the two others is found in the lists alone.
fn has_address(name: &str) -> bool {
    !matches!(name, "." | "..")
}

/// Whether the names of a row are the broker's. It writes what is not UTF-8 in a name as U+FFFD, and nothing can be found
/// by such a name.
fn is_whole(row: &Value) -> bool {
    let names = ["name", "user", "vhost"].iter().filter_map(|name| row[*name].as_str());
    names.into_iter().all(|name| !name.contains('\u{FFFD}'))
}

/// The error of an answer, with the broker's own reason. It answers 401 for a wrong password and for a user that lacks a
/// tag alike.
fn explained(answer: &HttpAnswer, error: ConnectorError) -> ConnectorError {
    #[derive(Deserialize)]
    struct Problem {
        error: String,
        reason: Value,
    }
    let Ok(Problem { error: code, reason }) = answer.json() else { return error };
    let reason = reason.as_str().map_or_else(|| reason.to_string(), str::to_owned);
    let error = error.with_app_error_code(code);
    let error = match (answer.status(), reason.as_str()) {
        // "Not administrator user", "Not management user", "User not authorised to access virtual host".
        (401, reason) if reason.starts_with("Not ") || reason.contains("not authori") => {
            error.with_code(ConnectorErrorCode::PermissionDenied)
        }
        (400, "vhost_or_user_not_found") => error.with_code(ConnectorErrorCode::NotFound),
        _ => error,
    };
    error.with_message(format!("RabbitMQ answers {}: {reason}", answer.status()))
}

/// The error of a change that the broker accepted and does not show.
pub(crate) fn unseen(what: &str) -> ConnectorError {
    ConnectorError::conflict(format!("RabbitMQ accepted the change, and read back {what}"))
        .with_hint("Somebody else may have changed the user at the same time. Look at it, then try again.")
}
