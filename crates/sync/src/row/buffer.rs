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
    memory: Vec<u8>,
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
        Self { memory: Vec::new(), limit, file: None, rows: 0, bytes: 0, content: XxHash3_64::new() }
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
        let key_length = key.map_or(NO_KEY, |key| key.len() as u64);
        self.memory.extend_from_slice(&key_length.to_le_bytes());
        self.memory.extend_from_slice(&(data.len() as u64).to_le_bytes());
        self.memory.extend_from_slice(&digest.to_le_bytes());
        self.memory.extend_from_slice(key.unwrap_or_default().as_bytes());
        self.memory.extend_from_slice(data.as_bytes());
        if self.memory.len() > self.limit {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::new(tempfile::tempfile()?)),
        };
        file.write_all(&self.memory)?;
        self.memory.clear();
        self.memory.shrink_to(self.limit);
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
        let mut rest = self.memory.as_slice();
        while let Some(head) = rest.split_off(..HEAD) {
            let head = Head::read(head);
            let record = rest.split_off(..head.length()?);
            let record = record.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
            each(head.row(record)?)?;
        }
        Ok(())
    }
}

const NO_KEY: u64 = u64::MAX;

/// Bytes before each row: the length of its key, that of its text, and its digest.
const HEAD: usize = 24;

struct Head {
    key: u64,
    data: u64,
    digest: i64,
}

impl Head {
    fn read(bytes: &[u8]) -> Self {
        let number = |at: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(number)
        };
        Self { key: number(0), data: number(8), digest: number(16).cast_signed() }
    }

    /// Bytes of the key and the text.
    fn length(&self) -> io::Result<usize> {
        Ok(self.key_length()? + to_size(self.data)?)
    }

    fn key_length(&self) -> io::Result<usize> {
        if self.key == NO_KEY { Ok(0) } else { to_size(self.key) }
    }

    fn row<'a>(&self, record: &'a [u8]) -> io::Result<StoredRow<'a>> {
        let (key, data) = record.split_at(self.key_length()?);
        let text = |bytes| std::str::from_utf8(bytes).map_err(io::Error::other);
        Ok(StoredRow {
            key: if self.key == NO_KEY { None } else { Some(text(key)?) },
            digest: self.digest,
            data: text(data)?,
        })
    }
}

fn read_record<'a>(source: &mut impl Read, record: &'a mut Vec<u8>) -> io::Result<Option<StoredRow<'a>>> {
    let mut bytes = [0; HEAD];
    if source.read(&mut bytes[..1])? == 0 {
        return Ok(None);
    }
    source.read_exact(&mut bytes[1..])?;
    let head = Head::read(&bytes);
    record.resize(head.length()?, 0);
    source.read_exact(record)?;
    head.row(record).map(Some)
}

fn to_size(length: u64) -> io::Result<usize> {
    usize::try_from(length).map_err(io::Error::other)
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
        assert!(buffer.memory.capacity() < 1024);
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
