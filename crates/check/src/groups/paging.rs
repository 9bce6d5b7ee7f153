//! Whether its listings end, and give the same rows in whatever pages they are read.

use std::collections::{BTreeMap, HashMap};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::codes;
use crate::known::{identity, is_listing, key};
use crate::listing::{End, Listing, read, read_pages};
use crate::rule::rules;
use crate::run::Run;
use crate::subject::{Call, Reply, Request};

rules! { Paging, "paging";
    TERMINATES = "terminates", Error, "s7-tokens",
        "A listing never ends: a token or a page comes again, or empty pages follow each other.",
        "Give the token null with the last page.";
    PAGES_FOLLOW = "pages-follow", Error, "s7-tokens",
        "A later page fails although the first one came.",
        "Make the token of a page one that the same listing reads.";
    NO_DUPLICATES = "no-duplicates", Error, "s7-tokens",
        "A row is on two pages.",
        "Begin a page after the last row of the one before; a key as the position stays right when rows are added.";
    SIZE_KEPT = "size-kept", Error, "s2-strict",
        "A page has more rows than were asked for.",
        "Give at most `page.size` rows.";
    SIZES_AGREE = "sizes-agree", Error, "s7-tokens",
        "The listing has other rows when it is read in pages of another size.",
        "Do not lose or repeat rows at the border of pages.";
    REPEATABLE = "repeatable", Error, "s7-tokens",
        "The listing has other rows when it is read again.",
        "Read the same data with the same filter, in a fixed order.";
    SIZE_ONE = "size-one", Error, "s2-strict",
        "Pages of one row do not work.",
        "Take any size from 1 on; ask the app for more where it has a minimum.";
    LARGE_SIZE = "large-size", Error, "s2-strict",
        "Pages of 1,000 rows do not work.",
        "Give as many rows as the app allows when fewer than asked for; do not refuse.";
    ODD_SIZES = "odd-sizes", Error, "s2-strict",
        "A page size of 0 or below makes the connector fail.",
        "Take the default size, or refuse it as `bad_request` or `invalid_value`.";
    FOREIGN_TOKEN = "foreign-token", Error, "s7-tokens",
        "The token of another listing is not refused as `invalid_page_token`.",
        "Put the listing's name into the token and compare it.";
    MANGLED_TOKEN = "mangled-token", Error, "s7-tokens",
        "A token that nobody made is not refused as `invalid_page_token`.",
        "Answer `invalid_page_token` to what cannot be read; the caller then begins anew.";
    OLD_TOKEN = "old-token", Error, "s7-tokens",
        "A token that was used before leads elsewhere, or is refused with another code than `invalid_page_token`.",
        "Keep in the token all that a page needs, or refuse an expired one as `invalid_page_token`.";
    EMPTY_TOKEN = "empty-token", Error, "s7-tokens",
        "The token of the next page is an empty text.",
        "Write null at the end; an empty text is a token like any other, and callers go on with it.";
    EMPTY_PAGES = "empty-pages", Note, "s7-tokens",
        "A page in the middle of a listing has no rows.",
        "Skip what is empty before answering; every page costs a call.";
}

/// The second page of a listing in small pages.
struct SmallPages {
    size: i64,
    token: String,
}

const NOT_HEX: &str = "zz-not-a-token";

/// Judges a listing that was read once.
pub(crate) fn judge(run: &Run<'_>, name: &str, listing: &Listing) {
    let last: Vec<&Call> = listing.calls.iter().rev().take(2).collect();
    let problem = match listing.end {
        End::Repeated => Some("a page gave a token that was used before"),
        End::SamePage => Some("the same page came again with another token"),
        End::Empty => Some("ten empty pages followed each other, and the last one had a token"),
        End::Complete | End::TooMany | End::Failed => None,
    };
    match (&problem, &listing.end) {
        (None, End::TooMany) => {
            run.skip(TERMINATES, format!("`{name}` has more than {} pages", run.options.max_pages));
        }
        (None, End::Failed) => {}
        _ => {
            run.expect(TERMINATES, problem.is_none(), name, || problem.unwrap_or_default().to_owned(), &last);
        }
    }
    if let (End::Failed, Some(call)) = (&listing.end, listing.calls.last()) {
        if !call.code().is_some_and(codes::is_transient) {
            run.find(PAGES_FOLLOW, name, format!("page {}: {}", listing.calls.len(), call.summary()), &last);
        }
    } else if listing.calls.len() > 1 {
        run.pass(PAGES_FOLLOW);
    }
    if !identity(name).is_empty() && problem.is_none() {
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (page, call) in listing.calls.iter().enumerate() {
            for row in call.rows() {
                let key = key(name, row);
                match seen.insert(key.clone(), page) {
                    Some(before) if before != page => run.find(
                        NO_DUPLICATES,
                        name,
                        format!("{key} is on page {} and on page {}", before + 1, page + 1),
                        &[&listing.calls[before], call],
                    ),
                    _ => run.pass(NO_DUPLICATES),
                }
            }
        }
    }
    let middle = listing.calls.iter().rev().skip(1).find(|call| call.rows().is_empty());
    if listing.end == End::Complete && listing.calls.len() > 1 {
        run.expect(
            EMPTY_PAGES,
            middle.is_none(),
            name,
            || "a page before the last one has no rows".to_owned(),
            &middle.into_iter().collect::<Vec<_>>(),
        );
    }
}

