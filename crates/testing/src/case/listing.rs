//! Walking a listing to its end.

use std::collections::HashMap;
use std::future::Future;

use serde_json::Value;

use super::expected::{ExpectedListing, named, unexpected_error};
use crate::difference::{self, Unmentioned};
use crate::placeholder;

/// Pages after which a listing is taken to have no end.
const MOST_PAGES: usize = 10_000;

/// Asks for page after page, and gives all problems of the listing.
///
/// `answer` answers a request; `request` is the one for the first page.
pub(super) async fn walk<F: Future<Output = Result<Value, String>>>(
    expected: &ExpectedListing,
    mut request: Value,
    upstream: &str,
    answer: impl Fn(Value) -> F,
) -> Vec<String> {
    let mut rows = Vec::new();
    let mut pages = 0;
    let mut tokens: HashMap<String, usize> = HashMap::new();
    loop {
        pages += 1;
        let page = match answer(request.clone()).await {
            Ok(page) => page,
            Err(problem) => return vec![format!("page {pages}: {problem}")],
        };
        if let Some(problem) = unexpected_error(&page) {
            return vec![format!("page {pages}: {problem}")];
        }
        let Value::Array(page_rows) = &page["response"] else {
            return vec![format!("page {pages}: expected a list of rows, got {}", page["response"])];
        };
        rows.extend(page_rows.iter().map(|row| (pages, row.clone())));
        let Some(token) = page["page"]["token"].as_str() else { break };
        if let Some(earlier) = tokens.insert(token.to_owned(), pages) {
            return vec![format!("the listing does not end: page {pages} leads to where page {earlier} led")];
        }
        if pages == MOST_PAGES {
            return vec![format!("the listing does not end: {MOST_PAGES} pages, and more to come")];
        }
        set_token(&mut request, token);
    }
    problems(expected, &rows, pages, upstream)
}

fn set_token(request: &mut Value, token: &str) {
    if !request["page"].is_object() {
        request["page"] = serde_json::json!({});
    }
    request["page"]["token"] = token.into();
}

fn problems(
    expected: &ExpectedListing,
    rows: &[(usize, Value)],
    pages: usize,
    upstream: &str,
) -> Vec<String> {
    let mut problems = duplicates(expected.key.as_deref(), rows);
    if let Some(expected) = expected.rows.filter(|expected| *expected != rows.len()) {
        problems.push(format!("expected {expected} rows in all, got {}", rows.len()));
    }
    if let Some(expected) = expected.pages.filter(|expected| *expected != pages) {
        problems.push(format!("expected {expected} pages, got {pages}"));
    }
    if let Some(exactly) = &expected.exactly {
        let exactly = placeholder::resolve(exactly, upstream);
        let rows: Value = rows.iter().map(|(_, row)| row.clone()).collect();
        problems.extend(named("rows", difference::between(&exactly, &rows, Unmentioned::Null)));
    }
    problems
}

/// Rows that came twice; one problem for each, with both pages.
fn duplicates(key: Option<&str>, rows: &[(usize, Value)]) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut problems = Vec::new();
    for (page, row) in rows {
        let id = match key {
            Some(key) => match row.get(key).filter(|id| !id.is_null()) {
                Some(id) => format!("{key} {id}"),
                None => {
                    problems.push(format!("page {page}: a row has no {key}: {row}"));
                    continue;
                }
            },
            None => row.to_string(),
        };
        if let Some(earlier) = seen.get(&id) {
            problems.push(format!("page {page} repeats a row of page {earlier}: {id}"));
        } else {
            seen.insert(id, *page);
        }
    }
    problems
}
