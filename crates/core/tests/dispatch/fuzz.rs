//! Requests and page tokens that were edited at random, from a kept corpus of odd ones.
//!
//! A case that fails is kept beside this file by proptest; what is worth keeping for good goes into `tests/corpus`. Longer runs:
//! `PROPTEST_CASES=100000 cargo test -p lumos-connector-core --test dispatch fuzz`.

use std::collections::BTreeMap;

use lumos_connector_core::error::{ErrorClass, Result};
use lumos_connector_core::listing::PageSizes;
use lumos_connector_core::page::PageRequest;
use lumos_connector_core::{Auth, Integration, Settings, token};
use lumos_connector_types::capability::marker::{ListAccounts as List, ValidateCredentials as Validate};
use lumos_connector_types::json::JsonObject;
use lumos_connector_types::payload::{
    BasicCredential, FoundAccountData, ListAccounts, ValidateCredentials, ValidatedCredentials,
};
use proptest::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::acme::{builder, bytes, dispatch, valid};

const REQUESTS: &str = include_str!("../corpus/requests.jsonl");
const TOKENS: &str = include_str!("../corpus/page_tokens.txt");
const SIZES: PageSizes = PageSizes { default: 2, max: 5 };

#[derive(Deserialize, JsonSchema)]
struct AcmeSettings {
    host: String,
    batch: Option<i64>,
    ratio: Option<f64>,
    labels: Option<BTreeMap<String, f64>>,
    more: Option<JsonObject>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Cursor {
    endpoint: Option<String>,
    offset: i64,
}

fn acme() -> Integration {
    async fn validate(
        (_, settings): (Auth<BasicCredential>, Settings<AcmeSettings>),
        _: ValidateCredentials,
    ) -> Result<ValidatedCredentials> {
        let read = (settings.batch, settings.ratio, settings.labels.is_some(), settings.more.is_some());
        Ok(ValidatedCredentials { unique_tenant_id: format!("{} {read:?}", settings.host), ..valid() })
    }
    async fn list(page: PageRequest, _: ListAccounts) -> Result<Vec<FoundAccountData>> {
        let listing = page.listing::<Cursor>(SIZES)?;
        assert!(listing.size() <= SIZES.max);
        Ok(Vec::new())
    }
    builder()
        .auth::<BasicCredential>()
        .settings::<AcmeSettings>()
        .capability(Validate, validate)
        .capability(List, list)
        .build()
        .unwrap()
}

/// A text of a corpus after some edits: letters left out, put in or replaced, pieces of another text put in, the end cut off.
fn edited(corpus: &'static [String]) -> impl Strategy<Value = String> {
    let edit =
        (0..4_u8, any::<prop::sample::Index>(), any::<prop::sample::Index>(), prop::sample::select(corpus));
    (prop::sample::select(corpus), prop::collection::vec(edit, 0..6)).prop_map(|(text, edits)| {
        let mut letters: Vec<char> = text.chars().collect();
        for (kind, place, length, other) in edits {
            let at = place.index(letters.len() + 1);
            let end = (at + length.index(12)).min(letters.len());
            let other: Vec<char> = other.chars().collect();
            let from = length.index(other.len() + 1);
            let piece = &other[from..(from + 8).min(other.len())];
            match kind {
                0 => drop(letters.drain(at..end)),
                1 => drop(letters.splice(at..at, piece.iter().copied())),
                2 => drop(letters.splice(at..end, piece.iter().copied())),
                _ => letters.truncate(end),
            }
        }
        letters.into_iter().collect()
    })
}

fn requests() -> &'static [String] {
    static ALL: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
        REQUESTS.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    });
    &ALL
}

fn tokens() -> &'static [String] {
    static ALL: std::sync::LazyLock<Vec<String>> =
        std::sync::LazyLock::new(|| TOKENS.lines().map(str::to_owned).collect());
    &ALL
}

/// The answer is an envelope, and never that of a panic.
fn is_answered(acme: &Integration, capability: &str, request: &str) -> Option<String> {
    let answer = bytes(dispatch(acme, capability, request)).unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let code = answer["error"]["error_code"].as_str().map(str::to_owned);
    assert_eq!(answer["is_error"] == true, code.is_some(), "{request:?}: {answer}");
    assert_ne!(code.as_deref(), Some("internal_error"), "{request:?}: {answer}");
    code
}

#[test]
fn every_kept_request_and_token_is_answered() {
    let acme = acme();
    for request in requests() {
        for capability in ["validate_credentials", "list_accounts", "app_info"] {
            is_answered(&acme, capability, request);
        }
    }
    for text in tokens() {
        is_token_or_refused(&acme, text);
    }
    let good = &requests()[0];
    assert_eq!(is_answered(&acme, "validate_credentials", good), None);
}

fn is_token_or_refused(acme: &Integration, text: &str) {
    // Whatever can be read can be written, and is the same then.
    if let Ok(cursors) = token::decode::<Cursor>(text) {
        let again: Vec<Cursor> = match token::encode(&cursors).unwrap() {
            Some(again) => token::decode(&again).unwrap(),
            None => Vec::new(),
        };
        assert_eq!(again, cursors, "{text}");
    }
    let mut page = PageRequest::new("list_accounts");
    page.token = Some(text.to_owned());
    if let Err(error) = page.listing::<Cursor>(SIZES) {
        assert_eq!(error.class(), Some(ErrorClass::InvalidPageToken), "{text}");
    }
    let request = serde_json::json!({
        "auth": {"basic": {"username": "u", "password": "p"}}, "settings": {"host": "h"}, "request": {},
        "page": {"token": text},
    });
    let code = is_answered(acme, "list_accounts", &request.to_string());
    assert!(matches!(code.as_deref(), None | Some("invalid_page_token")), "{text}: {code:?}");
}

proptest! {
    #[test]
    fn any_edited_request_is_answered(request in edited(requests())) {
        let acme = acme();
        for capability in ["validate_credentials", "list_accounts"] {
            is_answered(&acme, capability, &request);
        }
    }

    #[test]
    fn any_edited_page_token_is_read_or_refused(text in edited(tokens())) {
        is_token_or_refused(&acme(), &text);
    }
}
