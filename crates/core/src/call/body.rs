//! The text of an answer: a payload in memory, or rows that are written as they are made.

use std::fmt;
use std::io::{BufWriter, Write};
use std::panic::AssertUnwindSafe;

use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use lumos_connector_types::envelope::{CustomResponseEnvelope, ResponseEnvelope};
use lumos_connector_types::rate_limit::RateLimitResponseInfo;
use serde::Serialize;

use super::Call;
use super::reply::Reply;
use crate::declaration::error::{ConnectorError, Result};

/// Bytes that are gathered before they go to a sink.
pub(crate) const BUFFER: usize = 64 * 1024;

/// Room for an answer that is not a page, so that it need not grow.
const SMALL_ANSWER: usize = 512;

/// An envelope with its type erased.
pub enum Body {
    /// A payload in memory, serialised when it is written.
    Payload(Box<dyn WriteJson + Send>),
    /// The text itself.
    Text(Vec<u8>),
    /// The beginning of the text, and how it goes on.
    Streamed { start: Vec<u8>, rest: BoxStream<'static, Result<Vec<u8>>> },
}

pub trait WriteJson {
    fn write(&self, sink: &mut BufWriter<&mut dyn Write>) -> serde_json::Result<()>;
    fn to_bytes(&self) -> serde_json::Result<Vec<u8>>;
}

impl<T: Serialize> WriteJson for T {
    fn write(&self, sink: &mut BufWriter<&mut dyn Write>) -> serde_json::Result<()> {
        serde_json::to_writer(sink, self)
    }

    fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        let mut text = Vec::with_capacity(SMALL_ANSWER);
        serde_json::to_writer(&mut text, self)?;
        Ok(text)
    }
}

/// The pieces of rows that are made while they are written.
pub(crate) type RowChunks = BoxStream<'static, Result<Vec<u8>>>;

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body(..)")
    }
}

/// A reply in the envelope of a standard or a custom capability.
pub(crate) fn envelope<P: Serialize + Send + 'static>(
    reply: Reply<P>,
    reported: Option<RateLimitResponseInfo>,
    custom: bool,
) -> Box<dyn WriteJson + Send> {
    let Reply { payload: response, page, raw_data, rate_limit, execution_summary } = reply;
    let rate_limit = rate_limit.or(reported);
    if custom {
        Box::new(CustomResponseEnvelope { page, raw_data, execution_summary, rate_limit, response })
    } else {
        Box::new(ResponseEnvelope { response, raw_data, page, rate_limit, execution_summary })
    }
}

/// The rows of a listing, made while the answer is written; see [`Reply::stream`] and [`Reply::iter`].
pub struct Rows<T>(pub(crate) BoxStream<'static, Result<T>>);

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rows(..)")
    }
}

/// What stands before and after the rows in an envelope.
const NO_ROWS: &[u8] = br#""response":[]"#;

/// The body of a streamed reply. Its first chunk is made here and now: an error in it still becomes an error envelope.
pub(crate) async fn streamed<T: Serialize + Send + 'static>(
    reply: Reply<Rows<T>>,
    call: Call,
    custom: bool,
) -> Result<Body> {
    let Reply { payload: Rows(rows), page, raw_data, rate_limit, execution_summary } = reply;
    let around = Reply { payload: [(); 0], page, raw_data, rate_limit, execution_summary };
    let mut writer = if custom {
        // Here the rows come last, so what is known of the rate limit is known before them.
        let envelope = envelope(around, call.rate_limit_report().take(), true).to_bytes()?;
        let text = envelope[..envelope.len() - "]}".len()].to_vec();
        Writer { rows, text, empty: true, end: End::Text(b"]}".to_vec()) }
    } else {
        let text = [b"{", &NO_ROWS[..NO_ROWS.len() - 1]].concat();
        Writer { rows, text, empty: true, end: End::Envelope(Box::new((around, call))) }
    };
    writer.fill().await?;
    let start = std::mem::take(&mut writer.text);
    if writer.is_done() {
        return Ok(Body::Text(start));
    }
    let rest = stream::unfold(Some(writer), |writer| async {
        let mut writer = writer.filter(|writer| !writer.is_done())?;
        let filled = AssertUnwindSafe(writer.fill()).catch_unwind().await;
        let error = match filled {
            Ok(Ok(())) => return Some((Ok(std::mem::take(&mut writer.text)), Some(writer))),
            Ok(Err(error)) => error,
            Err(_) => ConnectorError::internal("A row stopped unexpectedly; the log says where"),
        };
        Some((Err(error), None))
    });
    Ok(Body::Streamed { start, rest: rest.boxed() })
}

/// Writes rows into chunks of text.
struct Writer<T> {
    rows: BoxStream<'static, Result<T>>,
    text: Vec<u8>,
    /// Whether no row has been written yet.
    empty: bool,
    end: End,
}

/// What is written after the last row.
enum End {
    Text(Vec<u8>),
    /// The rest of an envelope, made when all rows are there: only then everything is known about the rate limit.
    Envelope(Box<(Reply<[(); 0]>, Call)>),
    Written,
}

impl<T: Serialize> Writer<T> {
    fn is_done(&self) -> bool {
        matches!(self.end, End::Written)
    }

    /// Adds rows until a chunk is full or the answer is whole.
    async fn fill(&mut self) -> Result<()> {
        self.text.reserve(BUFFER);
        while self.text.len() < BUFFER {
            let Some(row) = self.rows.next().await else {
                return self.finish();
            };
            if !std::mem::take(&mut self.empty) {
                self.text.push(b',');
            }
            serde_json::to_writer(&mut self.text, &row?)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        match std::mem::replace(&mut self.end, End::Written) {
            End::Text(text) => self.text.extend(text),
            End::Envelope(around) => {
                let (reply, call) = *around;
                let envelope = envelope(reply, call.rate_limit_report().take(), false).to_bytes()?;
                self.text.extend_from_slice(&envelope[NO_ROWS.len()..]);
            }
            End::Written => {}
        }
        Ok(())
    }
}
