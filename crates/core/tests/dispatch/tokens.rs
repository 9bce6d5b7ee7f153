//! Page tokens (contract §7).

use lumos_connector_core::error::{ErrorClass, Result};
use lumos_connector_core::listing::PageSizes;
use lumos_connector_core::page::PageRequest;
use lumos_connector_core::token::{decode, encode};
use lumos_connector_types::capability::marker;
use lumos_connector_types::payload::{FoundAccountData, ListAccounts};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::acme::{builder, error};

/// The cursor of the contract's example.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Cursor {
    endpoint: String,
    offset: i64,
    nxt: Option<String>,
}

const EXAMPLE: &str = "9183a8656e64706f696e74a62f7573657273a66f666673657414a36e7874c0";

fn users() -> Cursor {
    Cursor { endpoint: "/users".to_owned(), offset: 20, nxt: None }
}

#[test]
fn the_contracts_example_is_written_and_read() {
    assert_eq!(encode(&[users()]).unwrap().as_deref(), Some(EXAMPLE));
    assert_eq!(decode::<Cursor>(EXAMPLE).unwrap(), [users()]);
}

#[test]
fn no_cursors_are_no_token() {
    assert_eq!(encode::<Cursor>(&[]).unwrap(), None);
    assert_eq!(decode::<Cursor>("90").unwrap(), []);
}

#[test]
fn digits_may_be_of_either_case_with_blanks_between_bytes() {
    assert_eq!(decode::<Cursor>(&EXAMPLE.to_uppercase()).unwrap(), [users()]);
    let spaced =
        EXAMPLE.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect::<Vec<_>>();
    for blank in [" ", "\n", "\t", "  \r\n"] {
        assert_eq!(decode::<Cursor>(&spaced.join(blank)).unwrap(), [users()], "{blank:?}");
        assert_eq!(decode::<Cursor>(&format!("{blank}{EXAMPLE}{blank}")).unwrap(), [users()], "{blank:?}");
    }
}

#[test]
fn what_is_no_token_of_these_cursors_is_refused() {
    let split_byte = format!("{} {}", &EXAMPLE[..3], &EXAMPLE[3..]);
    let refused = [
        ("", "no bytes"),
        ("xyz", "not hexadecimal"),
        ("9", "half a byte"),
        (&split_byte, "a blank inside a byte"),
        (&EXAMPLE[..EXAMPLE.len() - 2], "a byte is missing"),
        (&format!("{EXAMPLE}c0"), "a byte is left over"),
        (&format!("{EXAMPLE}{EXAMPLE}"), "two tokens"),
        (&EXAMPLE[2..], "no list"),
        ("c0", "null"),
        ("91c0", "a list of null"),
        ("9105", "a list of numbers"),
        ("c1", "no MessagePack"),
        ("９１", "other digits"),
    ];
    for (token, why) in refused {
        assert!(decode::<Cursor>(token).is_err(), "{why}");
    }
}

#[test]
fn a_token_that_promises_more_than_it_holds_costs_no_memory() {
    let nested = |opener: &str| opener.repeat(200_000);
    let tokens = [
        "ddffffffff".to_owned(),
        "91ddffffffff".to_owned(),
        "91dfffffffff".to_owned(),
        "91dbffffffff".to_owned(),
        "91c6ffffffff".to_owned(),
        "91c9ffffffff01".to_owned(),
        nested("91"),
        nested("81a161"),
        format!("91{}", nested("dd00000001")),
    ];
    for token in tokens {
        assert!(decode::<Cursor>(&token).is_err(), "{token:.40}");
        assert!(decode::<serde_json::Value>(&token).is_err(), "{token:.40}");
    }
}

#[test]
fn keys_and_types_must_be_those_of_the_cursor() {
    let token = |value: serde_json::Value| encode(&[value]).unwrap().unwrap();
    let cursor = json!({"endpoint": "/users", "offset": 20, "nxt": null});
    assert_eq!(decode::<Cursor>(&token(cursor.clone())).unwrap(), [users()]);
    // Values are coerced, and what is null may be left out.
    assert_eq!(decode::<Cursor>(&token(json!({"endpoint": "/users", "offset": "20"}))).unwrap(), [users()]);
    for (key, value) in
        [("unheard", json!(1)), ("offset", json!("x")), ("offset", json!(null)), ("endpoint", json!(5))]
    {
        let mut wrong = cursor.clone();
        wrong[key] = value;
        assert!(decode::<Cursor>(&token(wrong.clone())).is_err(), "{wrong}");
    }
    assert!(decode::<Cursor>(&token(json!({"endpoint": "/users"}))).is_err());
}

