//! What apps say about their limits in the headers of their answers.
//!
//! Ready-made for [`RateLimit::adaptive`](super::RateLimit::adaptive): [`ietf`], [`x_rate_limit`], and [`Named`] for
//! other names. A closure serves for anything else.

use std::time::Duration;

use reqwest::header::HeaderMap;

use crate::moment::until;

/// Policies of a header that are read, and parameters of each.
const MAX_ITEMS: usize = 32;

/// The limit that an answer advertises. What is `None` is not known.
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
/// The duration is the time of the answer since 1970 by the app's own clock, which moments in its headers are relative to:
/// its `Date`, or the present where there is none.
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

/// `X-RateLimit-Limit`, `-Remaining` and `-Reset`, or `X-Rate-Limit-…`. The reset is a number of seconds, a length such as
/// `6m0s`, a moment since 1970 in seconds, milliseconds or less, an ISO time, or a date of HTTP.
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
/// Of several policies the one with the fewest requests left counts. Of each header, 32 policies are read.
#[must_use]
pub fn ietf(headers: &HeaderMap, unix_now: Duration) -> Option<Quota> {
    const NAMES: Named<'_> =
        Named { limit: "ratelimit-limit", remaining: "ratelimit-remaining", reset: "ratelimit-reset" };
    let Some(limits) = text(headers, "ratelimit") else { return NAMES.extract(headers, unix_now) };
    let policies = text(headers, "ratelimit-policy").unwrap_or_default();
    let policies = items(&policies);
    let quotas = items(&limits).into_iter().map(|item| {
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
    tightest.or_else(|| older_ietf(&limits, unix_now))
}

/// `limit=100, remaining=50, reset=30`.
fn older_ietf(limits: &str, unix_now: Duration) -> Option<Quota> {
    let value = |key: &str| {
        let parts = limits.split([',', ';']).take(MAX_ITEMS).filter_map(|part| part.split_once('='));
        parts.filter(|(name, _)| name.trim().eq_ignore_ascii_case(key)).map(|(_, value)| value.trim()).next()
    };
    let remaining = count(value("remaining")?)?;
    let resets_in = value("reset").and_then(|reset| until(reset, unix_now));
    Some(Quota { limit: value("limit").and_then(count), remaining: Some(remaining), resets_in, window: None })
}

/// Three headers by name: the limit, what remains of it, and when that is renewed, in any of the forms that
/// [`x_rate_limit`] reads.
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
        // Some apps add their policies after a comma; dates have commas of their own.
        let first = |value: &str| value.split([',', ';']).next().map(|first| first.trim().to_owned());
        let number = |name: &str| text(headers, name).and_then(|value| count(&first(&value)?));
        let reset = text(headers, self.reset)
            .and_then(|reset| until(&reset, unix_now).or_else(|| until(&first(&reset)?, unix_now)));
        let quota = Quota {
            limit: number(self.limit),
            remaining: number(self.remaining),
            resets_in: reset,
            window: None,
        };
        (quota != Quota::default()).then_some(quota)
    }
}

/// A number of requests. Some apps write fractions; some go on counting below zero.
fn count(text: &str) -> Option<u64> {
    if let Ok(count) = text.parse() {
        return Some(count);
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
    let number: f64 = text.parse().ok().filter(|number: &f64| is_number && number.is_finite())?;
    let seconds = Duration::try_from_secs_f64(number.max(0.0)).ok()?;
    Some(seconds.as_secs())
}

/// All values of a header, commas between them. A header may come in several lines (RFC 9110 §5.3).
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// One policy of a structured header: `"name";r=50;t=30`.
struct Item<'a> {
    name: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl Item<'_> {
    fn number(&self, key: &str) -> Option<u64> {
        let named = self.parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        named.and_then(|(_, value)| value.parse().ok())
    }
}

fn items(header: &str) -> Vec<Item<'_>> {
    let item = |item| {
        let mut parts = outside_quotes(item, ';').map(str::trim);
        let name = parts.next().unwrap_or_default().trim_matches('"');
        let parameters = parts
            .take(MAX_ITEMS)
            .filter_map(|part| part.split_once('='))
            .map(|(name, value)| (name.trim(), value.trim()))
            .collect();
        Item { name, parameters }
    };
    outside_quotes(header, ',').take(MAX_ITEMS).map(item).collect()
}

