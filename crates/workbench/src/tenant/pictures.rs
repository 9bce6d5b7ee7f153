//! Charts: how many hold what, accounts × entitlements, the graph of access, activity over time, growth over syncs.

use std::sync::Arc;

use axum::extract::{Path, State as Extracted};
use axum::response::Html;
use lumos_sync::store::{StoreError, SyncState};
use maud::{Markup, html};

use super::Tenant;
use crate::index::counts::{self, Days, Histogram, Layers, Matrix};
use crate::page::PageError;
use crate::page::text::{counted, grouped};
use crate::picture::bars::{self, Bar};
use crate::picture::lines::{self, Line};
use crate::picture::{columns, layers, matrix};
use crate::server::state::State;

/// Bars and steps that are drawn.
const BARS: usize = 25;
const STEPS: usize = 120;
/// Syncs that are compared.
const SYNCS: usize = 40;

/// What is drawn.
struct Drawn {
    held: Vec<Bar>,
    histogram: Histogram,
    matrix: Matrix,
    layers: Layers,
    graph: Layers,
    last_activity: Days,
    records: Days,
}

pub(crate) async fn show(
    Extracted(state): Extracted<Arc<State>>,
    Path((store, sync)): Path<(usize, i64)>,
) -> Result<Html<String>, PageError> {
    let tenant = Tenant::open(state, store, sync).await?;
    let built = match tenant.index("Pictures", "/pictures").await? {
        Ok(built) => built,
        Err(page) => return Ok(page),
    };
    let (sync, href) = (tenant.sync.id, tenant.href());
    let links = href.clone();
    let drawn = tenant
        .read(move |connection| {
            Ok(Drawn {
                held: most_held(connection, sync, &links)?,
                histogram: counts::read(connection, sync, "histogram")?,
                matrix: counts::read(connection, sync, "matrix")?,
                layers: counts::read(connection, sync, "layers")?,
                graph: counts::read(connection, sync, "access_graph")?,
                last_activity: counts::read(connection, sync, "last_activity")?,
                records: counts::read(connection, sync, "activity_records")?,
            })
        })
        .await?;
    let (opened, connection) = (Arc::clone(&tenant.store), tenant.sync.connection.clone());
    let (steps, growth) = tokio::task::spawn_blocking(move || {
        let store = opened.sync_store()?;
        let mut syncs = store.syncs()?;
        syncs.retain(|sync| sync.connection == connection && sync.state == SyncState::Ended);
        let syncs = syncs.split_off(syncs.len().saturating_sub(SYNCS));
        let mut growth: Vec<Line> = Vec::new();
        for (step, sync) in syncs.iter().enumerate() {
            for listing in store.listings(sync.id)?.into_iter().filter(|listing| listing.reading == 1) {
                let known = growth.iter_mut().find(|line| line.name == listing.label);
                let rows = Some(listing.rows);
                match known {
                    Some(line) => line.values[step] = rows,
                    None => {
                        let mut values = vec![None; syncs.len()];
                        values[step] = rows;
                        growth.push(Line { name: listing.label, values });
                    }
                }
            }
        }
        let steps: Vec<String> = syncs.iter().map(|sync| format!("sync {}", sync.id)).collect();
        Ok::<_, StoreError>((steps, growth))
    })
    .await??;
    let content = html! {
        (holdings(&href, &drawn, built.grants, built.unresolved))
        (activity(&drawn))
        h2 id="growth" { "Growth over syncs" }
        @if steps.len() < 2 { p { "There is one sync of this connection in the store: growth shows after the next one." } }
        @else { (lines::draw("Rows of each listing over syncs", &steps, &growth)) }
    };
    Ok(tenant.frame("Pictures", "/pictures").page(&content))
}

fn holdings(href: &str, drawn: &Drawn, grants: u64, unresolved: u64) -> Markup {
    html! {
        h2 id="held" { "How many hold what" }
        @if drawn.held.is_empty() { p { "No association was read: nothing is known about who holds what." } } @else {
            p.dim { (counted(grants, "grant", "grants")) " in all."
                @if unresolved > 0 { " " (counted(unresolved, "association names", "associations name")) " an account or an entitlement that was not read: what they say is in no picture." } }
            (bars::draw("The entitlements with the most holders", &drawn.held))
            h2 id="histogram" { "How much an account holds" }
            (columns::draw("Accounts by the number of their entitlements", &steps(&drawn.histogram)))
            h2 id="matrix" { "Accounts × entitlements" }
            p.dim { "The " (grouped(drawn.matrix.profiles.len() as u64)) " most frequent of " (counted(drawn.matrix.all_profiles, "combination", "combinations")) " of the "
                (drawn.matrix.entitlements.len()) " most held entitlements; accounts and entitlements that are alike stand beside each other. "
                (counted(drawn.matrix.without, "account has", "accounts have")) " none of them." }
            (matrix::draw(href, &drawn.matrix))
            h2 id="layers" { "From accounts to resources" }
            (layers::draw("Grants from accounts through entitlements to resources", &drawn.layers))
        }
        @if !drawn.graph.layers.is_empty() {
            h2 id="graph" { "The access graph" }
            (layers::draw("Assignments of the access graph", &drawn.graph))
        }
    }
}

