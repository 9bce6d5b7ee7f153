//! The commit of a page: one transaction, behind the fence.

use std::time::Instant;

use jiff::Timestamp;
use twox_hash::XxHash3_64;

use super::error::Trouble;
use super::frontier::{no_lease, set_at};
use super::listings::{FindingKind, add_finding, keys_after, micros, text};
use super::session::Session;
use super::value::values;
use crate::frontier::{Head, Next, PageFacts, PageJob, PageRead};
use crate::plan::{ListingKind, RequestValues, Walk};
use crate::row::RowBuffer;

/// How often the same page may come in a chain before the chain is cut: its connector goes round in circles.
const SAME_PAGES: i64 = 3;
/// How many empty pages in a row may come.
const EMPTY_PAGES: i64 = 1000;

/// A page that is stored now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Committed {
    /// Whether its chain is at its end with it, or was cut.
    pub(crate) is_last: bool,
}

/// Commits the page of a head: its rows, what is known about it, and the next head, in one transaction. `None` when the
/// head is not the last of its chain any more.
///
/// On a server that takes two round trips: what has to be known first, and everything that is written with the commit.
pub(super) fn commit(
    session: &mut Session<'_>,
    head: &Head,
    page: &mut PageRead,
    now: i64,
) -> Result<Option<Committed>, Trouble> {
    let start = Instant::now();
    let listing = head.chain.listing;
    let Some(seen) = pass_fence(session, head, page)? else { return Ok(None) };
    let mut next = match &mut page.rows {
        Some(rows) => {
            let next = hold_to_progress(head, rows, page.next.clone(), &seen);
            session.append(listing, head.job.page.cast_signed(), rows)?;
            insert_page(session, head, rows, &page.facts)?;
            next
        }
        None => page.next.clone(),
    };
    if let Next::Accounts(job) = next {
        next = next_accounts(session, head, job)?.map_or(Next::End, Next::Page);
    }
    let (state, cut) = match &next {
        Next::Page(job) => {
            let (set_at, lease) = (set_at(session, 3), no_lease(session));
            session.later(
                &format!(
                    "UPDATE heads SET job = ?2, attempt = 0, waits = 0, delay = 0, reason = NULL, set_at = {set_at}{lease}
                     WHERE listing = ?1"
                ),
                values![listing, &text(job)?, now],
            )?;
            ("reading", None)
        }
        Next::End | Next::Accounts(_) => ("read", None),
        Next::Cut(reason) => ("read", Some(reason.as_str())),
    };
    if state == "read" {
        session.later("DELETE FROM heads WHERE listing = ?1", values![listing])?;
    }
    record_facts(session, head, &page.facts)?;
    let (rows, bytes, pages) =
        page.rows.as_ref().map_or((0, 0, 0_i64), |rows| (rows.rows(), rows.bytes(), 1));
    session.later(
        "UPDATE listings SET state = ?2, cut = ?3, pages = pages + ?4, rows = rows + ?5, bytes = bytes + ?6,
                             calls = calls + 1, connector_time = connector_time + ?7, store_time = store_time + ?8,
                             ended_at = ?9
         WHERE id = ?1",
        values![
            listing,
            state,
            cut,
            pages,
            rows.cast_signed(),
            bytes.cast_signed(),
            micros(page.facts.connector),
            micros(start.elapsed()),
            (state == "read").then_some(now)
        ],
    )?;
    Ok(Some(Committed { is_last: state == "read" }))
}

/// The job for the accounts after those that a page was about.
fn next_accounts(session: &mut Session<'_>, head: &Head, job: PageJob) -> Result<Option<PageJob>, Trouble> {
    let Some(kind) = ListingKind::of(&head.chain.capability) else { return Ok(None) };
    let Walk::Accounts { batch } = kind.walk else { return Ok(None) };
    let accounts = session.query_first(
        "SELECT id FROM listings WHERE sync = ?1 AND label = 'accounts' AND reading = 1",
        values![head.chain.sync],
    )?;
    let Some(mut accounts) = accounts else { return Ok(None) };
    let keys = keys_after(session, accounts.take(0)?, job.cursor.as_deref(), batch)?;
    let request = RequestValues::default().payload(kind, &keys);
    Ok(keys.last().map(|last| PageJob { request, token: None, cursor: Some(last.clone()), ..job }))
}

