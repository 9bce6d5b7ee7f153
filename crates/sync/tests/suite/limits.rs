//! Failures that pass, limits that are waited for, and those that end a listing.

use std::time::Duration;

use indexmap::IndexMap;
use lumos_connector_types::rate_limit::{RateLimitResponseInfo, RateLimitStateSnapshot};
use lumos_sync::execute::{CallFailure, SyncOptions};
use lumos_sync::verdict::Verdict;

use crate::tenant::{Place, Reply, Tenant, reason, verdict};

fn failing(kind: &str) -> CallFailure {
    CallFailure::new(kind, format!("it answered {kind}"))
}

fn with(failure: CallFailure) -> Reply {
    Reply { rows: vec!["{}".to_owned()], failure: Some(failure), ..Reply::default() }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_passes_leaves_no_trace_in_the_rows() {
    let (place, healthy) = (Place::new(), Tenant::small());
    let whole = place.sync(&healthy).await;
    let tenant = Tenant::small().fault(|call, before, reply| {
        if call.capability == "list_accounts" && (2..5).contains(&before) {
            with(failing("died").passing())
        } else {
            reply
        }
    });
    let end = place.sync(&tenant).await;
    assert_eq!(end.outcome, Verdict::Complete, "{end:?}");
    assert_eq!(place.rows(end.sync), place.rows(whole.sync));
    let accounts = &end.listings[0].0;
    assert_eq!((accounts.pages, accounts.calls, accounts.waiting_time), (6, 9, Duration::from_secs(7)));
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_stays_ends_its_listing_alone() {
    let place = Place::new();
    let tenant = Tenant::small().fault(|call, _, reply| {
        let is_third = call.token.as_deref() == Some("list_accounts:2");
        if is_third { with(failing("died").passing()) } else { reply }
    });
    let end = place.sync(&tenant).await;
    assert_eq!(verdict(&end, "accounts"), Verdict::Incomplete);
    assert_eq!(reason(&end, "accounts"), "page 2: it answered died (tried 5 times)");
    assert_eq!(end.listings[0].0.rows, 10);
    assert_eq!(verdict(&end, "associations"), Verdict::Complete);
    assert_eq!(verdict(&end, "last_activity"), Verdict::Incomplete);
    assert_eq!(end.outcome.exit_status(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_not_tried_again() {
    let place = Place::new();
    let tenant = Tenant::small().fault(|call, _, reply| {
        if call.capability == "list_entitlements" { with(failing("permission_denied")) } else { reply }
    });
    let end = place.sync(&tenant).await;
    assert_eq!(tenant.calls_of("list_entitlements"), 1);
    assert_eq!(reason(&end, "entitlements"), "page 0: it answered permission_denied");
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_waited_for_as_long_as_the_app_asks() {
    let place = Place::new();
    let tenant = Tenant::small().fault(|call, before, reply| {
        if call.capability == "list_accounts" && before % 3 == 0 {
            with(failing("rate_limit").wait(Duration::from_secs(90)))
        } else {
            reply
        }
    });
    let start = tokio::time::Instant::now();
    let end = place.sync(&tenant).await;
    assert_eq!(end.outcome, Verdict::Complete, "{end:?}");
    // The store keeps moments of the wall clock, which the paused clock of a test does not move: each wait is taken whole.
    assert!(start.elapsed() >= Duration::from_secs(270), "{:?}", start.elapsed());
    assert_eq!(end.listings[0].0.waiting_time, Duration::from_secs(270));
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_what_is_granted_ends_the_listing() {
    let place = Place::new();
    let tenant = Tenant::small().fault(|call, _, reply| {
        if call.capability == "list_accounts" {
            with(failing("rate_limit").wait(Duration::from_secs(8 * 60 * 60)))
        } else {
            reply
        }
    });
    let end = place.sync(&tenant).await;
    assert_eq!(reason(&end, "accounts"), "page 0: it answered rate_limit; it asks to wait for 28800 s");
}

#[tokio::test(start_paused = true)]
async fn the_state_that_answers_give_back_goes_into_the_next_call_and_leaves_one_lane() {
    let place = Place::new();
    let tenant = Tenant::small().fault(|_, before, reply| {
        let snapshot = RateLimitStateSnapshot {
            remaining: Some(100 - i64::try_from(before).unwrap()),
            ..RateLimitStateSnapshot::default()
        };
        let rate_limit =
            RateLimitResponseInfo { current_state: Some(IndexMap::from([("acme".to_owned(), snapshot)])) };
        Reply { rate_limit: Some(rate_limit), ..reply }
    });
    place.sync_with(&tenant, &SyncOptions::new("acme")).await.unwrap();
    let calls = tenant.calls.lock().unwrap();
    let told = calls.iter().filter(|call| {
        call.rate_limit
            .as_ref()
            .is_some_and(|it| it.last_known_state.as_ref().is_some_and(|it| it.contains_key("acme")))
    });
    // All but the check of the credentials and those that were under way when the first answer came.
    assert!(told.count() >= calls.len() - 4, "{calls:?}");
}
