//! Moments and waits as apps write them in headers.

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// No wait is longer, whatever an app says. It is beyond every caller's time.
pub(crate) const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// Numbers from here on are moments since 1970 and not seconds to wait, in seconds, milliseconds, microseconds and
/// nanoseconds: no app lets anyone wait thirty years.
const EPOCHS: [(f64, f64); 4] = [(1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (1e9, 1.0)];

/// How far a number in `Retry-After` may be from now to be taken for a moment: it is seconds (RFC 9110 §10.2.3), but some
/// apps write a moment since 1970.
const NEAR: f64 = 7.0 * 86_400.0;

/// The time of an answer by the app's own clock: its `Date`, since 1970.
pub(crate) fn date(headers: &HeaderMap) -> Option<Duration> {
    http_date(headers.get(DATE)?.to_str().ok()?.trim())
}

/// What `Retry-After` says: seconds, or a moment, which is compared with the answer's own `Date` when there is one.
///
/// A wait that no clock could show is the longest one; a negative one, and what is neither, says nothing.
pub(crate) fn retry_after(headers: &HeaderMap, unix_now: Duration) -> Option<Duration> {
    let now = date(headers).unwrap_or(unix_now);
    let given = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let Some(number) = number(given) else { return length(given).or_else(|| until_moment(given, now)) };
    let from_now = number - now.as_secs_f64();
    if from_now.abs() <= NEAR && number >= 1e9 { seconds(from_now.max(0.0)) } else { seconds(number) }
}

/// The time until the end of a window: a number of seconds, a length such as `6m0s`, a moment since 1970 in any unit, an
/// ISO time or a date of HTTP.
pub(crate) fn until(text: &str, now: Duration) -> Option<Duration> {
    let text = text.trim().trim_matches('"');
    let Some(number) = number(text) else { return length(text).or_else(|| until_moment(text, now)) };
    match EPOCHS.iter().find(|(first, _)| number >= *first) {
        Some((_, unit)) => seconds((number / unit - now.as_secs_f64()).max(0.0)),
        None => seconds(number),
    }
}

/// A number without a unit. `inf` and `NaN`, which Rust reads as numbers, are not.
fn number(text: &str) -> Option<f64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let number: f64 = text.parse().ok().filter(|_| is_number)?;
    // More digits than a number can hold are a very large number; an exponent is a mistake.
    (number.is_finite() || text.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}

fn seconds(number: f64) -> Option<Duration> {
    if number.is_nan() || number < 0.0 {
        return None;
    }
    Some(Duration::try_from_secs_f64(number).map_or(LONGEST, |wait| wait.min(LONGEST)))
}

/// A length with units: `20ms`, `1s`, `6m0s`, `1h2m3.5s`.
fn length(text: &str) -> Option<Duration> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let unit_at = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let number: f64 = rest[..unit_at].parse().ok()?;
        let units = &rest[unit_at..];
        let end = units.find(|letter: char| letter.is_ascii_digit()).unwrap_or(units.len());
        total += number
            * match units[..end].trim() {
                "d" => 86_400.0,
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &units[end..];
    }
    if text.is_empty() { None } else { seconds(total) }
}

fn until_moment(text: &str, now: Duration) -> Option<Duration> {
    let moment = http_date(text).or_else(|| iso_time(text))?;
    Some(moment.saturating_sub(now).min(LONGEST))
}

/// A date in any of the three forms of HTTP (RFC 9110 §5.6.7), since 1970.
fn http_date(text: &str) -> Option<Duration> {
    httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()
}

/// A time of ISO 8601, since 1970; without an offset it is in UTC.
fn iso_time(text: &str) -> Option<Duration> {
    let text = text.replace(" UTC", "Z").replace(" GMT", "Z").replace(" +", "+").replace(" -", "-");
    let time = speedate::DateTime::parse_bytes_rfc3339(text.as_bytes()).ok()?;
    let seconds = u64::try_from(time.timestamp_tz()).ok()?;
    Some(Duration::new(seconds, time.time.microsecond.checked_mul(1000)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT.
    const NOW: Duration = Duration::from_secs(784_111_777);
    const TODAY: Duration = Duration::from_secs(1_700_000_000);

    fn after(pairs: &[(&'static str, &str)], now: Duration) -> Option<Duration> {
        let headers =
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        retry_after(&headers, now)
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let seconds = |seconds| Some(Duration::from_secs_f64(seconds));
        let early = NOW - Duration::from_secs(100);
        assert_eq!(after(&[("retry-after", "120")], early), seconds(120.0));
        assert_eq!(after(&[("retry-after", " 0.5 ")], early), seconds(0.5));
        assert_eq!(after(&[("retry-after", "0")], early), seconds(0.0));
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "1994-11-06T08:49:37Z",
        ] {
            let date = ("retry-after", date);
            assert_eq!(after(&[date], early), seconds(100.0));
            assert_eq!(after(&[date, ("date", "Sun, 06 Nov 1994 08:49:30 GMT")], early), seconds(7.0));
            assert_eq!(after(&[date, ("date", "Mon, 06 Nov 1995 08:49:30 GMT")], early), seconds(0.0));
        }
        for nonsense in ["", "soon", "-1", "-0.5", "NaN", "inf", "infinity", "1e400", "12 parsecs", "0x10"] {
            assert_eq!(after(&[("retry-after", nonsense)], early), None, "{nonsense}");
        }
    }

    #[test]
    fn retry_after_that_no_clock_could_show_is_the_longest_wait() {
        let digits = "9".repeat(400);
        for huge in ["99999999999999999999", "1e300", &digits, "4000000000", "1000000000"] {
            assert_eq!(after(&[("retry-after", huge)], TODAY), Some(LONGEST), "{huge}");
        }
        assert_eq!(after(&[("retry-after", "1700000030")], TODAY), Some(Duration::from_secs(30)));
        assert_eq!(after(&[("retry-after", "1699999999")], TODAY), Some(Duration::ZERO));
    }

    #[test]
    fn the_end_of_a_window_is_read_in_every_form() {
        for text in [
            "30",
            "30.0",
            "30s",
            "30000ms",
            "0m30s",
            "1700000030",
            "1700000030.0",
            "1700000030000",
            "1700000030000000",
            "1700000030000000000",
            "2023-11-14T22:13:50Z",
            "\"2023-11-14T22:13:50Z\"",
            "2023-11-14T22:13:50",
            "2023-11-14T22:13:50.000Z",
            "2023-11-14T23:13:50+01:00",
            "2023-11-14 22:13:50 UTC",
            "2023-11-14 22:13:50 +0000",
            "Tue, 14 Nov 2023 22:13:50 GMT",
        ] {
            // Fractions of moments may lose a nanosecond.
            let found = until(text, TODAY).unwrap_or_else(|| panic!("{text}"));
            assert!(found.abs_diff(Duration::from_secs(30)) < Duration::from_millis(1), "{text}: {found:?}");
        }
        assert_eq!(until("2023-11-14T22:13:19Z", TODAY), Some(Duration::ZERO));
        assert_eq!(until("1600000000", TODAY), Some(Duration::ZERO));
        for nonsense in ["", "x", "-5", "NaN", "inf", "1e400", "5x", "s", "2023-11-14", "\"a\";r=x", ",;=,"] {
            assert_eq!(until(nonsense, TODAY), None, "{nonsense}");
        }
    }
}
