//! What is sent as the body of a response: a text that is there, or one that is still being made.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use hyper::body::{Body, Frame, SizeHint};
use lumos_connector_core::answer::Chunks;
use tokio::time::{Sleep, sleep_until};

use super::call::Call;

/// How much of an answer is handed to the connection after its call has given up its place.
const TAIL: usize = 64 << 10;

/// The body of a response.
pub(super) enum Outgoing {
    Whole(Bytes),
    Answer(Bytes, Option<Box<Call>>),
    InTheMaking(Box<InTheMaking>),
}

/// Rows that are written as they are made, within the deadline of their call and in its place.
pub(super) struct InTheMaking {
    chunks: Chunks,
    call: Call,
    deadline: Pin<Box<Sleep>>,
}

impl Outgoing {
    /// The text of an answer. Its call keeps its place while more than [`TAIL`] is not written, and gives it up before
    /// the last byte: a client that has read its answer finds the place free.
    pub(super) fn answer(text: Vec<u8>, call: Call) -> Self {
        Self::Answer(text.into(), Some(Box::new(call)))
    }

    pub(super) fn in_the_making(chunks: Chunks, call: Call) -> Self {
        let deadline = Box::pin(sleep_until(call.deadline));
        Self::InTheMaking(Box::new(InTheMaking { chunks, call, deadline }))
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut *self {
            Self::Whole(text) if text.is_empty() => Poll::Ready(None),
            Self::Whole(text) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(text))))),
            Self::Answer(text, call) => {
                let first = text.split_to(text.len().saturating_sub(TAIL));
                let frame = if first.is_empty() { std::mem::take(text) } else { first };
                if text.is_empty() {
                    *call = None;
                }
                Poll::Ready((!frame.is_empty()).then(|| Ok(Frame::data(frame))))
            }
            Self::InTheMaking(answer) => {
                // An error breaks the connection off, so that nobody takes a part for the whole.
                if answer.deadline.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
                }
                let InTheMaking { chunks, call, .. } = &mut **answer;
                let chunk = call.guard(|| Pin::new(chunks).poll_next(context));
                Poll::Ready(ready!(chunk).map(|chunk| chunk.map(|text| Frame::data(Bytes::from(text)))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(text) | Self::Answer(text, _) if text.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(text) | Self::Answer(text, _) => {
                SizeHint::with_exact(text.len().try_into().unwrap_or(u64::MAX))
            }
            Self::InTheMaking(_) => SizeHint::default(),
        }
    }
}
