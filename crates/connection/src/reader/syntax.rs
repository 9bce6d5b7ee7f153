//! The syntax of JSON (RFC 8259), checked byte by byte. The text may be cut into pieces anywhere.

use lumos_connector_types::json::MAX_DEPTH;

/// Where the scanner stands in the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A value begins here.
    Value,
    /// A value begins here, or an empty array ends.
    FirstItem,
    /// A member's key begins here.
    Key,
    /// A member's key begins here, or an empty object ends.
    FirstKey,
    /// A colon follows the key.
    Colon,
    /// A comma or the end of the container follows.
    AfterValue,
    /// Inside a string.
    Text { key: bool },
    /// After a backslash.
    Escape { key: bool },
    /// Inside `\uXXXX`; how many digits are to come.
    Hex { key: bool, left: u8 },
    /// After the minus of a number.
    Minus,
    /// After a leading zero.
    Zero,
    /// Inside the digits before the point.
    Integer,
    /// After the point.
    Point,
    /// Inside the digits after the point.
    Fraction,
    /// After `e`.
    Exponent,
    /// After the sign of the exponent.
    ExponentSign,
    /// Inside the digits of the exponent.
    ExponentDigits,
    /// Inside `true`, `false` or `null`; what is to come.
    Literal(&'static [u8]),
    /// The document has ended; white space may follow.
    Done,
}

/// What a value is, as its first byte says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    Scalar,
}

/// What the scanner found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// A key begins at its opening quote.
    KeyStart { at: usize },
    /// A key has ended; `end` is behind its closing quote.
    KeyEnd { end: usize },
    /// A value begins. `depth` counts the containers around it.
    ValueStart { at: usize, depth: usize, kind: Kind },
    /// A value has ended; `end` is behind its last byte.
    ValueEnd { end: usize, depth: usize },
    /// The piece has been read to its end.
    More,
}

/// Bytes that cannot stand where they stand, or containers inside too many others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SyntaxError {
    Unexpected { at: usize, expected: &'static str },
    TooDeep { at: usize },
}

/// Checks JSON and reports its outer values.
#[derive(Debug)]
pub(super) struct Scanner {
    state: State,
    /// The open containers from outside in: whether each is an object.
    objects: Vec<bool>,
    /// Only what stands in at most so many containers is reported.
    watch: usize,
}

impl Scanner {
    pub(super) fn new() -> Self {
        Self { state: State::Value, objects: Vec::new(), watch: 0 }
    }

    /// Sets how deep values and keys are reported: inside at most `depth` containers.
    pub(super) fn watch(&mut self, depth: usize) {
        self.watch = depth;
    }

