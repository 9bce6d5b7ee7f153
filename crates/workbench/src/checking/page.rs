//! The page of a connection's check, and the report as a file.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State as Extracted};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use lumos_check::report::{Verdict, html as html_report};
use lumos_check::{Finding, Report};
use maud::{Markup, html};

use super::running::{Checking, Progress};
use crate::connection::{entry, frame};
use crate::page::PageError;
use crate::page::text::{counted, duration, grouped};
use crate::server::state::State;

/// How long a look at a check that runs waits for something new.
const LOOK: Duration = Duration::from_millis(800);

pub(super) async fn show(
    Extracted(state): Extracted<Arc<State>>,
    Path(number): Path<usize>,
) -> Result<Html<String>, PageError> {
    let entry = entry(&state, number)?;
    let checking = entry.checking();
    let href = format!("connections/{number}/check");
    if let Some(checking) = &checking {
        let mut changes = checking.changes();
        if checking.get().end.is_none() {
            drop(tokio::time::timeout(LOOK, changes.changed()).await);
        }
    }
    let content = html! {
        div id="check" {
            @match checking.map(|checking| checking.get()) {
                None => (form(&href))
                Some(progress) => @match &progress.end {
                    None => (running(&href, &progress))
                    Some(Err(problem)) => { p.notice.bad role="alert" { (problem) } (form(&href)) }
                    Some(Ok(report)) => { (told(&href, report)) (form(&href)) }
                }
            }
        }
    };
    Ok(frame(&state, number, &entry, "Check", "/check").page(&content))
}

fn form(href: &str) -> Markup {
    html! {
        p { "Asks the connector what a platform would ask, and much that it would not: whether it keeps the rules of the contract. It changes nothing in the app." }
        form method="post" action=(href) { div.actions { button.main type="submit" { "Start a check" } } }
    }
}

fn running(href: &str, progress: &Progress) -> Markup {
    html! {
        div hx-get=(href) hx-trigger="load delay:300ms" hx-select="#check" hx-target="#check" hx-swap="outerHTML" {
            @match progress.group {
                None => p role="status" { "The check begins." }
                Some((group, number, of)) => {
                    p role="status" { "Checking " strong { (group) } ": " (counted(progress.calls, "call", "calls")) ", " (counted(progress.findings, "finding", "findings")) " so far." }
                    progress value=(number) max=(of) aria-label="How far the check is" {}
                }
            }
        }
    }
}

fn told(href: &str, report: &Report) -> Markup {
    let findings = report.findings();
    html! {
        p.notice.(if findings.is_empty() { "good" } else { "bad" }) role="status" {
            @if findings.is_empty() { "No rule was found broken." } @else { (counted(findings.len() as u64, "finding", "findings")) "." }
            " " (grouped(report.calls)) " calls in " (duration(report.elapsed)) "; "
            (report.verdicts(Verdict::Kept)) " rules are kept, " (report.verdicts(Verdict::NotChecked)) " could not be checked."
        }
        p { a href={ (href) "/report" } download="" { "The report as a file (HTML)" } }
        @for finding in &findings { (one(finding)) }
        h2 { "Rules" }
        div.scroll role="region" aria-label="Rules" tabindex="0" {
            table {
                thead { tr { th { "Rule" } th { "Verdict" } th { "What would be wrong" } th { "Why it could not be checked" } } }
                tbody {
                    @for result in &report.rules {
                        tr {
                            td { code { (result.rule.id) } }
                            td { (verdict(result.verdict())) }
                            td { (result.rule.problem) }
                            td { (result.skipped.as_deref().unwrap_or_default()) }
                        }
                    }
                }
            }
        }
    }
}

fn verdict(verdict: Verdict) -> Markup {
    match verdict {
        Verdict::Kept => html! { span.mark.good { "kept" } },
        Verdict::Broken => html! { span.mark.bad { "broken" } },
        Verdict::Accepted => html! { span.mark.fair { "accepted" } },
        _ => html! { span.mark { "not checked" } },
    }
}

fn one(finding: &Finding) -> Markup {
    html! {
        details {
            summary { span.mark.bad { (finding.severity.name()) } " " code { (finding.rule) } " " strong { (finding.subject) } ": " (finding.message)
                @if finding.times > 1 { " (" (grouped(finding.times)) " times)" } }
            @for exchange in &finding.exchanges {
                h3 { (exchange.name) " " span.dim { (exchange.status) ", " (exchange.milliseconds) " ms" } }
                p.dim { "Request" } pre tabindex="0" { code { (exchange.request) } }
                p.dim { "Answer" } pre tabindex="0" { code { (exchange.answer) } }
                @if !exchange.stderr.is_empty() { p.dim { "Log" } pre tabindex="0" { code { (exchange.stderr) } } }
                p.dim { "Once more" } pre tabindex="0" { code { (exchange.repeat) } }
            }
        }
    }
}

pub(super) async fn start(
    Extracted(state): Extracted<Arc<State>>,
    Path(number): Path<usize>,
) -> Result<Redirect, PageError> {
    let entry = entry(&state, number)?;
    if entry.checking().is_none_or(|checking| checking.get().end.is_some()) {
        entry.set_checking(Checking::start(Arc::clone(&entry)));
    }
    Ok(Redirect::to(&format!("{}/connections/{number}/check", state.base())))
}

/// The report has a script of its own, which no page of this server may: it is a file.
pub(super) async fn report(
    Extracted(state): Extracted<Arc<State>>,
    Path(number): Path<usize>,
) -> Result<Response, PageError> {
    let entry = entry(&state, number)?;
    let end = entry.checking().and_then(|checking| checking.get().end);
    let Some(Ok(report)) = end else { return Err(PageError::missing("report")) };
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"check.html\""),
    ];
    Ok((headers, html_report::text(&report)).into_response())
}
