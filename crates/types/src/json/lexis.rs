//! The words of JSON: blanks, strings, numbers.

use std::borrow::Cow;

/// Past blanks.
#[inline]
pub(super) fn blanks(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Whether a number can begin with a byte.
pub(super) fn starts_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'N' | b'I')
}

/// To the first byte that does not stand for itself in a string: a quote, a backslash, a control character; or to the end.
#[inline]
pub(super) fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    // Which of eight bytes are zero, or below a bound ("Bit Twiddling Hacks", S. E. Anderson). Bytes above the first one
    // may be marked wrongly; the first is always right.
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    while let Some(eight) = bytes.get(at..at + 8).and_then(|eight| <[u8; 8]>::try_from(eight).ok()) {
        let word = u64::from_le_bytes(eight);
        let quotes = has_zero(word ^ (ONES * u64::from(b'"')));
        let backslashes = has_zero(word ^ (ONES * u64::from(b'\\')));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let found = quotes | backslashes | controls;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if matches!(byte, b'"' | b'\\' | 0..0x20) {
            break;
        }
        at += 1;
    }
    at
}

/// The text of a string between its quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quoted<'j> {
    source: &'j str,
    has_escapes: bool,
}

impl<'j> Quoted<'j> {
    /// The string that begins with the quote at a place of a text that is JSON, and the place after it.
    #[inline]
    pub(super) fn at(text: &'j str, quote: usize) -> (Self, usize) {
        let bytes = text.as_bytes();
        let start = quote + 1;
        let mut end = plain_end(bytes, start);
        let mut has_escapes = false;
        while bytes.get(end) == Some(&b'\\') {
            has_escapes = true;
            end = plain_end(bytes, (end + 2).min(bytes.len()));
        }
        (Self { source: text.get(start..end).unwrap_or_default(), has_escapes }, end + 1)
    }

    /// The text as it was sent, when it needs no unescaping.
    pub(super) fn plain(self) -> Option<&'j str> {
        (!self.has_escapes).then_some(self.source)
    }

    pub(super) fn text(self) -> Cow<'j, str> {
        if self.has_escapes { Cow::Owned(unescaped(self.source)) } else { Cow::Borrowed(self.source) }
    }

    pub(super) fn is(self, text: &str) -> bool {
        if self.has_escapes { unescaped(self.source) == text } else { self.source == text }
    }
}

/// The text that a text with escapes stands for. The escapes have been checked.
fn unescaped(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let mut letters = after.chars();
        let letter = letters.next().unwrap_or_default();
        rest = letters.as_str();
        text.push(match letter {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = unit(rest);
                rest = rest.get(4..).unwrap_or_default();
                if (0xd800..0xdc00).contains(&first) {
                    let second = unit(rest.get(2..).unwrap_or_default());
                    rest = rest.get(6..).unwrap_or_default();
                    let both = 0x1_0000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
                    char::from_u32(both).unwrap_or(char::REPLACEMENT_CHARACTER)
                } else {
                    char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
                }
            }
            other => other,
        });
    }
    text.push_str(rest);
    text
}

/// The number of four hexadecimal digits.
fn unit(digits: &str) -> u32 {
    digits.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

/// A number as it is read: integers of any length stay exact.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number<'j> {
    Int(i64),
    /// The digits of an integer beyond 64 bits, perhaps with a minus before them.
    BigInt(&'j str),
    Float(f64),
}

impl<'j> Number<'j> {
    /// The number that begins at a place of a text that is JSON, and the place after it.
    pub(super) fn at(text: &'j str, start: usize) -> (Self, usize) {
        let bytes = text.as_bytes();
        let is_negative = bytes.get(start) == Some(&b'-');
        let mut at = start + usize::from(is_negative);
        // Below zero, because there is one more number below than above.
        let mut whole = Some(0_i64);
        while let Some(digit @ b'0'..=b'9') = bytes.get(at) {
            let digit = i64::from(digit - b'0');
            whole = whole.and_then(|whole| whole.checked_mul(10)?.checked_sub(digit));
            at += 1;
        }
        if matches!(bytes.get(at), Some(b'.' | b'e' | b'E' | b'N' | b'I')) {
            while let Some(b'0'..=b'9' | b'.' | b'+' | b'-' | b'a'..=b'z' | b'A'..=b'Z') = bytes.get(at) {
                at += 1;
            }
            let source = text.get(start..at).unwrap_or_default();
            // `NaN`, `Infinity` and `-Infinity` are numbers to this parser, too.
            return (Self::Float(source.parse().unwrap_or(f64::NAN)), at);
        }
        let exact = if is_negative { whole } else { whole.and_then(i64::checked_neg) };
        let digits = || Self::BigInt(text.get(start..at).unwrap_or_default());
        (exact.map_or_else(digits, Self::Int), at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_plain_text_is_found_at_every_place() {
        for stop in ["\"", "\\", "\n", "\u{1f}", "\0", ""] {
            for length in 0..40 {
                for letter in ["a", "é", "😀", "\u{7f}", "!", "#", "]", " "] {
                    let plain = letter.repeat(length);
                    let text = format!("{plain}{stop}\"more\\ of \u{1} it");
                    let expected = plain.len();
                    assert_eq!(plain_end(text.as_bytes(), 0), expected, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn escapes_stand_for_their_letters() {
        let text = r#" "a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\\" "#;
        let (quoted, end) = Quoted::at(text, 1);
        assert_eq!(quoted.text(), "a\"\\/\u{8}\u{c}\n\r\té😀\\");
        assert_eq!(end, text.len() - 1);
        assert!(quoted.plain().is_none());
        assert!(quoted.is("a\"\\/\u{8}\u{c}\n\r\té😀\\"));
    }

    #[test]
    fn integers_are_exact_to_the_last_of_64_bits() {
        let int = |text| match Number::at(text, 0) {
            (Number::Int(number), end) if end == text.len() => Some(number),
            _ => None,
        };
        assert_eq!(int("9223372036854775807"), Some(i64::MAX));
        assert_eq!(int("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(int("-0"), Some(0));
        for text in ["9223372036854775808", "-9223372036854775809"] {
            assert!(matches!(Number::at(text, 0), (Number::BigInt(digits), _) if digits == text));
        }
    }
}
