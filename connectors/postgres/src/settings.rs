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

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct PostgresSettings {
    /// Name or address of the server.
    #[schemars(title = "Host", extend("x-semantic" = "tenant-id"))]
    pub(crate) host: String,
    /// Port of the server.
    #[schemars(title = "Port")]
    #[serde(default = "default_port")]
    pub(crate) port: Bounded<1, 65535>,
    /// The database that the connector signs in to first. Roles are the same in all of them.
    #[schemars(title = "Database")]
    #[serde(default = "default_database")]
    pub(crate) database: String,
    /// The databases whose privileges and schemas are governed. Leave it empty for all that accept connections; the
    /// connector's role needs `CONNECT` on each.
    #[schemars(title = "Governed databases")]
    #[serde(default)]
    pub(crate) databases: Vec<String>,
    /// `verify-full` checks the server's certificate and name, `verify-ca` its certificate only, `disable` sends
    /// everything in the clear.
    #[schemars(title = "TLS")]
    #[serde(default)]
    pub(crate) ssl_mode: SslMode,
    /// The only certificate authority to trust, as PEM text or as the path of a PEM file. Leave it empty to trust those
    /// of the operating system.
    #[schemars(title = "Certificate authority", extend("x-field_type" = "MULTI_LINES", "x-multiline" = true))]
    pub(crate) ca_certificate: Option<String>,
    /// Makes an email address of role names that are none: `ada` becomes `ada@example.com`.
    #[schemars(title = "Email domain")]
    pub(crate) email_domain: Option<String>,
    /// The role that receives what a deleted role owns. Without one, a role that owns something is not deleted.
    #[schemars(title = "Reassign owned objects to")]
    pub(crate) reassign_owned_to: Option<String>,
    /// Ends the open sessions of accounts that are deactivated or deleted; needs `pg_signal_backend`.
    #[schemars(title = "End sessions")]
    #[serde(default)]
    pub(crate) end_sessions: bool,
    /// Seconds that the server may take for a connection or a statement.
    #[schemars(title = "Timeout")]
    #[serde(default = "default_timeout")]
    pub(crate) timeout_seconds: Bounded<1, 600>,
}

fn default_port() -> Bounded<1, 65535> {
    Bounded::clamped(5432)
}

fn default_database() -> String {
    "postgres".to_owned()
}

fn default_timeout() -> Bounded<1, 600> {
    Bounded::clamped(60)
}
