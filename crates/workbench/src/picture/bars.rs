//! Names with a bar each.

use maud::{Markup, html};

use super::{float, place, px};
use crate::page::text::{grouped, shortened};

const WIDTH: f64 = 760.0;
const NAMES: f64 = 260.0;
const NUMBERS: f64 = 90.0;
const STEP: f64 = 24.0;

/// A bar.
#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) value: u64,
    /// The page about it.
    pub(crate) href: Option<String>,
}

/// Draws bars below each other.
pub(crate) fn draw(label: &str, bars: &[Bar]) -> Markup {
    let greatest = bars.iter().map(|bar| bar.value).max().unwrap_or_default().max(1);
    let height = place(bars.len()) * STEP + 8.0;
    let room = WIDTH - NAMES - NUMBERS;
    html! {
        div.scroll role="region" aria-label=(label) tabindex="0" {
            svg.picture viewBox={ "0 0 " (px(WIDTH)) " " (px(height)) } width=(px(WIDTH)) height=(px(height)) role="group" aria-label=(label) {
                @for (number, bar) in bars.iter().enumerate() {
                    @let y = place(number) * STEP + 4.0;
                    @let length = (float(bar.value) / float(greatest) * room).max(1.0);
                    @if let Some(href) = &bar.href {
                        a href=(href) { text.name x=(px(NAMES - 8.0)) y=(px(y + 14.0)) text-anchor="end" { (shortened(&bar.name, 34)) title { (bar.name) } } }
                    } @else {
                        text.name x=(px(NAMES - 8.0)) y=(px(y + 14.0)) text-anchor="end" { (shortened(&bar.name, 34)) title { (bar.name) } }
                    }
                    rect.bar x=(px(NAMES)) y=(px(y)) width=(px(length)) height="18" rx="2" { title { (bar.name) ": " (grouped(bar.value)) } }
                    text.value x=(px(NAMES + length + 6.0)) y=(px(y + 14.0)) { (grouped(bar.value)) }
                }
            }
        }
    }
}
