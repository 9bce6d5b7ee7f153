//! Creating and changing accounts, and switching them on and off.

use lumos_connector::prelude::*;
use tokio_postgres::types::Type;

use crate::accounts::Account;
use crate::connection::Connection;
use crate::deletion;
use crate::entitlement::{Entitlement, Kind};
use crate::entitlement_changes::{self, Change};
use crate::failures::{explain_denied, reason};
use crate::password;
use crate::server::Server;

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
        explain_denied(connection.run(&self.template, &values).await, || {
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
    let statement = RoleStatement::new("CREATE ROLE %I LOGIN", name);
    let password = request.password.as_ref().or(generated);
    let statement = &statement.options(password, *connection_limit, valid_until.as_ref())?;
    // Roles and what all databases share are created together or not at all.
    let (schemas, shared): (Vec<_>, Vec<_>) =
        entitlements.iter().partition(|entitlement| entitlement.kind == Kind::Schema);
    let shared = &shared;
    let created = server.with_retries(|| async move {
        check_is_free(connection, name).await?;
        connection.begin().await?;
        statement.run(connection).await?;
        comment(connection, name, request.comment.as_deref()).await?;
        let oid = find(connection, name).await?.ok_or_else(|| {
            ConnectorError::invalid_response(format!("The server does not show the new role \"{name}\""))
        })?;
        let account = server.account(&oid.to_string()).await?;
        for entitlement in shared {
            entitlement_changes::apply(server, connection, &account, entitlement, Change::Grant).await?;
        }
        connection.commit().await?;
        Ok(account)
    });
    let account = created.await?;
    let is_there = async {
        Ok(server.account(&account.id()).await?.can_log_in
            && find(connection, name).await? == Some(account.oid))
    };
    server.verify("the account is not there", is_there).await?;
    // Other databases see the role only now; when they refuse, it goes again.
    for entitlement in schemas {
        if let Err(error) = entitlement_changes::change(server, &account, entitlement, Change::Grant).await {
            let _ = connection.rollback().await;
            return Err(match deletion::remove(server, &account).await {
                Ok(()) => error,
                Err(second) => {
                    let (first, second) = (reason(&error), reason(&second));
                    error.with_message(format!(
                        "{first}; the account {} is there and stays: {second}",
                        account.id()
                    ))
                }
            });
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
    let row = connection.find("SELECT oid FROM pg_roles WHERE rolname = $1", &[(&name, Type::NAME)]).await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// Refuses a name that no new role can have.
async fn check_is_free(connection: &Connection, name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(ConnectorError::invalid_value("The name of a role is empty"));
    }
    match find(connection, name).await? {
        Some(_) => Err(ConnectorError::conflict(format!("There is a role \"{name}\" already"))),
        None => Ok(()),
    }
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
    let UpdatedAccount { password, connection_limit, valid_until, .. } = &request;
    let name = request.name.as_deref().filter(|name| *name != account.name);
    let options = RoleStatement::new("ALTER ROLE %I", &account.name);
    let options = options.options(password.as_ref(), *connection_limit, valid_until.as_ref())?;
    let has_options = options.values.len() > 1;
    if has_options || name.is_some() {
        server.refuse_own(&account)?;
    }
    let update = async || {
        let connection = &server.main;
        connection.begin().await?;
        if has_options {
            options.run(connection).await?;
        }
        comment(connection, &account.name, request.comment.as_deref()).await?;
        if let Some(name) = name {
            check_is_free(connection, name).await?;
            let rename = RoleStatement::new("ALTER ROLE %I", &account.name);
            rename.with(" RENAME TO %I", Some(name.to_owned())).run(connection).await?;
            if connection.password_cleared() {
                return Err(ConnectorError::conflict(
                    "Renaming it would clear its password, which is stored as MD5 with the name in it",
                )
                .with_hint("Give a new password in the same request."));
            }
        }
        connection.commit().await
    };
    server.with_retries(update).await?;
    server.verify("the account is not as requested", is_updated(&server, &account, &request)).await?;
    let changes = has_options || request.comment.is_some() || name.is_some();
    Reply::new(UpdateableAccount { id: account.id() }).did(Effect::updated_unless(!changes), &request, true)
}

/// Whether an account is as a request wants it; nobody can read a password.
async fn is_updated(server: &Server, account: &Account, request: &UpdatedAccount) -> Result<bool> {
    let UpdatedAccount { name, connection_limit, valid_until, comment, .. } = request;
    let now = server.account(&account.id()).await?;
    let end = now.valid_until.as_deref().and_then(|time| time.parse::<DateTime>().ok());
    Ok(name.as_ref().is_none_or(|name| *name == now.name)
        && connection_limit.is_none_or(|limit| limit.get() == i64::from(now.connection_limit))
        && valid_until
            .as_ref()
            .is_none_or(|time| end.is_some_and(|end| end.unix_seconds() == time.unix_seconds()))
        && comment.as_ref().is_none_or(|comment| *comment == now.comment.unwrap_or_default()))
}

pub(crate) async fn activate_account(
    server: Server,
    request: ActivateAccount,
) -> Result<Reply<ActivatedAccount>> {
    let account = server.account(&request.account_id).await?;
    if !account.can_log_in {
        switch(&server, &account, "ALTER ROLE %I LOGIN", true).await?;
    }
    let effect = Effect::updated_unless(account.can_log_in);
    let mut reply = Reply::new(ActivatedAccount::active()).did(effect, &request, true)?;
    if let Some(summary) = reply.execution_summary.as_mut().filter(|_| account.has_expired) {
        summary.description = Some("Its password has expired: it logs in by other means alone".to_owned());
    }
    Ok(reply)
}

pub(crate) async fn deactivate_account(
    server: Server,
    request: DeactivateAccount,
) -> Result<Reply<DeactivatedAccount>> {
    let account = server.account(&request.account_id).await?;
    server.refuse_own_and_bootstrap(&account)?;
    if account.can_log_in {
        // An end of validity keeps the role apart from groups, which cannot log in either; see `IS_ACCOUNT`.
        let end = if account.has_end { "" } else { " VALID UNTIL 'infinity'" };
        switch(&server, &account, &format!("ALTER ROLE %I NOLOGIN{end}"), false).await?;
    }
    let ended = server.end_sessions(&account).await?;
    let effect = Effect::updated_unless(!account.can_log_in && ended == 0);
    Reply::new(DeactivatedAccount::new(AccountStatus::Inactive)).did(effect, &request, true)
}

/// Switches an account on or off.
async fn switch(server: &Server, account: &Account, template: &str, on: bool) -> Result<()> {
    let statement = &RoleStatement::new(template, &account.name);
    server.with_retries(|| statement.run(&server.main)).await?;
    let is_switched = async { Ok(server.account(&account.id()).await?.can_log_in == on) };
    server.verify("the account's status is as before", is_switched).await
}
