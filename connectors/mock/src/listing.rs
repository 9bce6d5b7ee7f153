//! Pages of a listing: which rows a request asks for, and where the next page starts.

use lumos_connector::prelude::*;
use lumos_connector::token;

const DEFAULT_SIZE: i64 = 10;

/// What the token of a page holds.
#[derive(Serialize, Deserialize)]
struct Cursor {
    endpoint: Option<String>,
    offset: i64,
}

/// The page that a request asks for: the rows from `offset` to `offset + size`.
pub(crate) struct Listing {
    endpoint: &'static str,
    page: Page,
    pub(crate) offset: i64,
    pub(crate) size: i64,
}

impl Listing {
    /// The page of a call. Tokens of other endpoints are refused.
    pub(crate) fn of(call: &Call, endpoint: &'static str) -> Result<Self> {
        Self::at(call.page(), endpoint)
    }

    fn at(mut page: Page, endpoint: &'static str) -> Result<Self> {
        let size = page.size.filter(|size| *size > 0).unwrap_or(DEFAULT_SIZE);
        page.size = Some(size);
        // The specification of this connector has an unreadable token fail as an internal error, which is what `?`
        // makes of it. Elsewhere write `page.cursor()?`: it answers `invalid_page_token`.
        let cursors: Vec<Cursor> = page.token.as_deref().map(token::decode).transpose()?.unwrap_or_default();
        let offset = match cursors.first() {
            None => 0,
            Some(cursor) if cursor.endpoint.as_deref() == Some(endpoint) => cursor.offset.max(0),
            Some(_) => return Err(ConnectorError::of(ErrorClass::InvalidPageToken)),
        };
        Ok(Self { endpoint, page, offset, size })
    }

    /// The answer with this page of the rows. They start with row number `first`, at or before the offset; no more of
    /// them are made than the page holds, and one to see whether any follow.
    pub(crate) fn reply<T>(self, first: i64, rows: impl IntoIterator<Item = T>) -> Result<Reply<Vec<T>>> {
        let mut rows = rows.into_iter().skip(count(self.offset - first));
        let shown = rows.by_ref().take(count(self.size)).collect();
        let next = rows.next().and_then(|_| self.offset.checked_add(self.size));
        let next = next.map(|offset| Cursor { endpoint: Some(self.endpoint.to_owned()), offset });
        Ok(Reply::new(shown).page(self.page.next(next.as_ref())?))
    }
}

/// A number of rows; none has more than memory has addresses.
fn count(rows: i64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(token: Option<String>, size: Option<i64>) -> Result<Listing> {
        let mut page = Page::default();
        page.token = token;
        page.size = size;
        Listing::at(page, "numbers")
    }

    fn token(endpoint: &str, offset: i64) -> Option<String> {
        token::encode(&[Cursor { endpoint: Some(endpoint.to_owned()), offset }]).unwrap()
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let mut seen = Vec::new();
        let mut next = None;
        loop {
            let reply = listing(next, Some(3)).unwrap().reply(0, 0..7).unwrap();
            seen.extend(reply.payload);
            next = reply.page.unwrap().token;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn sizes_that_mean_nothing_are_ten() {
        for size in [None, Some(0), Some(-5)] {
            let reply = listing(None, size).unwrap().reply(0, 0..20).unwrap();
            assert_eq!(reply.payload.len(), 10);
            assert_eq!(reply.page.unwrap().size, Some(10));
        }
    }

    #[test]
    fn the_largest_numbers_are_harmless() {
        let listing = listing(token("numbers", i64::MAX), Some(i64::MAX)).unwrap();
        assert!(listing.reply(0, 0..7).unwrap().payload.is_empty());
    }

    #[test]
    fn an_offset_before_the_start_is_the_start() {
        assert_eq!(listing(token("numbers", -4), None).unwrap().offset, 0);
    }

    #[test]
    fn tokens_of_other_listings_are_refused_and_unreadable_ones_fail() {
        let class = |token| listing(token, None).err().and_then(|error| error.class());
        assert_eq!(class(token("letters", 3)), Some(ErrorClass::InvalidPageToken));
        assert_eq!(class(Some("zz".to_owned())), None);
        assert!(listing(Some("zz".to_owned()), None).is_err());
    }
}
