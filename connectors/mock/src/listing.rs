//! Listings with page tokens as the specification of this connector has them: `{"endpoint": …, "offset": …}`.

use lumos_connector::prelude::*;
use lumos_connector::token;

const SIZES: PageSizes = PageSizes { default: 10, max: usize::MAX };

/// What the token of a page holds.
#[derive(Serialize, Deserialize)]
struct Cursor {
    endpoint: Option<String>,
    offset: i64,
}

/// The page of a call. Tokens of other endpoints are refused.
pub(crate) fn listing(call: &Call, endpoint: &'static str) -> Result<Listing<Offset>> {
    listing_at(call.page(), endpoint)
}

fn listing_at(mut page: PageRequest, endpoint: &'static str) -> Result<Listing<Offset>> {
    // The answer names the size of the page, even when the request does not.
    page.size = page.size.filter(|size| *size > 0).or(Some(10));
    // An unreadable token fails as an internal error, which is what `?` makes of it. Connectors with tokens of the SDK
    // write `page.listing(SIZES)?`, which answers `invalid_page_token`.
    let cursors: Vec<Cursor> = page.token.as_deref().map(token::decode).transpose()?.unwrap_or_default();
    let offset = match cursors.first() {
        None => 0,
        Some(cursor) if cursor.endpoint.as_deref() == Some(endpoint) => cursor.offset.max(0).unsigned_abs(),
        Some(_) => return Err(ConnectorError::of(ErrorClass::InvalidPageToken)),
    };
    let write = move |next: &Offset| {
        let offset = i64::try_from(next.offset).unwrap_or(i64::MAX);
        token::encode(&[Cursor { endpoint: Some(endpoint.to_owned()), offset }])
    };
    Ok(page.listing_at(SIZES, Some(Offset { offset })).tokens(write))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(token: Option<String>, size: Option<i64>) -> Result<Listing<Offset>> {
        let mut page = PageRequest::new("list_numbers");
        page.token = token;
        page.size = size;
        listing_at(page, "numbers")
    }

    fn token(endpoint: &str, offset: i64) -> Option<String> {
        token::encode(&[Cursor { endpoint: Some(endpoint.to_owned()), offset }]).unwrap()
    }

    #[test]
    fn tokens_are_those_of_the_specification() {
        let page = listing(None, Some(3)).unwrap().reply_from(0, 0..7).unwrap().page.unwrap();
        assert_eq!(page.token, token("numbers", 3));
        let page = listing(page.token, Some(4)).unwrap().reply_from(0, 0..7).unwrap();
        assert_eq!((page.payload, page.page.unwrap().token), (vec![3, 4, 5, 6], None));
    }

    #[test]
    fn sizes_that_mean_nothing_are_ten() {
        for size in [None, Some(0), Some(-5)] {
            let reply = listing(None, size).unwrap().reply_from(0, 0..20).unwrap();
            assert_eq!(reply.payload.len(), 10);
            assert_eq!(reply.page.unwrap().size, Some(10));
        }
    }

    #[test]
    fn the_largest_and_smallest_numbers_are_harmless() {
        let far = listing(token("numbers", i64::MAX), Some(i64::MAX)).unwrap();
        assert!(far.reply_from(0, 0..7).unwrap().payload.is_empty());
        assert_eq!(listing(token("numbers", -4), None).unwrap().position().offset, 0);
    }

    #[test]
    fn tokens_of_other_listings_are_refused_and_unreadable_ones_fail() {
        let class = |token| listing(token, None).err().and_then(|error| error.class());
        assert_eq!(class(token("letters", 3)), Some(ErrorClass::InvalidPageToken));
        assert_eq!(class(Some("zz".to_owned())), None);
        assert!(listing(Some("zz".to_owned()), None).is_err());
    }
}
