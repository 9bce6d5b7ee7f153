//! The receiving end of a call: the answer's reader, the sink of its rows, and the time that both may take.

use std::time::Duration;

use tokio::time::Instant;

use crate::reader::{Bounds, Envelope, EnvelopeReader, Payload, Problem};
use crate::rows::{RowBatch, RowSink, SinkError};

/// Why an answer is not received further.
#[derive(Debug)]
pub(crate) enum ReceiveError {
    Problem(Problem),
    Sink(SinkError),
}

/// Receives one answer.
#[derive(Debug)]
pub(crate) struct Receiver<'s, S> {
    reader: EnvelopeReader,
    sink: &'s mut S,
    started: Instant,
    timeout: Duration,
    in_sink: Duration,
}

/// An answer that was received whole.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) envelope: Envelope,
    pub(crate) elapsed: Duration,
    pub(crate) in_sink: Duration,
}

impl<'s, S: RowSink> Receiver<'s, S> {
    pub(crate) fn new(
        payload: Payload,
        keep_raw_data: bool,
        bounds: Bounds,
        timeout: Duration,
        sink: &'s mut S,
    ) -> Self {
        let reader = EnvelopeReader::new(payload, keep_raw_data, bounds);
        Self { reader, sink, started: Instant::now(), timeout, in_sink: Duration::ZERO }
    }

    /// The request goes out now: what came before does not count.
    pub(crate) fn begin(&mut self) {
        self.started = Instant::now();
    }

    /// When the call has taken too long. The sink's time is not the connector's.
    pub(crate) fn deadline(&self) -> Instant {
        self.started + self.timeout + self.in_sink
    }

    /// How long the call may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(crate) fn is_done(&self) -> bool {
        self.reader.is_done()
    }

    /// How the answer begins.
    pub(crate) fn first(&self) -> String {
        self.reader.first()
    }

    /// Where the next piece is to be appended.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        self.reader.buffer()
    }

    /// Reads what was appended, and hands its rows to the sink.
    pub(crate) async fn take(&mut self) -> Result<(), ReceiveError> {
        let batches = self.reader.scan().map_err(ReceiveError::Problem)?;
        if batches.is_empty() {
            return Ok(());
        }
        let before = Instant::now();
        for batch in batches {
            self.sink.rows(batch).await.map_err(ReceiveError::Sink)?;
        }
        self.in_sink += before.elapsed();
        Ok(())
    }

    /// The answer, when it has arrived whole.
    pub(crate) fn finish(self) -> Result<Received, Problem> {
        let elapsed = self.started.elapsed().saturating_sub(self.in_sink);
        Ok(Received { envelope: self.reader.finish()?, elapsed, in_sink: self.in_sink })
    }
}

/// The sink of answers that are kept whole.
#[derive(Debug)]
pub(crate) struct NoRows;

impl RowSink for NoRows {
    async fn rows(&mut self, _: RowBatch) -> Result<(), SinkError> {
        Ok(())
    }
}
