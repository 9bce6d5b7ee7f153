//! JSON as apps send it.
//!
//! | an app sends | which is |
//! | --- | --- |
//! | UTF-8, with a byte-order mark or without | read |
//! | UTF-16 or UTF-32, with a byte-order mark or without | read, as the reference reads it |
//! | another character set that `Content-Type` names | read |
//! | a name twice in one object | read: the last value counts, as in the reference |
//! | `NaN`, `Infinity`, comments, trailing commas | refused: they are not JSON (RFC 8259), and no type could hold the first two |

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The text of a body that should be JSON; `charset` is the one that the answer names. `None` when it is not text.
pub(crate) fn decode<'a>(body: &'a [u8], charset: Option<&str>) -> Option<Cow<'a, str>> {
    match body {
        [0xef, 0xbb, 0xbf, rest @ ..] => return std::str::from_utf8(rest).ok().map(Cow::Borrowed),
        [0xff, 0xfe, 0, 0, rest @ ..] => return utf_32(rest, u32::from_le_bytes).map(Cow::Owned),
        [0, 0, 0xfe, 0xff, rest @ ..] => return utf_32(rest, u32::from_be_bytes).map(Cow::Owned),
        [0xff, 0xfe, rest @ ..] => return utf_16(rest, UTF_16LE),
        [0xfe, 0xff, rest @ ..] => return utf_16(rest, UTF_16BE),
        // Without a mark, the zeros of the first two characters, which are ASCII, tell (RFC 4627 §3).
        [0, 0, 0, _, ..] => return utf_32(body, u32::from_be_bytes).map(Cow::Owned),
        [_, 0, 0, 0, ..] => return utf_32(body, u32::from_le_bytes).map(Cow::Owned),
        [0, _, ..] => return utf_16(body, UTF_16BE),
        [_, 0, ..] => return utf_16(body, UTF_16LE),
        _ => {}
    }
    if let Ok(text) = std::str::from_utf8(body) {
        return Some(Cow::Borrowed(text));
    }
    let encoding = Encoding::for_label(charset?.trim().trim_matches('"').as_bytes())?;
    encoding.decode_without_bom_handling_and_without_replacement(body)
}

fn utf_16<'a>(body: &'a [u8], encoding: &'static Encoding) -> Option<Cow<'a, str>> {
    encoding.decode_without_bom_handling_and_without_replacement(body)
}

fn utf_32(body: &[u8], number: fn([u8; 4]) -> u32) -> Option<String> {
    let (letters, rest) = body.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    letters.iter().map(|letter| char::from_u32(number(*letter))).collect()
}

/// Reads JSON as a type. A name that an object has twice has its last value.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    match serde_json::from_str(text) {
        Err(error) if error.to_string().starts_with("duplicate field") => {
            // A map keeps the last value of a name; where the type fails for another reason, that one is told.
            serde_json::from_str::<Value>(text).and_then(T::deserialize)
        }
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    const TEXT: &str = r#"{"name":"Zoë 😀"}"#;

    #[test]
    fn every_encoding_of_unicode_is_read_with_its_mark_and_without() {
        let utf_16 = |bytes: fn(u16) -> [u8; 2]| TEXT.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        let utf_32 =
            |bytes: fn(u32) -> [u8; 4]| TEXT.chars().map(u32::from).flat_map(bytes).collect::<Vec<u8>>();
        for (mark, body) in [
            (&[0xef, 0xbb, 0xbf][..], TEXT.as_bytes().to_vec()),
            (&[0xff, 0xfe], utf_16(u16::to_le_bytes)),
            (&[0xfe, 0xff], utf_16(u16::to_be_bytes)),
            (&[0xff, 0xfe, 0, 0], utf_32(u32::to_le_bytes)),
            (&[0, 0, 0xfe, 0xff], utf_32(u32::to_be_bytes)),
        ] {
            assert_eq!(decode(&body, None).as_deref(), Some(TEXT), "without {mark:x?}");
            assert_eq!(decode(&[mark, &body].concat(), None).as_deref(), Some(TEXT), "with {mark:x?}");
        }
    }

    #[test]
    fn another_character_set_is_read_when_it_is_named() {
        assert_eq!(decode(b"\"\xe9\"", Some("ISO-8859-1")).as_deref(), Some("\"é\""));
        assert_eq!(decode(b"\"\xe9\"", Some("\"windows-1252\"")).as_deref(), Some("\"é\""));
        assert_eq!(decode(b"\"\xe9\"", Some("no-such-set")), None);
        assert_eq!(decode(b"\"\xe9\"", None), None);
        // Apps name Latin-1 and send UTF-8.
        assert_eq!(decode("\"é\"".as_bytes(), Some("iso-8859-1")).as_deref(), Some("\"é\""));
    }

    #[test]
    fn what_is_not_text_is_not_read() {
        for body in [&b"\xff"[..], b"\xff\xfe\x00", b"\x00\x00\x00a\x00", b"\x00\x00\xfe\xff\x00\x11\x00\x00"]
        {
            assert_eq!(decode(body, None), None, "{body:x?}");
        }
        assert_eq!(decode(b"", None).as_deref(), Some(""));
    }

    #[test]
    fn the_last_of_two_values_counts_at_any_depth() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Page {
            users: Vec<User>,
            #[serde(default)]
            next: Option<String>,
        }
        #[derive(Debug, Deserialize, PartialEq)]
        struct User {
            id: u64,
        }
        let page: Page =
            read(r#"{"users":[],"next":"a","users":[{"id":1,"id":18446744073709551615}],"next":null}"#)
                .unwrap();
        assert_eq!(page, Page { users: vec![User { id: u64::MAX }], next: None });
        let error = read::<Page>(r#"{"users":[],"users":[{"id":"x"}]}"#).unwrap_err();
        assert!(error.to_string().contains("invalid type"), "{error}");
        assert!(read::<Page>(r#"{"users":[],"users":[}"#).is_err());
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["NaN", "[NaN]", "[Infinity]", "[1,]", "// x\n1", "{'a':1}", ""] {
            assert!(read::<Value>(text).is_err(), "{text}");
        }
    }
}
