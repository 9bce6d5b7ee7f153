//! Accounts: the roles that can log in, and those that could before they were deactivated.

use lumos_connector::prelude::*;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::connection::{Connection, optional_text, text};
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
    attributes: Vec<String>,
}

/// The accounts from one OID to another, in their order.
async fn accounts(connection: &Connection, first: u32, last: u32, limit: usize) -> Result<Vec<Account>> {
    let sql = format!(
        "SELECT r.oid, r.rolname AS name, r.rolcanlogin AS can_log_in, r.rolvaliduntil IS NOT NULL AS has_end,
            coalesce(r.rolvaliduntil <= now(), false) AS has_expired, r.rolinherit AS inherits,
            array_remove(ARRAY[
                CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
                CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END,
                CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END], NULL) AS attributes,
            r.rolconnlimit AS connection_limit,
            CASE WHEN r.rolvaliduntil = 'infinity' THEN NULL
                WHEN r.rolvaliduntil >= '0001-01-01' AND r.rolvaliduntil < '10000-01-01'
                    THEN to_char(r.rolvaliduntil, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
                ELSE r.rolvaliduntil::text END AS valid_until,
            shobj_description(r.oid, 'pg_authid') AS comment
        FROM pg_roles r WHERE {IS_ACCOUNT} AND r.oid BETWEEN $1 AND $2 ORDER BY r.oid LIMIT $3"
    );
    let limit = i64::try_from(limit)?;
    let rows =
        connection.query(&sql, &[(&first, Type::OID), (&last, Type::OID), (&limit, Type::INT8)]).await?;
    rows.iter().map(Account::of).collect()
}

pub(crate) async fn list_accounts(
    (server, page): (Server, PageRequest),
    request: ListAccounts,
) -> Result<Reply<Vec<FoundAccountData>>> {
    let listing = page.listing::<u32>(SIZES)?;
    let Some(first) = listing.after().map_or(Some(0), |last| last.checked_add(1)) else {
        return listing.reply([], |oid| *oid, |_| FoundAccountData::default());
    };
    let accounts = accounts(&server.main, first, u32::MAX, listing.limit()).await?;
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
    let attribute = |name, kind, description| {
        CustomAttributeSchema::new(CustomAttributeCustomizedType::Account, name, kind)
            .description(description)
    };
    Ok(vec![
        attribute(COMMENT, CustomAttributeType::String, "The comment on the role."),
        attribute(
            CONNECTION_LIMIT,
            CustomAttributeType::Integer,
            "How many sessions it may have at once; -1 is any.",
        ),
        attribute(VALID_UNTIL, CustomAttributeType::Datetime, "When its password ends."),
    ])
}

impl Server {
    /// The account with an id, which must exist.
    pub(crate) async fn account(&self, id: &str) -> Result<Account> {
        let found = match oid(id) {
            Some(oid) => accounts(&self.main, oid, oid, 1).await?.pop(),
            None => None,
        };
        found.ok_or_else(|| ConnectorError::not_found(format!("No account {id}")))
    }
}

/// The OID that an identifier stands for. One OID has one identifier: `7` and not `007`.
pub(crate) fn oid(id: &str) -> Option<u32> {
    id.parse().ok().filter(|oid: &u32| *oid > 0 && oid.to_string() == id)
}

impl Account {
    fn of(row: &Row) -> Result<Self> {
        Ok(Self {
            oid: row.try_get("oid")?,
            name: text(row, "name")?,
            can_log_in: row.try_get("can_log_in")?,
            has_end: row.try_get("has_end")?,
            has_expired: row.try_get("has_expired")?,
            inherits: row.try_get("inherits")?,
            attributes: row.try_get("attributes")?,
            connection_limit: row.try_get("connection_limit")?,
            valid_until: row.try_get("valid_until")?,
            comment: optional_text(row, "comment")?,
        })
    }

    pub(crate) fn id(&self) -> String {
        self.oid.to_string()
    }

    pub(crate) fn status(&self) -> AccountStatus {
        if self.can_log_in { AccountStatus::Active } else { AccountStatus::Inactive }
    }

    fn found(self, settings: &PostgresSettings, wanted: Option<&[String]>) -> FoundAccountData {
        FoundAccountData {
            email: email(&self.name, settings.email_domain.as_deref()),
            user_status: Some(self.status()),
            custom_attributes: wanted.map(|names| self.custom_attributes(names)),
            extra_data: Some(
                [
                    ("attributes", json!(self.attributes)),
                    (CONNECTION_LIMIT, json!(self.connection_limit)),
                    (VALID_UNTIL, json!(self.valid_until)),
                    (COMMENT, json!(self.comment)),
                ]
                .into_iter()
                .collect(),
            ),
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
