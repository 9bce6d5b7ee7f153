//! Filters (RFC 7644 §3.4.2.2), built so that no value can leave its quotes.

use std::fmt;

/// A filter of a listing, or of one value within a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter(String);

impl Filter {
    /// The attribute has this value.
    pub(crate) fn equals(attribute: &str, value: &str) -> Self {
        Self(format!("{attribute} eq {}", quoted(value)))
    }

    /// The attribute's value comes after this one.
    pub(crate) fn after(attribute: &str, value: &str) -> Self {
        Self(format!("{attribute} gt {}", quoted(value)))
    }

    /// The attribute has a value.
    pub(crate) fn present(attribute: &str) -> Self {
        Self(format!("{attribute} pr"))
    }

    /// Both filters hold.
    pub(crate) fn and(self, other: &Self) -> Self {
        Self(format!("({}) and ({})", self.0, other.0))
    }

    /// One of the filters holds.
    pub(crate) fn or(self, other: &Self) -> Self {
        Self(format!("({}) or ({})", self.0, other.0))
    }
}

/// A value as a JSON string, which is what filters have.
fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_within_their_quotes() {
        let filter = Filter::equals("userName", r#"x" or id pr or userName eq "\"#);
        assert_eq!(filter.to_string(), r#"userName eq "x\" or id pr or userName eq \"\\""#);
    }

    #[test]
    fn filters_combine() {
        let filter =
            Filter::present("roles").or(&Filter::present("entitlements")).and(&Filter::after("id", "7"));
        assert_eq!(filter.to_string(), r#"((roles pr) or (entitlements pr)) and (id gt "7")"#);
    }
}
