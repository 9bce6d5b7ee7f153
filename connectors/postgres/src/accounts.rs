//! Accounts: the roles that can log in, and those that could before they were deactivated.

use lumos_connector::prelude::*;
use tokio_postgres::types::Type;

use crate::failures::missing_privilege;
use crate::server::Server;
use crate::settings::PostgresSettings;

pub(crate) const SIZES: PageSizes = PageSizes { default: 1000, max: 5000 };

/// Which rows of `pg_roles`, called `r`, are accounts. A deactivated account cannot log in, as a group cannot; what
/// tells it from one is that it has an end of validity, which groups have no use for.
pub(crate) const IS_ACCOUNT: &str = "(r.rolcanlogin OR r.rolvaliduntil IS NOT NULL)";

const COMMENT: &str = "comment";
const CONNECTION_LIMIT: &str = "connection_limit";
const VALID_UNTIL: &str = "valid_until";

/// A role that is an account. Its OID identifies it: names can change, and can be given to another role.
#[derive(Deserialize)]
pub(crate) struct Account {
    pub(crate) oid: u32,
    pub(crate) name: String,
    pub(crate) can_log_in: bool,
    pub(crate) has_end: bool,
    pub(crate) has_expired: bool,
    /// Whether it has what its roles have without switching to them.
    pub(crate) inherits: bool,
    pub(crate) connection_limit: i32,
    /// When its password ends: seconds in UTC, or the server's own text for what has no year of four digits.
    pub(crate) valid_until: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) attributes: Vec<String>,
}

pub(crate) async fn list_accounts(
    (server, page): (Server, PageRequest),
    request: ListAccounts,
) -> Result<Reply<Vec<FoundAccountData>>> {
    let listing = page.listing::<u32>(SIZES)?;
    let after = listing.after().copied().unwrap_or_default();
    let accounts = server.accounts(after, u32::MAX, listing.limit()).await?;
    let wanted = request.custom_attributes.as_deref();
    listing.reply(accounts, |account| account.oid, |account| account.found(&server.settings, wanted))
}

pub(crate) async fn get_account(server: Server, request: GetAccount) -> Result<FoundAccountData> {
    let account = server.account(&request.account_id).await?;
    Ok(account.found(&server.settings, request.custom_attributes.as_deref()))
}

pub(crate) async fn list_custom_attributes_schema(
    (): (),
    _: ListCustomAttributesSchema,
) -> Result<Vec<CustomAttributeSchema>> {
    use CustomAttributeType as Kind;
    let attributes = [
        (COMMENT, Kind::String, "The comment on the role."),
        (CONNECTION_LIMIT, Kind::Integer, "How many sessions it may have at once; -1 is any."),
        (VALID_UNTIL, Kind::Datetime, "When its password ends."),
    ];
    let account = CustomAttributeCustomizedType::Account;
    let attribute = |(name, kind, about)| CustomAttributeSchema::new(account, name, kind).description(about);
    Ok(attributes.map(attribute).into())
}

