//! The secrets of a connection, replaced wherever they would appear in a text.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lumos_connector_types::secret::{REDACTED, Secret};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Shorter values are not replaced: they would be found in words that have nothing to do with them.
const SHORTEST: usize = 4;

/// A line of a secret that has several, such as a private key, is replaced from this length on.
const SHORTEST_LINE: usize = 16;

/// Knows the secrets of a connection in every form that they take in texts: as they are, escaped in JSON, in URLs, in
/// Base64, and line by line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redactor {
    /// The longest first, so that a secret which holds another is replaced whole.
    forms: Vec<Secret>,
}

impl Redactor {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut forms = Vec::new();
        for secret in secrets {
            add(secret, &mut forms);
            for line in secret.lines().filter(|line| line.len() >= SHORTEST_LINE && *line != secret) {
                add(line, &mut forms);
            }
        }
        Self::of(forms)
    }

    /// A redactor that knows more secrets.
    pub(crate) fn with_secrets<'a>(&self, secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let others = Self::new(secrets);
        Self::of(self.forms.iter().chain(&others.forms).map(|form| form.expose().to_owned()).collect())
    }

    fn of(mut forms: Vec<String>) -> Self {
        forms.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        forms.dedup();
        Self { forms: forms.into_iter().map(Secret::from).collect() }
    }

    /// A text without secrets.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for form in &self.forms {
            if text.contains(form.expose()) {
                text = text.replace(form.expose(), REDACTED);
            }
        }
        text
    }
}

fn add(secret: &str, forms: &mut Vec<String>) {
    let secret = secret.trim();
    if secret.len() < SHORTEST {
        return;
    }
    let in_json = serde_json::Value::from(secret).to_string();
    let in_python = in_json.trim_matches('"').replace("\\\"", "\"");
    forms.push(in_json.trim_matches('"').to_owned());
    forms.push(in_python);
    forms.push(utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string());
    forms.push(STANDARD.encode(secret));
    forms.push(URL_SAFE_NO_PAD.encode(secret));
    forms.push(secret.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_replaced_in_every_form() {
        let redactor =
            Redactor::new(["s3cr\"et/+", "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END KEY-----\n"]);
        for text in [
            "plain s3cr\"et/+ end",
            r#"{"password":"s3cr\"et/+"}"#,
            "https://a?b=s3cr%22et%2F%2B",
            &format!("Basic {}", STANDARD.encode("s3cr\"et/+")),
            "a line of it: MIIEvQIBADANBgkqhkiG",
        ] {
            let redacted = redactor.text(text);
            assert!(redacted.contains(REDACTED), "{redacted}");
            assert!(!redacted.contains("s3cr") && !redacted.contains("MIIE"), "{redacted}");
        }
    }

    #[test]
    fn a_secret_that_holds_another_is_replaced_whole() {
        assert_eq!(
            Redactor::new(["pass", "password1"]).text("password1 pass"),
            format!("{REDACTED} {REDACTED}")
        );
    }

    #[test]
    fn short_and_empty_values_leave_texts_alone() {
        assert_eq!(Redactor::new(["", "a", "1234"]).text("a banana 1234"), format!("a banana {REDACTED}"));
    }
}