    /// Whether the document has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.state != State::Value || !self.objects.is_empty()
    }

    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Goes on at `at` until something is to be reported, and moves `at` behind it.
    pub(super) fn next(&mut self, text: &[u8], at: &mut usize) -> Result<Event, SyntaxError> {
        while *at < text.len() {
            let position = *at;
            let byte = text[position];
            match self.state {
                State::Text { key } => {
                    *at = plain_end(text, position);
                    let Some(&byte) = text.get(*at) else { continue };
                    match byte {
                        b'"' => {
                            *at += 1;
                            if !key {
                                if let Some(event) = self.end_value(*at) {
                                    return Ok(event);
                                }
                                continue;
                            }
                            self.state = State::Colon;
                            if self.objects.len() <= self.watch {
                                return Ok(Event::KeyEnd { end: *at });
                            }
                        }
                        b'\\' => {
                            *at += 1;
                            self.state = State::Escape { key };
                        }
                        _ => return Err(unexpected(*at, "no control character in a string")),
                    }
                    continue;
                }
                State::Escape { key } => {
                    self.state = match byte {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => State::Text { key },
                        b'u' => State::Hex { key, left: 4 },
                        _ => return Err(unexpected(position, "an escape sequence")),
                    };
                }
                State::Hex { key, left } => {
                    if !byte.is_ascii_hexdigit() {
                        return Err(unexpected(position, "a hexadecimal digit"));
                    }
                    self.state =
                        if left == 1 { State::Text { key } } else { State::Hex { key, left: left - 1 } };
                }
                State::Literal(rest) => {
                    if rest.first() != Some(&byte) {
                        return Err(unexpected(position, "`true`, `false` or `null`"));
                    }
                    *at += 1;
                    let rest = &rest[1..];
                    self.state = State::Literal(rest);
                    if rest.is_empty()
                        && let Some(event) = self.end_value(*at)
                    {
                        return Ok(event);
                    }
                    continue;
                }
                State::Minus
                | State::Zero
                | State::Integer
                | State::Point
                | State::Fraction
                | State::Exponent
                | State::ExponentSign
                | State::ExponentDigits => match number(self.state, byte) {
                    Number::Inside(state) => self.state = state,
                    Number::Ended => {
                        // The byte belongs to what follows.
                        if let Some(event) = self.end_value(position) {
                            return Ok(event);
                        }
                        continue;
                    }
                    Number::Wrong => return Err(unexpected(position, "a digit")),
                },
                _ if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') => {}
                State::Value | State::FirstItem => {
                    if byte == b']' && self.state == State::FirstItem {
                        *at += 1;
                        if let Some(event) = self.close(*at) {
                            return Ok(event);
                        }
                        continue;
                    }
                    *at += 1;
                    if let Some(event) = self.start_value(byte, position)? {
                        return Ok(event);
                    }
                    continue;
                }
                State::Key | State::FirstKey => {
                    *at += 1;
                    if byte == b'"' {
                        self.state = State::Text { key: true };
                        if self.objects.len() <= self.watch {
                            return Ok(Event::KeyStart { at: position });
                        }
                        continue;
                    }
                    if byte != b'}' || self.state == State::Key {
                        return Err(unexpected(position, "a key"));
                    }
                    if let Some(event) = self.close(*at) {
                        return Ok(event);
                    }
                    continue;
                }
                State::Colon => {
                    if byte != b':' {
                        return Err(unexpected(position, "a colon"));
                    }
                    self.state = State::Value;
                }
                State::AfterValue => {
                    *at += 1;
                    let in_object = self.objects.last() == Some(&true);
                    match (byte, in_object) {
                        (b',', true) => self.state = State::Key,
                        (b',', false) => self.state = State::Value,
                        (b'}', true) | (b']', false) => {
                            if let Some(event) = self.close(*at) {
                                return Ok(event);
                            }
                        }
                        (_, true) => return Err(unexpected(position, "a comma or `}`")),
                        (_, false) => return Err(unexpected(position, "a comma or `]`")),
                    }
                    continue;
                }
                State::Done => return Err(unexpected(position, "nothing after the document")),
            }
            *at += 1;
        }
        Ok(Event::More)
    }

    /// The text ends here. A number at the very top ends with it.
    pub(super) fn end(&mut self) -> bool {
        if self.objects.is_empty()
            && matches!(self.state, State::Zero | State::Integer | State::Fraction | State::ExponentDigits)
        {
            self.state = State::Done;
        }
        self.is_done()
    }

    fn start_value(&mut self, byte: u8, position: usize) -> Result<Option<Event>, SyntaxError> {
        let depth = self.objects.len();
        let kind = match byte {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            _ => Kind::Scalar,
        };
        self.state = match byte {
            b'{' => State::FirstKey,
            b'[' => State::FirstItem,
            b'"' => State::Text { key: false },
            b'-' => State::Minus,
            b'0' => State::Zero,
            b'1'..=b'9' => State::Integer,
            b't' => State::Literal(b"rue"),
            b'f' => State::Literal(b"alse"),
            b'n' => State::Literal(b"ull"),
            _ => return Err(unexpected(position, "a value")),
        };
        if kind != Kind::Scalar {
            if depth > MAX_DEPTH {
                return Err(SyntaxError::TooDeep { at: position });
            }
            self.objects.push(kind == Kind::Object);
        }
        Ok((depth <= self.watch).then_some(Event::ValueStart { at: position, depth, kind }))
    }

    fn close(&mut self, end: usize) -> Option<Event> {
        self.objects.pop();
        self.end_value(end)
    }

    fn end_value(&mut self, end: usize) -> Option<Event> {
        let depth = self.objects.len();
        self.state = if depth == 0 { State::Done } else { State::AfterValue };
        (depth <= self.watch).then_some(Event::ValueEnd { end, depth })
    }
}

fn unexpected(at: usize, expected: &'static str) -> SyntaxError {
    SyntaxError::Unexpected { at, expected }
}

enum Number {
    Inside(State),
    Ended,
    Wrong,
}