const SIZES: PageSizes = PageSizes { default: 100, max: 500 };

#[test]
fn a_listing_reads_its_position_or_starts_at_the_beginning() {
    let position = |token: Option<&str>| {
        let mut page = PageRequest::new("list_accounts");
        page.token = token.map(str::to_owned);
        page.listing::<Cursor>(SIZES).map(|listing| listing.position())
    };
    assert_eq!(position(None).unwrap(), Cursor::default());
    assert_eq!(position(Some("90")).unwrap(), Cursor::default());
    let token = encode(&[json!({"listing": "list_accounts", "at": users()})]).unwrap();
    assert_eq!(position(token.as_deref()).unwrap(), users());
    assert_eq!(position(Some("xyz")).unwrap_err().class(), Some(ErrorClass::InvalidPageToken));
}

#[test]
fn a_wrong_token_is_an_answer_that_says_so() {
    async fn list(page: PageRequest, _: ListAccounts) -> Result<Vec<FoundAccountData>> {
        page.listing::<Cursor>(SIZES)?;
        Ok(Vec::new())
    }
    let acme =
        builder().requires_authentication(false).capability(marker::ListAccounts, list).build().unwrap();
    let of_another = encode(&[json!({"listing": "list_resources", "at": users()})]).unwrap().unwrap();
    for token in ["xyz", EXAMPLE, &of_another] {
        let request = json!({"request": {}, "page": {"token": token}}).to_string();
        let error = error(&acme, "list_accounts", &request);
        assert_eq!(
            (&error["error_code"], &error["raised_by"]),
            (&json!("invalid_page_token"), &json!("InvalidPageTokenError"))
        );
    }
}

#[test]
fn the_next_page_has_the_token_and_the_size() {
    let mut page = PageRequest::new("list_accounts");
    page.size = Some(50);
    let next = page.listing(SIZES).unwrap().page(Some(users())).unwrap();
    let token = encode(&[json!({"listing": "list_accounts", "at": users()})]).unwrap();
    assert_eq!((next.token, next.size), (token, Some(50)));
    assert_eq!(page.listing::<Cursor>(SIZES).unwrap().page(None).unwrap().token, None);
}

#[test]
fn a_useless_size_is_replaced_and_a_large_one_is_limited() {
    for (asked, given) in [(None, 100), (Some(0), 100), (Some(-5), 100), (Some(7), 7), (Some(i64::MAX), 500)]
    {
        let mut page = PageRequest::default();
        page.size = asked;
        assert_eq!(page.size_or(100, 500), given, "{asked:?}");
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Nested {
    endpoint: Option<String>,
    offset: i64,
    done: bool,
    ratio: f64,
    inner: Option<Box<Nested>>,
    seen: Vec<String>,
}

fn nested() -> impl Strategy<Value = Nested> {
    let flat =
        (any::<Option<String>>(), any::<i64>(), any::<bool>(), -1e300..1e300_f64, any::<Vec<String>>());
    let flat = flat.prop_map(|(endpoint, offset, done, ratio, seen)| Nested {
        endpoint,
        offset,
        done,
        ratio,
        inner: None,
        seen,
    });
    flat.prop_recursive(3, 4, 1, |inner| {
        (inner.clone(), inner).prop_map(|(outer, inner)| Nested { inner: Some(Box::new(inner)), ..outer })
    })
}

proptest! {
    #[test]
    fn any_cursors_survive(cursors in prop::collection::vec(nested(), 1..4)) {
        let token = encode(&cursors).unwrap().unwrap();
        prop_assert!(token.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')));
        prop_assert_eq!(decode::<Nested>(&token).unwrap(), cursors.clone());
        prop_assert_eq!(decode::<Nested>(&token.to_uppercase()).unwrap(), cursors);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = (decode::<Cursor>(&digits), decode::<Nested>(&digits), decode::<serde_json::Value>(&digits));
    }

    #[test]
    fn no_text_makes_the_reader_panic(token: String) {
        let _ = decode::<Cursor>(&token);
    }
}
