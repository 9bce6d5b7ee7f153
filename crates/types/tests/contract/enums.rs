//! Enumerations: their values, and how they are read.

use lumos_connector_types::capability::{StandardCapability, TrafficClass};
use lumos_connector_types::json::Document;
use lumos_connector_types::payload::*;
use lumos_connector_types::settings_field::{FieldType, SemanticType};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::data::{contract, strings};

/// An enumeration by its name in the contract: its values, and whether a text stands for one of them.
struct Row {
    name: &'static str,
    values: Vec<&'static str>,
    is_read: fn(&str) -> bool,
}

fn row<T: DeserializeOwned>(name: &'static str, all: &[T], as_str: fn(&T) -> &'static str) -> Row {
    Row {
        name,
        values: all.iter().map(as_str).collect(),
        is_read: |json| Document::parse(json).unwrap().read::<T>().is_ok(),
    }
}

fn rows() -> Vec<Row> {
    vec![
        row("AccountStatus", AccountStatus::ALL, |value| value.as_str()),
        row("AccountType", AccountType::ALL, |value| value.as_str()),
        row("ActivityEventType", ActivityEventType::ALL, |value| value.as_str()),
        row("ActivityType", ActivityType::ALL, |value| value.as_str()),
        row("AppCategory", AppCategory::ALL, |value| value.as_str()),
        row("ApplicationStatus", ApplicationStatus::ALL, |value| value.as_str()),
        row("ArbitraryRequestMethod", ArbitraryRequestMethod::ALL, |value| value.as_str()),
        row("AssignmentMode", AssignmentMode::ALL, |value| value.as_str()),
        row("ConnectorErrorCategory", ConnectorErrorCategory::ALL, |value| value.as_str()),
        row("ConnectorErrorCode", ConnectorErrorCode::ALL, |value| value.as_str()),
        row("ConnectorErrorFault", ConnectorErrorFault::ALL, |value| value.as_str()),
        row("CredentialStatus", CredentialStatus::ALL, |value| value.as_str()),
        row("CustomAttributeCustomizedType", CustomAttributeCustomizedType::ALL, |value| value.as_str()),
        row("CustomAttributeType", CustomAttributeType::ALL, |value| value.as_str()),
        row("ErrorCode", ErrorCode::ALL, |value| value.as_str()),
        row("ExecutionEffect", ExecutionEffect::ALL, |value| value.as_str()),
        row("ExpenseType", ExpenseType::ALL, |value| value.as_str()),
        row("FieldType", FieldType::ALL, |value| value.as_str()),
        row("KeyGenType", KeyGenType::ALL, |value| value.as_str()),
        row("NoopEffectReason", NoopEffectReason::ALL, |value| value.as_str()),
        row("NormalizedExpenseApprovalStatus", NormalizedExpenseApprovalStatus::ALL, |value| value.as_str()),
        row("NormalizedExpensePaymentStatus", NormalizedExpensePaymentStatus::ALL, |value| value.as_str()),
        row("ProbeCapabilityConfigStatus", ProbeCapabilityConfigStatus::ALL, |value| value.as_str()),
        row("ProbeCapabilityType", ProbeCapabilityType::ALL, |value| value.as_str()),
        row("ProbeCheckName", ProbeCheckName::ALL, |value| value.as_str()),
        row("ProbeCheckSource", ProbeCheckSource::ALL, |value| value.as_str()),
        row("ProbeCheckStatus", ProbeCheckStatus::ALL, |value| value.as_str()),
        row("ProbeConfigFindingSeverity", ProbeConfigFindingSeverity::ALL, |value| value.as_str()),
        row("ProbeCoverageStatus", ProbeCoverageStatus::ALL, |value| value.as_str()),
        row("ProbeStatus", ProbeStatus::ALL, |value| value.as_str()),
        row("RateLimitMode", RateLimitMode::ALL, |value| value.as_str()),
        row("RateLimitStateSnapshotSource", RateLimitStateSnapshotSource::ALL, |value| value.as_str()),
        row("ReferenceType", ReferenceType::ALL, |value| value.as_str()),
        row("SemanticType", SemanticType::ALL, |value| value.as_str()),
        row("ServiceAccountType", ServiceAccountType::ALL, |value| value.as_str()),
        row("SignOnMode", SignOnMode::ALL, |value| value.as_str()),
        row("StandardCapabilityName", StandardCapability::ALL, |value| value.as_str()),
        row("TokenType", TokenType::ALL, |value| value.as_str()),
        row("TrafficClass", TrafficClass::ALL, |value| value.as_str()),
    ]
}

#[test]
fn values_are_the_contracts() {
    let contract = contract("enums.json");
    for Row { name, mut values, .. } in rows() {
        let mut expected = strings(&contract["enums"][name]["values"]);
        // The table of capabilities has an order of its own, which no schema shows.
        if name == "StandardCapabilityName" {
            expected.sort_unstable();
            values.sort_unstable();
        }
        assert_eq!(values, expected, "{name}");
    }
}

#[test]
fn every_enumeration_of_a_payload_is_in_the_table() {
    let contract = contract("enums.json");
    let rows = rows();
    let generated = contract["enums"]
        .as_object()
        .expect("enums by name")
        .iter()
        .filter(|(_, one)| one["in_yaml"] == true);
    let missing: Vec<_> =
        generated.map(|(name, _)| name).filter(|name| rows.iter().all(|row| row.name != *name)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn only_the_exact_strings_are_read() {
    for Row { name, values, is_read } in rows() {
        for value in values {
            assert!(is_read(&Value::from(value).to_string()), "{name}: {value}");
            let other_case = if value.chars().any(char::is_lowercase) {
                value.to_uppercase()
            } else {
                value.to_lowercase()
            };
            for wrong in [other_case, format!(" {value}"), format!("{value} "), format!("{value}x")] {
                assert!(!is_read(&Value::from(wrong.clone()).to_string()), "{name}: {wrong:?}");
            }
            assert!(!is_read(&format!("{{\"{value}\": null}}")), "{name}: an object named {value}");
            assert!(!is_read(&format!("[\"{value}\"]")), "{name}: a list of {value}");
        }
        for wrong in ["0", "null", "true", "\"\"", "{}", "[]"] {
            assert!(!is_read(wrong), "{name}: {wrong}");
        }
    }
}

#[test]
fn deprecated_error_codes_stand_for_those_that_replaced_them() {
    let contract = contract("errors.json");
    let redirects = contract["redirect_table"].as_object().expect("redirects by code");
    assert_eq!(redirects.len(), ErrorCode::ALL.len());
    for (deprecated, code) in redirects {
        let code = code.as_str().expect("a code");
        assert_eq!(ErrorCode::from_wire(deprecated).expect(deprecated).redirect().as_str(), code);
        let read = ConnectorErrorCode::from_any_wire(deprecated).expect(deprecated);
        assert_eq!(read.as_str(), code);
        let error = format!(r#"{{"message": "m", "error_code": "{deprecated}", "app_id": "a"}}"#);
        let error: Error = Document::parse(&error).unwrap().read().expect(deprecated);
        assert_eq!(error.error_code.as_str(), code);
    }
    assert_eq!(ConnectorErrorCode::from_any_wire("unheard"), None);
    let unheard = r#"{"message": "m", "error_code": "unheard", "app_id": "a"}"#;
    assert!(Document::parse(unheard).unwrap().read::<Error>().is_err());
}
