//! Creating and changing accounts, and switching them on and off.

use lumos_connector::prelude::*;
use postgres_protocol::password::scram_sha_256;
use tokio_postgres::types::Type;

use crate::accounts::Account;
use crate::connection::Connection;
use crate::deletion;
use crate::entitlement::{Entitlement, Kind};
use crate::entitlement_changes::{self, Grant};
use crate::failures::reason;
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

/// What the server stores of a password (SCRAM-SHA-256, RFC 5803), made here so that the password is in no log of the
/// server.
fn verifier(password: &Secret) -> Result<String> {
    if password.is_empty() || password.expose().contains('\0') {
        return Err(ConnectorError::invalid_value("The password is empty or holds a NUL character"));
    }
    Ok(scram_sha_256(password.expose().as_bytes()))
}

/// Parts of a statement about a role, each with the value that the server quotes in it.
type Options = Vec<(&'static str, String)>;

fn options(
    password: Option<&Secret>,
    limit: Option<ConnectionLimit>,
    valid_until: Option<&DateTime>,
) -> Result<Options> {
    let options = [
        (" PASSWORD %L", password.map(verifier).transpose()?),
        (" CONNECTION LIMIT %s", limit.map(|limit| limit.to_string())),
        (" VALID UNTIL %L", valid_until.map(DateTime::to_string)),
    ];
    Ok(options.into_iter().filter_map(|(option, value)| Some((option, value?))).collect())
}

/// Runs a statement about a role, whose name is `%I` in it.
async fn change(connection: &Connection, statement: &str, role: &str, options: &Options) -> Result<()> {
    const NEEDS: &str =
        "CREATEROLE (since version 16 with ADMIN OPTION on the role, SUPERUSER for superusers)";
    let (mut template, mut values) = (statement.to_owned(), vec![role]);
    for (option, value) in options {
        template.push_str(option);
        values.push(value);
    }
    connection.run(&template, &values, NEEDS).await
}

async fn comment(connection: &Connection, role: &str, comment: Option<&str>) -> Result<()> {
    let Some(comment) = comment else { return Ok(()) };
    change(connection, "COMMENT ON ROLE %I IS ", role, &vec![("%L", comment.to_owned())]).await
}

pub(crate) async fn create_account(server: Server, request: NewAccount) -> Result<Reply<CreatedAccount>> {
    let entitlements = request.entitlements.iter().map(|given| Entitlement::named(given.entitlement()));
    let entitlements = entitlements.collect::<Result<Vec<_>>>()?;
    let password = NewPassword::choose(&server.call, request.password.as_ref(), request.generate_password)?;
    let NewAccount { name, connection_limit, valid_until, .. } = &request;
    let options = options(password.secret(), *connection_limit, valid_until.as_ref())?;
    // Roles and what all databases share are created together or not at all.
    let (schemas, shared): (Vec<_>, Vec<_>) =
        entitlements.iter().partition(|entitlement| entitlement.kind == Kind::Schema);
    let connection = &server.main;
    let create = async || {
        check_is_free(connection, name).await?;
        change(connection, "CREATE ROLE %I LOGIN", name, &options).await?;
        comment(connection, name, request.comment.as_deref()).await?;
        let oid = find(connection, name).await?.ok_or_else(|| {
            ConnectorError::invalid_response(format!("The server does not show the new role \"{name}\""))
        })?;
        let account = server.account(&oid.to_string()).await?;
        for entitlement in &shared {
            Grant { server: &server, connection, account: &account, entitlement }.set(true).await?;
        }
        Ok(account)
    };
    let account = server.with_retries(|| connection.transaction(create())).await?;
    let is_there = async {
        Ok(server.account(&account.id()).await?.can_log_in
            && find(connection, name).await? == Some(account.oid))
    };
    server.verify("the account is not there", is_there).await?;
    // Other databases see the role only now; when they refuse, it goes again.
    for entitlement in schemas {
        if let Err(error) = entitlement_changes::set(&server, &account, entitlement, true).await {
            return Err(match deletion::remove(&server, &account).await {
                Ok(()) => error,
                Err(second) => {
                    let (first, second, id) = (reason(&error), reason(&second), account.id());
                    error.with_message(format!("{first}; the account {id} is there and stays: {second}"))
                }
            });
        }
    }
    let reply = Reply::new(CreatedAccount::new(account.id(), account.status()));
    Ok(password.answered(reply.did(Effect::created(), &request, false)?))
}

/// The OID of the role with a name. The type of the parameter has the server refuse names that it would cut.
async fn find(connection: &Connection, name: &str) -> Result<Option<u32>> {
    connection.row("SELECT to_json(oid::int8) FROM pg_roles WHERE rolname = $1", &[(&name, Type::NAME)]).await
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

pub(crate) async fn update_account(
    server: Server,
    request: UpdatedAccount,
) -> Result<Reply<UpdateableAccount>> {
    let account = server.account(&request.id).await?;
    let UpdatedAccount { password, connection_limit, valid_until, .. } = &request;
    let name = request.name.as_deref().filter(|name| *name != account.name);
    let options = options(password.as_ref(), *connection_limit, valid_until.as_ref())?;
    if !options.is_empty() || name.is_some() {
        server.refuse_own(&account)?;
    }
    let connection = &server.main;
    let update = async || {
        if !options.is_empty() {
            change(connection, "ALTER ROLE %I", &account.name, &options).await?;
        }
        comment(connection, &account.name, request.comment.as_deref()).await?;
        if let Some(name) = name {
            check_is_free(connection, name).await?;
            let rename = vec![(" RENAME TO %I", name.to_owned())];
            change(connection, "ALTER ROLE %I", &account.name, &rename).await?;
            if connection.password_cleared() {
                return Err(ConnectorError::conflict(
                    "Renaming it would clear its password, which is stored as MD5 with the name in it",
                )
                .with_hint("Give a new password in the same request."));
            }
        }
        Ok(())
    };
    server.with_retries(|| connection.transaction(update())).await?;
    server.verify("the account is not as requested", is_updated(&server, &account, &request)).await?;
    let changes = !options.is_empty() || request.comment.is_some() || name.is_some();
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
    let expired =
        account.has_expired.then(|| "Its password has expired: it logs in by other means alone".to_owned());
    Ok(Reply::new(ActivatedAccount::active()).did(effect, &request, true)?.described(expired))
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
async fn switch(server: &Server, account: &Account, statement: &str, on: bool) -> Result<()> {
    let none = &Options::new();
    server.with_retries(|| change(&server.main, statement, &account.name, none)).await?;
    let is_switched = async { Ok(server.account(&account.id()).await?.can_log_in == on) };
    server.verify("the account's status is as before", is_switched).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifier_does_not_hold_the_password() {
        let verifier = verifier(&"correct horse".into()).unwrap();
        assert!(verifier.starts_with("SCRAM-SHA-256$4096:"), "{verifier}");
        assert!(!verifier.contains("correct"));
    }

    #[test]
    fn passwords_that_the_server_would_drop_are_refused() {
        for password in ["", "a\0b"] {
            let error = verifier(&password.into()).unwrap_err();
            assert_eq!(error.class(), Some(ErrorClass::InvalidValue));
        }
    }
}
