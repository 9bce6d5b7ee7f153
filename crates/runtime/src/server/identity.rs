//! How a request is found again in the log.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::{HeaderMap, HeaderName, HeaderValue};

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Headers whose names begin so are written into every log line of a call (contract §11).
const OBSERVABILITY: &str = "x-lumos-observability-";

/// Headers of that kind that are taken, and bytes of each.
const MOST: usize = 16;
const LONGEST: usize = 256;

/// The id of a request: the caller's, or one of ours.
pub(super) fn request_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(REQUEST_ID).filter(|id| (1..=128).contains(&id.len()) && id.to_str().is_ok());
    given.cloned().unwrap_or_else(next)
}

/// An id that no other request of this process has, and hardly one of another.
fn next() -> HeaderValue {
    static FIRST: OnceLock<u64> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let first = FIRST.get_or_init(|| RandomState::new().build_hasher().finish());
    // An odd factor: a walk through all numbers that does not look like counting.
    let number =
        COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(*first);
    let text = hex::encode(number.to_be_bytes());
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).unwrap_or(HeaderValue::from_static("unknown"))
}

/// What the caller wants to find the lines of the call by: names without their prefix.
pub(super) fn given(headers: &HeaderMap) -> Vec<(String, String)> {
    let headers = headers.iter().filter_map(|(name, value)| {
        let name = name.as_str().strip_prefix(OBSERVABILITY)?;
        let value = value.to_str().ok()?;
        Some((name.to_owned(), value[..value.len().min(LONGEST)].to_owned()))
    });
    headers.take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        HeaderMap::from_iter([(HeaderName::from_static(name), value)])
    }

    #[test]
    fn the_callers_id_is_kept_unless_it_is_no_id() {
        assert_eq!(request_id(&headers("x-request-id", "a-1")), "a-1");
        for bad in ["", "é", &"x".repeat(129)] {
            assert_eq!(request_id(&headers("x-request-id", bad)).len(), 16, "{bad}");
        }
    }

    #[test]
    fn our_ids_differ() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| next()).collect();
        assert_eq!(ids.len(), 1000);
    }

    #[test]
    fn observability_headers_lose_their_prefix_and_their_length() {
        let name = "x-lumos-observability-dagster.run_id";
        assert_eq!(given(&headers(name, "r-1")), [("dagster.run_id".to_owned(), "r-1".to_owned())]);
        assert_eq!(given(&headers(name, &"x".repeat(1000)))[0].1.len(), LONGEST);
        assert!(given(&headers("x-other", "r-1")).is_empty());
    }
}
