//! What apps say about their limits in the headers of their answers.
//!
//! Ready-made for [`RateLimit::adaptive`](super::RateLimit::adaptive): [`ietf`], [`x_rate_limit`], and [`Named`] for
//! other names. A closure serves for anything else.

use std::time::Duration;

use reqwest::header::HeaderMap;

/// Times from here on are moments since 1970, not seconds to wait: no app lets anyone wait thirty years.
const FIRST_EPOCH_SECOND: f64 = 1e9;

/// The same in milliseconds.
const FIRST_EPOCH_MILLISECOND: f64 = 1e11;

/// What an answer says about the limit. Nothing is known of what is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "authors' extractors build it")]
pub struct Quota {
    /// Requests allowed in a window.
    pub limit: Option<u64>,
    /// Requests still allowed in this window.
    pub remaining: Option<u64>,
    /// Time until this window ends.
    pub resets_in: Option<Duration>,
    /// Length of a window.
    pub window: Option<Duration>,
}

/// Reads the quota from an answer's headers. Any `Fn(&HeaderMap, Duration) -> Option<Quota>` is one.
///
/// ```
/// use lumos_connector_client::limit::{RateLimit, extractor::Quota};
/// use lumos_connector_client::reqwest::header::HeaderMap;
///
/// let limit = RateLimit::stock("acme").adaptive(|headers: &HeaderMap, _| {
///     let left = headers.get("acme-left")?.to_str().ok()?.parse().ok()?;
///     Some(Quota { remaining: Some(left), ..Quota::default() })
/// });
/// # drop(limit);
/// ```
pub trait Extractor: Send + Sync {
    /// The quota; `None` when the answer says nothing of it.
    fn extract(&self, headers: &HeaderMap, unix_now: Duration) -> Option<Quota>;
}

impl<F: Fn(&HeaderMap, Duration) -> Option<Quota> + Send + Sync> Extractor for F {
    fn extract(&self, headers: &HeaderMap, unix_now: Duration) -> Option<Quota> {
        self(headers, unix_now)
    }
}

/// `X-RateLimit-Limit`, `-Remaining` and `-Reset`, or `X-Rate-Limit-…`; the reset in seconds, or as seconds or
/// milliseconds since 1970.
#[must_use]
pub fn x_rate_limit(headers: &HeaderMap, unix_now: Duration) -> Option<Quota> {
    const NAMES: [Named<'_>; 2] = [
        Named { limit: "x-ratelimit-limit", remaining: "x-ratelimit-remaining", reset: "x-ratelimit-reset" },
        Named {
            limit: "x-rate-limit-limit",
            remaining: "x-rate-limit-remaining",
            reset: "x-rate-limit-reset",
        },
    ];
    NAMES.iter().find_map(|names| names.extract(headers, unix_now))
}

/// The headers of the IETF (draft-ietf-httpapi-ratelimit-headers) in all three of their forms:
/// `RateLimit: "default";r=50;t=30` with `RateLimit-Policy: "default";q=100;w=60`, the older
/// `RateLimit: limit=100, remaining=50, reset=30`, and the oldest `RateLimit-Limit` and so on.
///
/// Of several policies the one with the fewest requests left counts.
#[must_use]
pub fn ietf(headers: &HeaderMap, unix_now: Duration) -> Option<Quota> {
    const NAMES: Named<'_> =
        Named { limit: "ratelimit-limit", remaining: "ratelimit-remaining", reset: "ratelimit-reset" };
    let Some(limits) = text(headers, "ratelimit") else { return NAMES.extract(headers, unix_now) };
    let policies: Vec<_> = text(headers, "ratelimit-policy").map(items).unwrap_or_default();
    let quotas = items(limits).into_iter().map(|item| {
        let policy = policies.iter().find(|policy| policy.name == item.name);
        let of_policy = |key| policy.and_then(|policy| policy.number(key));
        Quota {
            limit: of_policy("q").or_else(|| item.number("q")),
            remaining: item.number("r"),
            resets_in: item.number("t").map(Duration::from_secs),
            window: of_policy("w").or_else(|| item.number("w")).map(Duration::from_secs),
        }
    });
    let tightest = quotas.filter(|quota| quota.remaining.is_some()).min_by_key(|quota| quota.remaining);
    tightest.or_else(|| older_ietf(limits))
}

/// `limit=100, remaining=50, reset=30`.
fn older_ietf(limits: &str) -> Option<Quota> {
    let number = |key: &str| {
        let parts = limits.split(',').filter_map(|part| part.split_once('='));
        parts.filter(|(name, _)| name.trim() == key).find_map(|(_, value)| value.trim().parse().ok())
    };
    let remaining = number("remaining")?;
    let resets_in = number("reset").map(Duration::from_secs);
    Some(Quota { limit: number("limit"), remaining: Some(remaining), resets_in, window: None })
}

