//! The answer of a call, ready to be written.

use std::fmt;
use std::io::{self, BufWriter, Write};

use lumos_connector_types::envelope::{CustomResponseEnvelope, ResponseEnvelope};
use lumos_connector_types::error::{ConnectorErrorCode, Error as WireError};
use lumos_connector_types::rate_limit::RateLimitResponseInfo;
use serde::Serialize;

use crate::error;
use crate::reply::Reply;

/// Bytes that are gathered before they go to a sink.
const BUFFER: usize = 64 * 1024;

/// An envelope with its type erased.
pub(crate) type Body = Box<dyn WriteJson + Send>;

pub(crate) trait WriteJson {
    fn write(&self, sink: &mut BufWriter<&mut dyn Write>) -> serde_json::Result<()>;
    fn to_bytes(&self) -> serde_json::Result<Vec<u8>>;
}

impl<T: Serialize> WriteJson for T {
    fn write(&self, sink: &mut BufWriter<&mut dyn Write>) -> serde_json::Result<()> {
        serde_json::to_writer(sink, self)
    }

    fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }
}

/// The answer of a call: an envelope around a payload or an error.
///
/// It is serialised straight into where it goes, so that a page of rows is never held twice.
pub struct Answer {
    body: Body,
    error: Option<ConnectorErrorCode>,
}

impl Answer {
    pub(crate) fn success(body: Body) -> Self {
        Self { body, error: None }
    }

    pub(crate) fn failure(error: WireError) -> Self {
        Self { error: Some(error.error_code), body: Box::new(error::envelope(error)) }
    }

    /// A reply in the envelope of a standard or a custom capability.
    pub(crate) fn body<P: Serialize + Send + 'static>(
        reply: Reply<P>,
        reported: Option<RateLimitResponseInfo>,
        custom: bool,
    ) -> Body {
        let Reply { payload: response, page, raw_data, rate_limit, execution_summary } = reply;
        let rate_limit = rate_limit.or(reported);
        if custom {
            Box::new(CustomResponseEnvelope { page, raw_data, execution_summary, rate_limit, response })
        } else {
            Box::new(ResponseEnvelope { response, raw_data, page, rate_limit, execution_summary })
        }
    }

    /// The code of the error, when the answer is one.
    #[must_use]
    pub fn error_code(&self) -> Option<ConnectorErrorCode> {
        self.error
    }

    /// Writes the answer as compact JSON.
    ///
    /// # Errors
    /// When the sink fails, or a payload of the connector's own cannot be serialised. What was written by then does
    /// not parse as a whole answer.
    pub fn write_to(&self, sink: &mut dyn Write) -> io::Result<()> {
        let mut sink = BufWriter::with_capacity(BUFFER, sink);
        self.body.write(&mut sink)?;
        sink.flush()
    }

    /// The answer as compact JSON in memory.
    ///
    /// # Errors
    /// When a payload of the connector's own cannot be serialised.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        Ok(self.body.to_bytes()?)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("error", &self.error).finish_non_exhaustive()
    }
}
