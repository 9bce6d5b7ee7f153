//! The pass over a whole text: whether it is JSON, and where its arrays and objects end.

use std::time::Instant;

use super::error::ReadError;
use super::lexis::{blanks, plain_end, starts_number};

/// Levels of arrays and objects that a text may have (contract §2; deeper texts are refused as malformed).
pub const MAX_DEPTH: usize = 201;

/// Digits that an integer, or what stands before the point of another number, may have (contract §2).
const MAX_DIGITS: usize = 4300;

/// Bytes between two looks at the clock.
const CLOCK_STRIDE: usize = 64 * 1024;

/// Arrays and objects of fewer bytes are passed over byte by byte: few on the levels of a request's parts, which are
/// passed over several times, more on those below, of which there may be very many.
const fn noted_from(level: usize) -> usize {
    if level <= 3 { 24 } else { 64 }
}

/// On every level up to this one, the ends of arrays and objects are noted; below it, on every eighth.
///
/// Together with [`noted_from`] this bounds both what passing over a value costs and what the notes take: less than two
/// bytes for each byte of the text, and next to nothing for usual texts.
const NOTED_LEVELS: usize = 8;

/// Room for the arrays and objects of a usual request.
const USUAL_DEPTH: usize = 8;

/// What is known of a text once it has been passed over.
#[derive(Debug, Clone)]
pub(super) struct Scan {
    /// Where the value begins.
    pub(super) root: usize,
    /// Where arrays and objects begin, and where they end, in the order of their beginnings; only of those that are worth
    /// the memory.
    pub(super) ends: Vec<(u32, u32)>,
    /// Whether there are numbers that only the contract's JSON has: `NaN`, `Infinity`, `-Infinity`.
    pub(super) has_non_finite: bool,
}

/// Passes over a whole text. The error says what is wrong, and where.
pub(super) fn scan(text: &str, deadline: Option<Instant>) -> Result<Scan, ReadError> {
    if u32::try_from(text.len()).is_err() {
        return Err(ReadError::new("not valid JSON: longer than 4 GiB"));
    }
    let scanner = Scanner {
        bytes: text.as_bytes(),
        at: 0,
        open: Vec::with_capacity(USUAL_DEPTH),
        ends: Vec::with_capacity(USUAL_DEPTH),
        has_non_finite: false,
        deadline,
        next_look: CLOCK_STRIDE,
    };
    scanner.run().map_err(|stop| match stop {
        Stop::Malformed(at, problem) => malformed(text, at, problem),
        Stop::Deadline => ReadError::deadline(),
    })
}

fn malformed(text: &str, at: usize, problem: &str) -> ReadError {
    if text.starts_with('\u{feff}') {
        return ReadError::new(
            "not valid JSON: it begins with a byte order mark (U+FEFF), which must be removed",
        );
    }
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    let column = before[line_start..].chars().count() + 1;
    ReadError::new(format!("not valid JSON: {problem} at line {line} column {column}"))
}

/// Why a pass ended early.
enum Stop {
    Malformed(usize, &'static str),
    Deadline,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Array,
    Object,
}

/// An array or object whose end has not been reached.
struct Open {
    kind: Kind,
    start: usize,
    /// Its place in the notes.
    noted: Option<usize>,
}

struct Scanner<'j> {
    bytes: &'j [u8],
    at: usize,
    open: Vec<Open>,
    ends: Vec<(u32, u32)>,
    has_non_finite: bool,
    deadline: Option<Instant>,
    next_look: usize,
}

