//! The rows of one page until it is committed: in memory, and beyond a limit in a file without a name.

use std::fmt;
use std::fs::File;
use std::hash::Hasher as _;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use twox_hash::XxHash3_64;

/// Rows, their keys and their digests, in the order in which they came.
///
/// A page that fails leaves no trace, and a page of any size takes no more memory than the limit.
pub struct RowBuffer {
    /// Key and text of each row in memory, one after the other.
    text: String,
    heads: Vec<Head>,
    limit: usize,
    file: Option<BufWriter<File>>,
    rows: u64,
    bytes: u64,
    content: XxHash3_64,
}

impl fmt::Debug for RowBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowBuffer")
            .field("rows", &self.rows)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// One row as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredRow<'a> {
    /// Its identity; `None` when it has none.
    pub key: Option<&'a str>,
    /// Hash of its text: rows with equal digests are equal.
    pub digest: i64,
    /// Its text as the connector sent it.
    pub data: &'a str,
}

/// XXH3 of a text, as the store keeps it.
#[must_use]
pub fn digest(text: &str) -> i64 {
    XxHash3_64::oneshot(text.as_bytes()).cast_signed()
}

impl RowBuffer {
    /// An empty buffer that holds up to `limit` bytes in memory.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            text: String::new(),
            heads: Vec::new(),
            limit,
            file: None,
            rows: 0,
            bytes: 0,
            content: XxHash3_64::new(),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When the file for what is beyond the limit cannot be written.
    pub fn push(&mut self, key: Option<&str>, data: &str) -> io::Result<()> {
        let digest = digest(data);
        self.rows += 1;
        self.bytes += data.len() as u64;
        self.content.write_i64(digest);
        self.heads.push(Head { key: key.map(str::len), data: data.len(), digest });
        self.text.push_str(key.unwrap_or_default());
        self.text.push_str(data);
        if self.text.len() + self.heads.len() * size_of::<Head>() > self.limit {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::new(tempfile::tempfile()?)),
        };
        let mut rest = self.text.as_str();
        for head in self.heads.drain(..) {
            let (record, after) = rest.split_at(head.length());
            file.write_all(&head.to_bytes())?;
            file.write_all(record.as_bytes())?;
            rest = after;
        }
        self.text.clear();
        self.text.shrink_to(self.limit);
        Ok(())
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes of the rows' texts.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Hash of all rows in their order: a page that comes again has the same.
    #[must_use]
    pub fn content(&self) -> i64 {
        self.content.finish().cast_signed()
    }

    /// Calls `each` with every row. It may be called again: a commit that failed is tried with the same rows.
    ///
    /// # Errors
    /// That of `each`, or an `io::Error` turned into it when the file cannot be read.
    pub fn for_each<E: From<io::Error>>(
        &mut self,
        mut each: impl FnMut(StoredRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(writer) = &mut self.file {
            writer.flush()?;
            let file = writer.get_mut();
            file.seek(SeekFrom::Start(0))?;
            let mut reader = BufReader::with_capacity(64 * 1024, &*file);
            let mut record = Vec::new();
            while let Some(row) = read_record(&mut reader, &mut record)? {
                each(row)?;
            }
            file.seek(SeekFrom::End(0))?;
        }
        let mut rest = self.text.as_str();
        for head in &self.heads {
            let (record, after) = rest.split_at(head.length());
            each(head.row(record))?;
            rest = after;
        }
        Ok(())
    }
}

/// What stands before each row in the file: the length of its key, that of its text, and its digest.
#[derive(Clone, Copy)]
struct Head {
    key: Option<usize>,
    data: usize,
    digest: i64,
}

/// Bytes of a [`Head`] in the file.
const HEAD: usize = 24;
/// The length of a key that is missing.
const NO_KEY: u64 = u64::MAX;

impl Head {
    fn to_bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        let key = self.key.map_or(NO_KEY, |length| length as u64);
        bytes[..8].copy_from_slice(&key.to_le_bytes());
        bytes[8..16].copy_from_slice(&(self.data as u64).to_le_bytes());
        bytes[16..].copy_from_slice(&self.digest.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; HEAD]) -> io::Result<Self> {
        let number = |at: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(number)
        };
        let size = |length| usize::try_from(length).map_err(io::Error::other);
        let key = if number(0) == NO_KEY { None } else { Some(size(number(0))?) };
        Ok(Self { key, data: size(number(8))?, digest: number(16).cast_signed() })
    }

    /// Bytes of the key and the text.
    fn length(self) -> usize {
        self.key.unwrap_or_default() + self.data
    }

    fn row(self, record: &str) -> StoredRow<'_> {
        let (key, data) = record.split_at(self.key.unwrap_or_default());
        StoredRow { key: self.key.map(|_| key), digest: self.digest, data }
    }
}

fn read_record<'a>(source: &mut impl Read, record: &'a mut Vec<u8>) -> io::Result<Option<StoredRow<'a>>> {
    let mut bytes = [0; HEAD];
    if source.read(&mut bytes[..1])? == 0 {
        return Ok(None);
    }
    source.read_exact(&mut bytes[1..])?;
    let head = Head::from_bytes(&bytes)?;
    record.resize(head.length(), 0);
    source.read_exact(record)?;
    Ok(Some(head.row(std::str::from_utf8(record).map_err(io::Error::other)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(buffer: &mut RowBuffer) -> Vec<(Option<String>, String)> {
        let mut rows = Vec::new();
        buffer
            .for_each(|row| {
                assert_eq!(row.digest, digest(row.data));
                rows.push((row.key.map(str::to_owned), row.data.to_owned()));
                Ok::<(), io::Error>(())
            })
            .unwrap();
        rows
    }

    #[test]
    fn rows_beyond_the_limit_come_back_in_their_order_and_as_often_as_asked() {
        let mut buffer = RowBuffer::new(64);
        let rows: Vec<_> = (0..100)
            .map(|number| ((number % 7 != 0).then(|| format!("k{number}")), format!("{{\"n\":{number}}}")))
            .collect();
        for (number, (key, data)) in rows.iter().enumerate() {
            buffer.push(key.as_deref(), data).unwrap();
            if number == 50 {
                assert_eq!(read(&mut buffer), rows[..=50]);
            }
        }
        assert_eq!(read(&mut buffer), rows);
        assert_eq!(read(&mut buffer), rows);
        assert_eq!(buffer.rows(), 100);
        assert!(buffer.text.capacity() < 1024);
        assert!(buffer.heads.capacity() < 64);
    }

    #[test]
    fn content_depends_on_rows_and_their_order() {
        let of = |rows: &[&str]| {
            let mut buffer = RowBuffer::new(1024);
            rows.iter().for_each(|row| buffer.push(None, row).unwrap());
            buffer.content()
        };
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
        assert_ne!(of(&["a", "b"]), of(&["b", "a"]));
        assert_ne!(of(&["a"]), of(&["a", "a"]));
    }
}
