//! What is written into messages: heads into a header, pages and their rows into the body.
//!
//! A message on the subject of a chain is one of four: a head (the first one, or one that was put off), a page with the
//! head after it, a page after which the chain ends or the store has to say how it goes on, and what was learned of a
//! connector. Workers are sent headers alone, so a head is all there.

use std::io::Read;

use async_nats::HeaderMap;
use bytes::Bytes;
use lumos_sync::execute::Learned;
use lumos_sync::frontier::{Chain, Deferral, Head, Next, PageFacts, PageJob, PageRead};
use lumos_sync::row::RowBuffer;
use serde::{Deserialize, Serialize};

use crate::error::ClusterError;

/// The header that holds the next head, as JSON, or says that it is in the body.
const HEAD: &str = "Lumos-Head";
/// The header's value when the head is in the body.
const IN_BODY: &str = "body";
/// The header that says which part of which batch a message with rows is.
pub(crate) const PART: &str = "Lumos-Part";
/// Bytes of rows in one message; more are split.
pub(crate) const PART_BYTES: usize = 700 * 1024;
/// Messages in one batch, at the most.
const MOST_PARTS: usize = 1000;
/// Bytes of a head in a header, at the most: the broker takes headers of 64 KiB in all.
const MOST_IN_HEADER: usize = 48 * 1024;
/// Bytes of a head in a body, at the most: what is above does not fit into the broker's message.
const MOST_IN_BODY: usize = 512 * 1024;
/// Rows of fewer bytes are not compressed.
const COMPRESS_FROM: usize = 512;

/// A head as a message holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct HeadForm {
    /// The run that the sync belongs to.
    pub(crate) run: String,
    pub(crate) pool: String,
    pub(crate) chain: Chain,
    pub(crate) job: PageJob,
    #[serde(default)]
    pub(crate) attempt: u32,
    #[serde(default)]
    pub(crate) waits: u32,
    /// Not to be run before this moment, in milliseconds since the Unix epoch.
    #[serde(default)]
    pub(crate) not_before: i64,
    /// How long that was when it was put off, in milliseconds.
    #[serde(default)]
    pub(crate) delay: i64,
}

impl HeadForm {
    pub(crate) fn head(&self, sequence: u64) -> Head {
        Head {
            chain: self.chain.clone(),
            sequence,
            job: self.job.clone(),
            attempt: self.attempt,
            waits: self.waits,
        }
    }

    /// Where it goes: into a header, or into the body where it is too long for one; `None` when it is too long for both.
    pub(crate) fn place(self) -> Option<Placed> {
        let text = serde_json::to_string(&self).ok()?;
        let (length, mut headers) = (text.len(), HeaderMap::new());
        if length <= MOST_IN_HEADER {
            headers.insert(HEAD, text);
            return Some(Placed { headers, body: None, length: 0 });
        }
        headers.insert(HEAD, IN_BODY);
        (length <= MOST_IN_BODY).then(|| Placed { headers, body: Some(Box::new(self)), length })
    }

    /// The head that the headers of a message hold, or name.
    pub(crate) fn read(subject: &str, headers: Option<&HeaderMap>) -> Result<Found, ClusterError> {
        let Some(text) = headers.and_then(|headers| headers.get(HEAD)) else { return Ok(Found::None) };
        if text.as_str() == IN_BODY {
            return Ok(Found::InBody);
        }
        match serde_json::from_str(text.as_str()) {
            Ok(form) => Ok(Found::Here(Box::new(form))),
            Err(error) => {
                Err(ClusterError::Message { subject: subject.to_owned(), message: error.to_string() })
            }
        }
    }
}

/// A head that has its place in a message.
pub(crate) struct Placed {
    pub(crate) headers: HeaderMap,
    /// The head, where it goes into the body.
    pub(crate) body: Option<Box<HeadForm>>,
    /// Bytes that it takes there.
    pub(crate) length: usize,
}

impl Placed {
    /// No head.
    pub(crate) fn none() -> Self {
        Self { headers: HeaderMap::new(), body: None, length: 0 }
    }
}

/// The head in a message.
pub(crate) enum Found {
    /// There is none.
    None,
    /// This one.
    Here(Box<HeadForm>),
    /// It is in the body, which workers are not sent.
    InBody,
}

/// The first line of a body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Body {
    pub(crate) run: String,
    pub(crate) connection: String,
    pub(crate) pool: String,
    pub(crate) listing: i64,
    pub(crate) what: What,
    /// The head, where it is too long for a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) head: Option<Box<HeadForm>>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum What {
    /// A head that nobody has run yet.
    First,
    /// A page was put off.
    Deferred(Deferral),
    /// A page was read.
    Page(Box<PageForm>),
    /// What was learned of the connector, or why nothing was.
    Learned(Result<Learned, String>),
}

/// A page without its rows, which follow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PageForm {
    pub(crate) page: u64,
    /// Where the chain goes on, unless the head in the header says it.
    pub(crate) next: Option<Next>,
    pub(crate) facts: PageFacts,
    /// Whether there are rows: a page that could not be read has none, not even an empty list.
    pub(crate) has_rows: bool,
    /// How the names of the batch begin, and how many messages before this one hold the rows.
    pub(crate) parts: Option<(String, u64)>,
    pub(crate) is_compressed: bool,
}

/// The rows of a page on their way.
pub(crate) struct Rows {
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_compressed: bool,
}

const NO_KEY: u32 = u32::MAX;

