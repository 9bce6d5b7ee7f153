//! Creating and changing accounts, and switching them on and off.

use lumos_connector::prelude::*;
use tokio_postgres::types::Type;

use crate::accounts::Account;
use crate::deletion;
use crate::entitlement::{Entitlement, Kind};
use crate::entitlement_changes::{self, Change};
use crate::failures::needing;
use crate::password;
use crate::server::{Connection, Server};

/// Most sessions that a role may be limited to; -1 is no limit.
type ConnectionLimit = Bounded<-1, 2_147_483_647>;

/// The standard field `entitlements`, and what a new role is.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub(crate) struct NewAccount {
    /// What the role is given.
    #[serde(default)]
    entitlements: Vec<CreateAccountEntitlement>,
    /// Name of the role, as it is to be: capital letters count. At most 63 bytes.
    #[schemars(title = "Role name", extend("x-unique" = true))]
    name: String,
    /// Its password. Without one, and without `generate_password`, it can only log in by other means.
    #[schemars(title = "Password", extend("x-semantic" = "password", "x-field_type" = "SECRET", "x-secret" = true))]
    password: Option<Secret>,
    /// Makes a password, which is answered once, as `generated_password` in `raw_data`. The request has to ask for
    /// raw data.
    #[schemars(title = "Generate a password")]
    #[serde(default)]
    generate_password: bool,
    /// How many sessions it may have at once; -1 is any number.
    #[schemars(title = "Connection limit")]
    connection_limit: Option<ConnectionLimit>,
    /// When its password ends.
    #[schemars(title = "Valid until")]
    valid_until: Option<DateTime>,
    /// A comment on the role, such as the name of the person.
    #[schemars(title = "Comment")]
    comment: Option<String>,
}

/// The standard field `id`, and what can be changed. What is left out stays.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub(crate) struct UpdatedAccount {
    /// The account to change.
    #[schemars(extend("x-semantic" = "account-id", "x-unique" = true))]
    id: String,
    /// A new name for the role.
    #[schemars(title = "Role name", extend("x-unique" = true))]
    name: Option<String>,
    /// A new password.
    #[schemars(title = "Password", extend("x-semantic" = "password", "x-field_type" = "SECRET", "x-secret" = true))]
    password: Option<Secret>,
    /// How many sessions it may have at once; -1 is any number.
    #[schemars(title = "Connection limit", extend("x-unique" = true))]
    connection_limit: Option<ConnectionLimit>,
    /// When its password ends.
    #[schemars(title = "Valid until", extend("x-unique" = true))]
    valid_until: Option<DateTime>,
    /// A comment on the role; an empty one takes the present one away.
    #[schemars(title = "Comment", extend("x-unique" = true))]
    comment: Option<String>,
}

/// A statement about a role in the making: its text, and the values that the server is to quote in it.
struct RoleStatement {
    template: String,
    values: Vec<String>,
}

impl RoleStatement {
    fn new(template: &str, role: &str) -> Self {
        Self { template: template.to_owned(), values: vec![role.to_owned()] }
    }

    fn with(mut self, option: &str, value: Option<String>) -> Self {
        if let Some(value) = value {
            self.template.push_str(option);
            self.values.push(value);
        }
        self
    }

    fn options(
        self,
        password: Option<&Secret>,
        limit: Option<ConnectionLimit>,
        valid_until: Option<&DateTime>,
    ) -> Result<Self> {
        Ok(self
            .with(" PASSWORD %L", password.map(password::verifier).transpose()?)
            .with(" CONNECTION LIMIT %s", limit.map(|limit| limit.to_string()))
            .with(" VALID UNTIL %L", valid_until.map(DateTime::to_string)))
    }

    async fn run(&self, connection: &Connection) -> Result<()> {
        let values: Vec<_> = self.values.iter().map(String::as_str).collect();
        needing(connection.run(&self.template, &values).await, || {
            "CREATEROLE (since version 16 with ADMIN OPTION on the role, SUPERUSER for superusers)".to_owned()
        })
    }
}

pub(crate) async fn create_account(
    (server, call): (Server, Call),
    request: NewAccount,
) -> Result<Reply<CreatedAccount>> {
    let entitlements = request.entitlements.iter().map(wanted).collect::<Result<Vec<_>>>()?;
    let generated = match (&request.password, request.generate_password) {
        (None, true) if call.include_raw_data() => Some(password::generated()?),
        (None, true) => {
            return Err(ConnectorError::missing_parameter(
                "A generated password is answered in `raw_data`: ask for it with `include_raw_data`",
            ));
        }
        (_, false) => None,
        (Some(_), true) => {
            return Err(ConnectorError::client("Give a password or have one generated, not both"));
        }
    };
    let account = create(&server, &request, generated.as_ref(), &entitlements).await?;
    let reply = Reply::new(CreatedAccount::new(account.id(), account.status()));
    let reply = reply.did(Effect::created(), &request, false)?;
    Ok(match generated {
        Some(password) => reply.raw_data(json!({"generated_password": password})),
        None => reply,
    })
}

