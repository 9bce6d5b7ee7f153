//! Planted faults: each listing that lost something, or may have, is not called complete.

use std::sync::atomic::{AtomicUsize, Ordering};

use lumos_sync::execute::{SyncEnd, SyncOptions};
use lumos_sync::store::FindingKind;
use lumos_sync::verdict::Verdict;

use crate::tenant::{Place, Reply, Tenant, account, reason, verdict};

async fn with_fault(
    fault: impl Fn(&lumos_sync::execute::PageCall, usize, Reply) -> Reply + Send + Sync + 'static,
) -> SyncEnd {
    Place::new().sync(&Tenant::small().fault(fault)).await
}

fn found(end: &SyncEnd, label: &str) -> Vec<FindingKind> {
    let listing = end.listings.iter().find(|(listing, _)| listing.label == label).unwrap();
    listing.1.iter().map(|finding| finding.kind).collect()
}

fn page_of(call: &lumos_sync::execute::PageCall, capability: &str, page: usize) -> bool {
    let number = call.token.as_deref().map_or(0, |token| token.rsplit(':').next().unwrap().parse().unwrap());
    call.capability == capability && number == page
}

#[tokio::test(start_paused = true)]
async fn a_repeated_token_is_incomplete() {
    let end = with_fault(|call, _, reply| {
        if page_of(call, "list_accounts", 3) {
            Reply { next: Some("list_accounts:1".to_owned()), ..reply }
        } else {
            reply
        }
    })
    .await;
    assert_eq!(verdict(&end, "accounts"), Verdict::Incomplete);
    assert_eq!(reason(&end, "accounts"), "page 3 gave a token that an earlier page was asked with");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_leads_back_to_its_own_page_is_incomplete() {
    let end = with_fault(|call, _, reply| match &call.token {
        Some(token) if call.capability == "list_accounts" => Reply { next: Some(token.clone()), ..reply },
        _ => reply,
    })
    .await;
    assert_eq!(reason(&end, "accounts"), "page 1 gave a token that an earlier page was asked with");
}

#[tokio::test(start_paused = true)]
async fn a_circle_of_pages_with_tokens_that_never_repeat_is_cut() {
    let count = AtomicUsize::new(0);
    let end = with_fault(move |call, _, reply| {
        if call.capability == "list_accounts" {
            let number = count.fetch_add(1, Ordering::Relaxed);
            Reply { next: Some(format!("nonce{number}:{}", (number + 1) % 6)), ..reply }
        } else {
            reply
        }
    })
    .await;
    assert_eq!(verdict(&end, "accounts"), Verdict::Incomplete);
    assert_eq!(reason(&end, "accounts"), "the same page came 4 times, each time with another token");
}

#[tokio::test(start_paused = true)]
async fn empty_pages_without_end_are_cut() {
    let count = AtomicUsize::new(0);
    let end = with_fault(move |call, _, reply| {
        if call.capability == "list_entitlements" {
            let number = count.fetch_add(1, Ordering::Relaxed);
            Reply { rows: Vec::new(), next: Some(format!("nonce:{number}")), ..Reply::default() }
        } else {
            reply
        }
    })
    .await;
    assert_eq!(reason(&end, "entitlements"), "1000 empty pages in a row, each with another token");
}

#[tokio::test(start_paused = true)]
async fn a_lost_page_of_accounts_shows_by_the_associations_that_name_them() {
    let end = with_fault(|call, _, reply| {
        if page_of(call, "list_accounts", 2) { Reply { rows: Vec::new(), ..reply } } else { reply }
    })
    .await;
    assert_eq!(verdict(&end, "accounts"), Verdict::Inconsistent);
    assert_eq!(found(&end, "accounts"), [FindingKind::Missing]);
    assert_eq!(found(&end, "associations"), [FindingKind::Dangling]);
    assert!(reason(&end, "accounts").contains("a0010"), "{}", reason(&end, "accounts"));
    assert_eq!(end.outcome.exit_status(), 4);
}

#[tokio::test(start_paused = true)]
async fn duplicates_across_pages_and_on_a_page_are_inconsistent() {
    for page in [2, 3] {
        let end = with_fault(move |call, _, mut reply| {
            if page_of(call, "list_accounts", page) {
                reply.rows.push(account(11));
            }
            reply
        })
        .await;
        assert_eq!(found(&end, "accounts"), [FindingKind::Duplicates]);
        assert_eq!(verdict(&end, "accounts"), Verdict::Inconsistent);
        let place = if page == 2 { "on one page" } else { "on different pages" };
        assert!(reason(&end, "accounts").contains(place), "{}", reason(&end, "accounts"));
    }
}

#[tokio::test(start_paused = true)]
async fn rows_without_identity_and_rows_that_are_no_objects_are_inconsistent() {
    let end = with_fault(|call, _, mut reply| {
        if page_of(call, "list_accounts", 0) {
            reply.rows.push(r#"{"integration_specific_id":null}"#.to_owned());
        }
        if page_of(call, "list_entitlements", 0) {
            reply.rows.push("7".to_owned());
        }
        reply
    })
    .await;
    assert_eq!(found(&end, "accounts"), [FindingKind::WithoutIdentity]);
    assert_eq!(found(&end, "entitlements"), [FindingKind::NotObjects]);
    assert!(reason(&end, "accounts").contains("row 5 of page 0: integration_specific_id is missing"));
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_shrank_is_inconsistent_unless_that_is_accepted() {
    let place = Place::new();
    place.sync(&Tenant::small()).await;
    let mut half = Tenant::small();
    half.pages.insert("find_entitlement_associations", Vec::new());
    let end = place.sync(&half).await;
    assert_eq!(found(&end, "associations"), [FindingKind::Shrunk]);
    assert_eq!(verdict(&end, "associations"), Verdict::Inconsistent);
    assert_eq!(verdict(&end, "accounts"), Verdict::Complete);
    let mut options = SyncOptions::new("acme");
    options.thresholds = lumos_sync::verdict::Thresholds::accept_shrinking();
    let end = place.sync_with(&half, &options).await.unwrap();
    assert_eq!(end.outcome, Verdict::Complete);
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_changes_between_two_readings_is_inconsistent() {
    let mut options = SyncOptions::new("acme");
    options.verify = true;
    let tenant = Tenant::small().fault(|call, before, mut reply| {
        if page_of(call, "list_accounts", 5) && before > 6 {
            reply.rows.pop();
            reply.rows[0] = reply.rows[0].replace("@example.test", "@example.org");
        }
        reply
    });
    let end = Place::new().sync_with(&tenant, &options).await.unwrap();
    assert_eq!(found(&end, "accounts"), [FindingKind::Unstable, FindingKind::Changing].map(|kind| kind));
    assert_eq!(verdict(&end, "accounts"), Verdict::Inconsistent);
}
