//! Streamed rows: the same bytes as rows in memory, and no answer that looks whole when it is not.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt, TryStreamExt, stream};
use lumos_connector_core::answer::Content;
use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_core::reply::IntoReply;
use lumos_connector_core::{Answer, Call, Integration, Reply, Rows};
use lumos_connector_types::capability::{Capability, marker};
use lumos_connector_types::payload::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::acme::{answer, block_on, builder, bytes, dispatch};

/// Rows of which each takes about 220 bytes, so that about 300 fill the first chunk.
fn account(number: usize) -> FoundAccountData {
    FoundAccountData::new(format!("{number:0>20}"))
}

const MANY: usize = 5_000;

/// A connector whose `list_accounts` answers what the test makes.
fn acme<T: IntoReply<Vec<FoundAccountData>> + 'static>(
    make: impl Fn() -> T + Send + Sync + 'static,
) -> Integration {
    let list = move |(), _: ListAccounts| {
        let reply = make();
        async move { Ok(reply) }
    };
    builder().requires_authentication(false).capability(marker::ListAccounts, list).build().unwrap()
}

fn list(acme: &Integration) -> Answer {
    dispatch(acme, "list_accounts", r#"{"request": {}}"#)
}

/// Rows of which one, counted from zero, cannot be made.
fn failing_at(failing: usize) -> Integration {
    acme(move || {
        Reply::iter((0..MANY).map(move |number| {
            if number == failing {
                Err(ConnectorError::not_found("no such row"))
            } else {
                Ok(account(number))
            }
        }))
    })
}

#[test]
fn streamed_rows_are_written_as_rows_in_memory_are() {
    let page = || Page { token: Some("on".to_owned()), size: Some(7) };
    for count in [0, 1, 2, 300, MANY] {
        let held = acme(move || Reply::new((0..count).map(account).collect::<Vec<_>>()).page(page()));
        let iterated = acme(move || Reply::iter((0..count).map(account).map(Ok)).page(page()));
        let streamed = acme(move || {
            let rows = stream::iter(0..count).then(async |number| {
                tokio::task::yield_now().await;
                Ok(account(number))
            });
            Reply::stream(rows).page(page())
        });
        let expected = bytes(list(&held)).unwrap();
        assert!(bytes(list(&iterated)).unwrap() == expected, "{count}");
        assert!(bytes(list(&streamed)).unwrap() == expected, "{count}");
        let mut written = Vec::new();
        block_on(list(&streamed).write_to(&mut written)).unwrap();
        assert!(written == expected, "{count}");
    }
}

#[test]
fn rows_of_a_custom_capability_come_last() {
    #[derive(Deserialize, Serialize, JsonSchema)]
    struct Nothing {}
    struct ListBadges;
    impl Capability for ListBadges {
        const NAME: &'static str = "list_badges";
        type Request = Nothing;
        type Response = Vec<u32>;
    }
    let acme = builder().requires_authentication(false);
    let list = async |(), _: Nothing| Ok(Reply::iter([Ok(1), Ok(2)]).raw_data(serde_json::json!({"a": 1})));
    let acme = acme.capability(ListBadges, list).build().unwrap();
    let answer = dispatch(&acme, "list_badges", r#"{"request": {}, "settings": null}"#);
    assert_eq!(
        String::from_utf8(bytes(answer).unwrap()).unwrap(),
        r#"{"page":null,"raw_data":{"a":1},"execution_summary":null,"rate_limit":null,"response":[1,2]}"#
    );
}

#[test]
fn an_error_before_anything_is_sent_is_an_error_envelope() {
    for failing in [0, 100] {
        let error = crate::acme::error(&failing_at(failing), "list_accounts", r#"{"request": {}}"#);
        assert_eq!(error["error_code"], "not_found");
        assert_eq!(error["message"], "no such row");
    }
}

#[test]
fn an_error_after_that_leaves_no_text_that_parses() {
    let acme = failing_at(MANY - 1);
    let answer = list(&acme);
    assert_eq!(answer.error_code(), None);
    let mut written = Vec::new();
    let error = block_on(answer.write_to(&mut written)).unwrap_err();
    assert!(error.to_string().contains("no such row"), "{error}");
    assert!(!written.is_empty());
    assert!(serde_json::from_slice::<Value>(&written).is_err());
    assert!(bytes(list(&acme)).is_err());
}

#[test]
fn after_an_error_a_server_is_given_nothing_more() {
    let Content::Chunks(chunks) = list(&failing_at(MANY - 1)).into_content().unwrap() else {
        panic!("so many rows are streamed");
    };
    let chunks: Vec<io::Result<Vec<u8>>> = block_on(chunks.collect());
    let (last, before) = chunks.split_last().unwrap();
    assert!(last.is_err());
    assert!(before.len() > 2 && before.iter().all(Result::is_ok));
}

#[test]
fn a_short_listing_is_one_piece() {
    let acme = acme(|| Reply::iter([Ok(account(1))]));
    assert!(matches!(list(&acme).into_content().unwrap(), Content::Whole(_)));
}

#[test]
fn a_row_that_panics_breaks_its_own_answer_off() {
    let acme = |panicking: usize| {
        acme(move || {
            Reply::iter((0..MANY).map(move |number| {
                assert!(number != panicking, "hunter2");
                Ok(account(number))
            }))
        })
    };
    let error = crate::acme::error(&acme(0), "list_accounts", r#"{"request": {}}"#);
    assert_eq!(error["error_code"], "internal_error");
    let error = bytes(list(&acme(MANY - 1))).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn rows_are_made_no_faster_than_they_are_taken() {
    let made = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&made);
    let acme = acme(move || {
        let counter = Arc::clone(&counter);
        let rows = (0..MANY).inspect(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        Reply::iter(rows.map(account).map(Ok))
    });
    let Content::Chunks(mut chunks) = list(&acme).into_content().unwrap() else {
        panic!("so many rows are streamed");
    };
    let first = made.load(Ordering::Relaxed);
    assert!(first < 500, "{first}");
    block_on(chunks.try_next()).unwrap();
    assert_eq!(made.load(Ordering::Relaxed), first, "the first chunk is there already");
    block_on(chunks.try_next()).unwrap();
    let second = made.load(Ordering::Relaxed);
    assert!(first < second && second < 1_000, "{second}");
}

#[test]
fn a_rate_limit_reported_by_the_last_row_is_in_the_answer() {
    async fn list(call: Call, _: ListAccounts) -> Result<Reply<Rows<FoundAccountData>>> {
        let rows = (0..MANY).map(move |number| {
            if number == MANY - 1 {
                call.report_rate_limit(
                    "users",
                    RateLimitStateSnapshot { remaining: Some(3), ..Default::default() },
                );
            }
            Ok(account(number))
        });
        Ok(Reply::iter(rows))
    }
    let acme = builder().requires_authentication(false);
    let acme = acme.capability(marker::ListAccounts, list).build().unwrap();
    let answer = answer(&acme, "list_accounts", r#"{"request": {}}"#);
    assert_eq!(answer["rate_limit"]["current_state"]["users"]["remaining"], 3);
}