impl Rows {
    /// The rows of a page, each with its key.
    pub(crate) fn of(buffer: &mut RowBuffer) -> std::io::Result<Self> {
        let mut bytes = Vec::with_capacity(usize::try_from(buffer.bytes()).unwrap_or_default() + 1024);
        let length = |text: &str| u32::try_from(text.len()).map_err(std::io::Error::other);
        buffer.for_each(|row| {
            let key_length = row.key.map_or(Ok(NO_KEY), length)?;
            bytes.extend_from_slice(&key_length.to_le_bytes());
            bytes.extend_from_slice(&length(row.data)?.to_le_bytes());
            bytes.extend_from_slice(row.key.unwrap_or_default().as_bytes());
            bytes.extend_from_slice(row.data.as_bytes());
            Ok::<(), std::io::Error>(())
        })?;
        if bytes.len() < COMPRESS_FROM {
            return Ok(Self { bytes, is_compressed: false });
        }
        Ok(Self { bytes: zstd::bulk::compress(&bytes, 1)?, is_compressed: true })
    }

    /// The rows again, with up to `memory` bytes of them in memory.
    pub(crate) fn read(bytes: &[u8], is_compressed: bool, memory: usize) -> std::io::Result<RowBuffer> {
        let mut buffer = RowBuffer::new(memory);
        if is_compressed {
            read_rows(zstd::stream::read::Decoder::new(bytes)?, &mut buffer)?;
        } else {
            read_rows(bytes, &mut buffer)?;
        }
        Ok(buffer)
    }

    /// Whether they are too many for one batch.
    pub(crate) fn are_too_many(&self) -> bool {
        self.bytes.len() / PART_BYTES >= MOST_PARTS - 1
    }
}

fn read_rows(mut source: impl Read, buffer: &mut RowBuffer) -> std::io::Result<()> {
    let mut record = Vec::new();
    loop {
        let mut lengths = [0; 8];
        if source.read(&mut lengths[..1])? == 0 {
            return Ok(());
        }
        source.read_exact(&mut lengths[1..])?;
        let number = |at: usize| {
            let mut bytes = [0; 4];
            bytes.copy_from_slice(&lengths[at..at + 4]);
            u32::from_le_bytes(bytes)
        };
        let key_bytes = if number(0) == NO_KEY { 0 } else { number(0) };
        record.clear();
        let total = u64::from(key_bytes) + u64::from(number(4));
        // No more than there is, whatever the numbers say.
        if source.by_ref().take(total).read_to_end(&mut record)? as u64 != total {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let (key, data) = record.split_at(usize::try_from(key_bytes).map_err(std::io::Error::other)?);
        let text = |bytes| std::str::from_utf8(bytes).map_err(std::io::Error::other);
        buffer.push(if number(0) == NO_KEY { None } else { Some(text(key)?) }, text(data)?)?;
    }
}

impl Body {
    /// As bytes, with what follows.
    pub(crate) fn write(&self, rest: &[u8]) -> Result<Bytes, ClusterError> {
        let mut bytes =
            serde_json::to_vec(self).map_err(|error| ClusterError::broker("writing a message", &error))?;
        bytes.push(b'\n');
        bytes.extend_from_slice(rest);
        Ok(bytes.into())
    }

    /// Reads the first line; the rest is what follows.
    pub(crate) fn read<'a>(subject: &str, bytes: &'a [u8]) -> Result<(Self, &'a [u8]), ClusterError> {
        let failed = |message: String| ClusterError::Message { subject: subject.to_owned(), message };
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let end = end.ok_or_else(|| failed("its first line has no end".to_owned()))?;
        let body = serde_json::from_slice(&bytes[..end]).map_err(|error| failed(error.to_string()))?;
        Ok((body, &bytes[end + 1..]))
    }
}

impl PageForm {
    /// The page again: with its rows, and where its chain goes on.
    pub(crate) fn page(self, head: Option<HeadForm>, rows: Option<RowBuffer>) -> PageRead {
        let next = match (head, self.next) {
            (Some(head), None) => Next::Page(head.job),
            (_, Some(next)) => next,
            (None, None) => Next::Cut("the message of a page does not say where it goes on".to_owned()),
        };
        PageRead { rows: if self.has_rows { rows } else { None }, next, facts: self.facts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(buffer: &mut RowBuffer) -> Vec<(Option<String>, String)> {
        let mut rows = Vec::new();
        buffer
            .for_each(|row| {
                rows.push((row.key.map(str::to_owned), row.data.to_owned()));
                Ok::<(), std::io::Error>(())
            })
            .unwrap();
        rows
    }

    #[test]
    fn rows_come_back_as_they_were_however_long() {
        for length in [1, 100, 2_000_000] {
            let mut buffer = RowBuffer::new(1024);
            for number in 0..3 {
                let data = format!("{{\"n\":{number},\"text\":\"{}\"}}", "x".repeat(length));
                buffer.push((number != 1).then_some("kéy"), &data).unwrap();
            }
            let sent = Rows::of(&mut buffer).unwrap();
            let mut read = Rows::read(&sent.bytes, sent.is_compressed, 1024).unwrap();
            assert_eq!(rows(&mut read), rows(&mut buffer));
            assert_eq!(read.content(), buffer.content());
        }
    }

    #[test]
    fn bytes_that_are_no_rows_are_an_error() {
        for bytes in [&[1_u8][..], &[255; 40], &[4, 0, 0, 0, 4, 0, 0, 0, b'a']] {
            assert!(Rows::read(bytes, false, 1024).is_err(), "{bytes:?}");
            assert!(Rows::read(bytes, true, 1024).is_err(), "{bytes:?}");
        }
    }
}
