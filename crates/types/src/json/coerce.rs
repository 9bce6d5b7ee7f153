//! The coercions of lax reading (what forms and older callers send for a number or a boolean).

use super::reader::Value;

/// An integer from an integer, a whole float, a boolean, or text: `" 5 "`, `"+5"`, `"1_000"`, `"5.0"`.
pub(super) fn integer(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bool(flag) => Some(i64::from(*flag)),
        Value::Float(number) => whole(*number),
        Value::Str(text) => {
            let text = text.trim();
            let digits = match text.split_once('.') {
                Some((_, "")) => return None,
                Some((digits, zeros)) if zeros.bytes().all(|digit| digit == b'0') => digits,
                Some(_) => return None,
                None => text,
            };
            let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
            // Underscores stand between digits, one at a time.
            if unsigned
                .split('_')
                .any(|group| group.is_empty() || !group.bytes().all(|digit| digit.is_ascii_digit()))
            {
                return None;
            }
            digits.replace('_', "").parse().ok()
        }
        _ => None,
    }
}

/// A float from any number, a boolean, or text: `"5.5"`, `"1e5"`, `"nan"`, `"-inf"`.
pub(super) fn float(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number),
        #[expect(clippy::cast_precision_loss, reason = "a float field asked for the nearest float")]
        Value::Int(number) => Some(*number as f64),
        Value::BigInt(digits) => digits.parse().ok(),
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Str(text) => plain_digits(text)?.parse().ok(),
        _ => None,
    }
}

/// A boolean from a boolean, 0 or 1, or one of the usual words in any case.
pub(super) fn boolean(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Int(0) => Some(false),
        Value::Int(1) => Some(true),
        Value::Float(0.0) => Some(false),
        Value::Float(1.0) => Some(true),
        Value::Str(text) => match text.to_ascii_lowercase().as_str() {
            "0" | "f" | "n" | "no" | "off" | "false" => Some(false),
            "1" | "t" | "y" | "yes" | "on" | "true" => Some(true),
            _ => None,
        },
        _ => None,
    }
}

fn whole(number: f64) -> Option<i64> {
    // 2^63 is exactly representable; every smaller float in range converts without loss.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked: whole and within the range of i64")]
    (number.fract() == 0.0 && (-LIMIT..LIMIT).contains(&number)).then_some(number as i64)
}

/// The text without outer blanks and without underscores between digits.
fn plain_digits(text: &str) -> Option<String> {
    let text = text.trim();
    if text.starts_with('_') || text.ends_with('_') || text.contains("__") {
        return None;
    }
    Some(text.replace('_', ""))
}