/// The server remembers the sessions that are open now, and no others.
pub(crate) async fn get_last_activity(
    server: Server,
    request: GetLastActivity,
) -> Result<Vec<LastActivityData>> {
    const MAY: &str = "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')";
    const SQL: &str = r#"
        SELECT json_build_array(usesysid::text, to_char(max(backend_start), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            to_char(max(coalesce(state_change, backend_start)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        FROM pg_stat_activity WHERE usesysid = ANY ($1) GROUP BY usesysid ORDER BY usesysid"#;
    // Without this role the server shows the sessions of others without their times.
    if !server.main.is_true(MAY, &[]).await? {
        return Err(missing_privilege(
            "The server hides the activity of other roles",
            "membership in pg_read_all_stats",
        ));
    }
    let accounts: Vec<u32> = request.account_ids.iter().filter_map(|id| oid(id)).collect();
    let rows: Vec<(String, String, String)> = server.main.rows(SQL, &[(&accounts, Type::OID_ARRAY)]).await?;
    let found = rows.into_iter().flat_map(|(account, login, activity)| {
        [(ActivityEventType::LastLogin, login), (ActivityEventType::LastActivity, activity)]
            .map(|(event, time)| LastActivityData::new(account.clone(), event, time))
    });
    Ok(found.collect())
}

impl Server {
    /// The account with an id, which must exist.
    pub(crate) async fn account(&self, id: &str) -> Result<Account> {
        let found = match oid(id) {
            Some(oid) => self.accounts(oid - 1, oid, 1).await?.pop(),
            None => None,
        };
        found.ok_or_else(|| ConnectorError::not_found(format!("No account {id}")))
    }

    /// The accounts after one OID and up to another, in their order.
    async fn accounts(&self, after: u32, last: u32, limit: usize) -> Result<Vec<Account>> {
        let sql = format!(
            "SELECT to_json(a) FROM (
                SELECT r.oid::int8, r.rolname AS name, r.rolcanlogin AS can_log_in,
                    r.rolvaliduntil IS NOT NULL AS has_end, coalesce(r.rolvaliduntil <= now(), false) AS has_expired,
                    r.rolinherit AS inherits,
                    array_remove(ARRAY[
                        CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
                        CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
                        CASE WHEN r.rolreplication THEN 'REPLICATION' END,
                        CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END], NULL) AS attributes,
                    r.rolconnlimit AS connection_limit,
                    CASE WHEN r.rolvaliduntil = 'infinity' THEN NULL
                        WHEN r.rolvaliduntil >= '0001-01-01' AND r.rolvaliduntil < '10000-01-01'
                            THEN to_char(r.rolvaliduntil, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
                        ELSE r.rolvaliduntil::text END AS valid_until,
                    shobj_description(r.oid, 'pg_authid') AS comment
                FROM pg_roles r WHERE {IS_ACCOUNT} AND r.oid > $1 AND r.oid <= $2 ORDER BY r.oid LIMIT $3) a"
        );
        let limit = i64::try_from(limit)?;
        self.main.rows(&sql, &[(&after, Type::OID), (&last, Type::OID), (&limit, Type::INT8)]).await
    }
}

/// The OID that an identifier stands for. One OID has one identifier: `7` and not `007`.
pub(crate) fn oid(id: &str) -> Option<u32> {
    id.parse().ok().filter(|oid: &u32| *oid > 0 && oid.to_string() == id)
}

impl Account {
    pub(crate) fn id(&self) -> String {
        self.oid.to_string()
    }

    pub(crate) fn status(&self) -> AccountStatus {
        if self.can_log_in { AccountStatus::Active } else { AccountStatus::Inactive }
    }

    fn found(self, settings: &PostgresSettings, wanted: Option<&[String]>) -> FoundAccountData {
        let more = [
            ("attributes", json!(self.attributes)),
            (CONNECTION_LIMIT, json!(self.connection_limit)),
            (VALID_UNTIL, json!(self.valid_until)),
            (COMMENT, json!(self.comment)),
        ];
        FoundAccountData {
            email: email(&self.name, settings.email_domain.as_deref()),
            user_status: Some(self.status()),
            custom_attributes: wanted.map(|names| self.custom_attributes(names)),
            extra_data: Some(more.into_iter().collect()),
            integration_specific_id: self.id(),
            username: Some(self.name),
            ..FoundAccountData::default()
        }
    }

    /// The attributes among `names` that the account has.
    fn custom_attributes(&self, names: &[String]) -> IndexMap<String, String> {
        let value = |name: &str| match name {
            COMMENT => self.comment.clone(),
            CONNECTION_LIMIT => Some(self.connection_limit.to_string()),
            VALID_UNTIL => self.valid_until.clone().filter(|time| time.ends_with('Z')),
            _ => None,
        };
        names.iter().filter_map(|name| Some((name.clone(), value(name)?))).collect()
    }
}

/// A role's name is an address, or becomes one by the domain of the settings.
fn email(name: &str, domain: Option<&str>) -> Option<String> {
    if name.contains('@') {
        return Some(name.to_owned());
    }
    domain.map(str::trim).filter(|domain| !domain.is_empty()).map(|domain| format!("{name}@{domain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_numbers_are_ids() {
        assert_eq!(oid("16384"), Some(16384));
        assert_eq!(oid("4294967295"), Some(u32::MAX));
        for id in ["", "0", "007", "+7", "-7", " 7", "7 ", "4294967296", "ada", "٧"] {
            assert_eq!(oid(id), None, "{id}");
        }
    }

    #[test]
    fn emails_come_from_the_name_or_the_domain() {
        assert_eq!(email("ada@x.test", Some("y.test")).as_deref(), Some("ada@x.test"));
        assert_eq!(email("ada", Some(" y.test ")).as_deref(), Some("ada@y.test"));
        assert_eq!(email("ada", Some("")), None);
        assert_eq!(email("ada", None), None);
    }
}
