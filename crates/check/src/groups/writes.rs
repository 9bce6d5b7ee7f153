//! Whether changes happen, can be read back, and do no harm when asked for twice.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::codes;
use crate::listing::read;
use crate::rule::{Rule, rules};
use crate::run::Run;
use crate::subject::{Call, Reply, Request, members};
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

/// How long is waited between two looks at a change.
const PAUSE: Duration = Duration::from_millis(500);

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

/// All accounts by id, when they can be read to their end.
async fn accounts(run: &Run<'_>) -> Option<Map<String, Value>> {
    if !run.known.works("list_accounts") {
        return None;
    }
    let listing = read(run, &Request::new("list_accounts", json!({}))).await;
    let complete = listing.end == crate::listing::End::Complete;
    let rows = listing.rows.into_iter();
    complete.then(|| {
        rows.filter_map(|row| Some((row["integration_specific_id"].as_str()?.to_owned(), row))).collect()
    })
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
    if !created_is_there(run, &account, settle, &created).await {
        return Ok(());
    }
    twice_created(run, &account, journal, unique, template).await?;
    updated(run, &account, template, settle, unique).await;
    entitled(run, &account, template, settle).await;
    activated(run, &account, settle).await;
    deleted(run, &account, settle, journal, unique).await
}

/// Looks until something is as it should be, or the time is over; what was seen last.
async fn settled<T, F: Future<Output = T>>(
    time: Duration,
    mut look: impl FnMut() -> F,
    good: impl Fn(&T) -> bool,
) -> T {
    let deadline = tokio::time::Instant::now() + time;
    loop {
        let seen = look().await;
        if good(&seen) || tokio::time::Instant::now() >= deadline {
            return seen;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn search(run: &Run<'_>, unique: &str) -> Option<String> {
    let listing = read(run, &Request::new("list_accounts", json!({}))).await;
    let row = listing.rows.into_iter().find(|row| row.to_string().contains(unique))?;
    row["integration_specific_id"].as_str().map(str::to_owned)
}

/// The account as the app has it now; null when it has none.
async fn look(run: &Run<'_>, id: &str) -> Option<Value> {
    if run.known.works("get_account") || run.known.has("get_account") && !run.known.has("list_accounts") {
        let call = run.call(&Request::new("get_account", json!({"account_id": id}))).await;
        return match call.reply() {
            Reply::Success(answer) => Some(answer["response"].clone()),
            Reply::Error(_) if matches!(call.code(), Some("not_found" | "unknown_value")) => {
                Some(Value::Null)
            }
            _ => None,
        };
    }
    let rows = accounts(run).await?;
    Some(rows.get(id).cloned().unwrap_or_default())
}

async fn created_is_there(run: &Run<'_>, account: &Account, settle: Duration, created: &Call) -> bool {
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

async fn twice_created(
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

async fn updated(run: &Run<'_>, account: &Account, template: &Template, settle: Duration, unique: &str) {
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

/// The request that assigns an entitlement to the account, and its members as an association has them.
fn grant(run: &Run<'_>, account: &Account, template: &Template) -> Option<Value> {
    let chosen = &template.entitlement;
    let rows = run.known.rows("list_entitlements");
    let row = match chosen.get("integration_specific_id") {
        Some(id) => rows.iter().find(|row| {
            row["integration_specific_id"] == *id
                && chosen.get("entitlement_type").is_none_or(|kind| row["entitlement_type"] == *kind)
        }),
        None => rows.iter().find(|row| row["is_assignable"] != false),
    };
    let info = run.known.info.as_ref()?;
    let text = |name: &str| {
        let own = chosen.get(name).cloned();
        own.or_else(|| row.map(|row| row[name].clone())).filter(Value::is_string)
    };
    let kind = text("entitlement_type")?;
    let declared = info.info.entitlement_types.iter().find(|declared| kind == declared.type_id.as_str());
    let resource_type = chosen
        .get("resource_type")
        .cloned()
        .or_else(|| declared.map(|declared| json!(declared.resource_type_id)));
    Some(json!({
        "account_integration_specific_id": account.id,
        "resource_integration_specific_id": text("integration_specific_resource_id").unwrap_or_else(|| json!("")),
        "resource_type": resource_type.unwrap_or_else(|| json!("")),
        "entitlement_type": kind,
        "entitlement_integration_specific_id": text("integration_specific_id")?,
    }))
}

/// Whether the account has the entitlement; `None` when it cannot be read.
async fn has(run: &Run<'_>, grant: &Value) -> Option<bool> {
    let account = grant["account_integration_specific_id"].clone();
    let of_account = "get_account_entitlement_associations";
    let request = if run.known.has(of_account) {
        Request::new(of_account, json!({"account_id": account}))
    } else if run.known.works("find_entitlement_associations") {
        Request::new("find_entitlement_associations", json!({}))
    } else {
        return None;
    };
    let listing = read(run, &request).await;
    let found = listing.rows.iter().any(|row| {
        row["account_id"] == account
            && row["integration_specific_entitlement_id"] == grant["entitlement_integration_specific_id"]
            && row["integration_specific_resource_id"] == grant["resource_integration_specific_id"]
    });
    (found || listing.end == crate::listing::End::Complete).then_some(found)
}

async fn entitled(run: &Run<'_>, account: &Account, template: &Template, settle: Duration) {
    let steps = [
        ("assign_entitlement", ASSIGN_READ_BACK, ASSIGN_TWICE, true),
        ("unassign_entitlement", UNASSIGN_READ_BACK, UNASSIGN_TWICE, false),
    ];
    let offered = run.known.has("assign_entitlement") && run.known.has("unassign_entitlement");
    let grant = grant(run, account, template).filter(|_| offered);
    let Some(grant) = grant else {
        for (_, read_back, twice, _) in steps {
            run.skip(read_back, "no entitlement can be assigned and taken away again");
            run.skip(twice, "no entitlement can be assigned and taken away again");
        }
        return;
    };
    for (name, read_back, twice, expected) in steps {
        let call = run.call(&Request::new(name, grant.clone())).await;
        run.expect(SUCCEEDS, call.is_success(), name, || call.summary(), &[&call]);
        if !call.is_success() {
            return;
        }
        match settled(settle, || has(run, &grant), |seen| *seen == Some(expected)).await {
            None => run.skip(read_back, "associations cannot be read"),
            Some(seen) => run.expect(
                read_back,
                seen == expected,
                name,
                || format!("the association is {}", if seen { "still there" } else { "not there" }),
                &[&call],
            ),
        }
        again(run, twice, name, grant.clone()).await;
    }
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

async fn activated(run: &Run<'_>, account: &Account, settle: Duration) {
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

async fn deleted(
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
