//! A JSON text that has been checked, and the values in it.

use std::borrow::Cow;
use std::time::Instant;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _};

use super::error::ReadError;
use super::lexis::{Number, Quoted, blanks, plain_end};
use super::members::Members;
use super::reader::{Mode, Reader};
use super::scan::{Scan, scan};
use super::write;

/// A JSON text that typed values are read from.
///
/// The whole text is checked once, when it is parsed; nothing is built from it then. Values are read in place, each
/// when a type asks for it, and what no type asks for is passed over. Cost and memory grow linearly with the text.
///
/// What counts as JSON is what the contract says (§2): `NaN` and `Infinity` are numbers, integers have up to 4300 digits,
/// the last of duplicate keys counts; lone surrogates, byte order marks and text after the value are refused.
///
/// ```
/// use lumos_connector_types::json::Document;
/// #[derive(serde::Deserialize)]
/// struct Limits { rows: u32 }
///
/// let document = Document::parse(r#"{"rows": "25"}"#).unwrap();
/// assert_eq!(document.read::<Limits>().err().unwrap().to_string(), "rows: expected u32, got a string");
/// assert_eq!(document.read_lax::<Limits>().unwrap().rows, 25);
/// ```
#[derive(Debug, Clone)]
pub struct Document<'j> {
    text: &'j str,
    scan: Scan,
    deadline: Option<Instant>,
}

impl<'j> Document<'j> {
    /// Checks a whole text.
    ///
    /// # Errors
    /// When the text is not JSON, or nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH); the error names the position.
    pub fn parse(text: &'j str) -> Result<Self, ReadError> {
        Ok(Self { text, scan: scan(text, None)?, deadline: None })
    }

    /// Checks a whole text that is to be read by a deadline. Checking it, and reading large values from it, ends when that
    /// has passed.
    ///
    /// # Errors
    /// As [`Document::parse`], and when the deadline has passed ([`ReadError::is_deadline`]).
    pub fn parse_before(text: &'j str, deadline: Instant) -> Result<Self, ReadError> {
        let deadline = Some(deadline);
        Ok(Self { text, scan: scan(text, deadline)?, deadline })
    }

    /// The value that is the whole text.
    #[must_use]
    pub fn root(&self) -> Part<'_, 'j> {
        Part { document: self, at: self.scan.root }
    }

