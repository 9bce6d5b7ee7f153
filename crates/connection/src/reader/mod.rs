//! Reading an answer while it arrives.
//!
//! | file | what it does |
//! | --- | --- |
//! | `syntax` | checks JSON byte by byte and says where the outer values begin and end |
//! | `envelope` | takes an answer's envelope apart and cuts its payload into rows |
//!
//! Both do a fixed amount of work for each byte, however the text is cut into pieces and whatever it holds.

mod envelope;
mod syntax;

pub(crate) use envelope::{Bounds, Envelope, EnvelopeReader, PIECE, Payload, Problem};