fn activity(drawn: &Drawn) -> Markup {
    html! {
        h2 id="activity" { "Activity over time" }
        @if drawn.last_activity.is_empty() && drawn.records.is_empty() { p { "No activity was read." } }
        @if !drawn.last_activity.is_empty() {
            h3 { "When accounts were last active" }
            (columns::draw("Accounts by the day of their last activity", &by_step(&drawn.last_activity)))
        }
        @if !drawn.records.is_empty() {
            h3 { "Recorded events" }
            (columns::draw("Recorded events by day", &by_step(&drawn.records)))
        }
    }
}

fn most_held(connection: &rusqlite::Connection, sync: i64, href: &str) -> Result<Vec<Bar>, PageError> {
    let query = format!(
        "SELECT n, {}, holders FROM entitlements_{sync} WHERE holders > 0 ORDER BY holders DESC, n DESC LIMIT {BARS}",
        counts::FULL_NAME
    );
    let mut statement = connection.prepare_cached(&query)?;
    let rows = statement.query_map([], |row| {
        Ok(Bar {
            name: row.get(1)?,
            value: u64::try_from(row.get::<_, i64>(2)?).unwrap_or_default(),
            href: Some(format!("{href}/entitlements/{}", row.get::<_, i64>(0)?)),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn steps(histogram: &Histogram) -> Vec<(String, u64)> {
    let name =
        |least: u64, most: u64| if least == most { least.to_string() } else { format!("{least}–{most}") };
    histogram.iter().map(|(least, most, accounts)| (name(*least, *most), *accounts)).collect()
}

/// Days, or months or years where there are too many of them. Steps without an event are there, too.
fn by_step(days: &Days) -> Vec<(String, u64)> {
    let (Some((first, _)), Some((last, _))) = (days.first(), days.last()) else { return Vec::new() };
    for steps in [days_between, months_between, years_between] {
        let Some(mut steps) = steps(first, last) else { continue };
        let length = steps.first().map_or(10, |(name, _)| name.len());
        for (day, number) in days {
            let name = &day[..length.min(day.len())];
            if let Ok(place) = steps.binary_search_by(|(step, _)| step.as_str().cmp(name)) {
                steps[place].1 += number;
            }
        }
        return steps;
    }
    days.clone()
}

type Counted = Vec<(String, u64)>;

fn days_between(first: &str, last: &str) -> Option<Counted> {
    let (first, last): (jiff::civil::Date, jiff::civil::Date) = (first.parse().ok()?, last.parse().ok()?);
    let days = first.until(last).ok()?.get_days();
    (usize::try_from(days).ok()? < STEPS).then(|| {
        first
            .series(jiff::Span::new().days(1))
            .take_while(|day| *day <= last)
            .map(|day| (day.to_string(), 0))
            .collect()
    })
}

fn months_between(first: &str, last: &str) -> Option<Counted> {
    let month = |text: &str| -> Option<i32> {
        Some(text.get(..4)?.parse::<i32>().ok()? * 12 + text.get(5..7)?.parse::<i32>().ok()? - 1)
    };
    let (first, last) = (month(first)?, month(last)?);
    (usize::try_from(last - first).ok()? < STEPS).then(|| {
        (first..=last).map(|month| (format!("{:04}-{:02}", month / 12, month % 12 + 1), 0)).collect()
    })
}

fn years_between(first: &str, last: &str) -> Option<Counted> {
    let (first, last): (i32, i32) = (first.get(..4)?.parse().ok()?, last.get(..4)?.parse().ok()?);
    (usize::try_from(last - first).ok()? < STEPS)
        .then(|| (first..=last).map(|year| (format!("{year:04}"), 0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_without_events_are_there_and_long_times_become_months() {
        let day = |text: &str, number| (text.to_owned(), number);
        let few = by_step(&vec![day("2026-02-27", 2), day("2026-03-02", 1)]);
        let names: Vec<&str> = few.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]);
        assert_eq!((few[0].1, few[1].1, few[3].1), (2, 0, 1));
        let many = by_step(&vec![day("2024-12-31", 2), day("2026-01-01", 1)]);
        assert_eq!(many.len(), 14);
        assert_eq!(many[0], day("2024-12", 2));
        assert_eq!(by_step(&vec![day("0001-01-01", 1), day("9999-01-01", 1)]).len(), 2);
    }
}
