//! The table of error codes: whose fault each is, and what a caller may do (contract §19).

/// A code and the metadata that follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) name: &'static str,
    pub(crate) fault: &'static str,
    pub(crate) category: &'static str,
}

const fn code(name: &'static str, fault: &'static str, category: &'static str) -> Code {
    Code { name, fault, category }
}

/// All codes.
pub(crate) const CODES: &[Code] = &[
    code("bad_request", "caller", "client"),
    code("invalid_value", "caller", "client"),
    code("unknown_value", "caller", "client"),
    code("not_found", "caller", "client"),
    code("invalid_page_token", "caller", "client"),
    code("integration_missing_parameter", "caller", "client"),
    code("conflict", "caller", "client"),
    code("unsupported_operation", "connector", "internal"),
    code("invalid_response", "connector", "internal"),
    code("internal_error", "connector", "internal"),
    code("unauthorized", "upstream", "authentication"),
    code("authentication_expired", "upstream", "authentication"),
    code("creds_revoked", "upstream", "authentication"),
    code("permission_denied", "upstream", "authorization"),
    code("rate_limit", "upstream", "transient"),
    code("budget_exhausted", "upstream", "transient"),
    code("bad_gateway", "upstream", "transient"),
    code("service_error", "upstream", "transient"),
    code("request_timeout", "upstream", "transient"),
    code("connection_timeout", "infrastructure", "transient"),
    code("connection_rejected", "infrastructure", "transient"),
    code("connection_closed", "infrastructure", "transient"),
];

/// The code with a name.
pub(crate) fn find(name: &str) -> Option<Code> {
    CODES.iter().copied().find(|code| code.name == name)
}

/// Codes that say that the app cannot be reached or refuses for now: nothing that the connector did.
pub(crate) fn is_transient(name: &str) -> bool {
    find(name).is_some_and(|code| code.category == "transient")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_contracts() {
        let errors: serde_json::Value =
            serde_json::from_str(include_str!("../../../conformance/contract/errors.json")).unwrap();
        let table = errors.to_string();
        for code in CODES {
            assert!(table.contains(&format!("\"{}\"", code.name)), "{}", code.name);
        }
        assert_eq!(CODES.len(), lumos_connector_types::error::ConnectorErrorCode::ALL.len());
    }
}