/// One byte further in a number.
fn number(state: State, byte: u8) -> Number {
    use State::{Exponent, ExponentDigits, ExponentSign, Fraction, Integer, Minus, Point, Zero};
    let digit = byte.is_ascii_digit();
    match (state, byte) {
        (Minus, b'0') => Number::Inside(Zero),
        (Minus | Integer, _) if digit => Number::Inside(Integer),
        (Zero | Integer, b'.') => Number::Inside(Point),
        (Point | Fraction, _) if digit => Number::Inside(Fraction),
        (Zero | Integer | Fraction, b'e' | b'E') => Number::Inside(Exponent),
        (Exponent, b'+' | b'-') => Number::Inside(ExponentSign),
        (Exponent | ExponentSign | ExponentDigits, _) if digit => Number::Inside(ExponentDigits),
        (Zero, _) if digit => Number::Wrong,
        (Zero | Integer | Fraction | ExponentDigits, _) => Number::Ended,
        _ => Number::Wrong,
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The position of the next quote, backslash or control character, or the text's end. Eight bytes at a time.
fn plain_end(text: &[u8], mut at: usize) -> usize {
    while let Some(eight) = text.get(at..at + 8).and_then(|slice| <[u8; 8]>::try_from(slice).ok()) {
        let word = u64::from_le_bytes(eight);
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        let found = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        if found & HIGHS != 0 {
            break;
        }
        at += 8;
    }
    while at < text.len() && !matches!(text[at], b'"' | b'\\' | 0..0x20) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    /// Whether the scanner takes a text that comes in pieces.
    fn accepts(pieces: &[&[u8]]) -> bool {
        let mut scanner = Scanner::new();
        scanner.watch(usize::MAX);
        for piece in pieces {
            let mut at = 0;
            loop {
                match scanner.next(piece, &mut at) {
                    Ok(Event::More) => break,
                    Ok(_) => {}
                    Err(_) => return false,
                }
            }
        }
        scanner.end()
    }

    fn serde_accepts(text: &[u8]) -> bool {
        serde_json::from_slice::<IgnoredAny>(text).is_ok()
    }

    const TEXTS: &[&str] = &[
        "",
        " ",
        "{}",
        "[]",
        "[1]",
        "[1,]",
        "[,1]",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "nul",
        "nulll",
        "true false",
        "-",
        "-0",
        "01",
        "1.",
        ".5",
        "1.5e",
        "1e+",
        "1E-07",
        "-1.0e9",
        "1 2",
        "\"",
        "\"\\\"",
        "\"\\u12\"",
        "\"\\u12aF\"",
        "\"\\x\"",
        "\"tab\there\"",
        "[[[]]]",
        "[}",
        "{]",
        "{\"a\":{\"b\":[1,{\"c\":null}]}}",
        "\u{feff}{}",
        "NaN",
        "[1 2]",
        "{\"a\":1 \"b\":2}",
        "\"1234567\"",
        "\"12345678\\n9\"",
        " \r\n\t1 ",
        "[-]",
    ];

    #[test]
    fn texts_are_accepted_and_refused_as_serde_json_does_cut_anywhere() {
        for text in TEXTS {
            let expected = serde_accepts(text.as_bytes());
            assert_eq!(accepts(&[text.as_bytes()]), expected, "{text:?}");
            for cut in 0..=text.len() {
                let (first, second) = text.as_bytes().split_at(cut);
                assert_eq!(accepts(&[first, second]), expected, "{text:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn nesting_ends_where_the_contract_ends_it() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(accepts(&[nested(MAX_DEPTH + 1).as_bytes()]));
        assert!(!accepts(&[nested(MAX_DEPTH + 2).as_bytes()]));
        assert!(!accepts(&["[".repeat(1_000_000).as_bytes()]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_as_serde_json_judges_them(
            text in proptest::collection::vec(
                prop_oneof![
                    9 => proptest::sample::select("{}[]\",:0123456789.eE+-truefalsn\\u /\n".chars().collect::<Vec<_>>()),
                    1 => any::<char>(),
                ],
                0..40,
            ),
            cut in any::<prop::sample::Index>(),
        ) {
            // The scanner leaves UTF-8 to those who keep the text.
            let text: String = text.into_iter().collect();
            let (first, second) = text.as_bytes().split_at(cut.index(text.len() + 1));
            prop_assert_eq!(accepts(&[first, second]), serde_accepts(text.as_bytes()));
        }
    }
}