impl Scanner<'_> {
    fn run(mut self) -> Result<Scan, Stop> {
        self.blanks();
        let root = self.at;
        loop {
            self.look_at_clock()?;
            if !self.value()? {
                continue;
            }
            // After a value: what is around it goes on, or ends with it.
            loop {
                let Some(kind) = self.open.last().map(|open| open.kind) else {
                    self.blanks();
                    return match self.peek() {
                        None => Ok(Scan { root, ends: self.ends, has_non_finite: self.has_non_finite }),
                        Some(_) => self.fail("expected the end of the text"),
                    };
                };
                self.blanks();
                match (self.peek(), kind) {
                    (Some(b','), Kind::Array) => {
                        self.at += 1;
                        self.blanks();
                        break;
                    }
                    (Some(b','), Kind::Object) => {
                        self.at += 1;
                        self.blanks();
                        self.key()?;
                        break;
                    }
                    (Some(b']'), Kind::Array) | (Some(b'}'), Kind::Object) => self.close(),
                    (_, Kind::Array) => return self.fail("expected `,` or `]`"),
                    (_, Kind::Object) => return self.fail("expected `,` or `}`"),
                }
            }
        }
    }

    /// Passes over a value, or into it: `false` says that its first member or item comes next.
    fn value(&mut self) -> Result<bool, Stop> {
        match self.peek() {
            Some(b'"') => self.string()?,
            Some(b'{') => {
                self.enter(Kind::Object)?;
                if self.peek() != Some(b'}') {
                    self.key()?;
                    return Ok(false);
                }
                self.close();
            }
            Some(b'[') => {
                self.enter(Kind::Array)?;
                if self.peek() != Some(b']') {
                    return Ok(false);
                }
                self.close();
            }
            Some(b't') => self.literal(b"true")?,
            Some(b'f') => self.literal(b"false")?,
            Some(b'n') => self.literal(b"null")?,
            Some(byte) if starts_number(byte) => self.number()?,
            _ => return self.fail("expected a value"),
        }
        Ok(true)
    }

    /// To what comes first inside of an array or object.
    fn enter(&mut self, kind: Kind) -> Result<(), Stop> {
        if self.open.len() == MAX_DEPTH {
            return self.fail("nested too deeply");
        }
        let level = self.open.len() + 1;
        let is_noted = level > 1 && (level <= NOTED_LEVELS || level.is_multiple_of(NOTED_LEVELS));
        let noted = is_noted.then_some(self.ends.len());
        if is_noted {
            self.ends.push((small(self.at), 0));
        }
        self.open.push(Open { kind, start: self.at, noted });
        self.at += 1;
        self.blanks();
        Ok(())
    }

    /// Past the end of the innermost array or object.
    fn close(&mut self) {
        self.at += 1;
        let Some(Open { start, noted: Some(noted), .. }) = self.open.pop() else { return };
        if self.at - start < noted_from(self.open.len() + 1) {
            // What is inside of it is shorter still and needs to be no shorter to be noted, so this is the last note.
            self.ends.truncate(noted);
        } else {
            self.ends[noted].1 = small(self.at);
        }
    }

    /// Past a key and its colon.
    fn key(&mut self) -> Result<(), Stop> {
        if self.peek() != Some(b'"') {
            return self.fail("expected a key in double quotes");
        }
        self.string()?;
        self.blanks();
        if self.peek() != Some(b':') {
            return self.fail("expected `:`");
        }
        self.at += 1;
        self.blanks();
        Ok(())
    }

    fn string(&mut self) -> Result<(), Stop> {
        self.at += 1;
        loop {
            self.at = plain_end(self.bytes, self.at);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return self.fail("a control character in a string"),
                None => return self.fail("a string without an end"),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Stop> {
        let start = self.at;
        self.at += 2;
        match self.bytes.get(start + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(()),
            Some(b'u') => match self.unit()? {
                0xd800..=0xdbff => {
                    let next = self.bytes.get(self.at..self.at + 2);
                    if next != Some(b"\\u") {
                        return Err(Stop::Malformed(start, "half of a surrogate pair"));
                    }
                    self.at += 2;
                    match self.unit()? {
                        0xdc00..=0xdfff => Ok(()),
                        _ => Err(Stop::Malformed(start, "half of a surrogate pair")),
                    }
                }
                0xdc00..=0xdfff => Err(Stop::Malformed(start, "half of a surrogate pair")),
                _ => Ok(()),
            },
            _ => Err(Stop::Malformed(start, "not an escape sequence")),
        }
    }

    /// The four hexadecimal digits of an escape.
    fn unit(&mut self) -> Result<u16, Stop> {
        let digits = self.bytes.get(self.at..self.at + 4).unwrap_or_default();
        let unit = digits.iter().try_fold(0_u16, |unit, digit| {
            let digit = char::from(*digit).to_digit(16).and_then(|digit| u16::try_from(digit).ok())?;
            Some(unit << 4 | digit)
        });
        match unit {
            Some(unit) if digits.len() == 4 => {
                self.at += 4;
                Ok(unit)
            }
            _ => self.fail("expected four hexadecimal digits"),
        }
    }

    fn number(&mut self) -> Result<(), Stop> {
        if self.peek() == Some(b'N') {
            self.has_non_finite = true;
            return self.literal(b"NaN");
        }
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => {
                let digits = self.digits();
                if digits > MAX_DIGITS {
                    self.at -= digits;
                    return self.fail("an integer of more than 4300 digits");
                }
            }
            Some(b'I') => {
                self.has_non_finite = true;
                return self.literal(b"Infinity");
            }
            _ => return self.fail("not a number"),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return self.fail("expected a digit");
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return self.fail("expected a digit");
            }
        }
        // A digit after a leading zero is what comes here and must not.
        match self.peek() {
            Some(b'0'..=b'9') => self.fail("a number with a leading zero"),
            _ => Ok(()),
        }
    }

    /// Past digits; how many they are.
    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Stop> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        self.fail("expected a value")
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        self.at = blanks(self.bytes, self.at);
    }

    fn look_at_clock(&mut self) -> Result<(), Stop> {
        if self.at < self.next_look {
            return Ok(());
        }
        self.next_look = self.at + CLOCK_STRIDE;
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(Stop::Deadline),
            _ => Ok(()),
        }
    }

    fn fail<T>(&self, problem: &'static str) -> Result<T, Stop> {
        Err(Stop::Malformed(self.at, problem))
    }
}

/// A place in a text of less than 4 GiB.
pub(super) fn small(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
