//! Accounts, entitlements, resources: search, sort, filter, pages, CSV.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State as Extracted};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{Html, IntoResponse as _, Response};
use lumos_sync::export::write_field;
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::Tenant;
use crate::index::query::{self, Found, TableRow, Wanted};
use crate::index::table::{ACCOUNTS, Column, ColumnKind, ENTITLEMENTS, RESOURCES, Table};
use crate::index::{Built, counts};
use crate::page::PageError;
use crate::page::text::{counted, grouped};
use crate::server::state::State;

type Place = Path<(usize, i64)>;

pub(crate) async fn accounts(
    Extracted(state): Extracted<Arc<State>>,
    Path((store, sync)): Place,
    Query(wanted): Query<Wanted>,
) -> Result<Html<String>, PageError> {
    show(&ACCOUNTS, "Accounts", Tenant::open(state, store, sync).await?, wanted).await
}

pub(crate) async fn entitlements(
    Extracted(state): Extracted<Arc<State>>,
    Path((store, sync)): Place,
    Query(wanted): Query<Wanted>,
) -> Result<Html<String>, PageError> {
    show(&ENTITLEMENTS, "Entitlements", Tenant::open(state, store, sync).await?, wanted).await
}

pub(crate) async fn resources(
    Extracted(state): Extracted<Arc<State>>,
    Path((store, sync)): Place,
    Query(wanted): Query<Wanted>,
) -> Result<Html<String>, PageError> {
    show(&RESOURCES, "Resources", Tenant::open(state, store, sync).await?, wanted).await
}

async fn show(
    table: &'static Table,
    title: &str,
    tenant: Tenant,
    wanted: Wanted,
) -> Result<Html<String>, PageError> {
    let here = format!("/{}", table.name);
    let built = match tenant.index(title, &here).await? {
        Ok(built) => built,
        Err(page) => return Ok(page),
    };
    let (sync, asked) = (tenant.sync.id, wanted.clone());
    let (found, choices) = tenant
        .read(move |connection| {
            let choices = choices(connection, table, sync)?;
            Ok((query::page(connection, table, sync, &asked)?, choices))
        })
        .await?;
    let href = format!("{}{here}", tenant.href());
    let all = total(table, &built);
    let content = html! {
        (form(&href, table, &wanted, &choices))
        div id="rows" aria-live="polite" {
            p.dim { (summary(table, &wanted, &found, all)) " "
                a href={ (tenant.href()) "/csv/" (table.name) (address(&Wanted { after: None, before: None, ..wanted.clone() })) } download="" { "CSV" } }
            @if let Some(notice) = found.notice { p.notice { (notice) } }
            (rows(&href, table, &wanted, &found))
            (pager(&href, &wanted, &found))
        }
    };
    Ok(tenant.frame(title, &here).page(&content))
}

fn total(table: &Table, built: &Built) -> u64 {
    match table.name {
        "accounts" => built.accounts,
        "entitlements" => built.entitlements,
        _ => built.resources,
    }
}

