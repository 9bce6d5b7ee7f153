//! What a connector allows.

use percent_encoding::percent_decode_str;
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

/// Headers that are never the caller's: they say who asks, whom, what is sent and where it ends.
const NEVER: [&str; 9] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "proxy-authorization",
    "transfer-encoding",
    "upgrade",
];

/// What `fulfill_arbitrary_endpoint` allows: any `GET` on the app's host, and what is listed here.
#[derive(Debug, Clone, Default)]
#[must_use = "a policy does nothing until its `handler` is registered"]
pub struct Policy {
    /// Paths with the content type of their bodies.
    posts: Vec<(String, String)>,
    /// In lower case.
    headers: Vec<String>,
    pub(super) rate_limit_reset: Option<RateLimitReset>,
}

/// What the app means by its header `x-ratelimit-reset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RateLimitReset {
    /// Seconds from now.
    Seconds,
    /// Seconds since the beginning of 1970.
    Epoch,
}

impl Policy {
    /// Only `GET`, and no headers of the caller's.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows `POST` to a path below the base address, with bodies of this content type.
    ///
    /// The path is compared segment by segment, without its query: `search` allows neither `search/` nor `search/x`.
    pub fn post(mut self, path: impl Into<String>, content_type: impl Into<String>) -> Self {
        self.posts.push((path.into(), content_type.into()));
        self
    }

    /// Allows the caller to send a header. `authorization`, `cookie`, `host`, and what describes the body are never allowed.
    pub fn header(mut self, name: impl AsRef<str>) -> Self {
        self.headers.push(name.as_ref().to_ascii_lowercase());
        self
    }

    /// Reads `retry_after_seconds` from `x-ratelimit-reset`, where `Retry-After` is missing.
    pub fn rate_limit_reset(mut self, meaning: RateLimitReset) -> Self {
        self.rate_limit_reset = Some(meaning);
        self
    }

    /// The content type of a `POST` to an address; `None` when it is not allowed.
    pub(super) fn content_type(&self, base: &Url, url: &Url) -> Option<&str> {
        let below = url.path().strip_prefix(base.path().trim_end_matches('/'))?.strip_prefix('/')?;
        let allowed =
            self.posts.iter().find(|(path, _)| segments(path.trim_start_matches('/')) == segments(below));
        allowed.map(|(_, content_type)| content_type.as_str())
    }

    /// Whether the caller may send a header; the error is a sentence for it.
    pub(super) fn check_header(&self, name: &str, value: &str) -> Result<(), String> {
        let lower = name.to_ascii_lowercase();
        if !self.headers.contains(&lower) || NEVER.contains(&lower.as_str()) {
            return Err(format!("The header {name:?} is not allowed."));
        }
        if HeaderName::from_bytes(name.as_bytes()).is_err() || HeaderValue::from_str(value).is_err() {
            return Err(format!(
                "The value of the header {name:?} contains characters that a header cannot carry."
            ));
        }
        Ok(())
    }
}

/// The segments of a path, decoded each on its own: an escaped slash does not part two segments.
fn segments(path: &str) -> Vec<Vec<u8>> {
    path.split('/').map(|segment| percent_decode_str(segment).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content_type(url: &str) -> Option<String> {
        let policy = Policy::new().post("search", "a/1").post("/deep/er", "a/2");
        let (base, url) = ("https://a.test/v1".parse().unwrap(), url.parse().unwrap());
        policy.content_type(&base, &url).map(str::to_owned)
    }

    #[test]
    fn a_path_is_allowed_whole() {
        assert_eq!(content_type("https://a.test/v1/search").as_deref(), Some("a/1"));
        assert_eq!(content_type("https://a.test/v1/se%61rch?x=1").as_deref(), Some("a/1"));
        assert_eq!(content_type("https://a.test/v1/deep/er").as_deref(), Some("a/2"));
        for url in [
            "v1/search/",
            "v1/search/x",
            "v1/Search",
            "v1//search",
            "v1/deep%2Fer",
            "v2/search",
            "search",
            "v1",
            "v1search",
        ] {
            assert_eq!(content_type(&format!("https://a.test/{url}")), None, "{url}");
        }
    }

    #[test]
    fn headers_are_allowed_by_name_in_any_case_but_never_those_that_matter() {
        let policy = NEVER.iter().fold(Policy::new().header("X-Trace"), Policy::header);
        assert_eq!(policy.check_header("x-TRACE", "1"), Ok(()));
        for (name, value) in [
            ("x-other", "1"),
            ("Authorization", "1"),
            ("HOST", "1"),
            ("Cookie", "1"),
            ("x-trace", "a\r\nb: c"),
        ] {
            assert!(policy.check_header(name, value).is_err(), "{name}");
        }
    }
}
