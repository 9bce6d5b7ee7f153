//! What is sent as the body of a response: a text that is there, or one that is still being made.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use hyper::body::{Body, Frame, SizeHint};
use lumos_connector_core::answer::{Chunks, Content};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep_until};

use super::Server;

/// The body of a response.
pub(super) enum Outgoing {
    Whole(Bytes),
    InTheMaking(Box<InTheMaking>),
}

/// Rows that are written as they are made, within the deadline of their call and in its place.
pub(super) struct InTheMaking {
    chunks: Chunks,
    server: Arc<Server>,
    deadline: Pin<Box<Sleep>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Outgoing {
    /// An answer of a call. The call's place becomes free when the last byte is on its way.
    pub(super) fn of(
        content: Content,
        server: &Arc<Server>,
        deadline: Instant,
        place: Option<OwnedSemaphorePermit>,
    ) -> Self {
        match content {
            Content::Whole(text) => Self::Whole(Bytes::from_owner(Held { text, _place: place })),
            Content::Chunks(chunks) => Self::InTheMaking(Box::new(InTheMaking {
                chunks,
                server: Arc::clone(server),
                deadline: Box::pin(sleep_until(deadline)),
                _place: place,
            })),
        }
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
                let InTheMaking { chunks, server, .. } = &mut **answer;
                let chunk = server.workers.guard(|| Pin::new(chunks).poll_next(context));
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

/// The text of an answer with the place of its call.
struct Held {
    text: Vec<u8>,
    _place: Option<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}
