//! The file: its mode, its lock, other versions, a full disk, and syncs that are thrown away.

use std::sync::Arc;

use lumos_sync::execute::page::PageRows;
use lumos_sync::execute::{SyncError, SyncOptions};
use lumos_sync::frontier::{Claim, Fenced, Frontier, Next, PageJob, PageRead};
use lumos_sync::plan::{ListingKind, Plan, Selection};
use lumos_sync::store::{NewSync, Store, StoreError, StoreFrontier};
use lumos_sync::verdict::Verdict;

use crate::tenant::{Place, Tenant};

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn only_its_owner_may_read_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    std::fs::write(place.path(), "").unwrap();
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let store = Store::open(&place.path()).unwrap();
    for entry in std::fs::read_dir(place.folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
    drop(store);
}

#[test]
fn a_second_sync_on_one_store_is_refused_and_reading_is_not() {
    let place = Place::new();
    let store = Store::open(&place.path()).unwrap();
    assert!(matches!(Store::open(&place.path()), Err(StoreError::InUse { .. })));
    assert!(Store::read(&place.path()).unwrap().syncs().unwrap().is_empty());
    drop(store);
    Store::open(&place.path()).unwrap();
}

#[test]
fn a_store_of_another_version_and_another_file_are_refused_and_left_as_they_are() {
    let place = Place::new();
    drop(Store::open(&place.path()).unwrap());
    let database = rusqlite::Connection::open(place.path()).unwrap();
    database.pragma_update(None, "user_version", 9).unwrap();
    drop(database);
    for error in [Store::open(&place.path()).unwrap_err(), Store::read(&place.path()).unwrap_err()] {
        assert!(matches!(error, StoreError::OtherVersion { found: 9, .. }), "{error}");
        assert!(error.to_string().contains("version 9"), "{error}");
    }
    let other = place.folder.path().join("notes.txt");
    std::fs::write(&other, "these are notes, not a database, and nobody wants to lose them").unwrap();
    assert!(matches!(Store::open(&other), Err(StoreError::NotAStore { .. })));
    assert!(std::fs::read_to_string(&other).unwrap().starts_with("these are notes"));
    let database = rusqlite::Connection::open(place.folder.path().join("other.db")).unwrap();
    database.execute_batch("CREATE TABLE people (name TEXT)").unwrap();
    assert!(matches!(Store::open(&place.folder.path().join("other.db")), Err(StoreError::NotAStore { .. })));
    assert!(matches!(Store::read(&place.folder.path().join("none.db")), Err(StoreError::Missing { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_said_and_nothing_is_lost() {
    let (place, options) = (Place::new(), SyncOptions::new("acme"));
    let tenant = Tenant::of(3000);
    let store = std::sync::Arc::new(Store::open(&place.path()).unwrap());
    store.limit_size(400).unwrap();
    let error = lumos_sync::execute::run(&tenant, &store, &options, &()).await.unwrap_err();
    assert!(matches!(error, SyncError::Store(StoreError::Full { .. })), "{error}");
    assert!(error.to_string().contains("the disk is full"), "{error}");
    drop(store);
    let before = tenant.calls_of("list_accounts");
    let end = place.sync_with(&tenant, &options).await.unwrap();
    assert!(end.is_resumed && end.outcome == Verdict::Complete, "{end:?}");
    assert!(before > 5 && tenant.calls_of("list_accounts") - before < 600);
    assert_eq!(end.listings[0].0.rows, 3000);
}

#[tokio::test(start_paused = true)]
async fn old_syncs_are_thrown_away_but_not_the_last_complete_one() {
    let (place, mut options) = (Place::new(), SyncOptions::new("acme"));
    options.keep = Some(2);
    for _ in 0..3 {
        place.sync_with(&Tenant::small(), &options).await.unwrap();
    }
    let kept = |place: &Place| -> Vec<i64> {
        Store::read(&place.path()).unwrap().syncs().unwrap().iter().map(|sync| sync.id).collect()
    };
    assert_eq!(kept(&place), [2, 3]);
    let broken =
        || Tenant::small().fault(|_, _, reply| crate::tenant::Reply { rows: vec!["1".to_owned()], ..reply });
    for _ in 0..3 {
        place.sync_with(&broken(), &options).await.unwrap();
    }
    assert_eq!(kept(&place), [3, 5, 6]);
    let database = rusqlite::Connection::open(place.path()).unwrap();
    let tables: i64 = database
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name LIKE 'rows_%'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(tables, 12);
}

#[tokio::test]
async fn a_key_is_found_wherever_the_last_one_was() {
    let place = Place::new();
    let store = Arc::new(Store::open(&place.path()).unwrap());
    let plan = Plan::new(&["list_accounts".to_owned()], &Selection::default(), false).unwrap();
    let sync = NewSync {
        connection: "acme",
        fingerprint: "",
        app_id: "acme",
        connector_version: "1",
        page_size: None,
        options: "{}",
        since: "",
    };
    let sync = store.begin(&sync, &plan.listings).unwrap();
    let listing = store.listings(sync).unwrap()[0].id;
    store.start_listing(listing, &PageJob { request: "{}".to_owned(), ..PageJob::default() }).unwrap();
    let mut rows = PageRows::new(ListingKind::labelled("accounts"), 1 << 20);
    // Keys of which some begin others, and more than are fetched at a time. Every third is missing.
    let keys: Vec<String> = (0..15_000).map(|number| format!("k{number}")).collect();
    let has = |number: usize| !number.is_multiple_of(3);
    for (_, key) in keys.iter().enumerate().filter(|(number, _)| has(*number)) {
        rows.push(None, &format!(r#"{{"integration_specific_id":"{key}"}}"#)).unwrap();
    }
    let (rows, facts) = rows.into_parts();
    let frontier = StoreFrontier::new(Arc::clone(&store), sync, "acme".to_owned());
    let Claim::Job(head) = frontier.claim().await.unwrap() else { panic!("no head") };
    let mut page = PageRead { rows: Some(rows), next: Next::End, facts };
    assert_eq!(frontier.commit(&head, &mut page).await.unwrap(), Fenced::Done);
    store.index_listing(listing).unwrap();
    let mut ascending: Vec<usize> = (0..keys.len()).collect();
    ascending.sort_by_key(|&number| &keys[number]);
    let descending = ascending.iter().rev().copied().collect();
    let jumping = (0..keys.len()).map(|number| number * 7919 % keys.len()).collect();
    let twice = ascending.iter().flat_map(|&number| [number, number]).collect();
    let sparse = ascending.iter().step_by(4999).copied().collect();
    for order in [ascending, descending, jumping, twice, sparse] {
        let mut found = store.rows(listing);
        for number in order {
            assert_eq!(found.contains(&keys[number]).unwrap(), has(number), "{}", keys[number]);
        }
        for beside in ["", "a", "k", "z"] {
            assert!(!found.contains(beside).unwrap(), "{beside}");
        }
    }
}