    /// Reads a value without coercion, as standard payloads are read.
    ///
    /// # Errors
    /// When a value is missing or has another type; unknown keys are ignored.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        self.root().read()
    }

    /// Reads a value that fits its type exactly: not even an integer stands for a float. Unions are tried so first.
    pub(crate) fn read_exact<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        self.root().read_in(Mode::EXACT)
    }

    /// Reads a value with the coercions that forms and older callers need (`"25"` is an integer, `"yes"` a boolean),
    /// as settings and custom payloads are read.
    ///
    /// # Errors
    /// When a value is missing or cannot be coerced; unknown keys are ignored.
    pub fn read_lax<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        self.root().read_lax()
    }

    /// Reads a value with coercion and refuses unknown keys, as page tokens are read.
    ///
    /// # Errors
    /// As [`Document::read_lax`], and when a struct is given a key that it does not have.
    pub fn read_closed<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        self.root().read_in(Mode::CLOSED)
    }

    /// The document as compact JSON: one entry per key, `null` for the numbers that JSON does not have.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Without a deadline nothing can end it early.
        self.root().to_text().unwrap_or_default()
    }

    pub(super) fn text(&self) -> &'j str {
        self.text
    }

    /// The byte at a place; 0, which is never part of JSON, after the end.
    #[inline]
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or_default()
    }

    #[inline]
    pub(super) fn quoted(&self, at: usize) -> (Quoted<'j>, usize) {
        Quoted::at(self.text, at)
    }

    #[inline]
    pub(super) fn number(&self, at: usize) -> (Number<'j>, usize) {
        Number::at(self.text, at)
    }

    /// To the first member or item of the object or array at a place, or to its end bracket.
    #[inline]
    pub(super) fn enter(&self, at: usize) -> usize {
        blanks(self.text.as_bytes(), at + 1)
    }

    /// To the next member or item after the end of one, or to the end bracket.
    #[inline]
    pub(super) fn next(&self, end: usize) -> usize {
        let at = blanks(self.text.as_bytes(), end);
        if self.byte(at) == b',' { blanks(self.text.as_bytes(), at + 1) } else { at }
    }

    /// The key of the member at a place, and where its value is; `None` at the end of the object.
    #[inline]
    pub(super) fn member(&self, at: usize) -> Option<(Quoted<'j>, usize)> {
        if self.byte(at) != b'"' {
            return None;
        }
        let (key, end) = self.quoted(at);
        Some((key, self.value_after(end)))
    }

    /// Where the value of the member at a place is, when its key is written as this name: what [`member`](Self::member)
    /// and a comparison would find, for less.
    #[inline]
    pub(super) fn member_named(&self, at: usize, name: &str) -> Option<usize> {
        let end = at + 1 + name.len();
        let is_named = self.byte(end) == b'"'
            && self.byte(at) == b'"'
            && self.text.as_bytes().get(at + 1..end) == Some(name.as_bytes())
            // In the text it would begin an escape.
            && !name.contains('\\');
        is_named.then(|| self.value_after(end + 1))
    }

    /// To the value of a member after the end of its key.
    #[inline]
    fn value_after(&self, key_end: usize) -> usize {
        let colon = blanks(self.text.as_bytes(), key_end);
        blanks(self.text.as_bytes(), colon + 1)
    }

    /// Past the value at a place.
    #[inline]
    pub(super) fn skip(&self, at: usize) -> usize {
        match self.byte(at) {
            b'"' => self.quoted(at).1,
            b'{' | b'[' => self.end_of(at),
            _ => {
                let rest = self.text.as_bytes().get(at..).unwrap_or_default();
                let is_end = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t');
                at + rest.iter().position(is_end).unwrap_or(rest.len())
            }
        }
    }

    /// Past the array or object at a place.
    fn end_of(&self, start: usize) -> usize {
        if let Some(end) = self.noted_end(start) {
            return end;
        }
        let bytes = self.text.as_bytes();
        let mut open = 0_usize;
        let mut at = start;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => {
                    at = plain_end(bytes, at + 1);
                    while bytes.get(at) == Some(&b'\\') {
                        at = plain_end(bytes, (at + 2).min(bytes.len()));
                    }
                    at += 1;
                }
                b'{' | b'[' => {
                    if let Some(end) = self.noted_end(at) {
                        at = end;
                    } else {
                        open += 1;
                        at += 1;
                    }
                }
                b'}' | b']' => {
                    open -= 1;
                    at += 1;
                    if open == 0 {
                        break;
                    }
                }
                _ => at += 1,
            }
        }
        at
    }

    fn noted_end(&self, start: usize) -> Option<usize> {
        let ends = &self.scan.ends;
        if ends.is_empty() {
            return None;
        }
        let place = ends.binary_search_by(|(begin, _)| (*begin as usize).cmp(&start)).ok()?;
        Some(ends[place].1 as usize)
    }

    /// Ends reading when the deadline has passed.
    pub(super) fn check_deadline(&self) -> Result<(), ReadError> {
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(ReadError::deadline()),
            _ => Ok(()),
        }
    }
}

/// A value of a [`Document`]: the whole of it, or a part.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a, 'j> {
    document: &'a Document<'j>,
    at: usize,
}

impl<'a, 'j> Part<'a, 'j> {
    pub(super) fn new(document: &'a Document<'j>, at: usize) -> Self {
        Self { document, at }
    }

