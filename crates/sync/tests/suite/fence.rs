//! A page counts once, whoever brings it and however often.

use std::sync::Arc;
use std::time::Duration;

use lumos_sync::execute::page::PageRows;
use lumos_sync::frontier::{Claim, Deferral, Fenced, Frontier, Head, Next, PageFacts, PageJob, PageRead};
use lumos_sync::plan::{ListingKind, Plan, Selection};
use lumos_sync::store::{NewSync, Store, StoreFrontier};

use crate::tenant::{Place, account};

fn begin(place: &Place) -> (Arc<Store>, i64, i64) {
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
    (store, sync, listing)
}

fn page(numbers: std::ops::Range<usize>, next: Next) -> PageRead {
    let mut rows = PageRows::new(ListingKind::labelled("accounts"), 1024);
    numbers.for_each(|number| rows.push(None, &account(number)).unwrap());
    let (rows, facts) = rows.into_parts();
    PageRead { rows: Some(rows), next, facts }
}

fn to(head: &Head, token: &str) -> Next {
    Next::Page(PageJob { page: head.job.page + 1, token: Some(token.to_owned()), ..head.job.clone() })
}

async fn claim(frontier: &StoreFrontier) -> Head {
    match frontier.claim().await.unwrap() {
        Claim::Job(head) => *head,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_commit_that_comes_twice_counts_once() {
    let place = Place::new();
    let (store, sync, listing) = begin(&place);
    let frontier = StoreFrontier::new(Arc::clone(&store), sync, "acme".to_owned());
    let head = claim(&frontier).await;
    let next = to(&head, "t1");
    assert_eq!(frontier.commit(&head, &mut page(0..5, next.clone())).await.unwrap(), Fenced::Done);
    assert_eq!(frontier.commit(&head, &mut page(0..5, next)).await.unwrap(), Fenced::Late);
    assert_eq!(store.listings(sync).unwrap()[0].rows, 5);
    assert_eq!(claim(&frontier).await.job.token.as_deref(), Some("t1"));
    let _ = listing;
}

#[tokio::test]
async fn whoever_was_believed_dead_changes_nothing() {
    let place = Place::new();
    let (store, sync, _) = begin(&place);
    let slow = StoreFrontier::new(Arc::clone(&store), sync, "acme".to_owned());
    let quick = StoreFrontier::new(Arc::clone(&store), sync, "acme".to_owned());
    let (late, head) = (claim(&slow).await, claim(&quick).await);
    assert_eq!(late, head);
    assert_eq!(quick.commit(&head, &mut page(0..5, to(&head, "t1"))).await.unwrap(), Fenced::Done);
    let deferral = Deferral {
        delay: Duration::from_secs(60),
        reason: "late".to_owned(),
        is_failure: true,
        connector: Duration::ZERO,
    };
    assert_eq!(slow.defer(&late, deferral).await.unwrap(), Fenced::Late);
    assert_eq!(slow.commit(&late, &mut page(0..5, to(&late, "fork"))).await.unwrap(), Fenced::Late);
    let head = claim(&quick).await;
    assert_eq!((head.job.page, head.job.token.as_deref()), (1, Some("t1")));
    assert_eq!(quick.commit(&head, &mut page(5..9, Next::End)).await.unwrap(), Fenced::Done);
    assert_eq!(quick.claim().await.unwrap(), Claim::Nothing);
    assert_eq!(store.listings(sync).unwrap()[0].rows, 9);
}

#[tokio::test]
async fn a_head_is_claimed_once_and_a_deferred_one_waits() {
    let place = Place::new();
    let (store, sync, _) = begin(&place);
    let frontier = StoreFrontier::new(store, sync, "acme".to_owned());
    let head = claim(&frontier).await;
    assert_eq!(frontier.claim().await.unwrap(), Claim::Nothing);
    let deferral = Deferral {
        delay: Duration::from_secs(60),
        reason: "throttled".to_owned(),
        is_failure: false,
        connector: Duration::ZERO,
    };
    assert_eq!(frontier.defer(&head, deferral).await.unwrap(), Fenced::Done);
    match frontier.claim().await.unwrap() {
        Claim::Wait(time) => assert!(time <= Duration::from_secs(60) && time > Duration::from_secs(50)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_page_that_could_not_be_stored_stays_with_its_worker() {
    let place = Place::new();
    let (store, sync, _) = begin(&place);
    let frontier = StoreFrontier::new(Arc::clone(&store), sync, "acme".to_owned());
    let head = claim(&frontier).await;
    store.limit_size(1).unwrap();
    let mut read = page(0..500, to(&head, "t1"));
    frontier.commit(&head, &mut read).await.unwrap_err();
    assert_eq!(store.listings(sync).unwrap()[0].rows, 0);
    store.limit_size(1_000_000).unwrap();
    assert_eq!(frontier.commit(&head, &mut read).await.unwrap(), Fenced::Done);
    assert_eq!(store.listings(sync).unwrap()[0].rows, 500);
    let _ = PageFacts::default();
}
