//! JSON in the two textual forms that the reference's standard library writes: canonical text under fingerprints,
//! and the text of `info`.

use std::io;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::Formatter;

/// Sorted keys, no blanks, ASCII only: what fingerprints cover.
pub(crate) fn canonical(value: Value) -> Vec<u8> {
    write(value, Ascii { comma: ",", colon: ":" })
}

/// Sorted keys, a blank after commas and colons, ASCII only: how `info` is printed.
pub(crate) fn spaced(value: Value) -> Vec<u8> {
    write(value, Ascii { comma: ", ", colon: ": " })
}

fn write(mut value: Value, formatter: Ascii) -> Vec<u8> {
    value.sort_all_objects();
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    // A `Value` always has a JSON form, and writing to memory cannot fail.
    let _ = value.serialize(&mut serializer);
    text
}

struct Ascii {
    comma: &'static str,
    colon: &'static str,
}

impl Formatter for Ascii {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(self.comma.as_bytes()) }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(self.comma.as_bytes()) }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(self.colon.as_bytes())
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // Python escapes DEL too.
        let is_escaped = |letter: char| !letter.is_ascii() || letter == '\u{7f}';
        let mut rest = fragment;
        while let Some(place) = rest.find(is_escaped) {
            let (plain, from_letter) = rest.split_at(place);
            writer.write_all(plain.as_bytes())?;
            let mut letters = from_letter.chars();
            for letter in letters.by_ref().take(1) {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
            rest = letters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(python_float(value).as_bytes())
    }
}

/// A float as Python writes it: `1.0`, `1e+22`, `1e-05`.
fn python_float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let power: i32 = exponent.parse().unwrap_or_default();
    if value == 0.0 || (-4..16).contains(&power) {
        return format!("{value:?}");
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", power.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::{canonical, python_float};
    use serde_json::json;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        let cases = [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e22, "1e+22"),
            (1e-5, "1e-05"),
            (1e16, "1e+16"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (1e15, "1000000000000000.0"),
            (0.0001, "0.0001"),
        ];
        for (value, text) in cases {
            assert_eq!(python_float(value), text);
        }
    }

    #[test]
    fn keys_are_sorted_and_text_is_ascii() {
        let value = json!({"b": 1, "a": [true, null, 1.0, "é😀"]});
        assert_eq!(canonical(value), br#"{"a":[true,null,1.0,"\u00e9\ud83d\ude00"],"b":1}"#);
    }
}