/// The parts of a text between separators that are not in quotes (RFC 9651 §4.2).
fn outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |letter| {
        quoted ^= letter == '"';
        letter == separator && !quoted
    })
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
        let resets = [
            "30",
            "1700000030",
            "1700000030000",
            "30.0",
            "30s",
            "2023-11-14T22:13:50Z",
            "Tue, 14 Nov 2023 22:13:50 GMT",
            "30, 30;w=60",
        ];
        for reset in resets {
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
    fn several_lines_of_a_header_are_one_and_quotes_hold_anything() {
        let mut several = headers(&[("ratelimit", "\"a,b;c\";r=9;t=1")]);
        several.append("ratelimit", "\"burst\"; R=7 ;t=30".parse().unwrap());
        several.append("ratelimit-policy", "\"burst\";q=100;w=60".parse().unwrap());
        assert_eq!(ietf(&several, NOW), quota(100, 7, 30, Some(60)));
    }

    #[test]
    fn counts_may_have_fractions_and_fall_below_zero() {
        for (remaining, expected) in [("7.0", 7), ("0.4", 0), ("-3", 0), ("7, 7;w=60", 7)] {
            let headers = headers(&[("x-ratelimit-remaining", remaining)]);
            assert_eq!(x_rate_limit(&headers, NOW).unwrap().remaining, Some(expected), "{remaining}");
        }
    }

    #[test]
    fn of_many_policies_the_first_32_are_read() {
        let many = |item: &dyn Fn(usize) -> String| (0..5000).map(item).collect::<Vec<_>>().join(",");
        let limits = many(&|at| format!("\"p{at}\";r={};t=30", 5000 - at));
        let policies = many(&|at| format!("\"p{at}\";q=100;w=60"));
        let headers = headers(&[("ratelimit", &limits), ("ratelimit-policy", &policies)]);
        assert_eq!(ietf(&headers, NOW), quota(100, 5000 - 31, 30, Some(60)));
    }

    /// Headers that were seen in the wild, or broke a reader once: name and value.
    const CORPUS: &str = include_str!("../../tests/client/corpus/rate_limit.txt");

    fn is_read_without_surprise(name: &str, value: &str) {
        let Ok(value) = value.parse() else { return };
        let headers = HeaderMap::from_iter([(name.parse().unwrap(), value)]);
        for quota in [ietf(&headers, NOW), x_rate_limit(&headers, NOW)].into_iter().flatten() {
            assert_ne!(quota, Quota::default());
        }
        let _ = crate::moment::retry_after(&headers, NOW).map(|wait| assert!(wait <= crate::moment::LONGEST));
    }

    #[test]
    fn the_kept_headers_are_read_without_surprise() {
        for line in CORPUS.lines() {
            let (name, value) = line.split_once(": ").unwrap();
            is_read_without_surprise(name, value);
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(1024))]

        #[test]
        fn any_header_is_read_without_surprise(
            name in "(ratelimit|ratelimit-policy|ratelimit-reset|x-ratelimit-remaining|x-rate-limit-reset|retry-after)",
            value in "([\\PC]{0,20}|([0-9.eE+-]{0,24}|\"[a-z,;]{0,4}\"|r=|t=|;|,|limit=|remaining=|reset=|ms|h|:|T|Z){0,8})",
        ) {
            is_read_without_surprise(&name, &value);
        }
    }

    #[test]
    fn nonsense_says_nothing() {
        for value in ["", "x", "NaN", "inf", "1e400", "\"a\";r=x", ",;=,"] {
            let headers =
                headers(&[("ratelimit", value), ("x-ratelimit-reset", value), ("x-ratelimit-limit", value)]);
            assert_eq!(ietf(&headers, NOW), None, "{value}");
            assert_eq!(x_rate_limit(&headers, NOW), None, "{value}");
        }
        assert_eq!(x_rate_limit(&HeaderMap::new(), NOW), None);
    }
}
