//! Reading a listing, page by page.

use std::collections::HashSet;

use serde_json::Value;

use crate::run::Run;
use crate::subject::{Call, Request};

/// How many empty pages in a row are read.
const EMPTY_PAGES: usize = 10;

/// A listing as it was read.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) calls: Vec<Call>,
    pub(crate) rows: Vec<Value>,
    pub(crate) end: End,
}

/// Why no more was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The last page had no token.
    Complete,
    /// As many pages as may be read.
    TooMany,
    /// A page gave a token that was used before.
    Repeated,
    /// A page came again, whatever its token.
    SamePage,
    /// Empty pages without end.
    Empty,
    /// A page was not answered with a success.
    Failed,
}

/// Reads a listing to its end, or as far as may be read.
pub(crate) async fn read(run: &Run<'_>, first: &Request) -> Listing {
    read_pages(run, first, run.options.max_pages).await
}

/// The same with another number of pages.
pub(crate) async fn read_pages(run: &Run<'_>, first: &Request, most: usize) -> Listing {
    let mut listing = Listing { calls: Vec::new(), rows: Vec::new(), end: End::TooMany };
    let mut tokens = HashSet::new();
    let mut pages = HashSet::new();
    let mut request = first.clone();
    let mut empty = 0;
    while listing.calls.len() < most.max(1) {
        let call = run.call(&request).await;
        let rows = call.rows().to_vec();
        let token = call.next_token().map(str::to_owned);
        let success = call.is_success();
        listing.calls.push(call);
        if !success {
            listing.end = End::Failed;
            break;
        }
        empty = if rows.is_empty() { empty + 1 } else { 0 };
        let again = !rows.is_empty() && !pages.insert(Value::from(rows.clone()).to_string());
        listing.rows.extend(rows);
        let Some(token) = token else {
            listing.end = End::Complete;
            break;
        };
        if !tokens.insert(token.clone()) {
            listing.end = End::Repeated;
            break;
        }
        if again {
            listing.end = End::SamePage;
            break;
        }
        if empty == EMPTY_PAGES {
            listing.end = End::Empty;
            break;
        }
        request.token = Some(token);
    }
    listing
}
