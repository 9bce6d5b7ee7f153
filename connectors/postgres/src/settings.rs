//! The settings of a connection.

use lumos_connector::prelude::*;

wire_enum! {
    /// How the connection is protected; the names are those of the server's own clients.
    pub(crate) enum SslMode = VerifyFull {
        /// Encrypted, to a server whose certificate is trusted and names the host.
        VerifyFull = "verify-full",
        /// Encrypted, to a server whose certificate comes from the given authority, whatever host it names.
        VerifyCa = "verify-ca",
        /// Not encrypted: for a server on the same machine.
        Disable = "disable",
    }
}

pub(crate) const DEFAULT_PORT: i64 = 5432;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct PostgresSettings {
    /// Host name or IP address of the server itself, not of a pooler before it.
    #[schemars(title = "Host", extend("x-semantic" = "tenant-id"))]
    pub(crate) host: String,
    /// Port of the server.
    #[schemars(title = "Port")]
    #[serde(default = "Bounded::<1, 65535>::of::<DEFAULT_PORT>")]
    pub(crate) port: Bounded<1, 65535>,
    /// The database that the connector signs in to first. Roles are the same in all of them.
    #[schemars(title = "Database")]
    #[serde(default = "default_database")]
    pub(crate) database: String,
    /// The databases whose privileges and schemas are governed. Leave it empty for all that accept connections; the
    /// connector's role needs `CONNECT` on each, or its schemas are left out.
    #[schemars(title = "Governed databases")]
    #[serde(default)]
    pub(crate) databases: Vec<String>,
    /// `verify-full` checks the server's certificate and name, `verify-ca` its certificate only, `disable` sends
    /// everything in the clear.
    #[schemars(title = "TLS")]
    #[serde(default)]
    pub(crate) ssl_mode: SslMode,
    /// The certificates to trust, as PEM text or as the path of a PEM file: of the authority, or the server's own.
    /// Leave it empty to trust the authorities of the operating system.
    #[schemars(title = "Certificate authority", extend("x-field_type" = "MULTI_LINES", "x-multiline" = true))]
    pub(crate) ca_certificate: Option<String>,
    /// Turns role names that are not email addresses into one: `ada` becomes `ada@example.com`.
    #[schemars(title = "Email domain")]
    pub(crate) email_domain: Option<String>,
    /// The role that receives what a deleted role owns. Without one, a role that owns something is not deleted.
    #[schemars(title = "Reassign owned objects to")]
    pub(crate) reassign_owned_to: Option<String>,
    /// Ends the open sessions of accounts that are deactivated or deleted; needs `pg_signal_backend`.
    #[schemars(title = "End sessions")]
    #[serde(default)]
    pub(crate) end_sessions: bool,
    /// Reads every change back before it is reported; one more statement for each. Turn it off only where the server
    /// answers so slowly that calls run out of time.
    #[schemars(title = "Verify changes")]
    #[serde(default = "yes")]
    pub(crate) verify_changes: bool,
    /// Seconds that the server may take for a connection or a statement.
    #[schemars(title = "Timeout")]
    #[serde(default = "Bounded::<1, 600>::of::<60>")]
    pub(crate) timeout_seconds: Bounded<1, 600>,
}

impl PostgresSettings {
    /// The role that receives what a deleted role owns, if there is one.
    pub(crate) fn new_owner(&self) -> Option<&str> {
        self.reassign_owned_to.as_deref().filter(|new_owner| !new_owner.is_empty())
    }
}

fn yes() -> bool {
    true
}

fn default_database() -> String {
    "postgres".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_encrypted_to_a_server_whose_name_was_checked_unless_told_otherwise() {
        let settings: PostgresSettings = serde_json::from_value(json!({"host": "db.example.com"})).unwrap();
        assert_eq!(settings.ssl_mode, SslMode::VerifyFull);
    }
}
