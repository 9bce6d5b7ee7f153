//! Accounts × entitlements, alike beside alike.

use maud::{Markup, html};

use super::{cluster, place, px};
use crate::index::counts::Matrix;
use crate::page::text::{counted, shortened};

const NAMES: f64 = 300.0;
const CELL: f64 = 16.0;
/// Letters of a name that are shown.
const LETTERS: usize = 30;

/// Draws the matrix; links lead to pages below `tenant`.
pub(crate) fn draw(tenant: &str, matrix: &Matrix) -> Markup {
    let rows: Vec<u64> = matrix.profiles.iter().map(|profile| profile.bits).collect();
    let row_order = cluster::order(&rows);
    let columns: Vec<u64> = (0..matrix.entitlements.len())
        .map(|column| rows.iter().take(64).enumerate().map(|(row, bits)| ((bits >> column) & 1) << row).sum())
        .collect();
    let column_order = cluster::order(&columns);
    let longest = matrix
        .entitlements
        .iter()
        .map(|(_, name)| name.chars().count().min(LETTERS))
        .max()
        .unwrap_or_default();
    let head = place(longest) * 6.0 + 16.0;
    let width = NAMES + place(column_order.len()) * CELL + 170.0;
    let height = head + place(row_order.len()) * CELL + 10.0;
    let label = "Which accounts hold which entitlements";
    html! {
        div.scroll role="region" aria-label=(label) tabindex="0" {
            svg.picture viewBox={ "0 0 " (px(width)) " " (px(height)) } width=(px(width)) height=(px(height)) role="group" aria-label=(label) {
                @for (at, column) in column_order.iter().enumerate() {
                    @let (n, name) = &matrix.entitlements[*column];
                    @let x = NAMES + place(at) * CELL + CELL - 4.0;
                    a href={ (tenant) "/entitlements/" (n) } {
                        text.name transform={ "translate(" (px(x)) " " (px(head - 6.0)) ") rotate(-60)" } { (shortened(name, LETTERS)) title { (name) } }
                    }
                }
                @for (at, row) in row_order.iter().enumerate() {
                    @let profile = &matrix.profiles[*row];
                    @let y = head + place(at) * CELL;
                    @let (n, example) = &profile.example;
                    @let name = if profile.accounts == 1 { example.clone() } else { format!("{}, such as {example}", counted(profile.accounts, "account", "accounts")) };
                    a href={ (tenant) "/accounts/" (n) } {
                        text.name x=(px(NAMES - 8.0)) y=(px(y + 12.0)) text-anchor="end" { (shortened(&name, 42)) title { (name) } }
                    }
                    @for (column_at, column) in column_order.iter().enumerate() {
                        @let is_held = (profile.bits >> column) & 1 == 1;
                        rect class=(if is_held { "held" } else { "free" }) x=(px(NAMES + place(column_at) * CELL)) y=(px(y)) width=(px(CELL - 2.0)) height=(px(CELL - 2.0)) {
                            @if is_held { title { (name) ": " (matrix.entitlements[*column].1) } }
                        }
                    }
                }
            }
        }
    }
}
