//! Texts that may repeat the secrets of the current call: an app that echoes a token, a library that quotes a URL.
//!
//! Names and shapes find what looks like a secret. This finds what *is* one: the credentials, the secret settings and
//! the secret payload values that this call brought, wherever they stand and in the forms that they travel in.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::{self, Write as _};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::names::{Place, is_secret};
use super::text::replaced;

/// Shorter values are not looked for: as words of other texts they would be found everywhere.
pub const SHORTEST: usize = 6;

/// Of a longer form its beginning is looked for; what follows goes with it as far as it is the same.
const LONGEST: usize = 1024;

/// Bytes of all forms that are looked for, at the most.
const MOST: usize = 512 * 1024;

/// What RFC 3986 leaves as it is.
pub(super) const URL_ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The secrets of one call, to be replaced wherever they appear.
#[derive(Default)]
pub struct SecretValues {
    forms: Vec<String>,
    /// Finds the beginnings of all forms in one pass; `None` without any.
    search: Option<AhoCorasick>,
}

impl SecretValues {
    /// The secrets among values, the first count most. Each is found as it is, as JSON writes it, percent-encoded and
    /// in Base64.
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        let mut known = HashSet::new();
        let mut room = MOST;
        let mut forms: Vec<String> = Vec::new();
        for form in values.into_iter().filter(|value| value.len() >= SHORTEST).flat_map(forms_of) {
            if room >= form.len().min(LONGEST) && known.insert(form.clone()) {
                room -= form.len().min(LONGEST);
                forms.push(form);
            }
        }
        let beginnings = forms.iter().map(|form| &form.as_bytes()[..form.len().min(LONGEST)]);
        let search = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::NoncontiguousNFA))
            .match_kind(MatchKind::LeftmostLongest)
            .build(beginnings);
        // So few bytes of patterns always fit.
        Self { search: search.ok().filter(|_| !forms.is_empty()), forms }
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.search.is_none()
    }

    /// A text with every secret in it replaced, in time linear in the text.
    ///
    /// ```
    /// use lumos_connector_core::redaction::values::SecretValues;
    /// let secrets = SecretValues::new(["hunter2".to_owned()]);
    /// assert_eq!(secrets.redacted("the app says: hunter2, aHVudGVyMg"), "the app says: [REDACTED], [REDACTED]");
    /// ```
    #[must_use]
    pub fn redacted<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(search) = &self.search else { return Cow::Borrowed(text) };
        let found = search.find_iter(text).filter_map(|found| {
            let rest = &self.forms[found.pattern()].as_bytes()[found.len()..];
            let same =
                rest.iter().zip(&text.as_bytes()[found.end()..]).take_while(|(one, other)| one == other);
            let end = found.end() + same.count();
            // Where the text differs within a character, that character is not the secret's.
            let end = (found.start()..=end).rev().find(|end| text.is_char_boundary(*end))?;
            text.is_char_boundary(found.start()).then_some((found.start(), end))
        });
        replaced(text, found.collect())
    }
}

/// A value in the forms that it travels in.
pub(super) fn forms_of(value: String) -> Vec<String> {
    let quoted = serde_json::to_string(&value).unwrap_or_default();
    let within_json = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default();
    vec![
        within_json.to_owned(),
        // As PHP and Python write it.
        within_json.replace('/', "\\/"),
        in_ascii(within_json),
        in_ascii(&within_json.replace('/', "\\/")),
        utf8_percent_encode(&value, URL_ENCODED).to_string(),
        form_urlencoded::byte_serialize(value.as_bytes()).collect(),
        BASE64_STANDARD_NO_PAD.encode(&value),
        BASE64_URL_SAFE_NO_PAD.encode(&value),
        value,
    ]
}

/// A JSON text with what is not ASCII as `\uXXXX`.
fn in_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            ascii.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                // Writing to a `String` cannot fail.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

impl fmt::Debug for SecretValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValues(..)")
    }
}

/// Collects the secrets of a JSON text: the values under names that are secret in a request, and under `more_names`,
/// which are in lower case. What is not JSON, or nested too deep, is collected as far as it can be read.
pub fn collect(json: &str, more_names: &[String], values: &mut Vec<String>) {
    let mut reader = serde_json::Deserializer::from_str(json);
    // What could be read has been collected.
    let _ = Collect { more_names, secret: false, values }.deserialize(&mut reader);
}

