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

/// The body of a response.
pub(super) enum Outgoing {
    Whole(Bytes),
    InTheMaking(Box<InTheMaking>),
}

/// Rows that are written as they are made, within the deadline of their call and in its place.
pub(super) struct InTheMaking {
    chunks: Chunks,
    call: Call,
    deadline: Pin<Box<Sleep>>,
}

impl Outgoing {
    /// The text of an answer. The place of its call becomes free when the last byte is on its way.
    pub(super) fn whole(text: Vec<u8>, call: Call) -> Self {
        Self::Whole(Bytes::from_owner(Held { text, _call: call }))
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
        matches!(self, Self::Whole(text) if text.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(text) => SizeHint::with_exact(text.len().try_into().unwrap_or(u64::MAX)),
            Self::InTheMaking(_) => SizeHint::default(),
        }
    }
}

/// The text of an answer with its call.
struct Held {
    text: Vec<u8>,
    _call: Call,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}