/// What the chain of a head knows already.
struct Seen {
    /// Whether the next token was asked for before.
    has_token: bool,
    /// Empty pages among the last ones; counted for a page that is empty, too.
    empty: i64,
    /// Pages with the same rows.
    same: i64,
}

/// Rewrites the head if it is still the last of its chain, which is the fence: on a server this also holds its row until
/// the end of the transaction. Gives what is known about the chain; `None` when the head is not its last.
fn pass_fence(session: &mut Session<'_>, head: &Head, page: &PageRead) -> Result<Option<Seen>, Trouble> {
    let token = match &page.next {
        Next::Page(job) => token_hash(job),
        Next::Accounts(_) | Next::End | Next::Cut(_) => 0,
    };
    let (rows, content) = page.rows.as_ref().map_or((0, 0), |rows| (rows.rows(), rows.content()));
    let known = session.query_first(
        "UPDATE heads SET sequence = sequence + 1 WHERE listing = ?1 AND sequence = ?2
         RETURNING (SELECT count(*) FROM pages WHERE pages.listing = ?1 AND token = ?3),
             CASE WHEN CAST(?6 AS BIGINT) > 0 THEN 0 ELSE
                 (SELECT count(*) FROM pages WHERE pages.listing = ?1 AND page > ?4 AND rows = 0) END,
             (SELECT count(*) FROM pages WHERE pages.listing = ?1 AND content = ?5 AND rows > 0)",
        values![
            head.chain.listing,
            head.sequence.cast_signed(),
            token,
            head.job.page.cast_signed() - EMPTY_PAGES,
            content,
            rows.cast_signed()
        ],
    )?;
    let Some(mut known) = known else { return Ok(None) };
    let has_token = token != 0 && (known.take::<i64>(0)? > 0 || token == token_hash(&head.job));
    Ok(Some(Seen { has_token, empty: known.take(1)?, same: known.take(2)? }))
}

/// Cuts a chain that would never end: a token that was asked for before, or pages that bring nothing new.
fn hold_to_progress(head: &Head, rows: &RowBuffer, next: Next, seen: &Seen) -> Next {
    if matches!(next, Next::End | Next::Cut(_)) {
        return next;
    }
    if seen.has_token {
        return Next::Cut(format!("page {} gave a token that an earlier page was asked with", head.job.page));
    }
    if rows.rows() == 0 {
        // A walk through accounts may find nothing for thousands of them.
        if seen.empty + 1 >= EMPTY_PAGES && head.job.cursor.is_none() {
            return Next::Cut(format!("{EMPTY_PAGES} empty pages in a row, each with another token"));
        }
        return next;
    }
    if seen.same >= SAME_PAGES {
        let times = seen.same + 1;
        return Next::Cut(format!("the same page came {times} times, each time with another token"));
    }
    next
}

/// Tokens are compared within the accounts that a request names: for others the same token may come again.
fn token_hash(job: &PageJob) -> i64 {
    let Some(token) = &job.token else { return 0 };
    let text = format!("{}\0{token}", job.cursor.as_deref().unwrap_or_default());
    XxHash3_64::oneshot(text.as_bytes()).cast_signed()
}

fn insert_page(
    session: &mut Session<'_>,
    head: &Head,
    rows: &RowBuffer,
    facts: &PageFacts,
) -> Result<(), Trouble> {
    session.later(
        "INSERT INTO pages (listing, page, token, rows, bytes, content, connector_time, stored_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        values![
            head.chain.listing,
            head.job.page.cast_signed(),
            token_hash(&head.job),
            rows.rows().cast_signed(),
            rows.bytes().cast_signed(),
            rows.content(),
            micros(facts.connector),
            Timestamp::now().as_millisecond()
        ],
    )?;
    Ok(())
}

fn record_facts(session: &mut Session<'_>, head: &Head, facts: &PageFacts) -> Result<(), Trouble> {
    let (listing, page) = (head.chain.listing, head.job.page);
    if facts.not_objects > 0 {
        let example = facts.first_not_object.map(|row| format!("row {row} of page {page}"));
        add_finding(session, listing, FindingKind::NotObjects, facts.not_objects, example.as_deref())?;
    }
    if facts.without_identity > 0 {
        let example = facts
            .first_without_identity
            .as_ref()
            .map(|(row, what)| format!("row {row} of page {page}: {what}"));
        let kind = FindingKind::WithoutIdentity;
        add_finding(session, listing, kind, facts.without_identity, example.as_deref())?;
    }
    Ok(())
}