/// Collects what Basic authentication sends of the client in a text: `client_id:client_secret` (RFC 7617).
pub fn collect_client(json: &str, values: &mut Vec<String>) {
    #[derive(Deserialize)]
    struct Client {
        client_id: String,
        client_secret: String,
    }
    if let Ok(Client { client_id, client_secret }) = serde_json::from_str(json) {
        values.push(format!("{client_id}:{client_secret}"));
    }
}

/// Collects every text of a credential but those that only name it.
pub fn collect_credential(json: &str, values: &mut Vec<String>) {
    let mut reader = serde_json::Deserializer::from_str(json);
    // As above.
    let _ = Collect { more_names: &[], secret: true, values }.deserialize(&mut reader);
}

/// Members of credentials that are not secret.
pub(super) const PUBLIC: [&str; 24] = [
    "id",
    "username",
    "token_type",
    "email",
    "client_id",
    "client_email",
    "project_id",
    "private_key_id",
    "type",
    "auth_uri",
    "token_uri",
    "auth_provider_x509_cert_url",
    "client_x509_cert_url",
    "universe_domain",
    "public_key",
    "consumer_key",
    "token_id",
    "alg",
    "typ",
    "kid",
    "iss",
    "aud",
    "sub",
    "scope",
];

struct Collect<'a> {
    more_names: &'a [String],
    secret: bool,
    values: &'a mut Vec<String>,
}

impl Collect<'_> {
    fn keep(&mut self, value: impl fmt::Display) {
        if self.secret {
            self.values.push(value.to_string());
        }
    }

    fn under(&mut self, name: &str) -> Collect<'_> {
        let named = || is_secret(Place::Argument, name) || self.more_names.contains(&name.to_lowercase());
        let secret = if self.secret { !PUBLIC.contains(&name) } else { named() };
        Collect { more_names: self.more_names, secret, values: self.values }
    }
}

impl<'de> DeserializeSeed<'de> for Collect<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Collect<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(mut self, text: &str) -> Result<(), E> {
        self.keep(text);
        Ok(())
    }

    fn visit_i64<E>(mut self, number: i64) -> Result<(), E> {
        self.keep(number);
        Ok(())
    }

    fn visit_u64<E>(mut self, number: u64) -> Result<(), E> {
        self.keep(number);
        Ok(())
    }

    fn visit_f64<E>(mut self, number: f64) -> Result<(), E> {
        self.keep(number);
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { more_names, secret, values } = self;
        while items.next_element_seed(Collect { more_names, secret, values: &mut *values })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            members.next_value_seed(self.under(&name))?;
        }
        Ok(())
    }
}

/// What knows the secrets of a call. They are asked for when something is about to be shown: most calls show nothing.
pub trait SecretSource: Send + Sync {
    /// The secrets of the call.
    fn secret_values(&self) -> &SecretValues;
}

/// Runs a future as part of a call.
pub async fn scope<F: Future>(call: Arc<dyn SecretSource>, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| enter(&call, || future.as_mut().poll(context))).await
}

/// Does something as part of a call.
pub fn enter<T>(call: &Arc<dyn SecretSource>, work: impl FnOnce() -> T) -> T {
    let _entered = Entered::new(Some(Arc::clone(call)));
    work()
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<dyn SecretSource>>> = const { RefCell::new(None) };
}

/// While it lives, the thread works for a call.
struct Entered(Option<Arc<dyn SecretSource>>);

impl Entered {
    fn new(call: Option<Arc<dyn SecretSource>>) -> Self {
        Self(CURRENT.replace(call))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

fn current() -> Option<Arc<dyn SecretSource>> {
    CURRENT.with_borrow(Clone::clone)
}

/// A text without the secrets of the current call. Outside of a call it stays as it is.
#[must_use]
pub fn redacted(text: &str) -> Cow<'_, str> {
    match current() {
        Some(call) => call.secret_values().redacted(text),
        None => Cow::Borrowed(text),
    }
}

/// Work for another thread that belongs to the current call as well.
pub fn carried<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let call = current();
    move || {
        let _entered = Entered::new(call);
        work()
    }
}

#[cfg(test)]
mod tests {
    use lumos_connector_types::secret::REDACTED;

    use super::*;

    fn collected(json: &str, more_names: &[&str]) -> Vec<String> {
        let more_names: Vec<_> = more_names.iter().map(|name| (*name).to_owned()).collect();
        let mut values = Vec::new();
        collect(json, &more_names, &mut values);
        values
    }

