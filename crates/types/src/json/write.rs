//! Values written anew as compact JSON, straight from their text.

use serde::Serialize;

use super::document::Document;
use super::error::ReadError;
use super::lexis::{Number, Quoted};
use super::members::Members;

/// Bytes written between two looks at the clock.
const CLOCK_STRIDE: usize = 64 * 1024;

/// Writes the value at a place: one entry per key, numbers as the reference writes them, `null` for those that JSON does not
/// have. The depth of the recursion is that of the document, which is limited.
pub(super) fn compact(document: &Document<'_>, at: usize, out: &mut Vec<u8>) -> Result<(), ReadError> {
    let mut writer = Writer { document, out, next_look: CLOCK_STRIDE };
    writer.value(at).map(drop)
}

struct Writer<'a, 'j> {
    document: &'a Document<'j>,
    out: &'a mut Vec<u8>,
    next_look: usize,
}

impl Writer<'_, '_> {
    /// Writes the value at a place; the place after it.
    fn value(&mut self, at: usize) -> Result<usize, ReadError> {
        if self.out.len() >= self.next_look {
            self.next_look = self.out.len() + CLOCK_STRIDE;
            self.document.check_deadline()?;
        }
        match self.document.byte(at) {
            b'"' => {
                let (text, end) = self.document.quoted(at);
                self.string(text);
                Ok(end)
            }
            b'{' => self.object(at),
            b'[' => self.array(at),
            b't' | b'f' | b'n' => {
                let end = self.document.skip(at);
                self.source(at, end);
                Ok(end)
            }
            _ => Ok(self.number(at)),
        }
    }

    fn object(&mut self, at: usize) -> Result<usize, ReadError> {
        let mut members = Members::of(self.document, at);
        let mut separator = b'{';
        while let Some((key, value)) = members.next(self.document) {
            self.out.push(separator);
            separator = b',';
            self.string(key);
            self.out.push(b':');
            let end = self.value(value)?;
            members.go_on(self.document, end);
        }
        if separator == b'{' {
            self.out.push(b'{');
        }
        self.out.push(b'}');
        Ok(members.end())
    }

    fn array(&mut self, at: usize) -> Result<usize, ReadError> {
        self.out.push(b'[');
        let mut at = self.document.enter(at);
        while self.document.byte(at) != b']' {
            let end = self.value(at)?;
            at = self.document.next(end);
            if self.document.byte(at) != b']' {
                self.out.push(b',');
            }
        }
        self.out.push(b']');
        Ok(at + 1)
    }

    fn string(&mut self, text: Quoted<'_>) {
        match text.plain() {
            // What needs no escapes when it is read needs none when it is written.
            Some(plain) => {
                self.out.push(b'"');
                self.out.extend_from_slice(plain.as_bytes());
                self.out.push(b'"');
            }
            None => self.scalar(text.text().as_ref()),
        }
    }

    fn number(&mut self, at: usize) -> usize {
        let (number, end) = self.document.number(at);
        match number {
            // Its digits are its only spelling, except that zero has no sign.
            Number::Int(0) => self.out.push(b'0'),
            Number::Int(_) | Number::BigInt(_) => self.source(at, end),
            Number::Float(number) if number.is_finite() => self.scalar(&number),
            Number::Float(_) => self.out.extend_from_slice(b"null"),
        }
        end
    }

    /// The text between two places as it is.
    fn source(&mut self, start: usize, end: usize) {
        let source = self.document.text().get(start..end).unwrap_or_default();
        self.out.extend_from_slice(source.as_bytes());
    }

    fn scalar<T: Serialize + ?Sized>(&mut self, value: &T) {
        // Writing a string or a finite number to memory cannot fail.
        let _ = serde_json::to_writer(&mut *self.out, value);
    }
}
