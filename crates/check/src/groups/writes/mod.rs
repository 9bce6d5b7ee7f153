//! Whether changes happen, can be read back, and do no harm when asked for twice.
//!
//! | file | what is in it |
//! | --- | --- |
//! | this one | the life of a test account, and changes of one that does not exist |
//! | [`account`] | the account itself: created, updated, deactivated and activated, deleted |
//! | [`grants`] | an entitlement that it is given and that is taken away again |
//! | [`reading`] | what the app has after a change |

mod account;
mod grants;
mod reading;

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use self::reading::{accounts, search, settled};
use crate::codes;
use crate::rule::{Rule, rules};
use crate::run::Run;
use crate::subject::{Reply, Request};
use crate::writing::{Journal, JournalError, Open, Template, take_away};

rules! { Writes, "writes";
    SUCCEEDS = "succeeds", Error, "s3-success",
        "A change that the connector offers is not answered with a success.",
        "Look at the error; the template may lack a field that the app requires.";
    CREATED_ID = "created-id", Warning, "s18",
        "`create_account` does not say which id the account has.",
        "Give the id as soon as the app tells it: without it nobody can act on the account.";
    CREATE_READ_BACK = "create-read-back", Error, "s18",
        "An account that was created cannot be read, or has other fields than were asked for.",
        "Answer a success only when the app has the account.";
    CREATE_TWICE = "create-twice", Error, "s19-codes",
        "Creating the same account again makes a second one, or fails with another code than `conflict`.",
        "Answer `conflict`, or the account that is there.";
    UPDATE_READ_BACK = "update-read-back", Error, "s18",
        "A field that was updated cannot be read back.",
        "Answer a success only when the app has the new value.";
    ASSIGN_READ_BACK = "assign-read-back", Error, "s18",
        "An entitlement that was assigned is not among the account's associations.",
        "Answer a success only when the app has the grant.";
    ASSIGN_TWICE = "assign-twice", Error, "s19-codes",
        "Assigning the same entitlement again fails with another code than `conflict`.",
        "Answer a success, with a summary that nothing was to be done.";
    UNASSIGN_READ_BACK = "unassign-read-back", Error, "s18",
        "An entitlement that was taken away is still among the account's associations.",
        "Answer a success only when the grant is gone.";
    UNASSIGN_TWICE = "unassign-twice", Error, "s19-codes",
        "Taking the same entitlement away again fails with another code than `not_found` or `conflict`.",
        "Answer a success, with a summary that nothing was to be done.";
    DEACTIVATE_READ_BACK = "deactivate-read-back", Error, "s18",
        "An account that was deactivated still reads as active.",
        "Answer a success only when the app says that it is not active.";
    DEACTIVATE_TWICE = "deactivate-twice", Error, "s19-codes",
        "Deactivating again fails with another code than `conflict`.",
        "Answer a success, with a summary that nothing was to be done.";
    ACTIVATE_READ_BACK = "activate-read-back", Error, "s18",
        "An account that was activated does not read as active.",
        "Answer a success only when the app says that it is active.";
    ACTIVATE_TWICE = "activate-twice", Error, "s19-codes",
        "Activating again fails with another code than `conflict`.",
        "Answer a success, with a summary that nothing was to be done.";
    DELETE_READ_BACK = "delete-read-back", Error, "s18",
        "An account that was deleted can still be read as active.",
        "Answer a success only when the account is gone or marked as deleted.";
    DELETE_TWICE = "delete-twice", Error, "s19-codes",
        "Deleting again fails with another code than `not_found` or `conflict`.",
        "Answer a success or `not_found`.";
    STATUS_TRUE = "status-true", Error, "s18",
        "A change answers a status that reading the account contradicts.",
        "Answer the status that the app has after the change.";
    UNKNOWN_ID = "unknown-id", Error, "s19-codes",
        "A change of an account that does not exist is answered with a success, or with a code that says something else.",
        "Answer `not_found`.";
    OTHERS_UNTOUCHED = "others-untouched", Error, "s18",
        "A change of the test account changed another account, too.",
        "Name exactly one account in every request to the app.";
    CLEAN_UP = "clean-up", Error, "s18",
        "The test account could not be taken away again.",
        "Take it away by hand: the journal has its id.";
}

/// An id that no app has.
const UNKNOWN: &str = "check-no-such-id-7f3a9c";

/// The test account.
struct Account {
    id: String,
    payload: Value,
}