pub(crate) async fn check(run: &Run<'_>) {
    let names: Vec<String> = run.known.listings.keys().filter(|name| is_listing(name)).cloned().collect();
    if names.is_empty() {
        for rule in RULES {
            run.skip(rule, "the connector has no listing that answers");
        }
        return;
    }
    join_all(names.iter().map(|name| listing(run, name))).await;
}

async fn listing(run: &Run<'_>, name: &str) {
    let payload = match run.options.requests.get(name) {
        Some(payload) => payload.clone(),
        None => run.known.payload(name).unwrap_or_else(|_| json!({})),
    };
    let request = Request::new(name, payload);
    let small = sizes(run, name, &request).await;
    rereading(run, name, &request).await;
    tokens(run, name, &request, small).await;
}

/// Pages of several sizes; a token of small pages.
async fn sizes(run: &Run<'_>, name: &str, request: &Request) -> Option<SmallPages> {
    let one = read_pages(run, &request.clone().size(Some(1)), 3).await;
    page_rule(run, SIZE_ONE, name, &one);
    let two = read_pages(run, &request.clone().size(Some(2)), 2).await;
    // A listing without tokens gives all rows at once, whatever was asked for.
    let is_paged = run.known.listings.get(name).is_some_and(|known| known.token.is_some())
        || one.calls.iter().chain(&two.calls).any(|call| call.next_token().is_some());
    for (size, listing) in [(1, &one), (2, &two)].into_iter().filter(|_| is_paged) {
        for call in listing.calls.iter().filter(|call| call.is_success()) {
            run.expect(
                SIZE_KEPT,
                call.rows().len() <= size,
                name,
                || format!("{} rows where {size} were asked for", call.rows().len()),
                &[call],
            );
        }
    }
    let large = read_pages(run, &request.clone().size(Some(1000)), 1).await;
    page_rule(run, LARGE_SIZE, name, &large);
    for size in [0, -1] {
        let call = run.call(&request.clone().size(Some(size))).await;
        let kept = match call.reply() {
            Reply::Success(_) => true,
            Reply::Error(_) => call.code().is_some_and(|code| {
                matches!(code, "bad_request" | "invalid_value") || codes::is_transient(code)
            }),
            Reply::None(_) => false,
        };
        run.expect(ODD_SIZES, kept, name, || format!("size {size}: {}", call.summary()), &[&call]);
    }
    let token = one.calls.first().and_then(Call::next_token)?;
    Some(SmallPages { size: 1, token: token.to_owned() })
}

fn page_rule(run: &Run<'_>, rule: &'static crate::rule::Rule, name: &str, listing: &Listing) {
    let Some(last) = listing.calls.last() else { return };
    let transient = last.code().is_some_and(codes::is_transient);
    let stuck = matches!(listing.end, End::Repeated | End::SamePage | End::Empty);
    // What does not end in pages of default size does not end here either, and that is told already.
    let known_end = run.known.listings.get(name).is_some_and(|known| known.complete);
    let kept = last.is_success() && !(stuck && known_end);
    if !transient && (known_end || last.is_success()) {
        run.expect(rule, kept, name, || last.summary(), &[last]);
    }
}

