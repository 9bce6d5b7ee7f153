//! A JSON text written anew without a tree between, for free-form values of any size.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use jiter::{Jiter, JsonValue, NumberAny, NumberInt, Peek};

use super::document::{MAX_DEPTH, write, write_string};

/// Keys of one object that are compared pairwise; beyond that they are put into a set.
const SMALL_OBJECT: usize = 16;

/// The text as [`Document::to_text`](super::Document::to_text) writes it, in one pass and one buffer.
///
/// `None` says that only the document can tell: the text is not JSON, nested too deeply, or has a key twice.
pub(super) fn compact(text: &str) -> Option<String> {
    let mut writer = Writer {
        reader: Jiter::new(text.as_bytes()).with_allow_inf_nan(),
        out: Vec::with_capacity(text.len()),
        keys: Vec::new(),
        hasher: RandomState::new(),
    };
    let first = writer.reader.peek().ok()?;
    writer.value(first, 1)?;
    writer.reader.finish().ok()?;
    String::from_utf8(writer.out).ok()
}

struct Writer<'j> {
    reader: Jiter<'j>,
    out: Vec<u8>,
    /// Hashes of the keys of all objects that are open, the innermost last.
    keys: Vec<u64>,
    hasher: RandomState,
}

impl Writer<'_> {
    fn value(&mut self, peek: Peek, depth: usize) -> Option<()> {
        match peek {
            Peek::Null => {
                self.reader.known_null().ok()?;
                self.out.extend_from_slice(b"null");
            }
            Peek::True | Peek::False => {
                let flag = self.reader.known_bool(peek).ok()?;
                write(&JsonValue::Bool(flag), &mut self.out);
            }
            Peek::String => write_string(self.reader.known_str().ok()?, &mut self.out),
            Peek::Array if depth <= MAX_DEPTH => self.array(depth)?,
            Peek::Object if depth <= MAX_DEPTH => self.object(depth)?,
            Peek::Array | Peek::Object => return None,
            _ => {
                let number = match self.reader.known_number(peek).ok()? {
                    NumberAny::Int(NumberInt::Int(number)) => JsonValue::Int(number),
                    NumberAny::Int(NumberInt::BigInt(number)) => JsonValue::BigInt(number),
                    NumberAny::Float(number) => JsonValue::Float(number),
                };
                write(&number, &mut self.out);
            }
        }
        Some(())
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.out.push(b'[');
        let mut next = self.reader.known_array().ok()?;
        while let Some(peek) = next {
            self.value(peek, depth + 1)?;
            next = self.reader.array_step().ok()?;
            if next.is_some() {
                self.out.push(b',');
            }
        }
        self.out.push(b']');
        Some(())
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        self.out.push(b'{');
        let outer = self.keys.len();
        let mut many = HashSet::new();
        let mut next = self.reader.known_object().ok()?;
        while let Some(key) = next {
            let hash = self.hasher.hash_one(key);
            if self.keys.len() > outer {
                self.out.push(b',');
            }
            write_string(key, &mut self.out);
            self.out.push(b':');
            let known = &self.keys[outer..];
            // Two keys with one hash are nearly always the same key; the document finds out.
            let seen = if known.len() < SMALL_OBJECT {
                known.contains(&hash)
            } else {
                if known.len() == SMALL_OBJECT {
                    many.extend(known);
                }
                !many.insert(hash)
            };
            if seen {
                return None;
            }
            self.keys.push(hash);
            let peek = self.reader.peek().ok()?;
            self.value(peek, depth + 1)?;
            next = self.reader.next_key().ok()?;
        }
        self.keys.truncate(outer);
        self.out.push(b'}');
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    /// What the document makes of a text.
    fn by_document(text: &str) -> Option<String> {
        Document::parse(text).ok().map(|document| document.to_text())
    }

    #[test]
    fn texts_are_written_as_the_document_writes_them() {
        let many = (0..40).map(|number| format!("\"k{number}\": {{\"in\": [{number}]}}")).collect::<Vec<_>>();
        for text in [
            "null",
            " true ",
            "false",
            "[]",
            "{}",
            "[ 1 , 2.50, -0.0, 1e2, NaN, -Infinity, 123456789012345678901 ]",
            r#""A\n\"é\/""#,
            r#"{"b": {"c": [], "d": {}}, "a": [[1], {"b": 2}]}"#,
            &format!("{{{}}}", many.join(", ")),
        ] {
            assert_eq!(compact(text), by_document(text), "{text}");
            assert!(compact(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_only_the_document_can_tell_is_left_to_it() {
        let twice = (0..40).map(|number| format!("\"k{number}\":0")).collect::<Vec<_>>().join(",");
        for text in [
            r#"{"a": 1, "b": 2, "a": 3}"#,
            r#"{"a": 1, "\u0061": 2}"#,
            &format!("{{{twice},\"k3\":1}}"),
            "",
            "[1,]",
            "[1] 2",
            r#""\ud800""#,
            "{\"a\" 1}",
        ] {
            assert_eq!(compact(text), None, "{text}");
        }
        assert!(
            compact(r#"[{"a": 1}, {"a": 1, "in": {"a": 1}}]"#).is_some(),
            "the same key of other objects"
        );
    }

    #[test]
    fn depth_is_limited_as_in_the_document() {
        for depth in [MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1, 100_000] {
            let text = "[".repeat(depth) + &"]".repeat(depth);
            assert_eq!(compact(&text), by_document(&text), "{depth}");
        }
    }
}
