//! The test account itself: created, updated, deactivated and activated, deleted.

use std::time::Duration;

use serde_json::{Value, json};

use super::reading::{accounts, look, settled};
use super::{
    ACTIVATE_READ_BACK, ACTIVATE_TWICE, Account, CREATE_READ_BACK, CREATE_TWICE, DEACTIVATE_READ_BACK,
    DEACTIVATE_TWICE, DELETE_READ_BACK, DELETE_TWICE, STATUS_TRUE, SUCCEEDS, UPDATE_READ_BACK, again,
};
use crate::codes;
use crate::run::Run;
use crate::subject::{Call, Reply, Request, members};
use crate::writing::{Journal, JournalError, Template};

pub(super) async fn created_is_there(
    run: &Run<'_>,
    account: &Account,
    settle: Duration,
    created: &Call,
) -> bool {
    let seen =
        settled(settle, || look(run, &account.id), |seen| seen.as_ref().is_some_and(Value::is_object)).await;
    let Some(seen) = seen else {
        run.skip(CREATE_READ_BACK, "accounts cannot be read");
        return true;
    };
    let odd = ["email", "username", "given_name", "family_name"].into_iter().find(|field| {
        account.payload[*field].is_string() && !same_text(&account.payload[*field], &seen[*field])
    });
    run.expect(
        CREATE_READ_BACK,
        seen.is_object() && odd.is_none(),
        "create_account",
        || match odd {
            Some(field) if seen.is_object() => format!("`{field}` is another one"),
            _ => format!("there is no account `{}`", account.id),
        },
        &[created],
    );
    if seen.is_object() {
        status(run, "create_account", created, &seen);
    }
    seen.is_object()
}

/// Apps may write addresses in lower case.
fn same_text(asked: &Value, seen: &Value) -> bool {
    match (asked.as_str(), seen.as_str()) {
        (Some(asked), Some(seen)) => asked.eq_ignore_ascii_case(seen),
        _ => false,
    }
}

/// Whether the status that a change answered is the account's.
fn status(run: &Run<'_>, name: &str, call: &Call, seen: &Value) {
    let answered = call.response().map(|response| response["status"].clone()).unwrap_or_default();
    if answered.is_string() && seen["user_status"].is_string() {
        run.expect(
            STATUS_TRUE,
            answered == seen["user_status"],
            name,
            || format!("it answered {answered}, and the account is {}", seen["user_status"]),
            &[call],
        );
    }
}

pub(super) async fn twice_created(
    run: &Run<'_>,
    account: &Account,
    journal: &mut Journal,
    unique: &str,
    template: &Template,
) -> Result<(), JournalError> {
    let again = run.call(&Request::new("create_account", account.payload.clone())).await;
    let other = again.response().and_then(|response| response["id"].as_str()).filter(|id| *id != account.id);
    let mut kept = match again.reply() {
        Reply::Success(_) => other.is_none(),
        Reply::Error(_) => again.code().is_some_and(|code| code == "conflict" || codes::is_transient(code)),
        Reply::None(_) => false,
    };
    if let Some(other) = other {
        let second = format!("{unique}-again");
        journal.creating(&second)?;
        journal.created(&second, other)?;
    } else if kept && let Some(rows) = accounts(run).await {
        // An answer that names nobody may hide a second account.
        let named = Template::filled(&template.create, unique);
        let same = rows
            .values()
            .filter(|row| named["email"].is_string() && same_text(&named["email"], &row["email"]));
        kept = same.count() <= 1;
    }
    run.expect(CREATE_TWICE, kept, "create_account", || again.summary(), &[&again]);
    Ok(())
}