/// Three headers by name: the limit, what remains of it, and when that is renewed — in seconds, or as seconds or
/// milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "authors build it")]
pub struct Named<'a> {
    /// The header with the limit.
    pub limit: &'a str,
    /// The header with what remains.
    pub remaining: &'a str,
    /// The header with the end of the window.
    pub reset: &'a str,
}

impl Extractor for Named<'_> {
    fn extract(&self, headers: &HeaderMap, unix_now: Duration) -> Option<Quota> {
        // Some apps add their policies after a comma.
        let first = |name: &str| text(headers, name).and_then(|value| value.split([',', ';']).next());
        let number = |name: &str| first(name)?.trim().parse().ok();
        let quota = Quota {
            limit: number(self.limit),
            remaining: number(self.remaining),
            resets_in: first(self.reset).and_then(|reset| until(reset.trim(), unix_now)),
            window: None,
        };
        (quota != Quota::default()).then_some(quota)
    }
}

/// The time until a moment that is given in seconds from now, or in seconds or milliseconds since 1970.
pub(crate) fn until(moment: &str, unix_now: Duration) -> Option<Duration> {
    let number: f64 = moment.parse().ok()?;
    let seconds = if number >= FIRST_EPOCH_MILLISECOND {
        number / 1000.0 - unix_now.as_secs_f64()
    } else if number >= FIRST_EPOCH_SECOND {
        number - unix_now.as_secs_f64()
    } else if number >= 0.0 {
        number
    } else {
        return None;
    };
    Duration::try_from_secs_f64(seconds.max(0.0)).ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// One policy of a structured header: `"name";r=50;t=30`.
struct Item<'a> {
    name: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl Item<'_> {
    fn number(&self, key: &str) -> Option<u64> {
        self.parameters.iter().find(|(name, _)| *name == key).and_then(|(_, value)| value.parse().ok())
    }
}

fn items(header: &str) -> Vec<Item<'_>> {
    let item = |item| {
        let mut parts = str::split(item, ';').map(str::trim);
        let name = parts.next().unwrap_or_default().trim_matches('"');
        let parameters = parts.filter_map(|part| part.split_once('=')).collect();
        Item { name, parameters }
    };
    header.split(',').map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_700_000_000);

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn quota(limit: u64, remaining: u64, resets_in: u64, window: Option<u64>) -> Option<Quota> {
        Some(Quota {
            limit: Some(limit),
            remaining: Some(remaining),
            resets_in: Some(Duration::from_secs(resets_in)),
            window: window.map(Duration::from_secs),
        })
    }

    #[test]
    fn vendor_headers_give_the_reset_in_seconds_or_since_1970() {
        for reset in ["30", "1700000030", "1700000030000", "30.0"] {
            for prefix in ["x-ratelimit", "x-rate-limit"] {
                let pairs = [("limit", "100"), ("remaining", "7"), ("reset", reset)];
                let headers = pairs
                    .iter()
                    .map(|(name, value)| {
                        (format!("{prefix}-{name}").parse().unwrap(), value.parse().unwrap())
                    })
                    .collect();
                assert_eq!(x_rate_limit(&headers, NOW), quota(100, 7, 30, None), "{reset}");
            }
        }
    }

    #[test]
    fn a_reset_that_is_over_is_now() {
        let headers = headers(&[("x-ratelimit-reset", "1600000000")]);
        assert_eq!(x_rate_limit(&headers, NOW).unwrap().resets_in, Some(Duration::ZERO));
    }

    #[test]
    fn the_three_forms_of_the_ietf_are_read() {
        let newest = headers(&[
            ("ratelimit-policy", "\"day\";q=1000;w=86400, \"burst\";q=100;w=60"),
            ("ratelimit", "\"day\";r=900;t=3600, \"burst\";r=7;t=30"),
        ]);
        assert_eq!(ietf(&newest, NOW), quota(100, 7, 30, Some(60)));
        let older = headers(&[("ratelimit", "limit=100, remaining=7, reset=30")]);
        assert_eq!(ietf(&older, NOW), quota(100, 7, 30, None));
        let oldest = headers(&[
            ("ratelimit-limit", "100, 100;w=60"),
            ("ratelimit-remaining", "7"),
            ("ratelimit-reset", "30"),
        ]);
        assert_eq!(ietf(&oldest, NOW), quota(100, 7, 30, None));
    }

    #[test]
    fn nonsense_says_nothing() {
        for value in ["", "x", "-5", "NaN", "inf", "1e400", "\"a\";r=x", ",;=,"] {
            let headers =
                headers(&[("ratelimit", value), ("x-ratelimit-reset", value), ("x-ratelimit-limit", value)]);
            assert_eq!(ietf(&headers, NOW), None, "{value}");
            assert_eq!(x_rate_limit(&headers, NOW), None, "{value}");
        }
        assert_eq!(x_rate_limit(&HeaderMap::new(), NOW), None);
    }
}