    #[test]
    fn every_form_of_a_secret_is_found() {
        let secrets = SecretValues::new(["p\"w=d/é+1".to_owned()]);
        for form in [
            "p\"w=d/é+1",
            r#"p\"w=d/é+1"#,
            r#"p\"w=d\/é+1"#,
            r#"p\"w=d/\u00e9+1"#,
            r#"p\"w=d\/\u00e9+1"#,
            "p%22w%3Dd%2F%C3%A9%2B1",
            "cCJ3PWQvw6krMQ",
        ] {
            assert_eq!(secrets.redacted(&format!("é {form}é")), format!("é {REDACTED}é"), "{form}");
        }
        assert_eq!(secrets.redacted("p\"w=d/é+2"), "p\"w=d/é+2");
    }

    #[test]
    fn of_secrets_with_a_common_start_the_longest_is_replaced() {
        let secrets = SecretValues::new(["secret".to_owned(), "secret-and-more".to_owned()]);
        assert_eq!(secrets.redacted("secret-and-more secret-and"), format!("{REDACTED} {REDACTED}-and"));
    }

    #[test]
    fn short_values_are_not_looked_for() {
        let secrets = SecretValues::new(["true".to_owned(), String::new()]);
        assert!(secrets.is_empty());
        assert_eq!(secrets.redacted("true"), "true");
    }

    #[test]
    fn values_under_secret_names_are_collected_at_any_depth_and_of_any_type() {
        let json = r#"{"a":{"client_secret":"one","n":[{"PIN":123456}]},"password":["two",{"x":"three"}],"open":"four"}"#;
        assert_eq!(collected(json, &["pin"]), ["one", "123456", "two", "three"]);
        assert_eq!(collected(r#"{"token":"one","b":"#, &[]), ["one"]);
        let mut values = Vec::new();
        collect_credential(r#"{"id":"main","basic":{"username":"u","password":"p"}}"#, &mut values);
        assert_eq!(values, ["p"]);
    }

    #[test]
    fn a_scope_ends_with_its_poll_even_by_a_panic() {
        struct Call(SecretValues);
        impl SecretSource for Call {
            fn secret_values(&self) -> &SecretValues {
                &self.0
            }
        }
        let call: Arc<dyn SecretSource> = Arc::new(Call(SecretValues::new(["hunter2".to_owned()])));
        let shown = |text: &str| redacted(text).into_owned();
        let mut answer = pin!(scope(Arc::clone(&call), async {
            let elsewhere = carried(|| redacted("hunter2").into_owned());
            assert_eq!(std::thread::spawn(elsewhere).join().unwrap(), REDACTED);
            redacted("hunter2").into_owned()
        }));
        let waker = std::task::Waker::noop();
        let polled = answer.as_mut().poll(&mut std::task::Context::from_waker(waker));
        assert_eq!(polled, std::task::Poll::Ready(REDACTED.to_owned()));
        assert_eq!(shown("hunter2"), "hunter2");
        let failing = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut answer = pin!(scope(call, async { panic!("of the handler") }));
            let _: std::task::Poll<()> = answer.as_mut().poll(&mut std::task::Context::from_waker(waker));
        }));
        assert!(failing.is_err());
        assert_eq!(shown("hunter2"), "hunter2");
    }

    #[test]
    fn a_long_secret_goes_as_far_as_the_text_repeats_it() {
        let long = "key-".repeat(1_000);
        let secrets = SecretValues::new([long.clone()]);
        assert_eq!(secrets.redacted(&format!("a {long} b")), format!("a {REDACTED} b"));
        assert_eq!(secrets.redacted(&format!("a {}é", &long[..2_002])), format!("a {REDACTED}é"));
    }

    #[test]
    fn the_pair_that_basic_authentication_sends_is_found() {
        let mut values = Vec::new();
        collect_client(r#"{"client_id":"lumos","client_secret":"hunter2"}"#, &mut values);
        assert_eq!(values, ["lumos:hunter2"]);
        let secrets = SecretValues::new(values);
        assert_eq!(secrets.redacted("Basic bHVtb3M6aHVudGVyMg=="), format!("Basic {REDACTED}=="));
    }

    /// Ends within the test's time only when the cost is linear: secrets that begin alike, in a text that repeats it.
    #[test]
    fn a_hundred_thousand_secrets_cost_no_more_than_their_text() {
        let values: Vec<String> = (0..100_000).map(|number| "a".repeat(6 + number % 1_000)).collect();
        let text = serde_json::to_string(&serde_json::json!({ "token": values })).unwrap();
        let secrets = SecretValues::new(collected(&text, &[]));
        assert!(secrets.redacted(&"a".repeat(1_000_000)).len() < 20_000);
    }
}