pub(super) async fn updated(
    run: &Run<'_>,
    account: &Account,
    template: &Template,
    settle: Duration,
    unique: &str,
) {
    let name = "update_account";
    if template.update.is_empty() || !run.known.has(name) {
        return run.skip(
            UPDATE_READ_BACK,
            "the template has no `update`, or the connector does not update accounts",
        );
    }
    let mut payload = members(&Template::filled(&template.update, unique));
    payload.insert("id".to_owned(), json!(account.id));
    let call = run.call(&Request::new(name, Value::Object(payload.clone()))).await;
    run.expect(SUCCEEDS, call.is_success(), name, || call.summary(), &[&call]);
    if !call.is_success() {
        return;
    }
    let odd = |seen: &Option<Value>| {
        let seen = seen.as_ref()?;
        payload.iter().find(|(field, value)| {
            field.as_str() != "id" && seen.get(field.as_str()).is_some() && seen[field.as_str()] != **value
        })
    };
    let seen = settled(settle, || look(run, &account.id), |seen| odd(seen).is_none()).await;
    if seen.is_none() {
        return run.skip(UPDATE_READ_BACK, "accounts cannot be read");
    }
    let field = odd(&seen).map(|(field, _)| field.as_str());
    run.expect(
        UPDATE_READ_BACK,
        field.is_none(),
        name,
        || format!("`{}` has not the new value", field.unwrap_or_default()),
        &[&call],
    );
}

pub(super) async fn activated(run: &Run<'_>, account: &Account, settle: Duration) {
    let steps = [
        ("deactivate_account", DEACTIVATE_READ_BACK, DEACTIVATE_TWICE, false),
        ("activate_account", ACTIVATE_READ_BACK, ACTIVATE_TWICE, true),
    ];
    for (name, read_back, twice, active) in steps {
        if !run.known.has(name) {
            run.skip(read_back, format!("the connector has no `{name}`"));
            run.skip(twice, format!("the connector has no `{name}`"));
            continue;
        }
        let payload = json!({"account_id": account.id});
        let call = run.call(&Request::new(name, payload.clone())).await;
        run.expect(SUCCEEDS, call.is_success(), name, || call.summary(), &[&call]);
        if !call.is_success() {
            continue;
        }
        let is_active = |seen: &Option<Value>| seen.as_ref().map(|row| row["user_status"] == "ACTIVE");
        let seen = settled(settle, || look(run, &account.id), |seen| is_active(seen) == Some(active)).await;
        match &seen {
            Some(row) if row["user_status"].is_string() || row.is_null() => {
                let kept = is_active(&seen) == Some(active);
                run.expect(
                    read_back,
                    kept,
                    name,
                    || format!("the account is {}", row["user_status"]),
                    &[&call],
                );
                if kept && row.is_object() {
                    status(run, name, &call, row);
                }
            }
            _ => run.skip(read_back, "the status of accounts cannot be read"),
        }
        again(run, twice, name, payload).await;
    }
}

pub(super) async fn deleted(
    run: &Run<'_>,
    account: &Account,
    settle: Duration,
    journal: &mut Journal,
    unique: &str,
) -> Result<(), JournalError> {
    let name = "delete_account";
    let payload = json!({"account_id": account.id});
    let call = run.call(&Request::new(name, payload.clone())).await;
    run.expect(SUCCEEDS, call.is_success(), name, || call.summary(), &[&call]);
    if !call.is_success() {
        return Ok(());
    }
    let is_gone = |seen: &Option<Value>| {
        seen.as_ref().map(|row| {
            row.is_null()
                || matches!(row["user_status"].as_str(), Some("DELETED" | "DEPROVISIONED" | "INACTIVE"))
        })
    };
    let seen = settled(settle, || look(run, &account.id), |seen| is_gone(seen) == Some(true)).await;
    match is_gone(&seen) {
        Some(gone) => {
            run.expect(DELETE_READ_BACK, gone, name, || "the account is still there".to_owned(), &[&call]);
            if gone {
                journal.gone(unique)?;
            }
        }
        None => run.skip(DELETE_READ_BACK, "accounts cannot be read"),
    }
    again(run, DELETE_TWICE, name, payload).await;
    Ok(())
}
