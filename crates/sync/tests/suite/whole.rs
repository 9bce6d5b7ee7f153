//! A healthy tenant, whole.

use lumos_sync::execute::SyncOptions;
use lumos_sync::plan::Selection;
use lumos_sync::verdict::Verdict;

use crate::tenant::{Place, Tenant, account, verdict};

#[tokio::test(start_paused = true)]
async fn every_listing_is_read_to_its_end_and_complete() {
    let (place, tenant) = (Place::new(), Tenant::small());
    let end = place.sync(&tenant).await;
    assert_eq!(end.outcome, Verdict::Complete, "{end:?}");
    let rows: Vec<_> = end.listings.iter().map(|(it, _)| (it.label.as_str(), it.pages, it.rows)).collect();
    assert_eq!(
        rows,
        [("accounts", 6, 30), ("entitlements", 1, 4), ("associations", 12, 60), ("last_activity", 1, 30)]
    );
    assert_eq!(place.rows(end.sync).len(), 124);
}

#[tokio::test(start_paused = true)]
async fn a_second_sync_is_read_into_the_same_file() {
    let (place, tenant) = (Place::new(), Tenant::small());
    let first = place.sync(&tenant).await;
    let second = place.sync(&tenant).await;
    assert!(second.sync > first.sync);
    assert_eq!(place.rows(first.sync), place.rows(second.sync));
}

#[tokio::test(start_paused = true)]
async fn accounts_are_gone_through_in_batches_and_again_within_pages() {
    let (place, tenant) = (Place::new(), Tenant::of(250));
    let end = place.sync(&tenant).await;
    assert_eq!(verdict(&end, "last_activity"), Verdict::Complete);
    assert_eq!(tenant.calls_of("get_last_activity"), 3);
    let activity = end.listings.iter().find(|(it, _)| it.label == "last_activity").unwrap();
    assert_eq!(activity.0.rows, 250);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_chosen_is_read() {
    let (place, tenant) = (Place::new(), Tenant::small());
    let mut options = SyncOptions::new("acme");
    options.selection = Selection { only: vec!["accounts".to_owned()], without: Vec::new() };
    place.sync_with(&tenant, &options).await.unwrap();
    assert_eq!(tenant.calls_of("list_entitlements"), 0);
}

#[tokio::test(start_paused = true)]
async fn verify_reads_twice_and_keeps_one_reading() {
    let (place, tenant) = (Place::new(), Tenant::small());
    let mut options = SyncOptions::new("acme");
    options.verify = true;
    let end = place.sync_with(&tenant, &options).await.unwrap();
    assert_eq!(end.outcome, Verdict::Complete, "{end:?}");
    assert_eq!(tenant.calls_of("list_accounts"), 12);
    assert_eq!(end.listings.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn names_of_custom_attributes_go_into_the_requests() {
    let place = Place::new();
    let mut tenant = Tenant::small();
    let attribute = |kind: &str, name: &str| {
        format!(
            r#"{{"customized_type":"{kind}","name":"{name}","attribute_type":"string","description":null}}"#
        )
    };
    tenant.pages.insert(
        "list_custom_attributes_schema",
        vec![vec![attribute("account", "badge")], vec![attribute("entitlement", "owner")]],
    );
    place.sync(&tenant).await;
    let calls = tenant.calls.lock().unwrap();
    let request = |name: &str| calls.iter().find(|call| call.capability == name).unwrap().request.clone();
    assert_eq!(request("list_accounts"), r#"{"custom_attributes":["badge"]}"#);
    assert_eq!(request("list_entitlements"), r#"{"custom_attributes":["owner"]}"#);
}

#[tokio::test(start_paused = true)]
async fn views_show_the_latest_sync_by_field() {
    let (place, tenant) = (Place::new(), Tenant::small());
    place.sync(&tenant).await;
    let database = rusqlite::Connection::open(place.path()).unwrap();
    let email: String = database
        .query_row("SELECT email FROM accounts WHERE integration_specific_id = 'a0007'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(email, "7@example.test");
    let data: String =
        database.query_row("SELECT data FROM accounts WHERE key = 'a0007'", [], |row| row.get(0)).unwrap();
    assert_eq!(data, account(7));
}
