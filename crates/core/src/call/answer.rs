//! The answer of a call, ready to be written.

use std::fmt;
use std::io::{self, BufWriter, Write};

use super::body::{BUFFER, Body};
use crate::declaration::error::{self, ConnectorError};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use lumos_connector_types::error::{ConnectorErrorCode, Error as WireError};

/// The pieces of a text that is made while it is written.
pub type Chunks = BoxStream<'static, io::Result<Vec<u8>>>;

/// The answer of a call: an envelope around a payload or an error.
///
/// It is serialised straight into where it goes, so that a page of rows is never held twice; rows that are
/// [streamed](crate::Reply::stream) are never held at all. A command writes it with [`write_to`](Self::write_to), a server
/// sends its [`content`](Self::into_content), a test looks at its [bytes](Self::into_bytes).
pub struct Answer {
    body: Body,
    error: Option<ConnectorErrorCode>,
}

/// What a server sends as an answer.
#[expect(clippy::exhaustive_enums, reason = "a text is there, or is still being made")]
pub enum Content {
    /// The whole text.
    Whole(Vec<u8>),
    /// Pieces that are made as they are asked for. After an error nothing more comes, and what has come is not the
    /// whole of a JSON text: a server must then break the connection off instead of ending the answer.
    Chunks(Chunks),
}

impl Answer {
    pub(crate) fn success(body: Body) -> Self {
        Self { body, error: None }
    }

    pub(crate) fn failure(error: WireError) -> Self {
        let code = error.error_code;
        Self { body: Body::Payload(Box::new(error::envelope(error))), error: Some(code) }
    }

    /// The code of the error, when the answer is one.
    #[must_use]
    pub fn error_code(&self) -> Option<ConnectorErrorCode> {
        self.error
    }

    /// Writes the answer as compact JSON.
    ///
    /// # Errors
    /// When the sink fails, a payload of the connector's own cannot be serialised, or a streamed row cannot be made.
    /// What was written by then does not parse as a whole answer.
    pub async fn write_to(self, sink: &mut dyn Write) -> io::Result<()> {
        match self.body {
            Body::Payload(payload) => {
                let mut buffer = BufWriter::with_capacity(BUFFER, &mut *sink);
                payload.write(&mut buffer)?;
                buffer.flush()
            }
            Body::Text(text) => {
                sink.write_all(&text)?;
                sink.flush()
            }
            Body::Streamed { start, mut rest } => {
                sink.write_all(&start)?;
                while let Some(chunk) = rest.try_next().await.map_err(broken_off)? {
                    sink.write_all(&chunk)?;
                }
                sink.flush()
            }
        }
    }

    /// The answer as compact JSON in memory.
    ///
    /// # Errors
    /// When a payload of the connector's own cannot be serialised, or a streamed row cannot be made.
    pub async fn into_bytes(self) -> io::Result<Vec<u8>> {
        match self.into_content()? {
            Content::Whole(text) => Ok(text),
            Content::Chunks(chunks) => {
                let append = |mut text: Vec<u8>, chunk: Vec<u8>| async move {
                    text.extend_from_slice(&chunk);
                    Ok(text)
                };
                chunks.try_fold(Vec::new(), append).await
            }
        }
    }

    /// The answer as a server sends it: in one piece, or piece by piece when its rows are streamed.
    ///
    /// # Errors
    /// When a payload of the connector's own cannot be serialised.
    pub fn into_content(self) -> io::Result<Content> {
        Ok(match self.body {
            Body::Payload(payload) => Content::Whole(payload.to_bytes()?),
            Body::Text(text) => Content::Whole(text),
            Body::Streamed { start, rest } => {
                Content::Chunks(stream::iter([Ok(start)]).chain(rest.map_err(broken_off)).boxed())
            }
        })
    }
}

fn broken_off(error: ConnectorError) -> io::Error {
    io::Error::other(format!("the rows broke off: {error}"))
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("error", &self.error).finish_non_exhaustive()
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole(_) => "Whole(..)",
            Self::Chunks(_) => "Chunks(..)",
        })
    }
}
