//! Content codings (RFC 9110 §8.4): what an app packed is unpacked.
//!
//! Requests ask for gzip alone. An app that answers with `deflate` all the same is understood, too; other ways of packing
//! are refused by name. Unpacking is bounded, however well the body was packed.

use std::io::Read as _;

use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

/// What requests ask for.
pub(crate) const ACCEPTED: &str = "gzip";

/// Codings of one body, one around the other; nobody needs more.
const MAX_CODINGS: usize = 4;

/// Members of one gzip body. Each costs a decoder, and may hold nothing.
const MAX_MEMBERS: usize = 1 << 16;

/// Ways of packing that are known and not understood. Any other word says nothing about how a body is packed:
/// `utf-8`, `none` and `aws-chunked` are common mistakes.
const NOT_UNDERSTOOD: [&str; 9] =
    ["br", "zstd", "compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip", "lzma"];

/// How a body was packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
}

/// Why a body cannot be unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It is packed in a way that is not understood.
    NotUnderstood(String),
    /// It is not what its headers say; so much of it could be unpacked.
    Damaged(Coding, Vec<u8>),
    /// Unpacked, it has more bytes than it may.
    TooLarge,
}

impl Coding {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }
}

/// The codings that headers name, in the order in which they were put on.
pub(crate) fn codings(headers: &HeaderMap) -> Result<Vec<Coding>, Problem> {
    let mut codings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        for name in String::from_utf8_lossy(value.as_bytes()).split(',') {
            let name = name.trim().to_ascii_lowercase();
            match name.as_str() {
                "gzip" | "x-gzip" => codings.push(Coding::Gzip),
                "deflate" | "x-deflate" => codings.push(Coding::Deflate),
                name if NOT_UNDERSTOOD.contains(&name) => {
                    return Err(Problem::NotUnderstood(name.to_owned()));
                }
                _ => {}
            }
        }
    }
    if codings.len() > MAX_CODINGS {
        return Err(Problem::NotUnderstood(format!("{} codings", codings.len())));
    }
    Ok(codings)
}

/// Undoes the codings of a body, the last one first. An empty body stays empty: it was not packed.
pub(crate) fn unpack(mut body: Vec<u8>, codings: &[Coding], bound: usize) -> Result<Vec<u8>, Problem> {
    for coding in codings.iter().rev() {
        if body.is_empty() {
            break;
        }
        body = match coding {
            Coding::Gzip => gunzip(&body, bound)?,
            Coding::Deflate => inflate(&body, bound)?,
        };
    }
    Ok(body)
}

/// All members of a gzip body (RFC 1952 §2.2). Zeros after the last one are padding.
fn gunzip(packed: &[u8], bound: usize) -> Result<Vec<u8>, Problem> {
    let mut unpacked = Vec::new();
    let mut rest = packed;
    for _ in 0..MAX_MEMBERS {
        let mut member = GzDecoder::new(rest);
        if take(&mut member, &mut unpacked, bound)?.is_err() {
            return Err(Problem::Damaged(Coding::Gzip, unpacked));
        }
        rest = member.into_inner();
        if rest.iter().all(|byte| *byte == 0) {
            return Ok(unpacked);
        }
    }
    Err(Problem::Damaged(Coding::Gzip, unpacked))
}

/// A zlib stream (RFC 1950), as the standard asks for, or the bare one that some apps send.
fn inflate(packed: &[u8], bound: usize) -> Result<Vec<u8>, Problem> {
    let mut unpacked = Vec::new();
    if take(&mut ZlibDecoder::new(packed), &mut unpacked, bound)?.is_ok() {
        return Ok(unpacked);
    }
    let is_zlib = matches!(packed, [first, second, ..]
        if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)).is_multiple_of(31));
    if !is_zlib {
        unpacked.clear();
        if take(&mut DeflateDecoder::new(packed), &mut unpacked, bound)?.is_ok() {
            return Ok(unpacked);
        }
    }
    Err(Problem::Damaged(Coding::Deflate, unpacked))
}

