//! What it answers to a request that is right.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::codes;
use crate::known::{ReadListing, is_listing};
use crate::listing::{End, read};
use crate::rule::rules;
use crate::run::Run;
use crate::subject::{Reply, Request};

rules! { Answers, "answers";
    READS = "reads", Error, "s3-success",
        "A capability that reads does not answer a request that is right.",
        "Answer with a success; look at the error and at standard error for the cause.";
    ENVELOPE = "envelope", Error, "s3-success",
        "A success does not have exactly the keys of the envelope, in their order.",
        "Write `response`, `raw_data`, `page`, `rate_limit`, `execution_summary`, null where there is nothing to say.";
    WRITING = "writing", Warning, "s1-document",
        "An answer is not compact JSON with characters beyond ASCII as they are.",
        "Write it without spaces between tokens and without `\\u` escapes; whoever compares texts relies on it.";
    SCHEMA = "schema", Error, "s1-values",
        "A value of an answer is not of the type that its schema says.",
        "Write what the schema says; a caller reads it strictly.";
    EVERY_FIELD = "every-field", Error, "s1-document",
        "A declared field is left out of an answer.",
        "Write every field, null where there is nothing to say; callers index without asking.";
    FIELD_ORDER = "field-order", Note, "s1-document",
        "The fields of an answer are not in the order of the schema.",
        "Write them in the declared order.";
    UNKNOWN_FIELDS = "unknown-fields", Warning, "s1-document",
        "An answer has fields that its schema does not have.",
        "Put what is the app's own into `extra_data` or `custom_attributes`.";
    RAW_DATA = "raw-data", Warning, "s3-request",
        "`raw_data` is there although nobody asked for it.",
        "Give it only when the request has `include_raw_data: true`: it may hold personal data.";
    IDS_NOT_EMPTY = "ids-not-empty", Error, "s6-types",
        "An id of a row is an empty text.",
        "Leave out rows that cannot be named, or give them the id that the app has.";
    IDS_TRIMMED = "ids-trimmed", Warning, "s6-types",
        "An id of a row has white space at its ends.",
        "Give ids exactly as they are sent back, without decoration.";
    IDS_UNIQUE = "ids-unique", Error, "s6-types",
        "Two rows of one page have the same id.",
        "Give each row once.";
    ENTITLEMENT_TYPES = "entitlement-types", Error, "s6-types",
        "A row has an entitlement type that the connector does not declare.",
        "Declare the type, or translate the app's word into a declared one.";
    RESOURCE_TYPES = "resource-types", Error, "s6-types",
        "A row has a resource type that the connector does not declare.",
        "Declare the type, or translate the app's word into a declared one.";
    REFERENCES = "references", Error, "s13-checks",
        "A row names an account, entitlement or resource that its listing does not have.",
        "List what is referred to, or leave the reference out.";
    TIMES = "times", Warning, "s1-times",
        "A timestamp is not written as RFC 3339.",
        "Write `2024-01-02T03:04:05Z`.";
    EMAILS = "emails", Warning, "s1-values",
        "An email address is not one.",
        "Write null where the app has none.";
    VALID_CREDENTIALS = "valid-credentials", Error, "s4-when",
        "`validate_credentials` does not say that the connection's credentials are valid, or for which tenant.",
        "Answer `valid: true` with a `unique_tenant_id` that is the tenant's own and never changes.";
    SAME_ACCOUNT = "same-account", Error, "s1-values",
        "`get_account` gives another account than the one that was asked for.",
        "Answer the row that `list_accounts` has for this id.";
    ACCOUNT_ASSOCIATIONS = "account-associations", Error, "s13-checks",
        "The associations of one account are not those that the whole listing has for it.",
        "Make both from the same data.";
    CUSTOM_ATTRIBUTES = "custom-attributes", Error, "s13-checks",
        "A declared custom attribute is not in rows that were asked for it.",
        "Give every row all attributes that were asked for and that the schema lists.";
    PROBE = "probe", Warning, "s13-status",
        "`probe_integration` fails although the capabilities answer.",
        "Look at the check that failed.";
    AUTHORIZATION_URL = "authorization-url", Error, "s15-authorization",
        "`get_authorization_url` gives an address that lacks a parameter.",
        "Send `client_id`, `response_type=code`, `redirect_uri` and `state` as they were given.";
}

