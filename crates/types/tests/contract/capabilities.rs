//! The table of standard capabilities against the contract's.

use lumos_connector_types::capability::{Authentication, Capability, Level, StandardCapability, marker};
use lumos_connector_types::rate_limit::RateLimitMode;
use lumos_connector_types::schema::{self, Refs};
use serde_json::Value;

use crate::data::contract;

/// The rows of the contract, each with the capability of the same name.
fn rows() -> Vec<(StandardCapability, Value)> {
    let table = contract("capabilities.json");
    let rows = table["capabilities"].as_object().expect("capabilities by name");
    let capability =
        |name: &str| StandardCapability::from_wire(name).unwrap_or_else(|| panic!("no capability {name}"));
    rows.iter().map(|(name, row)| (capability(name), row.clone())).collect()
}

fn names(fields: &Value) -> Vec<&str> {
    fields.as_array().expect("fields").iter().map(|field| field["name"].as_str().expect("a name")).collect()
}

#[test]
fn there_are_52_capabilities_all_of_them_in_the_contract() {
    assert_eq!(StandardCapability::ALL.len(), 52);
    let mut own: Vec<_> = StandardCapability::ALL.iter().map(|capability| capability.as_str()).collect();
    let mut named: Vec<_> = rows().iter().map(|(capability, _)| capability.as_str()).collect();
    own.sort_unstable();
    named.sort_unstable();
    assert_eq!(own, named);
}

#[test]
fn levels_are_the_contracts() {
    for (capability, row) in rows() {
        let level = if row["level"] == "read" { Level::Read } else { Level::Write };
        assert_eq!(capability.level(), level, "{capability}");
    }
}

#[test]
fn credentials_are_required_optional_or_absent_as_in_the_contract() {
    for (capability, row) in rows() {
        let fields = row.get("request_envelope").map(names).unwrap_or_default();
        let has_auth = fields.contains(&"auth");
        let expected = match (has_auth, row["requires_authentication"] == true) {
            (true, true) => Authentication::Required,
            (true, false) => Authentication::Optional,
            (false, _) => Authentication::Absent,
        };
        assert_eq!(capability.authentication(), expected, "{capability}");
    }
}

#[test]
fn the_names_without_a_signature_are_reserved() {
    for (capability, row) in rows() {
        assert_eq!(capability.is_served(), row["has_signature"] == true, "{capability}");
        assert_eq!(capability.request_schema(Refs::Defs).is_some(), capability.is_served(), "{capability}");
        assert_eq!(capability.response_schema(Refs::Defs).is_some(), capability.is_served(), "{capability}");
    }
    let reserved: Vec<_> =
        StandardCapability::ALL.iter().filter(|capability| !capability.is_served()).collect();
    assert_eq!(reserved, [&StandardCapability::Info, &StandardCapability::ConnectedInfo]);
}

#[test]
fn envelopes_have_the_contracts_names_and_fields() {
    for (capability, row) in rows().iter().filter(|(capability, _)| capability.is_served()) {
        let request = capability.request_schema(Refs::Defs).expect("a served capability");
        let response = capability.response_schema(Refs::Defs).expect("a served capability");
        assert_eq!(request["title"], row["request_model"], "{capability}");
        assert_eq!(response["title"], row["response_model"], "{capability}");
        assert_eq!(schema::field_order(&request), names(&row["request_envelope"]), "{capability}");
        assert_eq!(schema::field_order(&response), names(&row["response_envelope"]), "{capability}");
    }
}

#[test]
fn payloads_are_the_contracts() {
    for (capability, row) in rows().iter().filter(|(capability, _)| capability.is_served()) {
        let request = capability.request_schema(Refs::Defs).expect("a served capability");
        let response = capability.response_schema(Refs::Defs).expect("a served capability");
        let target = |name: &Value| Value::from(format!("#/$defs/{}", name.as_str().expect("a name")));
        let answer = &response["properties"]["response"];
        let answer = if row["response_payload_is_list"] == true { &answer["items"] } else { answer };
        assert_eq!(request["properties"]["request"]["$ref"], target(&row["request_payload"]), "{capability}");
        assert_eq!(answer["$ref"], target(&row["response_payload"]), "{capability}");
    }
}

#[test]
fn every_capability_has_a_summary_of_its_own() {
    let mut summaries: Vec<_> =
        StandardCapability::ALL.iter().map(|capability| capability.summary()).collect();
    assert!(summaries.iter().all(|summary| summary.ends_with('.') && summary.trim() == *summary));
    summaries.sort_unstable();
    summaries.dedup();
    assert_eq!(summaries.len(), StandardCapability::ALL.len());
}

#[test]
fn a_marker_is_the_capability_of_its_name() {
    fn of<C: Capability>(_: C) -> (&'static str, Option<StandardCapability>, bool) {
        (C::NAME, C::STANDARD, C::LAX)
    }
    assert_eq!(of(marker::ListAccounts), ("list_accounts", Some(StandardCapability::ListAccounts), false));
    assert_eq!(
        of(marker::HandleClientCredentials),
        ("handle_client_credentials_request", Some(StandardCapability::HandleClientCredentials), false)
    );
}

#[test]
fn a_description_of_a_capability_leaves_it_the_same() {
    let described = marker::ListAccounts
        .display_name("People")
        .description("Lists people.")
        .rate_limit_mode(RateLimitMode::Bypass);
    fn name<C: Capability>(_: &C) -> &'static str {
        C::NAME
    }
    assert_eq!(name(&described), "list_accounts");
    let metadata = described.metadata();
    assert_eq!(metadata.display_name.as_deref(), Some("People"));
    assert_eq!(metadata.description.as_deref(), Some("Lists people."));
    assert_eq!(metadata.rate_limit_mode, Some(RateLimitMode::Bypass));
}

#[test]
fn a_customized_capability_keeps_its_name_and_is_read_laxly() {
    fn of<C: Capability>(_: &C) -> (&'static str, Option<StandardCapability>, bool) {
        (C::NAME, C::STANDARD, C::LAX)
    }
    let created = marker::CreateAccount::of::<lumos_connector_types::payload::CreatableAccount>();
    assert_eq!(of(&created), ("create_account", Some(StandardCapability::CreateAccount), true));
}
