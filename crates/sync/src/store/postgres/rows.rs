//! How the rows of a page go to a server: small pages as arrays, which go out with the statements around them, larger
//! ones by `COPY`.

use std::error::Error;

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::SinkExt;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::{Server, Session, wait};
use crate::row::RowBuffer;
use crate::store::error::Trouble;
use crate::store::value::storable;

/// Bytes of rows that are sent at a time by `COPY`.
const COPY_CHUNK: usize = 64 * 1024;
/// Pages of more bytes go by `COPY`: of them, no more than a chunk is held beside the page itself.
const LARGE: u64 = 1024 * 1024;

/// An array of one dimension in PostgreSQL's binary form, its elements one after the other with their lengths.
#[derive(Debug)]
pub(super) struct Array {
    element: Type,
    length: i32,
    elements: BytesMut,
}

impl Array {
    fn new(element: Type) -> Self {
        Self { element, length: 0, elements: BytesMut::new() }
    }

    fn push(&mut self, bytes: Option<&[u8]>) {
        self.length += 1;
        // A page that goes as an array is far from 2 GB.
        let length = |bytes: &[u8]| i32::try_from(bytes.len()).unwrap_or(i32::MAX);
        self.elements.put_i32(bytes.map_or(-1, length));
        self.elements.put_slice(bytes.unwrap_or_default());
    }
}

impl ToSql for Array {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        // Dimensions, whether there are nulls, the type of elements, the length, and the number of the first.
        out.put_i32(1);
        out.put_i32(1);
        out.put_u32(self.element.oid());
        out.put_i32(self.length);
        out.put_i32(1);
        out.put_slice(&self.elements);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::TEXT_ARRAY | Type::INT8_ARRAY)
    }

    to_sql_checked!();
}

impl Server {
    /// Appends the rows of a page to those of a listing.
    pub(in crate::store) fn append(
        &mut self,
        listing: i64,
        page: i64,
        rows: &mut RowBuffer,
    ) -> Result<(), Trouble> {
        if rows.rows() == 0 {
            return Ok(());
        }
        if rows.bytes() > LARGE {
            return self.copy(listing, page, rows);
        }
        let mut keys = Array::new(Type::TEXT);
        let mut digests = Array::new(Type::INT8);
        let mut texts = Array::new(Type::TEXT);
        rows.for_each(|row| {
            keys.push(row.key.map(storable).as_deref().map(str::as_bytes));
            digests.push(Some(&row.digest.to_be_bytes()));
            texts.push(Some(storable(row.data).as_bytes()));
            Ok::<(), Trouble>(())
        })?;
        let insert = format!(
            "INSERT INTO rows_{listing} (key, digest, page, data)
             SELECT key, digest, CAST(?4 AS BIGINT), data
             FROM unnest(CAST(?1 AS TEXT[]), CAST(?2 AS BIGINT[]), CAST(?3 AS TEXT[])) AS page (key, digest, data)"
        );
        self.queue(&insert, vec![Box::new(keys), Box::new(digests), Box::new(texts), Box::new(page)]);
        Ok(())
    }

    /// Rows by `COPY`, whose text form wants a few characters written otherwise.
    fn copy(&mut self, listing: i64, page: i64, rows: &mut RowBuffer) -> Result<(), Trouble> {
        self.flush()?;
        let Session { client, connection } = self.session()?;
        let into = format!("COPY rows_{listing} (key, digest, page, data) FROM STDIN");
        let sink = wait(connection, client.copy_in::<_, Bytes>(&into))?;
        let mut sink = Box::pin(sink);
        let mut chunk = BytesMut::with_capacity(COPY_CHUNK + 4096);
        let filled = rows.for_each(|row| {
            match row.key {
                Some(key) => escape(key, &mut chunk),
                None => chunk.put_slice(b"\\N"),
            }
            chunk.put_slice(format!("\t{}\t{page}\t", row.digest).as_bytes());
            escape(row.data, &mut chunk);
            chunk.put_u8(b'\n');
            if chunk.len() >= COPY_CHUNK {
                wait(connection, sink.send(chunk.split().freeze()))
            } else {
                Ok(())
            }
        });
        filled?;
        if !chunk.is_empty() {
            wait(connection, sink.send(chunk.freeze()))?;
        }
        wait(connection, sink.as_mut().finish())?;
        Ok(())
    }
}

fn escape(text: &str, out: &mut BytesMut) {
    let text = storable(text);
    let mut rest = text.as_bytes();
    while let Some(place) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r')) {
        out.put_slice(&rest[..place]);
        out.put_slice(match rest[place] {
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            _ => b"\\\\",
        });
        rest = &rest[place + 1..];
    }
    out.put_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_written_as_the_server_reads_it() {
        let mut array = Array::new(Type::TEXT);
        array.push(Some(b"ab"));
        array.push(None);
        let mut out = BytesMut::new();
        array.to_sql(&Type::TEXT_ARRAY, &mut out).unwrap();
        let expected = [
            &[0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0, 1][..],
            &[0, 0, 0, 2, b'a', b'b', 255, 255, 255, 255],
        ];
        assert_eq!(out, expected.concat());
    }

    #[test]
    fn what_copy_reads_otherwise_is_written_otherwise() {
        let mut out = BytesMut::new();
        escape("a\\b\tc\nd\re\0f", &mut out);
        assert_eq!(&out[..], "a\\\\b\\tc\\nd\\re\u{2400}f".as_bytes());
    }
}