/// The order in which capabilities are read: what others need first.
const FIRST: &[&str] = &[
    "validate_credentials",
    "list_custom_attributes_schema",
    "list_resources",
    "list_entitlements",
    "list_accounts",
    "list_applications",
    "list_applications_accounts",
];

pub(crate) async fn check(run: &mut Run<'_>) {
    let mut names: Vec<String> =
        FIRST.iter().filter(|name| run.known.has(name)).map(|&name| name.to_owned()).collect();
    names.extend(
        run.known
            .capabilities()
            .into_iter()
            .filter(|name| !FIRST.contains(&name.as_str()) && name != "app_info"),
    );
    for name in names {
        let payload = match run.options.requests.get(&name) {
            Some(payload) => payload.clone(),
            None => match run.known.payload(&name) {
                Ok(payload) => payload,
                Err(_) => continue,
            },
        };
        if is_listing(&name) {
            listing(run, &name, payload).await;
        } else {
            single(run, &name, payload).await;
        }
    }
    references(run);
    custom_attributes(run).await;
    account_associations(run).await;
}

async fn listing(run: &mut Run<'_>, name: &str, payload: Value) {
    let listing = read(run, &Request::new(name, payload)).await;
    let Some(first) = listing.calls.first() else { return };
    run.expect(READS, first.is_success(), name, || first.summary(), &[first]);
    if !first.is_success() {
        run.known.broken.insert(name.to_owned());
        return;
    }
    let known = ReadListing {
        token: first.next_token().map(str::to_owned),
        first: first.rows().len(),
        complete: matches!(listing.end, End::Complete),
        rows: listing.rows.clone(),
    };
    run.known.listings.insert(name.to_owned(), known);
    crate::groups::paging::judge(run, name, &listing);
}

async fn single(run: &mut Run<'_>, name: &str, payload: Value) {
    let call = run.call(&Request::new(name, payload.clone())).await;
    run.expect(READS, call.is_success(), name, || call.summary(), &[&call]);
    let Some(response) = call.response() else {
        run.known.broken.insert(name.to_owned());
        return;
    };
    match name {
        "validate_credentials" => run.expect(
            VALID_CREDENTIALS,
            response["valid"] == true
                && response["unique_tenant_id"].as_str().is_some_and(|id| !id.trim().is_empty()),
            name,
            || "`valid` is not true, or `unique_tenant_id` is empty".to_owned(),
            &[&call],
        ),
        "get_account" => {
            let asked = payload["account_id"].as_str().unwrap_or_default();
            let listed =
                run.known.rows("list_accounts").iter().find(|row| row["integration_specific_id"] == asked);
            // What the platform matches people by; other fields may have changed meanwhile.
            let same = response["integration_specific_id"] == asked
                && listed.is_none_or(|row| {
                    row["email"] == response["email"] && row["username"] == response["username"]
                });
            run.expect(
                SAME_ACCOUNT,
                same,
                name,
                || "the id, email or username is another one than in `list_accounts`".to_owned(),
                &[&call],
            );
        }
        "probe_integration" => run.expect(
            PROBE,
            response["status"] != "failed" || !run.known.broken.is_empty() || nothing_there(run),
            name,
            || "its status is `failed`".to_owned(),
            &[&call],
        ),
        "get_authorization_url" => {
            let url = response["authorization_url"].as_str().unwrap_or_default();
            let missing = [
                "client_id=check",
                "response_type=code",
                "redirect_uri=https%3A%2F%2Fcheck.invalid%2Fcallback",
                "state=check",
            ]
            .into_iter()
            .find(|part| !url.contains(part));
            run.expect(
                AUTHORIZATION_URL,
                missing.is_none(),
                name,
                || format!("the address has no `{}`", missing.unwrap_or_default()),
                &[&call],
            );
        }
        _ => {}
    }
}

/// A connector without accounts, or an app without what is listed, fails its probe rightly.
fn nothing_there(run: &Run<'_>) -> bool {
    !run.known.has("list_accounts")
        || ["list_accounts", "list_entitlements", "find_entitlement_associations"]
            .iter()
            .any(|listing| run.known.has(listing) && run.known.rows(listing).is_empty())
}