pub(crate) async fn check(run: &Run<'_>) -> Result<Vec<String>, JournalError> {
    let Some(template) = run.options.writes.clone() else { return Ok(Vec::new()) };
    unknown_ids(run).await;
    if !run.known.has("create_account") || !run.known.has("delete_account") {
        for rule in RULES.iter().filter(|rule| rule.id != UNKNOWN_ID.id) {
            run.skip(rule, "the connector cannot both create and delete accounts");
        }
        return Ok(Vec::new());
    }
    let path = run.options.journal.clone().unwrap_or_else(|| PathBuf::from("connector-check.journal"));
    let mut journal = Journal::open(&path)?;
    // What an interrupted check left comes first.
    take_away(&run.subject, &mut journal).await?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let unique = format!("{:x}", since.as_micros());
    let before = accounts(run).await;
    let result = life(run, &template, &mut journal, &unique).await;
    take_away(&run.subject, &mut journal).await?;
    result?;
    let left: Vec<String> = journal.left().iter().map(Open::describe).collect();
    run.expect(
        CLEAN_UP,
        left.is_empty(),
        "delete_account",
        || format!("left behind: {}", left.join(", ")),
        &[],
    );
    if let (Some(before), Some(after)) = (before, accounts(run).await) {
        let changed = before.iter().find(|(id, row)| after.get(id.as_str()) != Some(row));
        run.expect(
            OTHERS_UNTOUCHED,
            changed.is_none(),
            "list_accounts",
            || {
                format!(
                    "`{}` is another one than before",
                    changed.map(|(id, _)| id.as_str()).unwrap_or_default()
                )
            },
            &[],
        );
    } else {
        run.skip(OTHERS_UNTOUCHED, "the accounts cannot be read to their end");
    }
    journal.close();
    Ok(left)
}

async fn life(
    run: &Run<'_>,
    template: &Template,
    journal: &mut Journal,
    unique: &str,
) -> Result<(), JournalError> {
    let payload = Template::filled(&template.create, unique);
    journal.creating(unique)?;
    let created = run.call(&Request::new("create_account", payload.clone())).await;
    run.expect(SUCCEEDS, created.is_success(), "create_account", || created.summary(), &[&created]);
    let Some(response) = created.response() else {
        if matches!(created.reply(), Reply::Error(_)) {
            // It was refused: there is nothing.
            journal.gone(unique)?;
        }
        return Ok(());
    };
    let given = response["id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
    run.expect(CREATED_ID, given.is_some(), "create_account", || "`id` is null".to_owned(), &[&created]);
    let settle = Duration::from_secs(template.settle);
    let found = match &given {
        Some(id) => Some(id.clone()),
        None => settled(settle, || search(run, unique), Option::is_some).await,
    };
    let Some(id) = found else {
        run.find(
            CREATE_READ_BACK,
            "create_account",
            "no account has the fields of the template",
            &[&created],
        );
        return Ok(());
    };
    journal.created(unique, &id)?;
    let account = Account { id, payload };
    if !account::created_is_there(run, &account, settle, &created).await {
        return Ok(());
    }
    account::twice_created(run, &account, journal, unique, template).await?;
    account::updated(run, &account, template, settle, unique).await;
    grants::entitled(run, &account, template, settle).await;
    account::activated(run, &account, settle).await;
    account::deleted(run, &account, settle, journal, unique).await
}

/// The same change once more: nothing is to be done.
async fn again(run: &Run<'_>, rule: &'static Rule, name: &str, payload: Value) {
    let call = run.call(&Request::new(name, payload)).await;
    let removes = matches!(name, "unassign_entitlement" | "delete_account");
    let kept = match call.reply() {
        Reply::Success(_) => true,
        Reply::Error(_) => call.code().is_some_and(|code| {
            code == "conflict"
                || removes && matches!(code, "not_found" | "unknown_value")
                || codes::is_transient(code)
        }),
        Reply::None(_) => false,
    };
    run.expect(rule, kept, name, || call.summary(), &[&call]);
}

async fn unknown_ids(run: &Run<'_>) {
    let mut tried = false;
    let kind = run.known.rows("list_entitlements").first().cloned().unwrap_or_default();
    let grant = json!({
        "account_integration_specific_id": UNKNOWN,
        "resource_integration_specific_id": kind["integration_specific_resource_id"].as_str().unwrap_or_default(),
        "resource_type": "",
        "entitlement_type": kind["entitlement_type"].as_str().unwrap_or("check"),
        "entitlement_integration_specific_id": kind["integration_specific_id"].as_str().unwrap_or("check"),
    });
    for (name, payload) in [
        ("activate_account", json!({"account_id": UNKNOWN})),
        ("deactivate_account", json!({"account_id": UNKNOWN})),
        ("delete_account", json!({"account_id": UNKNOWN})),
        ("assign_entitlement", grant.clone()),
        ("unassign_entitlement", grant),
    ] {
        if !run.known.has(name) {
            continue;
        }
        tried = true;
        let call = run.call(&Request::new(name, payload)).await;
        // What is to be gone and never was is gone.
        let removes = matches!(name, "delete_account" | "unassign_entitlement");
        let kept = match call.reply() {
            Reply::Success(_) => removes,
            Reply::Error(_) => call.code().is_some_and(|code| {
                matches!(code, "not_found" | "unknown_value" | "invalid_value") || codes::is_transient(code)
            }),
            Reply::None(_) => false,
        };
        run.expect(UNKNOWN_ID, kept, name, || call.summary(), &[&call]);
    }
    if !tried {
        run.skip(UNKNOWN_ID, "the connector changes nothing");
    }
}
