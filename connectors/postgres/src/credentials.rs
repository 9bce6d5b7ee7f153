//! Whether a login is good.

use lumos_connector::prelude::*;

use crate::failures::explain_denied;
use crate::server::Server;
use crate::walk::check_databases;

/// Signing in is most of it; what every listing reads is read as well. The tenant is the cluster: its identifier is the
/// same for every login, address and replica.
pub(crate) async fn validate_credentials(
    server: Server,
    _: ValidateCredentials,
) -> Result<ValidatedCredentials> {
    const SQL: &str = "SELECT c.system_identifier::text, (SELECT count(*) FROM pg_auth_members)
        FROM pg_control_system() c, (SELECT FROM pg_roles LIMIT 1) r";
    check_databases(&server).await?;
    let row =
        explain_denied(server.main.find(SQL, &[]).await, || "EXECUTE on pg_control_system()".to_owned())?;
    let row = row.ok_or_else(|| ConnectorError::invalid_response("The server shows no roles"))?;
    let tenant: String = row.try_get(0)?;
    Ok(ValidatedCredentials::valid(tenant))
}
