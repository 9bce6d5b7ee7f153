//! Labels of host names: the part of an address that a person may choose.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The label, as a regular expression that JSON Schema and forms understand.
const PATTERN: &str = "^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$";

/// One label of a host name (RFC 1123 §2.1): letters, digits and hyphens, 1 to 63 of them, no hyphen first or last.
///
/// For settings that become a part of a host name. A tenant of the type `String` with the value `evil.test/` makes
/// `https://{tenant}.acme.test` an address on `evil.test`, and the credentials go there.
///
/// ```
/// use lumos_connector_types::dns_label::DnsLabel;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct AcmeSettings {
///     /// The first part of your Acme address.
///     tenant: DnsLabel,
/// }
///
/// let settings: AcmeSettings = serde_json::from_str(r#"{"tenant":"blue-sky"}"#).unwrap();
/// assert_eq!(format!("https://{}.acme.test", settings.tenant), "https://blue-sky.acme.test");
/// for tenant in ["", "evil.test/", "evil.test#", "a.b", "-a", "a b", "u@evil.test"] {
///     assert!(tenant.parse::<DnsLabel>().is_err());
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DnsLabel(String);

/// A text is not a label of a host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("expected 1 to 63 letters, digits and hyphens, beginning and ending with a letter or digit")]
pub struct NotADnsLabel;

impl DnsLabel {
    /// The label as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DnsLabel {
    type Err = NotADnsLabel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_label = (1..=63).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if is_label { Ok(Self(text.to_owned())) } else { Err(NotADnsLabel) }
    }
}

impl fmt::Display for DnsLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for DnsLabel {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for DnsLabel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for DnsLabel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for DnsLabel {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "DnsLabel".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": PATTERN })
    }
}

/// Whether a host is a domain or below it, in any case of letters, with a final dot or without.
#[must_use]
pub fn is_within(host: &str, domain: &str) -> bool {
    let plain = |name: &str| name.trim_matches('.').to_ascii_lowercase();
    let (host, domain) = (plain(host), plain(domain));
    !domain.is_empty()
        && (host == domain || host.strip_suffix(&domain).is_some_and(|above| above.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_one_part_of_a_host_name() {
        for label in ["a", "A1", "blue-sky", "xn--bcher-kva", "1", &"a".repeat(63)] {
            assert_eq!(label.parse::<DnsLabel>().unwrap().as_str(), label);
        }
        let long = "a".repeat(64);
        for text in [
            "", "-", "-a", "a-", "a.b", "a_b", "a/", "a#", "a?", "a\\", "u@a", "a:1", "é", "a\n", " a", &long,
        ] {
            assert_eq!(text.parse::<DnsLabel>(), Err(NotADnsLabel), "{text:?}");
        }
    }

    #[test]
    fn the_error_does_not_repeat_the_text() {
        let error = serde_json::from_str::<DnsLabel>("\"evil.test/\"").unwrap_err().to_string();
        assert!(error.contains("expected 1 to 63") && !error.contains("evil"), "{error}");
    }

    #[test]
    fn a_host_is_within_its_domain_only_at_a_dot() {
        for host in ["acme.test", "x.acme.test", "X.ACME.TEST.", "a.b.acme.test"] {
            assert!(is_within(host, "acme.test") && is_within(host, ".Acme.test"), "{host}");
        }
        for host in ["", "xacme.test", "acme.test.evil.test", "evil.test", "test"] {
            assert!(!is_within(host, "acme.test"), "{host}");
        }
        assert!(!is_within("acme.test", ""));
    }
}