async fn create(
    server: &Server,
    request: &NewAccount,
    generated: Option<&Secret>,
    entitlements: &[Entitlement],
) -> Result<Account> {
    let NewAccount { name, connection_limit, valid_until, .. } = request;
    let connection = &server.main;
    if find(connection, name).await?.is_some() {
        return Err(ConnectorError::conflict(format!("There is a role \"{name}\" already")));
    }
    connection.begin().await?;
    let password = request.password.as_ref().or(generated);
    let statement = RoleStatement::new("CREATE ROLE %I LOGIN", name);
    statement.options(password, *connection_limit, valid_until.as_ref())?.run(connection).await?;
    comment(connection, name, request.comment.as_deref()).await?;
    let oid = find(connection, name).await?.ok_or_else(|| {
        ConnectorError::invalid_response(format!("The server does not show the new role \"{name}\""))
    })?;
    let account = server.account(&oid.to_string()).await?;
    // Roles and what all databases share are created together or not at all.
    let (schemas, shared): (Vec<_>, Vec<_>) =
        entitlements.iter().partition(|entitlement| entitlement.kind == Kind::Schema);
    for entitlement in shared {
        entitlement_changes::apply(server, connection, &account, entitlement, Change::Grant).await?;
    }
    connection.commit().await?;
    // Other databases see the role only now; when they refuse, it goes again.
    for entitlement in schemas {
        if let Err(error) = entitlement_changes::change(server, &account, entitlement, Change::Grant).await {
            deletion::remove(server, &account).await?;
            return Err(error);
        }
    }
    Ok(account)
}

/// The entitlement that a request to create an account names.
fn wanted(entitlement: &CreateAccountEntitlement) -> Result<Entitlement> {
    Entitlement::named(
        &entitlement.entitlement_type,
        &entitlement.integration_specific_id,
        entitlement.integration_specific_resource_id.as_deref().unwrap_or_default(),
    )
}

/// The OID of the role with a name. The type of the parameter has the server refuse names that it would cut.
async fn find(connection: &Connection, name: &str) -> Result<Option<u32>> {
    if name.is_empty() {
        return Err(ConnectorError::invalid_value("The name of a role is empty"));
    }
    let row = connection.find("SELECT oid FROM pg_roles WHERE rolname = $1", &[(&name, Type::NAME)]).await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

async fn comment(connection: &Connection, role: &str, comment: Option<&str>) -> Result<()> {
    let statement = RoleStatement::new("COMMENT ON ROLE %I IS ", role);
    match comment {
        None => Ok(()),
        Some(comment) => statement.with("%L", Some(comment.to_owned())).run(connection).await,
    }
}

pub(crate) async fn update_account(
    server: Server,
    request: UpdatedAccount,
) -> Result<Reply<UpdateableAccount>> {
    let account = server.account(&request.id).await?;
    let reply = Reply::new(UpdateableAccount { id: account.id() });
    let UpdatedAccount { name, password, connection_limit, valid_until, .. } = &request;
    let connection = &server.main;
    connection.begin().await?;
    let statement = RoleStatement::new("ALTER ROLE %I", &account.name);
    let statement = statement.options(password.as_ref(), *connection_limit, valid_until.as_ref())?;
    let (has_options, has_comment) = (statement.values.len() > 1, request.comment.is_some());
    if has_options {
        statement.run(connection).await?;
    }
    comment(connection, &account.name, request.comment.as_deref()).await?;
    let renamed = name.as_ref().filter(|name| **name != account.name);
    if let Some(name) = renamed {
        if find(connection, name).await?.is_some() {
            return Err(ConnectorError::conflict(format!("There is a role \"{name}\" already")));
        }
        let rename = RoleStatement::new("ALTER ROLE %I", &account.name);
        rename.with(" RENAME TO %I", Some(name.clone())).run(connection).await?;
    }
    connection.commit().await?;
    let effect = if has_options || has_comment || renamed.is_some() {
        Effect::updated()
    } else {
        Effect::noop(NoopEffectReason::StateAlreadyMatches)
    };
    reply.did(effect, &request, true)
}

pub(crate) async fn activate_account(
    server: Server,
    request: ActivateAccount,
) -> Result<Reply<ActivatedAccount>> {
    let account = server.account(&request.account_id).await?;
    let reply = Reply::new(ActivatedAccount::active());
    if account.can_log_in {
        return reply.did(Effect::noop(NoopEffectReason::StateAlreadyMatches), &request, true);
    }
    RoleStatement::new("ALTER ROLE %I LOGIN", &account.name).run(&server.main).await?;
    reply.did(Effect::updated(), &request, true)
}

pub(crate) async fn deactivate_account(
    server: Server,
    request: DeactivateAccount,
) -> Result<Reply<DeactivatedAccount>> {
    let account = server.account(&request.account_id).await?;
    server.refuse_own(&account)?;
    if account.can_log_in {
        // An end of validity keeps the role apart from groups, which cannot log in either; see `IS_ACCOUNT`.
        let end = if account.has_end { "" } else { " VALID UNTIL 'infinity'" };
        let statement = RoleStatement::new(&format!("ALTER ROLE %I NOLOGIN{end}"), &account.name);
        statement.run(&server.main).await?;
    }
    let ended = server.end_sessions(&account).await?;
    let effect = if account.can_log_in || ended > 0 {
        Effect::updated()
    } else {
        Effect::noop(NoopEffectReason::StateAlreadyMatches)
    };
    Reply::new(DeactivatedAccount::new(AccountStatus::Inactive)).did(effect, &request, true)
}

impl Server {
    /// Refuses to lock the connector out.
    pub(crate) fn refuse_own(&self, account: &Account) -> Result<()> {
        if account.name == self.user() {
            return Err(ConnectorError::conflict("This is the connector's own role"));
        }
        Ok(())
    }

    /// Ends the sessions of an account when the settings say so, and counts them.
    pub(crate) async fn end_sessions(&self, account: &Account) -> Result<i64> {
        const SQL: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usesysid = $1";
        if !self.settings.end_sessions {
            return Ok(0);
        }
        let row = self.main.find(SQL, &[(&account.oid, Type::OID)]).await;
        let row =
            needing(row, || "membership in pg_signal_backend, to end the account's sessions".to_owned())?;
        row.map_or(Ok(0), |row| Ok(row.try_get(0)?))
    }
}
