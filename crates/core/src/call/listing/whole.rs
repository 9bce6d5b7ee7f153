//! Whole listings, for connectors that need all rows at once.

use std::collections::HashSet;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};

use futures_util::stream::{self, Stream, TryStreamExt as _};
use serde::Serialize;

use super::batches::Batch;
use crate::call::token;
use crate::declaration::error::PagingError;
use crate::declaration::error::{ConnectorError, Result};

/// All rows of a listing, batch after batch, as they are asked for.
///
/// The stream ends with an error when a batch cannot be had, or when the listing goes on where it has been.
///
/// ```
/// use futures_util::TryStreamExt;
/// use lumos_connector_core::error::Result;
/// use lumos_connector_core::listing::{Batch, Offset, whole};
///
/// async fn numbers(at: Offset) -> Result<Batch<u64, Offset>> {
///     let rows: Vec<_> = (at.offset..7).take(3).collect();
///     let next = at.next_until_empty(rows.len())?;
///     Ok(Batch::new(rows, next))
/// }
///
/// # futures_util::FutureExt::now_or_never(async {
/// let all: Vec<u64> = whole(Offset::default(), numbers).try_collect().await?;
/// assert_eq!(all, [0, 1, 2, 3, 4, 5, 6]);
/// # Ok::<_, lumos_connector_core::error::ConnectorError>(())
/// # }).unwrap().unwrap();
/// ```
pub fn whole<C, T, F, Fut>(first: C, fetch: F) -> impl Stream<Item = Result<T>>
where
    C: Serialize,
    F: FnMut(C) -> Fut,
    Fut: Future<Output = Result<Batch<T, C>>>,
{
    let batches =
        stream::try_unfold((Some(first), fetch, HashSet::new()), |(at, mut fetch, mut seen)| async {
            let Some(at) = at else { return Ok::<_, ConnectorError>(None) };
            let mut hasher = DefaultHasher::new();
            token::encode(&[&at])?.hash(&mut hasher);
            if !seen.insert(hasher.finish()) {
                return Err(PagingError::Repeated.into());
            }
            let Batch { rows, next, .. } = fetch(at).await?;
            Ok(Some((rows, (next, fetch, seen))))
        });
    batches.map_ok(|rows| stream::iter(rows.into_iter().map(Ok))).try_flatten()
}

#[cfg(test)]
mod tests {
    use super::super::cursors::Continuation;
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn a_listing_that_goes_in_circles_ends_in_an_error() {
        let fetch = |at: Continuation| async move {
            let next = match at.as_deref() {
                None => "a",
                Some("a") => "b",
                _ => "a",
            };
            Ok(Batch::new(vec![next], at.next(Some(next))?))
        };
        let mut rows = Box::pin(whole(Continuation::default(), fetch));
        let mut seen = Vec::new();
        let error = loop {
            match rows.try_next().now_or_never().unwrap() {
                Ok(Some(row)) => seen.push(row),
                Ok(None) => panic!("it ended"),
                Err(error) => break error,
            }
        };
        assert_eq!(seen, ["a", "b", "a"]);
        assert_eq!(error.source_as::<PagingError>(), Some(&PagingError::Repeated));
    }
}