    /// The text of the value, as it was sent.
    #[must_use]
    pub fn source(self) -> &'j str {
        self.document.text.get(self.at..self.document.skip(self.at)).unwrap_or_default()
    }

    /// Whether the value is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.document.byte(self.at) == b'{'
    }

    /// Whether the value is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.document.byte(self.at) == b'n'
    }

    /// The text that a string stands for; `None` when the value is no string.
    #[must_use]
    pub fn as_str(self) -> Option<Cow<'j, str>> {
        (self.document.byte(self.at) == b'"').then(|| self.document.quoted(self.at).0.text())
    }

    /// The value under a key, when this is an object that has it; the last one of duplicates.
    #[must_use]
    pub fn field(self, key: &str) -> Option<Self> {
        let [field] = self.fields([key])?;
        field
    }

    /// The values under several keys, in one pass over the object; of duplicates the last ones. `None` when the value is not
    /// an object.
    ///
    /// ```
    /// use lumos_connector_types::json::Document;
    /// let document = Document::parse(r#"{"a": 1, "b": [2], "a": 3}"#).unwrap();
    /// let [a, b, c] = document.root().fields(["a", "b", "c"]).unwrap();
    /// assert_eq!((a.unwrap().source(), b.unwrap().source(), c.is_none()), ("3", "[2]", true));
    /// ```
    #[must_use]
    pub fn fields<const N: usize>(self, keys: [&str; N]) -> Option<[Option<Self>; N]> {
        if !self.is_object() {
            return None;
        }
        let mut fields = [None; N];
        let mut expected = 0;
        let mut at = self.document.enter(self.at);
        loop {
            // Most objects have their members in the order in which they are asked for.
            let in_order = (expected..N)
                .find_map(|place| Some((Some(place), self.document.member_named(at, keys[place])?)));
            let (place, value) = if let Some(found) = in_order {
                found
            } else {
                let Some((key, value)) = self.document.member(at) else { break };
                (keys.iter().position(|wanted| key.is(wanted)), value)
            };
            if let Some(place) = place {
                fields[place] = Some(Self { document: self.document, at: value });
                expected = place + 1;
            }
            at = self.document.next(self.document.skip(value));
        }
        Some(fields)
    }

    /// The members of an object in their order, of duplicate keys the last; none when the value is not an object.
    pub fn members(self) -> impl Iterator<Item = (Cow<'j, str>, Self)> + use<'a, 'j> {
        let mut members = self.is_object().then(|| Members::of(self.document, self.at));
        std::iter::from_fn(move || {
            let members = members.as_mut()?;
            let (key, at) = members.next(self.document)?;
            members.go_on(self.document, self.document.skip(at));
            Some((key.text(), Self { document: self.document, at }))
        })
    }

    /// The items of an array; none when the value is not an array.
    pub fn items(self) -> impl Iterator<Item = Self> + use<'a, 'j> {
        let document = self.document;
        let mut next = (document.byte(self.at) == b'[').then(|| document.enter(self.at));
        std::iter::from_fn(move || {
            let at = next.filter(|at| document.byte(*at) != b']')?;
            next = Some(document.next(document.skip(at)));
            Some(Self { document, at })
        })
    }

    /// Reads a value without coercion; see [`Document::read`].
    ///
    /// # Errors
    /// When a value is missing or has another type.
    pub fn read<T: Deserialize<'j>>(self) -> Result<T, ReadError> {
        self.read_in(Mode::STRICT)
    }

    /// Reads a value with coercion; see [`Document::read_lax`].
    ///
    /// # Errors
    /// When a value is missing or cannot be coerced.
    pub fn read_lax<T: Deserialize<'j>>(self) -> Result<T, ReadError> {
        self.read_in(Mode::LAX)
    }

    fn read_in<T: Deserialize<'j>>(self, mode: Mode) -> Result<T, ReadError> {
        T::deserialize(&mut Reader::new(self.document, self.at, mode))
    }

    /// Whether the text of the value is also JSON to parsers that know no `NaN` and no `Infinity`.
    #[must_use]
    pub fn is_plain_json(self) -> bool {
        // Of a document that has such numbers, nothing is known about its parts.
        !self.document.scan.has_non_finite
    }

    /// The value as compact JSON: one entry per key, `null` for the numbers that JSON does not have.
    ///
    /// # Errors
    /// When the deadline of the document has passed.
    pub fn to_text(self) -> Result<String, ReadError> {
        let mut text = Vec::new();
        write::compact(self.document, self.at, &mut text)?;
        String::from_utf8(text).map_err(ReadError::custom)
    }
}

/// Reads a typed value without coercion, as standard payloads are read; see [`Document::read`].
///
/// # Errors
/// When the text is not JSON or not of that type.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, ReadError> {
    Document::parse(text)?.read()
}

/// Reads a typed value with coercion, as settings are read; see [`Document::read_lax`].
///
/// # Errors
/// When the text is not JSON or cannot be coerced to that type.
pub fn read_lax<T: DeserializeOwned>(text: &str) -> Result<T, ReadError> {
    Document::parse(text)?.read_lax()
}

/// Reads the JSON answer of an app or a token endpoint: strictly by type, as [`read`] does, and with the same rules for
/// what JSON is, except that a byte order mark before it is passed over (RFC 8259 §8.1 lets readers do so).
///
/// ```
/// use lumos_connector_types::json::read_answer;
/// #[derive(serde::Deserialize)]
/// struct Found { users: Vec<String> }
///
/// let found: Found = read_answer("\u{feff}{\"users\": [], \"users\": [\"ada\"]}".as_bytes()).unwrap();
/// assert_eq!(found.users, ["ada"]);
/// ```
///
/// # Errors
/// When the bytes are not UTF-8, not JSON, or not of that type.
pub fn read_answer<T: DeserializeOwned>(answer: &[u8]) -> Result<T, ReadError> {
    let text = std::str::from_utf8(answer)
        .map_err(|error| ReadError::new(format!("not UTF-8 at byte {}", error.valid_up_to() + 1)))?;
    read(text.strip_prefix('\u{feff}').unwrap_or(text))
}
