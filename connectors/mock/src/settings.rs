//! The settings of a connection, and what every handler takes first.

use lumos_connector::prelude::*;

use crate::accounts::Account;
use crate::faults;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct MockSettings {
    /// Where the app lives.
    #[schemars(title = "Host")]
    pub(crate) host: String,
    /// How many accounts the app has; none when it is negative.
    #[serde(default = "default_account_count")]
    pub(crate) account_count: i64,
    /// How every capability fails; see the grammar in `faults.rs`.
    pub(crate) fail_with: Option<String>,
}

fn default_account_count() -> i64 {
    25
}

/// The app as one call sees it: the place where another connector would keep its HTTP client.
pub(crate) struct Mock {
    pub(crate) settings: MockSettings,
    pub(crate) call: Call,
}

impl FromCall for Mock {
    /// Fails as the settings ask for, before the handler runs.
    async fn from_call(call: &Call) -> Result<Self> {
        let settings: MockSettings = call.settings()?;
        faults::raise(settings.fail_with.as_deref().unwrap_or_default())?;
        Ok(Self { settings, call: call.clone() })
    }
}

impl Mock {
    /// The account with an id, if the app has it.
    pub(crate) fn find_account(&self, id: &str) -> Option<Account> {
        Account::with_id(id).filter(|account| account.number < self.settings.account_count)
    }

    /// The account with an id, which must exist.
    pub(crate) fn account(&self, id: &str) -> Result<Account> {
        self.find_account(id).ok_or_else(|| {
            ConnectorError::not_found(format!("No account {id}")).with_app_error_code("mock.account_missing")
        })
    }
}
