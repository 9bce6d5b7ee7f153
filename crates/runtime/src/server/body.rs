//! A request's body, bounded in size, time and memory.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::{Body, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::outgoing::Outgoing;
use super::{Server, refusal};

/// A whole body, and the memory that is set aside for it.
pub(super) struct Received {
    pub(super) bytes: Bytes,
    _memory: Option<OwnedSemaphorePermit>,
}

/// Reads a body to its end; the error is the answer to the request.
pub(super) async fn read(server: &Server, body: Incoming) -> Result<Received, Response<Outgoing>> {
    let limit = server.options.max_body;
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(refusal::body_too_large(limit));
    }
    match tokio::time::timeout(server.options.read_timeout, collect(body, limit, &server.body_memory)).await {
        Ok(collected) => collected,
        Err(_) => Err(refusal::body_too_slow()),
    }
}

async fn collect(
    mut body: Incoming,
    limit: usize,
    memory: &Arc<Semaphore>,
) -> Result<Received, Response<Outgoing>> {
    let mut pieces = Pieces::default();
    let mut set_aside: Option<OwnedSemaphorePermit> = None;
    let mut kib = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| refusal::body_broken())?.into_data() else { continue };
        if pieces.len() + data.len() > limit {
            return Err(refusal::body_too_large(limit));
        }
        // By the growth of the whole: a body in a hundred thousand pieces of a byte takes a hundred KiB, not as many MiB.
        let needed = u32::try_from((pieces.len() + data.len()).div_ceil(1024)).unwrap_or(u32::MAX);
        if needed > kib {
            let more =
                Arc::clone(memory).try_acquire_many_owned(needed - kib).map_err(|_| refusal::busy())?;
            kib = needed;
            match &mut set_aside {
                Some(set_aside) => set_aside.merge(more),
                none => *none = Some(more),
            }
        }
        pieces.add(data);
    }
    Ok(Received { bytes: pieces.whole(), _memory: set_aside })
}

/// A body that is copied only when it comes in more than one piece.
#[derive(Default)]
enum Pieces {
    #[default]
    None,
    One(Bytes),
    Several(BytesMut),
}

impl Pieces {
    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(bytes) => bytes.len(),
            Self::Several(bytes) => bytes.len(),
        }
    }

    fn add(&mut self, data: Bytes) {
        *self = match std::mem::take(self) {
            Self::None => Self::One(data),
            Self::One(first) => {
                let mut bytes = BytesMut::with_capacity((first.len() + data.len()) * 2);
                bytes.extend_from_slice(&first);
                bytes.extend_from_slice(&data);
                Self::Several(bytes)
            }
            Self::Several(mut bytes) => {
                bytes.extend_from_slice(&data);
                Self::Several(bytes)
            }
        };
    }

    fn whole(self) -> Bytes {
        match self {
            Self::None => Bytes::new(),
            Self::One(bytes) => bytes,
            Self::Several(bytes) => bytes.freeze(),
        }
    }
}
