//! When accounts were last active, as far as the server knows: it remembers the sessions that are open now.

use lumos_connector::prelude::*;
use tokio_postgres::types::Type;

use crate::accounts::oid;
use crate::failures::missing_privilege;
use crate::server::Server;

pub(crate) async fn get_last_activity(
    server: Server,
    request: GetLastActivity,
) -> Result<Vec<LastActivityData>> {
    const MAY: &str = "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')";
    const SQL: &str = r#"
        SELECT usesysid AS oid, to_char(max(backend_start), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS login,
            to_char(max(coalesce(state_change, backend_start)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS activity
        FROM pg_stat_activity WHERE usesysid = ANY ($1) GROUP BY usesysid ORDER BY usesysid"#;
    // Without this role the server shows the sessions of others without their times.
    if !server.main.is_true(MAY, &[]).await? {
        return Err(missing_privilege(
            "The server hides the activity of other roles",
            "membership in pg_read_all_stats",
        ));
    }
    let accounts: Vec<u32> = request.account_ids.iter().filter_map(|id| oid(id)).collect();
    let rows = server.main.query(SQL, &[(&accounts, Type::OID_ARRAY)]).await?;
    let mut found = Vec::with_capacity(rows.len() * 2);
    for row in rows {
        let account: u32 = row.try_get("oid")?;
        let (login, activity): (String, String) = (row.try_get("login")?, row.try_get("activity")?);
        found.push(LastActivityData::new(account.to_string(), ActivityEventType::LastLogin, login));
        found.push(LastActivityData::new(account.to_string(), ActivityEventType::LastActivity, activity));
    }
    Ok(found)
}
