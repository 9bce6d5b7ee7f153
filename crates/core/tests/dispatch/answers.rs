//! Answers: what is written, in which order, and where (contract §1 and §3).

use std::io::{self, Write};

use lumos_connector_core::error::Result;
use lumos_connector_core::{Integration, Reply, token};
use lumos_connector_types::capability::{Capability, marker};
use lumos_connector_types::execution::Effect;
use lumos_connector_types::json::Json;
use lumos_connector_types::payload::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;

use crate::acme::{block_on, builder, bytes, dispatch, validate};

#[derive(Deserialize, Serialize, JsonSchema)]
struct Badge {
    id: Option<String>,
}

struct RotateBadge;

impl Capability for RotateBadge {
    const NAME: &'static str = "rotate_badge";
    type Request = Badge;
    type Response = Badge;
}

fn acme() -> Integration {
    async fn rotate(_: (), badge: Badge) -> Result<Badge> {
        Ok(badge)
    }
    async fn account(_: (), _: GetAccount) -> Result<Reply<FoundAccountData>> {
        let account = FoundAccountData {
            integration_specific_id: "é\u{7f}".to_owned(),
            ..FoundAccountData::default()
        };
        let summary = ExecutionSummary {
            effect: Effect::updated(),
            request_fingerprint: "f".to_owned(),
            is_idempotent: true,
            description: None,
            caught_errors: None,
        };
        let raw: Json = json!({"GET /a": 1.0}).into();
        Ok(Reply::new(account).page(Page { token: None, size: Some(2) }).raw_data(raw).summary(summary))
    }
    async fn rows(_: (), request: ListAccounts) -> Result<Reply<Vec<FoundAccountData>>> {
        let row =
            FoundAccountData { integration_specific_id: "x".repeat(100), ..FoundAccountData::default() };
        let rows = request.custom_attributes.map_or(0, |names| names.len() * 1000);
        Ok(Reply::new(vec![row; rows])
            .page(Page { token: token::encode(&[json!({"offset": rows})])?, size: None }))
    }
    builder()
        .requires_authentication(false)
        .capability(marker::ValidateCredentials, validate)
        .capability(marker::GetAccount, account)
        .capability(marker::ListAccounts, rows)
        .capability(RotateBadge, rotate)
        .build()
        .unwrap()
}

fn text(capability: &str, request: &str) -> String {
    String::from_utf8(bytes(dispatch(&acme(), capability, request)).unwrap()).unwrap()
}

#[test]
fn a_standard_answer_is_compact_and_writes_every_null() {
    assert_eq!(
        text("validate_credentials", r#"{"request": {}}"#),
        concat!(
            r#"{"response":{"valid":true,"unique_tenant_id":"acme"},"raw_data":null,"page":null,"rate_limit":null,"#,
            r#""execution_summary":null}"#
        )
    );
}

#[test]
fn all_parts_of_a_reply_stand_in_the_order_of_the_contract() {
    assert_eq!(
        text("get_account", r#"{"request": {"account_id": "a"}}"#),
        concat!(
            r#"{"response":{"integration_specific_id":"é"#,
            "\u{7f}",
            r#"","resource_id":null,"email":null,"#,
            r#""given_name":null,"family_name":null,"username":null,"user_status":null,"extra_data":null,"#,
            r#""custom_attributes":null,"account_type":null},"raw_data":{"GET /a":1.0},"page":{"token":null,"size":2},"#,
            r#""rate_limit":null,"execution_summary":{"effect":{"kind":"updated"},"request_fingerprint":"f","#,
            r#""is_idempotent":true,"description":null,"caught_errors":null}}"#
        )
    );
}

#[test]
fn a_custom_answer_has_an_order_of_its_own() {
    assert_eq!(
        text("rotate_badge", r#"{"request": {}, "settings": null}"#),
        r#"{"page":null,"raw_data":null,"execution_summary":null,"rate_limit":null,"response":{"id":null}}"#
    );
}

#[test]
fn an_error_has_four_keys_of_which_two_are_always_null() {
    let text = text("get_account", "{");
    assert!(text.starts_with(r#"{"is_error":true,"error":{"message":"#), "{text}");
    assert!(text.ends_with(r#""retry_after_seconds":null}},"raw_data":null,"page":null}"#), "{text}");
}

/// A sink that takes a few bytes at a time.
struct Trickle(Vec<u8>);

impl Write for Trickle {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(7);
        self.0.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn writing_and_bytes_are_the_same_whatever_the_size() {
    let acme = acme();
    for request in [
        r#"{"request": {}}"#,
        r#"{"request": {"custom_attributes": ["a"]}}"#,
        r#"{"request": {"custom_attributes": ["a", "b", "c"]}}"#,
        "{",
    ] {
        let answer = || dispatch(&acme, "list_accounts", request);
        let bytes = bytes(answer()).unwrap();
        let (mut memory, mut trickle) = (Vec::new(), Trickle(Vec::new()));
        block_on(answer().write_to(&mut memory)).unwrap();
        block_on(answer().write_to(&mut trickle)).unwrap();
        assert_eq!(memory.len(), bytes.len());
        assert!(memory == bytes && trickle.0 == bytes, "{request}");
    }
}

/// A sink that fails after some bytes, or only when it is flushed.
struct Broken {
    room: usize,
}

impl Write for Broken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(io::Error::from(io::ErrorKind::BrokenPipe));
        }
        let taken = bytes.len().min(self.room);
        self.room -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::Error::other("disk full"))
    }
}

#[test]
fn a_failing_sink_is_an_error_that_names_its_cause() {
    let acme = acme();
    let write = |room| {
        let answer = dispatch(&acme, "list_accounts", r#"{"request": {"custom_attributes": ["a"]}}"#);
        block_on(answer.write_to(&mut Broken { room })).unwrap_err()
    };
    for room in [0, 1, 70_000] {
        assert_eq!(write(room).kind(), io::ErrorKind::BrokenPipe, "{room}");
    }
    assert_eq!(write(usize::MAX).to_string(), "disk full");
}

#[derive(JsonSchema)]
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no form"))
    }
}

struct Impossible;

impl Capability for Impossible {
    const NAME: &'static str = "impossible";
    type Request = Badge;
    type Response = Unwritable;
}

#[test]
fn a_payload_that_cannot_be_serialised_is_an_error_of_writing() {
    let acme = builder().requires_authentication(false);
    let acme = acme.capability(Impossible, async |_: (), _: Badge| Ok(Unwritable)).build().unwrap();
    let answer = || dispatch(&acme, "impossible", r#"{"request": {}, "settings": null}"#);
    assert!(bytes(answer()).is_err());
    assert!(block_on(answer().write_to(&mut Vec::new())).is_err());
}

#[test]
fn printing_an_answer_shows_its_code_only() {
    let acme = acme();
    assert_eq!(
        format!("{:?}", dispatch(&acme, "get_account", "{")),
        "Answer { error: Some(BadRequest), .. }"
    );
    let answer = dispatch(&acme, "get_account", r#"{"request": {"account_id": "a"}}"#);
    assert_eq!(format!("{answer:?}"), "Answer { error: None, .. }");
    assert_eq!(answer.error_code(), None);
}