async fn rereading(run: &Run<'_>, name: &str, request: &Request) {
    let Some(known) = run.known.listings.get(name).filter(|known| known.complete) else {
        for rule in [SIZES_AGREE, REPEATABLE] {
            run.skip(rule, format!("`{name}` was not read to its end"));
        }
        return;
    };
    let again = read(run, request).await;
    compare(run, REPEATABLE, name, &known.rows, &again);
    if known.first >= 2 {
        let size = i64::try_from(known.first.div_ceil(2)).unwrap_or(1);
        let most = run.options.max_pages.saturating_mul(2).saturating_add(2);
        let other = read_pages(run, &request.clone().size(Some(size)), most).await;
        // What is not the same twice cannot be the same at two sizes.
        if multiset(name, &known.rows) == multiset(name, &again.rows) {
            compare(run, SIZES_AGREE, name, &known.rows, &other);
        }
    } else {
        run.skip(SIZES_AGREE, format!("`{name}` has too few rows"));
    }
}

fn compare(run: &Run<'_>, rule: &'static crate::rule::Rule, name: &str, rows: &[Value], other: &Listing) {
    if other.end != End::Complete {
        if let Some(last) = other.calls.last().filter(|call| !call.code().is_some_and(codes::is_transient)) {
            run.find(rule, name, format!("it did not come to its end: {}", last.summary()), &[last]);
        }
        return;
    }
    let (before, after) = (multiset(name, rows), multiset(name, &other.rows));
    let first: Vec<&Call> = other.calls.iter().take(1).collect();
    let odd = before.iter().find(|(row, times)| after.get(*row) != Some(times));
    let new = after.iter().find(|(row, times)| before.get(*row) != Some(times));
    run.expect(
        rule,
        before == after,
        name,
        || {
            let row = odd.or(new).map(|(row, _)| row.as_str()).unwrap_or_default();
            format!("{} rows, then {}; {row} is not in both", rows.len(), other.rows.len())
        },
        &first,
    );
}

fn multiset(name: &str, rows: &[Value]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(key(name, row)).or_default() += 1;
    }
    counts
}

async fn tokens(run: &Run<'_>, name: &str, request: &Request, small: Option<SmallPages>) {
    let own = run.known.listings.get(name).and_then(|known| known.token.clone());
    // A listing that has one page of default size has several smaller ones.
    let (request, own) = match (own, small) {
        (None, Some(small)) => (&request.clone().size(Some(small.size)), Some(small.token)),
        (own, _) => (request, own),
    };
    let foreign = run.known.listings.iter().find(|(other, known)| {
        other.as_str() != name && known.token.as_ref().is_some_and(|token| Some(token) != own.as_ref())
    });
    // A listing that has never more than one page need not read tokens.
    let Some(own) = own else {
        for rule in [FOREIGN_TOKEN, MANGLED_TOKEN, OLD_TOKEN] {
            run.skip(rule, format!("`{name}` has one page only"));
        }
        return;
    };
    match foreign.and_then(|(other, known)| Some((other, known.token.clone()?))) {
        Some((other, token)) => {
            let call = run.call(&request.clone().token(Some(&token))).await;
            refused(run, FOREIGN_TOKEN, name, &format!("the token of `{other}`"), &call);
        }
        None => run.skip(FOREIGN_TOKEN, "no other listing has a token"),
    }
    for (what, token) in [("a token that nobody made", NOT_HEX.to_owned()), ("half a token", half(&own))] {
        let call = run.call(&request.clone().token(Some(&token))).await;
        refused(run, MANGLED_TOKEN, name, what, &call);
    }
    // The listing was read to its end since; the token is old now.
    let once = run.call(&request.clone().token(Some(&own))).await;
    let twice = run.call(&request.clone().token(Some(&own))).await;
    let kept = match (once.reply(), twice.reply()) {
        (Reply::Success(_), Reply::Success(_)) => multiset(name, once.rows()) == multiset(name, twice.rows()),
        _ => [&once, &twice].iter().filter(|call| !call.is_success()).all(|call| {
            call.code().is_some_and(|code| code == "invalid_page_token" || codes::is_transient(code))
        }),
    };
    run.expect(
        OLD_TOKEN,
        kept,
        name,
        || format!("first {}, then {}", once.summary(), twice.summary()),
        &[&once, &twice],
    );
}

fn refused(run: &Run<'_>, rule: &'static crate::rule::Rule, name: &str, what: &str, call: &Call) {
    if call.code().is_some_and(codes::is_transient) {
        return;
    }
    run.expect(
        rule,
        call.code() == Some("invalid_page_token"),
        name,
        || format!("{what}: {}", call.summary()),
        &[call],
    );
}

/// The first half of a token; never the whole, never nothing.
fn half(token: &str) -> String {
    let letters: Vec<char> = token.chars().collect();
    if letters.len() < 2 { format!("{token}~") } else { letters[..letters.len() / 2].iter().collect() }
}