/// A column, its values, and how many rows have each.
type Choices = Vec<(&'static Column, Vec<(String, u64)>)>;

/// They are counted once: a million rows take a while.
fn choices(
    connection: &rusqlite::Connection,
    table: &'static Table,
    sync: i64,
) -> Result<Choices, PageError> {
    let filters = table.columns.iter().filter(|column| column.kind == ColumnKind::Choice);
    let counted = filters.map(|column| {
        let name = format!("choices {} {}", table.name, column.name);
        Ok((column, counts::read(connection, sync, &name)?))
    });
    counted.collect()
}

fn form(href: &str, table: &Table, wanted: &Wanted, choices: &Choices) -> Markup {
    html! {
        form.filters method="get" action=(href) role="search" hx-get=(href) hx-target="#rows" hx-select="#rows" hx-swap="outerHTML"
            hx-trigger="input changed delay:250ms from:#q, change, submit" hx-push-url="true" {
            label for="q" { "Search" }
            input id="q" name="q" type="search" value=(wanted.q) autocomplete="off" accesskey="s" placeholder={ "Part of a name or id of " (article(table.one)) };
            @for (column, values) in choices.iter().filter(|(_, values)| values.len() > 1) {
                @let chosen = wanted.filters(table).into_iter().find(|(name, _)| *name == column.name).map(|(_, value)| value);
                span.choice {
                    label for=(column.name) { (column.title) }
                    select id=(column.name) name=(column.name) {
                        option value="" { "any" }
                        @for (value, number) in values.iter().filter(|(value, _)| !value.is_empty()) {
                            option value=(value) selected[chosen == Some(value)] { (value) " (" (grouped(*number)) ")" }
                        }
                    }
                }
            }
            input type="hidden" name="sort" value=(wanted.sort);
            input type="hidden" name="desc" value=(wanted.desc);
            button type="submit" { "Find" }
        }
    }
}

fn article(noun: &str) -> String {
    if noun.starts_with(['a', 'e']) { format!("an {noun}") } else { format!("a {noun}") }
}

fn summary(table: &Table, wanted: &Wanted, found: &Found, all: u64) -> String {
    let number = u64::try_from(found.rows.len()).unwrap_or_default();
    let many = format!("{}s", table.one);
    if wanted.is_everything(table) {
        return format!("{} in all.", counted(all, table.one, &many));
    }
    match (found.has_before, found.has_after) {
        (false, false) => format!("{} found.", counted(number, table.one, &many)),
        (false, true) => format!("The first {} that were found.", grouped(number)),
        (true, true) => format!("{} more.", grouped(number)),
        (true, false) => format!("The last {} that were found.", grouped(number)),
    }
}

fn rows(href: &str, table: &Table, wanted: &Wanted, found: &Found) -> Markup {
    if found.rows.is_empty() {
        return html! { p { "Nothing is found." } };
    }
    html! {
        div.scroll role="region" aria-label={ "Rows: " (table.name) } tabindex="0" {
            table {
                thead { tr {
                    @for (place, column) in table.columns.iter().enumerate() {
                        @let is_sorted = if wanted.sort.is_empty() { place == 0 } else { wanted.sort == column.name };
                        @let direction = if !is_sorted { None } else if wanted.desc { Some("descending") } else { Some("ascending") };
                        th.number[column.kind == ColumnKind::Number] aria-sort=[direction] scope="col" {
                            a href={ (href) (address(&sorted(wanted, column, is_sorted))) } {
                                (column.title) @if is_sorted { span aria-hidden="true" { (if wanted.desc { " ↓" } else { " ↑" }) } }
                            }
                        }
                    }
                } }
                tbody { @for row in &found.rows { (table_row(href, table, row)) } }
            }
        }
    }
}

fn table_row(href: &str, table: &Table, row: &TableRow) -> Markup {
    html! {
        tr {
            @for (column, cell) in table.columns.iter().zip(&row.cells) {
                @match column.kind {
                    ColumnKind::Name => { td { a data-row="" href={ (href) "/" (row.n) } { (cell) } } }
                    ColumnKind::Number => { td.number { (cell.parse().map_or_else(|_| cell.clone(), grouped)) } }
                    ColumnKind::Text | ColumnKind::Choice => { td { (cell) } }
                }
            }
        }
    }
}

/// Numbers begin with the greatest.
fn sorted(wanted: &Wanted, column: &Column, is_sorted: bool) -> Wanted {
    let desc = if is_sorted { !wanted.desc } else { column.kind == ColumnKind::Number };
    Wanted { sort: column.name.to_owned(), desc, after: None, before: None, ..wanted.clone() }
}

fn pager(href: &str, wanted: &Wanted, found: &Found) -> Markup {
    let (Some(first), Some(last)) = (found.rows.first(), found.rows.last()) else { return html! {} };
    let before = Wanted { before: Some(first.n), after: None, ..wanted.clone() };
    let after = Wanted { after: Some(last.n), before: None, ..wanted.clone() };
    html! {
        nav.pager aria-label="Pages" {
            @if found.has_before { a rel="prev" href={ (href) (address(&before)) } { "← Previous" } }
            @if found.has_after { a rel="next" href={ (href) (address(&after)) } { "Next →" } }
        }
    }
}

/// What is asked for, as the query of an address.
fn address(wanted: &Wanted) -> String {
    let mut text = String::new();
    let mut add = |name: &str, value: &str| {
        let sign = if text.is_empty() { '?' } else { '&' };
        let _ = write!(text, "{sign}{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
    };
    let texts =
        [("q", &wanted.q), ("sort", &wanted.sort), ("status", &wanted.status), ("type", &wanted.r#type)];
    for (name, value) in texts.into_iter().filter(|(_, value)| !value.is_empty()) {
        add(name, value);
    }
    if wanted.desc {
        add("desc", "true");
    }
    for (name, value) in [("after", wanted.after), ("before", wanted.before)] {
        if let Some(value) = value {
            add(name, &value.to_string());
        }
    }
    text
}

/// What was found as a file. Programs that show tables take texts that begin with `=`, `+`, `-` or `@` for formulas: they
/// get an apostrophe before them.
pub(crate) async fn csv(
    Extracted(state): Extracted<Arc<State>>,
    Path((store, sync, table)): Path<(usize, i64, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, PageError> {
    let table = Table::named(&table).ok_or_else(|| PageError::missing("table"))?;
    let tenant = Tenant::open(state, store, sync).await?;
    if let Err(page) = tenant.index("CSV", &format!("/{}", table.name)).await? {
        return Ok(page.into_response());
    }
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(4);
    let (sync, opened) = (tenant.sync.id, Arc::clone(&tenant.store));
    tokio::task::spawn_blocking(move || {
        let written = opened.read(|connection| {
            let mut piece = Vec::new();
            for (place, column) in table.columns.iter().enumerate() {
                write_cell(&mut piece, place, column.name)?;
            }
            piece.extend_from_slice(b"\r\n");
            let mut asked = Wanted { after: None, before: None, ..wanted };
            loop {
                let found = query::page(connection, table, sync, &asked)?;
                for row in &found.rows {
                    for (place, cell) in row.cells.iter().enumerate() {
                        write_cell(&mut piece, place, cell)?;
                    }
                    piece.extend_from_slice(b"\r\n");
                }
                asked.after = found.rows.last().map(|row| row.n);
                if sender.blocking_send(Ok(std::mem::take(&mut piece))).is_err() || !found.has_after {
                    return Ok(());
                }
            }
        });
        if written.is_err() {
            let cut = std::io::Error::other("the index cannot be read further");
            let _ = sender.blocking_send(Err(cut));
        }
    });
    let pieces =
        futures_util::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    let name = format!("attachment; filename=\"{}.csv\"", table.name);
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(Box::pin(pieces))).into_response())
}

fn write_cell(output: &mut Vec<u8>, place: usize, text: &str) -> Result<(), PageError> {
    if place > 0 {
        output.push(b',');
    }
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let text = if is_formula { &format!("'{text}") } else { text };
    write_field(output, text).map_err(PageError::failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_texts() {
        let cell = |text: &str| {
            let mut output = Vec::new();
            write_cell(&mut output, 0, text).unwrap();
            String::from_utf8(output).unwrap()
        };
        assert_eq!(cell("=HYPERLINK(\"http://x\")"), "\"'=HYPERLINK(\"\"http://x\"\")\"");
        for formula in ["+1", "-1", "@SUM(A1)", "\t=1"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        assert_eq!(cell("a=b"), "a=b");
    }
}
