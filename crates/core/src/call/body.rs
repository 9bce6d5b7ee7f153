//! The envelope around a payload, with its type erased.

use std::fmt;
use std::io::{BufWriter, Write};

use lumos_connector_types::envelope::{CustomResponseEnvelope, ResponseEnvelope};
use lumos_connector_types::rate_limit::RateLimitResponseInfo;
use serde::Serialize;

use crate::call::answer::Chunks;
use crate::call::reply::Reply;

/// Bytes that are gathered before they go to a sink.
pub(crate) const BUFFER: usize = 64 * 1024;

/// An envelope with its type erased.
pub enum Body {
    /// A payload in memory, serialised when it is written.
    Payload(Box<dyn WriteJson + Send>),
    /// The text itself.
    Text(Vec<u8>),
    /// The beginning of the text, and how it goes on.
    Streamed { start: Vec<u8>, rest: Chunks },
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
        serde_json::to_vec(self)
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

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body(..)")
    }
}