fn references(run: &Run<'_>) {
    let known = &run.known;
    let ids = |listing: &str, field: &str| -> Option<HashSet<String>> {
        let read = known.listings.get(listing).filter(|read| read.complete)?;
        Some(read.rows.iter().filter_map(|row| row[field].as_str()).map(str::to_owned).collect())
    };
    let references = [
        ("find_entitlement_associations", "account_id", "list_accounts", "integration_specific_id"),
        (
            "find_entitlement_associations",
            "integration_specific_entitlement_id",
            "list_entitlements",
            "integration_specific_id",
        ),
        (
            "find_entitlement_associations",
            "integration_specific_resource_id",
            "list_resources",
            "integration_specific_id",
        ),
        (
            "list_entitlements",
            "integration_specific_resource_id",
            "list_resources",
            "integration_specific_id",
        ),
        ("get_last_activity", "account_id", "list_accounts", "integration_specific_id"),
        ("list_applications_accounts", "application_instance_id", "list_applications", "id"),
        ("list_credentials", "grants_access_to_non_human_account_id", "list_non_human_accounts", "id"),
    ];
    for (listing, field, other, id) in references {
        let Some(known_ids) = ids(other, id) else {
            if known.has(listing) && known.has(other) {
                run.skip(REFERENCES, format!("`{other}` was not read to its end"));
            }
            continue;
        };
        let named =
            known.rows(listing).iter().filter_map(|row| row[field].as_str()).filter(|id| !id.is_empty());
        for name in named {
            run.expect(
                REFERENCES,
                known_ids.contains(name),
                format!("{listing}: {field}"),
                || format!("`{name}` is not in `{other}`"),
                &[],
            );
        }
    }
}

async fn custom_attributes(run: &Run<'_>) {
    let declared: Vec<String> = run
        .known
        .rows("list_custom_attributes_schema")
        .iter()
        .filter(|row| {
            row["customized_type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("account"))
        })
        .filter_map(|row| row["name"].as_str())
        .map(str::to_owned)
        .collect();
    if declared.is_empty() || !run.known.works("list_accounts") {
        return run.skip(CUSTOM_ATTRIBUTES, "the connector lists no custom attributes of accounts");
    }
    let call = run.call(&Request::new("list_accounts", json!({"custom_attributes": declared}))).await;
    if matches!(call.code(), Some(code) if codes::is_transient(code)) {
        return;
    }
    if let Reply::Success(_) = call.reply() {
        // A row may lack a value; an attribute that no row has is not there.
        let missing = declared.iter().find(|name| {
            !call.rows().is_empty()
                && call.rows().iter().all(|row| row["custom_attributes"].get(name.as_str()).is_none())
        });
        run.expect(
            CUSTOM_ATTRIBUTES,
            missing.is_none(),
            "list_accounts",
            || format!("no row has `{}`", missing.cloned().unwrap_or_default()),
            &[&call],
        );
    } else {
        run.find(CUSTOM_ATTRIBUTES, "list_accounts", call.summary(), &[&call]);
    }
}

async fn account_associations(run: &Run<'_>) {
    let of_account = "get_account_entitlement_associations";
    let whole = run.known.listings.get("find_entitlement_associations").filter(|read| read.complete);
    let (true, Some(whole)) = (run.known.works(of_account), whole) else {
        return run.skip(
            ACCOUNT_ASSOCIATIONS,
            "the connector does not offer both listings, or one was not read to its end",
        );
    };
    let Some(account) = whole.rows.iter().find_map(|row| row["account_id"].as_str()) else { return };
    let listing = read(run, &Request::new(of_account, json!({"account_id": account}))).await;
    let keys = |rows: &[Value]| -> HashSet<String> {
        rows.iter()
            .filter(|row| row["account_id"] == account)
            .map(|row| crate::known::key(of_account, row))
            .collect()
    };
    let calls: Vec<_> = listing.calls.iter().take(1).collect();
    run.expect(
        ACCOUNT_ASSOCIATIONS,
        keys(&listing.rows) == keys(&whole.rows)
            && listing.rows.iter().all(|row| row["account_id"] == account),
        of_account,
        || "the two listings differ".to_owned(),
        &calls,
    );
}
