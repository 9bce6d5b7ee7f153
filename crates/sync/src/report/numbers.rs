//! Numbers and times as people read them.

use std::time::Duration;

/// A number with a space between groups of three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A time with two digits that count.
pub(super) fn short(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 if time.is_zero() => "-".to_owned(),
        0 => format!("{} ms", time.as_millis().max(1)),
        1..=9 => format!("{:.1} s", time.as_secs_f64()),
        10..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        _ => format!("{:.1} h", time.as_secs_f64() / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!([grouped(7), grouped(1234), grouped(5_000_000)], ["7", "1 234", "5 000 000"]);
        let times = [0, 12, 2_400, 61_000, 600_000, 9_000_000].map(|it| short(Duration::from_millis(it)));
        assert_eq!(times, ["-", "12 ms", "2.4 s", "61 s", "10 min", "2.5 h"]);
    }
}