/// Reads a decoder to its end, into what is unpacked already.
fn take(
    decoder: &mut impl std::io::Read,
    unpacked: &mut Vec<u8>,
    bound: usize,
) -> Result<std::io::Result<()>, Problem> {
    let room = u64::try_from(bound.saturating_sub(unpacked.len())).unwrap_or(u64::MAX);
    let read = decoder.take(room.saturating_add(1)).read_to_end(unpacked);
    if unpacked.len() > bound {
        return Err(Problem::TooLarge);
    }
    Ok(read.map(|_| ()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const BOUND: usize = 1 << 20;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn named(values: &[&str]) -> Result<Vec<Coding>, Problem> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CONTENT_ENCODING, value.parse().unwrap());
        }
        codings(&headers)
    }

    #[test]
    fn codings_are_named_in_any_case_and_order() {
        use Coding::{Deflate, Gzip};
        assert_eq!(named(&[]), Ok(vec![]));
        for value in ["gzip", "GZIP", "x-gzip", " Gzip ", "gzip, identity", "identity,gzip", "gzip,"] {
            assert_eq!(named(&[value]), Ok(vec![Gzip]), "{value}");
        }
        assert_eq!(named(&["gzip, gzip"]), Ok(vec![Gzip, Gzip]));
        assert_eq!(named(&["deflate", "gzip"]), Ok(vec![Deflate, Gzip]));
        for value in ["identity", "utf-8", "none", "", "binary", "aws-chunked"] {
            assert_eq!(named(&[value]), Ok(vec![]), "{value}");
        }
        assert_eq!(named(&["BR"]), Err(Problem::NotUnderstood("br".to_owned())));
        assert!(named(&["gzip, gzip, gzip, gzip, gzip"]).is_err());
    }

    #[test]
    fn all_members_are_read() {
        let two = [gzip(b"[1,"), gzip(b"2]")].concat();
        assert_eq!(unpack(two.clone(), &[Coding::Gzip], BOUND).unwrap(), b"[1,2]");
        let padded = [two, vec![0; 512]].concat();
        assert_eq!(unpack(padded, &[Coding::Gzip], BOUND).unwrap(), b"[1,2]");
        let empty_members = [gzip(b""), gzip(b"x"), gzip(b"")].concat();
        assert_eq!(unpack(empty_members, &[Coding::Gzip], BOUND).unwrap(), b"x");
    }

    #[test]
    fn codings_are_undone_from_the_last_to_the_first() {
        let twice = gzip(&gzip(b"x"));
        assert_eq!(unpack(twice, &[Coding::Gzip, Coding::Gzip], BOUND).unwrap(), b"x");
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(b"zlib").unwrap();
        let zlib = gzip(&zlib.finish().unwrap());
        assert_eq!(unpack(zlib, &[Coding::Deflate, Coding::Gzip], BOUND).unwrap(), b"zlib");
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::fast());
        bare.write_all(b"bare").unwrap();
        assert_eq!(unpack(bare.finish().unwrap(), &[Coding::Deflate], BOUND).unwrap(), b"bare");
    }

    #[test]
    fn an_empty_body_was_not_packed() {
        assert_eq!(unpack(Vec::new(), &[Coding::Gzip, Coding::Gzip], BOUND), Ok(Vec::new()));
    }

    #[test]
    fn a_damaged_body_is_told_with_what_could_be_read() {
        let whole = gzip(b"some text that is long enough");
        let cut = whole[..whole.len() - 9].to_vec();
        let mut altered = whole.clone();
        let checksum = altered.len() - 8;
        altered[checksum] ^= 1;
        for body in [cut, altered, [whole.clone(), b"trailing".to_vec()].concat(), b"{\"id\":7}".to_vec()] {
            assert!(matches!(unpack(body, &[Coding::Gzip], BOUND), Err(Problem::Damaged(Coding::Gzip, _))));
        }
        assert!(matches!(
            unpack(b"no".to_vec(), &[Coding::Deflate], BOUND),
            Err(Problem::Damaged(Coding::Deflate, _))
        ));
        let Err(Problem::Damaged(_, read)) = unpack([whole, b"x".to_vec()].concat(), &[Coding::Gzip], BOUND)
        else {
            panic!("expected damage");
        };
        assert_eq!(read, b"some text that is long enough");
    }

    #[test]
    fn the_bound_counts_unpacked_bytes_of_all_members() {
        let (half, bound) = (gzip(&[b'x'; 512]), 1024);
        let exact = [half.clone(), half.clone()].concat();
        assert_eq!(unpack(exact.clone(), &[Coding::Gzip], bound).unwrap().len(), 1024);
        let over = [exact, gzip(b"x")].concat();
        assert_eq!(unpack(over, &[Coding::Gzip], bound), Err(Problem::TooLarge));
        assert_eq!(unpack(gzip(&gzip(&[0; 1 << 16])), &[Coding::Gzip; 2], bound), Err(Problem::TooLarge));
    }
}
